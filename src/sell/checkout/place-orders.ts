import { assert } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { putJobs } from '../../kernel/job/index.ts'
import type { Fen } from '../../kernel/money.ts'
import { knownPersons, mergedInto, resolvePersons } from '../../book/person/index.ts'
import { skuCards, skuName } from '../catalog/index.ts'
import { saveOrders } from '../order/index.ts'
import { reserveBaskets } from '../stock/index.ts'
import { boughtKey, withinLimits } from './limit-pieces.ts'
import { bookState, payWithinMs, type MallLine, type MallOrder } from './mall-order.ts'
import type { BuyTerms, PriceBasket, Priced, PriceRefusal, PriceRule } from './price-rule.ts'
import { insertMallOrders, ordersByClientKey, piecesBought, queueBuyers, readMallOrders } from './store.ts'

/** What a buyer wants. The same `clientKey` of the same buyer is one order, however often it is sent. */
export type Wish = {
  buyer: string
  openid: string
  unionid: string | undefined
  appid: string
  miniConnectionId: string
  payConnectionId: string
  clientKey: string
  lines: ReadonlyArray<{ skuId: string; quantity: number }>
  /** What the buyer saw; another total is asked about instead of charged. */
  expectedFen: Fen | undefined
  terms?: BuyTerms
  /** First two digits of the division it goes to, where that is known. */
  region?: string
}
export type Placed =
  | { kind: 'placed'; order: MallOrder; fresh: boolean }
  /** `pullable`: units that a Shop could give; `coming`: units that it is giving. */
  | { kind: 'stock-short'; skuId: string; title: string; available: number; pullable: number; coming: number }
  | { kind: 'not-on-sale'; skuId: string }
  | { kind: 'total-changed'; totalFen: Fen }
  | PriceRefusal

export type PlaceParts = { ids: Ids; priceRule: PriceRule | undefined }

export const expireJobKind = 'mall.expire'
export const expireJob = (orderId: string, dueAt: Instant) => ({ kind: expireJobKind, key: orderId, dueAt, state: { orderId } })
export const batchJobKind = 'mall.batch'

/**
 * Admits many orders in one transaction: prices, units, orders. Each statement carries the whole batch; nothing waits for the network in here, and what
 * nobody is waiting for (order book, facts, events, expiry) is left to one job of the batch, which is stored with it.
 */
