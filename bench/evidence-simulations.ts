/**
 * Calibration of the evidence instrument by simulation: each function plays `replications` merchants and returns the share of them in which
 * something happened that should be rare (or, for coverage, common). Deterministic for a seed.
 */
import { addPerson, adjust, compareLosses, decideDose, difference, emptyMoments, moneyCap, moneyReady, moneySequence, poolNormal, poolPlugIn, rateLogE, sequentialSampleRatio, tuneMoney, type DosePrior } from '../src/math/evidence/index.ts'
import { randomStream, type RandomStream } from '../src/math/random/index.ts'
import { chiSquareTail, normalCdf } from '../src/math/special/index.ts'
import { binomial, monthlyDoses, toyEpoch, toyMerchant } from './dose-fleet.ts'

type Buyers = { rate: Float64Array; taste: Float64Array }

/** Persons with log-normal purchase rates (orders in 56 days) and log-normal order values: heavy-tailed money, big spenders who stay big. */
function drawBuyers(n: number, r: RandomStream): Buyers {
  const rate = new Float64Array(n)
  const taste = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    rate[i] = 0.5 * Math.exp(0.8 * r.normal() - 0.32)
    taste[i] = Math.exp(0.7 * r.normal())
  }
  return { rate, taste }
}

function poisson(mean: number, r: RandomStream): number {
  let k = 0
  for (let p = r.uniform(); p > Math.exp(-mean); p *= r.uniform()) k++
  return k
}

const orderValue = (taste: number, spread: number, r: RandomStream): number => 60 * taste * Math.exp(spread * r.normal())

/** Coverage of the fixed-time 95% interval of a CUPED difference; true effect: every treated order is worth a fifth more, on capped-free money. */
export function coverageOfDifference(replications: number, seed: number): number {
  const persons = 4000
  let covered = 0
  for (let rep = 0; rep < replications; rep++) {
    const r = randomStream(seed, rep)
    const arms = [emptyMoments(), emptyMoments()]
    const lift = 8
    for (let i = 0; i < persons; i++) {
      const level = 30 * Math.exp(0.8 * r.normal())
      const before = level * Math.exp(0.6 * r.normal())
      const arm = i % 5 === 0 ? 0 : 1
      addPerson(arms[arm], before, level * Math.exp(0.6 * r.normal()) + arm * lift * (1 + 0.5 * r.normal()))
    }
    const { estimate, se } = difference(adjust(arms), 1, 0)
    if (Math.abs(estimate - lift) <= 1.959964 * se) covered++
  }
  return covered / replications
}

/** Coverage of pooled 95% segment intervals, and of the plug-in ones that the instrument refuses to give. */
export function coverageOfPooling(replications: number, segments: number, tau: number, seed: number): { mixture: number; plugIn: number } {
  let mixture = 0
  let plugIn = 0
  for (let rep = 0; rep < replications; rep++) {
    const r = randomStream(seed, rep)
    const truth = Array.from({ length: segments }, () => 1 + tau * r.normal())
    const s = Array.from({ length: segments }, () => 0.6 + 0.8 * r.uniform())
    const y = truth.map((value, j) => value + s[j] * r.normal())
    const pooled = poolNormal(y, s)
    const plugged = poolPlugIn(y, s)
    truth.forEach((value, j) => {
      if (pooled.low[j] <= value && value <= pooled.high[j]) mixture++
      if (Math.abs(plugged.estimate[j] - value) <= 1.96 * s[j] * Math.sqrt(1 - plugged.borrowed[j])) plugIn++
    })
  }
  return { mixture: mixture / (replications * segments), plugIn: plugIn / (replications * segments) }
}

export type Peeking = { sequence: number; naive: number; fixedLook: number; shown: number }

/**
 * Money under the null, 8,000 persons, a fifth held out, 56 daily looks: how often the sequence (capped, start rule) ever excludes 0, how
 * often a t-test read every day does, and how often the sequence could be shown at all.
 */
export function moneyFalseAlarms(replications: number, seed: number, spread = 1): Peeking {
  const persons = 8000
  const days = 56
  const inHoldout = persons / 5
  const past = randomStream(seed, -1)
  const before = drawBuyers(20_000, past)
  const nets: number[] = []
  before.rate.forEach((rate, i) => {
    let net = 0
    for (let k = poisson(rate, past); k > 0; k--) net += orderValue(before.taste[i], spread, past)
    if (net > 0) nets.push(net)
  })
  const cap = moneyCap(nets)
  let sequence = 0
  let naive = 0
  let fixedLook = 0
  let shown = 0
  for (let rep = 0; rep < replications; rep++) {
    const r = randomStream(seed, rep)
    const { rate, taste } = drawBuyers(persons, r)
    const orders: Array<Array<[number, number]>> = Array.from({ length: days }, () => [])
    for (let i = 0; i < persons; i++) for (let k = poisson(rate[i], r); k > 0; k--) orders[r.below(days)].push([i, orderValue(taste[i], spread, r)])
    const net = new Float64Array(persons)
    const sum = [0, 0]
    const squares = [0, 0]
    const n = [inHoldout, persons - inHoldout]
    const buyers = [0, 0]
    let largest = 0
    let everSequence = false
    let everNaive = false
    let everShown = false
    // η² from a planned look at day 28: information known from the past, not from these data.
    let squarePast = 0
    let sumPast = 0
    for (const value of nets) {
      sumPast += Math.min(cap, value)
      squarePast += Math.min(cap, value) ** 2
    }
    const variancePast = (squarePast / 20_000 - (sumPast / 20_000) ** 2) / 2
    const etaSquared = tuneMoney(1 / (variancePast * (1 / n[0] + 1 / n[1])))
    for (let day = 0; day < days; day++) {
      for (const [i, value] of orders[day]) {
        const arm = i < inHoldout ? 0 : 1
        if (net[i] === 0) buyers[arm]++
        const old = Math.min(cap, net[i])
        net[i] += value
        const now = Math.min(cap, net[i])
        sum[arm] += now - old
        squares[arm] += now * now - old * old
        largest = Math.max(largest, (now / n[arm]) ** 2)
      }
      const variance = [0, 1].map((a) => (squares[a] - (sum[a] * sum[a]) / n[a]) / (n[a] - 1))
      const se = Math.sqrt(variance[0] / n[0] + variance[1] / n[1])
      if (!(se > 0)) continue
      const estimate = sum[1] / n[1] - sum[0] / n[0]
      const rejected = Math.abs(estimate) > 1.959964 * se
      if (day > 0 && rejected) everNaive = true
      if (day === days - 1 && rejected) fixedLook++
      const share = largest / (variance[0] / n[0] + variance[1] / n[1])
      if (!moneyReady(Math.min(buyers[0], buyers[1]), share).ready) continue
      everShown = true
      const interval = moneySequence(estimate, se, etaSquared)
      if (interval.low > 0 || interval.high < 0) everSequence = true
    }
    if (everSequence) sequence++
    if (everNaive) naive++
    if (everShown) shown++
  }
  return { sequence: sequence / replications, naive: naive / replications, fixedLook: fixedLook / replications, shown: shown / replications }
}

