import { findings, type Checker } from './outputs.ts'

/** Points (羽毛): what is held in every state is what the ledger says, never below zero, and earned less spent and expired. */
export const points: Checker = {
  name: 'points',
  async run(outputs) {
    const { report, check } = findings()
    const { tenantId, rows } = outputs
    const accounts = await rows<{ person: string; balance: number; vesting: number; frozen: number; owed: number; earned: number; spent: number; expired: number; live: number; waiting: number; frozenLedger: number; lots: number; lines: number }>(
      `select a.person_id as person, a.balance, a.vesting, a.frozen, a.owed, a.earned, a.spent, a.expired,
         (select coalesce(sum(e.amount), 0)::bigint from entry e where e.tenant_id = a.tenant_id and e.unit = 'feather' and e.account = 'points:person:' || a.person_id::text) as live,
         (select coalesce(sum(e.amount), 0)::bigint from entry e where e.tenant_id = a.tenant_id and e.unit = 'feather' and e.account = 'points:vesting:' || a.person_id::text) as waiting,
         (select coalesce(sum(e.amount), 0)::bigint from entry e where e.tenant_id = a.tenant_id and e.unit = 'feather' and e.account = 'points:frozen:' || a.person_id::text) as "frozenLedger",
         (select coalesce(sum(l.remaining), 0)::bigint from points_lot l where l.tenant_id = a.tenant_id and l.person_id = a.person_id) as lots,
         (select coalesce(sum(l.feathers), 0)::bigint from points_line l where l.tenant_id = a.tenant_id and l.person_id = a.person_id) as lines
       from points_account a where a.tenant_id = $1 order by 1`,
      [tenantId],
    )
    for (const row of accounts) {
      const held = row.balance + row.vesting + row.frozen - row.owed
      check(row.balance - row.owed === row.live && row.vesting === row.waiting && row.frozen === row.frozenLedger,
        () => `person ${row.person} has ${row.balance} feathers (vesting ${row.vesting}, frozen ${row.frozen}, owed ${row.owed}), the ledger says ${row.live} (${row.waiting}, ${row.frozenLedger})`)
      check(row.balance >= 0 && row.vesting >= 0 && row.frozen >= 0 && row.owed >= 0, () => `person ${row.person} has ${row.balance} feathers`)
      check(row.earned - row.spent - row.expired === held, () => `person ${row.person} earned ${row.earned}, spent ${row.spent}, lost ${row.expired} and has ${held} feathers`)
      check(row.balance + row.vesting + row.frozen === row.lots, () => `person ${row.person} has ${row.balance + row.vesting + row.frozen} feathers in lots of ${row.lots}`)
      check(row.lines === held, () => `the statement of person ${row.person} adds up to ${row.lines}, not ${held}`)
    }
    return report
  },
}
