import { dayMs, saleDate } from '../../kernel/calendar.ts'
import { createChance, uniformAt, type Chance } from '../../emulator/population/chance.ts'
import { createDays, happening } from '../../emulator/population/days.ts'
import { flag, fork, topicCount, type People } from '../../emulator/population/people.ts'
import { betaTable } from '../../emulator/population/quantile.ts'
import { makeSeason, type Season } from '../../emulator/population/season.ts'
import { confirmsAt } from '../../emulator/population/staff.ts'
import { relationValue } from '../../emulator/population/truth.ts'
import { topicOf } from './play.ts'

/**
 * What if (如果): the same people under the present dosage and under another, side by side. Every future is a draw of its own (never the one that
 * the sea will take), lived through by both policies with the same chance, so that their difference is what the policy did.
 */
export type WhatIfPolicy = 'blast' | 'silence'

/** Everybody once a day. */
export const blastDose = 28

/** A merchant's contacts as they stand, with the dosage that is being followed. */
export type Snapshot = {
  people: People
  /** Day on which drift began to count. */
  origin: number
  /** First day to be lived, days since 1970. */
  day: number
  /** Ordinals of the contacts, and of each: segment, member (index), dose of the running epoch (messages per epoch, −1: on no roster), pressure. */
  contacts: Int32Array
  segment: Uint8Array
  member: Int32Array
  dose: Int16Array
  pressure: Float64Array
  /** The running epoch's first and last day (exclusive); −1: none runs. */
  epochFrom: number
  epochTo: number
  epochDays: number
  /** Messages per epoch of each arm; share of each arm in the next epochs, segments × arms; what who is on no roster gets per epoch. */
  doses: number[]
  share: Float64Array
  habit: number
  margin: number
  touchCostFen: number
  halfLifeDays: number
}

export type Series = { netFen: number[]; orders: number[] | null; losses: number[]; messages: number[]; pressure: number[] | null }
export type Interval = { value: number; low: number; high: number }
export type Band = { mean: number[]; low: number[]; high: number[] }
export type Totals = { netFen: number; orders: number | null; losses: number; messages: number; lostValueFen: number }
export type WhatIf = {
  basis: 'population' | 'estimates'
  policy: WhatIfPolicy
  contacts: number
  futures: number
  blastDose: number
  days: string[]
  present: Series
  other: Series
  /** Other less present, the same futures; 95%. */
  difference: { netFen: Band; losses: Band; orders: Band | null; pressure: Band | null }
  summary: {
    present: Totals
    other: Totals
    netFen: Interval
    orders: Interval | null
    losses: Interval
    /** Contribution of the year after the last day that is lost with those who left. */
    lostValueFen: Interval
    /** margin × net revenue − messages' cost − what is lost later: what it comes to. */
    totalFen: Interval
    verdict: 'worse' | 'better' | 'not-clear'
  }
}

/** One policy in one future: sums up to each day, and the mean pressure of that day. */
type Life = { netFen: Float64Array; orders: Float64Array; losses: Float64Array; messages: Float64Array; pressure: Float64Array; lostValueFen: number }

type Ground = { season: Season; crew: ReturnType<typeof betaTable> }

/** Enough futures for an interval, few enough for a few seconds. */
export const futuresFor = (people: number, days: number): number => Math.max(16, Math.min(40, Math.floor(30e6 / (people * days * 2))))

/** The same people with other chances: keys of another seed, so that no future is the sea's own. */
function withSeed(people: People, seed: number): People {
  const copy = fork(people)
  const { chance } = copy
  const keyHigh = new Int32Array(people.size)
  const keyLow = new Int32Array(people.size)
  chance.root(seed, people.merchantId)
  for (let i = 0; i < people.size; i++) {
    chance.root(seed, people.merchantId)
    keyHigh[i] = chance.personHigh(i)
    keyLow[i] = chance.personLow()
  }
  return { ...copy, seed, traits: { ...copy.traits, keyHigh, keyLow } }
}

/** Messages of `dose` spread over an epoch: how many are due by the end of its day `nth` (from 0), with the person's own phase. */
const due = (dose: number, nth: number, length: number, phase: number): number => Math.min(dose, Math.floor((dose * (nth + 1)) / length + phase))

