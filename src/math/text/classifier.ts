import { absorb, characterSeed, eachFeature, keyOf, longestCharacters, longestSounds, readText, soundSeed } from './features.ts'
import { decodeModel } from './model.ts'
import { createNormaliser, isEmoji, paired, skipped, type Normaliser } from './normalise.ts'
import { createSyllables, type Syllables } from './syllables.ts'

/** A part of the verdict: the n-gram as it stands in the text (its first occurrence), what all its occurrences add to the log-odds, and whether it was heard rather than read. */
export type Reason = { ngram: string; weight: number; start: number; end: number; by: 'characters' | 'sound' }
export type Verdict = { probability: number; why: Reason[] }
export type Classifier = {
  /** The probability that the text offends, and the `reasons` n-grams that moved it most, strongest first. The weights of all n-grams and `intercept` add up to the log-odds. */
  classify(text: string, reasons?: number): Verdict
  /** The probability alone, several times faster. */
  probability(text: string): number
  /** Log-odds of a text without any known n-gram. */
  readonly intercept: number
  readonly features: number
  /** Training data and licence, as the file states them. */
  readonly source: string
}
export type ClassifierOptions = {
  /** The share of offending texts where it is used. The model was trained at about one half; at 0.01 the same text is far less likely to offend. Default: as trained. */
  baseRate?: number
  normaliser?: Normaliser
  syllables?: Syllables
}

/**
 * Reads a model file. The table is open addressing over 32-bit cells (24 bits key, 8 bits weight) at most half full, so a look-up is one or two loads.
 * Errors: RangeError when the bytes are no model, or when `baseRate` is not between 0 and 1.
 */
export function createClassifier(bytes: Uint8Array, options: ClassifierOptions = {}): Classifier {
  const model = decodeModel(bytes)
  const normaliser = options.normaliser ?? createNormaliser()
  const syllables = (options.syllables ?? createSyllables()).codeOf
  const baseRate = options.baseRate ?? model.baseRate
  if (!(baseRate > 0 && baseRate < 1)) throw new RangeError(`cannot classify: baseRate is ${baseRate}, expected between 0 and 1`)
  let step = 0
  for (const weight of model.kept.values()) step = Math.max(step, Math.abs(weight) / 127)
  let slots = 1024
  while (slots < 2 * model.kept.size) slots *= 2
  const mask = slots - 1
  const cells = new Int32Array(slots)
  for (const [key, weight] of model.kept) {
    let slot = key & mask
    while (cells[slot] !== 0) slot = (slot + 1) & mask
    cells[slot] = (key << 8) | (Math.round(weight / step) + 128)
  }
  const level = (key: number): number => {
    for (let slot = key & mask; ; slot = (slot + 1) & mask) {
      const cell = cells[slot]
      if (cell === 0) return 0
      if (cell >>> 8 === key) return (cell & 255) - 128
    }
  }
  const shift = Math.log(baseRate / (1 - baseRate)) - Math.log(model.baseRate / (1 - model.baseRate))
  const intercept = model.slope * model.bias + model.offset + shift
  const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit))

  let buffer = new Uint16Array(4096)
  return {
    intercept,
    features: model.kept.size,
    source: model.source,
    classify(text, reasons = 8) {
      const read = readText(normaliser, text)
      const byKey = new Map<number, Reason>()
      let occurrences = 0
      eachFeature(read.units, read.length, syllables, (key, first, last, sound) => {
        occurrences++
        const found = level(key)
        if (found === 0) return
        const known = byKey.get(key)
        if (known !== undefined) known.weight += found
        else byKey.set(key, { ngram: text.slice(read.starts[first], read.ends[last]), weight: found, start: read.starts[first], end: read.ends[last], by: sound ? 'sound' : 'characters' })
      })
      const unit = model.slope * step / Math.sqrt(Math.max(1, occurrences))
      let logit = intercept
      const why = [...byKey.values()]
      for (const reason of why) {
        reason.weight *= unit
        logit += reason.weight
      }
      why.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight) || a.start - b.start || b.end - a.end)
      return { probability: sigmoid(logit), why: why.slice(0, reasons) }
    },
    // The same sum as above in one loop without positions: this is the path of bulk scans.
    probability(text) {
      if (buffer.length < text.length) buffer = new Uint16Array(text.length * 2)
      let length = 0
      for (let i = 0; i < text.length; i++) {
        let unit = normaliser.units[text.charCodeAt(i)]
        if (unit === skipped) continue
        if (unit === paired) {
          const low = i + 1 < text.length ? text.charCodeAt(i + 1) : 0
          if (low < 0xdc00 || low > 0xdfff) continue
          const codePoint = text.codePointAt(i++)!
          unit = isEmoji(codePoint) ? skipped : normaliser.astral[codePoint - 0x10000] ?? skipped
          if (unit === skipped) continue
        }
        if (length === 0 || buffer[length - 1] !== unit) buffer[length++] = unit
      }
      let sum = 0
      let occurrences = 0
      for (let first = 0; first < length; first++) {
        const stop = Math.min(length, first + longestCharacters)
        let hash = characterSeed
        let sound = soundSeed
        for (let last = first; last < stop; last++) {
          const unit = buffer[last]
          hash = absorb(hash, unit)
          sum += level(keyOf(hash))
          occurrences++
          if (last - first >= longestSounds) continue
          sound = absorb(sound, syllables[unit] || unit)
          if (last === first) continue
          sum += level(keyOf(sound))
          occurrences++
        }
      }
      return sigmoid(intercept + model.slope * step * sum / Math.sqrt(Math.max(1, occurrences)))
    },
  }
}
