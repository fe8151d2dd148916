import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { cardOf, type Reader } from '../reader/index.ts'
import type { ArticleCard, ArticleOrder, ArticleState, Block, Price, VersionState } from './article.ts'

/** The last row of the page before; a page goes on behind it. */
export type Cursor = { at: number; id: string }

export type ArticleRow = {
  articleId: string; slug: string; authorReaderId: string; state: ArticleState; latestVersion: number; version: number | null; title: string; priceFeathers: number | null; priceFen: number | null
  publishedAt: Instant | null; createdAt: Instant; updatedAt: Instant
}
const rowColumns = `article_id as "articleId", slug, author_reader_id as "authorReaderId", state, latest_version as "latestVersion", version, title, price_feathers as "priceFeathers", price_fen as "priceFen",
  published_at as "publishedAt", created_at as "createdAt", updated_at as "updatedAt"`

export type VersionRow = {
  articleId: string; version: number; state: VersionState; title: string; summary: string; cover: string | null; topics: string[]; blocks: Block[]; text: string; priceFeathers: number | null; priceFen: number | null
  writtenBy: string; writtenAt: Instant; submittedAt: Instant | null; decidedAt: Instant | null; decidedBy: string | null; reason: string | null; caseId: string | null; rule: string | null; scheduledAt: Instant | null; publishedAt: Instant | null
}
const versionColumns = `article_id as "articleId", version, state, title, summary, cover, topics, blocks, body_text as text, price_feathers as "priceFeathers", price_fen as "priceFen", written_by as "writtenBy", written_at as "writtenAt",
  submitted_at as "submittedAt", decided_at as "decidedAt", decided_by as "decidedBy", reason, case_id as "caseId", rule, scheduled_at as "scheduledAt", published_at as "publishedAt"`

export async function findArticle(tx: Tx, tenantId: number, articleId: string): Promise<ArticleRow | undefined> {
  const [row] = await tx.query<ArticleRow>(`select ${rowColumns} from article where tenant_id = $1 and article_id = $2`, [tenantId, articleId])
  return row
}
export async function lockArticle(tx: Tx, tenantId: number, articleId: string): Promise<ArticleRow | undefined> {
  const [row] = await tx.query<ArticleRow>(`select ${rowColumns} from article where tenant_id = $1 and article_id = $2 for update`, [tenantId, articleId])
  return row
}
export async function slugTaken(tx: Tx, tenantId: number, slug: string): Promise<boolean> {
  return (await tx.query(`select 1 as one from article where tenant_id = $1 and slug = $2`, [tenantId, slug])).length > 0
}
export function insertArticle(tx: Tx, tenantId: number, row: { articleId: string; slug: string; authorReaderId: string; title: string; now: Instant }): void {
  tx.write(
    `insert into article (tenant_id, article_id, slug, author_reader_id, state, latest_version, version, title, summary, cover, topics, minutes, has_case, failed_case, price_feathers, price_fen, published_at, created_at, updated_at,
       reads, kept_reads, comments, favourites, shares, sales, ratings, rating_weight, rating_sum, rating, heat)
     values ($1, $2, $3, $4, 'unpublished', 0, null, $5, '', null, '{}', 1, false, false, null, null, null, $6, $6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)`,
    [tenantId, row.articleId, row.slug, row.authorReaderId, row.title, row.now],
  )
}
export function touchArticle(tx: Tx, tenantId: number, articleId: string, latestVersion: number, title: string, now: Instant): void {
  tx.write(`update article set latest_version = $3, updated_at = $5, title = case when version is null then $4 else title end where tenant_id = $1 and article_id = $2`, [tenantId, articleId, latestVersion, title, now])
}
export function setArticleState(tx: Tx, tenantId: number, articleId: string, state: ArticleState, now: Instant): void {
  tx.write(`update article set state = $3, updated_at = $4 where tenant_id = $1 and article_id = $2`, [tenantId, articleId, state, now])
}
/** What readers see from now on. The first publication decides its place among the newest. */
export function showVersion(tx: Tx, tenantId: number, row: VersionRow, facts: { minutes: number; hasCase: boolean; failedCase: boolean }, state: ArticleState, now: Instant, heat: number): void {
  tx.write(
    `update article set state = $3, version = $4, title = $5, summary = $6, cover = $7, topics = $8, minutes = $9, has_case = $10, failed_case = $11, price_feathers = $12, price_fen = $13, updated_at = $14,
       heat = case when published_at is null then $15 else heat end, published_at = coalesce(published_at, $14)
     where tenant_id = $1 and article_id = $2`,
    [tenantId, row.articleId, state, row.version, row.title, row.summary, row.cover, row.topics, facts.minutes, facts.hasCase, facts.failedCase, row.priceFeathers, row.priceFen, now, heat],
  )
}
export function writeTopics(tx: Tx, tenantId: number, articleId: string, topics: readonly string[], publishedAt: Instant): void {
  tx.write(`delete from article_topic where tenant_id = $1 and article_id = $2`, [tenantId, articleId])
  if (topics.length > 0) tx.write(`insert into article_topic (tenant_id, topic, article_id, published_at) select $1, r.topic, $2, $4 from unnest($3::text[]) as r(topic)`, [tenantId, articleId, topics, publishedAt])
}

