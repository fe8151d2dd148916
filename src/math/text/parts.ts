import { characterParts } from './lookalikes.ts'
import { paired, skipped, type Normaliser } from './normalise.ts'

/** Characters written in parts (女子 for 好), joined again where a text shows that it was written so. */
export type Parts = {
  /** [65536] 1 for a unit that stands in a text almost only as a part of a split character (亻 氵 讠). */
  readonly telling: Uint8Array
  /**
   * Joins in place and returns the new length; unchanged when no joined character has a telling part, because 女子 and 日月 are also words.
   * `units` [length] as they read before runs are taken as one, a person radical 亻 as itself; `starts` and `ends` are joined along.
   */
  join(units: Uint16Array, starts: Int32Array, ends: Int32Array, length: number): number
}
/** The radical that the look-alike table reads as 信: here it keeps its own unit until it is known whether a part follows. */
const person = 0x4ebb
const believe = 0x4fe1

/** Builds the tables (about a millisecond). */
export function createParts(normaliser: Normaliser): Parts {
  const everyday = new Set(new TextDecoder('gb2312').decode(levelOne()))
  const telling = new Uint8Array(0x10000)
  const pairs = new Map<number, number>()
  const triples = new Map<number, number>()
  const read = (character: string): number => {
    const codePoint = character.codePointAt(0)!
    return codePoint === person ? person : codePoint < 0x10000 ? normaliser.units[codePoint] : normaliser.astral[codePoint - 0x10000]
  }
  for (const [whole, parts] of Object.entries(characterParts)) {
    const units = [...parts].map(read)
    const own = read(whole)
    if (units.some(unit => unit === skipped || unit === paired)) continue
    for (const part of parts) if (part.length === 1 && !everyday.has(part) && (part.charCodeAt(0) === person || read(part) === part.charCodeAt(0))) telling[part.charCodeAt(0)] = 1
    if (units.length === 2) pairs.set(units[0] * 0x10000 + units[1], pairs.get(units[0] * 0x10000 + units[1]) ?? own)
    else if (units.length === 3) triples.set((units[0] * 0x10000 + units[1]) * 0x10000 + units[2], own)
  }
  return {
    telling,
    join(units, starts, ends, length) {
      let told = false
      for (let pass = 0; pass < 2; pass++) {
        let to = 0
        for (let i = 0; i < length;) {
          const two = i + 1 < length ? units[i] * 0x10000 + units[i + 1] : 0
          const three = i + 2 < length ? triples.get(two * 0x10000 + units[i + 2]) : undefined
          const whole = three ?? (two === 0 ? undefined : pairs.get(two))
          const used = three !== undefined ? 3 : whole !== undefined ? 2 : 1
          if (pass === 0) for (let j = i; j < i + used && used > 1; j++) told ||= telling[units[j]] === 1
          else {
            units[to] = whole ?? (units[i] === person ? believe : units[i])
            starts[to] = starts[i]
            ends[to++] = ends[i + used - 1]
          }
          i += used
        }
        if (pass === 1) return to
        if (!told) break
      }
      for (let i = 0; i < length; i++) if (units[i] === person) units[i] = believe
      return length
    },
  }
}
/** The 3,755 characters of GB 2312's first level: those in everyday use. */
function levelOne(): Uint8Array {
  const bytes: number[] = []
  for (let row = 0xb0; row <= 0xd7; row++) for (let cell = 0xa1; cell <= (row === 0xd7 ? 0xf9 : 0xfe); cell++) bytes.push(row, cell)
  return Uint8Array.from(bytes)
}
