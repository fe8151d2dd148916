/**
 * numpy's `default_rng(42)` (PCG64, O'Neill 2014, XSL-RR output) with the draws the matching instances need, so that published optima of
 * instances defined by a numpy program can be met here. Each draw follows numpy 2's own method: ziggurat normals (Marsaglia & Tsang 2000), PTRS
 * Poisson (Hörmann 1993), Lemire's bounded integers (2019), Floyd's sampling or a tail shuffle.
 */
const multiplier = 0x2360ed051fc65da44385df649fccf645n

export type NumpyRandom = {
  double(): number
  lognormal(mean: number, sigma: number): number
  poisson(lambda: number): number
  /** `size` distinct integers below n, in numpy's order. */
  choice(n: number, size: number): Int32Array
}

const layers = 256
const edge = 3.6541528853610088
const area = 0.00492867323399

function zigguratTables(): { k: Float64Array; w: Float64Array; f: Float64Array } {
  const k = new Float64Array(layers)
  const w = new Float64Array(layers)
  const f = new Float64Array(layers)
  const m = 2 ** 52
  let x = edge
  let above = edge
  const q = area / Math.exp(-0.5 * x * x)
  k[0] = Math.floor((x / q) * m)
  w[0] = q / m
  w[layers - 1] = x / m
  f[0] = 1
  f[layers - 1] = Math.exp(-0.5 * x * x)
  for (let i = layers - 2; i >= 1; i--) {
    x = Math.sqrt(-2 * Math.log(area / x + Math.exp(-0.5 * x * x)))
    k[i + 1] = Math.floor((x / above) * m)
    above = x
    f[i] = Math.exp(-0.5 * x * x)
    w[i] = x / m
  }
  return { k, w, f }
}

function logGamma(x: number): number {
  const a = [8.333333333333333e-2, -2.777777777777778e-3, 7.936507936507937e-4, -5.952380952380952e-4, 8.417508417508418e-4, -1.917526917526918e-3,
    6.410256410256410e-3, -2.955065359477124e-2, 1.796443723688307e-1, -1.39243221690590]
  if (x === 1 || x === 2) return 0
  const n = x < 7 ? Math.floor(7 - x) : 0
  let x0 = x + n
  const inverse2 = 1 / (x0 * x0)
  let sum = a[9]
  for (let i = 8; i >= 0; i--) sum = sum * inverse2 + a[i]
  let result = sum / x0 + 0.5 * Math.log(2 * Math.PI) + (x0 - 0.5) * Math.log(x0) - x0
  for (let i = 1; i <= n; i++) {
    result -= Math.log(x0 - 1)
    x0--
  }
  return result
}

/** A 128-bit number in eight limbs of 16 bits, least first. */
function limbs(value: bigint): Float64Array {
  return Float64Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(16 * i)) & 0xffffn))
}