export function insertVersion(tx: Tx, tenantId: number, row: VersionRow): void {
  tx.write(
    `insert into article_version (tenant_id, article_id, version, state, title, summary, cover, topics, blocks, body_text, price_feathers, price_fen, written_by, written_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     on conflict (tenant_id, article_id, version) do update set title = excluded.title, summary = excluded.summary, cover = excluded.cover, topics = excluded.topics, blocks = excluded.blocks, body_text = excluded.body_text,
       price_feathers = excluded.price_feathers, price_fen = excluded.price_fen`,
    [tenantId, row.articleId, row.version, row.state, row.title, row.summary, row.cover, row.topics, JSON.stringify(row.blocks), row.text, row.priceFeathers, row.priceFen, row.writtenBy, row.writtenAt],
  )
}
export async function findVersion(tx: Tx, tenantId: number, articleId: string, version: number): Promise<VersionRow | undefined> {
  const [row] = await tx.query<VersionRow>(`select ${versionColumns} from article_version where tenant_id = $1 and article_id = $2 and version = $3`, [tenantId, articleId, version])
  return row
}
export function listVersions(tx: Tx, tenantId: number, articleId: string): Promise<Array<Omit<VersionRow, 'blocks' | 'text'> & { characters: number }>> {
  return tx.query(
    `select ${versionColumns.replace('blocks, body_text as text,', 'length(body_text) as characters,')} from article_version where tenant_id = $1 and article_id = $2 order by version desc limit 200`, [tenantId, articleId])
}
export type VersionChange = Partial<Pick<VersionRow, 'submittedAt' | 'decidedAt' | 'decidedBy' | 'reason' | 'caseId' | 'rule' | 'scheduledAt' | 'publishedAt'>>
export function setVersionState(tx: Tx, tenantId: number, articleId: string, version: number, state: VersionState, change: VersionChange = {}): void {
  tx.write(
    `update article_version set state = $4, submitted_at = coalesce($5, submitted_at), decided_at = coalesce($6, decided_at), decided_by = coalesce($7, decided_by), reason = coalesce($8, reason), case_id = coalesce($9, case_id), rule = coalesce($10, rule),
       scheduled_at = case when $11::boolean then $12::bigint else scheduled_at end, published_at = coalesce($13, published_at)
     where tenant_id = $1 and article_id = $2 and version = $3`,
    [tenantId, articleId, version, state, change.submittedAt ?? null, change.decidedAt ?? null, change.decidedBy ?? null, change.reason ?? null, change.caseId ?? null, change.rule ?? null, 'scheduledAt' in change, change.scheduledAt ?? null, change.publishedAt ?? null],
  )
}
/** Versions that were under way when a newer one went public. */
export function supersedeOthers(tx: Tx, tenantId: number, articleId: string, version: number, before: 'published' | 'all'): void {
  tx.write(
    `update article_version set state = 'superseded' where tenant_id = $1 and article_id = $2 and version < $3 and state = any($4)`,
    [tenantId, articleId, version, before === 'published' ? ['published', 'approved', 'scheduled', 'submitted', 'held', 'draft'] : ['draft', 'held', 'submitted', 'rejected', 'approved', 'scheduled']],
  )
}

