import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { StoredTouch, Touch } from './touch.ts'

const columns = `seq, person_id as "personId", occurred_at as "occurredAt", kind, line, direction, weight::float8 as weight, reason, ref`

/**
 * Records touches that are not recorded yet (by `ref`). Call it last in a transaction: it takes the tenant's head row, which nobody else may have
 * until the commit, so that whoever reads `seq > n` never misses a row.
 * @returns what was new, with its seq.
 */
export async function recordTouches(tx: Tx, tenantId: number, touches: readonly Touch[]): Promise<StoredTouch[]> {
  const unique = [...new Map(touches.map((touch) => [touch.ref, touch])).values()]
  if (unique.length === 0) return []
  // The head first, so that two writers of one reference come one after the other; a range with gaps is fine.
  const [{ seq }] = await tx.query<{ seq: number }>(
    `insert into touch_head (tenant_id, seq) values ($1, $2) on conflict (tenant_id) do update set seq = touch_head.seq + excluded.seq returning seq`,
    [tenantId, unique.length],
  )
  const rows = unique.map((touch, n) => ({ ...touch, seq: seq - unique.length + 1 + n }))
  const fresh = await tx.query<{ seq: number }>(
    `insert into touch (tenant_id, seq, person_id, occurred_at, kind, line, direction, weight, reason, ref)
     select $1, r.seq, r.person_id, r.occurred_at, r.kind, r.line, r.direction, r.weight, r.reason, r.ref
     from unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::real[], $9::text[], $10::text[]) as r(seq, person_id, occurred_at, kind, line, direction, weight, reason, ref)
     on conflict (tenant_id, ref) do nothing returning seq`,
    [tenantId, rows.map((r) => r.seq), rows.map((r) => r.personId), rows.map((r) => r.occurredAt), rows.map((r) => r.kind), rows.map((r) => r.line), rows.map((r) => r.direction), rows.map((r) => r.weight), rows.map((r) => r.reason), rows.map((r) => r.ref)],
  )
  const isNew = new Set(fresh.map((row) => row.seq))
  return rows.filter((row) => isNew.has(row.seq))
}

/** Every surrogate id that stands for one of these persons today: the person and everybody merged into it. */
const stands = `recursive stands as (
    select p.person_id, p.person_id as now_id from person p where p.tenant_id = $1 and p.person_id = any($2)
    union select m.person_id, s.now_id from person m join stands s on m.merged_into = s.person_id where m.tenant_id = $1)`

/** Touches of persons, newest first, those of everybody merged into them included; `personId` is the person asked for. */
export function touchesOf(tx: Tx, tenantId: number, personIds: readonly string[], options: { since?: Instant; until?: Instant; direction?: 'outbound' | 'inbound'; perPerson?: number } = {}): Promise<StoredTouch[]> {
  if (personIds.length === 0) return Promise.resolve([])
  return tx.query<StoredTouch>(
    `with ${stands}, mine as (
       select t.seq, s.now_id, t.occurred_at, t.kind, t.line, t.direction, t.weight, t.reason, t.ref, row_number() over (partition by s.now_id order by t.occurred_at desc, t.seq desc) as nth
       from touch t join stands s on s.person_id = t.person_id
       where t.tenant_id = $1 and t.occurred_at >= $3 and t.occurred_at <= $4 and ($5::text is null or t.direction = $5))
     select seq, now_id as "personId", occurred_at as "occurredAt", kind, line, direction, weight::float8 as weight, reason, ref from mine where nth <= $6 order by now_id, occurred_at desc, seq desc`,
    [tenantId, personIds, options.since ?? 0, options.until ?? Number.MAX_SAFE_INTEGER, options.direction ?? null, options.perPerson ?? 1000],
  )
}

/** Rows after a seq, in order: how the index keeps up. */
export function touchesAfter(tx: Tx, tenantId: number, seq: number, limit: number): Promise<StoredTouch[]> {
  return tx.query<StoredTouch>(`select ${columns} from touch where tenant_id = $1 and seq > $2 order by seq limit $3`, [tenantId, seq, limit])
}

/** For each person today, the surrogate ids its touches may carry. */
export async function standIns(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>(personIds.map((id) => [id, []]))
  if (personIds.length === 0) return found
  const rows = await tx.query<{ personId: string; nowId: string }>(`with ${stands} select person_id as "personId", now_id as "nowId" from stands order by 2, 1`, [tenantId, personIds])
  for (const row of rows) found.get(row.nowId)?.push(row.personId)
  return found
}

/** Recorded touches by kind between two instants. */
export function countTouches(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ kind: string; direction: string; touches: number; persons: number }>> {
  return tx.query(
    `select kind, direction, count(*) as touches, count(distinct person_id) as persons from touch where tenant_id = $1 and occurred_at >= $2 and occurred_at < $3 group by kind, direction order by 1, 2`,
    [tenantId, from, to],
  )
}
