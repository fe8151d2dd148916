import { buildDoubleArray, root, type DoubleArray } from './double-array.ts'
import { characterParts } from './lookalikes.ts'
import { isEmoji, isInvisible, normalise, paired, skipped, type Normaliser } from './normalise.ts'
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
type Pattern = { entry: number; via: 'literal' | 'split' | 'homophone'; codes: Uint16Array; whole: boolean }
/** How this dictionary reads a unit of the text: one of its own codes, or the three below. */
type Reader = { units: Uint16Array; astral: Uint16Array }
type Dictionary = { reader: Reader; array: DoubleArray; patterns: Pattern[] }

/** Codes of a reader: no word has this character; step over it; a high surrogate, read the pair. Characters of words start at 3. */
const foreign = 0
const skip = 1
const pair = 2
const firstCode = 3
const allowed = -1
/** 2ⁿ spellings are tried for up to this many characters that can be split or spelled; longer words get each alone and all together. */
const variantBits = 4

/**
 * Builds a matcher; 100,000 words take under a second, and the matcher itself is never changed.
 *
 * Semantics. The text is read through the normaliser; a word matches where its own reading occurs in the reading of the text, with skipped units
 * in between (`maxGap`), and also in the text with runs of one character taken as one (加加微微信). An emoji with a meaning counts as that character
 * where it continues a word and as decoration elsewhere. Method: Aho–Corasick over a double array, two states that differ only after a run.
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

  const collect = (text: string, first: boolean): Hit[] => {
    const hits: Hit[] = []
    const shields: Array<[number, number]> = []
    const hasShields = options.allow !== undefined && options.allow.length > 0
    for (const dictionary of dictionaries) {
      walk(dictionary, text, (pattern, last) => {
        const found = dictionary.patterns[pattern]
        const start = startOf(dictionary.reader, text, last, found.codes, maxGap)
        if (start < 0) return false
        if (found.whole && !standsAlone(normaliser, text, start, last + 1)) return false
        if (found.entry === allowed) {
          shields.push([start, last + 1])
          return false
        }
        const entry = entries[found.entry]
        if (isReported(hits, start, last + 1, entry, dictionary !== dictionaries[0])) return false
        const via = found.via !== 'literal' ? found.via : text.slice(start, last + 1) === entry.word ? 'literal' : 'normalised'
        hits.push({ start, end: last + 1, word: entry.word, category: entry.category, via })
        return first && !hasShields
      })
      if (first && !hasShields && hits.length > 0) return hits
    }
    const kept = shields.length === 0 ? hits : hits.filter(hit => !shields.some(([start, end]) => start <= hit.start && hit.end <= end))
    return kept.sort((a, b) => a.start - b.start || b.end - a.end || (a.word < b.word ? -1 : 1))
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

/** The same word at the same place, in another spelling of it. Finds of one dictionary come in the order of their ends. */
function isReported(hits: Hit[], start: number, end: number, entry: LexiconEntry, all: boolean): boolean {
  for (let i = hits.length - 1; i >= 0 && (all || hits[i].end === end); i--) {
    const hit = hits[i]
    if (hit.start === start && hit.end === end && hit.word === entry.word && hit.category === entry.category) return true
  }
  return false
}

/** Runs the text through the array; `found(pattern, last unit)` returns true to stop. */
function walk({ reader, array }: Dictionary, text: string, found: (pattern: number, last: number) => boolean): void {
  const { units, astral } = reader
  const { cells, fail, enter } = array
  const length = text.length
  let state = root
  // The state over the text with runs collapsed; equal to `state` except after a run inside a word.
  let collapsed = root
  let apart = false
  let last = 0
  for (let i = 0; i < length; i++) {
    let code = units[text.charCodeAt(i)]
    if (code < firstCode) {
      if (code === skip) continue
      if (code === pair) {
        const low = i + 1 < length ? text.charCodeAt(i + 1) : 0
        if (low < 0xdc00 || low > 0xdfff) continue
        const codePoint = text.codePointAt(i)!
        code = astral[codePoint - 0x10000] ?? foreign
        i++
        if (code === skip) continue
        if (isEmoji(codePoint) && (code < firstCode || !continues(cells, state, code))) continue
      }
      if (code < firstCode) {
        state = collapsed = root
        apart = false
        last = 0
        continue
      }
    }
    if (state === root) state = enter[code]
    else {
      let to = (cells[2 * state] >> 1) + code
      while (cells[2 * to + 1] !== state) {
        state = fail[state]
        if (state === root) break
        to = (cells[2 * state] >> 1) + code
      }
      state = state === root ? enter[code] : to
    }
    if (code === last) apart = state !== collapsed
    else {
      last = code
      if (apart) {
        collapsed = step(array, collapsed, code)
        apart = collapsed !== state
        if (apart && (cells[2 * collapsed] & 1) === 1 && report(array, collapsed, i, found)) return
      } else collapsed = state
    }
    if ((cells[2 * state] & 1) === 1 && report(array, state, i, found)) return
  }
}
function continues(cells: Int32Array, state: number, code: number): boolean {
  return cells[2 * ((cells[2 * state] >> 1) + code) + 1] === state
}
function step({ cells, fail, enter }: DoubleArray, from: number, code: number): number {
  let state = from
  while (state !== root) {
    const to = (cells[2 * state] >> 1) + code
    if (cells[2 * to + 1] === state) return to
    state = fail[state]
  }
  return enter[code]
}
function report({ ends, sameEnd, shorter }: DoubleArray, state: number, last: number, found: (pattern: number, last: number) => boolean): boolean {
  for (let at = ends[state] >= 0 ? state : shorter[state]; at !== 0; at = shorter[at]) {
    for (let pattern = ends[at]; pattern >= 0; pattern = sameEnd[pattern]) if (found(pattern, last)) return true
  }
  return false
}

