/**
 * Disclosure and pooling: calibration by simulation against published or exact figures, and the cost of a draw. There is no faster anchor to
 * beat in this process; the sampler is compared with the arithmetic it must not use (rounded floating-point Gaussians), which fails the fit.
 */
import { randomBytes } from 'node:crypto'
import { auditCell, discreteGaussian, discreteLaplace, epsilonOf, epsilonSimple, integersFrom, suppressTable, type IntegerSource } from '../../src/math/disclosure/index.ts'
import { poolCases } from '../../src/math/pooling/index.ts'
import { randomStream } from '../../src/math/random/index.ts'
import { chiSquareTail, normalQuantile } from '../../src/math/special/index.ts'
import { pairedMs, peakRssMb, type Bench, type BenchOptions, type BenchReport, type BenchRow } from '../harness.ts'

/** Buffered bytes from the system's generator: one call for many draws. */
function systemIntegers(): IntegerSource {
  let pool = randomBytes(65_536)
  let at = 0
  return integersFrom((count) => {
    if (at + count > pool.length) {
      pool = randomBytes(65_536)
      at = 0
    }
    at += count
    return pool.subarray(at - count, at)
  })
}

/** p-value of draws against P(x) ∝ weight(x) over |x| ≤ reach, everything beyond in one cell. */
function fit(draw: () => number, weight: (x: number) => number, reach: number, draws: number): number {
  const counts = new Float64Array(2 * reach + 2)
  for (let i = 0; i < draws; i++) {
    const x = draw()
    counts[Math.abs(x) <= reach ? x + reach : 2 * reach + 1]++
  }
  let total = 0
  for (let x = -5000; x <= 5000; x++) total += weight(x)
  let chi = 0
  let inside = 0
  for (let x = -reach; x <= reach; x++) {
    const expected = (draws * weight(x)) / total
    inside += expected
    chi += (counts[x + reach] - expected) ** 2 / expected
  }
  const beyond = draws - inside
  if (beyond > 5) chi += (counts[2 * reach + 1] - beyond) ** 2 / beyond
  return chiSquareTail(chi, 2 * reach + (beyond > 5 ? 1 : 0))
}

function noiseRows(draws: number, seed: number): BenchRow[] {
  const uniform = systemIntegers()
  const rows: BenchRow[] = []
  const gaussian = (variance: number) => (x: number): number => Math.exp((-x * x) / (2 * variance))
  for (const [n, d] of [[1n, 4n], [1n, 1n], [4n, 1n], [100n, 1n]] as const) {
    const variance = Number(n) / Number(d)
    const p = fit(() => Number(discreteGaussian(n, d, uniform)), gaussian(variance), Math.max(1, Math.ceil(4 * Math.sqrt(variance))), draws)
    rows.push({ case: `discrete Gaussian σ² = ${variance}: fit of ${draws} draws`, own: p, anchor: 'published', anchorValue: 1e-6, unit: 'p-value', ratio: null, agrees: p > 1e-6, goal: '> 1e-6' })
  }
  for (const t of [1n, 2n, 10n]) {
    const p = fit(() => Number(discreteLaplace(t, 1n, uniform)), (x) => Math.exp(-Math.abs(x) / Number(t)), 4 * Number(t), draws)
    rows.push({ case: `discrete Laplace scale ${t}: fit of ${draws} draws`, own: p, anchor: 'published', anchorValue: 1e-6, unit: 'p-value', ratio: null, agrees: p > 1e-6, goal: '> 1e-6' })
  }
  const normal = randomStream(seed)
  const p = fit(() => Math.round(0.5 * normal.normal()), gaussian(0.25), 1, draws)
  rows.push({ case: 'control: rounded floating-point Gaussian σ² = 0.25 must not fit', own: p, anchor: 'published', anchorValue: 1e-6, unit: 'p-value', ratio: null, agrees: p < 1e-6 })
  return rows
}

function accountantRows(): BenchRow[] {
  return ([[0.025, 1e-6, 1.0140742547], [0.1, 1e-5, 1.914238832], [0.5, 1e-6, 5.2215344445], [0.005, 1e-6, 0.4299414688]] as const).map(([rho, delta, published]) => {
    const own = epsilonOf(rho, delta)
    return {
      case: `ε of ρ = ${rho} at δ = ${delta}`, own, anchor: 'published', anchorValue: published, unit: 'ε', ratio: null, agrees: Math.abs(own - published) < 1e-9,
      note: `simple conversion ${epsilonSimple(rho, delta).toFixed(6)}`,
    }
  })
}

