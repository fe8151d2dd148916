import { aliveProbability, expectedIfAlive, expectedSpend, fitBgNbd, fitGammaGamma, type BgNbd } from '../../math/lifetime/index.ts'

/** What the book knows of each person's paid orders so far. Times are days since 1970; whole days will do. */
export type OrderPast = {
  /** Day of the first order, below 0: none. */
  first: ArrayLike<number>
  last: ArrayLike<number>
  repeats: ArrayLike<number>
  /** Sum of the repeat orders in fen. */
  spend: ArrayLike<number>
}

/** The shop's purchases as BG/NBD, or a plain guess where too little is seen. */
export function fitPurchases(past: OrderPast, day: number): BgNbd {
  const x: number[] = []
  const t: number[] = []
  const T: number[] = []
  for (let i = 0; i < past.first.length; i++) {
    if (past.first[i] < 0) continue
    x.push(past.repeats[i])
    t.push(past.last[i] - past.first[i])
    T.push(Math.max(1, day - past.first[i]))
  }
  const fallback: BgNbd = { r: 0.5, alpha: 60, a: 0.5, b: 3 }
  if (x.length < 30 || !x.some((count) => count > 0)) return fallback
  const { r, alpha, a, b } = fitBgNbd({ x, t, T }).parameters
  if (![r, alpha, a, b].every((value) => value > 1e-4 && value < 1e5)) return fallback
  // Few orders can leave a + b below 1, where expected purchases after no repeat have no finite form: same mean, tighter.
  const wider = Math.max(1, 1.1 / (a + b))
  return { r, alpha, a: a * wider, b: b * wider }
}

/** Expected value of one order of each person in fen, shrunken by Gamma–Gamma; the top half percent is capped, so that one whale cannot carry a comparison. */
export function orderWorth(past: OrderPast, shopMeanFen: number): Float64Array {
  const size = past.first.length
  const x: number[] = []
  const spend: number[] = []
  let total = 0
  let orders = 0
  for (let i = 0; i < size; i++) {
    if (past.repeats[i] === 0 || !(past.spend[i] > 0)) continue
    x.push(past.repeats[i])
    spend.push(past.spend[i] / past.repeats[i])
    total += past.spend[i]
    orders += past.repeats[i]
  }
  const worth = new Float64Array(size).fill(orders > 0 ? total / orders : shopMeanFen)
  if (x.length < 30) return worth
  const { p, q, gamma } = fitGammaGamma({ x, spend }).parameters
  if (!(q > 1.05 && p > 1e-3 && gamma > 0)) return worth
  for (let i = 0; i < size; i++) worth[i] = expectedSpend({ p, q, gamma }, past.repeats[i], past.repeats[i] > 0 ? past.spend[i] / past.repeats[i] : 0)
  const cap = worth.slice().sort()[Math.floor(0.995 * (size - 1))]
  for (let i = 0; i < size; i++) if (worth[i] > cap) worth[i] = cap
  return worth
}

/** Of an average buyer's expected orders, what somebody who never bought is expected to bring. */
const neverBought = 0.3

/** Expected orders of each person within `days` of `day`, from what is known then, into `out`. */
export function expectedOrders(purchases: BgNbd, past: OrderPast, day: number, days: number, out: Float64Array): void {
  const { r, alpha } = purchases
  let bought = 0
  let sum = 0
  for (let i = 0; i < out.length; i++) {
    if (past.first[i] < 0) continue
    const T = Math.max(1, day - past.first[i])
    out[i] = (aliveProbability(purchases, past.repeats[i], past.last[i] - past.first[i], T) * (r + past.repeats[i]) * days) / (alpha + T)
    bought++
    sum += out[i]
  }
  const average = bought > 0 ? sum / bought : 0
  for (let i = 0; i < out.length; i++) if (past.first[i] < 0) out[i] = neverBought * average
}

/**
 * A year's expected worth over that of the `expected` span, per segment: in how many such spans a relation is worth what it is. A sample of about 1,500
 * persons decides; segments without a buyer get 20.
 */
export function spansAYear(purchases: BgNbd, past: OrderPast, worth: ArrayLike<number>, segment: ArrayLike<number>, on: ArrayLike<number>, segments: number, day: number, expected: ArrayLike<number>): Float64Array {
  const year = new Float64Array(segments)
  const span = new Float64Array(segments)
  const size = past.first.length
  const step = Math.max(1, Math.floor(size / 1500))
  for (let i = 0; i < size; i += step) {
    if (on[i] === 0 || past.first[i] < 0) continue
    const T = Math.max(1, day - past.first[i])
    const alive = aliveProbability(purchases, past.repeats[i], past.last[i] - past.first[i], T)
    // 0.95: a year at a fifth of a percent a week, on average half a year away.
    year[segment[i]] += 0.95 * alive * expectedIfAlive(purchases, past.repeats[i], T, 364) * worth[i]
    span[segment[i]] += expected[i] * worth[i]
  }
  return year.map((value, s) => (span[s] > 0 ? value / span[s] : 20))
}
