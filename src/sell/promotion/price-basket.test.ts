import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { day, start } from '../../../tests/setup/fixtures.ts'
import { chooseCoupons } from './choose-coupons.ts'
import { ruleSchemas, type Play, type PlayKind } from './play.ts'
import { offOf, priceBasket, type BasketFacts, type BasketLine, type HeldCoupon } from './price-basket.ts'

const uuid = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
let plays = 0
function play<K extends PlayKind>(kind: K, rule: unknown, name = kind as string): Extract<Play, { kind: K }> {
  return { promotionId: uuid(9000 + plays++), kind, name, state: 'on', rule: ruleSchemas[kind].parse(rule), startsAt: start, endsAt: start + 30 * day } as unknown as Extract<Play, { kind: K }>
}
const coupon = (rule: Record<string, unknown>, more: Partial<HeldCoupon> = {}, name = '券'): HeldCoupon => ({ couponId: uuid(5000 + plays), play: play('coupon', { quota: 100, ...rule }, name), state: 'usable', validFrom: start, validTo: start + day, ...more })
const line = (n: number, quantity: number, unitFen: number): BasketLine => ({ lineNo: n, productId: uuid(100 + n), skuId: uuid(n), quantity, unitFen })
const facts = (lines: BasketLine[], list: Play[] = [], more: Partial<BasketFacts> = {}): BasketFacts => ({ lines, plays: list, buyer: { netFen: 0, orders: 0 }, left: () => undefined, bought: () => 0, now: start, ...more })
const total = (lines: readonly BasketLine[]): number => lines.reduce((sum, one) => sum + one.unitFen * one.quantity, 0)
const price = (given: BasketFacts, coupons: HeldCoupon[] = []): number | string => {
  const found = priceBasket(given, coupons)
  return found.kind === 'priced' ? found.totalFen : found.reason
}

describe('the steps of a reduction', () => {
  const steps = ruleSchemas['full-reduction'].parse({ steps: [{ fromFen: 10_000, offFen: 1_000 }, { fromFen: 20_000, offFen: 3_000 }] }).steps
  test.each([[9_999, 0], [10_000, 1_000], [19_999, 1_000], [20_000, 3_000], [90_000, 3_000]])('%i fen take off %i', (amount, off) => expect(offOf(steps, false, amount, 1)).toBe(off))
  test('每满 counts each time, a share is capped, pieces count too, and no more is taken than there is', () => {
    expect(offOf([{ fromFen: 10_000, fromPieces: 0, offFen: 1_000 }], true, 35_000, 1)).toBe(3_000)
    expect(offOf([{ fromFen: 0, fromPieces: 0, payBp: 8_500 }], false, 9_999, 1)).toBe(1_500)
    expect(offOf([{ fromFen: 0, fromPieces: 0, payBp: 5_000, capFen: 800 }], false, 9_999, 1)).toBe(800)
    expect(offOf([{ fromFen: 0, fromPieces: 3, offFen: 100 }], false, 500, 2)).toBe(0)
    expect(offOf([{ fromFen: 0, fromPieces: 1, offFen: 900 }], false, 500, 2)).toBe(500)
  })
})

