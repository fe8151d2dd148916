import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'
import { parseJson } from '../json.ts'
import { forgetPerson } from '../personal-data.ts'

export type Bell = { connectionId: string; kind: string; objectId: string; at: Instant; cause?: 'callback' | 'backfill' | 'own' }
export type Ring = { connectionId: string; kind: string; objectId: string; wanted: number; attempts: number; cause: 'callback' | 'backfill' | 'own' }
export type ObjectVersion = { connectionId: string; kind: string; objectId: string; readAt: Instant; cause: 'callback' | 'backfill' | 'own'; digest: string; body: string }

export async function ringDoorbells(tx: Tx, tenantId: number, bells: readonly Bell[]): Promise<void> {
  if (bells.length === 0) return
  const unique = new Map<string, Bell & { count: number }>()
  for (const bell of bells) {
    const key = `${bell.connectionId}/${bell.kind}/${bell.objectId}`
    const known = unique.get(key)
    if (known) known.count++
    else unique.set(key, { ...bell, count: 1 })
  }
  const rows = [...unique.values()].sort((a, b) => (a.objectId < b.objectId ? -1 : 1)) // one order everywhere: no deadlock between workers
  tx.write(
    `insert into doorbell (tenant_id, connection_id, kind, object_id, wanted, done, due_at, cause, attempts)
     select $1, r.connection_id, r.kind, r.object_id, r.count, 0, r.at, r.cause, 0
     from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[]) as r(connection_id, kind, object_id, at, count, cause)
     on conflict (tenant_id, connection_id, kind, object_id) do update set wanted = doorbell.wanted + excluded.wanted,
       due_at = case when doorbell.wanted > doorbell.done then least(doorbell.due_at, excluded.due_at) else excluded.due_at end,
       cause = case when doorbell.wanted > doorbell.done and doorbell.cause = 'callback' then 'callback' else excluded.cause end`,
    [tenantId, rows.map((r) => r.connectionId), rows.map((r) => r.kind), rows.map((r) => r.objectId), rows.map((r) => r.at), rows.map((r) => r.count), rows.map((r) => r.cause ?? 'callback')],
  )
}

export function claimRings(tx: Tx, tenantId: number, kind: string, now: Instant, limit: number): Promise<Ring[]> {
  return tx.query<Ring>(
    `select connection_id as "connectionId", kind, object_id as "objectId", wanted, attempts, cause
     from doorbell where tenant_id = $1 and kind = $2 and wanted > done and due_at <= $3
     order by due_at, object_id limit $4`,
    [tenantId, kind, now, limit],
  )
}

/** `wanted` as it was when the object was read: a later ring keeps it dirty. */
export async function settleRings(tx: Tx, tenantId: number, rings: readonly Ring[]): Promise<void> {
  if (rings.length === 0) return
  tx.write(
    `update doorbell set done = greatest(done, r.wanted), attempts = 0, error = null
     from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[]) as r(connection_id, kind, object_id, wanted)
     where doorbell.tenant_id = $1 and doorbell.connection_id = r.connection_id and doorbell.kind = r.kind and doorbell.object_id = r.object_id`,
    [tenantId, rings.map((r) => r.connectionId), rings.map((r) => r.kind), rings.map((r) => r.objectId), rings.map((r) => r.wanted)],
  )
}

export async function failRings(tx: Tx, tenantId: number, rings: ReadonlyArray<Ring & { error: string }>, now: Instant): Promise<void> {
  if (rings.length === 0) return
  tx.write(
    `update doorbell set attempts = doorbell.attempts + 1, error = r.error, due_at = $6::bigint + 500 * (4 ^ least(doorbell.attempts, 7))::bigint
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as r(connection_id, kind, object_id, error)
     where doorbell.tenant_id = $1 and doorbell.connection_id = r.connection_id and doorbell.kind = r.kind and doorbell.object_id = r.object_id`,
    [tenantId, rings.map((r) => r.connectionId), rings.map((r) => r.kind), rings.map((r) => r.objectId), rings.map((r) => r.error.slice(0, 300)), now],
  )
}

export async function doorbellDepth(tx: Tx, tenantId: number): Promise<{ due: number; failing: number; oldestDueAt: Instant | null }> {
  const [row] = await tx.query<{ due: number; failing: number; oldestDueAt: Instant | null }>(
    `select count(*) as due, count(*) filter (where attempts >= 3) as failing, min(due_at) as "oldestDueAt" from doorbell where tenant_id = $1 and wanted > done`,
    [tenantId],
  )
  return row
}

export function listFailedRings(tx: Tx, tenantId: number, limit: number): Promise<Array<{ connectionId: string; kind: string; objectId: string; attempts: number; error: string; dueAt: Instant }>> {
  return tx.query(
    `select connection_id as "connectionId", kind, object_id as "objectId", attempts, error, due_at as "dueAt"
     from doorbell where tenant_id = $1 and wanted > done and attempts > 0 order by attempts desc, object_id limit $2`,
    [tenantId, limit],
  )
}

export function retryRings(tx: Tx, tenantId: number, objectIds: readonly string[], now: Instant): Promise<number> {
  return tx.run(`update doorbell set due_at = $3, attempts = 0 where tenant_id = $1 and object_id = any($2) and wanted > done`, [tenantId, objectIds, now])
}

