import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { FollowPlan, KnownFollow, Loss, SeenContact } from './contact.ts'

type Pair = { corpId: string; externalUserId: string; staff: string }

export function findFollows(tx: Tx, tenantId: number, contacts: ReadonlyArray<{ corpId: string; externalUserId: string }>): Promise<KnownFollow[]> {
  if (contacts.length === 0) return Promise.resolve([])
  return tx.query<KnownFollow>(
    `select distinct f.corp_id as "corpId", f.external_userid as "externalUserId", f.staff, f.followed_at as "followedAt", f.half, f.lost_at as "lostAt", f.lost_by as "lostBy"
     from unnest($2::text[], $3::text[]) as r(corp_id, external_userid)
     join follow f on f.tenant_id = $1 and f.corp_id = r.corp_id and f.external_userid = r.external_userid order by 1, 2, 3`,
    [tenantId, contacts.map((c) => c.corpId), contacts.map((c) => c.externalUserId)],
  )
}

export async function upsertContacts(tx: Tx, tenantId: number, contacts: ReadonlyArray<SeenContact & { connectionId: string }>, now: Instant): Promise<void> {
  if (contacts.length === 0) return
  tx.write(
    `insert into contact (tenant_id, corp_id, external_userid, connection_id, kind, has_unionid, first_seen_at, read_at)
     select $1, r.corp_id, r.external_userid, r.connection_id, r.kind, r.has_unionid, $7, $7
     from unnest($2::text[], $3::text[], $4::uuid[], $5::int[], $6::boolean[]) as r(corp_id, external_userid, connection_id, kind, has_unionid)
     on conflict (tenant_id, corp_id, external_userid) do update set kind = excluded.kind, has_unionid = contact.has_unionid or excluded.has_unionid, connection_id = excluded.connection_id, read_at = excluded.read_at`,
    [tenantId, contacts.map((c) => c.corpId), contacts.map((c) => c.externalUserId), contacts.map((c) => c.connectionId), contacts.map((c) => c.kind), contacts.map((c) => c.unionid !== undefined), now],
  )
}

export async function upsertFollows(tx: Tx, tenantId: number, follows: FollowPlan['write']): Promise<void> {
  if (follows.length === 0) return
  tx.write(
    `insert into follow (tenant_id, corp_id, external_userid, staff, followed_at, half, add_way, state)
     select $1, r.corp_id, r.external_userid, r.staff, r.followed_at, false, r.add_way, r.state
     from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::text[]) as r(corp_id, external_userid, staff, followed_at, add_way, state)
     on conflict (tenant_id, corp_id, external_userid, staff) do update set followed_at = greatest(follow.followed_at, excluded.followed_at), half = false, add_way = excluded.add_way, state = excluded.state`,
    [tenantId, follows.map((f) => f.corpId), follows.map((f) => f.externalUserId), follows.map((f) => f.staff), follows.map((f) => f.followedAt), follows.map((f) => f.addWay), follows.map((f) => f.state)],
  )
  // Tags are replaced as a whole: what the platform shows is what there is.
  tx.write(
    `delete from follow_tag t using unnest($2::text[], $3::text[], $4::text[]) as r(corp_id, external_userid, staff)
     where t.tenant_id = $1 and t.corp_id = r.corp_id and t.external_userid = r.external_userid and t.staff = r.staff`,
    [tenantId, follows.map((f) => f.corpId), follows.map((f) => f.externalUserId), follows.map((f) => f.staff)],
  )
  const tags = follows.flatMap((f) => f.tagIds.map((tagId) => ({ ...f, tagId })))
  if (tags.length === 0) return
  tx.write(
    `insert into follow_tag (tenant_id, corp_id, external_userid, staff, tag_id)
     select $1, r.corp_id, r.external_userid, r.staff, r.tag_id from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as r(corp_id, external_userid, staff, tag_id)
     on conflict (tenant_id, corp_id, external_userid, staff, tag_id) do nothing`,
    [tenantId, tags.map((t) => t.corpId), tags.map((t) => t.externalUserId), tags.map((t) => t.staff), tags.map((t) => t.tagId)],
  )
}

/** A half add: the contact waits for the member, and the pair cannot be read yet. */
export async function insertHalfFollows(tx: Tx, tenantId: number, halves: ReadonlyArray<Pair & { at: Instant; state: string }>): Promise<void> {
  if (halves.length === 0) return
  tx.write(
    `insert into follow (tenant_id, corp_id, external_userid, staff, followed_at, half, add_way, state)
     select $1, r.corp_id, r.external_userid, r.staff, r.at, true, 0, r.state from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[]) as r(corp_id, external_userid, staff, at, state)
     on conflict (tenant_id, corp_id, external_userid, staff) do nothing`,
    [tenantId, halves.map((h) => h.corpId), halves.map((h) => h.externalUserId), halves.map((h) => h.staff), halves.map((h) => h.at), halves.map((h) => h.state)],
  )
}

