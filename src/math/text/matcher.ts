import { buildDoubleArray, root, type DoubleArray } from './double-array.ts'
import { characterParts } from './lookalikes.ts'
import { isEmoji, isInvisible, paired, skipped, type Normaliser } from './normalise.ts'
import { createSyllables, type Syllables } from './syllables.ts'

/** One word of a lexicon. */
export type LexiconEntry = {
  word: string
  category: string
  /** Also match words that sound the same, and its pinyin, wholly or in part (微信, 威信, weixin, wei信). Only for words whose homophones are not everyday words. */
  homophones?: boolean
  /** Letters or digits directly around it forbid a match. Default: only for words in plain Latin letters and digits ("av" does not match in "have"). */
  wholeWord?: boolean
}
/**
 * One find. `start` and `end` (exclusive) are UTF-16 offsets into the text as it was given, `word` is the lexicon's spelling, `via` how it was written:
 * literally, with normalised characters or inserted ones, in split characters, or by sound.
 */
export type Hit = { start: number; end: number; word: string; category: string; via: 'literal' | 'normalised' | 'split' | 'homophone' }
export type MatcherOptions = {
  /** Phrases in which nothing is found (a word that is harmless there). A find that lies wholly inside one is dropped. */
  allow?: readonly string[]
  /** How many skipped visible units may stand between two neighbouring characters of a word. Default 8; 0 finds contiguous words only. */
  maxGap?: number
}
export type Matcher = {
  /** All finds, sorted by start, then longest first. Overlapping ones are all reported. */
  scan(text: string): Hit[]
  /** Whether there is any find; stops at the first. */
  has(text: string): boolean
  readonly words: number
  readonly states: number
}
type Pattern = { entry: number; via: 'literal' | 'split' | 'homophone'; codes: readonly number[]; whole: boolean }
/** How this dictionary reads a unit of the text: one of its own codes, or the three below. */
type Reader = { units: Uint16Array; astral: Uint16Array }
type Dictionary = {
  reader: Reader
  array: DoubleArray
  patterns: Pattern[]
  /** [patterns] 1 where letters or digits around it forbid a find. */
  whole: Uint8Array
  /** Code of a character that no word has. Smaller codes are skip, pair, and the characters that are a word alone. */
  foreign: number
  /** Bits of the first two codes of the words, hashed: where the bit is 0 no word of two codes or more starts. */
  starts: Int32Array
}

/** Codes of a reader: step over it; a high surrogate, read the pair. */
const skip = 0
const pair = 1
const allowed = -1
/** 2ⁿ spellings are tried for up to this many characters that can be split or spelled; longer words get each alone and all together. */
const variantBits = 4

/**
 * Builds a matcher; 100,000 words take under a second, and the matcher itself is never changed.
 *
 * Semantics. The text is read through the normaliser; a word matches where its own reading occurs in the reading of the text, with skipped units
 * in between (`maxGap`), and wherever it would occur if some runs of one character in the text were shorter (加加微微信, 5500000 for 500). An emoji with a
 * meaning counts as that character where it continues a word and as decoration elsewhere. Method: a bit per pair of neighbouring codes rules out almost every place
 * where no word starts; from the others a double array is walked, so ordinary text costs two table look-ups a character.
 *
 * Errors: RangeError naming the entry whose word is empty or consists of skipped characters only, or whose category is empty.
 */