/** Walks back from the last unit over the word's codes, past skipped units, repeats and decorating emoji; −1 when a gap is too wide. */
function startOf(reader: Reader, text: string, last: number, codes: Uint16Array, maxGap: number): number {
  let at = last
  let left = codes.length - 1
  let gap = 0
  for (;;) {
    if (at < 0) return -1
    let code = reader.units[text.charCodeAt(at)]
    let from = at
    if (code === skip && at > 0 && reader.units[text.charCodeAt(at - 1)] === pair) {
      const low = text.charCodeAt(at)
      if (low >= 0xdc00 && low <= 0xdfff) code = reader.astral[text.codePointAt(--from)! - 0x10000] ?? foreign
    }
    if (code === codes[left]) {
      if (left-- === 0) return from
      gap = 0
    } else if (code !== codes[left + 1] && !isInvisible(text.charCodeAt(from)) && ++gap > maxGap) return -1
    at = from - 1
  }
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
  codeOf[skipped] = skip
  codeOf[paired] = pair
  let codes = firstCode
  const dense = patterns.map(pattern => ({ ...pattern, codes: pattern.codes.map(unit => codeOf[unit] === foreign ? (codeOf[unit] = codes++) : codeOf[unit]) }))
  const reader = { units: recode(normaliser.units, codeOf), astral: recode(normaliser.astral, codeOf) }
  return { reader, array: buildDoubleArray(dense.map(pattern => pattern.codes), codes), patterns: dense }
}
// A plain loop: the typed array's map with a callback takes ten times as long, and a reload does this for 260,000 cells.
function recode(table: Uint16Array, codeOf: Uint16Array): Uint16Array {
  const result = new Uint16Array(table.length)
  for (let i = 0; i < table.length; i++) result[i] = codeOf[table[i]]
  return result
}
function reading(normaliser: Normaliser, text: string): Uint16Array {
  const read = normalise(normaliser, text)
  return read.units.slice(0, read.length)
}

/** All spellings in which at least one alternative is used: every combination for few, each alone and all together for many. */
function combinations(parts: ReadonlyArray<readonly [own: readonly number[], other: readonly number[] | null]>): Uint16Array[] {
  const open = parts.flatMap(([, other], index) => other === null ? [] : [index])
  const masks: number[] = []
  if (open.length <= variantBits) for (let mask = 1; mask < 1 << open.length; mask++) masks.push(mask)
  else if (open.length < 31) {
    for (let bit = 0; bit < open.length; bit++) masks.push(1 << bit)
    masks.push(2 ** open.length - 1)
  }
  return masks.map(mask => Uint16Array.from(parts.flatMap(([own, other], index) => {
    const bit = open.indexOf(index)
    return bit >= 0 && (mask >> bit & 1) === 1 ? other! : own
  })))
}
function splitSpellings(normaliser: Normaliser, word: string): Uint16Array[] {
  const characters = [...word]
  // One character alone is not matched by its parts: 女子 is a word of its own.
  if (characters.length < 2) return []
  return combinations(characters.map(character => {
    const parts = characterParts[character]
    return [[...reading(normaliser, character)], parts === undefined ? null : [...reading(normaliser, parts)]]
  }))
}

function soundNormaliser(normaliser: Normaliser, { codeOf }: Syllables): Normaliser {
  // Syllables have codes of their own in the range of ideographs; an ideograph without a sound keeps its own unit.
  const heard = codeOf.map((code, unit) => code === 0 || unit === skipped || unit === paired ? unit : code)
  return { units: recode(normaliser.units, heard), astral: recode(normaliser.astral, heard) }
}
function soundSpellings({ codeOf, spelling }: Syllables, read: Uint16Array): Uint16Array[] {
  if (read.length < 2) return []
  const parts = [...read].map(unit => {
    const letters = spelling.get(unit)
    return [[codeOf[unit] === 0 ? unit : codeOf[unit]], letters === undefined ? null : [...letters].map(letter => letter.charCodeAt(0))] as const
  })
  return [Uint16Array.from(parts.flatMap(([own]) => own)), ...combinations(parts)]
}
function isLatin(unit: number): boolean {
  return unit >= 97 && unit <= 122
}
