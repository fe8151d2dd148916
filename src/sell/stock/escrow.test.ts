import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { start } from '../../../tests/setup/fixtures.ts'
import {
  admit, answerMove, applyFlow, checkSku, confirmMove, draftOf, emptySku, ledgerAmount, nextToSend, openShelf, planMove, proofMs, receive, restore, shift, transfer, type FlowEntry, type Hold, type Move, type Place, type Shelf, type Sku,
} from './escrow.ts'

const connectionId = 'shop'
const newShelf = (): Shelf => ({ connectionId, productId: 'p', platformSkuId: 's', shop: 0, held: 0, elsewhere: 0, platformNum: 0, flowSecond: 0, flowSeen: 0, openedAt: null, reconciledAt: null })

/** The platform as it really is: its number, its flow, what it sold; and a book that learns of it late. `trusting` is the control: an `ok` is taken as proof. */
function world(shopUnits: number, reserveUnits: number, trusting = false) {
  let now = start
  const platform = { num: shopUnits, flow: [] as FlowEntry[], sold: 0, orders: new Map<string, { quantity: number; state: 'unpaid' | 'paid' | 'cancelled' }>() }
  const sku: Sku = { ...emptySku('k'), shelves: [newShelf()] }
  const shelf = sku.shelves[0]
  const draft = draftOf(sku)
  const moves: Move[] = []
  const holds = new Map<string, Hold>()
  const known = new Set<string>()
  const waiting: Array<{ move: Move; done: boolean }> = []
  let mallSold = 0
  let unbackedByHand = 0
  let n = 0
  const key = (): string => `t/${n++}`
  const entry = (op: number, before: number, after: number, orderId = ''): void => void platform.flow.push({ second: Math.floor(now / 1000), op, before, after, orderId })
  openShelf(draft, shelf, { num: shopUnits, second: Math.floor(now / 1000), seen: 0 }, now)
  receive(draft, reserveUnits, key(), 'received', now)
  const send = (): void => {
    const move = nextToSend(moves)
    if (!move) return
    Object.assign(move, { state: 'sent', sentAt: now })
    waiting.push({ move, done: false })
  }
  const change = (move: Move): boolean => {
    const after = platform.num + (move.direction === 'to-shop' ? move.quantity : -move.quantity)
    if (after < 0) return false
    entry(move.direction === 'to-shop' ? 1 : 2, platform.num, after)
    platform.num = after
    return true
  }
  return {
    sku, draft, platform, moves, holds,
    tick: (ms: number) => void (now += ms),
    buyInShop(quantity: number) {
      if (platform.num < quantity) return
      const id = `o${n++}`
      entry(4, platform.num, platform.num - quantity, id)
      platform.num -= quantity
      platform.sold += quantity
      platform.orders.set(id, { quantity, state: 'unpaid' })
    },
    endShopOrder(pays: boolean) {
      const open = [...platform.orders].find(([, order]) => order.state === 'unpaid')
      if (!open) return
      const [id, order] = open
      order.state = pays ? 'paid' : 'cancelled'
      if (pays) return
      entry(5, platform.num, platform.num + order.quantity, id)
      platform.num += order.quantity
      platform.sold -= order.quantity
    },
    hearPaid() {
      for (const [id, order] of platform.orders) if (order.state === 'paid') known.add(id)
    },
    buyInMall(quantity: number, pays: boolean) {
      if (admit(new Map([['k', sku.mall]]), [[{ skuId: 'k', quantity }]])[0] !== null) return
      shift(draft, null, { key: key(), reason: 'reserved', at: now, deltas: { mall: -quantity, reserved: quantity } })
      if (pays) {
        shift(draft, null, { key: key(), reason: 'sold', at: now, deltas: { reserved: -quantity, sold: quantity } })
        mallSold += quantity
      } else shift(draft, null, { key: key(), reason: 'released', at: now, deltas: { reserved: -quantity, mall: quantity } })
    },
    move(direction: Move['direction'], place: Move['place'], quantity: number) {
      const planned = planMove(draft, shelf, { moveId: `m${n++}`, direction, place, quantity, actor: 'test' }, now)
      if ('move' in planned) moves.push(planned.move)
      send()
    },
    transfer: (from: 'mall' | 'reserve', quantity: number) => void transfer(draft, from, from === 'mall' ? 'reserve' : 'mall', quantity, key(), now),
    /** How the platform treats the call that is out. */
    answer(how: 'ok' | 'unchanged' | 'lost-done' | 'lost-not-done' | 'refused') {
      const call = waiting.shift()
      if (!call) return
      const carriedOut = how === 'ok' || how === 'lost-done' ? change(call.move) : false
      const kind = how === 'refused' || ((how === 'ok' || how === 'lost-done') && !carriedOut && how === 'ok') ? 'refused' : how === 'ok' || how === 'unchanged' ? 'ok' : 'no-answer'
      answerMove(draft, shelf, call.move, kind, how, now)
      if (trusting && kind === 'ok') confirmMove(draft, shelf, call.move, now)
      send()
    },
    editByHand(to: number) {
      const before = platform.num
      entry(3, before, to)
      platform.num = to
    },
    readFlow() {
      const from = shelf.flowSecond
      const fresh = platform.flow.filter((e) => e.second >= from)
      const skip = shelf.flowSeen
      let seen = 0
      const entries = fresh.filter((e) => e.second !== from || seen++ >= skip)
      const before = sku.unbacked
      applyFlow(draft, shelf, moves, holds, entries, (id) => known.has(id), now)
      unbackedByHand += Math.max(0, sku.unbacked - before)
      send()
    },
    claims: () => platform.num + platform.sold + sku.mall + sku.reserved + mallSold + sku.reserve,
    sales: () => platform.sold + mallSold,
    raised: () => unbackedByHand,
    quiet() {
      for (let round = 0; round < 40 && (waiting.length > 0 || moves.some((m) => m.closedAt === null)); round++) {
        this.answer('ok')
        now += proofMs
        this.readFlow()
      }
      this.hearPaid()
      this.readFlow()
    },
  }
}