export function buildMatcher(normaliser: Normaliser, entries: readonly LexiconEntry[], options: MatcherOptions = {}): Matcher {
  const maxGap = options.maxGap ?? 8
  if (!(Number.isInteger(maxGap) && maxGap >= 0)) throw new RangeError(`cannot build the matcher: maxGap is ${maxGap}, expected a whole number from 0`)
  const literal: Pattern[] = []
  const sounding: Pattern[] = []
  const syllables = entries.some(entry => entry.homophones === true) ? createSyllables() : null
  for (const [index, entry] of entries.entries()) {
    const read = reading(normaliser, entry.word)
    if (read.length === 0) throw new RangeError(`cannot build the matcher: entries[${index}].word is ${JSON.stringify(entry.word)}, expected at least one letter, number or ideograph`)
    if (entry.category === '') throw new RangeError(`cannot build the matcher: entries[${index}] (${entry.word}) has an empty category`)
    const whole = entry.wholeWord ?? /^[\x20-\x7e]+$/.test(entry.word)
    literal.push({ entry: index, via: 'literal', codes: read, whole })
    for (const codes of splitSpellings(normaliser, entry.word)) literal.push({ entry: index, via: 'split', codes, whole })
    if (syllables !== null && entry.homophones === true) for (const codes of soundSpellings(syllables, read)) sounding.push({ entry: index, via: 'homophone', codes, whole: codes.some(isLatin) })
  }
  for (const [index, phrase] of (options.allow ?? []).entries()) {
    const codes = reading(normaliser, phrase)
    if (codes.length === 0) throw new RangeError(`cannot build the matcher: allow[${index}] is ${JSON.stringify(phrase)}, expected at least one letter, number or ideograph`)
    literal.push({ entry: allowed, via: 'literal', codes, whole: false })
  }
  const dictionaries = [makeDictionary(literal, normaliser)]
  if (sounding.length > 0) dictionaries.push(makeDictionary(sounding, soundNormaliser(normaliser, syllables!)))

  const shielded = options.allow !== undefined && options.allow.length > 0
  const scanners = dictionaries.map(dictionary => makeScanner(dictionary, normaliser, maxGap))
  const collect = (text: string, first: boolean): Hit[] => {
    const hits: Hit[] = []
    const shields: Array<[number, number]> = []
    let others = 0
    for (const [index, scanner] of scanners.entries()) {
      const { finds, length } = scanner(text, first && !shielded)
      others = hits.length
      for (let i = 0; i < length; i += 3) {
        const start = finds[i]
        const end = finds[i + 1]
        const found = dictionaries[index].patterns[finds[i + 2]]
        if (found.entry === allowed) {
          shields.push([start, end])
          continue
        }
        const entry = entries[found.entry]
        if (isReported(hits, others, start, end, entry)) continue
        const via = found.via !== 'literal' ? found.via : end - start === entry.word.length && text.startsWith(entry.word, start) ? 'literal' : 'normalised'
        hits.push({ start, end, word: entry.word, category: entry.category, via })
      }
      if (first && !shielded && hits.length > 0) return hits
    }
    const kept = shields.length === 0 ? hits : hits.filter(hit => !shields.some(([start, end]) => start <= hit.start && hit.end <= end))
    // Finds of one dictionary come in the order of their starts already, so most texts need no sorting.
    return kept.some((hit, i) => i > 0 && after(kept[i - 1], hit) > 0) ? kept.sort(after) : kept
  }
  return {
    scan: text => collect(text, false),
    has: text => collect(text, true).length > 0,
    words: entries.length,
    states: dictionaries.reduce((total, dictionary) => total + dictionary.array.states, 0),
  }
}

/** A matcher whose lexicon can be exchanged while it serves: a reload that fails leaves the old one in place, a scan never sees half of one. */
export function hotMatcher(normaliser: Normaliser, entries: readonly LexiconEntry[], options: MatcherOptions = {}): Matcher & { reload(entries: readonly LexiconEntry[], options?: MatcherOptions): void; readonly version: number } {
  let current = buildMatcher(normaliser, entries, options)
  let version = 1
  return {
    scan: text => current.scan(text),
    has: text => current.has(text),
    get words() { return current.words },
    get states() { return current.states },
    get version() { return version },
    reload(next, nextOptions = options) {
      current = buildMatcher(normaliser, next, nextOptions)
      version++
    },
  }
}

function after(a: Hit, b: Hit): number {
  return a.start - b.start || b.end - a.end || (a.word < b.word ? -1 : 1)
}

/** The same word at the same place, in another spelling of it. Finds of one dictionary come in the order of their starts; the first `others` are of another one. */
function isReported(hits: readonly Hit[], others: number, start: number, end: number, entry: LexiconEntry): boolean {
  for (let i = hits.length - 1; i >= others && hits[i].start === start; i--) if (isSame(hits[i], end, entry)) return true
  let low = 0
  for (let high = others; low < high;) {
    const middle = (low + high) >> 1
    if (hits[middle].start < start) low = middle + 1
    else high = middle
  }
  for (let i = low; i < others && hits[i].start === start; i++) if (isSame(hits[i], end, entry)) return true
  return false
}
function isSame(hit: Hit, end: number, { word, category }: LexiconEntry): boolean {
  return hit.end === end && hit.word === word && hit.category === category
}

