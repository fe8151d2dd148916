import { character, characters, eachFeature, kindStep, ngramsOf, noSound, readPair, readText, readingTable, sound, soundLimit, soundMark, soundNumbers, sounds, tellingBit, type Reading } from './features.ts'
import { decodeModel } from './model.ts'
import { createNormaliser, paired, skipped, type Normaliser } from './normalise.ts'
import { createParts } from './parts.ts'
import { createSyllables, type Syllables } from './syllables.ts'

/**
 * A part of the verdict: the n-gram as it stands in the text (its first occurrence), what all its occurrences add to the log-odds, and whether it was heard rather than read.
 * By `disguise` it is the whole text: hardly two of its neighbouring characters are known beside each other, as in a text written in homophones.
 */
export type Reason = { ngram: string; weight: number; start: number; end: number; by: 'characters' | 'sound' | 'disguise' }
export type Verdict = { probability: number; why: Reason[] }
export type Classifier = {
  /** The probability that the text offends, and the `reasons` n-grams that moved it most, strongest first. The weights of all n-grams and `intercept` add up to the log-odds. */
  classify(text: string, reasons?: number): Verdict
  /** The probability alone, more than ten times faster. */
  probability(text: string): number
  /** Log-odds of a text without any known n-gram. */
  readonly intercept: number
  readonly features: number
  /** Share of offending texts in training. */
  readonly trainedRate: number
  /** Calibration error and macro-F1 (as shares) on training texts that the judging model had not seen. */
  readonly heldOut: { calibrationError: number; macroF1: number }
  /** Training data and licence, as the file states them. */
  readonly source: string
}
export type ClassifierOptions = {
  /** The share of offending texts where it is used. The model was trained at about one half; at 0.01 the same text is far less likely to offend. Default: as trained. */
  baseRate?: number
  /** How many times likelier a text is to offend when it hides how it is written (homophones throughout). An assumption, not learned. Default 1.4; 1 takes no notice. */
  disguiseOdds?: number
  normaliser?: Normaliser
  syllables?: Syllables
}

/**
 * Reads a model file. Weights are whole levels: of single characters (with that of their sound) in one table, of pairs of characters in a hash table
 * of 32-bit cells, of pairs of sounds in a table of all pairs; so a character of the text costs three loads and no branch that ordinary text takes both ways.
 * Errors: RangeError when the bytes are no model or were trained with other sounds, or when `baseRate` is not between 0 and 1.
 */
