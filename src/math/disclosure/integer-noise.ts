import { refuse } from './input.ts'

/** A uniform integer in [0, m). Must come from a cryptographic source where the noise is a promise. */
export type IntegerSource = (m: bigint) => bigint

/** An integer source over random bytes, by rejection: no modulo bias. `bytes(n)` returns n fresh bytes. */
export function integersFrom(bytes: (count: number) => Uint8Array): IntegerSource {
  return (m) => {
    if (m <= 0n) refuse(`cannot draw an integer below ${m}: expected a bound of at least 1`)
    if (m === 1n) return 0n
    const bits = (m - 1n).toString(2).length
    const count = (bits + 7) >> 3
    const mask = (1n << BigInt(bits)) - 1n
    for (;;) {
      let draw = 0n
      for (const byte of bytes(count)) draw = (draw << 8n) | BigInt(byte)
      draw &= mask
      if (draw < m) return draw
    }
  }
}

function positive(name: string, value: bigint): void {
  if (value <= 0n) refuse(`cannot draw noise: ${name} is ${value}, expected at least 1`)
}

/** True with probability exactly exp(−a/b), a ≥ 0, b ≥ 1 (Canonne, Kamath & Steinke 2020, algorithm 1). */
export function bernoulliExp(a: bigint, b: bigint, uniform: IntegerSource): boolean {
  positive('b', b)
  if (a < 0n) refuse(`cannot draw a Bernoulli(exp(−a/b)): a is ${a}, expected at least 0`)
  for (let whole = a / b; whole > 0n; whole--) if (!unitExp(1n, 1n, uniform)) return false
  return unitExp(a % b, b, uniform)
}

function unitExp(a: bigint, b: bigint, uniform: IntegerSource): boolean {
  let k = 1n
  while (uniform(b * k) < a) k++
  return k % 2n === 1n
}

/** Discrete Laplace with scale t/s: P(x) ∝ exp(−|x|·s/t), exact (algorithm 2). */
export function discreteLaplace(t: bigint, s: bigint, uniform: IntegerSource): bigint {
  positive('t', t)
  positive('s', s)
  for (;;) {
    const u = uniform(t)
    if (!bernoulliExp(u, t, uniform)) continue
    let v = 0n
    while (bernoulliExp(1n, 1n, uniform)) v++
    const magnitude = (u + t * v) / s
    const negative = uniform(2n) === 1n
    if (negative && magnitude === 0n) continue
    return negative ? -magnitude : magnitude
  }
}

function integerSqrt(n: bigint): bigint {
  if (n < 2n) return n
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1)
  for (;;) {
    const y = (x + n / x) >> 1n
    if (y >= x) return x
    x = y
  }
}

/** Discrete Gaussian with σ² = n/d: P(x) ∝ exp(−x²/(2σ²)), exact (algorithm 3). */
export function discreteGaussian(n: bigint, d: bigint, uniform: IntegerSource): bigint {
  positive('n', n)
  positive('d', d)
  const t = integerSqrt(n / d) + 1n
  const bottom = 2n * n * d * t * t
  for (;;) {
    const y = discreteLaplace(t, 1n, uniform)
    const gap = (y < 0n ? -y : y) * t * d - n
    if (bernoulliExp(gap * gap, bottom, uniform)) return y
  }
}