/**
 * Marks ends of follows, at most one of a pair a call. A loss that a later one of the same pair covers is dropped: a read found it before its callback
 * came. @returns those that were new, with the beginning of the follow that ended (0: never read) and whether it had ended before.
 */
export async function insertLosses(tx: Tx, tenantId: number, losses: ReadonlyArray<Loss & { personId: string; lastTouches: unknown }>, now: Instant): Promise<Array<Pair & { followedAt: Instant; already: boolean }>> {
  if (losses.length === 0) return []
  const fresh = await tx.query<Pair & { followedAt: Instant; already: boolean }>(
    `with given as (
       select r.*, coalesce(f.followed_at, 0) as followed_at, coalesce(f.lost_at is not null and f.followed_at <= f.lost_at, false) as already
       from jsonb_to_recordset($2::jsonb) as r(corp_id text, external_userid text, staff text, lost_at bigint, lost_by text, evidence text, person_id uuid, last_touches jsonb)
       left join follow f on f.tenant_id = $1 and f.corp_id = r.corp_id and f.external_userid = r.external_userid and f.staff = r.staff),
     new as (
       insert into contact_loss (tenant_id, corp_id, external_userid, staff, lost_at, lost_by, evidence, already, person_id, recorded_at, last_touches)
       select $1, g.corp_id, g.external_userid, g.staff, g.lost_at, g.lost_by, g.evidence, g.already, g.person_id, $3, g.last_touches from given g
       where not exists (select 1 from contact_loss l where l.tenant_id = $1 and l.corp_id = g.corp_id and l.external_userid = g.external_userid and l.staff = g.staff and l.lost_at >= g.lost_at)
       on conflict (tenant_id, corp_id, external_userid, staff, lost_at) do nothing returning corp_id, external_userid, staff, already)
     select n.corp_id as "corpId", n.external_userid as "externalUserId", n.staff, g.followed_at as "followedAt", n.already
     from new n join given g on g.corp_id = n.corp_id and g.external_userid = n.external_userid and g.staff = n.staff order by 1, 2, 3`,
    [tenantId, JSON.stringify(losses.map((l) => ({ corp_id: l.corpId, external_userid: l.externalUserId, staff: l.staff, lost_at: l.lostAt, lost_by: l.by, evidence: l.evidence, person_id: l.personId, last_touches: l.lastTouches }))), now],
  )
  const isNew = new Set(fresh.map((row) => `${row.corpId}/${row.externalUserId}/${row.staff}`))
  const write = losses.filter((l) => isNew.has(`${l.corpId}/${l.externalUserId}/${l.staff}`))
  tx.write(
    `insert into follow (tenant_id, corp_id, external_userid, staff, followed_at, half, add_way, state, lost_at, lost_by)
     select $1, r.corp_id, r.external_userid, r.staff, 0, false, 0, '', r.lost_at, r.lost_by
     from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[]) as r(corp_id, external_userid, staff, lost_at, lost_by)
     on conflict (tenant_id, corp_id, external_userid, staff) do update set lost_at = excluded.lost_at, lost_by = excluded.lost_by, half = false where follow.lost_at is null or follow.lost_at < excluded.lost_at`,
    [tenantId, write.map((l) => l.corpId), write.map((l) => l.externalUserId), write.map((l) => l.staff), write.map((l) => l.lostAt), write.map((l) => l.by)],
  )
  return fresh
}

/** Members with customer contact; those no longer listed are switched off. */
export async function upsertStaff(tx: Tx, tenantId: number, corpId: string, staff: readonly string[], capacity: number, now: Instant): Promise<void> {
  tx.write(`update staff set contact_on = false, seen_at = $4 where tenant_id = $1 and corp_id = $2 and not (staff = any($3)) and contact_on`, [tenantId, corpId, staff, now])
  if (staff.length === 0) return
  tx.write(
    `insert into staff (tenant_id, corp_id, staff, contact_on, capacity, seen_at) select $1, $2, r.staff, true, $4, $5 from unnest($3::text[]) as r(staff)
     on conflict (tenant_id, corp_id, staff) do update set contact_on = true, seen_at = excluded.seen_at`,
    [tenantId, corpId, staff, capacity, now],
  )
}

export type ListedPair = { externalUserId: string; staff: string; followedAt: Instant; tags: string }

