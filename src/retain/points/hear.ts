import type { Subscriber, Work } from '../../kernel/engine/index.ts'
import type { Delivery } from '../../kernel/event/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { payloadOf } from '../../events.ts'
import { readerOf } from '../reader/index.ts'
import { nextFeatherNight, nightJobKind } from './audit.ts'
import { earn, type EarnFact } from './earn.ts'
import { grantOrders, mergeBalances } from './grant-points.ts'
import { endPenalty, restoreAll, startPenalty } from './penalty.ts'
import { ruleOf, levelsMost, type EarnSurface } from './rules.ts'
import { addLots, findLots, insertReads, insertReversals, keptReads, lotsByKey, openReversals, openWallets, rulesAt, saveAuthor, saveWallets } from './store.ts'
import { reverse, settle } from './wallet.ts'

const heard = ['order.paid', 'order.refunded', 'person.merged', 'article.published', 'article.read', 'quiz.passed', 'comment.decided', 'penalty.started', 'penalty.ended'] as const

/** What feathers hear: purchases and refunds, what readers did, penalties, and who turned out to be one person. In order, as far as it matters. */
export function pointsSubscriber(blockOn: (tenantId: number, block: 'points') => boolean): Subscriber {
  return {
    name: 'retain/points',
    hears: heard,
    on: (tenantId) => blockOn(tenantId, 'points'),
    async handle(work, tx, events) {
      if (!blockOn(work.tenantId, 'points')) return
      let orders: Array<{ shelf: string; orderId: string }> = []
      let reads: Delivery[] = []
      let facts: EarnFact[] = []
      const flush = async (): Promise<void> => {
        await grantOrders(tx, work, orders)
        facts.push(...(await factsOfReads(tx, work, reads)))
        await earn(tx, work, facts)
        orders = []
        reads = []
        facts = []
      }
      for (const event of events) {
        if (event.name === 'order.paid' || event.name === 'order.refunded') orders.push({ shelf: String(event.payload.shelf), orderId: String(event.payload.orderId) })
        else if (event.name === 'article.read') reads.push(event)
        else if (event.name === 'quiz.passed') {
          const { articleId, personId, surface } = payloadOf('quiz.passed', event)
          facts.push(...(await factsOfReads(tx, work, reads)))
          reads = []
          facts.push({ rule: 'quiz', key: articleId, articleId, personId, surface, occurredAt: event.occurredAt }, ...(await friendsAct(tx, work, articleId, personId, event.occurredAt)))
        } else {
          await flush()
          if (event.name === 'person.merged') await mergeBalances(tx, work, [payloadOf('person.merged', event)])
          else if (event.name === 'article.published') {
            const { articleId, authorReaderId } = payloadOf('article.published', event)
            const author = await readerOf(tx, work.tenantId, authorReaderId)
            if (author) saveAuthor(tx, work.tenantId, articleId, author.personId)
          } else if (event.name === 'comment.decided') await commentDecided(tx, work, event)
          else if (event.name === 'penalty.started') {
            const { penaltyId, personId, startsAt, feathers } = payloadOf('penalty.started', event)
            if (personId !== null) await startPenalty(tx, work, { penaltyId, personId, startsAt, feathers })
          } else if (event.name === 'penalty.ended') {
            const { penaltyId, personId, why } = payloadOf('penalty.ended', event)
            if (personId !== null) await endPenalty(tx, work, { penaltyId, personId, why })
          }
        }
      }
      await flush()
      await putJobs(tx, work.tenantId, [{ kind: nightJobKind, key: 'night', dueAt: nextFeatherNight(work.now), state: {} }])
    },
  }
}

