import { flag, fork, type People } from './people.ts'

/**
 * The truth (真值): what the product must never see. Only tests and the simulation import this file; the HTTP surface never returns it.
 */

/** Discount per day: 0.2% a week; horizon 52 weeks, as in the product's lifetime value. */
export const truthHorizonDays = 364
export const truthDiscount = Math.log(1.002) / 7

/** Traits of one person, in plain numbers. */
export function traitsOf(people: People, person: number) {
  const { traits, state } = people
  return {
    rate: traits.rate[person], drop: traits.drop[person], meanFen: traits.mean[person], lift: traits.lift[person], tolerance: state.tolerance[person], tie: traits.tie[person],
    type: (['fan', 'ordinary', 'cold'] as const)[traits.type[person]], alive: (state.flags[person] & flag.alive) !== 0, muted: (state.flags[person] & flag.muted) !== 0,
  }
}

/** A twin of everybody, never touched: run it beside the people with the same days; purchases it does not share were caused. */
export const twinOf = (people: People): People => fork(people)

/** Discounted own purchases of somebody who is still a customer over the horizon: untouched, season 1: λ ∫ exp(−(λp + ρ)t) dt, later for one who has yet to buy first. */
export function ownPurchases(people: People, person: number): number {
  const { rate, drop } = people.traits
  const flags = people.state.flags[person]
  const decay = rate[person] * drop[person] + truthDiscount
  const all = (rate[person] * (1 - Math.exp(-decay * truthHorizonDays))) / decay
  if ((flags & flag.bought) !== 0) return all
  const wait = people.merchant.shop.chi * rate[person] * truthHorizonDays
  return all * (wait < 1e-6 ? 0 : 1 - (1 - Math.exp(-wait)) / wait)
}

/**
 * Value of the relation with a person in fen of margin: own margin over the horizon × φ (the share of trade that goes through the relation),
 * plus what messages at four a month would still add; `alive` is the chance to be still a customer. A test compares it with two forks, with and without the deletion.
 */
export function relationValue(people: People, person: number, day: number, origin: number, alive = (people.state.flags[person] & flag.alive) !== 0 ? 1 : 0): number {
  const { merchant, traits } = people
  const { shop, response, common } = merchant
  if (alive === 0) return 0
  const own = alive * ownPurchases(people, person)
  const years = Math.max(0, day - origin) / 365
  const lift = traits.lift[person] * Math.max(0, 1 - response.driftLift * years)
  // Mean of 1 − exp(−S) at four a month, and what later sales lose to sales made earlier.
  const level = (common.attentionPerTouch * common.lines.broadcast.see * 4 * common.attentionDays) / Math.LN2 / 28
  const share = lift * (1 - Math.exp(-level)) * (1 - Math.min(0.8, (merchant.beta * common.borrowDays) / Math.LN2 * traits.rate[person]))
  return own * traits.mean[person] * shop.margin * (1 - shop.returnRate * (1 - 0.5 * common.returnPartial)) * (merchant.phi + share * 0.8)
}
