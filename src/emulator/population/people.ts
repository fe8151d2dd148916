import { createChance, slot, type Chance } from './chance.ts'
import type { Merchant } from './parameters.ts'
import { betaTable, gammaQuantile, normalAt, type Quantile } from './quantile.ts'

/** Quantile tables of a merchant's distributions; they depend on the preset only, so a fleet shares them (`makeTables`). */
export type Tables = { rate: Quantile; drop: Quantile; spend: Quantile; value: Quantile; lift: Quantile; taste: Quantile[] }

export const topicCount = 12

export function makeTables(merchant: Merchant): Tables {
  const { shop } = merchant
  return {
    rate: gammaQuantile(shop.r), drop: betaTable(shop.a, shop.b), spend: gammaQuantile(shop.spendShape), value: gammaQuantile(shop.valueShape), lift: gammaQuantile(2),
    taste: shop.topics.map((share) => gammaQuantile(Math.max(0.004, 0.4 * share))),
  }
}

/** Bits of `flags`. */
export const flag = { contact: 1, gone: 2, muted: 4, alive: 8, ghost: 16, bought: 32, gift: 64, everContact: 128 } as const

/**
 * The persons of one merchant, one row each on typed arrays, about 120 bytes. Traits are drawn once; state moves day by day. Person ids are
 * ordinals: a larger population has the smaller one as its first rows.
 */
export type Traits = {
  keyHigh: Int32Array
  keyLow: Int32Array
  /** Purchases per day while alive; chance that an own purchase is the last. */
  rate: Float32Array
  drop: Float32Array
  /** Mean order value in fen, after the preset's heavy tail. */
  mean: Float32Array
  lift: Float32Array
  tie: Float32Array
  elasticity: Float32Array
  coupons: Float32Array
  budget: Float32Array
  /** Taste over 12 topics, rows of 12, scaled so that the largest is 255; `tasteNorm` is the row's Euclidean norm. */
  taste: Uint8Array
  tasteNorm: Float32Array
  /** 0 fan, 1 ordinary, 2 cold. */
  type: Uint8Array
  /** Peak hour of reading, in quarters of an hour. */
  hour: Uint8Array
}

export type State = {
  flags: Uint8Array
  attention: Float32Array
  annoyance: Float32Array
  memory: Float32Array
  borrow: Float32Array
  /** Day to which annoyance and memory are decayed. */
  felt: Int16Array
  tolerance: Float32Array
  /** Spent in fen in the 28-day window `window`. */
  spent: Float32Array
  window: Int16Array
}

export type People = {
  readonly size: number
  readonly seed: number
  readonly merchantId: number
  readonly merchant: Merchant
  readonly tables: Tables
  readonly chance: Chance
  readonly traits: Traits
  readonly state: State
}

export type PeopleOptions = {
  merchant: Merchant
  tables?: Tables
  seed: number
  merchantId?: number
  size: number
}

