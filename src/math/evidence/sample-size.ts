import { normalQuantile, requirePositive } from '../special/index.ts'

/** z at α two-sided and the power; `anytime` replaces the first by the confidence sequence's 3.035 (α = 0.05), about 1.9× the persons. */
export type Ask = { alpha?: number; power?: number; anytime?: boolean }

function squaredZ({ alpha = 0.05, power = 0.8, anytime = false }: Ask): number {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`cannot plan a sample: alpha is ${alpha}, expected a number between 0 and 1`)
  if (!(power > 0 && power < 1)) throw new RangeError(`cannot plan a sample: power is ${power}, expected a number between 0 and 1`)
  if (anytime && alpha !== 0.05) throw new RangeError(`cannot plan an anytime sample: alpha is ${alpha}, expected 0.05`)
  return ((anytime ? 3.035 : normalQuantile(1 - alpha / 2)) + normalQuantile(power)) ** 2
}

/** Persons per arm to see a difference δ at outcome sd σ; `explained` is the share of variance that pre-period adjustment removes. */
export function personsPerArm(sigma: number, delta: number, explained = 0, ask: Ask = {}): number {
  requirePositive('sigma, delta', [sigma, Math.abs(delta)])
  if (!(explained >= 0 && explained < 1)) throw new RangeError(`cannot plan a sample: explained is ${explained}, expected a share from 0 to below 1`)
  return (2 * sigma * sigma * (1 - explained) * squaredZ(ask)) / (delta * delta)
}

/** Persons per arm to tell two loss rates apart. */
export function personsPerArmForRates(p0: number, p1: number, ask: Ask = {}): number {
  for (const [name, p] of [['p0', p0], ['p1', p1]] as const) if (!(p > 0 && p < 1)) throw new RangeError(`cannot plan a sample: ${name} is ${p}, expected a number between 0 and 1`)
  if (p0 === p1) return Infinity
  return (squaredZ(ask) * (p0 * (1 - p0) + p1 * (1 - p1))) / (p1 - p0) ** 2
}

/** Losses (both arms together) needed to see the ratio ρ of loss rates with holdout share h (Schoenfeld 1981). */
export function lossesNeeded(ratio: number, holdout: number, ask: Ask = {}): number {
  requirePositive('ratio', [ratio])
  if (!(holdout > 0 && holdout < 1)) throw new RangeError(`cannot plan a sample: holdout is ${holdout}, expected a share between 0 and 1`)
  return ratio === 1 ? Infinity : squaredZ(ask) / (holdout * (1 - holdout) * Math.log(ratio) ** 2)
}

export type Comparison = { /** Persons in one epoch. */ persons: number; /** sd per person, treated and holdout. */ sigma: number; sigmaHoldout: number; delta: number }

/** Epochs until a difference δ is seen with holdout share h; a fraction means within an epoch. Infinity when δ = 0. */
export function epochsToAnswer({ persons, sigma, sigmaHoldout, delta }: Comparison, holdout: number, ask: Ask = {}): number {
  requirePositive('persons, sigma, sigmaHoldout', [persons, sigma, sigmaHoldout])
  if (!(holdout > 0 && holdout < 1)) throw new RangeError(`cannot plan a sample: holdout is ${holdout}, expected a share between 0 and 1`)
  if (delta === 0) return Infinity
  return (squaredZ(ask) * (sigma ** 2 / (1 - holdout) + sigmaHoldout ** 2 / holdout)) / (persons * delta * delta)
}

/** The difference that becomes visible within `epochs`: `epochsToAnswer` inverted. Unit of σ. */
export function visibleDifference(comparison: Omit<Comparison, 'delta'>, holdout: number, epochs: number, ask: Ask = {}): number {
  requirePositive('epochs', [epochs])
  return Math.sqrt(epochsToAnswer({ ...comparison, delta: 1 }, holdout, ask) / epochs)
}

/** The smallest holdout share that answers within `epochs`, or null: not answerable in that time at this size. */
export function smallestHoldout({ persons, sigma, sigmaHoldout, delta }: Comparison, epochs: number, ask: Ask = {}): number | null {
  requirePositive('persons, sigma, sigmaHoldout, epochs', [persons, sigma, sigmaHoldout, epochs])
  const k = (persons * epochs * delta * delta) / squaredZ(ask)
  if (k === 0) return null
  const middle = k + sigmaHoldout ** 2 - sigma ** 2
  const root = middle * middle - 4 * k * sigmaHoldout ** 2
  if (root < 0) return null
  const share = (middle - Math.sqrt(root)) / (2 * k)
  return share > 0 && share < 1 ? share : null
}
