import { splitFen, roundHalfUp, type Fen } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { LineDiscount } from '../checkout/index.ts'
import { covers, type Play, type PlayOf, type Step } from './play.ts'

/**
 * The price of one basket (算价), pure: the same lines, plays and coupons give the same price to the fen. Layers, each on what the last left: price plays of a
 * line (flash sale, group, pre-sale, member price: the lowest, a chosen group or deposit first), reductions (满减: the biggest first, a line takes part in one), coupons.
 * At least one fen is left to pay.
 */
export type BasketLine = { lineNo: number; productId: string; skuId: string; quantity: number; unitFen: Fen }
export type HeldCoupon = { couponId: string; play: PlayOf<'coupon'>; state: 'usable' | 'held' | 'used' | 'void'; validFrom: Instant; validTo: Instant }
export type Buyer = {
  /** Paid in all, refunds taken off; decides the member level. */
  netFen: Fen
  orders: number
}
export type BasketFacts = {
  lines: readonly BasketLine[]
  /** That are on now. */
  plays: readonly Play[]
  buyer: Buyer
  /** Pieces a play can still give of a SKU; undefined: as many as wanted. */
  left(promotionId: string, skuId: string): number | undefined
  /** Pieces this buyer has of a SKU under a play already. */
  bought(promotionId: string, skuId: string): number
  group?: { promotionId: string }
  deposit?: { promotionId: string; skuId: string; quantity: number; depositFen: Fen; worthFen: Fen; priceFen: Fen }
  now: Instant
}
export type Refusal = { kind: 'price-refused'; reason: string; text: string }
export type PricedBasket = { kind: 'priced'; discounts: LineDiscount[][]; totalFen: Fen; /** Pieces taken under plays that count them. */ taken: Array<{ promotionId: string; skuId: string; quantity: number }> }

export const refuse = (reason: string, text: string): Refusal => ({ kind: 'price-refused', reason, text })
const sum = (amounts: readonly number[]): number => amounts.reduce((a, b) => a + b, 0)

/** What the best reached step takes off so much. */
export function offOf(steps: readonly Step[], repeat: boolean, amountFen: Fen, pieces: number): Fen {
  let best = 0
  for (const step of steps) {
    if (amountFen < step.fromFen || pieces < step.fromPieces) continue
    const times = repeat && step.offFen !== undefined && step.fromFen > 0 ? Math.floor(amountFen / step.fromFen) : 1
    const off = step.offFen !== undefined ? step.offFen * times : amountFen - roundHalfUp((amountFen * step.payBp!) / 10_000)
    best = Math.max(best, Math.min(off, step.capFen ?? off, amountFen))
  }
  return best
}

/** Level of a member price for what somebody has paid so far; undefined below the first. */
export const levelOf = (play: PlayOf<'member-price'>, netFen: Fen): { name: string; payBp: number } | undefined => play.rule.levels.filter((level) => netFen >= level.fromFen).toSorted((a, b) => b.fromFen - a.fromFen)[0]

/** Why a coupon in the hand cannot be used on this basket, before amounts are looked at. */
export function couponRefusal(coupon: HeldCoupon, buyer: Buyer, now: Instant): Refusal | undefined {
  const name = coupon.play.name
  if (coupon.state === 'used' || coupon.state === 'held') return refuse('coupon-used', `“${name}”已经用在另一单上了`)
  if (coupon.state === 'void' || coupon.play.state === 'off') return refuse('coupon-void', `“${name}”已经作废`)
  if (now < coupon.validFrom) return refuse('coupon-early', `“${name}”还没到能用的时候`)
  if (now >= coupon.validTo) return refuse('coupon-expired', `“${name}”过期了`)
  if (coupon.play.rule.audience === 'new' && buyer.orders > 0) return refuse('coupon-new-only', `“${name}”只给第一次买的人`)
  return undefined
}

