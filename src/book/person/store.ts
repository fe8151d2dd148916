import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Random } from '../../kernel/random.ts'
import type { Seal } from '../../kernel/seal.ts'
import type { KnownIdentity, Resolution } from './resolution.ts'

export type IdentityRow = { kind: string; scope: string; value: string; firstSeenAt: Instant; evidence: string }
export type PersonCard = { personId: string; createdAt: Instant; mergedInto: string | null; erasedAt: Instant | null; identities: IdentityRow[] }

/** Held until the transaction ends. */
export async function lockResolution(tx: Tx, tenantId: number): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(7239848, $1::int)`, [tenantId])
}

export function findIdentities(tx: Tx, tenantId: number, named: ReadonlyArray<{ kind: string; scope: string; value: string }>): Promise<KnownIdentity[]> {
  if (named.length === 0) return Promise.resolve([])
  return tx.query<KnownIdentity>(
    `select distinct i.kind, i.scope, i.value, i.person_id as "personId"
     from unnest($2::text[], $3::text[], $4::text[]) as r(kind, scope, value)
     join identity i on i.tenant_id = $1 and i.kind = r.kind and i.scope = r.scope and i.value = r.value
     order by 1, 2, 3`,
    [tenantId, named.map((n) => n.kind), named.map((n) => n.scope), named.map((n) => n.value)],
  )
}

export async function applyResolution(tx: Tx, tenantId: number, plan: Resolution, ids: Ids): Promise<void> {
  if (plan.newPersons.length > 0) {
    tx.write(`insert into person (tenant_id, person_id, created_at) select $1, r.id, r.at from unnest($2::uuid[], $3::bigint[]) as r(id, at)`, [
      tenantId, plan.newPersons.map((p) => p.personId), plan.newPersons.map((p) => p.createdAt),
    ])
  }
  if (plan.newIdentities.length > 0) {
    const rows = plan.newIdentities
    tx.write(
      `insert into identity (tenant_id, kind, scope, value, person_id, first_seen_at, evidence)
       select $1, r.kind, r.scope, r.value, r.person_id, r.at, r.evidence from unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::bigint[], $7::text[]) as r(kind, scope, value, person_id, at, evidence)
       on conflict (tenant_id, kind, scope, value) do nothing`,
      [tenantId, rows.map((r) => r.kind), rows.map((r) => r.scope), rows.map((r) => r.value), rows.map((r) => r.personId), rows.map((r) => r.firstSeenAt), rows.map((r) => r.evidence)],
    )
  }
  for (const merge of plan.merges) {
    const moved = await tx.query<{ kind: string; scope: string; value: string }>(`update identity set person_id = $3 where tenant_id = $1 and person_id = $2 returning kind, scope, value`, [tenantId, merge.gone, merge.kept])
    tx.write(`update person set merged_into = $3 where tenant_id = $1 and person_id = $2`, [tenantId, merge.gone, merge.kept])
    tx.write(`insert into person_merge (tenant_id, merge_id, at, kept, gone, evidence) values ($1, $2, $3, $4, $5, $6)`, [tenantId, ids.next(), merge.at, merge.kept, merge.gone, JSON.stringify({ ...merge.evidence, moved })])
  }
}

export async function personByIdentity(tx: Tx, tenantId: number, kind: string, scope: string, value: string): Promise<string | undefined> {
  const [row] = await tx.query<{ personId: string }>(`select person_id as "personId" from identity where tenant_id = $1 and kind = $2 and scope = $3 and value = $4`, [tenantId, kind, scope, value])
  return row?.personId
}

/** Who these persons turned out to be, for those that were merged into another. */
export async function mergedInto(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Map<string, string>> {
  const into = new Map<string, string>()
  // A merge of a merge: a few steps at most.
  for (let open = [...new Set(personIds)]; open.length > 0; ) {
    const rows = await tx.query<{ personId: string; into: string }>(`select person_id as "personId", merged_into as "into" from person where tenant_id = $1 and person_id = any($2::uuid[]) and merged_into is not null order by 1`, [tenantId, open])
    for (const row of rows) into.set(row.personId, row.into)
    open = rows.map((row) => row.into).filter((id) => !into.has(id))
  }
  const today = (id: string): string => (into.has(id) ? today(into.get(id)!) : id)
  return new Map([...into.keys()].map((id) => [id, today(id)]))
}

export async function findPerson(tx: Tx, tenantId: number, personId: string): Promise<PersonCard | undefined> {
  const [person] = await tx.query<Omit<PersonCard, 'identities'>>(
    `select person_id as "personId", created_at as "createdAt", merged_into as "mergedInto", erased_at as "erasedAt" from person where tenant_id = $1 and person_id = $2`,
    [tenantId, personId],
  )
  if (!person) return undefined
  const identities = await tx.query<IdentityRow>(
    `select kind, scope, value, first_seen_at as "firstSeenAt", evidence from identity where tenant_id = $1 and person_id = $2 order by first_seen_at, kind, scope, value`,
    [tenantId, personId],
  )
  return { ...person, identities }
}

export function listPersons(tx: Tx, tenantId: number, options: { search?: string; after?: string; limit: number }): Promise<Array<{ personId: string; createdAt: Instant; identityCount: number; known: boolean }>> {
  return tx.query(
    `select p.person_id as "personId", p.created_at as "createdAt", count(i.value) as "identityCount", coalesce(bool_or(i.kind = 'unionid'), false) as known
     from person p left join identity i on i.tenant_id = p.tenant_id and i.person_id = p.person_id
     where p.tenant_id = $1 and p.merged_into is null and p.erased_at is null
       and ($2::text is null or p.person_id::text like $2 || '%' or exists (select 1 from identity s where s.tenant_id = $1 and s.person_id = p.person_id and s.value like $2 || '%'))
       and ($3::uuid is null or p.person_id < $3)
     group by p.tenant_id, p.person_id order by p.person_id desc limit $4`,
    [tenantId, options.search || null, options.after ?? null, options.limit],
  )
}

/** People as the list shows them: with a unionid, and without. */
export async function countPersons(tx: Tx, tenantId: number): Promise<{ known: number; unknown: number }> {
  const [row] = await tx.query<{ known: number; unknown: number }>(
    `select count(*) filter (where known) as known, count(*) filter (where not known) as unknown
     from (select exists (select 1 from identity i where i.tenant_id = $1 and i.person_id = p.person_id and i.kind = 'unionid') as known
           from person p where p.tenant_id = $1 and p.merged_into is null and p.erased_at is null) people`,
    [tenantId],
  )
  return row
}

/** Undoes one merge: the identities it moved go back to the person it had taken them from. `under`: who had turned out to be that person before. */
export async function splitPerson(tx: Tx, tenantId: number, mergeId: string, now: Instant): Promise<{ kept: string; gone: string; under: string[] } | undefined> {
  const [merge] = await tx.query<{ kept: string; gone: string; evidence: { moved?: Array<{ kind: string; scope: string; value: string }> } }>(
    `update person_merge set undone_at = $3 where tenant_id = $1 and merge_id = $2 and undone_at is null returning kept, gone, evidence`,
    [tenantId, mergeId, now],
  )
  if (!merge) return undefined
  const moved = merge.evidence.moved ?? []
  // Only what still sits where this merge put it (or where the keeper went since): an earlier merge undone before may have taken its own back.
  tx.write(
    `with recursive up as (
       select person_id, merged_into from person where tenant_id = $1 and person_id = $6
       union select p.person_id, p.merged_into from person p join up on p.person_id = up.merged_into where p.tenant_id = $1)
     update identity set person_id = $5 from unnest($2::text[], $3::text[], $4::text[]) as r(kind, scope, value)
     where identity.tenant_id = $1 and identity.kind = r.kind and identity.scope = r.scope and identity.value = r.value and identity.person_id in (select person_id from up)`,
    [tenantId, moved.map((m) => m.kind), moved.map((m) => m.scope), moved.map((m) => m.value), merge.gone, merge.kept],
  )
  tx.write(`update person set merged_into = null where tenant_id = $1 and person_id = $2`, [tenantId, merge.gone])
  const under = await tx.query<{ id: string }>(
    `with recursive under as (
       select person_id from person where tenant_id = $1 and merged_into = $2
       union select p.person_id from person p join under u on p.merged_into = u.person_id where p.tenant_id = $1)
     select person_id as id from under order by 1`,
    [tenantId, merge.gone],
  )
  return { kept: merge.kept, gone: merge.gone, under: under.map((row) => row.id) }
}

const keyPurpose = (tenantId: number, personId: string): string => `person ${tenantId} ${personId}`

async function personKey(tx: Tx, tenantId: number, personId: string, seal: Seal, random: Random | undefined): Promise<Buffer | undefined> {
  const purpose = keyPurpose(tenantId, personId)
  const [row] = await tx.query<{ sealed: Buffer }>(`select sealed_key as sealed from person_key where tenant_id = $1 and person_id = $2`, [tenantId, personId])
  if (row) return seal.open(row.sealed, purpose)
  if (!random) return undefined
  const key = random.bytes(32, 'person key', personId)
  tx.write(`insert into person_key (tenant_id, person_id, sealed_key) values ($1, $2, $3) on conflict (tenant_id, person_id) do nothing`, [tenantId, personId, seal.seal(key, purpose)])
  const [stored] = await tx.query<{ sealed: Buffer }>(`select sealed_key as sealed from person_key where tenant_id = $1 and person_id = $2`, [tenantId, personId])
  return seal.open(stored.sealed, purpose)
}

/**
 * After an import: the keys of persons were sealed for the tenant they came from, and open only under the same master key. Fields whose key does not open
 * are dropped, as nobody can ever read them. @returns how many persons lost their fields.
 */
export async function resealPersons(tx: Tx, from: number, to: number, seal: Seal): Promise<number> {
  const rows = await tx.query<{ personId: string; sealed: Buffer }>(`select person_id as "personId", sealed_key as sealed from person_key where tenant_id = $1 order by person_id`, [to])
  const [ids, keys, lost]: [string[], Buffer[], string[]] = [[], [], []]
  for (const { personId, sealed } of rows) {
    try {
      keys.push(seal.seal(seal.open(sealed, keyPurpose(from, personId)), keyPurpose(to, personId)))
      ids.push(personId)
    } catch {
      lost.push(personId)
    }
  }
  tx.write(`update person_key set sealed_key = r.sealed from unnest($2::uuid[], $3::bytea[]) as r(id, sealed) where person_key.tenant_id = $1 and person_key.person_id = r.id`, [to, ids, keys])
  tx.write(`delete from person_field where tenant_id = $1 and person_id = any($2)`, [to, lost])
  tx.write(`delete from person_key where tenant_id = $1 and person_id = any($2)`, [to, lost])
  return lost.length
}

export async function writeFields(tx: Tx, tenantId: number, personId: string, fields: Record<string, string>, now: Instant, seal: Seal, random: Random): Promise<void> {
  const key = (await personKey(tx, tenantId, personId, seal, random))!
  for (const [field, value] of Object.entries(fields)) {
    const nonce = random.bytes(12, 'person field', personId, field, now)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    const body = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
    tx.write(
      `insert into person_field (tenant_id, person_id, field, sealed, updated_at) values ($1, $2, $3, $4, $5)
       on conflict (tenant_id, person_id, field) do update set sealed = excluded.sealed, updated_at = excluded.updated_at`,
      [tenantId, personId, field, Buffer.concat([nonce, cipher.getAuthTag(), body]), now],
    )
  }
}

export async function readFields(tx: Tx, tenantId: number, personId: string, seal: Seal): Promise<Record<string, string>> {
  const key = await personKey(tx, tenantId, personId, seal, undefined)
  if (!key) return {}
  const rows = await tx.query<{ field: string; sealed: Buffer }>(`select field, sealed from person_field where tenant_id = $1 and person_id = $2 order by field`, [tenantId, personId])
  return Object.fromEntries(rows.map(({ field, sealed }) => {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
    decipher.setAuthTag(sealed.subarray(12, 28))
    return [field, Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8')]
  }))
}

/**
 * Shreds the keys, deletes identities and fields, leaves a tombstone; of the person and of everybody who turned out to be the same one. What a merge remembers of
 * identities goes too, so an erased merge can no longer be undone. @returns the identity values that other tables must forget too.
 */
export async function erasePerson(tx: Tx, tenantId: number, personId: string, now: Instant): Promise<string[]> {
  const persons = (await tx.query<{ id: string }>(
    `with recursive up as (
       select person_id, merged_into from person where tenant_id = $1 and person_id = $2
       union select p.person_id, p.merged_into from person p join up on p.person_id = up.merged_into where p.tenant_id = $1),
     same as (
       select person_id from up
       union select p.person_id from person p join same s on p.merged_into = s.person_id where p.tenant_id = $1)
     select person_id as id from same order by person_id`,
    [tenantId, personId],
  )).map((row) => row.id)
  const values = await tx.query<{ value: string }>(`delete from identity where tenant_id = $1 and person_id = any($2) returning value`, [tenantId, persons])
  tx.write(`delete from person_key where tenant_id = $1 and person_id = any($2)`, [tenantId, persons])
  tx.write(`delete from person_field where tenant_id = $1 and person_id = any($2)`, [tenantId, persons])
  tx.write(`update person_merge set evidence = '{"by":"erased"}', undone_at = coalesce(undone_at, $3) where tenant_id = $1 and (kept = any($2) or gone = any($2))`, [tenantId, persons, now])
  tx.write(`update person set erased_at = $3 where tenant_id = $1 and person_id = any($2)`, [tenantId, persons, now])
  return values.map((row) => row.value)
}

export function listMerges(tx: Tx, tenantId: number, personId: string): Promise<Array<{ mergeId: string; at: Instant; kept: string; gone: string; by: string; undoneAt: Instant | null }>> {
  return tx.query(
    `select merge_id as "mergeId", at, kept, gone, evidence->>'by' as by, undone_at as "undoneAt" from person_merge where tenant_id = $1 and (kept = $2 or gone = $2) order by at desc, merge_id`,
    [tenantId, personId],
  )
}

/** Everybody who turned out to be another one, with who that is today. */
export async function mergedPersons(tx: Tx, tenantId: number): Promise<Map<string, string>> {
  const rows = await tx.query<{ personId: string; into: string }>(`select person_id as "personId", merged_into as "into" from person where tenant_id = $1 and merged_into is not null order by 1`, [tenantId])
  const next = new Map(rows.map((row) => [row.personId, row.into]))
  const today = (id: string): string => {
    let at = id
    for (let into = next.get(at); into !== undefined; into = next.get(at)) at = into
    return at
  }
  return new Map(rows.map((row) => [row.personId, today(row.personId)]))
}
