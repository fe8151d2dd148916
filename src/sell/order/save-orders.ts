import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { book, type Posting } from '../../book/account/index.ts'
import { isLate, linesDigest, type OrderState, type RefundState } from './shop-order.ts'
import { appendFacts, applyLineRefunds, findRefunds, findSaved, linkRefunds, ordersWithRefunds, refundTotals, upsertLines, upsertOrders, upsertRefunds, type FactRow } from './store.ts'

export type OrderSave = { order: OrderState; personId: string; connectionId: string | null; appid: string; cause: 'callback' | 'backfill' | 'own' }

/** Deposits of a shelf's money: the Shop settles on the platform, the mall by WeChat Pay. */
const till = { shop: 'till:shop', mall: 'till:pay' } as const

/**
 * Books the newest state of orders: head, lines, facts, money, events, all in the caller's transaction. An order read twice changes nothing
 * the second time; an older read than the booked one is kept as a fact only. Refunds that were heard before their order find it here.
 */
export async function saveOrders(tx: Tx, tenantId: number, given: readonly OrderSave[], now: Instant, ids: Ids): Promise<DomainEvent[]> {
  if (given.length === 0) return []
  const saves = newestOf(given)
  const saved = await findSaved(tx, tenantId, saves.map((s) => ({ shelf: s.order.shelf, orderId: s.order.orderId })))
  const events: DomainEvent[] = []
  const facts: FactRow[] = []
  const postings: Posting[] = []
  const write: OrderSave[] = []
  for (const save of saves) {
    const { order } = save
    const before = saved.get(`${order.shelf}/${order.orderId}`)
    const fact = (kind: string, occurredAt: Instant, detail: unknown = {}): void => {
      facts.push({ shelf: order.shelf, orderId: order.orderId, factId: ids.next(), occurredAt, recordedAt: now, kind, cause: save.cause, detail })
    }
    const event = (name: string, occurredAt: Instant, payload: Record<string, unknown>): void => {
      events.push({
        eventId: ids.next(), name, v: 1, aggregate: `order/${order.shelf}/${order.orderId}`, occurredAt, recordedAt: now,
        payload: { shelf: order.shelf, orderId: order.orderId, personId: save.personId, ...payload },
      })
    }
    if (before !== undefined && isLate(order, before)) {
      fact('late-read', order.updateTime * 1000, { version: order.updateTime, booked: before.version })
      continue
    }
    if (before === undefined) {
      fact('placed', order.placedAt, { goodsFen: order.goodsFen, source: order.source })
      event('order.placed', order.placedAt, { goodsFen: order.goodsFen })
    }
    if (order.paidAt !== null && before?.paidAt == null) {
      fact('paid', order.paidAt, { paidFen: order.paidFen })
      event('order.paid', order.paidAt, { paidFen: order.paidFen, lines: order.lines.length, source: order.source })
      postings.push({
        postingId: ids.next(), key: `order/${order.shelf}/${order.orderId}/paid`, occurredAt: order.paidAt, recordedAt: now, reason: 'order paid',
        entries: [{ account: till[order.shelf], unit: 'fen', amount: order.paidFen - (order.tenderFen ?? 0) }, ...(order.tenderFen ? [{ account: `tender:${order.shelf}`, unit: 'fen', amount: order.tenderFen }] : []), { account: `sales:${order.shelf}`, unit: 'fen', amount: 0 - order.paidFen }],
      })
    }
    if (order.shippedAt !== null && before?.shippedAt == null) fact('shipped', order.shippedAt)
    if (order.completedAt !== null && before?.completedAt == null) fact('received', order.completedAt)
    if (order.settledAt !== null && before?.settledAt == null) fact('settled', order.settledAt)
    if (order.cancelledAt !== null && before?.cancelledAt == null) {
      fact('cancelled', order.cancelledAt)
      event('order.cancelled', order.cancelledAt, {})
    }
    write.push(save)
  }
  await upsertOrders(tx, tenantId, write, now)
  await upsertLines(tx, tenantId, write.filter(({ order }) => saved.get(`${order.shelf}/${order.orderId}`)?.linesDigest !== linesDigest(order.lines)))
  const refunded = await ordersWithRefunds(tx, tenantId, write.map(({ order }) => order))
  if (refunded.length > 0) {
    await linkRefunds(tx, tenantId, refunded)
    await refundTotals(tx, tenantId, refunded)
    await applyLineRefunds(tx, tenantId, refunded)
  }
  await appendFacts(tx, tenantId, facts)
  await book(tx, tenantId, postings)
  return events
}