describe('the price of a basket', () => {
  const reduction = play('full-reduction', { steps: [{ fromFen: 10_000, offFen: 2_000 }] }, '满100减20')
  test('without plays is the list price', () => expect(price(facts([line(1, 2, 4_500)]))).toBe(9_000))
  test('a reduction counts the lines it covers and is spread over them to the fen', () => {
    const only = play('full-reduction', { goods: { skuIds: [uuid(1), uuid(2)] }, steps: [{ fromFen: 9_999, offFen: 1_000 }] })
    const found = priceBasket(facts([line(1, 1, 3_333), line(2, 2, 3_333), line(3, 1, 50_000)], [only]), [])
    expect(found).toMatchObject({ kind: 'priced', totalFen: 58_999, discounts: [[{ fen: 333 }], [{ fen: 667 }], []] })
    expect(price(facts([line(1, 1, 3_333), line(2, 2, 3_332), line(3, 1, 50_000)], [only]))).toBe(59_997)
  })
  test('a line takes part in one reduction: the bigger one', () => {
    const bigger = play('full-reduction', { steps: [{ fromFen: 10_000, offFen: 2_500 }] })
    expect(price(facts([line(1, 1, 20_000)], [reduction, bigger]))).toBe(17_500)
  })
  test('a flash price counts pieces and leaves no room for coupons', () => {
    const flash = play('flash', { prices: [{ skuId: uuid(1), priceFen: 100, quota: 5 }], perPerson: 2 })
    const at = (left: number, bought: number, quantity: number, coupons: HeldCoupon[] = []) => price(facts([line(1, quantity, 1_000)], [flash], { left: () => left, bought: () => bought }), coupons)
    expect([at(5, 0, 2), at(5, 0, 3), at(1, 0, 2), at(0, 0, 2), at(5, 2, 2), at(5, 1, 2)]).toEqual([200, 'flash-limit', 'flash-short', 2_000, 2_000, 'flash-limit'])
    expect(at(5, 0, 2, [coupon({ steps: [{ offFen: 50 }] })])).toBe('coupon-with-play')
    expect(priceBasket(facts([line(1, 2, 1_000)], [flash], { left: () => 5 }), [])).toMatchObject({ taken: [{ skuId: uuid(1), quantity: 2 }] })
  })
  test('a member pays the price of the level; the lower of member and flash price counts', () => {
    const member = play('member-price', { levels: [{ name: '银', fromFen: 10_000, payBp: 9_500 }, { name: '金', fromFen: 50_000, payBp: 9_000 }] })
    const as = (netFen: number) => price(facts([line(1, 1, 1_000)], [member], { buyer: { netFen, orders: 3 } }))
    expect([as(0), as(10_000), as(60_000)]).toEqual([1_000, 950, 900])
    const flash = play('flash', { prices: [{ skuId: uuid(1), priceFen: 980, quota: 5 }] })
    expect(price(facts([line(1, 1, 1_000)], [flash, member], { buyer: { netFen: 60_000, orders: 3 }, left: () => 5 }))).toBe(900)
  })
  test('a group price is for whoever starts or joins, one kind of goods, as many as allowed', () => {
    const group = play('group', { prices: [{ skuId: uuid(1), priceFen: 600 }], size: 2 })
    const chosen = { group: { promotionId: group.promotionId } }
    expect(price(facts([line(1, 1, 1_000)], [group]))).toBe(1_000)
    expect(price(facts([line(1, 1, 1_000)], [group], chosen))).toBe(600)
    expect(price(facts([line(2, 1, 1_000)], [group], chosen))).toBe('group-other-goods')
    expect(price(facts([line(1, 1, 1_000), line(2, 1, 1)], [group], chosen))).toBe('group-one-line')
    expect(price(facts([line(1, 2, 1_000)], [group], chosen))).toBe('group-limit')
    expect(price(facts([line(1, 1, 1_000)], [], chosen))).toBe('group-over')
  })
  test('the rest of a pre-sale costs the price less what the deposit is worth more', () => {
    const deposit = { promotionId: uuid(1), skuId: uuid(1), quantity: 2, depositFen: 2_000, worthFen: 5_000, priceFen: 9_000 }
    // 18,000 for both, the deposit of 20 yuan counts 50: 15,000 in all, of which 2,000 are paid.
    expect(price(facts([line(1, 2, 10_000)], [], { deposit }))).toBe(15_000)
    expect(price(facts([line(1, 1, 10_000)], [], { deposit }))).toBe('deposit-other-goods')
  })
  test('a coupon says what it lacks', () => {
    const ten = coupon({ steps: [{ fromFen: 10_000, offFen: 1_000 }] })
    const basket = facts([line(1, 1, 12_000)])
    expect(price(basket, [ten])).toBe(11_000)
    expect(price(facts([line(1, 1, 9_000)]), [ten])).toBe('coupon-short')
    expect(price(facts([line(1, 1, 12_000)], [reduction]), [ten])).toBe(9_000)
    expect(price(facts([line(1, 1, 12_000)], [reduction]), [coupon({ steps: [{ offFen: 1_000 }], withReductions: false })])).toBe('coupon-with-play')
    expect(price(facts([line(1, 1, 12_000)], [play('full-reduction', { steps: [{ offFen: 100 }], withCoupons: false })]), [ten])).toBe('coupon-with-play')
    expect(price(basket, [coupon({ goods: { skuIds: [uuid(7)] }, steps: [{ offFen: 1 }] })])).toBe('coupon-other-goods')
    for (const [more, reason] of [[{ state: 'used' }, 'coupon-used'], [{ state: 'held' }, 'coupon-used'], [{ state: 'void' }, 'coupon-void'], [{ validTo: start }, 'coupon-expired'], [{ validFrom: start + 1 }, 'coupon-early']] as const) expect(price(basket, [coupon({ steps: [{ offFen: 1 }] }, more)])).toBe(reason)
    expect(price(facts([line(1, 1, 12_000)], [], { buyer: { netFen: 1, orders: 1 } }), [coupon({ steps: [{ offFen: 1 }], audience: 'new' })])).toBe('coupon-new-only')
  })
  test('coupons are used together only when all of them say so, and one of a kind', () => {
    const a = coupon({ steps: [{ offFen: 500 }], stacks: true })
    const b = coupon({ steps: [{ payBp: 9_000 }], stacks: true })
    expect(price(facts([line(1, 1, 10_000)]), [a, b])).toBe(8_500)
    expect(price(facts([line(1, 1, 10_000)]), [b, a])).toBe(8_500)
    expect(price(facts([line(1, 1, 10_000)]), [a, coupon({ steps: [{ offFen: 1 }] })])).toBe('coupon-alone')
    expect(price(facts([line(1, 1, 10_000)]), [a, { ...a, couponId: uuid(1) }])).toBe('coupon-twice')
  })
  test('one fen is left to pay', () => expect(price(facts([line(1, 1, 500)]), [coupon({ steps: [{ offFen: 10_000 }] })])).toBe(1))
})

