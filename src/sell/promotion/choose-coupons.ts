import type { Fen } from '../../kernel/money.ts'
import { priceBasket, type BasketFacts, type HeldCoupon, type Refusal } from './price-basket.ts'

/**
 * Which coupons a buyer should use (最优券): the cheapest total; of equals the coupons that end soonest, then the fewest. Says why, so that the page can.
 */
export type Choice = {
  couponIds: string[]
  totalFen: Fen
  offFen: Fen
  /** Code and the same in Chinese. */
  reason: { code: 'no-coupon' | 'only-one' | 'cheapest' | 'ends-first'; text: string }
  /** Each coupon in the hand alone: what it takes off, or why it cannot be used. */
  each: Array<{ couponId: string; offFen: Fen } | ({ couponId: string } & Pick<Refusal, 'reason' | 'text'>)>
}

/** Sets of stackable coupons are tried among the best few: more than these on one order is nobody's habit. */
const stackedAtMost = 6
const yuan = (fen: Fen): string => (fen / 100).toFixed(2).replace(/\.00$/, '')

/** @returns a refusal only when the basket itself cannot be priced. */
export function chooseCoupons(facts: BasketFacts, hand: readonly HeldCoupon[]): Choice | Refusal {
  const without = priceBasket(facts, [])
  if (without.kind === 'price-refused') return without
  const each = hand.map((coupon) => ({ coupon, price: priceBasket(facts, [coupon]) }))
  const offOf = (coupon: HeldCoupon): Fen => {
    const { price } = each.find((one) => one.coupon === coupon)!
    return price.kind === 'priced' ? without.totalFen - price.totalFen : 0
  }
  const usable = each.filter(({ price }) => price.kind === 'priced').map(({ coupon }) => coupon)
  // Of one play the one that ends first stands for all.
  const firsts = usable.filter((coupon) => !usable.some((other) => other.play.promotionId === coupon.play.promotionId && (other.validTo < coupon.validTo || (other.validTo === coupon.validTo && other.couponId < coupon.couponId))))
  const sets: HeldCoupon[][] = firsts.map((coupon) => [coupon])
  const stackable = firsts.filter((coupon) => coupon.play.rule.stacks).toSorted((a, b) => offOf(b) - offOf(a) || (a.couponId < b.couponId ? -1 : 1)).slice(0, stackedAtMost)
  for (let mask = 1; mask < 2 ** stackable.length; mask++) {
    const set = stackable.filter((_one, n) => mask & (1 << n))
    if (set.length > 1) sets.push(set)
  }
  const ends = (set: readonly HeldCoupon[]): number => Math.min(...set.map((coupon) => coupon.validTo))
  const offers = sets.flatMap((set) => {
    const price = priceBasket(facts, set)
    return price.kind === 'priced' ? [{ set, totalFen: price.totalFen }] : []
  }).toSorted((a, b) => a.totalFen - b.totalFen || ends(a.set) - ends(b.set) || a.set.length - b.set.length || (a.set[0].couponId < b.set[0].couponId ? -1 : 1))
  const shown = each.map(({ coupon, price }): Choice['each'][number] => (price.kind === 'priced' ? { couponId: coupon.couponId, offFen: without.totalFen - price.totalFen } : { couponId: coupon.couponId, reason: price.reason, text: price.text }))
  const [best, next] = offers
  if (best === undefined || best.totalFen >= without.totalFen) {
    return { couponIds: [], totalFen: without.totalFen, offFen: 0, each: shown, reason: { code: 'no-coupon', text: hand.length === 0 ? '手里没有券' : '手里的券这一单都用不上' } }
  }
  const offFen = without.totalFen - best.totalFen
  const names = best.set.map((coupon) => `“${coupon.play.name}”`).join('加')
  const reason: Choice['reason'] = next === undefined
    ? { code: 'only-one', text: `用${names}省 ${yuan(offFen)} 元` }
    : next.totalFen > best.totalFen
      ? { code: 'cheapest', text: `用${names}省 ${yuan(offFen)} 元，比${next.set.map((coupon) => `“${coupon.play.name}”`).join('加')}多省 ${yuan(next.totalFen - best.totalFen)} 元` }
      : { code: 'ends-first', text: `用${names}省 ${yuan(offFen)} 元；省得一样多的里面它最先过期` }
  return { couponIds: best.set.map((coupon) => coupon.couponId), totalFen: best.totalFen, offFen, each: shown, reason }
}
