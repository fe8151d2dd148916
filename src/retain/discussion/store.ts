import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Cursor } from '../article/index.ts'
import type { CommentRow, CommentState } from './discussion.ts'

const commentColumns = `comment_id as "commentId", article_id as "articleId", parent_id as "parentId", root_id as "rootId", reader_id as "readerId", person_id as "personId", surface, state, body as text, replies, rule, reason, case_id as "caseId", created_at as "createdAt", decided_at as "decidedAt"`
export type CommentFull = CommentRow & { replies: number; reason: string | null }

export function insertComment(tx: Tx, tenantId: number, row: Omit<CommentFull, 'replies' | 'reason' | 'decidedAt'>): void {
  tx.write(
    `insert into article_comment (tenant_id, comment_id, article_id, parent_id, root_id, reader_id, person_id, surface, state, body, replies, case_id, rule, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13)`,
    [tenantId, row.commentId, row.articleId, row.parentId, row.rootId, row.readerId, row.personId, row.surface, row.state, row.text, row.caseId, row.rule, row.createdAt],
  )
}
export async function findComment(tx: Tx, tenantId: number, commentId: string): Promise<CommentFull | undefined> {
  const [row] = await tx.query<CommentFull>(`select ${commentColumns} from article_comment where tenant_id = $1 and comment_id = $2`, [tenantId, commentId])
  return row
}
export function lockComments(tx: Tx, tenantId: number, commentIds: readonly string[]): Promise<CommentFull[]> {
  return tx.query<CommentFull>(`select ${commentColumns} from article_comment where tenant_id = $1 and comment_id = any($2) order by comment_id for update`, [tenantId, commentIds])
}
export function setComment(tx: Tx, tenantId: number, commentId: string, change: { state: CommentState; by: string; at: Instant; reason: string | null; rule: string | null }): void {
  tx.write(
    `update article_comment set state = $3, decided_by = $4, decided_at = $5, reason = coalesce($6, reason), rule = coalesce($7, rule) where tenant_id = $1 and comment_id = $2`,
    [tenantId, commentId, change.state, change.by, change.at, change.reason, change.rule],
  )
}
export function holdComment(tx: Tx, tenantId: number, commentId: string, caseId: string | null, rule: string | null): void {
  tx.write(`update article_comment set case_id = coalesce($3, case_id), rule = coalesce($4, rule) where tenant_id = $1 and comment_id = $2`, [tenantId, commentId, caseId, rule])
}
/** How many shown answers a thread has; kept on its first comment. */
export function addReplies(tx: Tx, tenantId: number, rootId: string, by: number): void {
  tx.write(`update article_comment set replies = replies + $3 where tenant_id = $1 and comment_id = $2`, [tenantId, rootId, by])
}

