import { refuse } from './input.ts'

function requireRho(rho: number): void {
  if (!(rho > 0 && rho < Infinity)) refuse(`cannot convert a privacy cost: ρ is ${rho}, expected a finite number above 0`)
}
function requireDelta(delta: number): void {
  if (!(delta > 0 && delta < 1)) refuse(`cannot convert a privacy cost: δ is ${delta}, expected a number between 0 and 1`)
}

/** ln δ of ρ-zCDP at ε: min over α > 1 of the tight conversion (Canonne, Kamath & Steinke 2020, proposition 12). */
function logDelta(rho: number, epsilon: number): number {
  // Derivative in α: (2α − 1)ρ − ε + ln(1 − 1/α), increasing; solved in ln(α − 1).
  const slope = (alpha: number): number => (2 * alpha - 1) * rho - epsilon + Math.log1p(-1 / alpha)
  let low = -60
  let high = 1
  while (slope(1 + Math.exp(high)) < 0 && high < 200) high++
  for (let round = 0; round < 200; round++) {
    const mid = (low + high) / 2
    if (slope(1 + Math.exp(mid)) < 0) low = mid
    else high = mid
  }
  const beta = Math.exp((low + high) / 2)
  const alpha = 1 + beta
  return beta * (alpha * rho - epsilon) - Math.log(beta) + alpha * Math.log1p(-1 / alpha)
}

/** δ at which ρ-zCDP gives (ε, δ)-differential privacy. */
export function deltaOf(rho: number, epsilon: number): number {
  requireRho(rho)
  if (!(epsilon >= 0)) refuse(`cannot convert a privacy cost: ε is ${epsilon}, expected at least 0`)
  return Math.min(1, Math.exp(logDelta(rho, epsilon)))
}

/** The simple, looser conversion ε = ρ + 2√(ρ ln 1/δ) (Bun & Steinke 2016). */
export function epsilonSimple(rho: number, delta: number): number {
  requireRho(rho)
  requireDelta(delta)
  return rho + 2 * Math.sqrt(rho * Math.log(1 / delta))
}

/** Smallest ε at which ρ-zCDP gives (ε, δ); the upper end of the last bisection, so never rounded down. */
export function epsilonOf(rho: number, delta: number): number {
  const target = Math.log(delta)
  let high = epsilonSimple(rho, delta)
  let low = 0
  for (let round = 0; round < 100; round++) {
    const mid = (low + high) / 2
    if (logDelta(rho, mid) <= target) high = mid
    else low = mid
  }
  return high
}

/** Largest ρ whose ε at δ does not exceed `epsilon`; the lower end, so never rounded up. */
export function rhoFor(epsilon: number, delta: number): number {
  requireDelta(delta)
  if (!(epsilon > 0 && epsilon < Infinity)) refuse(`cannot convert a privacy cost: ε is ${epsilon}, expected a finite number above 0`)
  const target = Math.log(delta)
  let low = 0
  let high = epsilon
  for (let round = 0; round < 200; round++) {
    const mid = (low + high) / 2
    if (mid > 0 && logDelta(mid, epsilon) <= target) low = mid
    else high = mid
  }
  return low
}

/**
 * A privacy account: a limit and what was spent, in millionths of a millionth of ρ as integers, so that nothing is lost or gained by adding.
 * Costs are rounded up.
 */
export type Account = { readonly limit: bigint; readonly spent: bigint; readonly releases: ReadonlyArray<{ name: string; cost: bigint }> }

const unit = 1_000_000_000_000n

/**
 * What a release costs. `gaussian`: integer vector with L2 sensitivity `sensitivity` and noise variance `sigmaSquared` = [n, d].
 * `pure`: ε-differential privacy with ε = [n, d]. `parallel`: parts about disjoint persons, costing the dearest part.
 */
export type Release =
  | { kind: 'gaussian'; name: string; sensitivity: bigint; sigmaSquared: readonly [bigint, bigint] }
  | { kind: 'pure'; name: string; epsilon: readonly [bigint, bigint] }
  | { kind: 'parallel'; name: string; parts: readonly Release[] }

const up = (n: bigint, d: bigint): bigint => (n + d - 1n) / d

function costOf(release: Release): bigint {
  if (release.kind === 'gaussian') {
    const [n, d] = release.sigmaSquared
    if (n <= 0n || d <= 0n) refuse(`cannot account for "${release.name}": σ² is ${n}/${d}, expected above 0`)
    if (release.sensitivity < 0n) refuse(`cannot account for "${release.name}": sensitivity is ${release.sensitivity}, expected at least 0`)
    return up(release.sensitivity * release.sensitivity * d * unit, 2n * n)
  }
  if (release.kind === 'pure') {
    const [n, d] = release.epsilon
    if (n <= 0n || d <= 0n) refuse(`cannot account for "${release.name}": ε is ${n}/${d}, expected above 0`)
    return up(n * n * unit, 2n * d * d)
  }
  return release.parts.reduce((most, part) => {
    const cost = costOf(part)
    return cost > most ? cost : most
  }, 0n)
}

/** Opens an account for one merchant and period; the product's default is ρ = 0.1 a year. */
export function openAccount(rho = 0.1): Account {
  requireRho(rho)
  return { limit: BigInt(Math.floor(rho * Number(unit))), spent: 0n, releases: [] }
}

/** ρ that is left, rounded down. */
export function remaining(account: Account): number {
  return Number(account.limit - account.spent) / Number(unit)
}

export type Spending = { outcome: 'spent'; account: Account; rho: number } | { outcome: 'refused'; rho: number; left: number }

/** Books a release, or refuses it when what is left does not cover it. Withdrawal of consent later gives nothing back: it stops future releases only. */
export function spend(account: Account, release: Release): Spending {
  const cost = costOf(release)
  const rho = Number(cost) / Number(unit)
  if (account.spent + cost > account.limit) return { outcome: 'refused', rho, left: remaining(account) }
  return { outcome: 'spent', rho, account: { limit: account.limit, spent: account.spent + cost, releases: [...account.releases, { name: release.name, cost }] } }
}
