import { betaQuantile } from '../../math/special/index.ts'
import { createChance, slot, uniformAt } from '../../emulator/population/chance.ts'
import { createDays } from '../../emulator/population/days.ts'
import { flag, topicCount, type People } from '../../emulator/population/people.ts'
import { springFestival } from '../../emulator/population/season.ts'
import { relationValue } from '../../emulator/population/truth.ts'
import { saleDate, dayMs } from '../../kernel/calendar.ts'
import { forkStart, halfDays, segmentCount, type History, type Start } from './merchant.ts'

/** What a policy may look at when it sets the doses of the next 14 days. */
export type View = {
  start: Start
  history: History
  half: number
  day: number
  /** 1: still a contact, as far as events tell. */
  present: Uint8Array
  /** Day of the last click or order, −1: none since the start. */
  active: Int32Array
}
export type Seen = { orders: Uint16Array; left: Uint8Array }

/** Sets touches per 28 days of everybody who is present: 0, 1, 2, 4, 8, or 28 (every day). `after` sees what came of it. */
export type Policy = { name: string; choose(view: View, doses: Uint8Array): void; after?(view: View, doses: Uint8Array, seen: Seen): void }

export type Play = {
  /** Expected net value in fen per half-epoch × segment: margin of expected orders − touches' cost − P(leave) × value of the relation. */
  value: Float64Array
  losses: number
  /** Of each segment. */
  segmentLosses: Float64Array
  touches: number
  /** Persons and those at one touch a month or less, per half-epoch. */
  persons: Float64Array
  quiet: Float64Array
}

/** A touch costs the merchant a hundredth of a yuan: the tap of a member shared by hundreds. */
export const touchCostFen = 1

/** Offsets within 14 days; dose 8 uses all four, 4 the second and fourth, 2 the last, 1 the last of every other half. */
const slots = [1, 5, 8, 12]

const confirmers = (start: Start, seed: number): Confirmed => {
  const { common } = start.merchant
  const chance = createChance()
  const count = Math.max(1, Math.ceil(start.people.size / 500))
  const diligence = Float64Array.from({ length: count }, (_, s) => betaQuantile(uniformAt(chance, seed, start.people.merchantId, s, 0, slot.diligence), common.diligenceA, common.diligenceB))
  const known = new Map<number, Uint8Array>()
  return (person, day) => {
    let row = known.get(day)
    if (!row) {
      row = new Uint8Array(count)
      const spring = springFestival(Number(saleDate(day * dayMs).slice(0, 4)))
      const holiday = day >= spring - 1 && day <= spring + 4
      for (let s = 0; s < count; s++) {
        const bad = uniformAt(chance, seed, start.people.merchantId, s, Math.floor(day / 7), slot.badWeek) < common.badWeek
        row[s] = !holiday && uniformAt(chance, seed, start.people.merchantId, s, day, slot.confirm) < diligence[s] * (bad ? 0.5 : 1) ? 1 : 0
      }
      known.set(day, row)
    }
    return row[person % count] === 1
  }
}

/** The campaign's topic of a day: mostly one category, drawn by the shop's own shares. */
export function topicOf(people: People, seed: number, day: number, topic: Float64Array): void {
  const { shop } = people.merchant
  let u = uniformAt(createChance(), seed, people.merchantId, 0, day, 92)
  let main = 0
  while (main < topicCount - 1 && u > shop.topics[main]) u -= shop.topics[main++]
  for (let t = 0; t < topicCount; t++) topic[t] = shop.topics[t] + (t === main ? 0.2 : 0)
}

/** Does the member of this person send what the day brings? */
export type Confirmed = (person: number, day: number) => boolean

/**
 * Plays a policy from the start over `halves` × 14 days. Same start, same draws: two policies differ only where their causes differ.
 * @param confirmed who sends; one member for 500 people, drawn from the population, unless told otherwise.
 */
export function play(start: Start, policy: Policy, halves: number, seed: number, confirmed: Confirmed = confirmers(start, seed)): Play {
  const { people, history } = forkStart(start)
  const { size } = people
  const { margin } = start
  const group = start.segment
  const step = new Float64Array(segmentCount)
  const alive = Float64Array.from(people.state.flags, (f) => ((f & flag.alive) !== 0 ? 1 : 0))
  const days = createDays(people, start.season, { origin: start.day, score: { group, value: step, alive } })
  const line = start.merchant.common.lines.broadcast
  const { leaveNatural } = start.merchant.shop
  const { flags } = people.state
  const present = new Uint8Array(size).fill(1)
  const active = new Int32Array(size).fill(-1)
  for (let i = 0; i < size; i++) if (history.first[i] >= 0) active[i] = history.last[i]
  const doses = new Uint8Array(size)
  const orders = new Uint16Array(size)
  const left = new Uint8Array(size)
  const worth = new Float64Array(size)
  const topic = new Float64Array(topicCount)
  const result: Play = { value: new Float64Array(halves * segmentCount), losses: 0, segmentLosses: new Float64Array(segmentCount), touches: 0, persons: new Float64Array(halves), quiet: new Float64Array(halves) }
  for (let half = 0; half < halves; half++) {
    const from = start.day + half * halfDays
    const view: View = { start, history, half, day: from, present, active }
    doses.fill(0)
    policy.choose(view, doses)
    orders.fill(0)
    left.fill(0)
    const value = result.value.subarray(half * segmentCount, (half + 1) * segmentCount)
    for (let i = 0; i < size; i++) {
      if (present[i] === 0) continue
      result.persons[half]++
      if (doses[i] <= 1) result.quiet[half]++
      worth[i] = relationValue(people, i, from, start.day, alive[i])
      value[group[i]] -= leaveNatural * halfDays * worth[i]
    }
    for (let offset = 0; offset < halfDays; offset++) {
      const day = from + offset
      const at = slots.indexOf(offset)
      topicOf(people, seed, day, topic)
      for (let i = 0; i < size; i++) {
        const dose = doses[i]
        if (dose === 0 || present[i] === 0) continue
        const sends = dose === 28 || (at >= 0 && (dose === 8 || (dose === 4 && (at & 1) === 1) || (at === 3 && (dose === 2 || ((i + half) & 1) === 0))))
        if (!sends || !confirmed(i, day)) continue
        result.touches++
        value[group[i]] -= touchCostFen
        const felt = days.touch(i, day, 0, line, days.relevance(i, topic))
        value[group[i]] -= felt.leaveChance * worth[i]
        if (felt.clicked) active[i] = day
        if (felt.left) {
          left[i] = 1
          present[i] = 0
          result.losses++
          result.segmentLosses[group[i]]++
        }
      }
      step.fill(0)
      days.live(day, (kind, i, fen) => {
        if (kind <= 2) {
          if (history.first[i] < 0) history.first[i] = day
          else {
            history.repeats[i]++
            history.spend[i] += fen
          }
          history.last[i] = day
          active[i] = day
          orders[i]++
        } else if (kind === 4) {
          left[i] = 1
          present[i] = 0
          result.losses++
          result.segmentLosses[group[i]]++
        } else if (kind === 6) active[i] = day
      })
      for (let s = 0; s < segmentCount; s++) value[s] += step[s] * margin
    }
    policy.after?.(view, doses, { orders, left })
    // Those who came back by a new code are contacts again from the next half on.
    for (let i = 0; i < size; i++) if (present[i] === 0 && (flags[i] & flag.contact) !== 0) present[i] = 1
  }
  return result
}

