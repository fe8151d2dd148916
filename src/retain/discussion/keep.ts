import type { Tx } from '../../kernel/db/index.ts'
import { randomText } from '../../kernel/random.ts'
import { makeEvent } from '../../events.ts'
import { articleCards, bumpCounts, countsOf, findArticle, heatOf, heatWeights, type ArticleCard, type Cursor } from '../article/index.ts'
import { addFollowers, readerCards, readerOf, showingReads, stopped, type Actor, type CommunityWork, type ConductGate, type NotNow, type PieceKind, type ReaderCard } from '../reader/index.ts'
import { findComment, addFavourite, addFollow, dropFavourite, dropFollow, findShare, friendsOf, listFavourites, listFollowing, mineRow, putReport, putShare, readsOf } from './store.ts'

/** What the reader has with this article: for the page. */
export async function mineOf(tx: Tx, tenantId: number, readerId: string, articleId: string): Promise<{ stars: number | null; favourite: boolean; follows: boolean; keptRead: boolean; reported: boolean }> {
  const article = await findArticle(tx, tenantId, articleId)
  return mineRow(tx, tenantId, readerId, articleId, article?.authorReaderId ?? readerId)
}

export type Favourited = { kind: 'done'; on: boolean; favourites: number } | { kind: 'gone' }
/** For oneself, so a silence does not stop it. */
export async function favourite(tx: Tx, work: CommunityWork, actor: Actor, wish: { articleId: string; on: boolean }): Promise<Favourited> {
  const { tenantId, now } = work
  const article = await findArticle(tx, tenantId, wish.articleId)
  if (!article || (wish.on && article.state !== 'published')) return { kind: 'gone' }
  const changed = wish.on ? await addFavourite(tx, tenantId, actor.readerId, wish.articleId, now) : await dropFavourite(tx, tenantId, actor.readerId, wish.articleId)
  if (changed) bumpCounts(tx, tenantId, wish.articleId, { favourites: wish.on ? 1 : -1 }, wish.on ? heatOf(heatWeights.favourite, now) : null)
  return { kind: 'done', on: wish.on, favourites: (await countsOf(tx, tenantId, wish.articleId))!.favourites }
}
export async function favouritesOf(tx: Tx, tenantId: number, readerId: string, after: Cursor | null, limit: number): Promise<{ rows: ArticleCard[]; next: Cursor | null }> {
  const found = await listFavourites(tx, tenantId, readerId, after, limit + 1)
  const rows = found.slice(0, limit)
  const cards = await articleCards(tx, tenantId, rows.map((row) => row.articleId))
  const last = found.length > limit ? rows[rows.length - 1] : undefined
  return { rows: rows.flatMap((row) => cards.get(row.articleId) ?? []), next: last ? { at: last.addedAt, id: last.articleId } : null }
}

export type Followed = { kind: 'done'; on: boolean; followers: number } | { kind: 'self' } | { kind: 'gone' }
export async function follow(tx: Tx, work: CommunityWork, actor: Actor, wish: { authorId: string; on: boolean }): Promise<Followed> {
  if (wish.authorId === actor.readerId) return { kind: 'self' }
  const author = await readerOf(tx, work.tenantId, wish.authorId)
  if (!author || (wish.on && author.state !== 'open')) return { kind: 'gone' }
  const changed = wish.on ? await addFollow(tx, work.tenantId, actor.readerId, wish.authorId, work.now) : await dropFollow(tx, work.tenantId, actor.readerId, wish.authorId)
  if (changed) addFollowers(tx, work.tenantId, wish.authorId, wish.on ? 1 : -1)
  return { kind: 'done', on: wish.on, followers: (await readerOf(tx, work.tenantId, wish.authorId))!.followers }
}
export async function followingOf(tx: Tx, tenantId: number, readerId: string, after: Cursor | null, limit: number): Promise<{ rows: ReaderCard[]; next: Cursor | null }> {
  const found = await listFollowing(tx, tenantId, readerId, after, limit + 1)
  const rows = found.slice(0, limit)
  const cards = await readerCards(tx, tenantId, rows.map((row) => row.authorId))
  const last = found.length > limit ? rows[rows.length - 1] : undefined
  return { rows: rows.flatMap((row) => cards.get(row.authorId) ?? []), next: last ? { at: last.followedAt, id: last.authorId } : null }
}