// ---- cards ----

type CardRow = {
  articleId: string; slug: string; title: string; summary: string; cover: string | null; topics: string[]; publishedAt: Instant; minutes: number; hasCase: boolean; failedCase: boolean; priceFeathers: number | null; priceFen: number | null
  reads: number; keptReads: number; comments: number; favourites: number; shares: number; sales: number; ratings: number; rating: number; ratingWeight: number; heat: number
  readerId: string; name: string; bio: string; avatar: string | null; kind: Reader['kind']; state: Reader['state']
}
const cardColumns = `a.article_id as "articleId", a.slug, a.title, a.summary, a.cover, a.topics, a.published_at as "publishedAt", a.minutes, a.has_case as "hasCase", a.failed_case as "failedCase", a.price_feathers as "priceFeathers", a.price_fen as "priceFen",
  a.reads, a.kept_reads as "keptReads", a.comments, a.favourites, a.shares, a.sales, a.ratings, a.rating, a.rating_weight as "ratingWeight", a.heat,
  r.reader_id as "readerId", r.name, r.bio, r.avatar, r.kind, r.state`
const cardFrom = `from article a join v_reader r on r.tenant_id = a.tenant_id and r.reader_id = a.author_reader_id`

export const priceOf = (row: { priceFeathers: number | null; priceFen: number | null }): Price | null => (row.priceFeathers === null && row.priceFen === null ? null : { feathers: row.priceFeathers, fen: row.priceFen })

export function toCard(row: CardRow): ArticleCard {
  return {
    articleId: row.articleId, slug: row.slug, title: row.title, summary: row.summary, cover: row.cover, topics: row.topics, author: cardOf(row), publishedAt: row.publishedAt, minutes: row.minutes, hasCase: row.hasCase, failedCase: row.failedCase, price: priceOf(row),
    counts: { reads: row.reads, keptReads: row.keptReads, comments: row.comments, favourites: row.favourites, shares: row.shares, sales: row.sales, ratings: row.ratings, rating: row.rating, ratingWeight: row.ratingWeight },
  }
}

/** The article as readers see it, with its author, and the version that is shown: one statement. */
export async function readShown(tx: Tx, tenantId: number, ref: { articleId: string } | { slug: string }): Promise<(CardRow & { articleState: ArticleState; version: number | null; updatedAt: Instant; blocks: Block[] | null; contactMedia: string | null }) | undefined> {
  const [row] = await tx.query<CardRow & { articleState: ArticleState; version: number | null; updatedAt: Instant; blocks: Block[] | null; contactMedia: string | null }>(
    `select ${cardColumns}, a.state as "articleState", a.version, a.updated_at as "updatedAt", v.blocks, r.contact_media as "contactMedia" ${cardFrom}
     left join article_version v on v.tenant_id = a.tenant_id and v.article_id = a.article_id and v.version = a.version
     where a.tenant_id = $1 and ${'slug' in ref ? 'a.slug = $2' : 'a.article_id = $2'}`,
    [tenantId, 'slug' in ref ? ref.slug : ref.articleId],
  )
  return row
}

const orders: Record<ArticleOrder, { column: string; at: (row: CardRow) => number }> = {
  newest: { column: 'published_at', at: (row) => row.publishedAt },
  popular: { column: 'heat', at: (row) => row.heat },
  rated: { column: 'rating', at: (row) => row.rating },
}