type Step = (w: ReturnType<typeof world>) => void
const quantity = fc.integer({ min: 1, max: 6 })
const place = fc.constantFrom('mall' as const, 'reserve' as const)
const steps = (edits: boolean): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 6, arbitrary: quantity.map((q): Step => (w) => w.buyInShop(q)) },
    { weight: 3, arbitrary: fc.boolean().map((pays): Step => (w) => w.endShopOrder(pays)) },
    { weight: 2, arbitrary: fc.constant<Step>((w) => w.hearPaid()) },
    { weight: 6, arbitrary: fc.tuple(quantity, fc.boolean()).map(([q, pays]): Step => (w) => w.buyInMall(q, pays)) },
    { weight: 5, arbitrary: fc.tuple(fc.constantFrom('to-shop' as const, 'from-shop' as const), place, quantity).map(([d, p, q]): Step => (w) => w.move(d, p, q)) },
    { weight: 2, arbitrary: fc.tuple(place, quantity).map(([p, q]): Step => (w) => w.transfer(p, q)) },
    { weight: 6, arbitrary: fc.constantFrom('ok' as const, 'ok' as const, 'unchanged' as const, 'lost-done' as const, 'lost-not-done' as const, 'refused' as const).map((how): Step => (w) => w.answer(how)) },
    { weight: 4, arbitrary: fc.constant<Step>((w) => w.readFlow()) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 200_000 }).map((ms): Step => (w) => w.tick(ms)) },
    ...(edits ? [{ weight: 1, arbitrary: fc.integer({ min: 0, max: 30 }).map((to): Step => (w) => w.editByHand(to)) }] : []),
  )
const histories = (edits: boolean) => fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), fc.array(steps(edits), { maxLength: 60 }))
/** The trusting control must not be judged by the book's own view, only by what was promised. */
const oversold = (w: ReturnType<typeof world>, units: number): boolean => w.claims() > units