/** Losses under the null, daily looks for 56 days: the count test's false alarms and a z-test's read every day; and its power when losses double. */
export function lossFalseAlarms(replications: number, seed: number, ratio = 1): { sequence: number; naive: number } {
  const persons = 4000
  const held = persons / 5
  let sequence = 0
  let naive = 0
  for (let rep = 0; rep < replications; rep++) {
    const r = randomStream(seed, rep)
    let treated = 0
    let untouched = 0
    let ever = false
    let everNaive = false
    for (let day = 0; day < 56; day++) {
      treated += binomial(r, persons - held, (0.02 * ratio) / 56)
      untouched += binomial(r, held, 0.02 / 56)
      if (compareLosses(treated, treated + untouched, 4).e >= 20) ever = true
      const p = (treated + untouched) / persons
      const z = (treated / (persons - held) - untouched / held) / Math.sqrt(p * (1 - p) * (1 / held + 1 / (persons - held)))
      if (Math.abs(z) > 1.959964) everNaive = true
    }
    if (ever) sequence++
    if (everNaive) naive++
  }
  return { sequence: sequence / replications, naive: naive / replications }
}

/** One rate of 2%, looked at after every person: how often the sequence ever misses it. */
export function rateMisses(replications: number, seed: number, persons = 2000): number {
  let missed = 0
  const bar = Math.log(20)
  for (let rep = 0; rep < replications; rep++) {
    const r = randomStream(seed, rep)
    let successes = 0
    for (let n = 1; n <= persons; n++) {
      if (r.uniform() < 0.02) successes++
      if (rateLogE(successes, n, 0.02) >= bar) {
        missed++
        break
      }
    }
  }
  return missed / replications
}

/** Sample ratio under the null, 60 daily looks: sequential test at 1 in 100 against chi-square read every day. */
export function ratioFalseAlarms(replications: number, seed: number): { sequence: number; naive: number } {
  let sequence = 0
  let naive = 0
  for (let rep = 0; rep < replications; rep++) {
    const r = randomStream(seed, rep)
    const counts = [0, 0]
    let ever = false
    let everNaive = false
    for (let day = 0; day < 60; day++) {
      const today = 100
      const first = binomial(r, today, 0.5)
      counts[0] += first
      counts[1] += today - first
      if (sequentialSampleRatio(counts, [1, 1]) >= Math.log(100)) ever = true
      const n = counts[0] + counts[1]
      if (chiSquareTail((counts[0] - counts[1]) ** 2 / n, 1) < 0.01) everNaive = true
    }
    if (ever) sequence++
    if (everNaive) naive++
  }
  return { sequence: sequence / replications, naive: naive / replications }
}

/** Coverage of decideDose's 95% posterior intervals of net value, fresh merchants of the prior's own fleet, two epochs with equal arms. */
export function coverageOfDose(replications: number, contacts: number, prior: DosePrior | undefined, seed: number): number {
  let covered = 0
  let cells = 0
  const share = [0.2, 0.5, 0.3]
  for (let rep = 0; rep < replications; rep++) {
    const merchant = toyMerchant(seed + rep)
    const r = randomStream(seed + rep, 4)
    const persons = (): Float64Array => Float64Array.from({ length: 15 }, (_, c) => Math.round((contacts * share[Math.floor(c / 5)]) / 5))
    const found = decideDose({
      segments: 3, doses: monthlyDoses, epochs: [toyEpoch(merchant, persons(), 1, r), toyEpoch(merchant, persons(), 1, r)], roster: Float64Array.from(share, (x) => x * contacts),
      lossCost: merchant.lossCost, habitArm: 3, scale: merchant.scale, prior, seed: rep,
    })
    for (let c = 0; c < 15; c++) {
      if (c % 5 === 0) continue
      cells++
      if (found.valueLow[c] <= merchant.value[c] && merchant.value[c] <= found.valueHigh[c]) covered++
    }
  }
  return covered / cells
}

/** Chance that a true probability p gives at most `observed` of n: for saying whether a figure above its bound is noise. */
export const binomialTail = (observed: number, p: number, n: number): number => normalCdf((observed - p) / Math.sqrt((p * (1 - p)) / n))
