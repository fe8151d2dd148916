import { randomStream } from '../random/index.ts'
import type { Columns } from './check.ts'

export type NieWagerCase = 'A' | 'B' | 'C' | 'D'
export type NieWagerData = { x: Columns; treated: Uint8Array; y: Float64Array; effect: Float64Array; propensity: Float64Array }

/**
 * The four settings of Nie & Wager (2021, section 4): Y = b(X) + (W − ½)·τ(X) + σ·ε. A: hard baseline, easy effect; B: a randomised trial; C: confounded, constant effect;
 * D: unrelated arms. Returns `baseline` b, `propensity` e and `effect` τ at one point of at least five coordinates.
 */
export function nieWagerTruth(setting: NieWagerCase, x: ArrayLike<number>): { baseline: number; propensity: number; effect: number } {
  if (x.length < 5) throw new RangeError(`cannot generate: ${x.length} coordinates, expected at least 5`)
  const [x1, x2, x3, x4, x5] = [x[0], x[1], x[2], x[3], x[4]]
  const positive = (value: number): number => Math.max(value, 0)
  if (setting === 'A') {
    const wave = Math.sin(Math.PI * x1 * x2)
    return { propensity: Math.min(0.9, Math.max(0.1, wave)), baseline: wave + 2 * (x3 - 0.5) ** 2 + x4 + 0.5 * x5, effect: (x1 + x2) / 2 }
  }
  // The reference code once computed max(0, X1 + X2) here; the paper's three-way maximum is what is meant.
  if (setting === 'B') return { propensity: 0.5, baseline: Math.max(x1 + x2, x3, 0) + positive(x4 + x5), effect: x1 + Math.log1p(Math.exp(x2)) }
  if (setting === 'C') return { propensity: 1 / (1 + Math.exp(x2 + x3)), baseline: 2 * Math.log1p(Math.exp(x1 + x2 + x3)), effect: 1 }
  const first = positive(x1 + x2 + x3)
  const second = positive(x4 + x5)
  return { propensity: 1 / (1 + Math.exp(-x1) + Math.exp(-x2)), baseline: (first + second) / 2, effect: first - second }
}

/** n persons with p columns (uniform in A, standard normal otherwise) and noise σ. */
export function nieWagerSample(setting: NieWagerCase, n: number, p: number, sigma: number, seed: number): NieWagerData {
  const random = randomStream(seed, setting.charCodeAt(0))
  const x = Array.from({ length: p }, () => new Float64Array(n))
  const treated = new Uint8Array(n)
  const y = new Float64Array(n)
  const effect = new Float64Array(n)
  const propensity = new Float64Array(n)
  const point = new Float64Array(p)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < p; j++) point[j] = x[j][i] = setting === 'A' ? random.uniform() : random.normal()
    const truth = nieWagerTruth(setting, point)
    treated[i] = random.uniform() < truth.propensity ? 1 : 0
    effect[i] = truth.effect
    propensity[i] = truth.propensity
    y[i] = truth.baseline + (treated[i] - 0.5) * truth.effect + sigma * random.normal()
  }
  return { x, treated, y, effect, propensity }
}