const anyStep = fc.oneof(
  fc.record({ fromFen: fc.integer({ min: 0, max: 30_000 }), offFen: fc.integer({ min: 1, max: 40_000 }) }),
  fc.record({ fromFen: fc.integer({ min: 0, max: 30_000 }), payBp: fc.integer({ min: 1, max: 9_999 }) }),
  fc.record({ fromPieces: fc.integer({ min: 0, max: 5 }), payBp: fc.integer({ min: 1, max: 9_999 }), capFen: fc.integer({ min: 1, max: 5_000 }) }),
)
const anyGoods = fc.option(fc.record({ skuIds: fc.subarray([uuid(1), uuid(2), uuid(3)]), except: fc.boolean() }), { nil: undefined })
const anyPlay = fc.oneof(
  fc.record({ goods: anyGoods, steps: fc.array(anyStep, { minLength: 1, maxLength: 3 }), repeat: fc.boolean(), withCoupons: fc.boolean() }).map((rule) => play('full-reduction', rule)),
  fc.record({ goods: anyGoods, levels: fc.constant([{ name: '会员', fromFen: 0, payBp: 9_100 }]) }).map((rule) => play('member-price', rule)),
  fc.record({ prices: fc.constantFrom(1, 2).chain((n) => fc.integer({ min: 1, max: 900 }).map((priceFen) => [{ skuId: uuid(n), priceFen, quota: 9 }])), perPerson: fc.constant(100), withCoupons: fc.boolean(), withReductions: fc.boolean() }).map((rule) => play('flash', rule)),
)
const anyLines = fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 9 }), unitFen: fc.integer({ min: 1, max: 20_000 }) }), { minLength: 1, maxLength: 4 }).map((rows) => rows.map((row, n) => line(n + 1, row.quantity, row.unitFen)))
const anyCoupon = fc.record({ goods: anyGoods, steps: fc.tuple(anyStep).map((one) => [...one]), stacks: fc.boolean(), withReductions: fc.boolean() }).map((rule) => coupon(rule))