type Scanner = (text: string, stopAtFirst: boolean) => { finds: Int32Array; length: number }
/** Finds as rows of three (start, end, pattern) in one array that the next scan uses again. */
function makeScanner({ reader: { units, astral }, array: { cells, enter, ends, sameEnd }, whole, foreign, starts }: Dictionary, normaliser: Normaliser, maxGap: number): Scanner {
  const mask = starts.length * 32 - 1
  // A constant of another module is read from it at each use; these are used at every place that a word may start.
  const nowhere = root
  let finds = new Int32Array(192)
  let length = 0

  const report = (text: string, state: number, start: number, end: number): void => {
    for (let pattern = ends[state]; pattern >= 0; pattern = sameEnd[pattern]) {
      if (whole[pattern] === 1 && !standsAlone(normaliser, text, start, end)) continue
      if (length === finds.length) {
        const wider = new Int32Array(2 * length)
        wider.set(finds)
        finds = wider
      }
      finds[length++] = start
      finds[length++] = end
      finds[length++] = pattern
    }
  }
  /**
   * Follows the words from `state`, reached by `last` just before `from`. The first run must be read whole, so that a word starts as late as it can; in a later run
   * units are read first and left over afterwards (`leaving`), so that it ends as early as it can and every way is tried once.
   */
  const follow = (text: string, start: number, from: number, state: number, last: number, firstRun: boolean, leaving: boolean): void => {
    let gap = 0
    for (let i = from; i < text.length; i++) {
      let code = units[text.charCodeAt(i)]
      let emoji = false
      if (code <= pair) {
        if (code === pair) {
          const low = i + 1 < text.length ? text.charCodeAt(i + 1) : 0
          if (low >= 0xdc00 && low <= 0xdfff) {
            const codePoint = text.codePointAt(i++)!
            code = astral[codePoint - 0x10000] ?? foreign
            emoji = isEmoji(codePoint)
          } else code = skip
        }
        if (code === skip) {
          if (!isInvisible(text.charCodeAt(i)) && ++gap > maxGap) return
          continue
        }
      }
      const to = (cells[2 * state] >> 1) + code
      const goes = cells[2 * to + 1] === state
      if (code === last && !(emoji && !goes)) {
        if (goes && !leaving) {
          if (!firstRun) follow(text, start, i + 1, state, last, false, true)
        } else if (firstRun) return
        else {
          gap = 0
          continue
        }
      } else if (!goes) {
        if (!emoji) return
        if (++gap > maxGap) return
        continue
      } else {
        firstRun = false
        leaving = false
        last = code
      }
      state = to
      gap = 0
      if ((cells[2 * state] & 1) === 1) report(text, state, start, i + 1)
    }
  }
  const startAt = (text: string, start: number): void => {
    let code = units[text.charCodeAt(start)]
    let next = start + 1
    if (code === pair) {
      code = astral[text.codePointAt(start)! - 0x10000] ?? foreign
      next++
    }
    const state = enter[code]
    if (state === nowhere) return
    if ((cells[2 * state] & 1) === 1) report(text, state, start, next)
    follow(text, start, next, state, code, true, false)
  }

  return (text, stopAtFirst) => {
    length = 0
    const size = text.length
    let before = 0
    // Where the unit before stands; −1 when words from there have been followed already.
    let beforeAt = -1
    for (let i = 0; i < size; i++) {
      let code = units[text.charCodeAt(i)]
      const at = i
      if (code < foreign) {
        if (code === skip) continue
        let follows = code !== pair
        if (code === pair) {
          const low = i + 1 < size ? text.charCodeAt(i + 1) : 0
          if (low < 0xdc00 || low > 0xdfff) continue
          const codePoint = text.codePointAt(i++)!
          code = astral[codePoint - 0x10000] ?? foreign
          if (code === skip) continue
          if (isEmoji(codePoint)) {
            if (code === foreign) continue
            // It may continue a word, start one, or only decorate, and the filter cannot know.
            if (beforeAt >= 0) startAt(text, beforeAt)
            beforeAt = -1
            follows = true
          } else follows = code < foreign
        }
        if (follows) {
          if (beforeAt >= 0 && (starts[((before + code) & mask) >>> 5] >>> (before + code) & 1) === 1) startAt(text, beforeAt)
          startAt(text, at)
          beforeAt = -1
          if (stopAtFirst && length > 0) break
          continue
        }
      }
      const bit = before + code
      if ((starts[(bit & mask) >>> 5] >>> bit & 1) === 1 && beforeAt >= 0) {
        startAt(text, beforeAt)
        if (stopAtFirst && length > 0) break
      }
      before = spread(code)
      beforeAt = at
    }
    return { finds, length }
  }
}
/** The first of two neighbouring codes, spread over the bits of the filter; the second is added. */
function spread(code: number): number {
  return Math.imul(code, 0x9e3779b1) >>> 8
}

/** No letter directly beside a letter, no digit directly beside a digit. */
function standsAlone(normaliser: Normaliser, text: string, start: number, end: number): boolean {
  const kind = (index: number): number => {
    const unit = index >= 0 && index < text.length && text.charCodeAt(index) < 0x2e80 ? normaliser.units[text.charCodeAt(index)] : skipped
    return unit >= 97 && unit <= 122 ? 1 : unit >= 48 && unit <= 57 ? 2 : 0
  }
  const first = kind(start)
  const last = kind(end - 1)
  return !(first !== 0 && kind(start - 1) === first) && !(last !== 0 && kind(end) === last)
}

