import { pinyin } from 'pinyin-pro'

/**
 * How ideographs sound: the commonest reading without tone, zh/ch/sh read as z/c/s and a final -ng as -n (what typists confuse).
 * Other readings of a character are not known here.
 */
export type Syllables = {
  /** [65536] unit → code of its syllable (from 0x4e00, one per distinct sound), 0 for units without one. */
  readonly codeOf: Uint16Array
  /** Unit → its pinyin in letters, unmerged. */
  readonly spelling: ReadonlyMap<number, string>
}

const made: { syllables?: Syllables } = {}

/** About 70 ms the first time; the same table for everybody afterwards. */
export const createSyllables = (): Syllables => (made.syllables ??= buildSyllables())

function buildSyllables(): Syllables {
  const codeOf = new Uint16Array(0x10000)
  const spelling = new Map<number, string>()
  const codes = new Map<string, number>()
  for (let unit = 0x4e00; unit <= 0x9fff; unit++) {
    const character = String.fromCharCode(unit)
    const sound = pinyin(character, { toneType: 'none', v: true })
    if (sound === character || sound === '') continue
    const merged = sound.replace(/^([zcs])h/, '$1').replace(/ng$/, 'n')
    const code = codes.get(merged) ?? 0x4e00 + codes.size
    codes.set(merged, code)
    codeOf[unit] = code
    spelling.set(unit, sound)
  }
  // Normalisation has turned numerals into digits; each sounds like its character.
  for (const [digit, character] of [...'零一二三四五六七八九'].entries()) codeOf[48 + digit] = codeOf[character.charCodeAt(0)]
  return { codeOf, spelling }
}