/** Threads newest first: shown ones, removed ones that still have answers, and the viewer's own waiting ones. Two index ranges, joined and cut. */
export function listRoots(tx: Tx, tenantId: number, want: { articleId: string; viewer: string | null; after?: Cursor; limit: number }): Promise<CommentFull[]> {
  return tx.query<CommentFull>(
    `select * from (
       (select ${commentColumns} from article_comment where tenant_id = $1 and article_id = $2 and parent_id is null and state in ('approved', 'removed') and (state = 'approved' or replies > 0)
          and ($4::bigint is null or (created_at, comment_id) < ($4::bigint, $5::uuid)) order by created_at desc, comment_id desc limit $6)
       union all
       (select ${commentColumns} from article_comment where tenant_id = $1 and reader_id = $3 and article_id = $2 and parent_id is null and state in ('pending', 'rejected')
          and ($4::bigint is null or (created_at, comment_id) < ($4::bigint, $5::uuid)) order by created_at desc, comment_id desc limit $6)
     ) both_kinds order by "createdAt" desc, "commentId" desc limit $6`,
    [tenantId, want.articleId, want.viewer, want.after?.at ?? null, want.after?.id ?? null, want.limit],
  )
}
/** The first answers of several threads, oldest first. */
export function listAnswers(tx: Tx, tenantId: number, rootIds: readonly string[], viewer: string | null, limit: number): Promise<CommentFull[]> {
  if (rootIds.length === 0) return Promise.resolve([])
  return tx.query<CommentFull>(
    `select x.* from unnest($2::uuid[]) as r(id)
     cross join lateral (select ${commentColumns} from article_comment c where c.tenant_id = $1 and c.root_id = r.id and c.parent_id is not null and (c.state = 'approved' or (c.reader_id = $3 and c.state in ('pending', 'rejected')))
       order by c.created_at, c.comment_id limit $4) x
     order by x."createdAt", x."commentId"`,
    [tenantId, rootIds, viewer, limit],
  )
}
export function listThreadRows(tx: Tx, tenantId: number, want: { rootId: string; viewer: string | null; after?: Cursor; limit: number }): Promise<CommentFull[]> {
  return tx.query<CommentFull>(
    `select ${commentColumns} from article_comment where tenant_id = $1 and root_id = $2 and parent_id is not null and (state = 'approved' or (reader_id = $3 and state in ('pending', 'rejected')))
       and ($4::bigint is null or (created_at, comment_id) > ($4::bigint, $5::uuid)) order by created_at, comment_id limit $6`,
    [tenantId, want.rootId, want.viewer, want.after?.at ?? null, want.after?.id ?? null, want.limit],
  )
}
export async function authorsOf(tx: Tx, tenantId: number, commentIds: readonly string[]): Promise<Map<string, string>> {
  if (commentIds.length === 0) return new Map()
  const rows = await tx.query<{ id: string; readerId: string }>(`select comment_id as id, reader_id as "readerId" from article_comment where tenant_id = $1 and comment_id = any($2) order by 1`, [tenantId, commentIds])
  return new Map(rows.map((row) => [row.id, row.readerId]))
}
export function commentsOf(tx: Tx, tenantId: number, readerId: string, after: Cursor | null, limit: number): Promise<CommentFull[]> {
  return tx.query<CommentFull>(
    `select ${commentColumns} from article_comment where tenant_id = $1 and reader_id = $2 and ($3::bigint is null or (created_at, comment_id) < ($3::bigint, $4::uuid)) order by created_at desc, comment_id desc limit $5`,
    [tenantId, readerId, after?.at ?? null, after?.id ?? null, limit],
  )
}
/** For the desk: waiting ones oldest first, the others newest first. */
export function listDeskComments(tx: Tx, tenantId: number, want: { state: CommentState; articleId?: string; after?: Cursor; limit: number }): Promise<CommentFull[]> {
  const oldest = want.state === 'pending'
  return tx.query<CommentFull>(
    `select ${commentColumns} from article_comment where tenant_id = $1 and state = $2 and ($3::uuid is null or article_id = $3) and ($4::bigint is null or (created_at, comment_id) ${oldest ? '>' : '<'} ($4::bigint, $5::uuid))
     order by created_at ${oldest ? '' : 'desc'}, comment_id ${oldest ? '' : 'desc'} limit $6`,
    [tenantId, want.state, want.articleId ?? null, want.after?.at ?? null, want.after?.id ?? null, want.limit],
  )
}
export async function commentTotals(tx: Tx, tenantId: number, since: Instant): Promise<{ pending: number; held: number; oldestAt: Instant | null; decided: number; removed: number }> {
  const [row] = await tx.query<{ pending: number; held: number; oldestAt: Instant | null }>(
    `select count(*) as pending, count(case_id) as held, min(created_at) as "oldestAt" from article_comment where tenant_id = $1 and state = 'pending'`, [tenantId])
  const [recent] = await tx.query<{ decided: number; removed: number }>(
    `select count(*) filter (where state = 'approved') as decided, count(*) filter (where state <> 'approved') as removed from article_comment where tenant_id = $1 and created_at >= $2 and state in ('approved', 'rejected', 'removed')`, [tenantId, since])
  return { ...row, ...recent }
}

// ---- ratings ----

