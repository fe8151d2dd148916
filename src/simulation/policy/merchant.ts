import { aliveProbability, expectedIfAlive, expectedSpend, fitBgNbd, fitGammaGamma, type BgNbd } from '../../math/lifetime/index.ts'
import { createDays } from '../../emulator/population/days.ts'
import { flag, fork, makePeople, type People, type Tables } from '../../emulator/population/people.ts'
import type { Merchant } from '../../emulator/population/parameters.ts'
import { makeSeason, type Season } from '../../emulator/population/season.ts'

export const segmentCount = 3
export const halfDays = 14
export const pastDays = 364

/** What the product knows of one person's orders; days are absolute. */
export type History = {
  /** Day of the first order, −1: none. */
  first: Int32Array
  last: Int32Array
  repeats: Int32Array
  /** Sum of repeat orders in fen. */
  spend: Float64Array
}

/** A merchant at the start of the voyage: people with a year behind them, and what can be seen of it. */
export type Start = {
  merchant: Merchant
  people: People
  season: Season
  day: number
  history: History
  segment: Uint8Array
  /** Fitted on the past year. */
  purchases: BgNbd
  /** Expected order value per person in fen, shrunken; frozen at the start. */
  orderFen: Float64Array
  /** Margin after returns per fen of orders. */
  margin: number
}

/** A year without messages: everybody's first order on some day of it, one in seven still without any. */
export function makeStart(merchant: Merchant, tables: Tables, seed: number, merchantId: number, size: number): Start {
  const people = makePeople({ merchant, tables, seed, merchantId, size })
  const { chance, traits, state } = people
  chance.root(seed, merchantId)
  // Voyages begin on different days of 2026, so that no season favours a policy.
  const day = 20_454 + Math.floor(365 * drawMerchant(people, 1))
  const season = makeSeason(day - pastDays, pastDays + 400, merchant.shop.festivalExponent)
  const history: History = { first: new Int32Array(size).fill(-1), last: new Int32Array(size), repeats: new Int32Array(size), spend: new Float64Array(size) }
  const starts: number[][] = Array.from({ length: pastDays }, () => [])
  for (let i = 0; i < size; i++) {
    chance.at(traits.keyHigh[i], traits.keyLow[i], 0)
    const buys = chance.u(52) < 0.86
    const on = Math.floor(chance.u(53) * (pastDays - 28))
    state.flags[i] = 0
    if (buys) starts[on].push(i)
  }
  const days = createDays(people, season, { origin: day })
  for (let d = 0; d < pastDays; d++) {
    const now = day - pastDays + d
    days.live(now, (kind, i, fen) => {
      if (kind > 2) return
      history.repeats[i]++
      history.last[i] = now
      history.spend[i] += fen
    })
    for (const i of starts[d]) {
      state.flags[i] = flag.alive | flag.bought
      history.first[i] = history.last[i] = now
    }
  }
  for (let i = 0; i < size; i++) state.flags[i] = (history.first[i] < 0 ? flag.alive : state.flags[i]) | flag.contact | flag.everContact
  const purchases = fitPurchases(history, day)
  const orderFen = fitOrderValue(history, merchant)
  const { shop, common } = merchant
  const start: Start = {
    merchant, people, season, day, history, segment: new Uint8Array(size), purchases, orderFen, margin: shop.margin * (1 - shop.returnRate * (1 - 0.5 * common.returnPartial)),
  }
  const expected = new Float64Array(size)
  expectedOrders(start, history, day, 28, expected)
  const order = Uint32Array.from({ length: size }, (_, i) => i).sort((x, y) => expected[y] - expected[x] || x - y)
  for (let position = 0; position < size; position++) start.segment[order[position]] = position < 0.25 * size ? 0 : position < 0.6 * size ? 1 : 2
  return start
}

function drawMerchant(people: People, k: number): number {
  const { chance } = people
  const high = chance.personHigh(2 ** 40)
  chance.at(high, chance.personLow(), 0)
  return chance.u(91, k)
}

