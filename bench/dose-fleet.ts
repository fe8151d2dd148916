/**
 * A small fleet of merchants with known dose curves, on cell sums only: enough to see whether the dose decision finds what is there.
 * The shapes follow attention that saturates, annoyance that accumulates, and loss costs of about a year's value; the full population
 * model is elsewhere. Money in yuan per person and 28 days, arms 0, 1, 2, 4, 8 touches per 28 days.
 */
import { decideDose, fitDosePrior, type DoseCells, type DoseHistory, type DosePrior, type DoseTuning } from '../src/math/evidence/index.ts'
import { randomStream, type RandomStream } from '../src/math/random/index.ts'

export const monthlyDoses = Float64Array.from([0, 1, 2, 4, 8])
const arms = monthlyDoses.length
const segments = 3
const segmentShare = [0.2, 0.5, 0.3]
const segmentBase = [2.5, 0.9, 0.3]

export type ToyMerchant = {
  nothing: boolean
  scale: Float64Array
  lossCost: Float64Array
  /** True gain (yuan) and caused loss probability per 28 days, segments × arms. */
  gain: Float64Array
  loss: Float64Array
  value: Float64Array
  natural: number
  variation: number
}

export function toyMerchant(seed: number): ToyMerchant {
  const r = randomStream(seed, 1)
  const base = 10 * Math.exp(0.8 * r.normal())
  const nothing = r.uniform() < 0.1
  const lift0 = nothing ? 0 : 1.5 * Math.exp(0.5 * r.normal())
  const tolerance = Math.exp(0.4 * r.normal())
  const delta = 0.0014 * Math.exp(0.6 * r.normal())
  const borrow = 0.25 * Math.exp(0.4 * r.normal())
  const merchant: ToyMerchant = {
    nothing, scale: new Float64Array(segments), lossCost: new Float64Array(segments), gain: new Float64Array(segments * arms), loss: new Float64Array(segments * arms),
    value: new Float64Array(segments * arms), natural: 0.007, variation: 2 + 1.5 * r.uniform(),
  }
  for (let s = 0; s < segments; s++) {
    const lift = lift0 * Math.exp(0.6 * r.normal())
    const k = tolerance * Math.exp(0.6 * r.normal())
    merchant.scale[s] = base * segmentBase[s]
    merchant.lossCost[s] = merchant.scale[s] * 6
    for (let a = 1; a < arms; a++) {
      const d = monthlyDoses[a]
      const c = s * arms + a
      merchant.gain[c] = merchant.scale[s] * lift * (1 - Math.exp(-0.055 * d)) * (1 - Math.min(0.7, borrow * 1.5))
      const annoyance = 0.65 / (1 - 2 ** (-2.8 / d))
      merchant.loss[c] = Math.min(0.5, 0.65 * d * delta * (annoyance / k) ** 1.2)
      merchant.value[c] = merchant.gain[c] - merchant.lossCost[s] * merchant.loss[c]
    }
  }
  return merchant
}