export function priceBasket(facts: BasketFacts, coupons: readonly HeldCoupon[]): PricedBasket | Refusal {
  const { lines, plays, buyer, now } = facts
  const amounts = lines.map((line) => line.unitFen * line.quantity)
  const discounts: LineDiscount[][] = lines.map(() => [])
  const taken: PricedBasket['taken'] = []
  const open = lines.map(() => ({ reductions: true, coupons: true, reduced: false }))
  const take = (index: number, discount: LineDiscount): void => {
    if (discount.fen <= 0) return
    amounts[index] -= discount.fen
    discounts[index].push(discount)
  }

  // ---- price plays of lines ----
  if (facts.group && !plays.some((play) => play.kind === 'group' && play.promotionId === facts.group!.promotionId)) return refuse('group-over', '这个拼团已经结束')
  if (facts.group && lines.length !== 1) return refuse('group-one-line', '拼团一次只买一种')
  if (facts.deposit && (lines.length !== 1 || lines[0].skuId !== facts.deposit.skuId || lines[0].quantity !== facts.deposit.quantity)) return refuse('deposit-other-goods', '这笔定金不是这些货的')
  const pieces = new Map<string, number>()
  for (const line of lines) pieces.set(line.skuId, (pieces.get(line.skuId) ?? 0) + line.quantity)
  for (const [index, line] of lines.entries()) {
    const list = amounts[index]
    if (facts.deposit) {
      const { deposit } = facts
      const play = plays.find((one) => one.promotionId === deposit.promotionId)
      const lower = Math.max(0, list - deposit.priceFen * line.quantity)
      const grown = Math.max(0, Math.min(list - lower - deposit.depositFen, deposit.worthFen - deposit.depositFen))
      take(index, { promotionId: deposit.promotionId, couponId: null, kind: 'presale', name: `${play?.name ?? '预售'}${grown > 0 ? '（含定金膨胀）' : ''}`, bearer: 'merchant', fen: lower + grown })
      open[index] = { reductions: false, coupons: false, reduced: false }
      continue
    }
    let best: { play: Play; payFen: Fen; counted: boolean } | undefined
    for (const play of plays) {
      if (play.kind === 'group') {
        if (play.promotionId !== facts.group?.promotionId) continue
        const offer = play.rule.prices.find((one) => one.skuId === line.skuId)
        if (!offer) return refuse('group-other-goods', '这件不在这个拼团里')
        const left = facts.left(play.promotionId, line.skuId)
        if (left !== undefined && left < line.quantity) return refuse('group-sold-out', left > 0 ? `拼团价只剩 ${left} 件` : '拼团的份额拼完了')
        if (facts.bought(play.promotionId, line.skuId) + line.quantity > play.rule.perPerson) return refuse('group-limit', `每人拼团最多 ${play.rule.perPerson} 件`)
        best = { play, payFen: Math.min(list, offer.priceFen * line.quantity), counted: true }
        break
      }
      if (play.kind === 'flash') {
        const offer = play.rule.prices.find((one) => one.skuId === line.skuId)
        const wanted = pieces.get(line.skuId)!
        const left = facts.left(play.promotionId, line.skuId) ?? 0
        const own = facts.bought(play.promotionId, line.skuId)
        // Sold out, or enough bought: the ordinary price again. Some, but not for all of these: asked, not mixed.
        if (!offer || left <= 0 || own >= play.rule.perPerson) continue
        if (own + wanted > play.rule.perPerson) return refuse('flash-limit', `秒杀价每人最多 ${play.rule.perPerson} 件`)
        if (left < wanted) return refuse('flash-short', `秒杀价只剩 ${left} 件`)
        const payFen = offer.priceFen * line.quantity
        if (payFen < (best?.payFen ?? list)) best = { play, payFen, counted: true }
      }
      if (play.kind === 'member-price' && covers(play.rule.goods, line)) {
        const level = levelOf(play, buyer.netFen)
        const payFen = level === undefined ? list : Math.max(1, roundHalfUp((list * level.payBp) / 10_000))
        if (payFen < (best?.payFen ?? list)) best = { play, payFen, counted: false }
      }
    }
    if (best) {
      const { play } = best
      const rule = play.rule as { bearer: LineDiscount['bearer']; withReductions: boolean; withCoupons: boolean }
      take(index, { promotionId: play.promotionId, couponId: null, kind: play.kind, name: play.name, bearer: rule.bearer, fen: list - best.payFen })
      open[index] = { reductions: rule.withReductions, coupons: rule.withCoupons, reduced: false }
      if (best.counted) taken.push({ promotionId: play.promotionId, skuId: line.skuId, quantity: line.quantity })
    }
  }

  /** Takes so much off these lines in proportion to what they cost now; one fen of the basket stays. */
  const spread = (indexes: readonly number[], off: Fen, as: Omit<LineDiscount, 'fen'>): Fen => {
    const parts = splitFen(Math.max(0, Math.min(off, sum(amounts) - 1)), indexes.map((index) => amounts[index]))
    indexes.forEach((index, n) => take(index, { ...as, fen: parts[n] }))
    return sum(parts)
  }

  // ---- reductions: the one that takes most first ----
  const reductions = plays.filter((play) => play.kind === 'full-reduction')
  while (reductions.length > 0) {
    const offers = reductions.map((play) => {
      const indexes = lines.flatMap((line, index) => (open[index].reductions && !open[index].reduced && covers(play.rule.goods, line) ? [index] : []))
      return { play, indexes, off: offOf(play.rule.steps, play.rule.repeat, sum(indexes.map((index) => amounts[index])), sum(indexes.map((index) => lines[index].quantity))) }
    })
    const best = offers.toSorted((a, b) => b.off - a.off || (a.play.promotionId < b.play.promotionId ? -1 : 1))[0]
    if (best.off <= 0) break
    spread(best.indexes, best.off, { promotionId: best.play.promotionId, couponId: null, kind: 'full-reduction', name: best.play.name, bearer: best.play.rule.bearer })
    for (const index of best.indexes) {
      open[index].reduced = true
      if (!best.play.rule.withCoupons) open[index].coupons = false
    }
    reductions.splice(reductions.indexOf(best.play), 1)
  }

  // ---- coupons: shares before sums, because a share of more is more ----
  if (coupons.length > 1) {
    const alone = coupons.find((coupon) => !coupon.play.rule.stacks)
    if (alone) return refuse('coupon-alone', `“${alone.play.name}”不能和别的券一起用`)
    if (new Set(coupons.map((coupon) => coupon.play.promotionId)).size < coupons.length) return refuse('coupon-twice', '同一种券一单只能用一张')
  }
  const ordered = coupons.toSorted((a, b) => Number(a.play.rule.steps[0].payBp === undefined) - Number(b.play.rule.steps[0].payBp === undefined) || (a.couponId < b.couponId ? -1 : 1))
  for (const coupon of ordered) {
    const refusal = couponRefusal(coupon, buyer, now)
    if (refusal) return refusal
    const { rule, name, promotionId } = coupon.play
    const inScope = lines.flatMap((line, index) => (covers(rule.goods, line) ? [index] : []))
    if (inScope.length === 0) return refuse('coupon-other-goods', `“${name}”不能用在这些货上`)
    const indexes = inScope.filter((index) => open[index].coupons && (rule.withReductions || !open[index].reduced))
    if (indexes.length === 0) return refuse('coupon-with-play', `这些货已经在享受别的优惠，“${name}”不能叠加`)
    const amount = sum(indexes.map((index) => amounts[index]))
    const count = sum(indexes.map((index) => lines[index].quantity))
    const [step] = rule.steps
    if (amount < step.fromFen) return refuse('coupon-short', `再买 ${((step.fromFen - amount) / 100).toFixed(2)} 元可用“${name}”`)
    if (count < step.fromPieces) return refuse('coupon-short', `再买 ${step.fromPieces - count} 件可用“${name}”`)
    const off = spread(indexes, offOf(rule.steps, false, amount, count), { promotionId, couponId: coupon.couponId, kind: 'coupon', name, bearer: rule.bearer })
    if (off <= 0) return refuse('coupon-nothing', `“${name}”在这一单省不了钱`)
  }
  return { kind: 'priced', discounts, totalFen: sum(amounts), taken }
}
