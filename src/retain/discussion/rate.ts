import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { bumpCounts, countsOf, findArticle, heatOf, heatWeights } from '../article/index.ts'
import { linkedReaders, readerOf, stopped, type Actor, type CommunityWork, type ConductGate, type NotNow } from '../reader/index.ts'
import { weightOf } from './rating-mean.ts'
import { findRating, hasKeptRead, lockRatings, nextRipe, putRating, ratingsOfReaders, ripeRatings, setWeight } from './store.ts'

export const ripenJobKind = 'community.ratings'
export type Rated = { kind: 'rated'; mine: number; rating: number; ratings: number; ratingWeight: number } | { kind: 'own' } | { kind: 'gone' } | NotNow

/** One rating of an article for each reader, changed as often as wished. */
export async function rate(tx: Tx, work: CommunityWork, parts: { gate: ConductGate }, actor: Actor, wish: { articleId: string; stars: number }): Promise<Rated> {
  const { tenantId, now } = work
  const stop = await stopped(tx, work, parts.gate, actor, 'rate')
  if (stop) return stop
  const article = await findArticle(tx, tenantId, wish.articleId)
  if (!article || article.state !== 'published' || !Number.isInteger(wish.stars) || wish.stars < 1 || wish.stars > 5) return { kind: 'gone' }
  if (article.authorReaderId === actor.readerId) return { kind: 'own' }
  await lockRatings(tx, tenantId, wish.articleId)
  const before = await findRating(tx, tenantId, wish.articleId, actor.readerId)
  const { weight, ripensAt } = await weigh(tx, tenantId, wish.articleId, article.authorReaderId, actor.readerId, now)
  putRating(tx, tenantId, wish.articleId, { readerId: actor.readerId, personId: actor.personId, stars: wish.stars, weight, ripensAt, ratedAt: before?.ratedAt ?? now, surface: actor.surface })
  add(tx, tenantId, wish.articleId, before, { weight, stars: wish.stars }, before === undefined && weight > 0 ? heatOf(heatWeights.rating, now) : null)
  if (ripensAt !== null) await putJobs(tx, tenantId, [{ kind: ripenJobKind, key: 'all', dueAt: ripensAt, state: {} }])
  const counts = (await countsOf(tx, tenantId, wish.articleId))!
  return { kind: 'rated', mine: wish.stars, rating: counts.rating, ratings: counts.ratings, ratingWeight: counts.ratingWeight }
}

/** Adds the difference between what a vote was worth and what it is. */
function add(tx: Tx, tenantId: number, articleId: string, before: { weight: number; stars: number } | undefined, after: { weight: number; stars: number }, heat: number | null): void {
  const [w0, s0] = [before?.weight ?? 0, before?.stars ?? 0]
  bumpCounts(tx, tenantId, articleId, { ratings: { count: (after.weight > 0 ? 1 : 0) - (w0 > 0 ? 1 : 0), weight: after.weight - w0, sum: after.weight * after.stars - w0 * s0 } }, heat)
}

async function weigh(tx: Tx, tenantId: number, articleId: string, authorId: string, readerId: string, now: Instant): Promise<{ weight: number; ripensAt: Instant | null }> {
  const reader = await readerOf(tx, tenantId, readerId)
  const linked = await linkedReaders(tx, tenantId, readerId)
  const others = linked.length > 1 ? await ratingsOfReaders(tx, tenantId, articleId, linked) : []
  const mine = others.find((one) => one.readerId === readerId)
  return weightOf({
    accountAt: reader?.createdAt ?? now, now, open: reader?.state === 'open', linkedToAuthor: linked.includes(authorId),
    linkedBefore: others.some((one) => one.readerId !== readerId && (mine === undefined || one.ratedAt < mine.ratedAt || (one.ratedAt === mine.ratedAt && one.readerId < readerId))),
    keptRead: await hasKeptRead(tx, tenantId, articleId, `r:${readerId}`),
  })
}

/** Weighs a vote again: when it ripens, when the article was read to the end, when accounts turn out to belong together. */
export async function weighAgain(tx: Tx, tenantId: number, articleId: string, readerId: string, now: Instant): Promise<void> {
  await lockRatings(tx, tenantId, articleId)
  const before = await findRating(tx, tenantId, articleId, readerId)
  const article = await findArticle(tx, tenantId, articleId)
  if (!before || !article) return
  const { weight, ripensAt } = await weigh(tx, tenantId, articleId, article.authorReaderId, readerId, now)
  setWeight(tx, tenantId, articleId, readerId, weight, ripensAt)
  add(tx, tenantId, articleId, before, { weight, stars: before.stars }, null)
}

/** Votes of young accounts grow to what they are worth. */
export const ripenRatings: JobHandler = {
  kind: ripenJobKind,
  async run(work, tx) {
    const due = await ripeRatings(tx, work.tenantId, work.now, 500)
    // In the order of the articles, so that two who weigh at once wait for each other and never in a ring.
    for (const { articleId, readerId } of [...due].sort((a, b) => (a.articleId < b.articleId ? -1 : a.articleId > b.articleId ? 1 : 0))) await weighAgain(tx, work.tenantId, articleId, readerId, work.now)
    const next = due.length === 500 ? work.now : await nextRipe(tx, work.tenantId)
    return next === null ? null : { dueAt: Math.max(next, work.now) }
  },
}