/** Published articles by key, never by offset: the thousandth page costs what the first one does. */
export async function listShown(tx: Tx, tenantId: number, want: { order: ArticleOrder; topic?: string; authorReaderId?: string; search?: string; after?: Cursor; limit: number }): Promise<{ rows: ArticleCard[]; next: Cursor | null }> {
  const { column, at } = want.topic === undefined || want.order !== 'newest' ? orders[want.order] : orders.newest
  const type = column === 'heat' ? 'float8' : 'bigint'
  const rows = await tx.query<CardRow>(
    want.topic !== undefined && want.order === 'newest'
      ? `select ${cardColumns} from article_topic t join article a on a.tenant_id = t.tenant_id and a.article_id = t.article_id join v_reader r on r.tenant_id = a.tenant_id and r.reader_id = a.author_reader_id
         where t.tenant_id = $1 and t.topic = $2 and a.state = 'published' and ($3::bigint is null or (t.published_at, t.article_id) < ($3::bigint, $4::uuid)) and ($5::uuid is null or a.author_reader_id = $5) and ($6::text is null or a.title ilike $6)
         order by t.published_at desc, t.article_id desc limit $7`
      : `select ${cardColumns} ${cardFrom}
         where a.tenant_id = $1 and a.state = 'published' and ($2::text is null or $2 = any(a.topics)) ${want.after === undefined ? 'and $3::bigint is null and $4::uuid is null' : `and (a.${column}, a.article_id) < ($3::${type}, $4::uuid)`}
           ${want.authorReaderId === undefined ? 'and $5::uuid is null' : 'and a.author_reader_id = $5'} ${want.search === undefined ? 'and $6::text is null' : 'and a.title ilike $6'}
         order by a.${column} desc, a.article_id desc limit $7`,
    [tenantId, want.topic ?? null, want.after?.at ?? null, want.after?.id ?? null, want.authorReaderId ?? null, want.search === undefined ? null : `%${want.search.replace(/[\\%_]/g, '\\$&')}%`, want.limit + 1],
  )
  const shown = rows.slice(0, want.limit)
  const last = rows.length > want.limit ? shown[shown.length - 1] : undefined
  return { rows: shown.map(toCard), next: last ? { at: at(last), id: last.articleId } : null }
}

export async function articleCards(tx: Tx, tenantId: number, articleIds: readonly string[]): Promise<Map<string, ArticleCard>> {
  if (articleIds.length === 0) return new Map()
  const rows = await tx.query<CardRow>(`select ${cardColumns} ${cardFrom} where a.tenant_id = $1 and a.article_id = any($2) and a.state = 'published' order by a.article_id`, [tenantId, [...new Set(articleIds)]])
  return new Map(rows.map((row) => [row.articleId, toCard(row)]))
}

/** Candidates that share a topic or the author: the newest few of each, whatever there is in all. */
export async function relatedCandidates(tx: Tx, tenantId: number, article: { articleId: string; topics: readonly string[]; authorReaderId: string }): Promise<Array<{ articleId: string; shared: number }>> {
  return tx.query(
    `select c.article_id as "articleId", count(*) as shared from (
       select x.article_id from unnest($3::text[]) as q(topic)
       cross join lateral (select t.article_id from article_topic t where t.tenant_id = $1 and t.topic = q.topic order by t.published_at desc, t.article_id desc limit 40) x
       union all
       (select a.article_id from article a where a.tenant_id = $1 and a.author_reader_id = $4 and a.state = 'published' order by a.published_at desc, a.article_id desc limit 10)
     ) c where c.article_id <> $2 group by c.article_id order by 2 desc, 1 desc limit 60`,
    [tenantId, article.articleId, article.topics, article.authorReaderId],
  )
}

