import traditional from 'opencc-js/dict/TSCharacters'
import { digitShapes, emojiMeanings, letterShapes, shapeGroups } from './lookalikes.ts'

/**
 * One table from UTF-16 unit to the unit it reads as. All of normalisation is in it (width, case, traditional to simplified, numerals,
 * look-alikes, skipped separators), so reading a text costs one load per unit, whatever it undoes.
 */
export type Normaliser = {
  /** [65536] unit → unit it reads as; `skipped` (0) for separators, punctuation, symbols, marks, invisible characters; `paired` for a high surrogate. */
  readonly units: Uint16Array
  /** [0x30000] code point − 0x10000 → unit it reads as; `skipped` for symbols and emoji without a meaning of their own. */
  readonly astral: Uint16Array
}
/** A unit that the reader steps over. */
export const skipped = 0
/** Marks a high surrogate: read `astral` for the pair. U+FFFF is not a character, so nothing reads as it. */
export const paired = 0xffff

const lettersOrNumbers = /[\p{L}\p{N}]/u
/** Letters by Unicode's category that print nothing: Hangul fillers. */
const blankLetters = new Set([0x115f, 0x1160, 0x3164, 0xffa0])

/** Emoji and pictographs: read as their meaning where that continues a word, as decoration otherwise. */
export function isEmoji(codePoint: number): boolean {
  return codePoint >= 0x1f000 && codePoint <= 0x1faff
}
/** Prints nothing: zero-width, joiners, direction marks, variation selectors, soft hyphen. Any number of them may stand inside a word. */
export function isInvisible(unit: number): boolean {
  return (unit >= 0x200b && unit <= 0x200f) || (unit >= 0x2028 && unit <= 0x202e) || (unit >= 0x2060 && unit <= 0x206f) || (unit >= 0xfe00 && unit <= 0xfe0f)
    || unit === 0xfeff || unit === 0xad || unit === 0x34f || unit === 0x61c || unit === 0x180e || unit === 0x115f || unit === 0x1160 || unit === 0x3164 || unit === 0xffa0
}

const made: { normaliser?: Normaliser } = {}

/**
 * The table (about 30 ms the first time; the same one for everybody afterwards, it is never changed).
 * Method: Unicode NFKC per character where it leaves one letter or number, lower case, OpenCC's character table, then the tables of `lookalikes.ts`.
 * Ideographs outside the basic plane without a counterpart there are folded into 6,400 private codes, so two of them can be confused.
 */
export const createNormaliser = (): Normaliser => (made.normaliser ??= buildNormaliser())

