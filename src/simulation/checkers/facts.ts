import { findings, type Checker } from './outputs.ts'

/** Facts (事实): what was acknowledged is stored and was worked; nothing is left lying. */
export const facts: Checker = {
  name: 'facts',
  async run(outputs) {
    const { report, check } = findings()
    const { tenantId, rows } = outputs
    const stored = new Map((await rows<{ account: string; digest: string; state: string; error: string | null }>(
      `select c.account_id as account, i.digest, i.state, i.error from inbox i join connection c on c.tenant_id = i.tenant_id and c.connection_id = i.connection_id where i.tenant_id = $1`,
      [tenantId],
    )).map((row) => [`${row.account}/${row.digest}`, row]))
    for (const { event, account, digest } of outputs.acknowledged.values()) {
      const row = stored.get(`${account}/${digest}`)
      check(row !== undefined, () => `${event} ${digest.slice(0, 12)} was acknowledged and is not in the inbox`)
      if (row) check(row.state === 'done', () => `${event} ${digest.slice(0, 12)} was acknowledged and is ${row.state}: ${row.error ?? 'no reason given'}`)
    }
    for (const row of await rows<{ what: string; error: string | null }>(
      `select 'doorbell ' || kind || ' ' || object_id as what, error from doorbell where tenant_id = $1 and wanted > done
       union all select 'event for ' || subscriber || ' about ' || aggregate, error from event_delivery where tenant_id = $1
       union all select 'call ' || endpoint, error::text from outbox where tenant_id = $1 and state = 'due' and attempts > 0 order by 1`,
      [tenantId],
    )) check(false, () => `still open after the storm: ${row.what} (${row.error ?? 'no reason given'})`)
    return report
  },
}
