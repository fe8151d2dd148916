import { normalise, type Normaliser } from './normalise.ts'
import type { Syllables } from './syllables.ts'

/** Lengths of the two kinds of n-grams: 1 to 4 characters, 2 to 3 syllables. */
export const longestCharacters = 4
export const longestSounds = 3
/** Keys are 24 bits: 60,000 kept n-grams leave one unknown n-gram in 280 with a stranger's weight. */
export const keyBits = 24

/**
 * Calls `each(key, first, last, sound)` for every n-gram occurrence of the text, `first` and `last` being indices into `normalise`'s units.
 * Runs of one character are cut to two, so 哈哈哈哈哈 says no more than 哈哈.
 */
export function eachFeature(units: Uint16Array, length: number, syllables: Uint16Array, each: (key: number, first: number, last: number, sound: boolean) => void): void {
  for (let first = 0; first < length; first++) {
    if (first > 1 && units[first] === units[first - 1] && units[first] === units[first - 2]) continue
    const stop = Math.min(length, first + longestCharacters)
    let hash = 0x2545f491
    let sound = 0x7f4a7c15
    for (let last = first, taken = 0; last < stop; last++) {
      const unit = units[last]
      if (last > first + 1 && unit === units[last - 1] && unit === units[last - 2]) break
      hash = absorb(hash, unit)
      each(keyOf(hash), first, last, false)
      if (++taken > longestSounds) continue
      sound = absorb(sound, syllables[unit] || unit)
      if (taken > 1) each(keyOf(sound), first, last, true)
    }
  }
}
export function absorb(hash: number, unit: number): number {
  const mixed = Math.imul(hash ^ unit, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}
export function keyOf(hash: number): number {
  return Math.imul(hash, 0x85ebca6b) >>> (32 - keyBits)
}

/** Keys of all n-gram occurrences of one text. */
export function featuresOf(normaliser: Normaliser, syllables: Syllables, text: string): Uint32Array {
  const read = normalise(normaliser, text)
  const keys = new Uint32Array(read.length * (longestCharacters + longestSounds - 1))
  let count = 0
  eachFeature(read.units, read.length, syllables.codeOf, key => { keys[count++] = key })
  return keys.slice(0, count)
}