export async function authorTotals(tx: Tx, tenantId: number, readerId: string): Promise<{ articles: number; keptReads: number }> {
  const [row] = await tx.query<{ articles: number; keptReads: number }>(
    `select count(*) as articles, coalesce(sum(kept_reads), 0)::bigint as "keptReads" from article where tenant_id = $1 and author_reader_id = $2 and state = 'published'`, [tenantId, readerId])
  return row
}
export function topicsOf(tx: Tx, tenantId: number, limit: number): Promise<Array<{ topic: string; articles: number }>> {
  return tx.query(`select topic, count(*) as articles from (select topic from article_topic where tenant_id = $1 order by published_at desc, article_id desc limit 2000) t group by topic order by 2 desc, 1 limit $2`, [tenantId, limit])
}

// ---- counters ----

/** How much each act weighs in what is popular. */
export const heatWeights = { keptRead: 1, rating: 2, comment: 3, share: 3, favourite: 4, sale: 5 } as const
/** Half of what happened is forgotten after three days. */
export const heatHalfLifeMs = 3 * 86_400_000
/** What one act of this weight at this instant adds, as a logarithm: sums of decayed acts then order without being refreshed. */
export const heatOf = (weight: number, at: Instant): number => Math.log(weight) + (at / heatHalfLifeMs) * Math.LN2

export type CountChange = Partial<Record<'reads' | 'keptReads' | 'comments' | 'favourites' | 'shares' | 'sales', number>> & { ratings?: { count: number; weight: number; sum: number } }

/**
 * Adds to the counters of an article in one statement, so that nothing is lost however many do it at once. `heat`: what it adds to what is popular.
 * The shown mean is made of the sums in the same statement, see `rating-mean` in retain/discussion.
 */
export function bumpCounts(tx: Tx, tenantId: number, articleId: string, change: CountChange, heat: number | null): void {
  const { ratings } = change
  const parts = ['reads', 'keptReads', 'comments', 'favourites', 'shares', 'sales'] as const
  const columns = { reads: 'reads', keptReads: 'kept_reads', comments: 'comments', favourites: 'favourites', shares: 'shares', sales: 'sales' } as const
  const values: unknown[] = [tenantId, articleId]
  const sets: string[] = []
  for (const part of parts) {
    const by = change[part]
    if (by === undefined || by === 0) continue
    values.push(by)
    sets.push(`${columns[part]} = ${columns[part]} + $${values.length}::bigint`)
  }
  if (ratings && (ratings.count !== 0 || ratings.weight !== 0 || ratings.sum !== 0)) {
    values.push(ratings.count, ratings.weight, ratings.sum)
    const [n, w, s] = [values.length - 2, values.length - 1, values.length]
    sets.push(`ratings = ratings + $${n}::bigint`, `rating_weight = rating_weight + $${w}::bigint`, `rating_sum = rating_sum + $${s}::bigint`)
    // (C·m + Σ w·stars) / (C + Σ w) in thousandths, with C = 5 votes and m = 3.5 stars; whole numbers only.
    sets.push(`rating = case when rating_weight + $${w}::bigint <= 0 then 0 else ((17500 + rating_sum + $${s}::bigint) * 1000 + (5000 + rating_weight + $${w}::bigint) / 2) / (5000 + rating_weight + $${w}::bigint) end`)
  }
  if (heat !== null) {
    values.push(heat)
    const h = `$${values.length}::float8`
    sets.push(`heat = greatest(heat, ${h}) + ln(1 + exp(greatest(-abs(heat - ${h}), -600)))`)
  }
  if (sets.length > 0) tx.write(`update article set ${sets.join(', ')} where tenant_id = $1 and article_id = $2`, values)
}

export async function countsOf(tx: Tx, tenantId: number, articleId: string): Promise<ArticleCard['counts'] | undefined> {
  const [row] = await tx.query<ArticleCard['counts']>(
    `select reads, kept_reads as "keptReads", comments, favourites, shares, sales, ratings, rating, rating_weight as "ratingWeight" from article where tenant_id = $1 and article_id = $2`, [tenantId, articleId])
  return row
}

