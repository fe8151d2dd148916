import type { Tx } from '../../kernel/db/index.ts'
import { bumpCounts } from '../article/index.ts'
import { addFollowers, closeReader, readerOfPerson, type CommunityWork } from '../reader/index.ts'
import { addReplies, dropRating, eraseComments, eraseFavourites, eraseFollows, eraseReports, findRating, lockRatings, ratingsBy } from './store.ts'

/**
 * A reader leaves for good (注销): name, text and picture go, comments lose their words, follows, favourites and ratings go with their counts. What was bought
 * and sold stays in the books under the surrogate id; articles stay under "left", since others may have bought them.
 */
export async function leaveCommunity(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now'>, readerId: string): Promise<void> {
  const { tenantId } = work
  const rated = (await ratingsBy(tx, tenantId, readerId)).map((row) => row.articleId)
  for (const articleId of rated) {
    await lockRatings(tx, tenantId, articleId)
    const row = await findRating(tx, tenantId, articleId, readerId)
    if (!row) continue
    dropRating(tx, tenantId, articleId, readerId)
    bumpCounts(tx, tenantId, articleId, { ratings: { count: row.weight > 0 ? -1 : 0, weight: -row.weight, sum: -row.weight * row.stars } }, null)
  }
  const comments = new Map<string, number>()
  for (const row of await eraseComments(tx, tenantId, readerId)) {
    if (row.was !== 'approved') continue
    comments.set(row.articleId, (comments.get(row.articleId) ?? 0) + 1)
    if (row.parentId !== null) addReplies(tx, tenantId, row.rootId, -1)
  }
  const favourites = await eraseFavourites(tx, tenantId, readerId)
  for (const articleId of [...new Set([...comments.keys(), ...favourites.map((row) => row.articleId)])].sort()) {
    bumpCounts(tx, tenantId, articleId, { comments: -(comments.get(articleId) ?? 0), favourites: -favourites.filter((row) => row.articleId === articleId).length }, null)
  }
  for (const authorId of await eraseFollows(tx, tenantId, readerId)) addFollowers(tx, tenantId, authorId, -1)
  eraseReports(tx, tenantId, readerId)
  await closeReader(tx, work, readerId, 'erased')
}

/** The same for a person who is erased from the house. */
export async function forgetReader(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now'>, personId: string): Promise<void> {
  const reader = await readerOfPerson(tx, work.tenantId, personId)
  if (reader) await leaveCommunity(tx, work, reader.readerId)
}
