import { dayMs } from '../../kernel/calendar.ts'
import type { Namespace } from '../core/namespace.ts'
import { uniformAt, createChance, seedOf, slot } from './chance.ts'
import type { PopulationState } from './live.ts'
import { flag, type People } from './people.ts'

/** What people know of prices and carry in their wallets (价格与优惠券). Everything here is sparse: who met no coupon and no other price than the first has no entry. */

/** A coupon in somebody's hand: from which dawn and until when it tempts, and what share of the usual basket it takes off. Used ones go at the next dawn. */
export type Held = { userCouponId: string; from: number; until: number; share: number; used?: true }
/** A coupon that can be taken now, as a buyer sees it in the Shop. */
export type Offer = { couponId: string; left: number; /** Share of the price that is taken off, or the fen. */ discountShare: number | null; discountFen: number | null }

/** A basket cannot fall below a fifth of its price (the Shop's own rule). */
const largestShare = 0.8

export const shareOf = (offer: Offer, meanOrderFen: number): number => Math.min(largestShare, Math.max(0, offer.discountShare ?? (offer.discountFen ?? 0) / Math.max(1, meanOrderFen)))

/** ln of today's prices over those that people first saw: the mean over the goods that are for sale. New goods bring no opinion. */
export function priceIndex(state: PopulationState, products: ReadonlyArray<{ productId: string; skus: ReadonlyArray<{ priceFen: number }> }>): number {
  const first = (state.prices ??= {})
  let sum = 0
  for (const { productId, skus } of products) {
    const now = skus[0].priceFen
    first[productId] ??= now
    if (now > 0 && first[productId] > 0) sum += Math.log(now / first[productId])
  }
  return products.length === 0 ? 0 : sum / products.length
}

/** A new day: used and expired coupons go, and the price in mind moves towards what was paid yesterday, so that discounts wear out. */
export function dawnOfWallets(state: PopulationState, index: number, now: number, pull: number): void {
  state.priceIndex = index
  state.dawnAt = now
  for (const [i, held] of Object.entries(state.wallets ?? {})) if (held.used || held.until <= now) delete state.wallets![i]
  for (const [i, paid] of state.paid ?? []) {
    const before = state.references?.[i] ?? 0
    const after = before + pull * (paid - before)
    if (Math.abs(after) > 1e-6) (state.references ??= {})[i] = after
    else if (state.references) delete state.references[i]
  }
  state.paid = []
}

/** What prices and coupons of this dawn do to everybody's hazard and borrowing, from the state alone, so that a world read back goes on the same. */
export function setHazards(state: PopulationState, people: People, hazard: Float32Array, borrowFactor: Float32Array): void {
  const { traits, merchant: { common } } = people
  hazard.fill(1)
  borrowFactor.fill(1)
  const index = state.priceIndex ?? 0
  if (index !== 0 || Object.keys(state.references ?? {}).length > 0) for (let i = 0; i < people.size; i++) hazard[i] = Math.exp(-traits.elasticity[i] * (index - (state.references?.[i] ?? 0)))
  for (const [key, held] of Object.entries(state.wallets ?? {})) {
    if (held.from > (state.dawnAt ?? 0)) continue
    const i = Number(key)
    hazard[i] *= 1 + traits.coupons[i] * common.couponEffect * held.share
    borrowFactor[i] = common.couponBorrow
  }
}

/** An order was placed: `paid` is ln of what was paid over the first price. */
export function rememberPaid(state: PopulationState, i: number, paid: number): void {
  if (paid !== 0 || state.references?.[i] !== undefined) (state.paid ??= []).push([i, paid])
}

/**
 * Who takes which coupon on a day: contacts and buyers meet it in the Shop (or by the message they tapped) and take it by their liking. One per person at a time.
 * @param only one person, who has just tapped a message that leads to the Shop.
 */
export function takers(state: PopulationState, people: People, day: number, offer: Offer, only?: number): number[] {
  const { chance, traits, merchant: { common, shop } } = people
  const k = seedOf(offer.couponId) % 2 ** 20
  const found: number[] = []
  const from = only ?? 0
  for (let i = from; i < (only === undefined ? people.size : only + 1); i++) {
    if (state.wallets?.[i] !== undefined || (only === undefined && (people.state.flags[i] & (flag.contact | flag.bought)) === 0)) continue
    chance.at(traits.keyHigh[i], traits.keyLow[i], day)
    const meet = only === undefined ? shop.couponMeet : common.couponAfterClick
    if (chance.u(slot.coupon, k + (only === undefined ? 0 : 2 ** 21)) < meet * Math.min(1, common.couponTake * traits.coupons[i])) found.push(i)
    if (found.length >= offer.left) break
  }
  return found
}

/** At which instant of the day the taker opens the Shop: any time between nine and ten at night. */
export const takenAt = (ns: Namespace, state: PopulationState, day: number, i: number): number =>
  Math.max(ns.now + 1000, day * dayMs - 28_800_000 + Math.round((9 + 13 * uniformAt(createChance(), state.seed, 0, i, day, slot.coupon, 7)) * 3_600_000))