// ---- the console's list ----

export type DeskRow = {
  articleId: string; slug: string; title: string; state: ArticleState; authorReaderId: string; author: string; latestVersion: number; version: number | null; latestState: VersionState; scheduledAt: Instant | null; submittedAt: Instant | null
  publishedAt: Instant | null; updatedAt: Instant; keptReads: number; comments: number; rating: number; ratings: number; sales: number; priceFeathers: number | null; priceFen: number | null
}
export function listDesk(tx: Tx, tenantId: number, want: { state?: 'published' | 'waiting' | 'drafts' | 'scheduled' | 'gone'; authorReaderId?: string; search?: string; after?: Cursor; limit: number }): Promise<DeskRow[]> {
  const where = {
    published: `a.state = 'published'`, waiting: `v.state in ('submitted', 'held')`, drafts: `v.state in ('draft', 'rejected', 'approved') and a.state <> 'deleted'`, scheduled: `v.state = 'scheduled'`, gone: `a.state in ('withdrawn', 'removed')`,
  }
  return tx.query<DeskRow>(
    `select a.article_id as "articleId", a.slug, v.title, a.state, a.author_reader_id as "authorReaderId", r.name as author, a.latest_version as "latestVersion", a.version, v.state as "latestState", v.scheduled_at as "scheduledAt", v.submitted_at as "submittedAt",
       a.published_at as "publishedAt", a.updated_at as "updatedAt", a.kept_reads as "keptReads", a.comments, a.rating, a.ratings, a.sales, v.price_feathers as "priceFeathers", v.price_fen as "priceFen"
     from article a join article_version v on v.tenant_id = a.tenant_id and v.article_id = a.article_id and v.version = a.latest_version join v_reader r on r.tenant_id = a.tenant_id and r.reader_id = a.author_reader_id
     where a.tenant_id = $1 and a.state <> 'deleted' ${want.state === undefined ? '' : `and ${where[want.state]}`} and ($2::uuid is null or a.author_reader_id = $2) and ($3::text is null or v.title ilike $3)
       and ($4::bigint is null or (a.updated_at, a.article_id) < ($4::bigint, $5::uuid))
     order by a.updated_at desc, a.article_id desc limit $6`,
    [tenantId, want.authorReaderId ?? null, want.search === undefined ? null : `%${want.search.replace(/[\\%_]/g, '\\$&')}%`, want.after?.at ?? null, want.after?.id ?? null, want.limit],
  )
}
export async function deskTotals(tx: Tx, tenantId: number): Promise<{ published: number; waiting: number; scheduled: number; drafts: number; keptReads: number }> {
  const [row] = await tx.query<{ published: number; keptReads: number }>(`select count(*) filter (where state = 'published') as published, coalesce(sum(kept_reads), 0)::bigint as "keptReads" from article where tenant_id = $1 and state <> 'deleted'`, [tenantId])
  const [open] = await tx.query<{ waiting: number; scheduled: number; drafts: number }>(
    `select count(*) filter (where v.state in ('submitted', 'held')) as waiting, count(*) filter (where v.state = 'scheduled') as scheduled, count(*) filter (where v.state in ('draft', 'rejected', 'approved')) as drafts
     from article_version v join article a on a.tenant_id = v.tenant_id and a.article_id = v.article_id and a.latest_version = v.version where v.tenant_id = $1 and v.state not in ('published', 'superseded') and a.state <> 'deleted'`, [tenantId])
  return { ...row, ...open }
}

// ---- quiz ----