export const forkStart = (start: Start): { people: People; history: History } => ({
  people: fork(start.people),
  history: { first: start.history.first.slice(), last: start.history.last.slice(), repeats: start.history.repeats.slice(), spend: start.history.spend.slice() },
})

export function fitPurchases(history: History, day: number): BgNbd {
  const x: number[] = []
  const t: number[] = []
  const T: number[] = []
  for (let i = 0; i < history.first.length; i++) {
    if (history.first[i] < 0) continue
    x.push(history.repeats[i])
    t.push(history.last[i] - history.first[i])
    T.push(Math.max(1, day - history.first[i]))
  }
  const fallback: BgNbd = { r: 0.5, alpha: 60, a: 0.5, b: 3 }
  const fit = fitBgNbd({ x, t, T })
  const { r, alpha, a, b } = fit.parameters
  if (![r, alpha, a, b].every((value) => value > 1e-4 && value < 1e5)) return fallback
  // Few orders can leave a + b below 1, where expected purchases after no repeat have no finite form: same mean, tighter.
  const wider = Math.max(1, 1.1 / (a + b))
  return { r, alpha, a: a * wider, b: b * wider }
}

function fitOrderValue(history: History, merchant: Merchant): Float64Array {
  const size = history.first.length
  const x: number[] = []
  const spend: number[] = []
  let total = 0
  let orders = 0
  for (let i = 0; i < size; i++) {
    if (history.repeats[i] === 0) continue
    x.push(history.repeats[i])
    spend.push(history.spend[i] / history.repeats[i])
    total += history.spend[i]
    orders += history.repeats[i]
  }
  const overall = orders > 0 ? total / orders : merchant.shop.meanOrderFen
  const value = new Float64Array(size).fill(overall)
  if (x.length < 30) return value
  const { p, q, gamma } = fitGammaGamma({ x, spend }).parameters
  if (!(q > 1.05 && p > 1e-3 && gamma > 0)) return value
  // The top percent of expected order values is capped: one whale must not carry a comparison.
  for (let i = 0; i < size; i++) value[i] = expectedSpend({ p, q, gamma }, history.repeats[i], history.repeats[i] > 0 ? history.spend[i] / history.repeats[i] : 0)
  const sorted = value.slice().sort()
  const cap = sorted[Math.floor(0.995 * (size - 1))]
  for (let i = 0; i < size; i++) if (value[i] > cap) value[i] = cap
  return value
}

/** Expected orders of each person in the next `days`, from what is known on `day`. */
export function expectedOrders(start: Start, history: History, day: number, days: number, out: Float64Array): void {
  const { r, alpha } = start.purchases
  let bought = 0
  let sum = 0
  for (let i = 0; i < out.length; i++) {
    if (history.first[i] < 0) continue
    const T = Math.max(1, day - history.first[i])
    out[i] = (aliveProbability(start.purchases, history.repeats[i], history.last[i] - history.first[i], T) * (r + history.repeats[i]) * days) / (alpha + T)
    bought++
    sum += out[i]
  }
  const average = bought > 0 ? sum / bought : 0
  for (let i = 0; i < out.length; i++) if (history.first[i] < 0) out[i] = 0.3 * average
}

/** Mean expected orders within a year over the mean expected within `days`, per segment: how many such spans a relation is worth. */
export function spansAYear(start: Start, history: History, present: Uint8Array, day: number, days: number, expected: Float64Array): Float64Array {
  const year = new Float64Array(segmentCount)
  const span = new Float64Array(segmentCount)
  const step = Math.max(1, Math.floor(history.first.length / 1500))
  for (let i = 0; i < history.first.length; i += step) {
    if (present[i] === 0 || history.first[i] < 0) continue
    const T = Math.max(1, day - history.first[i])
    const alive = aliveProbability(start.purchases, history.repeats[i], history.last[i] - history.first[i], T)
    year[start.segment[i]] += 0.95 * alive * expectedIfAlive(start.purchases, history.repeats[i], T, 364) * start.orderFen[i]
    span[start.segment[i]] += expected[i] * start.orderFen[i]
  }
  void days
  return year.map((value, s) => (span[s] > 0 ? value / span[s] : 20))
}
