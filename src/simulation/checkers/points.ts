import { findings, type Checker } from './outputs.ts'

/** Points (羽毛): a balance is what the ledger says, never below zero, and earned less spent. */
export const points: Checker = {
  name: 'points',
  async run(outputs) {
    const { report, check } = findings()
    const { tenantId, rows } = outputs
    const accounts = await rows<{ person: string; balance: number; earned: number; spent: number; ledger: number }>(
      `select a.person_id as person, a.balance, a.earned, a.spent,
         (select coalesce(sum(e.amount), 0)::bigint from entry e where e.tenant_id = a.tenant_id and e.unit = 'feather' and strpos(e.account, a.person_id::text) > 0) as ledger
       from points_account a where a.tenant_id = $1 order by 1`,
      [tenantId],
    )
    for (const row of accounts) {
      check(row.balance === row.ledger, () => `person ${row.person} has ${row.balance} feathers, the ledger says ${row.ledger}`)
      check(row.balance >= 0, () => `person ${row.person} has ${row.balance} feathers`)
      check(row.earned - row.spent === row.balance, () => `person ${row.person} earned ${row.earned}, spent ${row.spent} and has ${row.balance} feathers`)
    }
    return report
  },
}