export type QuizRow = { tries: number; lastAt: Instant; retryAt: Instant | null; passedAt: Instant | null }
export async function findQuiz(tx: Tx, tenantId: number, articleId: string, personId: string): Promise<QuizRow | undefined> {
  const [row] = await tx.query<QuizRow>(`select tries, last_at as "lastAt", retry_at as "retryAt", passed_at as "passedAt" from quiz_answer where tenant_id = $1 and article_id = $2 and person_id = $3`, [tenantId, articleId, personId])
  return row
}
/** The row of this person, made if there is none, and held until the transaction ends: two answers at once are one after the other. */
export async function lockQuiz(tx: Tx, tenantId: number, row: { articleId: string; personId: string; readerId: string; version: number; surface: string; now: Instant }): Promise<QuizRow> {
  tx.write(
    `insert into quiz_answer (tenant_id, article_id, person_id, reader_id, tries, last_at, version, surface) values ($1, $2, $3, $4, 0, $5, $6, $7) on conflict (tenant_id, article_id, person_id) do nothing`,
    [tenantId, row.articleId, row.personId, row.readerId, row.now, row.version, row.surface],
  )
  const [found] = await tx.query<QuizRow>(`select tries, last_at as "lastAt", retry_at as "retryAt", passed_at as "passedAt" from quiz_answer where tenant_id = $1 and article_id = $2 and person_id = $3 for update`, [tenantId, row.articleId, row.personId])
  return found
}
export function saveQuiz(tx: Tx, tenantId: number, articleId: string, personId: string, row: QuizRow & { version: number; readerId: string; surface: string }): void {
  tx.write(
    `update quiz_answer set tries = $4, last_at = $5, retry_at = $6, passed_at = $7, version = $8, reader_id = $9, surface = $10 where tenant_id = $1 and article_id = $2 and person_id = $3`,
    [tenantId, articleId, personId, row.tries, row.lastAt, row.retryAt, row.passedAt, row.version, row.readerId, row.surface],
  )
}
/** Which quizzes a person has passed: the training record. */
export function quizzesOf(tx: Tx, tenantId: number, personId: string, articleIds?: readonly string[]): Promise<Array<{ articleId: string; title: string; slug: string; passedAt: Instant; tries: number }>> {
  return tx.query(
    `select q.article_id as "articleId", a.title, a.slug, q.passed_at as "passedAt", q.tries from quiz_answer q join article a on a.tenant_id = q.tenant_id and a.article_id = q.article_id
     where q.tenant_id = $1 and q.person_id = $2 and q.passed_at is not null and ($3::uuid[] is null or q.article_id = any($3)) order by q.passed_at desc, q.article_id limit 500`,
    [tenantId, personId, articleIds ?? null],
  )
}

/** Who wrote the published articles that carry a playbook, oldest first. */
export function authorsOfPlaybook(tx: Tx, tenantId: number, playbookId: string): Promise<Array<{ articleId: string; readerId: string; personId: string }>> {
  return tx.query(
    `select a.article_id as "articleId", r.reader_id as "readerId", r.person_id as "personId" from article a
     join article_version v on v.tenant_id = a.tenant_id and v.article_id = a.article_id and v.version = a.version join v_reader r on r.tenant_id = a.tenant_id and r.reader_id = a.author_reader_id
     where a.tenant_id = $1 and a.state = 'published' and v.blocks @> jsonb_build_array(jsonb_build_object('type', 'playbook', 'playbookId', $2::text)) order by a.published_at, a.article_id limit 20`,
    [tenantId, playbookId],
  )
}

/** Published articles by id (null: the newest 200), with whether they ask anything. */
export function lessonsOf(tx: Tx, tenantId: number, articleIds: readonly string[] | null): Promise<Array<{ articleId: string; slug: string; title: string; hasQuiz: boolean }>> {
  return tx.query(
    `select a.article_id as "articleId", a.slug, a.title, v.blocks @> '[{"type":"quiz"}]' as "hasQuiz" from article a
     join article_version v on v.tenant_id = a.tenant_id and v.article_id = a.article_id and v.version = a.version
     where a.tenant_id = $1 and a.state = 'published' and ($2::uuid[] is null or a.article_id = any($2)) order by a.published_at desc, a.article_id limit 200`,
    [tenantId, articleIds === null ? null : [...articleIds]],
  )
}
