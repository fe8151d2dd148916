import { createHash, randomBytes } from 'node:crypto'

/**
 * Randomness (随机) is an argument, and a draw has an address: `u(who, when, slot)` is the same number whenever it is asked,
 * so the order of evaluation changes nothing and shrinking a run keeps the rest the same.
 */
export type RandomKey = string | number

export type Random = {
  /** Uniform in (0, 1), never 0 or 1, from the keys. The system source ignores the keys and draws afresh. */
  u(...keys: RandomKey[]): number
  /** `count` bytes from the keys. */
  bytes(count: number, ...keys: RandomKey[]): Buffer
}

const mask = (1n << 64n) - 1n

/** SplitMix64's finaliser (Steele, Lea, Flood 2014) on one 64-bit word. */
function mix(word: bigint): bigint {
  let z = (word + 0x9e3779b97f4a7c15n) & mask
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask
  return z ^ (z >> 31n)
}

function fold(key: RandomKey): bigint {
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt.asUintN(64, BigInt(key))
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(String(key), 'utf8')) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask
  return hash
}

/** Deterministic for a seed: the same keys give the same draw in every process and on every machine. */
export function seededRandom(seed: RandomKey): Random {
  const root = mix(fold(seed))
  // The same few names are asked with again and again.
  const folded = new Map<string, bigint>()
  const known = (key: RandomKey): bigint => {
    if (typeof key === 'number') return fold(key)
    let word = folded.get(key)
    if (word === undefined) {
      word = fold(key)
      if (folded.size < 4096) folded.set(key, word)
    }
    return word
  }
  const word = (keys: RandomKey[]): bigint => {
    let state = root
    for (const key of keys) state = mix(state ^ known(key))
    return state
  }
  return {
    u: (...keys) => Math.min((Number(word(keys) >> 11n) + 0.5) / 9007199254740992, 1 - 2 ** -53),
    bytes(count, ...keys) {
      const parts: Buffer[] = []
      for (let block = 0; block * 32 < count; block++) {
        parts.push(createHash('sha256').update(`${word(keys)}:${block}`).digest())
      }
      return Buffer.concat(parts).subarray(0, count)
    },
  }
}

/** The operating system's generator: secrets, session tokens, nonces on the real wire. Keys are ignored. */
export const systemRandom: Random = {
  u: () => Math.min((Number(randomBytes(8).readBigUInt64BE() >> 11n) + 0.5) / 9007199254740992, 1 - 2 ** -53),
  bytes: (count) => randomBytes(count),
}

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `length` characters of base 62 from `random`. */
export function randomText(random: Random, length: number, ...keys: RandomKey[]): string {
  let text = ''
  for (const byte of random.bytes(length, ...keys)) text += letters[byte % 62]
  return text
}
