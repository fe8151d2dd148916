import { fitLifetime, valueLogSd, type BgNbd, type CustomerHistory } from '../../math/lifetime/index.ts'
import { expectedOrders, fitPurchases, orderWorth } from '../../restrain/steering/index.ts'
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
  /** sd of ln of a year's value, by the product's lifetime model. */
  valueLogSd: number
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
  const orderFen = orderWorth(history, merchant.shop.meanOrderFen)
  const { shop, common } = merchant
  const start: Start = {
    merchant, people, season, day, history, segment: new Uint8Array(size), purchases, orderFen, margin: shop.margin * (1 - shop.returnRate * (1 - 0.5 * common.returnPartial)), valueLogSd: valueDoubt(history, day, shop.margin),
  }
  const expected = new Float64Array(size)
  expectedOrders(purchases, history, day, 28, expected)
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

/** How unsure the product's own lifetime model is of a year's value: its standard error on a sample of the shop's buyers. */
function valueDoubt(history: History, day: number, margin: number): number {
  const buyers = Array.from(history.first, (_, i) => i).filter((i) => history.first[i] >= 0)
  const step = Math.max(1, Math.floor(buyers.length / 1500))
  const sample = buyers.filter((_, n) => n % step === 0)
  const past: CustomerHistory = {
    x: sample.map((i) => history.repeats[i]), t: sample.map((i) => (history.repeats[i] > 0 ? Math.max(0.1, history.last[i] - history.first[i]) / 7 : 0)), T: sample.map((i) => Math.max(1, day - history.first[i]) / 7),
    spend: sample.map((i) => (history.repeats[i] > 0 ? history.spend[i] / history.repeats[i] : 0)),
  }
  const model = fitLifetime(past)
  return model.kind === 'refused' ? 0.7 : Math.min(1, valueLogSd(model, past, { margin }))
}