/** Makes persons who are no contacts and have not bought. Types go by rank, so they (alone) depend on the number of persons. */
export function makePeople(options: PeopleOptions): People {
  const { merchant, seed, size } = options
  const merchantId = options.merchantId ?? 0
  const tables = options.tables ?? makeTables(merchant)
  const { shop, common, response } = merchant
  const chance = createChance()
  const traits: Traits = {
    keyHigh: new Int32Array(size), keyLow: new Int32Array(size), rate: new Float32Array(size), drop: new Float32Array(size), mean: new Float32Array(size), lift: new Float32Array(size),
    tie: new Float32Array(size), elasticity: new Float32Array(size), coupons: new Float32Array(size), budget: new Float32Array(size), taste: new Uint8Array(size * topicCount),
    tasteNorm: new Float32Array(size), type: new Uint8Array(size), hour: new Uint8Array(size),
  }
  const state: State = {
    flags: new Uint8Array(size).fill(flag.alive | flag.ghost), attention: new Float32Array(size), annoyance: new Float32Array(size), memory: new Float32Array(size), borrow: new Float32Array(size),
    felt: new Int16Array(size), tolerance: new Float32Array(size), spent: new Float32Array(size), window: new Int16Array(size).fill(-1),
  }
  const score = new Float64Array(size)
  const tieNoise = new Float32Array(size)
  const lnK = Math.log(response.tolerance)
  const row = new Float64Array(topicCount)
  chance.root(seed, merchantId)
  for (let i = 0; i < size; i++) {
    chance.root(seed, merchantId)
    const high = (traits.keyHigh[i] = chance.personHigh(i))
    const low = (traits.keyLow[i] = chance.personLow())
    chance.at(high, low, 0)
    const rate = tables.rate(chance.u(slot.rate)) / shop.alpha
    traits.rate[i] = rate
    traits.drop[i] = tables.drop(chance.u(slot.drop))
    // Mean of Gamma–Gamma is p γ / (q − 1); the heavy tail keeps it.
    const spend = tables.spend(chance.u(slot.spend))
    const heavy = shop.heavy > 0 ? Math.exp(shop.heavy * normalAt(chance.u(slot.heavy)) - 0.5 * shop.heavy * shop.heavy) : 1
    const mean = (traits.mean[i] = ((shop.meanOrderFen * (shop.spendShape - 1)) / spend) * heavy)
    traits.budget[i] = Math.max(8 * rate * 28 * mean, 2 * mean)
    traits.lift[i] = (response.lift * tables.lift(chance.u(slot.lift))) / 2
    tieNoise[i] = normalAt(chance.u(slot.tie))
    traits.elasticity[i] = Math.exp(Math.log(common.elasticity) + common.elasticitySd * normalAt(chance.u(slot.price)))
    traits.coupons[i] = Math.exp(common.couponSd * normalAt(chance.u(slot.coupons)))
    // Two-point mixture around 12:30 and 20:30, about an hour and a half wide.
    const h = chance.u(slot.hour)
    const peak = h < 0.35 ? 50 : 82
    traits.hour[i] = Math.round(peak + 6 * normalAt(h < 0.35 ? h / 0.35 || 1e-9 : (h - 0.35) / 0.65 || 1e-9))
    let top = 0
    for (let t = 0; t < topicCount; t++) {
      row[t] = tables.taste[t](chance.u(slot.taste, t))
      if (row[t] > top) top = row[t]
    }
    let norm = 0
    for (let t = 0; t < topicCount; t++) {
      const value = top > 0 ? Math.round((255 * row[t]) / top) : 128
      traits.taste[i * topicCount + t] = value
      norm += value * value
    }
    traits.tasteNorm[i] = Math.sqrt(norm)
    score[i] = rate * Math.exp(0.3 * normalAt(chance.u(slot.type)))
    state.tolerance[i] = normalAt(chance.u(slot.tolerance))
  }
  const order = (values: Float64Array | Float32Array): Uint32Array => Uint32Array.from({ length: size }, (_, i) => i).sort((x, y) => values[y] - values[x] || x - y)
  // Rank of λ pulls the tie; rank of λ with noise makes the type.
  const byRate = order(traits.rate)
  for (let position = 0; position < size; position++) {
    const i = byRate[position]
    const rank = size > 1 ? 1 - position / (size - 1) : 0.5
    const logit = tieNoise[i] + 0.6 * (rank - 0.5)
    traits.tie[i] = 1 / (1 + Math.exp(-logit))
    state.tolerance[i] = Math.exp(lnK + common.toleranceTie * logit + common.toleranceSd * state.tolerance[i])
  }
  const byScore = order(score)
  for (let position = 0; position < size; position++) {
    const i = byScore[position]
    const type = position < 0.25 * size ? 0 : position < 0.6 * size ? 1 : 2
    traits.type[i] = type
    traits.lift[i] *= response.liftByType[type]
    state.tolerance[i] *= response.toleranceByType[type]
  }
  return { size, seed, merchantId, merchant, tables, chance, traits, state }
}

/** The same persons with a state of their own: what is done to one fork is not felt in the other, and both see the same draws. */
export function fork(people: People): People {
  const { state } = people
  return {
    ...people, chance: createChance(),
    state: {
      flags: state.flags.slice(), attention: state.attention.slice(), annoyance: state.annoyance.slice(), memory: state.memory.slice(), borrow: state.borrow.slice(), felt: state.felt.slice(),
      tolerance: state.tolerance.slice(), spent: state.spent.slice(), window: state.window.slice(),
    },
  }
}

/** Bytes held per person, traits and state. */
export function bytesPerPerson(people: People): number {
  let bytes = 0
  for (const part of [people.traits, people.state]) for (const array of Object.values(part) as Array<ArrayBufferView>) bytes += array.byteLength
  return bytes / people.size
}