/** Remembers reads; those that somebody's share brought to the end, by a reader who had not read it before, may earn the sharer something. */
async function factsOfReads(tx: Tx, work: Work, events: readonly Delivery[]): Promise<EarnFact[]> {
  if (events.length === 0) return []
  const { tenantId } = work
  const reads = events.map((event) => {
    const payload = payloadOf('article.read', event)
    // A read from a post in Moments says so in its channel.
    const surface: EarnSurface = payload.channel === 'moments' ? 'moments' : payload.surface
    return { readId: event.eventId, articleId: payload.articleId, personId: payload.personId, deviceKey: payload.deviceKey, sharerPersonId: payload.sharerPersonId, surface, kept: payload.kept, readAt: event.occurredAt }
  })
  const brought = reads.filter((read) => read.kept && read.sharerPersonId !== null && read.personId !== null)
  const articles = [...new Set(brought.map((read) => read.articleId))]
  const known = brought.length === 0 ? [] : await keptReads(tx, tenantId, articles, [...new Set(brought.flatMap((read) => [read.personId!, read.sharerPersonId!]))])
  await insertReads(tx, tenantId, reads.filter((read) => read.personId !== null || read.sharerPersonId !== null))
  const seen = new Map<string, { sharerPersonId: string | null }>()
  for (const read of known) if (!seen.has(`${read.articleId}/${read.personId}`)) seen.set(`${read.articleId}/${read.personId}`, read)
  const facts: EarnFact[] = []
  const set = await rulesAt(tx, tenantId, work.now)
  for (const read of reads) {
    if (!read.kept || read.personId === null) continue
    const id = `${read.articleId}/${read.personId}`
    const before = seen.has(id)
    if (!before) seen.set(id, read)
    if (before || read.sharerPersonId === null) continue
    const fact = { key: id, articleId: read.articleId, surface: read.surface as EarnSurface, becauseOf: read.personId, occurredAt: read.readAt }
    for (const rule of ['share-read', 'recommend'] as const) {
      facts.push({ ...fact, rule, personId: read.sharerPersonId })
      // Who had brought the sharer to the same article; nobody above that.
      const above: string | null | undefined = (ruleOf(set.set, rule)?.levels ?? 1) >= levelsMost ? seen.get(`${read.articleId}/${read.sharerPersonId}`)?.sharerPersonId : undefined
      if (above !== undefined && above !== null && above !== read.personId && above !== read.sharerPersonId) facts.push({ ...fact, rule, personId: above, level: 2 })
    }
  }
  return facts
}

/** A friend did something by choice after reading somebody's share: where only that counts, it counts now. */
async function friendsAct(tx: Tx, work: Work, articleId: string, personId: string, occurredAt: number): Promise<EarnFact[]> {
  const first = (await keptReads(tx, work.tenantId, [articleId], [personId]))[0]
  if (!first || first.sharerPersonId === null) return []
  const sharer = first.sharerPersonId
  const { set } = await rulesAt(tx, work.tenantId, occurredAt)
  return (['share-read', 'recommend'] as const)
    .filter((rule) => ruleOf(set, rule)?.surfaces[first.surface as EarnSurface] === 'deliberate')
    .map((rule) => ({ rule, key: `${articleId}/${personId}`, articleId, personId: sharer, surface: first.surface as EarnSurface, becauseOf: personId, occurredAt, deliberate: true }))
}

async function commentDecided(tx: Tx, work: Work, event: Delivery): Promise<void> {
  const { commentId, articleId, personId, state, surface } = payloadOf('comment.decided', event)
  const { tenantId, now } = work
  if (state === 'approved' || state === 'restored') {
    const taken = await openReversals(tx, tenantId, 'comment', [commentId])
    if (taken.length > 0) {
      const wallets = await openWallets(tx, tenantId, taken.map((one) => one.personId), now)
      for (const wallet of wallets.values()) settle(wallet, work)
      await restoreAll(tx, work, wallets, taken, null)
      await saveWallets(tx, tenantId, wallets.values())
      return
    }
    await earn(tx, work, [{ rule: 'comment', key: commentId, articleId, personId, surface, occurredAt: event.occurredAt }, ...(await friendsAct(tx, work, articleId, personId, event.occurredAt))])
    return
  }
  const [lot] = await lotsByKey(tx, tenantId, 'comment', [commentId])
  if (!lot) return
  const wallets = await openWallets(tx, tenantId, [lot.personId], now)
  addLots(wallets, await findLots(tx, tenantId, [lot.lotId]))
  const wallet = wallets.get(lot.personId)!
  settle(wallet, work)
  const reversal = reverse(wallet, work, wallet.lots.get(lot.lotId)!, { cause: 'comment', causeId: commentId, code: 'comment-removed' })
  if (reversal) insertReversals(tx, tenantId, [reversal])
  await saveWallets(tx, tenantId, wallets.values())
}