/**
 * Keeps each new state of an object; a state equal to the newest one is not stored again.
 * @returns for every given object whether it is new, in the given order.
 */
export async function storeVersions(tx: Tx, tenantId: number, versions: readonly ObjectVersion[]): Promise<Array<{ version: number; changed: boolean }>> {
  if (versions.length === 0) return []
  const newest = await tx.query<{ n: number; version: number | null; digest: string | null }>(
    `select r.n::int as n, v.version, v.digest
     from unnest($2::uuid[], $3::text[], $4::text[]) with ordinality as r(connection_id, kind, object_id, n)
     left join lateral (
       select version, digest from object_version o
       where o.tenant_id = $1 and o.connection_id = r.connection_id and o.kind = r.kind and o.object_id = r.object_id
       order by version desc limit 1
     ) v on true
     order by r.n`,
    [tenantId, versions.map((v) => v.connectionId), versions.map((v) => v.kind), versions.map((v) => v.objectId)],
  )
  const outcome = versions.map((version, index) => {
    const before = newest[index]
    const changed = before.digest !== version.digest
    return { version: changed ? (before.version ?? 0) + 1 : before.version!, changed }
  })
  const fresh = versions.flatMap((version, index) => (outcome[index].changed ? [{ ...version, version: outcome[index].version }] : []))
  if (fresh.length > 0) {
    tx.write(
      `insert into object_version (tenant_id, connection_id, kind, object_id, version, read_at, cause, digest, body)
       select $1, r.connection_id, r.kind, r.object_id, r.version, r.read_at, r.cause, r.digest, r.body
       from unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::text[], $9::bytea[]) as r(connection_id, kind, object_id, version, read_at, cause, digest, body)
       on conflict (tenant_id, connection_id, kind, object_id, version) do nothing`,
      [tenantId, fresh.map((v) => v.connectionId), fresh.map((v) => v.kind), fresh.map((v) => v.objectId), fresh.map((v) => v.version), fresh.map((v) => v.readAt), fresh.map((v) => v.cause), fresh.map((v) => v.digest), fresh.map((v) => deflateRawSync(v.body, { level: 1 }))],
    )
  }
  return outcome
}

export async function listVersions(tx: Tx, tenantId: number, kind: string, objectId: string): Promise<Array<{ version: number; readAt: Instant; cause: string; body: string }>> {
  const rows = await tx.query<{ version: number; readAt: Instant; cause: string; body: Buffer }>(
    `select version, read_at as "readAt", cause, body from object_version where tenant_id = $1 and kind = $2 and object_id = $3 order by version`,
    [tenantId, kind, objectId],
  )
  return rows.map((row) => ({ ...row, body: inflateRawSync(row.body).toString('utf8') }))
}

/**
 * Erasure: versions that mention a person lose what is personal in them; amounts, goods and states stay. Kept texts are deflated, so all of the
 * tenant's are looked through, a page at a time.
 */
export async function forgetVersions(tx: Tx, tenantId: number, values: readonly string[]): Promise<void> {
  type Kept = { connectionId: string; kind: string; objectId: string; version: number; body: Buffer }
  const page = 300
  for (let after: [string, string, string, number] = ['00000000-0000-0000-0000-000000000000', '', '', 0]; ; ) {
    const rows = await tx.query<Kept>(
      `select connection_id as "connectionId", kind, object_id as "objectId", version, body from object_version
       where tenant_id = $1 and (connection_id, kind, object_id, version) > ($2::uuid, $3::text, $4::text, $5::int)
       order by connection_id, kind, object_id, version limit $6`,
      [tenantId, ...after, page],
    )
    const told = rows.flatMap((row) => {
      const text = inflateRawSync(row.body).toString('utf8')
      return values.some((value) => text.includes(value)) ? [{ ...row, body: deflateRawSync(JSON.stringify(forgetPerson(parseJson(text), values)), { level: 1 }) }] : []
    })
    if (told.length > 0) {
      tx.write(
        `update object_version o set body = r.body
         from unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::bytea[]) as r(connection_id, kind, object_id, version, body)
         where o.tenant_id = $1 and o.connection_id = r.connection_id and o.kind = r.kind and o.object_id = r.object_id and o.version = r.version`,
        [tenantId, told.map((r) => r.connectionId), told.map((r) => r.kind), told.map((r) => r.objectId), told.map((r) => r.version), told.map((r) => r.body)],
      )
    }
    if (rows.length < page) return
    const last = rows[rows.length - 1]
    after = [last.connectionId, last.kind, last.objectId, last.version]
  }
}

/** How many states of objects only the back-fill found: what lost callbacks would have cost. */
export async function countRecovered(tx: Tx, tenantId: number): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`select count(*) as n from object_version where tenant_id = $1 and cause = 'backfill'`, [tenantId])
  return row.n
}

/** Erasure: objects whose id is itself the account of a person go whole, with every version and ring. */
export async function forgetObjects(tx: Tx, tenantId: number, kind: string, objectIds: readonly string[]): Promise<void> {
  if (objectIds.length === 0) return
  tx.write(`delete from doorbell where tenant_id = $1 and kind = $2 and object_id = any($3)`, [tenantId, kind, objectIds])
  tx.write(`delete from object_version where tenant_id = $1 and kind = $2 and object_id = any($3)`, [tenantId, kind, objectIds])
}
