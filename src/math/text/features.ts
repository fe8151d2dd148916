import { normalise, type Normaliser } from './normalise.ts'
import type { Syllables } from './syllables.ts'

/** Lengths of the two kinds of n-grams: 1 to 4 characters, 2 to 4 syllables. */
export const longestCharacters = 4
export const longestSounds = 4
/** Keys are 24 bits: 60,000 kept n-grams leave one unknown n-gram in 280 with a stranger's weight. */
export const keyBits = 24
export const characterSeed = 0x2545f491
export const soundSeed = 0x7f4a7c15

/** What the classifier reads: normalised, emoji skipped, a run of one character taken as one. `ends` reaches to the end of the run. */
export function readText(normaliser: Normaliser, text: string): { units: Uint16Array; starts: Int32Array; ends: Int32Array; length: number } {
  const read = normalise(normaliser, text, true)
  let length = 0
  for (let i = 0; i < read.length; i++) {
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

/** Calls `each(key, first, last, sound)` for every n-gram occurrence, `first` and `last` being indices into the units. */
export function eachFeature(units: Uint16Array, length: number, syllables: Uint16Array, each: (key: number, first: number, last: number, sound: boolean) => void): void {
  for (let first = 0; first < length; first++) {
    const stop = Math.min(length, first + longestCharacters)
    let hash = characterSeed
    let sound = soundSeed
    for (let last = first; last < stop; last++) {
      const unit = units[last]
      hash = absorb(hash, unit)
      each(keyOf(hash), first, last, false)
      if (last - first >= longestSounds) continue
      sound = absorb(sound, syllables[unit] || unit)
      if (last > first) each(keyOf(sound), first, last, true)
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

/** Keys of all n-gram occurrences of one text, read and heard. */
export type Features = { characters: Uint32Array; sounds: Uint32Array }
export function featuresOf(normaliser: Normaliser, syllables: Syllables, text: string): Features {
  const read = readText(normaliser, text)
  const keys = [new Uint32Array(read.length * longestCharacters), new Uint32Array(read.length * (longestSounds - 1))]
  const counts = [0, 0]
  eachFeature(read.units, read.length, syllables.codeOf, (key, _first, _last, sound) => { keys[sound ? 1 : 0][counts[sound ? 1 : 0]++] = key })
  return { characters: keys[0].slice(0, counts[0]), sounds: keys[1].slice(0, counts[1]) }
}