describe('whatever the plays and coupons are', () => {
  const basket = (lines: BasketLine[], list: Play[]) => facts(lines, list, { left: () => 1_000, buyer: { netFen: 100, orders: 1 } })
  test('discounts of the lines add up to the discount of the order, no line is below zero, one fen is left, and nothing got dearer', () => {
    fc.assert(fc.property(anyLines, fc.array(anyPlay, { maxLength: 4 }), fc.array(anyCoupon, { maxLength: 3 }), (lines, list, coupons) => {
      const found = priceBasket(basket(lines, list), coupons)
      if (found.kind === 'price-refused') return
      const off = found.discounts.map((ones) => ones.reduce((sum, one) => sum + one.fen, 0))
      expect(off.reduce((a, b) => a + b, 0)).toBe(total(lines) - found.totalFen)
      lines.forEach((one, n) => expect(off[n]).toBeLessThanOrEqual(one.unitFen * one.quantity))
      expect(found.discounts.flat().every((one) => Number.isSafeInteger(one.fen) && one.fen > 0)).toBe(true)
      expect(found.totalFen).toBeGreaterThanOrEqual(1)
      expect(found.totalFen).toBeLessThanOrEqual(total(lines))
    }), { numRuns: 400 })
  })
  test('the same basket costs the same, in whatever order coupons and plays are given', () => {
    fc.assert(fc.property(anyLines, fc.array(anyPlay, { maxLength: 3 }), fc.array(anyCoupon, { maxLength: 3 }), (lines, list, coupons) => {
      const [a, b] = [priceBasket(basket(lines, list), coupons), priceBasket(basket(lines, list.toReversed()), coupons.toReversed())]
      if (a.kind === 'priced' && b.kind === 'priced') expect(a.totalFen).toBe(b.totalFen)
      expect(a.kind).toBe(b.kind)
    }), { numRuns: 200 })
  })
  test('the chooser finds what trying every set of coupons finds', () => {
    fc.assert(fc.property(anyLines, fc.array(anyPlay, { maxLength: 2 }), fc.array(anyCoupon, { maxLength: 5 }), (lines, list, hand) => {
      const given = basket(lines, list)
      const chosen = chooseCoupons(given, hand)
      const prices = Array.from({ length: 2 ** hand.length }, (_, mask) => priceBasket(given, hand.filter((_one, n) => mask & (1 << n)))).flatMap((one) => (one.kind === 'priced' ? [one.totalFen] : []))
      if (!('couponIds' in chosen)) return expect(prices).toEqual([])
      expect(chosen.totalFen).toBe(Math.min(...prices))
      const again = priceBasket(given, hand.filter((one) => chosen.couponIds.includes(one.couponId)))
      expect(again).toMatchObject({ totalFen: chosen.totalFen })
    }), { numRuns: 150 })
  })
  test('control: rounding each line by itself would not add up', () => {
    const lines = [line(1, 1, 333), line(2, 1, 333), line(3, 1, 334)]
    expect(lines.map((one) => Math.round((one.unitFen * 100) / 1_000)).reduce((a, b) => a + b, 0)).not.toBe(100)
    expect(priceBasket(facts(lines, [play('full-reduction', { steps: [{ offFen: 100 }] })]), [])).toMatchObject({ totalFen: 900 })
  })
})

describe('the chooser says why', () => {
  const hand = [coupon({ steps: [{ fromFen: 10_000, offFen: 1_000 }] }, { validTo: start + 2 * day }, '满100减10'), coupon({ steps: [{ fromFen: 10_000, offFen: 1_000 }] }, {}, '老客券'), coupon({ steps: [{ fromFen: 30_000, offFen: 9_000 }] }, {}, '满300减90')]
  test.each([
    [5_000, [], 'no-coupon', '手里的券这一单都用不上'],
    [12_000, [1], 'ends-first', '用“老客券”省 10 元；省得一样多的里面它最先过期'],
    [30_000, [2], 'cheapest', '用“满300减90”省 90 元，比“老客券”多省 80 元'],
  ] as const)('for a basket of %i fen', (fen, used, code, text) => {
    expect(chooseCoupons(facts([line(1, 1, fen)]), hand)).toMatchObject({ couponIds: used.map((n) => hand[n].couponId), reason: { code, text } })
  })
  test('and what each coupon lacks', () => expect(chooseCoupons(facts([line(1, 1, 29_000)]), hand)).toMatchObject({ each: [{ offFen: 1_000 }, { offFen: 1_000 }, { reason: 'coupon-short', text: '再买 10.00 元可用“满300减90”' }] }))
})
