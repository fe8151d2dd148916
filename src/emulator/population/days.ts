import { slot } from './chance.ts'
import type { LineWeights } from './parameters.ts'
import { flag, topicCount, type People } from './people.ts'
import type { Season } from './season.ts'

/** What happened to somebody; `fen` is the order's value for purchases, else 0. Integers only: a last-digit difference must not change a log's hash. */
export type Happening = (kind: HappeningKind, person: number, fen: number) => void

export const happening = { ownPurchase: 1, causedPurchase: 2, leave: 3, naturalLeave: 4, mute: 5, click: 6, winBack: 7, comeBack: 8, dropOut: 9, reply: 10, like: 11, complaint: 12 } as const
export type HappeningKind = (typeof happening)[keyof typeof happening]

/** What one touch did; one object, reused. */
export type Feeling = { seen: boolean; left: boolean; muted: boolean; clicked: boolean; relevance: number; /** P(leave) of this touch before the draw. */ leaveChance: number }

export type Days = {
  /**
   * A message of `line` reaches the person on `day` as the k-th touch of that person that day; relevance in 0–1. `elsewhere`: not from the member but in a group: who
   * has enough of it leaves the group (`left`), and the relation stays.
   */
  touch(person: number, day: number, k: number, line: LineWeights, relevance: number, hourFactor?: number, elsewhere?: boolean): Feeling
  /** Leaving for other reasons, coming back, buying; then stocks decay into the next day. Call once a day, after the touches. */
  live(day: number, sink: Happening): void
  /**
   * With `dawn`: a touch of today may still cause a purchase today. The day's one draw is asked again with the attention that is there now, so
   * that touches before or after the day's start come to the same. True: bought because of it.
   */
  impulse(person: number, day: number, sink: Happening): boolean
  /** relevance = clamp(base + slope · cos(θ, g) · fit). `topic` has 12 weights. */
  relevance(person: number, topic: ArrayLike<number>, fit?: number): number
}

/** Optional additions of a run. */
export type DaysOptions = {
  /** Day on which drift starts to count. */
  origin: number
  /** Multiplies a person's purchase hazard (price, coupon, live room), and a person's borrowing; 1 when absent. */
  hazard?: Float32Array
  borrowFactor?: Float32Array
  /** Stocks decay at the start of `live` instead of its end: for worlds in which touches arrive during the day, after it began (see `impulse`). */
  dawn?: boolean
  /** Multiplies δ and d0 of persons (warned by a friend, came for a gift). */
  unrest?: Float32Array
  /**
   * Expected scoring: adds P(purchase) × mean order value (fen) per group. `alive` is the chance to be still a customer given what was sent, carried
   * along so that the luck of drop-out does not count either. Those who left count at their own untouched rate, because their loss is
   * priced once, at the day they leave.
   */
  score?: { group: Uint8Array; value: Float64Array; alive: Float64Array }
}

const never = 512