function gamma(r: RandomStream, shape: number): number {
  if (shape < 1) return gamma(r, shape + 1) * r.uniform() ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = r.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(r.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

export function binomial(r: RandomStream, n: number, p: number): number {
  if (n * p > 200) return Math.max(0, Math.min(n, Math.round(n * p + Math.sqrt(n * p * (1 - p)) * r.normal())))
  let count = 0
  // Waiting times between successes.
  for (let i = Math.floor(Math.log(r.uniform()) / Math.log1p(-p)); i < n; i += 1 + Math.floor(Math.log(r.uniform()) / Math.log1p(-p))) count++
  return count
}

/** One epoch of `fraction`·28 days under `persons` per cell: revenue per person is Gamma with the merchant's variation, so cell sums are exact. */
export function toyEpoch(merchant: ToyMerchant, persons: Float64Array, fraction: number, r: RandomStream): DoseCells {
  const size = segments * arms
  const cells: DoseCells = { persons, sum: new Float64Array(size), sumSquares: new Float64Array(size), losses: new Float64Array(size) }
  const season = Math.exp(0.15 * r.normal())
  const cv2 = merchant.variation ** 2 / fraction
  for (let c = 0; c < size; c++) {
    const n = persons[c]
    if (n === 0) continue
    const mean = fraction * season * (merchant.scale[Math.floor(c / arms)] + merchant.gain[c])
    cells.sum[c] = gamma(r, n / cv2) * mean * cv2
    cells.sumSquares[c] = (cells.sum[c] ** 2) / n + (n - 1) * cv2 * mean * mean
    cells.losses[c] = binomial(r, n, Math.min(0.9, fraction * (merchant.natural + merchant.loss[c])))
  }
  return cells
}

function splitPersons(contacts: number, share: (s: number, a: number) => number): Float64Array {
  const persons = new Float64Array(segments * arms)
  for (let s = 0; s < segments; s++) for (let a = 0; a < arms; a++) persons[s * arms + a] = Math.round(contacts * segmentShare[s] * share(s, a))
  return persons
}

/** A prior from merchants with equal arms over six epochs. */
export function toyPrior(merchants: number, contacts: number, seed: number, fraction: number): DosePrior {
  const histories: DoseHistory[] = []
  for (let m = 0; m < merchants; m++) {
    const merchant = toyMerchant(seed + m)
    const r = randomStream(seed + m, 2)
    const epochs = Array.from({ length: 6 }, () => toyEpoch(merchant, splitPersons(contacts, () => 0.2), fraction, r))
    histories.push({ segments, epochs, scale: merchant.scale.map((x) => x * fraction) })
  }
  return fitDosePrior(monthlyDoses.map((d) => d * fraction), histories)
}

export type FleetScore = {
  contacts: number
  merchants: number
  /** Share of the oracle's gain over silence, pooled over merchants, in month 3 and months 4–12. */
  gMonth3: number
  gMonths4to12: number
  /** Regret over 12 months in % of silence's value: mean and 95th percentile over merchants. */
  regretMean: number
  regretP95: number
  /** Value against fixed 4 a month in %, 5th percentile. */
  againstFixedP5: number
  fixedG: number
  /** Do-nothing merchants: share of contacts at one touch a month or less in months 6–12. */
  quietShare: number
  decisionMs: number
}

/** Plays 12 months with `fraction`·28-day epochs. Fleet seeds should differ from those of `toyPrior`. */
export function scoreFleet(input: { contacts: number; merchants: number; seed: number; fraction: number; prior?: DosePrior; tuning?: Partial<DoseTuning> }): FleetScore {
  const { contacts, merchants, seed, fraction } = input
  const perMonth = Math.round(1 / fraction)
  const doses = monthlyDoses.map((d) => d * fraction)
  const months = 12
  const gain = new Float64Array(months)
  let oracleGain = 0
  let fixedGain = 0
  const regrets: number[] = []
  const against: number[] = []
  let quiet = 0
  let quietAll = 0
  let elapsed = 0
  let calls = 0
  for (let m = 0; m < merchants; m++) {
    const merchant = toyMerchant(seed + m)
    const r = randomStream(seed + m, 3)
    const roster = Float64Array.from(segmentShare, (x) => x * contacts)
    const epochs: DoseCells[] = []
    let best = 0
    let fixed = 0
    let silence = 0
    for (let s = 0; s < segments; s++) {
      let top = 0
      for (let a = 0; a < arms; a++) top = Math.max(top, merchant.value[s * arms + a])
      best += roster[s] * top
      fixed += roster[s] * merchant.value[s * arms + 3]
      silence += roster[s] * merchant.scale[s]
    }
    let earned = 0
    for (let month = 0; month < months; month++) {
      for (let e = 0; e < perMonth; e++) {
        const start = performance.now()
        const decision = decideDose({
          segments, doses, epochs, roster, lossCost: merchant.lossCost, habitArm: 3, scale: merchant.scale.map((x) => x * fraction), prior: input.prior, seed: seed + m * 100 + month,
          tuning: { intervals: false, ...input.tuning },
        })
        elapsed += performance.now() - start
        calls++
        const persons = splitPersons(contacts, (s, a) => decision.share[s * arms + a])
        epochs.push(toyEpoch(merchant, persons, fraction, r))
        for (let c = 0; c < persons.length; c++) {
          gain[month] += (persons[c] * merchant.value[c]) / perMonth / (contacts * merchant.scale[1])
          earned += (persons[c] * merchant.value[c]) / perMonth
          if (merchant.nothing && month >= 5) {
            quietAll += persons[c]
            if (c % arms <= 1) quiet += persons[c]
          }
        }
      }
    }
    oracleGain += best / (contacts * merchant.scale[1])
    fixedGain += fixed / (contacts * merchant.scale[1])
    regrets.push((100 * (best * months - earned)) / (silence * months))
    against.push((100 * (earned - fixed * months)) / ((silence + fixed) * months))
  }
  regrets.sort((x, y) => x - y)
  against.sort((x, y) => x - y)
  return {
    contacts, merchants,
    gMonth3: gain[2] / oracleGain,
    gMonths4to12: gain.subarray(3).reduce((x, y) => x + y, 0) / (9 * oracleGain),
    regretMean: regrets.reduce((x, y) => x + y, 0) / merchants,
    regretP95: regrets[Math.min(merchants - 1, Math.floor(0.95 * merchants))],
    againstFixedP5: against[Math.floor(0.05 * merchants)],
    fixedG: fixedGain / oracleGain,
    quietShare: quietAll > 0 ? quiet / quietAll : 0,
    decisionMs: elapsed / calls,
  }
}