export type RatingRow = { readerId: string; personId: string; stars: number; weight: number; ripensAt: Instant | null; ratedAt: Instant }
const ratingColumns = `reader_id as "readerId", person_id as "personId", stars, weight, ripens_at as "ripensAt", rated_at as "ratedAt"`
/** One rating of an article at a time, until commit: what the counter adds is the difference to what it added before. */
export async function lockRatings(tx: Tx, tenantId: number, articleId: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock($1::int, hashtext($2))`, [7239860 + (tenantId % 1000), articleId])
}
export async function findRating(tx: Tx, tenantId: number, articleId: string, readerId: string): Promise<RatingRow | undefined> {
  const [row] = await tx.query<RatingRow>(`select ${ratingColumns} from article_rating where tenant_id = $1 and article_id = $2 and reader_id = $3`, [tenantId, articleId, readerId])
  return row
}
export async function ratingsOfReaders(tx: Tx, tenantId: number, articleId: string, readerIds: readonly string[]): Promise<RatingRow[]> {
  return tx.query<RatingRow>(`select ${ratingColumns} from article_rating where tenant_id = $1 and article_id = $2 and reader_id = any($3) order by rated_at, reader_id`, [tenantId, articleId, readerIds])
}
export function putRating(tx: Tx, tenantId: number, articleId: string, row: RatingRow & { surface: string }): void {
  tx.write(
    `insert into article_rating (tenant_id, article_id, reader_id, person_id, stars, weight, ripens_at, rated_at, surface) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (tenant_id, article_id, reader_id) do update set stars = excluded.stars, weight = excluded.weight, ripens_at = excluded.ripens_at, surface = excluded.surface`,
    [tenantId, articleId, row.readerId, row.personId, row.stars, row.weight, row.ripensAt, row.ratedAt, row.surface],
  )
}
export function setWeight(tx: Tx, tenantId: number, articleId: string, readerId: string, weight: number, ripensAt: Instant | null): void {
  tx.write(`update article_rating set weight = $4, ripens_at = $5 where tenant_id = $1 and article_id = $2 and reader_id = $3`, [tenantId, articleId, readerId, weight, ripensAt])
}
export function ripeRatings(tx: Tx, tenantId: number, now: Instant, limit: number): Promise<Array<{ articleId: string; readerId: string }>> {
  return tx.query(`select article_id as "articleId", reader_id as "readerId" from article_rating where tenant_id = $1 and ripens_at <= $2 order by ripens_at, article_id, reader_id limit $3`, [tenantId, now, limit])
}
export async function nextRipe(tx: Tx, tenantId: number): Promise<Instant | null> {
  const [row] = await tx.query<{ at: Instant | null }>(`select min(ripens_at) as at from article_rating where tenant_id = $1 and ripens_at is not null`, [tenantId])
  return row.at
}
export function ratingsBy(tx: Tx, tenantId: number, readerId: string): Promise<Array<{ articleId: string }>> {
  return tx.query(`select article_id as "articleId" from article_rating where tenant_id = $1 and reader_id = $2 order by 1`, [tenantId, readerId])
}
export function dropRating(tx: Tx, tenantId: number, articleId: string, readerId: string): void {
  tx.write(`delete from article_rating where tenant_id = $1 and article_id = $2 and reader_id = $3`, [tenantId, articleId, readerId])
}
/** The sums that the counters must show: for checks. */
export async function ratingSums(tx: Tx, tenantId: number, articleId: string): Promise<{ count: number; weight: number; sum: number }> {
  const [row] = await tx.query<{ count: number; weight: number; sum: number }>(
    `select count(*) filter (where weight > 0) as count, coalesce(sum(weight), 0)::bigint as weight, coalesce(sum(weight * stars), 0)::bigint as sum from article_rating where tenant_id = $1 and article_id = $2`, [tenantId, articleId])
  return row
}

// ---- favourites, follows ----

export async function addFavourite(tx: Tx, tenantId: number, readerId: string, articleId: string, now: Instant): Promise<boolean> {
  return (await tx.run(`insert into favourite (tenant_id, reader_id, article_id, added_at) values ($1, $2, $3, $4) on conflict (tenant_id, reader_id, article_id) do nothing`, [tenantId, readerId, articleId, now])) === 1
}
export async function dropFavourite(tx: Tx, tenantId: number, readerId: string, articleId: string): Promise<boolean> {
  return (await tx.run(`delete from favourite where tenant_id = $1 and reader_id = $2 and article_id = $3`, [tenantId, readerId, articleId])) === 1
}
export function listFavourites(tx: Tx, tenantId: number, readerId: string, after: Cursor | null, limit: number): Promise<Array<{ articleId: string; addedAt: Instant }>> {
  return tx.query(
    `select article_id as "articleId", added_at as "addedAt" from favourite where tenant_id = $1 and reader_id = $2 and ($3::bigint is null or (added_at, article_id) < ($3::bigint, $4::uuid)) order by added_at desc, article_id desc limit $5`,
    [tenantId, readerId, after?.at ?? null, after?.id ?? null, limit],
  )
}
export async function addFollow(tx: Tx, tenantId: number, readerId: string, authorId: string, now: Instant): Promise<boolean> {
  return (await tx.run(`insert into reader_follow (tenant_id, reader_id, author_id, followed_at) values ($1, $2, $3, $4) on conflict (tenant_id, reader_id, author_id) do nothing`, [tenantId, readerId, authorId, now])) === 1
}
export async function dropFollow(tx: Tx, tenantId: number, readerId: string, authorId: string): Promise<boolean> {
  return (await tx.run(`delete from reader_follow where tenant_id = $1 and reader_id = $2 and author_id = $3`, [tenantId, readerId, authorId])) === 1
}
export async function followersOf(tx: Tx, tenantId: number, authorId: string): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`select count(*) as n from reader_follow where tenant_id = $1 and author_id = $2`, [tenantId, authorId])
  return row.n
}
export function listFollowing(tx: Tx, tenantId: number, readerId: string, after: Cursor | null, limit: number): Promise<Array<{ authorId: string; followedAt: Instant }>> {
  return tx.query(
    `select author_id as "authorId", followed_at as "followedAt" from reader_follow where tenant_id = $1 and reader_id = $2 and ($3::bigint is null or (followed_at, author_id) < ($3::bigint, $4::uuid)) order by followed_at desc, author_id desc limit $5`,
    [tenantId, readerId, after?.at ?? null, after?.id ?? null, limit],
  )
}
/** What people read lately whom the reader follows and who follow back, those only who let it be seen (`visible` is asked of the readers). */
export function friendsOf(tx: Tx, tenantId: number, readerId: string): Promise<Array<{ id: string }>> {
  return tx.query(
    `select f.author_id as id from reader_follow f join reader_follow b on b.tenant_id = f.tenant_id and b.reader_id = f.author_id and b.author_id = f.reader_id where f.tenant_id = $1 and f.reader_id = $2 order by f.followed_at desc, 1 limit 500`, [tenantId, readerId])
}
export function readsOf(tx: Tx, tenantId: number, readerIds: readonly string[], limit: number): Promise<Array<{ articleId: string; readerId: string; readAt: Instant }>> {
  return tx.query(
    `select x."articleId", r.id as "readerId", x."readAt" from unnest($2::uuid[]) as r(id)
     cross join lateral (select k.article_id as "articleId", k.read_at as "readAt" from kept_read k where k.tenant_id = $1 and k.reader_id = r.id order by k.read_at desc limit 20) x order by x."readAt" desc, x."articleId", r.id limit $3`,
    [tenantId, readerIds, limit],
  )
}

// ---- shares, reads ----

export type ShareRow = { shareId: string; token: string; articleId: string; readerId: string; personId: string; surface: string }
const shareColumns = `share_id as "shareId", token, article_id as "articleId", reader_id as "readerId", person_id as "personId", surface`
export async function putShare(tx: Tx, tenantId: number, row: ShareRow & { createdAt: Instant }): Promise<{ share: ShareRow; fresh: boolean }> {
  const fresh = (await tx.run(
    `insert into article_share (tenant_id, share_id, token, article_id, reader_id, person_id, surface, opened, created_at) values ($1, $2, $3, $4, $5, $6, $7, 0, $8) on conflict do nothing`,
    [tenantId, row.shareId, row.token, row.articleId, row.readerId, row.personId, row.surface, row.createdAt],
  )) === 1
  const [share] = await tx.query<ShareRow>(`select ${shareColumns} from article_share where tenant_id = $1 and article_id = $2 and reader_id = $3 and surface = $4`, [tenantId, row.articleId, row.readerId, row.surface])
  return { share, fresh }
}
export async function findShare(tx: Tx, tenantId: number, token: string): Promise<ShareRow | undefined> {
  const [row] = await tx.query<ShareRow>(`select ${shareColumns} from article_share where tenant_id = $1 and token = $2`, [tenantId, token])
  return row
}
export function countOpened(tx: Tx, tenantId: number, shareId: string): void {
  tx.write(`update article_share set opened = opened + 1 where tenant_id = $1 and share_id = $2`, [tenantId, shareId])
}
/** @returns false when this one has kept a read of the article before. */
export async function keepRead(tx: Tx, tenantId: number, row: { articleId: string; keeper: string; readerId: string | null; personId: string | null; deviceKey: string; shareId: string | null; surface: string; at: Instant }): Promise<boolean> {
  return (await tx.run(
    `insert into kept_read (tenant_id, article_id, keeper, reader_id, person_id, device_key, share_id, surface, read_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (tenant_id, article_id, keeper) do nothing`,
    [tenantId, row.articleId, row.keeper, row.readerId, row.personId, row.deviceKey, row.shareId, row.surface, row.at],
  )) === 1
}
export async function hasKeptRead(tx: Tx, tenantId: number, articleId: string, keeper: string): Promise<boolean> {
  return (await tx.query(`select 1 as one from kept_read where tenant_id = $1 and article_id = $2 and keeper = $3`, [tenantId, articleId, keeper])).length > 0
}
export async function mineRow(tx: Tx, tenantId: number, readerId: string, articleId: string, authorId: string): Promise<{ stars: number | null; favourite: boolean; follows: boolean; keptRead: boolean; reported: boolean }> {
  const [row] = await tx.query<{ stars: number | null; favourite: boolean; follows: boolean; keptRead: boolean; reported: boolean }>(
    `select (select stars from article_rating where tenant_id = $1 and article_id = $3 and reader_id = $2) as stars,
       exists (select 1 from favourite where tenant_id = $1 and reader_id = $2 and article_id = $3) as favourite, exists (select 1 from reader_follow where tenant_id = $1 and reader_id = $2 and author_id = $4) as follows,
       exists (select 1 from kept_read where tenant_id = $1 and article_id = $3 and keeper = $5) as "keptRead", exists (select 1 from piece_report where tenant_id = $1 and piece_kind = 'article' and piece_id = $3 and reader_id = $2) as reported`,
    [tenantId, readerId, articleId, authorId, `r:${readerId}`],
  )
  return row
}

// ---- reports ----

export async function putReport(tx: Tx, tenantId: number, row: { pieceKind: string; pieceId: string; readerId: string; reportId: string; reason: string; detail: string; surface: string; at: Instant }): Promise<boolean> {
  return (await tx.run(
    `insert into piece_report (tenant_id, piece_kind, piece_id, reader_id, report_id, reason, detail, surface, reported_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (tenant_id, piece_kind, piece_id, reader_id) do nothing`,
    [tenantId, row.pieceKind, row.pieceId, row.readerId, row.reportId, row.reason, row.detail, row.surface, row.at],
  )) === 1
}
export async function reportsOf(tx: Tx, tenantId: number, pieceKind: string, pieceId: string): Promise<{ count: number; newest: Array<{ reportId: string; readerId: string; reason: string; detail: string; at: Instant }> }> {
  const [{ count }] = await tx.query<{ count: number }>(`select count(*) as count from piece_report where tenant_id = $1 and piece_kind = $2 and piece_id = $3`, [tenantId, pieceKind, pieceId])
  const newest = await tx.query<{ reportId: string; readerId: string; reason: string; detail: string; at: Instant }>(
    `select report_id as "reportId", reader_id as "readerId", reason, detail, reported_at as at from piece_report where tenant_id = $1 and piece_kind = $2 and piece_id = $3 order by reported_at desc, report_id limit 20`, [tenantId, pieceKind, pieceId])
  return { count, newest }
}

// ---- leaving ----

/** What a reader wrote and did goes; counters are corrected by the caller. */
export function eraseComments(tx: Tx, tenantId: number, readerId: string): Promise<Array<{ commentId: string; articleId: string; rootId: string; parentId: string | null; was: CommentState }>> {
  return tx.query(
    `with mine as (select comment_id, state from article_comment where tenant_id = $1 and reader_id = $2 and state <> 'erased' order by comment_id for update)
     update article_comment set state = 'erased', body = '' from mine where article_comment.tenant_id = $1 and article_comment.comment_id = mine.comment_id
     returning article_comment.comment_id as "commentId", article_comment.article_id as "articleId", article_comment.root_id as "rootId", article_comment.parent_id as "parentId", mine.state as was`,
    [tenantId, readerId],
  )
}
/** @returns whom the reader followed: they have one follower less. */
export async function eraseFollows(tx: Tx, tenantId: number, readerId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string; mine: boolean }>(`delete from reader_follow where tenant_id = $1 and (reader_id = $2 or author_id = $2) returning author_id as id, reader_id = $2 as mine`, [tenantId, readerId])
  return rows.filter((row) => row.mine).map((row) => row.id).sort()
}
export function eraseFavourites(tx: Tx, tenantId: number, readerId: string): Promise<Array<{ articleId: string }>> {
  return tx.query(`delete from favourite where tenant_id = $1 and reader_id = $2 returning article_id as "articleId"`, [tenantId, readerId])
}
export function eraseReports(tx: Tx, tenantId: number, readerId: string): void {
  tx.write(`update piece_report set detail = '' where tenant_id = $1 and reader_id = $2`, [tenantId, readerId])
}