export function createDays(people: People, season: Season, options: DaysOptions): Days {
  const { merchant, chance, size, tables } = people
  const { common, shop, response, phi, beta, kappaW, winBack } = merchant
  const { keyHigh, keyLow, rate, drop, mean, lift, tie, budget, taste, tasteNorm } = people.traits
  const { flags, attention, annoyance, memory, borrow, felt, tolerance, spent, window } = people.state
  const { hazard, borrowFactor, unrest, score, origin } = options
  const dawn = options.dawn === true
  const powers = (halfLife: number): Float64Array => Float64Array.from({ length: never }, (_, n) => 2 ** (-n / halfLife))
  const annoyancePower = powers(common.annoyanceDays)
  const memoryPower = powers(common.memoryDays)
  const attentionDecay = 2 ** (-1 / common.attentionDays)
  const borrowDecay = 2 ** (-1 / common.borrowDays)
  const { chi } = shop
  const feeling: Feeling = { seen: false, left: false, muted: false, clicked: false, relevance: 0, leaveChance: 0 }
  const driftOn = (day: number): number => Math.max(0, 1 - response.driftLift * years(day))
  const years = (day: number): number => Math.max(0, (day - origin) / 365)

  const chanceOf = (h: number): number => (h < 0.02 ? h * (1 - h * (0.5 - h / 6)) : 1 - Math.exp(-h))
  /** Who has never bought stays a customer in waiting; the others drop out after own purchases. */
  const scoreOne = (i: number, f: number, gone: boolean, now: number, day: number, driftNow: number): void => {
    const { group, value, alive } = score!
    const a = alive[i]
    if (a < 1e-9) return
    let base = rate[i] * now
    if ((f & flag.bought) === 0) base *= (f & (flag.contact | flag.gone)) !== 0 ? chi : chi * common.publicFirst
    if ((f & flag.gift) !== 0) base *= 0.2
    if (hazard) base *= hazard[i]
    const s = gone ? 0 : attention[i]
    const own = base * (1 - (gone ? 0 : borrow[i]))
    const h = s > 1e-4 ? own * (1 + lift[i] * driftNow * (1 - Math.exp(-s))) : own
    value[group[i]] += mean[i] * a * chanceOf(h)
    if ((f & flag.bought) !== 0) alive[i] = a * (1 - chanceOf(own) * drop[i] * (gone ? 1 : 1 - kappaW * memoryOn(i, day)))
  }

  const decayFelt = (i: number, day: number): void => {
    const days = day - felt[i]
    if (days <= 0) return
    felt[i] = day
    if (days >= never) {
      annoyance[i] = 0
      memory[i] = 0
      return
    }
    annoyance[i] *= annoyancePower[days]
    memory[i] *= memoryPower[days]
  }
  const decayDaily = (i: number): void => {
    const s = attention[i]
    if (s !== 0) attention[i] = s < 1e-4 ? 0 : s * attentionDecay
    const b = borrow[i]
    if (b !== 0) borrow[i] = b < 1e-4 ? 0 : b * borrowDecay
  }
  const memoryOn = (i: number, day: number): number => {
    const days = day - felt[i]
    return memory[i] === 0 || days >= never ? 0 : memory[i] * memoryPower[days]
  }

  /** The chance is fixed at the person and day. */
  const buy = (i: number, day: number, borrowed: number, s: number, caused: boolean, sink: Happening): void => {
    const period = Math.floor(day / 28)
    if (window[i] !== period) {
      window[i] = period
      spent[i] = 0
    }
    let fen = Math.floor((mean[i] / shop.valueShape) * tables.value(chance.u(slot.value)) + 0.5)
    if (fen < 1) fen = 1
    if (spent[i] + fen > budget[i]) fen = Math.max(1, Math.floor(budget[i] - spent[i]))
    spent[i] += fen
    if ((flags[i] & flag.bought) !== 0 && !caused && chance.u(slot.dropOut) < drop[i] * (1 - kappaW * memoryOn(i, day))) {
      flags[i] &= ~flag.alive
      sink(happening.dropOut, i, 0)
    }
    flags[i] |= flag.bought
    if (caused) borrow[i] = Math.min(0.9, borrowed + beta * (borrowFactor ? borrowFactor[i] : 1))
    sink(caused ? happening.causedPurchase : happening.ownPurchase, i, fen)
    if ((s > 0.1 || caused) && chance.u(slot.click, 255) < (caused ? common.clickCaused : common.clickOwn)) sink(happening.click, i, 0)
  }

  const leave = (i: number): void => {
    const alive = flags[i] & flag.alive
    flags[i] = (flags[i] & ~(flag.contact | flag.muted | flag.ghost)) | flag.gone | (alive ? flag.ghost : 0)
    attention[i] = 0
  }

  return {
    relevance(i, topic, fit = 1) {
      let dot = 0
      let norm = 0
      for (let t = 0; t < topicCount; t++) {
        dot += taste[i * topicCount + t] * topic[t]
        norm += topic[t] * topic[t]
      }
      const value = common.relevanceBase + (common.relevanceSlope * dot * fit) / (tasteNorm[i] * Math.sqrt(norm))
      return value < 0 ? 0 : value > 1 ? 1 : value
    },

    touch(i, day, k, line, relevance, hourFactor = 1, elsewhere = false) {
      feeling.seen = feeling.left = feeling.muted = feeling.clicked = false
      feeling.relevance = relevance
      feeling.leaveChance = 0
      if ((flags[i] & flag.contact) === 0 || ((flags[i] & flag.muted) !== 0 && !elsewhere)) return feeling
      const crowded = season.crowded[day - season.first] === 1
      chance.at(keyHigh[i], keyLow[i], day)
      if (chance.u(slot.seen, k) >= line.see * hourFactor * (crowded ? common.crowdSeen : 1)) return feeling
      feeling.seen = true
      decayFelt(i, day)
      attention[i] += line.attention * common.attentionPerTouch * 2 * relevance
      // Leaving answers to the annoyance that was there when the message came: so measured deletions are those of the regimes' table.
      const before = annoyance[i]
      annoyance[i] += line.annoyance * (1.5 - relevance) * (1 + common.forgottenAnnoys * (1 - memory[i])) * (crowded ? common.crowdAnnoyance : 1)
      memory[i] += common.memoryGain * (1 - memory[i])
      if (line.annoyance === 0) return feeling
      if (score && (flags[i] & flag.bought) !== 0) score.alive[i] += (1 - score.alive[i]) * winBack * 2 * relevance
      if ((flags[i] & (flag.alive | flag.bought)) === flag.bought && chance.u(slot.winBack, k) < winBack * 2 * relevance) flags[i] |= flag.alive
      const delta = response.delta * Math.exp(response.driftDelta * years(day)) * (unrest ? unrest[i] : 1)
      feeling.leaveChance = Math.min(0.5, delta * Math.pow(before / tolerance[i], common.leavePower) * (1.3 - 0.6 * tie[i]))
      feeling.clicked = chance.u(slot.click, k) < common.clickBase + common.clickRelevance * relevance
      if (chance.u(slot.leave, k) < feeling.leaveChance) {
        feeling.left = true
        if (!elsewhere) leave(i)
      } else if (!elsewhere && chance.u(slot.mute, k) < common.muteRatio * feeling.leaveChance) {
        feeling.muted = true
        flags[i] |= flag.muted
      }
      return feeling
    },

    impulse(i, day, sink) {
      const f = flags[i]
      if ((f & (flag.contact | flag.alive)) !== (flag.contact | flag.alive) || attention[i] <= 1e-4) return false
      const base = rate[i] * season.factor[day - season.first] * ((f & flag.bought) === 0 ? chi : 1) * ((f & flag.gift) !== 0 ? 0.2 : 1) * (hazard ? hazard[i] : 1) * (1 - borrow[i])
      chance.at(keyHigh[i], keyLow[i], day)
      const u = chance.u(slot.buy)
      if (u < 1 - Math.exp(-base) || u >= 1 - Math.exp(-base * (1 + lift[i] * driftOn(day) * (1 - Math.exp(-attention[i]))))) return false
      buy(i, day, borrow[i], attention[i], true, sink)
      return true
    },

    live(day, sink) {
      const now = season.factor[day - season.first]
      const driftNow = driftOn(day)
      const comeBackDaily = common.comeBack / 365
      const d0 = shop.leaveNatural
      for (let i = 0; i < size; i++) {
        let f = flags[i]
        if (dawn) decayDaily(i)
        const s = attention[i]
        const b = borrow[i]
        let drawn = false
        if ((f & flag.contact) !== 0) {
          chance.at(keyHigh[i], keyLow[i], day)
          drawn = true
          if (chance.u(slot.naturalLeave) < d0 * (unrest ? unrest[i] : 1)) {
            leave(i)
            f = flags[i]
            sink(happening.naturalLeave, i, 0)
          }
        } else if ((f & flag.gone) !== 0) {
          chance.at(keyHigh[i], keyLow[i], day)
          drawn = true
          if (chance.u(slot.comeBack) < comeBackDaily) {
            f = flags[i] = (f & ~(flag.gone | flag.muted)) | flag.contact
            annoyance[i] = 0
            tolerance[i] *= common.comeBackTolerance
            sink(happening.comeBack, i, 0)
          }
        }
        const gone = (f & flag.gone) !== 0
        if (score) scoreOne(i, f, gone, now, day, driftNow)
        if ((f & flag.alive) !== 0 || (gone && (f & flag.ghost) !== 0)) {
          let base = rate[i] * now
          if ((f & flag.bought) === 0) base *= (f & (flag.contact | flag.gone)) !== 0 ? chi : chi * common.publicFirst
          if ((f & flag.gift) !== 0) base *= 0.2
          if (hazard) base *= hazard[i]
          const own = gone ? base * (1 - phi) : base
          const keep = 1 - b
          const h = s > 1e-4 && !gone ? own * keep * (1 + lift[i] * driftNow * (1 - Math.exp(-s))) : own * keep
            // 1 − exp(−x) < x, so most persons need no exponential.
          const most = gone ? base : h
          if (!drawn) chance.at(keyHigh[i], keyLow[i], day)
          const u = chance.u(slot.buy)
          if (u < most) {
            if ((f & flag.alive) !== 0 && u < 1 - Math.exp(-h)) {
              const caused = u >= 1 - Math.exp(-own * keep)
              buy(i, day, b, s, caused, sink)
            }
            if (gone && (f & flag.ghost) !== 0 && (f & flag.bought) !== 0 && u < 1 - Math.exp(-base) && chance.u(slot.dropOut) < drop[i]) flags[i] &= ~flag.ghost
          }
        }
        if (!dawn) decayDaily(i)
      }
    },
  }
}