export function createClassifier(bytes: Uint8Array, options: ClassifierOptions = {}): Classifier {
  const model = decodeModel(bytes)
  const normaliser = options.normaliser ?? createNormaliser()
  const parts = createParts(normaliser)
  const numbers = soundNumbers(options.syllables ?? createSyllables())
  if (soundMark(numbers) !== model.soundMark) throw new RangeError('cannot read the moderation model: it was trained with another table of sounds; train it again')
  const baseRate = options.baseRate ?? model.baseRate
  const disguiseOdds = options.disguiseOdds ?? 1.4
  if (!(disguiseOdds > 0 && disguiseOdds < Infinity)) throw new RangeError(`cannot classify: disguiseOdds is ${disguiseOdds}, expected a finite number above 0`)
  if (!(baseRate > 0 && baseRate < 1)) throw new RangeError(`cannot classify: baseRate is ${baseRate}, expected between 0 and 1`)

  const ofCharacter = new Int16Array(0x10000)
  const ofSound = new Int16Array(soundLimit)
  const ofSounds = new Int8Array(soundLimit * soundLimit)
  const pairsKnown: Array<{ key: number; level: number }> = []
  for (const { kind, key, level } of model.levels) {
    if (kind === character) ofCharacter[key] = level
    else if (kind === sound) ofSound[key] = level
    else if (kind === sounds) ofSounds[Math.floor(key / 0x10000) * soundLimit + key % 0x10000] = level
    else if (level !== 0) pairsKnown.push({ key, level })
  }
  const single = new Int16Array(0x10000)
  for (let unit = 1; unit < 0x10000; unit++) single[unit] = ofCharacter[unit] + ofSound[numbers[unit]]
  const table = readingTable(normaliser, parts, numbers)
  const { cells, shift, tagMask } = pairTable(pairsKnown)
  const levelOfPair = (before: number, unit: number): number => {
    const hash = Math.imul((before << 16) | unit, multiplier)
    let slot = hash >>> shift
    let want = (hash & tagMask) << 4
    for (;;) {
      const cell = cells[slot++]
      if (cell === 0) return 0
      if (cell >>> 8 === want++) return (cell & 255) - 128
    }
  }

  const shiftOfRate = Math.log(baseRate / (1 - baseRate)) - Math.log(model.baseRate / (1 - model.baseRate))
  const intercept = model.slope * model.bias + model.offset + shiftOfRate
  const scale = model.slope * model.step
  const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit))
  const levelOf = (kind: number, key: number): number => kind === character ? ofCharacter[key] : kind === sound ? ofSound[key]
    : kind === sounds ? ofSounds[Math.floor(key / 0x10000) * soundLimit + key % 0x10000] : levelOfPair(Math.floor(key / 0x10000), key % 0x10000)
  const total = (read: Reading): { sum: number; known: number } => {
    let sum = 0
    let known = 0
    eachFeature(read, numbers, (kind, key) => {
      const level = levelOf(kind, key)
      sum += level
      if (kind === characters && level !== 0) known++
    })
    return { sum, known }
  }
  const disguise = Math.log(disguiseOdds)
  /** `known` of the `length` − 1 pairs of neighbours have a weight: a third or more in ordinary text, hardly any where characters were replaced by homophones. */
  const hides = (known: number, length: number): boolean => length >= shortest && known < leastKnown * (length - 1)

  const [skip, high, limit, telling, spread, firstSound] = [skipped, paired, soundLimit, tellingBit, multiplier, noSound * soundLimit]
  return {
    intercept,
    features: model.levels.length,
    trainedRate: model.baseRate,
    heldOut: model.heldOut,
    source: model.source,
    classify(text, reasons = 8) {
      const read = readText(normaliser, parts, text)
      const byKey = new Map<number, Reason>()
      let pairsFound = 0
      eachFeature(read, numbers, (kind, key, first, last) => {
        const found = levelOf(kind, key)
        if (found === 0) return
        if (kind === characters) pairsFound++
        const known = byKey.get(kind * kindStep + key)
        if (known !== undefined) known.weight += found
        else byKey.set(kind * kindStep + key, { ngram: text.slice(read.starts[first], read.ends[last]), weight: found, start: read.starts[first], end: read.ends[last], by: kind === character || kind === characters ? 'characters' : 'sound' })
      })
      const unit = scale / Math.sqrt(ngramsOf(read.length))
      let logit = intercept
      const why = [...byKey.values()]
      for (const reason of why) {
        reason.weight *= unit
        logit += reason.weight
      }
      if (disguise !== 0 && hides(pairsFound, read.length)) {
        logit += disguise
        why.push({ ngram: text, weight: disguise, start: 0, end: text.length, by: 'disguise' })
      }
      why.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight) || a.start - b.start || b.end - a.end)
      return { probability: sigmoid(logit), why: why.slice(0, reasons) }
    },
    // The same sum as above in one loop without positions: this is the path of bulk scans.
    probability(text) {
      // Constants of other modules are read from them each time they are used, which triples the time of this loop.
      const stop = skip
      const pair = high
      const sounding = limit
      const factor = spread
      let before = 0
      let soundBefore = firstSound
      let length = 0
      let sum = 0
      let told = 0
      let found = 0
      for (let i = 0; i < text.length; i++) {
        let cell = table[text.charCodeAt(i)]
        if (cell === stop) continue
        let unit = cell & 0xffff
        if (unit === pair) {
          unit = readPair(normaliser, text, i)
          if (unit === stop) continue
          i++
          cell = unit | (numbers[unit] << 16)
        }
        if (unit === before) continue
        told |= cell
        const heard = (cell >>> 16) & (sounding - 1)
        sum += single[unit] + ofSounds[soundBefore + heard]
        soundBefore = heard * sounding
        const hash = Math.imul((before << 16) | unit, factor)
        const tag = (hash & tagMask) << 4
        let slot = (hash >>> shift) | 0
        let known = cells[slot]
        if (known !== 0) {
          let want = tag
          while (known !== 0 && known >>> 8 !== want) {
            want++
            known = cells[++slot]
          }
          if (known !== 0) {
            sum += (known & 255) - 128
            found++
          }
        }
        before = unit
        length++
      }
      if ((told & telling) !== 0) {
        const read = readText(normaliser, parts, text)
        const all = total(read)
        sum = all.sum
        found = all.known
        length = read.length
      }
      return sigmoid(intercept + scale * sum / Math.sqrt(ngramsOf(length)) + (hides(found, length) ? disguise : 0))
    },
  }
}

const multiplier = 0x9e3779b1
/** A text shorter than this many units hides nothing, and one of whose pairs this share is known neither. */
const shortest = 8
const leastKnown = 0.15
/**
 * Open addressing in which 32 bits hold key and weight. Multiplying by an odd number loses nothing, so the slot (the high bits), the rest of the product (the tag)
 * and how far the cell lies from its slot (4 bits) together are the key: no pair is ever taken for another. A cell is tag, distance, level + 128; 0 is free.
 */
function pairTable(pairs: ReadonlyArray<{ key: number; level: number }>): { cells: Int32Array; shift: number; tagMask: number } {
  let bits = 12
  while (2 ** bits < 2.5 * pairs.length) bits++
  for (; bits <= 24; bits++) {
    const shift = 32 - bits
    // 20 bits of tag and distance must fit above the level.
    if (shift > 20) continue
    const tagMask = 2 ** shift - 1
    const cells = new Int32Array(2 ** bits + 17)
    const fits = pairs.every(({ key, level }) => {
      const hash = Math.imul(key | 0, multiplier)
      for (let distance = 0; distance < 16; distance++) {
        const slot = (hash >>> shift) + distance
        if (cells[slot] !== 0) continue
        cells[slot] = (((hash & tagMask) << 4 | distance) << 8) | (level + 128)
        return true
      }
      return false
    })
    // Sixteen taken cells in a row would let a search run on into the next tag.
    let run = 0
    if (fits && cells.every(cell => (run = cell === 0 ? 0 : run + 1) < 16)) return { cells, shift, tagMask }
  }
  throw new RangeError(`cannot read the moderation model: ${pairs.length} pairs of characters are more than its table can hold`)
}
