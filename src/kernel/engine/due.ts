import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'
import type { Ring } from '../doorbell/index.ts'
import type { Job } from '../job/index.ts'

/** What is due for a tenant now: objects to read and jobs themselves, the rest by kind; and the earliest instant after now at which anything becomes due. */
export type Due = { facts: boolean; rings: ReadonlyMap<string, Ring[]>; events: ReadonlySet<string>; jobs: Job[]; calls: boolean; next: Instant | undefined }

export const nothingDue = (due: Due): boolean => !due.facts && due.rings.size === 0 && due.events.size === 0 && due.jobs.length === 0 && !due.calls

type Line = { what: string; at: Instant | null; name: string; key: string; connectionId: string | null; wanted: number; attempts: number; more: unknown }

/**
 * One statement instead of a claim for each reader, subscriber and job: most of the time most of them have nothing to do.
 * @param ringLimit 0 when what rings will be looked at again.
 */
export async function findDue(tx: Tx, tenantId: number, now: Instant, ringLimit: number, jobLimit: number): Promise<Due> {
  const lines = await tx.query<Line>(
    `select 'fact' as what, null::bigint as at, '' as name, '' as key, null::uuid as "connectionId", 0::bigint as wanted, 0 as attempts, null::jsonb as more
     where exists (select 1 from inbox where tenant_id = $1 and state = 'due' and due_at <= $2)
     union all (select 'ring', due_at, kind, object_id, connection_id, wanted, attempts, to_jsonb(cause) from doorbell where tenant_id = $1 and wanted > done and due_at <= $2 order by due_at, object_id limit $3)
     union all select 'event', null, subscriber, '', null, 0, 0, null from event_delivery where tenant_id = $1 and due_at <= $2 group by subscriber
     union all (select 'job', due_at, kind, key, null, 0, attempts, state from job where tenant_id = $1 and due_at <= $2 order by due_at, kind, key limit $4)
     union all select 'call', null, '', '', null, 0, 0, null where exists (select 1 from outbox where tenant_id = $1 and state = 'due' and due_at <= $2)
     union all select 'next', least(
       (select min(due_at) from inbox where tenant_id = $1 and state = 'due' and due_at > $2), (select min(due_at) from doorbell where tenant_id = $1 and wanted > done and due_at > $2),
       (select min(due_at) from event_delivery where tenant_id = $1 and due_at > $2), (select min(due_at) from job where tenant_id = $1 and due_at > $2),
       (select min(due_at) from outbox where tenant_id = $1 and state = 'due' and due_at > $2)), '', '', null, 0, 0, null
     order by 1, 2, 3, 4`,
    [tenantId, now, ringLimit, jobLimit],
  )
  const rings = new Map<string, Ring[]>()
  const events = new Set<string>()
  const jobs: Job[] = []
  let [facts, calls] = [false, false]
  let next: Instant | undefined
  for (const { what, at, name, key, connectionId, wanted, attempts, more } of lines) {
    if (what === 'fact') facts = true
    else if (what === 'call') calls = true
    else if (what === 'event') events.add(name)
    else if (what === 'next') next = at ?? undefined
    else if (what === 'job') jobs.push({ kind: name, key, dueAt: at!, state: more, attempts })
    else {
      const ring: Ring = { connectionId: connectionId!, kind: name, objectId: key, wanted, attempts, cause: more as Ring['cause'] }
      const same = rings.get(name)
      if (same) same.push(ring)
      else rings.set(name, [ring])
    }
  }
  return { facts, rings, events, jobs, calls, next }
}