function* live(snapshot: Snapshot, ground: Ground, policy: WhatIfPolicy | 'present', days: number, seed: number): Generator<number, Life> {
  const { contacts, doses, epochDays } = snapshot
  const people = withSeed(snapshot.people, seed)
  const { merchant, state } = people
  const { common, shop } = merchant
  const engine = createDays(people, ground.season, { origin: snapshot.origin, dawn: true })
  const chance: Chance = createChance()
  const arms = doses.length
  const position = new Int32Array(people.size).fill(-1)
  contacts.forEach((i, c) => void (position[i] = c))
  const life: Life = { netFen: new Float64Array(days), orders: new Float64Array(days), losses: new Float64Array(days), messages: new Float64Array(days), pressure: new Float64Array(days), lostValueFen: 0 }
  const lost = new Uint8Array(contacts.length)
  const pressure = snapshot.pressure.slice()
  const decay = 2 ** (-1 / snapshot.halfLifeDays)
  const dose = snapshot.dose.slice()
  const phase = Float64Array.from(contacts, (i) => uniformAt(chance, seed, people.merchantId, i, 0, 95))
  const topic = new Float64Array(topicCount)
  const kept = 1 - shop.returnRate * (1 - 0.5 * common.returnPartial)
  const members = Math.max(0, ...snapshot.member) + 1
  let [netFen, orders, losses, messages] = [0, 0, 0, 0]
  const sink = (kind: number, i: number, fen: number): void => {
    const c = position[i]
    if (c < 0) return
    if (kind === happening.ownPurchase || kind === happening.causedPurchase) {
      orders++
      netFen += fen * kept
    } else if (kind === happening.naturalLeave) {
      losses++
      lost[c] = 1
    }
  }
  let from = snapshot.epochFrom
  let to = snapshot.epochTo
  for (let n = 0; n < days; n++) {
    const day = snapshot.day + n
    if (from < 0 || day >= to) {
      from = day
      to = day + epochDays
      // A new epoch: everybody is drawn anew by the shares that the last judgement gave.
      for (let c = 0; c < contacts.length; c++) {
        let u = uniformAt(chance, seed, people.merchantId, contacts[c], day, 96)
        const row = snapshot.segment[c] * arms
        let k = 0
        while (k < arms - 1 && u >= snapshot.share[row + k]) u -= snapshot.share[row + k++]
        dose[c] = doses[k]
      }
    }
    engine.live(day, sink)
    if (policy !== 'silence') {
      const confirms = Array.from({ length: members }, (_, staff) => confirmsAt({ seed, merchantId: people.merchantId, staff, day, minute: 600, nth: 0, reminded: false }, common, ground.crew) !== undefined)
      topicOf(people, seed, day, topic)
      for (let c = 0; c < contacts.length; c++) {
        const i = contacts[c]
        if ((state.flags[i] & flag.contact) === 0) continue
        const per = dose[c] < 0 ? snapshot.habit : dose[c]
        const sends = policy === 'blast' || (per > 0 && due(per, day - from, to - from, phase[c]) > due(per, day - from - 1, to - from, phase[c]))
        if (!sends || !confirms[snapshot.member[c]]) continue
        messages++
        pressure[c]++
        const feeling = engine.touch(i, day, 0, common.lines.broadcast, engine.relevance(i, topic))
        if (feeling.left) {
          losses++
          lost[c] = 1
        } else if (feeling.seen) engine.impulse(i, day, sink)
      }
    }
    let sum = 0
    let present = 0
    for (let c = 0; c < contacts.length; c++) {
      if ((state.flags[contacts[c]] & flag.contact) !== 0) {
        sum += pressure[c]
        present++
      }
      pressure[c] *= decay
    }
    life.netFen[n] = netFen
    life.orders[n] = orders
    life.losses[n] = losses
    life.messages[n] = messages
    life.pressure[n] = present > 0 ? sum / present : 0
    yield n
  }
  // What they do not buy within the days is in the money already; here the year after it.
  for (let c = 0; c < contacts.length; c++) {
    const i = contacts[c]
    if (lost[c] === 1 && (state.flags[i] & flag.gone) !== 0) life.lostValueFen += (relationValue(people, i, snapshot.day + days, snapshot.origin, (state.flags[i] & flag.ghost) !== 0 ? 1 : 0) * snapshot.margin) / shop.margin
  }
  return life
}