/** Pairs of a corp as booked, with their tags joined by commas: for comparing with the platform's list. */
export function bookedPairs(tx: Tx, tenantId: number, corpId: string): Promise<Array<ListedPair & { half: boolean; lostAt: Instant | null; lostBy: string | null }>> {
  return tx.query(
    `select f.external_userid as "externalUserId", f.staff, f.followed_at as "followedAt", f.half, f.lost_at as "lostAt", f.lost_by as "lostBy",
       coalesce((select string_agg(t.tag_id, ',' order by t.tag_id) from follow_tag t where t.tenant_id = f.tenant_id and t.corp_id = f.corp_id and t.external_userid = f.external_userid and t.staff = f.staff), '') as tags
     from follow f where f.tenant_id = $1 and f.corp_id = $2 order by 1, 2`,
    [tenantId, corpId],
  )
}

export type Sender = { personId: string; corpId: string; externalUserId: string; staff: string }

/** For each person who can be reached on the corp, the member who follows them since last. */
export function sendersOf(tx: Tx, tenantId: number, corpId: string, personIds: readonly string[]): Promise<Sender[]> {
  if (personIds.length === 0) return Promise.resolve([])
  return tx.query<Sender>(
    `select distinct on (f.person_id) f.person_id as "personId", f.corp_id as "corpId", f.external_userid as "externalUserId", f.staff
     from v_follow f join unnest($3::uuid[]) as r(person_id) on r.person_id = f.person_id
     where f.tenant_id = $1 and f.corp_id = $2 and f.active order by f.person_id, f.followed_at desc, f.staff, f.external_userid`,
    [tenantId, corpId, personIds],
  )
}

export type ContactRow = {
  personId: string; externalUserId: string; corpId: string; firstSeenAt: Instant; kind: number; hasUnionid: boolean
  follows: Array<{ staff: string; followedAt: Instant; active: boolean; state: string; addWay: number; lostAt: Instant | null; lostBy: string | null }>
}
export type ContactFilter = { staff?: string; state?: string; lost?: boolean; tag?: string; personIds?: readonly string[] }

/** A page of contacts, newest first, with the total of the filter. */
export async function listContacts(tx: Tx, tenantId: number, filter: ContactFilter, page: { offset: number; limit: number }): Promise<{ rows: ContactRow[]; total: number }> {
  const params: unknown[] = [tenantId, filter.staff ?? null, filter.state ?? null, filter.lost ?? null, filter.tag ?? null, filter.personIds ?? null]
  const where = `c.tenant_id = $1 and ($6::uuid[] is null or c.person_id = any($6)) and (($2::text is null and $3::text is null and $4::boolean is null) or exists (
       select 1 from v_follow f where f.tenant_id = c.tenant_id and f.corp_id = c.corp_id and f.external_userid = c.external_userid
         and ($2::text is null or f.staff = $2) and ($3::text is null or f.state = $3) and ($4::boolean is null or f.active = not $4)))
     and ($5::text is null or exists (select 1 from v_follow_tag t where t.tenant_id = c.tenant_id and t.corp_id = c.corp_id and t.external_userid = c.external_userid and t.tag_id = $5))`
  const [{ total }] = await tx.query<{ total: number }>(`select count(*) as total from v_contact c where ${where}`, params)
  const rows = await tx.query<ContactRow>(
    `select c.person_id as "personId", c.external_userid as "externalUserId", c.corp_id as "corpId", c.first_seen_at as "firstSeenAt", c.kind, c.has_unionid as "hasUnionid",
       coalesce((select jsonb_agg(jsonb_build_object('staff', f.staff, 'followedAt', f.followed_at, 'active', f.active, 'state', f.state, 'addWay', f.add_way, 'lostAt', f.lost_at, 'lostBy', f.lost_by) order by f.followed_at desc, f.staff)
         from v_follow f where f.tenant_id = c.tenant_id and f.corp_id = c.corp_id and f.external_userid = c.external_userid), '[]'::jsonb) as follows
     from v_contact c where ${where} order by c.first_seen_at desc, c.external_userid limit $7 offset $8`,
    [...params, page.limit, page.offset],
  )
  return { rows, total }
}

export type LossRow = { personId: string | null; staff: string; lostAt: Instant; lostBy: string; evidence: string; lastTouches: unknown; again: boolean }

export function listLosses(tx: Tx, tenantId: number, from: Instant, to: Instant, limit: number): Promise<LossRow[]> {
  return tx.query<LossRow>(
    `select l.person_id as "personId", l.staff, l.lost_at as "lostAt", l.lost_by as "lostBy", l.evidence, l.last_touches as "lastTouches", coalesce(f.followed_at > l.lost_at, false) as again
     from contact_loss l left join follow f on f.tenant_id = l.tenant_id and f.corp_id = l.corp_id and f.external_userid = l.external_userid and f.staff = l.staff
     where l.tenant_id = $1 and l.lost_at >= $2 and l.lost_at < $3 and not l.already order by l.lost_at desc, l.staff, l.external_userid limit $4`,
    [tenantId, from, to, limit],
  )
}

