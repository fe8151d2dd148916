import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { cardOf, type Notices, type Reader, type ReaderCard } from './reader.ts'

const columns = `reader_id as "readerId", person_id as "personId", kind, name, bio, avatar, contact_media as "contactMedia", state, phone_at as "phoneAt", show_reads as "showReads", notices, followers, created_at as "createdAt", created_surface as "createdSurface"`

export async function readerOf(tx: Tx, tenantId: number, readerId: string): Promise<Reader | undefined> {
  const [row] = await tx.query<Reader>(`select ${columns} from reader where tenant_id = $1 and reader_id = $2`, [tenantId, readerId])
  return row
}
export async function readerOfPerson(tx: Tx, tenantId: number, personId: string): Promise<Reader | undefined> {
  const [row] = await tx.query<Reader>(`select ${columns} from reader where tenant_id = $1 and person_id = $2`, [tenantId, personId])
  return row
}
export async function lockReader(tx: Tx, tenantId: number, readerId: string): Promise<(Reader & { profileVersion: number }) | undefined> {
  const [row] = await tx.query<Reader & { profileVersion: number }>(`select ${columns}, profile_version as "profileVersion" from reader where tenant_id = $1 and reader_id = $2 for update`, [tenantId, readerId])
  return row
}
/** @returns whether the reader is new. */
export async function insertReader(tx: Tx, tenantId: number, row: Reader): Promise<boolean> {
  return (await tx.run(
    `insert into reader (tenant_id, reader_id, person_id, kind, name, bio, avatar, contact_media, state, phone_at, show_reads, notices, followers, profile_version, created_at, created_surface)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, $13, $14) on conflict (tenant_id, person_id) do nothing`,
    [tenantId, row.readerId, row.personId, row.kind, row.name, row.bio, row.avatar, row.contactMedia, row.state, row.phoneAt, row.showReads, JSON.stringify(row.notices), row.createdAt, row.createdSurface],
  )) === 1
}
export function addFollowers(tx: Tx, tenantId: number, readerId: string, by: number): void {
  tx.write(`update reader set followers = followers + $3::bigint where tenant_id = $1 and reader_id = $2`, [tenantId, readerId, by])
}
export async function houseReaderRow(tx: Tx, tenantId: number): Promise<Reader | undefined> {
  const [row] = await tx.query<Reader>(`select ${columns} from reader where tenant_id = $1 and kind = 'house' order by created_at, reader_id limit 1`, [tenantId])
  return row
}
export async function readerCards(tx: Tx, tenantId: number, readerIds: readonly string[]): Promise<Map<string, ReaderCard>> {
  if (readerIds.length === 0) return new Map()
  const rows = await tx.query<Pick<Reader, 'readerId' | 'name' | 'bio' | 'avatar' | 'kind' | 'state'>>(
    `select reader_id as "readerId", name, bio, avatar, kind, state from reader where tenant_id = $1 and reader_id = any($2) order by reader_id`, [tenantId, [...new Set(readerIds)]])
  return new Map(rows.map((row) => [row.readerId, cardOf(row)]))
}
/** Those among these whose account is open and who let others see what they read; in the given order. */
export async function showingReads(tx: Tx, tenantId: number, readerIds: readonly string[]): Promise<string[]> {
  if (readerIds.length === 0) return []
  const rows = await tx.query<{ id: string }>(`select reader_id as id from reader where tenant_id = $1 and reader_id = any($2) and state = 'open' and show_reads order by reader_id`, [tenantId, readerIds])
  const open = new Set(rows.map((row) => row.id))
  return readerIds.filter((id) => open.has(id))
}
export function listReaders(tx: Tx, tenantId: number, want: { search?: string; after?: { at: Instant; id: string }; limit: number }): Promise<Reader[]> {
  return tx.query<Reader>(
    `select ${columns} from reader where tenant_id = $1 and ($2::text is null or name ilike '%' || $2 || '%' or reader_id::text like $2 || '%') and ($3::bigint is null or (created_at, reader_id) < ($3::bigint, $4::uuid))
     order by created_at desc, reader_id desc limit $5`,
    [tenantId, want.search || null, want.after?.at ?? null, want.after?.id ?? null, want.limit],
  )
}

