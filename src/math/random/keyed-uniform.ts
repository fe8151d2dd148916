/** Uniform in (0, 1) with 53 bits, never 0 or 1, at the address (a, b, c, d). Keys are safe integers, negative ones allowed. */
export type KeyedUniform = (a: number, b?: number, c?: number, d?: number) => number

/** A sequence of draws: `uniform` in (0, 1), `normal` with mean 0 and variance 1, `below(n)` an integer in 0 … n − 1. */
export type RandomStream = { uniform(): number; normal(): number; below(n: number): number }

const twoTo32 = 4294967296

/**
 * Counter-based uniform: state = mix(seed), then state = mix(state ^ key) per key, with SplitMix64's finaliser
 * (Steele, Lea, Flood 2014, with the golden-ratio increment). 64-bit words are two 32-bit halves, so that nothing is
 * allocated and no BigInt is made: about 30 ns for two keys.
 *
 * `seed` and keys: safe integers, read as 64-bit two's complement.
 * Errors: RangeError naming the key that is no safe integer.
 */
export function keyedUniform(seed: number): KeyedUniform {
  const word = mixer()
  word.start(seed, 'seed')
  const rootHigh = word.high()
  const rootLow = word.low()
  return (a, b, c, d) => {
    word.set(rootHigh, rootLow)
    word.absorb(a, 'key 1')
    if (b !== undefined) word.absorb(b, 'key 2')
    if (c !== undefined) word.absorb(c, 'key 3')
    if (d !== undefined) word.absorb(d, 'key 4')
    return word.uniform()
  }
}

/**
 * A stream over the same mixing: draw i is the uniform at address i below (seed, stream). For simulations and posterior
 * draws, where only the sequence matters. Normals by Marsaglia's polar method (1964), two at a time.
 */
export function randomStream(seed: number, stream = 0): RandomStream {
  const word = mixer()
  word.start(seed, 'seed')
  word.absorb(stream, 'stream')
  const rootHigh = word.high()
  const rootLow = word.low()
  let counter = 0
  let spare = 0
  let hasSpare = false
  const uniform = (): number => {
    word.set(rootHigh, rootLow)
    word.absorbSmall(counter++)
    return word.uniform()
  }
  return {
    uniform,
    normal() {
      if (hasSpare) {
        hasSpare = false
        return spare
      }
      for (;;) {
        const u = 2 * uniform() - 1
        const v = 2 * uniform() - 1
        const s = u * u + v * v
        if (s >= 1 || s === 0) continue
        const factor = Math.sqrt((-2 * Math.log(s)) / s)
        spare = v * factor
        hasSpare = true
        return u * factor
      }
    },
    below: (n) => Math.floor(uniform() * n),
  }
}

type Mixer = {
  start(seed: number, name: string): void
  set(high: number, low: number): void
  absorb(key: number, name: string): void
  absorbSmall(key: number): void
  uniform(): number
  high(): number
  low(): number
}

/** One 64-bit word as two signed 32-bit halves and the operations of the finaliser on it. */
function mixer(): Mixer {
  let h = 0
  let l = 0

  // (h, l) = (h, l) · (bh, bl) mod 2^64, by 16-bit limbs of the low product.
  const multiply = (bh: number, bl: number): void => {
    const a0 = l & 0xffff
    const a1 = l >>> 16
    const b0 = bl & 0xffff
    const b1 = bl >>> 16
    const p00 = a0 * b0
    const middle = a1 * b0 + (p00 >>> 16)
    const other = a0 * b1 + (middle & 0xffff)
    const carry = a1 * b1 + Math.floor(middle / 65536) + Math.floor(other / 65536)
    const high = (carry + Math.imul(h, bl) + Math.imul(l, bh)) | 0
    l = ((other & 0xffff) << 16) | (p00 & 0xffff)
    h = high
  }
  const mix = (): void => {
    const sum = (l >>> 0) + 0x7f4a7c15
    h = (h + 0x9e3779b9 + (sum >= twoTo32 ? 1 : 0)) | 0
    l = sum | 0
    l ^= (l >>> 30) | (h << 2)
    h ^= h >>> 30
    multiply(0xbf58476d, 0x1ce4e5b9)
    l ^= (l >>> 27) | (h << 5)
    h ^= h >>> 27
    multiply(0x94d049bb, 0x133111eb)
    l ^= (l >>> 31) | (h << 1)
    h ^= h >>> 31
  }
  const absorb = (key: number, name: string): void => {
    if (!Number.isSafeInteger(key)) throw new RangeError(`cannot draw: ${name} is ${key}, expected a safe integer`)
    h ^= Math.floor(key / twoTo32) | 0
    l ^= key | 0
    mix()
  }
  return {
    start(seed, name) {
      h = 0
      l = 0
      absorb(seed, name)
    },
    set(high, low) {
      h = high
      l = low
    },
    absorb,
    absorbSmall(key) {
      h ^= Math.floor(key / twoTo32) | 0
      l ^= key | 0
      mix()
    },
    uniform() {
      const value = ((h >>> 0) * 2097152 + (l >>> 11) + 0.5) / 9007199254740992
      // Half a step above 2^53 − 1 rounds to 2^53, so the topmost draw would be exactly 1.
      return value < 1 ? value : 1 - 2 ** -53
    },
    high: () => h,
    low: () => l,
  }
}