/** Both policies through all futures, yielding the share that is done after each day so that a server can breathe. The book is never touched. */
export function* playWhatIf(snapshot: Snapshot, policy: WhatIfPolicy, days: number, seed: number, futures = futuresFor(snapshot.people.size, days)): Generator<number, WhatIf> {
  const { common, shop } = snapshot.people.merchant
  const ground: Ground = { season: makeSeason(snapshot.day - 7, days + 14, shop.festivalExponent), crew: betaTable(common.diligenceA, common.diligenceB) }
  const pairs: Array<{ present: Life; other: Life }> = []
  let done = 0
  for (let f = 0; f < futures; f++) {
    const lives: Life[] = []
    for (const which of ['present', policy] as const) {
      const run = live(snapshot, ground, which, days, seed + 7919 * (f + 1))
      let step = run.next()
      while (!step.done) {
        yield ++done / (futures * 2 * days)
        step = run.next()
      }
      lives.push(step.value)
    }
    pairs.push({ present: lives[0], other: lives[1] })
  }
  const dates = Array.from({ length: days }, (_, n) => saleDate((snapshot.day + n) * dayMs))
  return summarise({ basis: 'population', policy, contacts: snapshot.contacts.length, blastDose: policy === 'blast' ? blastDose : 0, days: dates, margin: snapshot.margin, touchCostFen: snapshot.touchCostFen }, pairs)
}

type Head = Pick<WhatIf, 'basis' | 'policy' | 'contacts' | 'blastDose' | 'days'> & { margin: number; touchCostFen: number }
type Pair = { present: Partial<Life> & Pick<Life, 'netFen' | 'losses' | 'messages' | 'lostValueFen'>; other: Pair['present'] }

/** Means, and 95% of the differences future by future. */
export function summarise(head: Head, pairs: readonly Pair[]): WhatIf {
  const { margin, touchCostFen, ...rest } = head
  const n = head.days.length
  const last = n - 1
  const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length
  const quantile = (sorted: readonly number[], p: number): number => {
    const at = p * (sorted.length - 1)
    const low = Math.floor(at)
    return sorted[low] + (at - low) * (sorted[Math.min(sorted.length - 1, low + 1)] - sorted[low])
  }
  const interval = (values: number[]): Interval => {
    const sorted = [...values].sort((x, y) => x - y)
    return { value: mean(values), low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) }
  }
  const known = (key: 'orders' | 'pressure'): boolean => pairs[0].present[key] !== undefined
  const line = (side: keyof Pair, key: keyof Series): number[] => Array.from({ length: n }, (_, d) => mean(pairs.map((pair) => pair[side][key]![d])))
  const series = (side: keyof Pair): Series => ({
    netFen: line(side, 'netFen'), orders: known('orders') ? line(side, 'orders') : null, losses: line(side, 'losses'), messages: line(side, 'messages'), pressure: known('pressure') ? line(side, 'pressure') : null,
  })
  const band = (key: keyof Series): Band => {
    const rows = Array.from({ length: n }, (_, d) => interval(pairs.map((pair) => pair.other[key]![d] - pair.present[key]![d])))
    return { mean: rows.map((row) => row.value), low: rows.map((row) => row.low), high: rows.map((row) => row.high) }
  }
  const ends = (key: keyof Series): Interval => interval(pairs.map((pair) => pair.other[key]![last] - pair.present[key]![last]))
  const totals = (side: keyof Pair): Totals => {
    const at = (key: keyof Series): number => mean(pairs.map((pair) => pair[side][key]![last]))
    return { netFen: at('netFen'), orders: known('orders') ? at('orders') : null, losses: at('losses'), messages: at('messages'), lostValueFen: mean(pairs.map((pair) => pair[side].lostValueFen)) }
  }
  const worth = (life: Pair['present']): number => margin * life.netFen[last] - touchCostFen * life.messages[last] - life.lostValueFen
  const totalFen = interval(pairs.map((pair) => worth(pair.other) - worth(pair.present)))
  return {
    ...rest, futures: pairs.length, present: series('present'), other: series('other'),
    difference: { netFen: band('netFen'), losses: band('losses'), orders: known('orders') ? band('orders') : null, pressure: known('pressure') ? band('pressure') : null },
    summary: {
      present: totals('present'), other: totals('other'), netFen: ends('netFen'), orders: known('orders') ? ends('orders') : null, losses: ends('losses'),
      lostValueFen: interval(pairs.map((pair) => pair.other.lostValueFen - pair.present.lostValueFen)), totalFen, verdict: totalFen.high < 0 ? 'worse' : totalFen.low > 0 ? 'better' : 'not-clear',
    },
  }
}