export function setPhoneAt(tx: Tx, tenantId: number, readerId: string, at: Instant): void {
  tx.write(`update reader set phone_at = coalesce(phone_at, $3) where tenant_id = $1 and reader_id = $2`, [tenantId, readerId, at])
}
export function setState(tx: Tx, tenantId: number, readerId: string, state: Reader['state'], at: Instant | null): void {
  tx.write(`update reader set state = $3, closed_at = $4 where tenant_id = $1 and reader_id = $2 and state <> 'erased'`, [tenantId, readerId, state, at])
}
export function wipeReader(tx: Tx, tenantId: number, readerId: string): void {
  tx.write(`update reader set name = '', bio = '', avatar = null, contact_media = null, show_reads = false where tenant_id = $1 and reader_id = $2`, [tenantId, readerId])
  tx.write(`delete from reader_profile where tenant_id = $1 and reader_id = $2`, [tenantId, readerId])
}
export function writeSettings(tx: Tx, tenantId: number, readerId: string, showReads: boolean, notices: Notices): void {
  tx.write(`update reader set show_reads = $3, notices = $4 where tenant_id = $1 and reader_id = $2`, [tenantId, readerId, showReads, JSON.stringify(notices)])
}
export async function movePerson(tx: Tx, tenantId: number, readerId: string, personId: string): Promise<void> {
  await tx.run(`update reader set person_id = $3 where tenant_id = $1 and reader_id = $2`, [tenantId, readerId, personId])
}