/** What those read whom the reader follows and who follow back, and who let it be seen. */
export async function friendsRead(tx: Tx, tenantId: number, readerId: string, limit: number): Promise<Array<ArticleCard & { by: ReaderCard[] }>> {
  const friends = (await friendsOf(tx, tenantId, readerId)).map((row) => row.id)
  const open = (await showingReads(tx, tenantId, friends)).slice(0, 50)
  const reads = open.length === 0 ? [] : await readsOf(tx, tenantId, open, 200)
  const order = [...new Set(reads.map((read) => read.articleId))].slice(0, limit)
  const [articles, people] = [await articleCards(tx, tenantId, order), await readerCards(tx, tenantId, open)]
  return order.flatMap((id) => {
    const card = articles.get(id)
    return card ? [{ ...card, by: [...new Set(reads.filter((read) => read.articleId === id).map((read) => read.readerId))].flatMap((who) => people.get(who) ?? []) }] : []
  })
}

export type Shared = { kind: 'shared'; shareId: string; token: string } | { kind: 'gone' } | NotNow
/** One token for a person, an article and a surface: asked again it is the same. */
export async function share(tx: Tx, work: CommunityWork, parts: { gate: ConductGate }, actor: Actor, wish: { articleId: string }): Promise<Shared> {
  const { tenantId, now, ids } = work
  const stop = await stopped(tx, work, parts.gate, actor, 'share')
  if (stop) return stop
  const article = await findArticle(tx, tenantId, wish.articleId)
  if (!article || article.state !== 'published') return { kind: 'gone' }
  const shareId = ids.next()
  const { share: row, fresh } = await putShare(tx, tenantId, { shareId, token: randomText(work.random, 10, 'share', shareId), articleId: wish.articleId, readerId: actor.readerId, personId: actor.personId, surface: actor.surface, createdAt: now })
  if (fresh) bumpCounts(tx, tenantId, wish.articleId, { shares: 1 }, heatOf(heatWeights.share, now))
  return { kind: 'shared', shareId: row.shareId, token: row.token }
}
export async function openShare(tx: Tx, tenantId: number, token: string): Promise<{ shareId: string; articleId: string; slug: string; readerId: string; personId: string } | undefined> {
  const row = /^[0-9A-Za-z]{6,20}$/.test(token) ? await findShare(tx, tenantId, token) : undefined
  const article = row && (await findArticle(tx, tenantId, row.articleId))
  return row && article && { shareId: row.shareId, articleId: row.articleId, slug: article.slug, readerId: row.readerId, personId: row.personId }
}

export const reportReasons = ['illegal', 'unfriendly', 'spam', 'vulgar', 'false', 'superstition', 'clickbait', 'fan-club', 'minors', 'copyright', 'other'] as const
export type ReportReason = (typeof reportReasons)[number]
export type Reported = { kind: 'reported'; reportId: string } | { kind: 'again' } | { kind: 'gone' } | NotNow
/** One report of a thing for each reader; a second one changes nothing, so that nobody can fill the queue alone. */
export async function report(tx: Tx, work: CommunityWork, parts: { gate: ConductGate }, actor: Actor, wish: { pieceKind: Extract<PieceKind, 'article' | 'comment' | 'profile'>; pieceId: string; reason: string; detail: string }): Promise<Reported> {
  const { tenantId, now, ids } = work
  const stop = await stopped(tx, work, parts.gate, actor, 'report')
  if (stop) return stop
  const there = wish.pieceKind === 'article' ? (await findArticle(tx, tenantId, wish.pieceId))?.state === 'published' : wish.pieceKind === 'comment' ? (await findComment(tx, tenantId, wish.pieceId))?.state === 'approved' : (await readerOf(tx, tenantId, wish.pieceId))?.state === 'open'
  if (!there) return { kind: 'gone' }
  const reportId = ids.next()
  const reason: ReportReason = reportReasons.find((one) => one === wish.reason) ?? 'other'
  if (!(await putReport(tx, tenantId, { pieceKind: wish.pieceKind, pieceId: wish.pieceId, readerId: actor.readerId, reportId, reason, detail: wish.detail.slice(0, 500), surface: actor.surface, at: now }))) return { kind: 'again' }
  await work.emit(tx, [makeEvent(ids, now, 'piece.reported', `piece/${wish.pieceKind}/${wish.pieceId}`, now, { pieceKind: wish.pieceKind, pieceId: wish.pieceId, reportId, reason, readerId: actor.readerId })])
  return { kind: 'reported', reportId }
}