function buildNormaliser(): Normaliser {
  const simplified = new Map<string, string>()
  for (const pair of traditional.split('|')) {
    const [from, to] = pair.split(' ')
    simplified.set(from, to)
  }
  const shape = new Map<string, string>()
  for (const [first, others] of Object.entries(letterShapes)) for (const other of others) shape.set(other, first)
  for (const [digit, others] of Object.entries(digitShapes)) for (const other of others) shape.set(other, digit)
  for (const group of shapeGroups) for (const other of [...group].slice(1)) shape.set(other, [...group][0])

  // To the end of the chain (薴 → 苧 → 苎), so that reading twice reads the same.
  const settle = (character: string): string => {
    let one = character
    for (let i = 0; i < 5; i++) {
      const next = shape.get(one) ?? simplified.get(one) ?? one
      if (next === one) break
      one = next
    }
    return one
  }
  const read = (character: string): number => {
    let kept = [...character.normalize('NFKC')].filter(one => lettersOrNumbers.test(one)).join('')
    if ([...kept].length !== 1) kept = character
    if (!lettersOrNumbers.test(kept) && !shape.has(kept)) return skipped
    let one = kept.toLowerCase()
    if ([...one].length !== 1) one = [...one][0]
    one = settle(one)
    const codePoint = one.codePointAt(0)!
    return codePoint < 0x10000 ? codePoint : 0xe000 + codePoint % 0x1900
  }

  const units = new Uint16Array(0x10000)
  for (let unit = 0; unit < 0x10000; unit++) {
    if (unit >= 0xd800 && unit <= 0xdbff) units[unit] = paired
    else if (unit >= 0xdc00 && unit <= 0xf8ff || blankLetters.has(unit)) units[unit] = skipped
    else if (unit >= 0x4e00 && unit <= 0x9fff) {
      const own = String.fromCharCode(unit)
      const last = settle(own)
      units[unit] = last.length === 1 ? last.charCodeAt(0) : 0xe000 + last.codePointAt(0)! % 0x1900
    } else if (unit >= 0xac00 && unit <= 0xd7a3) units[unit] = unit
    else units[unit] = read(String.fromCharCode(unit))
  }
  const astral = new Uint16Array(0x30000)
  for (let codePoint = 0x10000; codePoint < 0x40000; codePoint++) {
    if (codePoint >= 0x20000) astral[codePoint - 0x10000] = 0xe000 + codePoint % 0x1900
    else if ((codePoint >= 0x1d400 && codePoint < 0x1d800) || (codePoint >= 0x1f100 && codePoint < 0x1f200)) astral[codePoint - 0x10000] = read(String.fromCodePoint(codePoint))
  }
  for (const [from, to] of simplified) {
    const codePoint = from.codePointAt(0)!
    if (codePoint >= 0x20000 && codePoint < 0x40000 && to.length === 1) astral[codePoint - 0x10000] = to.charCodeAt(0)
  }
  // Regional indicators (🇦 … 🇿), negative circled and squared letters (🅐, 🅰): Unicode gives them no compatibility form.
  for (const start of [0x1f1e6, 0x1f150, 0x1f170]) for (let letter = 0; letter < 26; letter++) astral[start + letter - 0x10000] = 97 + letter
  for (const [emoji, meaning] of Object.entries(emojiMeanings)) astral[emoji.codePointAt(0)! - 0x10000] = meaning.charCodeAt(0)
  // Dingbat digits ❶ ➀ ➊ have no compatibility form either.
  for (const start of [0x2776, 0x2780, 0x278a]) for (let digit = 0; digit < 9; digit++) units[start + digit] = 49 + digit
  for (const [digit, forms] of Object.entries({ 1: '㊀㈠', 2: '㊁㈡', 3: '㊂㈢', 4: '㊃㈣', 5: '㊄㈤', 6: '㊅㈥', 7: '㊆㈦', 8: '㊇㈧', 9: '㊈㈨' })) for (const form of forms) units[form.charCodeAt(0)] = digit.charCodeAt(0)
  return { units, astral }
}

/**
 * The text as it reads, without what is skipped. With `skipEmoji` an emoji never stands for its meaning. `units` holds the codes, `starts[i]` and `ends[i]` the UTF-16 range of the original behind unit i.
 */
export function normalise(normaliser: Normaliser, text: string, skipEmoji = false): { units: Uint16Array; starts: Int32Array; ends: Int32Array; length: number } {
  const units = new Uint16Array(text.length)
  const starts = new Int32Array(text.length)
  const ends = new Int32Array(text.length)
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const from = i
    let unit = normaliser.units[text.charCodeAt(i)]
    if (unit === paired) {
      const low = i + 1 < text.length ? text.charCodeAt(i + 1) : 0
      if (low >= 0xdc00 && low <= 0xdfff) {
        const codePoint = text.codePointAt(i++)!
        unit = skipEmoji && isEmoji(codePoint) ? skipped : normaliser.astral[codePoint - 0x10000] ?? skipped
      } else unit = skipped
    }
    if (unit === skipped) continue
    units[length] = unit
    starts[length] = from
    ends[length++] = i + 1
  }
  return { units, starts, ends, length }
}

/** The same as a string, for tests and for people. */
export function normalisedText(normaliser: Normaliser, text: string): string {
  const read = normalise(normaliser, text)
  return String.fromCharCode(...read.units.subarray(0, read.length))
}