export type ProfileRow = { version: number; name: string; bio: string; avatar: string | null; contactMedia: string | null; state: 'shown' | 'held' | 'rejected' | 'removed'; caseId: string | null; rule: string | null; writtenAt: Instant }
export function insertProfile(tx: Tx, tenantId: number, readerId: string, row: ProfileRow): void {
  tx.write(
    `insert into reader_profile (tenant_id, reader_id, version, name, bio, avatar, contact_media, state, case_id, rule, written_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [tenantId, readerId, row.version, row.name, row.bio, row.avatar, row.contactMedia, row.state, row.caseId, row.rule, row.writtenAt],
  )
  tx.write(`update reader set profile_version = $3 where tenant_id = $1 and reader_id = $2`, [tenantId, readerId, row.version])
}
export async function findProfile(tx: Tx, tenantId: number, readerId: string, version: number): Promise<ProfileRow | undefined> {
  const [row] = await tx.query<ProfileRow>(
    `select version, name, bio, avatar, contact_media as "contactMedia", state, case_id as "caseId", rule, written_at as "writtenAt" from reader_profile where tenant_id = $1 and reader_id = $2 and version = $3`, [tenantId, readerId, version])
  return row
}
export async function newestProfile(tx: Tx, tenantId: number, readerId: string): Promise<ProfileRow | undefined> {
  const [row] = await tx.query<ProfileRow>(
    `select version, name, bio, avatar, contact_media as "contactMedia", state, case_id as "caseId", rule, written_at as "writtenAt" from reader_profile where tenant_id = $1 and reader_id = $2 order by version desc limit 1`, [tenantId, readerId])
  return row
}
export function markProfile(tx: Tx, tenantId: number, readerId: string, version: number, state: ProfileRow['state'], rule: string | null): void {
  tx.write(`update reader_profile set state = $4, rule = coalesce($5, rule) where tenant_id = $1 and reader_id = $2 and version = $3`, [tenantId, readerId, version, state, rule])
}
export function showProfile(tx: Tx, tenantId: number, readerId: string, shown: { name: string; bio: string; avatar: string | null; contactMedia: string | null }): void {
  tx.write(`update reader set name = $3, bio = $4, avatar = $5, contact_media = $6 where tenant_id = $1 and reader_id = $2 and state <> 'erased'`, [tenantId, readerId, shown.name, shown.bio, shown.avatar, shown.contactMedia])
}

export function insertSession(tx: Tx, tenantId: number, row: { digest: string; readerId: string; surface: string; deviceKey: string; createdAt: Instant; expiresAt: Instant }): void {
  tx.write(`delete from reader_session where tenant_id = $1 and expires_at < $2`, [tenantId, row.createdAt])
  tx.write(
    `insert into reader_session (tenant_id, digest, reader_id, surface, device_key, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [tenantId, row.digest, row.readerId, row.surface, row.deviceKey, row.createdAt, row.expiresAt],
  )
}
export async function findSession(tx: Tx, tenantId: number, digest: string, now: Instant): Promise<{ readerId: string; personId: string; surface: string; deviceKey: string; expiresAt: Instant } | undefined> {
  const [row] = await tx.query<{ readerId: string; personId: string; surface: string; deviceKey: string; expiresAt: Instant }>(
    `select s.reader_id as "readerId", r.person_id as "personId", s.surface, s.device_key as "deviceKey", s.expires_at as "expiresAt"
     from reader_session s join reader r on r.tenant_id = s.tenant_id and r.reader_id = s.reader_id
     where s.tenant_id = $1 and s.digest = $2 and s.expires_at > $3 and r.state = 'open'`,
    [tenantId, digest, now],
  )
  return row
}
export function deleteSession(tx: Tx, tenantId: number, digest: string): void {
  tx.write(`delete from reader_session where tenant_id = $1 and digest = $2`, [tenantId, digest])
}
export function deleteSessions(tx: Tx, tenantId: number, readerId: string): void {
  tx.write(`delete from reader_session where tenant_id = $1 and reader_id = $2`, [tenantId, readerId])
}

export type CodeRow = { digest: string; attempts: number; sent: number; windowAt: Instant; sentAt: Instant; expiresAt: Instant }
export async function lockCode(tx: Tx, tenantId: number, phoneIndex: string): Promise<CodeRow | undefined> {
  const [row] = await tx.query<CodeRow>(
    `select digest, attempts, sent, window_at as "windowAt", sent_at as "sentAt", expires_at as "expiresAt" from reader_code where tenant_id = $1 and phone_index = $2 for update`, [tenantId, phoneIndex])
  return row
}
export function putCode(tx: Tx, tenantId: number, phoneIndex: string, row: CodeRow): void {
  tx.write(
    `insert into reader_code (tenant_id, phone_index, digest, attempts, sent, window_at, sent_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (tenant_id, phone_index) do update set digest = excluded.digest, attempts = excluded.attempts, sent = excluded.sent, window_at = excluded.window_at, sent_at = excluded.sent_at, expires_at = excluded.expires_at`,
    [tenantId, phoneIndex, row.digest, row.attempts, row.sent, row.windowAt, row.sentAt, row.expiresAt],
  )
}

/** Remembers the device. @returns other readers seen on it. */
export async function seeDevice(tx: Tx, tenantId: number, deviceKey: string, readerId: string, now: Instant): Promise<string[]> {
  tx.write(`insert into reader_device (tenant_id, device_key, reader_id, first_at) values ($1, $2, $3, $4) on conflict (tenant_id, device_key, reader_id) do nothing`, [tenantId, deviceKey, readerId, now])
  const rows = await tx.query<{ id: string }>(`select reader_id as id from reader_device where tenant_id = $1 and device_key = $2 and reader_id <> $3 order by reader_id limit 20`, [tenantId, deviceKey, readerId])
  return rows.map((row) => row.id)
}
export function linkReaders(tx: Tx, tenantId: number, one: string, other: string, how: 'person' | 'phone' | 'device', now: Instant): void {
  tx.write(
    `insert into reader_link (tenant_id, reader_id, other_id, how, linked_at) values ($1, $2, $3, $4, $5), ($1, $3, $2, $4, $5) on conflict (tenant_id, reader_id, other_id, how) do nothing`,
    [tenantId, one, other, how, now],
  )
}
export async function linkedReaders(tx: Tx, tenantId: number, readerId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `with recursive same(reader_id) as (
       select $2::uuid
       union select l.other_id from same s join reader_link l on l.tenant_id = $1 and l.reader_id = s.reader_id)
     select reader_id as id from same order by reader_id limit 500`,
    [tenantId, readerId],
  )
  return rows.map((row) => row.id)
}
/** For each of these persons the other persons whose accounts are linked to theirs, by whatever chain. */
export async function linkedPersons(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Array<{ personId: string; otherId: string }>> {
  return tx.query(
    `with recursive same(root, reader_id) as (
       select r.person_id, r.reader_id from reader r where r.tenant_id = $1 and r.person_id = any($2::uuid[])
       union select s.root, l.other_id from same s join reader_link l on l.tenant_id = $1 and l.reader_id = s.reader_id)
     select distinct s.root as "personId", o.person_id as "otherId" from same s join reader o on o.tenant_id = $1 and o.reader_id = s.reader_id where o.person_id <> s.root order by 1, 2 limit 5000`,
    [tenantId, personIds],
  )
}
export function linksOf(tx: Tx, tenantId: number, readerId: string): Promise<Array<{ otherId: string; how: string; linkedAt: Instant }>> {
  return tx.query(`select other_id as "otherId", how, linked_at as "linkedAt" from reader_link where tenant_id = $1 and reader_id = $2 order by linked_at, other_id, how limit 100`, [tenantId, readerId])
}

export function putAcceptance(tx: Tx, tenantId: number, row: { readerId: string; version: number; at: Instant; surface: string }): void {
  tx.write(`insert into reader_acceptance (tenant_id, reader_id, version, accepted_at, surface) values ($1, $2, $3, $4, $5) on conflict (tenant_id, reader_id, version) do nothing`, [tenantId, row.readerId, row.version, row.at, row.surface])
}
export async function acceptedConvention(tx: Tx, tenantId: number, readerId: string): Promise<number> {
  const [row] = await tx.query<{ version: number }>(`select coalesce(max(version), 0) as version from reader_acceptance where tenant_id = $1 and reader_id = $2`, [tenantId, readerId])
  return row.version
}
export async function readerTotals(tx: Tx, tenantId: number): Promise<{ readers: number; proved: number; closed: number }> {
  const [row] = await tx.query<{ readers: number; proved: number; closed: number }>(
    `select count(*) filter (where state = 'open') as readers, count(phone_at) filter (where state = 'open') as proved, count(*) filter (where state <> 'open') as closed from reader where tenant_id = $1 and kind = 'person'`, [tenantId])
  return row
}
