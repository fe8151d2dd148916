import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { makeEvent } from '../../events.ts'
import { articleCards, bumpCounts, findArticle, heatOf, heatWeights } from '../article/index.ts'
import { linkedReaders, type Actor, type CommunityWork, type Surface } from '../reader/index.ts'
import { weighAgain } from './rate.ts'
import { countOpened, findRating, findShare, keepRead } from './store.ts'

/** A read lives this long: then the page must be opened again. */
const ticketMs = 6 * 3_600_000
/** Nobody reads faster than this, in minutes of the stated reading time: a quarter of it, at least eight seconds. */
const fastest = 0.25
const leastMs = 8_000
/** The end of the text, as a part of its length; the last lines may stay below the edge of the screen. */
const endDepth = 0.95

type Ticket = { a: string; d: string; t: Instant; s: string | null; p: string | null; f: Surface; m: number }
const purpose = (tenantId: number): string => `read ${tenantId}`

/** Begins a read; nothing is written but two counters. The ticket is sealed: it cannot be made up or begun earlier than it was. */
export async function beginRead(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now'>, parts: { seal: Seal }, wish: { articleId: string; deviceKey: string; actor?: Actor | null; surface: Surface; shareToken?: string }): Promise<{ ticket: string } | undefined> {
  const { tenantId, now } = work
  const card = (await articleCards(tx, tenantId, [wish.articleId])).get(wish.articleId)
  if (!card) return undefined
  const share = wish.shareToken !== undefined && /^[0-9A-Za-z]{6,20}$/.test(wish.shareToken) ? await findShare(tx, tenantId, wish.shareToken) : undefined
  const mine = share?.articleId === wish.articleId ? share : undefined
  if (mine) countOpened(tx, tenantId, mine.shareId)
  bumpCounts(tx, tenantId, wish.articleId, { reads: 1 }, null)
  const ticket: Ticket = { a: wish.articleId, d: wish.deviceKey.slice(0, 80), t: now, s: mine?.shareId ?? null, p: mine?.personId ?? null, f: wish.surface, m: card.minutes }
  return { ticket: parts.seal.seal(JSON.stringify(ticket), purpose(tenantId)).toString('base64url') }
}

export type Finished = { kept: true } | { kept: false; why: 'too-fast' | 'not-to-the-end' | 'again' | 'own' | 'stale' }

/** Ends a read. Kept: to the end, in a time in which a person can read it, once for each who reads; the author's own does not count. */
export async function finishRead(tx: Tx, work: CommunityWork, parts: { seal: Seal }, wish: { ticket: string; depth: number; actor: Actor | null }): Promise<Finished> {
  const { tenantId, now, ids } = work
  let ticket: Ticket
  try {
    if (wish.ticket.length > 2000) return { kept: false, why: 'stale' }
    ticket = JSON.parse(parts.seal.open(Buffer.from(wish.ticket, 'base64url'), purpose(tenantId)).toString('utf8')) as Ticket
  } catch {
    return { kept: false, why: 'stale' }
  }
  if (now - ticket.t > ticketMs || now < ticket.t) return { kept: false, why: 'stale' }
  if (!(wish.depth >= endDepth)) return { kept: false, why: 'not-to-the-end' }
  const article = await findArticle(tx, tenantId, ticket.a)
  if (!article || article.state !== 'published') return { kept: false, why: 'stale' }
  const tell = (kept: boolean): Promise<void> => work.emit(tx, [makeEvent(ids, now, 'article.read', `article/${ticket.a}`, now, {
    articleId: ticket.a, readerId: wish.actor?.readerId ?? null, personId: wish.actor?.personId ?? null, deviceKey: ticket.d, shareId: ticket.s, sharerPersonId: ticket.p, kept, surface: wish.actor?.surface ?? ticket.f,
  })])
  if (now - ticket.t < Math.max(leastMs, ticket.m * 60_000 * fastest)) {
    await tell(false)
    return { kept: false, why: 'too-fast' }
  }
  if (wish.actor && (await linkedReaders(tx, tenantId, wish.actor.readerId)).includes(article.authorReaderId)) return { kept: false, why: 'own' }
  const keeper = wish.actor ? `r:${wish.actor.readerId}` : `d:${ticket.d}`
  const fresh = await keepRead(tx, tenantId, { articleId: ticket.a, keeper, readerId: wish.actor?.readerId ?? null, personId: wish.actor?.personId ?? null, deviceKey: ticket.d, shareId: ticket.s, surface: wish.actor?.surface ?? ticket.f, at: now })
  if (!fresh) return { kept: false, why: 'again' }
  await tell(true)
  // Who rated first and read afterwards: the vote weighs more now.
  if (wish.actor && (await findRating(tx, tenantId, ticket.a, wish.actor.readerId))) await weighAgain(tx, tenantId, ticket.a, wish.actor.readerId, now)
  bumpCounts(tx, tenantId, ticket.a, { keptReads: 1 }, heatOf(heatWeights.keptRead, now))
  return { kept: true }
}