function makeDictionary(patterns: Pattern[], normaliser: Normaliser): Dictionary {
  const codeOf = new Uint16Array(0x10000)
  // Characters that are a word alone come first, then the code of characters in no word, then all others: one comparison tells the common case.
  let codes = pair + 1
  for (const { codes: [unit, second] } of patterns) if (second === undefined && codeOf[unit] === 0) codeOf[unit] = codes++
  const foreign = codes++
  let pairs = 0
  const dense = patterns.map(pattern => {
    const own: number[] = []
    for (const unit of pattern.codes) own.push(codeOf[unit] === 0 ? (codeOf[unit] = codes++) : codeOf[unit])
    if (own.length > 1) pairs++
    return own
  })
  for (let unit = 0; unit < 0x10000; unit++) if (codeOf[unit] === 0) codeOf[unit] = foreign
  codeOf[skipped] = skip
  codeOf[paired] = pair
  // Sixty-four bits a word leave one place in a hundred to be followed in vain; 8 kB at least, 1 MB at most.
  let bits = 1 << 16
  while (bits < pairs * 64 && bits < 1 << 23) bits *= 2
  const starts = new Int32Array(bits / 32)
  for (const own of dense) if (own.length > 1) {
    const bit = (spread(own[0]) + own[1]) & (bits - 1)
    starts[bit >>> 5] |= 1 << (bit & 31)
  }
  const reader = { units: recode(normaliser.units, codeOf), astral: recode(normaliser.astral, codeOf) }
  return { reader, array: buildDoubleArray(dense, codes), patterns, whole: Uint8Array.from(patterns, pattern => pattern.whole ? 1 : 0), foreign, starts }
}
// A plain loop: the typed array's map with a callback takes ten times as long, and a reload does this for 260,000 cells.
function recode(table: Uint16Array, codeOf: Uint16Array): Uint16Array {
  const result = new Uint16Array(table.length)
  for (let i = 0; i < table.length; i++) result[i] = codeOf[table[i]]
  return result
}
// Short words in plain arrays: a reload reads 100,000 of them, and typed arrays of a few cells cost more than the reading.
function reading(normaliser: Normaliser, text: string): number[] {
  const read: number[] = []
  for (let i = 0; i < text.length; i++) {
    let unit = normaliser.units[text.charCodeAt(i)]
    if (unit === paired) {
      const codePoint = text.codePointAt(i)!
      unit = codePoint < 0x10000 ? skipped : normaliser.astral[codePoint - 0x10000] ?? skipped
      if (codePoint >= 0x10000) i++
    }
    if (unit !== skipped) read.push(unit)
  }
  return read
}

/** All spellings in which at least one alternative is used: every combination for few, each alone and all together for many. */
function combinations(parts: ReadonlyArray<readonly [own: readonly number[], other: readonly number[] | null]>): number[][] {
  const open = parts.flatMap(([, other], index) => other === null ? [] : [index])
  const masks: number[] = []
  if (open.length <= variantBits) for (let mask = 1; mask < 1 << open.length; mask++) masks.push(mask)
  else if (open.length < 31) {
    for (let bit = 0; bit < open.length; bit++) masks.push(1 << bit)
    masks.push(2 ** open.length - 1)
  }
  return masks.map(mask => parts.flatMap(([own, other], index) => {
    const bit = open.indexOf(index)
    return bit >= 0 && (mask >> bit & 1) === 1 ? other! : own
  }))
}
function splitSpellings(normaliser: Normaliser, word: string): number[][] {
  const characters = [...word]
  if (!characters.some(character => characterParts[character] !== undefined)) return []
  // One character alone is not matched by its parts: 女子 is a word of its own.
  if (characters.length < 2) return []
  return combinations(characters.map(character => {
    const parts = characterParts[character]
    return [reading(normaliser, character), parts === undefined ? null : reading(normaliser, parts)]
  }))
}

function soundNormaliser(normaliser: Normaliser, { codeOf }: Syllables): Normaliser {
  // Syllables have codes of their own in the range of ideographs; an ideograph without a sound keeps its own unit.
  const heard = codeOf.map((code, unit) => code === 0 || unit === skipped || unit === paired ? unit : code)
  return { units: recode(normaliser.units, heard), astral: recode(normaliser.astral, heard) }
}
function soundSpellings({ codeOf, spelling }: Syllables, read: readonly number[]): number[][] {
  if (read.length < 2) return []
  const parts = read.map(unit => {
    const letters = spelling.get(unit)
    return [[codeOf[unit] === 0 ? unit : codeOf[unit]], letters === undefined ? null : [...letters].map(letter => letter.charCodeAt(0))] as const
  })
  return [parts.flatMap(([own]) => own), ...combinations(parts)]
}
function isLatin(unit: number): boolean {
  return unit >= 97 && unit <= 122
}