export function lossCounts(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ lostBy: string; evidence: string; losses: number }>> {
  return tx.query(`select lost_by as "lostBy", evidence, count(*) as losses from contact_loss where tenant_id = $1 and lost_at >= $2 and lost_at < $3 and not already group by 1, 2 order by 1, 2`, [tenantId, from, to])
}

export type StaffLoad = { corpId: string; staff: string; contactOn: boolean; capacity: number; held: number; friends: number; oneSided: number; added30: number }

/** Load of each member. `held` is what the platform counts against the capacity: contacts who deleted the member still take a place. */
export function staffLoads(tx: Tx, tenantId: number, now: Instant): Promise<StaffLoad[]> {
  return tx.query<StaffLoad>(
    `select s.corp_id as "corpId", s.staff, s.contact_on as "contactOn", s.capacity,
       count(f.staff) filter (where not f.half and not (f.lost_at is not null and f.followed_at <= f.lost_at and f.lost_by <> 'contact')) as held,
       count(f.staff) filter (where not f.half and (f.lost_at is null or f.followed_at > f.lost_at)) as friends,
       count(f.staff) filter (where not f.half and f.lost_at is not null and f.followed_at <= f.lost_at and f.lost_by = 'contact') as "oneSided",
       count(f.staff) filter (where not f.half and f.followed_at >= $2::bigint - 2592000000) as added30
     from staff s left join follow f on f.tenant_id = s.tenant_id and f.corp_id = s.corp_id and f.staff = s.staff
     where s.tenant_id = $1 group by s.corp_id, s.staff, s.contact_on, s.capacity order by 1, 2`,
    [tenantId, now],
  )
}

/** Follows that only we still hold (查单删). */
export function oneSidedList(tx: Tx, tenantId: number, limit: number): Promise<Array<{ personId: string; staff: string; followedAt: Instant; lostAt: Instant; evidence: string | null }>> {
  return tx.query(
    `select f.person_id as "personId", f.staff, f.followed_at as "followedAt", f.lost_at as "lostAt",
       (select l.evidence from contact_loss l where l.tenant_id = $1 and l.corp_id = f.corp_id and l.external_userid = f.external_userid and l.staff = f.staff and l.lost_at = f.lost_at) as evidence
     from v_follow f where f.tenant_id = $1 and not f.active and not f.half and f.lost_by = 'contact' order by f.lost_at desc, f.person_id, f.staff limit $2`,
    [tenantId, limit],
  )
}

export async function setCapacity(tx: Tx, tenantId: number, corpId: string, staff: string, capacity: number): Promise<boolean> {
  return (await tx.run(`update staff set capacity = $4 where tenant_id = $1 and corp_id = $2 and staff = $3`, [tenantId, corpId, staff, capacity])) > 0
}

export async function contactTotals(tx: Tx, tenantId: number): Promise<{ contacts: number; friends: number; lostByContact: number; lostByStaff: number }> {
  const [row] = await tx.query<{ contacts: number; friends: number; lostByContact: number; lostByStaff: number }>(
    `select (select count(*) from contact where tenant_id = $1) as contacts,
       (select count(distinct (corp_id, external_userid)) from follow where tenant_id = $1 and not half and (lost_at is null or followed_at > lost_at)) as friends,
       (select count(*) from contact_loss where tenant_id = $1 and lost_by = 'contact' and not already) as "lostByContact",
       (select count(*) from contact_loss where tenant_id = $1 and lost_by = 'staff' and not already) as "lostByStaff"`,
    [tenantId],
  )
  return row
}

/** Erasure: what joins a person to an account goes; losses stay as facts about nobody. */
export async function forgetContacts(tx: Tx, tenantId: number, externalUserIds: readonly string[]): Promise<void> {
  if (externalUserIds.length === 0) return
  tx.write(`delete from follow_tag where tenant_id = $1 and external_userid = any($2)`, [tenantId, externalUserIds])
  tx.write(`delete from follow where tenant_id = $1 and external_userid = any($2)`, [tenantId, externalUserIds])
  tx.write(`delete from contact where tenant_id = $1 and external_userid = any($2)`, [tenantId, externalUserIds])
  tx.write(`update contact_loss set external_userid = 'erased/' || coalesce(person_id::text, '') where tenant_id = $1 and external_userid = any($2)`, [tenantId, externalUserIds])
}