function suppressionRows(tables: number, seed: number): BenchRow[] {
  const random = randomStream(seed, 2)
  let primaries = 0
  let exposedBefore = 0
  let exposedAfter = 0
  let unprotectable = 0
  let published = 0
  let complementary = 0
  for (let t = 0; t < tables; t++) {
    const rows = 3 + random.below(6)
    const columns = 3 + random.below(6)
    const counts = Array.from({ length: rows * columns }, () => Math.floor(Math.exp(1 + 1.3 * random.normal()) * 4))
    const result = suppressTable(counts, rows, columns)
    if (result.state === 'unprotectable') {
      unprotectable++
      continue
    }
    published++
    complementary += result.complementary.length
    const only = new Uint8Array(counts.length)
    for (const [row, column] of result.primary) only[row * columns + column] = 1
    for (const [row, column] of result.primary) {
      primaries++
      const before = auditCell(counts, rows, columns, only, row, column)
      if (before.high - before.low < 5) exposedBefore++
      const after = result.audit.find((each) => each.row === row && each.column === column)!
      if (after.high - after.low < 5 || after.high < 5) exposedAfter++
    }
  }
  return [
    { case: `suppression: small cells an outsider can narrow to under 5, ${tables} tables`, own: exposedAfter, anchor: 'without complements', anchorValue: exposedBefore, unit: `of ${primaries} cells`, ratio: null, agrees: exposedAfter === 0 && exposedBefore > 0, goal: '0', note: `${(complementary / Math.max(1, published)).toFixed(1)} complementary cells a table; ${unprotectable} tables unprotectable (margins only)` },
  ]
}

function poolingRows(runs: number, seed: number): BenchRow[] {
  const rows: BenchRow[] = []
  for (const k of [5, 10, 20]) {
    const random = randomStream(seed, 100 + k)
    const hits = { mean: 0, wald: 0, mixtureMean: 0, next: 0, classical: 0 }
    for (let run = 0; run < runs; run++) {
      const se = Array.from({ length: k }, () => 0.5 + random.uniform())
      const effect = se.map((s) => 1 + random.normal() + s * random.normal())
      const pool = poolCases({ effect, se, consented: k })
      if (pool.state !== 'pooled') continue
      const inside = (value: number, { low, high }: { low: number; high: number }): number => (value >= low && value <= high ? 1 : 0)
      const next = 1 + random.normal()
      hits.mean += inside(1, pool.interval)
      const weight = se.reduce((sum, s) => sum + 1 / (s * s + pool.tauSquared), 0)
      const reach = normalQuantile(0.975) / Math.sqrt(weight)
      hits.wald += inside(1, { low: pool.mean - reach, high: pool.mean + reach })
      hits.mixtureMean += inside(1, pool.mixture.interval)
      hits.next += inside(next, pool.prediction!)
      hits.classical += inside(next, pool.classicalPrediction!)
    }
    const share = (hit: number): number => Math.round((hit / runs) * 1e4) / 1e4
    const noise = 3 * Math.sqrt((0.95 * 0.05) / runs)
    rows.push(
      { case: `pooling: coverage of the mean, k = ${k}, τ = 1, ${runs} runs`, own: share(hits.mean), anchor: 'published', anchorValue: 0.95, unit: 'share', ratio: null, agrees: hits.mean / runs > 0.93 - noise, goal: '0.93 – 1', note: `τ-mixture ${share(hits.mixtureMean)}; plain Wald ${share(hits.wald)}` },
      { case: `pooling: coverage of the prediction, k = ${k}`, own: share(hits.next), anchor: 'classical k − 2', anchorValue: share(hits.classical), unit: 'share', ratio: null, agrees: hits.next / runs > 0.92 - noise, goal: '≥ 0.93' },
    )
  }
  return rows
}

async function run({ size = 'default', seed, rounds }: BenchOptions): Promise<BenchReport> {
  const small = size === 'small'
  const rows: BenchRow[] = [...noiseRows(small ? 20_000 : 200_000, seed), ...accountantRows(), ...suppressionRows(small ? 100 : 1000, seed), ...poolingRows(small ? 100 : 2000, seed)]
  const uniform = systemIntegers()
  const normal = randomStream(seed)
  let sink = 0
  const draws = 5000
  const times = await pairedMs(Math.min(5, rounds), () => {
    for (let i = 0; i < draws; i++) sink += Number(discreteGaussian(2_500_000n, 1n, uniform))
  }, () => {
    for (let i = 0; i < draws; i++) sink += Math.round(1581 * normal.normal())
  })
  rows.push({
    case: `${draws} discrete Gaussian draws, σ = 1,581`, own: times.ownMs, anchor: 'rounded floating-point normal (not private)', anchorValue: times.anchorMs, unit: 'ms', ratio: times.ratio,
    agrees: Number.isFinite(sink), note: 'the price of exactness; a table of 1,000 cells takes a fifth of this',
  })
  return { bench: 'disclosure', size, rows, peakRssMb: peakRssMb(), skipped: [] }
}

export const bench: Bench = { name: 'disclosure', what: 'disclosure and pooling: calibration of noise, suppression and intervals', sizes: ['small', 'default'], run }
