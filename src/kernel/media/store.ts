import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'

export type MediaRow = { sha256: string; contentType: string; bytes: number; width: number; height: number; source: string; licence: string; addedBy: string; addedAt: Instant; blockedAt: Instant | null }

const columns = `sha256, content_type as "contentType", bytes, width, height, source, licence, added_by as "addedBy", added_at as "addedAt", blocked_at as "blockedAt"`

/** The same picture again changes nothing: the first source and licence stay. */
export async function putMedia(tx: Tx, tenantId: number, row: Omit<MediaRow, 'blockedAt'> & { body: Buffer }): Promise<MediaRow> {
  tx.write(
    `insert into media (tenant_id, sha256, content_type, bytes, width, height, body, source, licence, added_by, added_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (tenant_id, sha256) do nothing`,
    [tenantId, row.sha256, row.contentType, row.bytes, row.width, row.height, row.body, row.source, row.licence, row.addedBy, row.addedAt],
  )
  return (await findMedia(tx, tenantId, [row.sha256])).get(row.sha256)!
}

export async function findMedia(tx: Tx, tenantId: number, names: readonly string[]): Promise<Map<string, MediaRow>> {
  if (names.length === 0) return new Map()
  const rows = await tx.query<MediaRow>(`select ${columns} from media where tenant_id = $1 and sha256 = any($2) order by sha256`, [tenantId, [...new Set(names)]])
  return new Map(rows.map((row) => [row.sha256, row]))
}

export async function readMedia(tx: Tx, tenantId: number, sha256: string): Promise<{ contentType: string; body: Buffer } | undefined> {
  const [row] = await tx.query<{ contentType: string; body: Buffer }>(`select content_type as "contentType", body from media where tenant_id = $1 and sha256 = $2 and blocked_at is null`, [tenantId, sha256])
  return row
}

export function listMedia(tx: Tx, tenantId: number, page: { before?: { at: Instant; sha256: string }; limit: number }): Promise<MediaRow[]> {
  return tx.query<MediaRow>(
    `select ${columns} from media where tenant_id = $1 and ($2::bigint is null or (added_at, sha256) < ($2::bigint, $3::text)) order by added_at desc, sha256 desc limit $4`,
    [tenantId, page.before?.at ?? null, page.before?.sha256 ?? null, page.limit],
  )
}

export async function mediaTotals(tx: Tx, tenantId: number): Promise<{ images: number; bytes: number; blocked: number }> {
  const [row] = await tx.query<{ images: number; bytes: number; blocked: number }>(
    `select count(*) as images, coalesce(sum(bytes), 0)::bigint as bytes, count(blocked_at) as blocked from media where tenant_id = $1`, [tenantId])
  return row
}

/** Not served any more, or served again. @returns whether there is such an image. */
export async function blockMedia(tx: Tx, tenantId: number, sha256: string, at: Instant | null): Promise<boolean> {
  return (await tx.run(`update media set blocked_at = $3 where tenant_id = $1 and sha256 = $2`, [tenantId, sha256, at])) > 0
}

export async function nameMedia(tx: Tx, tenantId: number, sha256: string, source: string, licence: string): Promise<boolean> {
  return (await tx.run(`update media set source = $3, licence = $4 where tenant_id = $1 and sha256 = $2`, [tenantId, sha256, source, licence])) > 0
}