describe('escrowed shares of one SKU', () => {
  it('promises no unit twice, whatever the order of sales, moves, lost answers and late readings', () => {
    fc.assert(fc.property(histories(false), ([shopUnits, reserveUnits, history]) => {
      const w = world(shopUnits, reserveUnits)
      for (const step of history) {
        step(w)
        expect(checkSku(w.sku, new Map([[connectionId, w.platform.num]]))).toEqual([])
        expect(w.claims()).toBeLessThanOrEqual(shopUnits + reserveUnits)
      }
      w.quiet()
      // All quiet: every unit is where the book says, none is lost.
      expect(w.moves.every((move) => move.closedAt !== null)).toBe(true)
      expect(w.claims()).toBe(shopUnits + reserveUnits)
      expect(w.sku.shelves[0].shop).toBe(w.platform.num)
      expect(w.sku.unbacked).toBe(0)
    }), { numRuns: 300, seed: 20260301 })
  })

  it('adds up also when somebody edits the Shop by hand: absorbed from the reserve, the rest alarmed', () => {
    fc.assert(fc.property(histories(true), ([shopUnits, reserveUnits, history]) => {
      const w = world(shopUnits, reserveUnits)
      for (const step of history) {
        step(w)
        expect(checkSku(w.sku)).toEqual([])
      }
      w.quiet()
      expect(w.sku.shelves[0].shop).toBe(w.platform.num)
      // What was promised beyond the goods is exactly what the alarm says.
      expect(w.claims() - w.sku.unbacked).toBeLessThanOrEqual(shopUnits + reserveUnits)
      if (w.raised() > 0) expect(w.draft.alarms.some((alarm) => alarm.kind === 'unbacked')).toBe(true)
    }), { numRuns: 200, seed: 20260302 })
  })

  it('oversells when an ok is taken as proof (control)', () => {
    const found = fc.check(fc.property(histories(false), ([shopUnits, reserveUnits, history]) => {
      const w = world(shopUnits, reserveUnits, true)
      for (const step of history) {
        step(w)
        if (oversold(w, shopUnits + reserveUnits)) return false
      }
      return true
    }), { numRuns: 500, seed: 20260303 })
    expect(found.failed).toBe(true)
  })

  it('books movements that add up to zero in the ledger', () => {
    const w = world(5, 9)
    w.move('to-shop', 'reserve', 4)
    w.answer('ok')
    w.readFlow()
    w.buyInShop(2)
    w.readFlow()
    for (const movement of w.draft.movements) {
      const sum = (Object.entries(movement.deltas) as Array<[Place, number]>).reduce((total, [at, delta]) => total + ledgerAmount(at, delta), 0)
      expect(sum, movement.key).toBe(0)
    }
    expect(w.draft.movements.length).toBeGreaterThan(4)
  })

  it('restores no more than was sold, and never by itself', () => {
    const w = world(0, 3)
    w.transfer('reserve', 3)
    w.buyInMall(2, true)
    expect(restore(w.draft, 3, 'r/1', start)).toEqual({ done: false, available: 2 })
    expect(restore(w.draft, 2, 'r/2', start)).toEqual({ done: true })
    expect(w.sku.reserve).toBe(2)
    expect(checkSku(w.sku)).toEqual([])
  })

  it('admits whole baskets in the order of arrival, as many as the stock holds', () => {
    const basket = (quantity: number) => [{ skuId: 'k', quantity }]
    expect(admit(new Map([['k', 5]]), [basket(2), basket(4), basket(3), basket(1)])).toEqual([null, { skuId: 'k', available: 3 }, null, { skuId: 'k', available: 0 }])
    expect(admit(new Map([['a', 1], ['b', 0]]), [[{ skuId: 'a', quantity: 1 }, { skuId: 'b', quantity: 1 }], [{ skuId: 'a', quantity: 1 }]])).toEqual([{ skuId: 'b', available: 0 }, null])
  })
})