/** One read per order: the newest, in the order of first mention. */
function newestOf(saves: readonly OrderSave[]): OrderSave[] {
  const newest = new Map<string, OrderSave>()
  for (const save of saves) {
    const key = `${save.order.shelf}/${save.order.orderId}`
    const known = newest.get(key)
    if (known === undefined || !isLate(save.order, { version: known.order.updateTime, platformStatus: known.order.platformStatus })) newest.set(key, save)
  }
  return [...newest.values()]
}

/** What a refund may become: an older read never takes a later state back. A refused one may still be paid out after all. */
const rank = { pending: 0, refused: 1, done: 2 } as const

/**
 * Books refunds. The amount on the order and its lines is the sum of its finished refunds; a line takes at most what was paid for it.
 * Orders that are not known yet keep their refund row; the money is booked either way, and `saveOrders` joins them.
 */
export async function saveRefunds(tx: Tx, tenantId: number, refunds: readonly RefundState[], now: Instant, ids: Ids, cause: 'callback' | 'backfill' | 'own'): Promise<DomainEvent[]> {
  if (refunds.length === 0) return []
  const before = await findRefunds(tx, tenantId, refunds.map((r) => ({ shelf: r.shelf, refundId: r.refundId })))
  const events: DomainEvent[] = []
  const facts: FactRow[] = []
  const postings: Posting[] = []
  const newest = new Map<string, RefundState>()
  for (const refund of refunds) {
    const key = `${refund.shelf}/${refund.refundId}`
    const known = newest.get(key)?.status ?? before.get(key)?.status ?? 'pending'
    if (known !== 'done' && rank[refund.status] >= rank[known]) newest.set(key, refund)
  }
  const write = [...newest.values()]
  if (write.length === 0) return []
  for (const refund of write) {
    const known = before.get(`${refund.shelf}/${refund.refundId}`)
    if (known?.status === refund.status) continue
    const happenedAt = refund.finishedAt ?? refund.requestedAt
    facts.push({
      shelf: refund.shelf, orderId: refund.orderId, factId: ids.next(), occurredAt: happenedAt, recordedAt: now, kind: `refund-${refund.status}`, cause,
      detail: { refundId: refund.refundId, amountFen: refund.amountFen, quantity: refund.quantity, skuId: refund.skuId },
    })
    if (refund.status !== 'done') continue
    events.push({
      eventId: ids.next(), name: 'order.refunded', v: 1, aggregate: `order/${refund.shelf}/${refund.orderId}`, occurredAt: happenedAt, recordedAt: now,
      payload: { shelf: refund.shelf, orderId: refund.orderId, refundId: refund.refundId, amountFen: refund.amountFen },
    })
    postings.push({
      postingId: ids.next(), key: `refund/${refund.shelf}/${refund.refundId}`, occurredAt: happenedAt, recordedAt: now, reason: 'refund',
      entries: [{ account: `sales:${refund.shelf}`, unit: 'fen', amount: refund.amountFen }, { account: till[refund.shelf], unit: 'fen', amount: (refund.tenderFen ?? 0) - refund.amountFen }, ...(refund.tenderFen ? [{ account: `tender:${refund.shelf}`, unit: 'fen', amount: 0 - refund.tenderFen }] : [])],
    })
  }
  await upsertRefunds(tx, tenantId, write)
  await refundTotals(tx, tenantId, [...new Set(write.map((r) => `${r.shelf}/${r.orderId}`))])
  await applyLineRefunds(tx, tenantId, [...new Set(write.map((r) => `${r.shelf}/${r.orderId}`))])
  await appendFacts(tx, tenantId, facts)
  await book(tx, tenantId, postings)
  return events
}