/** The generator numpy makes from seed 42; its two starting words are those its SeedSequence derives. */
export function numpyRandom42(): NumpyRandom {
  // 128 bits in limbs of 16, so that products and their sums stay exact in doubles; BigInt takes twenty times as long.
  const state = limbs(274674114334540486603088602300644985544n)
  const increment = limbs(332724090758049132448979897138935081983n)
  const factor = limbs(multiplier)
  const next = new Float64Array(8)
  const { k: kTable, w: wTable, f: fTable } = zigguratTables()
  let spare = -1
  // The last 64-bit word drawn.
  let high = 0
  let low = 0
  const draw64 = (): void => {
    let carry = 0
    for (let k = 0; k < 8; k++) {
      let sum = carry + increment[k]
      for (let i = 0; i <= k; i++) sum += state[i] * factor[k - i]
      carry = Math.floor(sum / 65_536)
      next[k] = sum - carry * 65_536
    }
    state.set(next)
    const h = ((state[7] << 16) | state[6]) ^ ((state[3] << 16) | state[2])
    const l = ((state[5] << 16) | state[4]) ^ ((state[1] << 16) | state[0])
    const rotation = state[7] >> 10
    const by = rotation & 31
    const [a, b] = rotation < 32 ? [h, l] : [l, h]
    high = (by === 0 ? a : (a >>> by) | (b << (32 - by))) >>> 0
    low = (by === 0 ? b : (b >>> by) | (a << (32 - by))) >>> 0
  }
  const next32 = (): number => {
    if (spare >= 0) {
      const word = spare
      spare = -1
      return word
    }
    draw64()
    spare = high
    return low
  }
  const double = (): number => {
    draw64()
    return (high * 2_097_152 + (low >>> 11)) / 9007199254740992
  }
  const normal = (): number => {
    for (;;) {
      draw64()
      const i = low & 0xff
      const negative = ((low >>> 8) & 1) === 1
      const magnitude = (high & 0x1fffffff) * 8_388_608 + (low >>> 9)
      const x = (negative ? -1 : 1) * magnitude * wTable[i]
      if (magnitude < kTable[i]) return x
      if (i === 0) {
        for (;;) {
          const far = -Math.log1p(-double()) / edge
          const test = -Math.log1p(-double())
          if (test + test > far * far) return Math.floor(magnitude / 256) % 2 === 1 ? -(edge + far) : edge + far
        }
      }
      if ((fTable[i - 1] - fTable[i]) * double() + fTable[i] < Math.exp(-0.5 * x * x)) return x
    }
  }
  /** Uniform in 0 … range, by multiplication of 32 × 32 bits kept in two halves. */
  const bounded = (range: number): number => {
    if (range === 0) return 0
    const bound = range + 1
    const draw = (): [number, number] => {
      const word = next32()
      const low = (word & 0xffff) * bound
      const high = (word >>> 16) * bound + Math.floor(low / 65536)
      return [Math.floor(high / 65536), (high % 65536) * 65536 + (low % 65536)]
    }
    let [top, rest] = draw()
    if (rest < bound) {
      const threshold = (4294967295 - range) % bound
      while (rest < threshold) [top, rest] = draw()
    }
    return top
  }
  const shuffleTail = (data: Int32Array, n: number, first: number): void => {
    for (let i = n - 1; i >= first; i--) {
      const j = bounded(i)
      const held = data[j]
      data[j] = data[i]
      data[i] = held
    }
  }
  return {
    double,
    lognormal: (mean, sigma) => Math.exp(mean + sigma * normal()),
    poisson(lambda) {
      if (lambda === 0) return 0
      if (lambda < 10) {
        const limit = Math.exp(-lambda)
        let count = 0
        for (let product = double(); product > limit; product *= double()) count++
        return count
      }
      const root = Math.sqrt(lambda)
      const b = 0.931 + 2.53 * root
      const a = -0.059 + 0.02483 * b
      const inverse = 1.1239 + 1.1328 / (b - 3.4)
      const vr = 0.9277 - 3.6224 / (b - 2)
      for (;;) {
        const u = double() - 0.5
        const v = double()
        const us = 0.5 - Math.abs(u)
        const count = Math.floor(((2 * a) / us + b) * u + lambda + 0.43)
        if (us >= 0.07 && v <= vr) return count
        if (count < 0 || (us < 0.013 && v > us)) continue
        if (Math.log(v) + Math.log(inverse) - Math.log(a / (us * us) + b) <= -lambda + count * Math.log(lambda) - logGamma(count + 1)) return count
      }
    },
    choice(n, size) {
      if (n > 10_000 && size > Math.floor(n / 50)) {
        const all = Int32Array.from({ length: n }, (_, i) => i)
        shuffleTail(all, n, Math.max(n - size, 1))
        return all.slice(n - size)
      }
      const picked = new Int32Array(size)
      const seen = new Set<number>()
      for (let j = n - size; j < n; j++) {
        const draw = bounded(j)
        const take = seen.has(draw) ? j : draw
        seen.add(take)
        picked[j - n + size] = take
      }
      shuffleTail(picked, size, 1)
      return picked
    },
  }
}
