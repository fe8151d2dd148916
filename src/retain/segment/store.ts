import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { SegmentField } from './fact-source.ts'
import { compileRule, type Rule } from './rules.ts'

/** People a segment chooses from: everybody who is or was a contact, on any corp of the tenant. */
const candidates = `(select distinct c.person_id from v_contact c where c.tenant_id = $1) p`

export async function countSegment(tx: Tx, tenantId: number, rule: Rule, fields: ReadonlyMap<string, SegmentField>, now: Instant): Promise<number> {
  const { and, params } = compileRule(rule, fields, 3)
  const [{ n }] = await tx.query<{ n: number }>(`select count(*) as n from ${candidates} where $2::bigint is not null${and}`, [tenantId, now, ...params])
  return n
}

/** Persons of a segment, ordered by id. `among`: only these. */
export async function listSegment(tx: Tx, tenantId: number, rule: Rule, fields: ReadonlyMap<string, SegmentField>, now: Instant, options: { among?: readonly string[]; limit?: number } = {}): Promise<string[]> {
  const { and, params } = compileRule(rule, fields, 5)
  const rows = await tx.query<{ personId: string }>(
    `select p.person_id as "personId" from ${candidates} where $2::bigint is not null and ($3::uuid[] is null or p.person_id = any($3))${and} order by p.person_id limit $4`,
    [tenantId, now, options.among ?? null, options.limit ?? 1_000_000, ...params],
  )
  return rows.map((row) => row.personId)
}

export type SegmentRow = { segmentId: string; name: string; rules: Rule; createdAt: Instant; updatedAt: Instant }
const columns = `segment_id as "segmentId", name, rules, created_at as "createdAt", updated_at as "updatedAt"`

export function listSegments(tx: Tx, tenantId: number): Promise<SegmentRow[]> {
  return tx.query(`select ${columns} from segment where tenant_id = $1 order by updated_at desc, segment_id`, [tenantId])
}

export async function saveSegment(tx: Tx, tenantId: number, segment: { segmentId: string; name: string; rules: Rule }, now: Instant): Promise<void> {
  await tx.run(
    `insert into segment (tenant_id, segment_id, name, rules, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)
     on conflict (tenant_id, segment_id) do update set name = excluded.name, rules = excluded.rules, updated_at = excluded.updated_at`,
    [tenantId, segment.segmentId, segment.name, JSON.stringify(segment.rules), now],
  )
}

export async function deleteSegment(tx: Tx, tenantId: number, segmentId: string): Promise<boolean> {
  return (await tx.run(`delete from segment where tenant_id = $1 and segment_id = $2`, [tenantId, segmentId])) > 0
}
