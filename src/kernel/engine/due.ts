import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'

/** What is due for a tenant now, by kind; and the earliest instant after now at which anything becomes due. */
export type Due = { facts: boolean; rings: ReadonlySet<string>; events: ReadonlySet<string>; jobs: boolean; calls: boolean; next: Instant | undefined }

/** One statement instead of a claim for each reader and subscriber: most of the time most of them have nothing to do. */
export async function findDue(tx: Tx, tenantId: number, now: Instant): Promise<Due> {
  const rows = await tx.query<{ what: string; name: string; at: Instant | null }>(
    `select 'fact' as what, '' as name, null::bigint as at where exists (select 1 from inbox where tenant_id = $1 and state = 'due' and due_at <= $2)
     union all select 'ring', kind, null from doorbell where tenant_id = $1 and wanted > done and due_at <= $2 group by kind
     union all select 'event', subscriber, null from event_delivery where tenant_id = $1 and due_at <= $2 group by subscriber
     union all select 'job', '', null where exists (select 1 from job where tenant_id = $1 and due_at <= $2)
     union all select 'call', '', null where exists (select 1 from outbox where tenant_id = $1 and state = 'due' and due_at <= $2)
     union all select 'next', '', least(
       (select min(due_at) from inbox where tenant_id = $1 and state = 'due' and due_at > $2), (select min(due_at) from doorbell where tenant_id = $1 and wanted > done and due_at > $2),
       (select min(due_at) from event_delivery where tenant_id = $1 and due_at > $2), (select min(due_at) from job where tenant_id = $1 and due_at > $2),
       (select min(due_at) from outbox where tenant_id = $1 and state = 'due' and due_at > $2))
     order by 1, 2`,
    [tenantId, now],
  )
  const names = (what: string): Set<string> => new Set(rows.filter((row) => row.what === what).map((row) => row.name))
  const has = (what: string): boolean => rows.some((row) => row.what === what)
  return { facts: has('fact'), rings: names('ring'), events: names('event'), jobs: has('job'), calls: has('call'), next: rows.find((row) => row.what === 'next')?.at ?? undefined }
}