export async function placeOrders(tx: Tx, tenantId: number, wishes: readonly Wish[], now: Instant, parts: PlaceParts): Promise<Placed[]> {
  const { ids } = parts
  const keyOf = (wish: { buyer: string; clientKey: string }): string => `${wish.buyer} ${wish.clientKey}`
  const outcomes = new Map<string, Placed>()
  const sighting = (wish: Wish) => ({ unionid: wish.unionid, local: { kind: 'openid' as const, scope: wish.appid, value: wish.openid }, seenAt: now, evidence: 'mall checkout' })
  // Asked together: one way to the database and back.
  const [known, found, seen] = await Promise.all([ordersByClientKey(tx, tenantId, wishes), skuCards(tx, tenantId, wishes.flatMap((wish) => wish.lines.map((line) => line.skuId))), knownPersons(tx, tenantId, wishes.map(sighting))])
  const regionOf = new Map(wishes.map((wish) => [keyOf(wish), wish.region]))
  const personOf = new Map(wishes.map((wish, index) => [keyOf(wish), seen[index]]))
  for (const order of known) outcomes.set(keyOf(order), { kind: 'placed', order, fresh: false })
  const fresh = [...new Map(wishes.filter((wish) => !outcomes.has(keyOf(wish))).map((wish) => [keyOf(wish), wish])).values()]
  const limits = new Map(found.map((card) => [card.skuId, card.limitEach]))
  /** Without those over a purchase limit. Where nothing is limited it asks nothing. */
  const withinTheirLimits = async <T extends { wish: Wish; lines: MallLine[] }>(asked: readonly T[]): Promise<readonly T[]> => {
    const limited = asked.flatMap(({ wish, lines }) => lines.filter((line) => (limits.get(line.skuId) ?? null) !== null).map((line) => ({ buyer: wish.buyer, productId: line.productId })))
    if (limited.length === 0) return asked
    const [buyers, productIds] = [limited.map((one) => one.buyer), limited.map((one) => one.productId)]
    await queueBuyers(tx, tenantId, buyers)
    const bought = new Map((await piecesBought(tx, tenantId, buyers, productIds)).map((row) => [boughtKey(row.buyer, row.productId), row.pieces]))
    return asked.filter(({ wish, lines }) => {
      const refused = withinLimits(wish.buyer, lines, (skuId) => limits.get(skuId) ?? null, bought)
      if (refused) outcomes.set(keyOf(wish), refused)
      return refused === undefined
    })
  }
  if (fresh.length > 0) {
    const cards = new Map(found.map((card) => [card.skuId, card]))
    const asked: Array<{ wish: Wish; lines: MallLine[]; goodsFen: Fen }> = []
    for (const wish of fresh) {
      // Gone from the shelf, deleted, or without a price: the same to a buyer, and nobody else of the batch notices.
      const missing = wish.lines.find((line) => !cards.get(line.skuId)?.onMall || cards.get(line.skuId)!.priceFen < 1)
      if (missing) {
        outcomes.set(keyOf(wish), { kind: 'not-on-sale', skuId: missing.skuId })
        continue
      }
      const lines = wish.lines.map((line, index): MallLine => {
        const card = cards.get(line.skuId)!
        return {
          lineNo: index + 1, productId: card.productId, skuId: line.skuId, skuCode: card.skuCode, title: card.title, name: skuName(card.attrs, card.skuCode), image: card.image, quantity: line.quantity, unitFen: card.priceFen, paidFen: card.priceFen * line.quantity,
        }
      })
      asked.push({ wish, lines, goodsFen: lines.reduce((sum, line) => sum + line.paidFen, 0) })
    }
    const offered = await withinTheirLimits(asked)
    const newcomers = offered.map(({ wish }) => wish).filter((wish) => personOf.get(keyOf(wish)) === undefined)
    const resolved = await resolvePersons(tx, tenantId, newcomers.map(sighting), ids)
    newcomers.forEach((wish, index) => personOf.set(keyOf(wish), resolved.personIds[index]))
    const baskets = offered.map(({ wish, lines, goodsFen }): PriceBasket => ({
      orderId: ids.next().replaceAll('-', ''), personId: personOf.get(keyOf(wish))!, buyer: wish.buyer, goodsFen, lines, terms: wish.terms ?? {}, expiresAt: now + payWithinMs,
    }))
    const quotes: ReadonlyArray<Priced | PriceRefusal> = parts.priceRule && baskets.length > 0 ? await parts.priceRule.quote(tx, tenantId, baskets, now) : baskets.map(({ lines }) => ({ kind: 'priced', discounts: lines.map(() => []), tenders: [], terms: {} }))
    const ready: MallOrder[] = []
    const readyBaskets: Array<{ basket: PriceBasket; priced: Priced }> = []
    offered.forEach(({ wish, lines, goodsFen }, index) => {
      const quote = quotes[index]
      if (quote.kind === 'price-refused') {
        outcomes.set(keyOf(wish), quote)
        return
      }
      const priced = lines.map((line, n) => ({ ...line, paidFen: line.paidFen - quote.discounts[n].reduce((sum, one) => sum + one.fen, 0), ...(quote.discounts[n].length > 0 ? { discounts: quote.discounts[n] } : {}) }))
      const totalFen = priced.reduce((sum, line) => sum + line.paidFen, 0)
      // WeChat Pay takes no order of nothing: a rule leaves at least one fen.
      assert(totalFen >= 1 && priced.every((line) => line.paidFen >= 0), `a price rule made order ${baskets[index].orderId} cost ${totalFen} fen`)
      if (wish.expectedFen !== undefined && wish.expectedFen !== totalFen) {
        outcomes.set(keyOf(wish), { kind: 'total-changed', totalFen })
        return
      }
      const { orderId, personId, expiresAt } = baskets[index]
      readyBaskets.push({ basket: baskets[index], priced: quote })
      ready.push({
        orderId, personId, buyer: wish.buyer, buyerKnown: wish.unionid !== undefined, clientKey: wish.clientKey, miniConnectionId: wish.miniConnectionId, payConnectionId: wish.payConnectionId,
        state: 'unpaid', lines: priced, goodsFen, discountFen: goodsFen - totalFen, freightFen: 0, totalFen, tenders: quote.tenders, terms: quote.terms, placedAt: now, expiresAt, paidAt: null, transactionId: null, shippedAt: null, shipping: null,
        shippingReport: 'none', receivedAt: null, settledAt: null, cancelledAt: null, version: Math.floor(now / 1000),
      })
    })
    // The rest of a pre-sale needs no units: its deposit has held them all along.
    const reserved = ready.length === 0 ? [] : await reserveBaskets(tx, tenantId, ready.map((order) => ({ orderId: order.orderId, expiresAt: order.expiresAt, region: regionOf.get(keyOf(order)), lines: order.terms.depositId === undefined ? order.lines : [] })), now, ids)
    const placed = ready.filter((order, index) => {
      const answer = reserved[index]
      outcomes.set(keyOf(order), answer.reserved ? { kind: 'placed', order, fresh: true } : { kind: 'stock-short', skuId: answer.skuId, title: cards.get(answer.skuId)?.title ?? '', available: answer.available, pullable: answer.pullable, coming: answer.coming })
      return answer.reserved
    })
    if (placed.length > 0) {
      await parts.priceRule?.take(tx, tenantId, readyBaskets.filter((_one, index) => reserved[index].reserved), now)
      await insertMallOrders(tx, tenantId, placed)
      await putJobs(tx, tenantId, [{ kind: batchJobKind, key: placed[0].orderId, dueAt: now, state: { orderIds: placed.map((order) => order.orderId) } }])
    }
  }
  return wishes.map((wish) => outcomes.get(keyOf(wish))!)
}

/**
 * What an admitted batch leaves to be done: the orders enter the order book (facts, events) as they are by then, and at the end of their time those that are
 * still unpaid are sent to be closed. An order whose payment came first is in the book already; it is left as it is.
 */
export const followBatch: JobHandler = {
  kind: batchJobKind,
  async run(work, tx, job) {
    const { tenantId, now, ids } = work
    const { orderIds, booked } = job.state as { orderIds: string[]; booked?: boolean }
    const orders = await readMallOrders(tx, tenantId, orderIds)
    if (booked !== true) {
      const into = await mergedInto(tx, tenantId, orders.map((order) => order.personId))
      await work.emit(tx, await saveOrders(tx, tenantId, orders.map((order) => ({ order: bookState(order), personId: into.get(order.personId) ?? order.personId, connectionId: order.miniConnectionId, appid: '', cause: 'own' as const })), now, ids))
    }
    const unpaid = orders.filter((order) => order.state === 'unpaid')
    await putJobs(tx, tenantId, unpaid.filter((order) => order.expiresAt <= now).map((order) => expireJob(order.orderId, now)))
    const waiting = unpaid.filter((order) => order.expiresAt > now)
    return waiting.length === 0 ? null : { dueAt: Math.min(...waiting.map((order) => order.expiresAt)), state: { orderIds: waiting.map((order) => order.orderId), booked: true } }
  },
}
