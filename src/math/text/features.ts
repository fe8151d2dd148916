import { isEmoji, normalise, paired, skipped, type Normaliser } from './normalise.ts'
import type { Parts } from './parts.ts'
import type { Syllables } from './syllables.ts'

/**
 * What the classifier reads: single characters and pairs of neighbours, and the same of their sounds, in the normalised text, emoji skipped, split
 * characters joined, a run of one character taken as one. Longer n-grams were tried and gained nothing on held-out topics.
 */
export type Reading = { units: Uint16Array; starts: Int32Array; ends: Int32Array; length: number }
/** The four kinds of n-grams; the key of a pair is first · 65536 + second. */
export const kinds = ['character', 'characters', 'sound', 'sounds'] as const
export const character = 0
export const characters = 1
export const sound = 2
export const sounds = 3
export type Kind = typeof character | typeof characters | typeof sound | typeof sounds
/** A map key for an n-gram of any kind: kind · 2³² + key, exact in a double. */
export const kindStep = 2 ** 32

/** Sounds are numbered below this, so that a table of all pairs of them stays small. */
export const soundLimit = 512
/** Stands before the first sound of a text and has no weight. */
export const noSound = soundLimit - 1

/** [65536] unit → number of its sound: syllables first, then Latin letters, then one number for everything else. */
export function soundNumbers({ codeOf }: Syllables): Uint16Array {
  let syllables = 0
  for (const code of codeOf) if (code !== 0) syllables = Math.max(syllables, code - 0x4e00 + 1)
  if (syllables + 27 >= noSound) throw new RangeError(`cannot number the sounds: ${syllables} syllables, expected fewer than ${noSound - 27}`)
  const numbers = new Uint16Array(0x10000).fill(syllables + 26)
  for (let unit = 0; unit < 0x10000; unit++) {
    if (codeOf[unit] !== 0) numbers[unit] = codeOf[unit] - 0x4e00
    else if (unit >= 97 && unit <= 122) numbers[unit] = syllables + unit - 97
  }
  return numbers
}
/** FNV-1a over the numbers: a model is only right with the sounds it was trained with. */
export function soundMark(numbers: Uint16Array): number {
  let hash = 0x811c9dc5
  for (const number of numbers) {
    hash = Math.imul(hash ^ (number & 255), 0x01000193)
    hash = Math.imul(hash ^ (number >>> 8), 0x01000193)
  }
  return hash >>> 0
}

/** `ends` reaches to the end of a run and of a split character. */
export function readText(normaliser: Normaliser, parts: Parts, text: string): Reading {
  const read = normalise(normaliser, text, true)
  let telling = false
  for (let i = 0; i < read.length; i++) {
    const raw = text.charCodeAt(read.starts[i])
    if (parts.telling[raw] === 0) continue
    telling = true
    read.units[i] = raw
  }
  const joined = telling ? parts.join(read.units, read.starts, read.ends, read.length) : read.length
  let length = 0
  for (let i = 0; i < joined; i++) {
    if (length > 0 && read.units[i] === read.units[length - 1]) {
      read.ends[length - 1] = read.ends[i]
      continue
    }
    read.units[length] = read.units[i]
    read.starts[length] = read.starts[i]
    read.ends[length++] = read.ends[i]
  }
  return { ...read, length }
}
/** n-grams of a text of `length` units, counted with repeats: the weights are divided by its square root. */
export function ngramsOf(length: number): number {
  return Math.max(1, 4 * length - 2)
}
/** Calls `each(kind, key, first, last)` for every n-gram occurrence, `first` and `last` being indices into the units. */
export function eachFeature({ units, length }: Reading, numbers: Uint16Array, each: (kind: Kind, key: number, first: number, last: number) => void): void {
  for (let i = 0; i < length; i++) {
    each(character, units[i], i, i)
    each(sound, numbers[units[i]], i, i)
    if (i === 0) continue
    each(characters, units[i - 1] * 0x10000 + units[i], i - 1, i)
    each(sounds, numbers[units[i - 1]] * 0x10000 + numbers[units[i]], i - 1, i)
  }
}

/** One 32-bit cell a UTF-16 unit, for one load in the loop over a text: its unit, its sound from bit 16, and whether it tells of split characters. */
export const tellingBit = 1 << 30
export function readingTable(normaliser: Normaliser, parts: Parts, numbers: Uint16Array): Int32Array {
  const table = new Int32Array(0x10000)
  for (let unit = 0; unit < 0x10000; unit++) {
    const read = normaliser.units[unit]
    table[unit] = read === skipped || read === paired ? read : read | (numbers[read] << 16) | (parts.telling[unit] === 1 ? tellingBit : 0)
  }
  return table
}
/** The pair that begins with the high surrogate at `at`: its unit, or `skipped` also for a lone surrogate and every emoji. */
export function readPair(normaliser: Normaliser, text: string, at: number): number {
  const codePoint = text.codePointAt(at)!
  return codePoint < 0x10000 || isEmoji(codePoint) ? skipped : normaliser.astral[codePoint - 0x10000] ?? skipped
}
