import { randomStream } from '../random/index.ts'
import { makeDodger } from './dodge.ts'
import { eachFeature, kindStep, ngramsOf, readText, soundMark, soundNumbers, type Kind } from './features.ts'
import { encodeModel } from './model.ts'
import { createNormaliser } from './normalise.ts'
import { createParts } from './parts.ts'
import { calibrationError, scores } from './quality.ts'
import { createSyllables } from './syllables.ts'

export type TrainOptions = {
  /** n-grams kept in the model at most; each costs three to four bytes of the file. Default 200,000, which is more than COLD has. */
  features?: number
  /** Texts an n-gram must occur in. Default 4. */
  minTexts?: number
  /** Inverse strength of the penalty. Default 0.3. */
  cost?: number
  /** How much dearer a mistake is on a text written in homophones than on the text itself. Default 1. */
  soundCost?: number
  /** Power of the naive-Bayes log ratio that scales an n-gram; 0 is a plain linear machine, 1 follows Wang & Manning. Default 0.5. */
  power?: number
  /** Passes over the texts. Default 12. */
  passes?: number
  /** Folds whose held-out margins calibrate the probability. Default 5. */
  folds?: number
  /** What the model was trained on and under which licence, kept inside the file. */
  source?: string
}
/** n-grams of one text: numbers of distinct ones, how often each occurs, and what the sum of weights is multiplied by. */
type Row = { ids: Int32Array; counts: Uint8Array; scale: number }
type Linear = { weights: Float64Array; bias: number }

/**
 * Trains the n-gram classifier and returns the model file. Pure: equal texts, labels, seed and options give equal bytes.
 *
 * texts [n], labels [n] of 0 (fine) and 1 (offends). Method: every n-gram's count is scaled by a power of its naive-Bayes log ratio (Wang & Manning 2012),
 * a linear support-vector machine with squared hinge is fitted by dual coordinate descent (Hsieh et al. 2008), every text once as it is and once with its
 * characters replaced by homophones, and margins of held-out folds give the probability (Platt 1999 with the targets of Lin, Lin & Weng 2007).
 *
 * Errors: RangeError for mismatched lengths, a label that is neither 0 nor 1 (which element), fewer than `folds` texts of either label.
 */
export function train(texts: readonly string[], labels: ArrayLike<number>, seed: number, options: TrainOptions = {}): Uint8Array {
  const { features = 200_000, minTexts = 4, cost = 0.3, soundCost = 1, power = 0.5, passes = 12, folds = 5, source = '' } = options
  if (texts.length !== labels.length) throw new RangeError(`cannot train: ${texts.length} texts but ${labels.length} labels, expected as many`)
  const counts = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) throw new RangeError(`cannot train: labels[${i}] is ${labels[i]}, expected 0 or 1`)
    if (typeof texts[i] !== 'string') throw new RangeError(`cannot train: texts[${i}] is ${typeof texts[i]}, expected a string`)
    counts[labels[i]]++
  }
  for (const label of [0, 1]) if (counts[label] < folds) throw new RangeError(`cannot train: ${counts[label]} texts have label ${label}, expected at least ${folds}`)
  for (const [name, value] of Object.entries({ features, minTexts, passes, folds })) if (!(Number.isInteger(value) && value >= 1 && value < 2 ** 32)) throw new RangeError(`cannot train: ${name} is ${value}, expected a whole number from 1`)
  for (const [name, value] of Object.entries({ cost, soundCost })) if (!(value > 0 && value < Infinity)) throw new RangeError(`cannot train: ${name} is ${value}, expected a finite number above 0`)
  if (!(power >= 0 && power <= 1)) throw new RangeError(`cannot train: power is ${power}, expected 0 to 1`)
  const normaliser = createNormaliser()
  const parts = createParts(normaliser)
  const numbers = soundNumbers(createSyllables())
  const dodge = makeDodger()

  // n-grams are numbered as they are met; those of the texts come first, those that only a homophone brought in are too rare to matter.
  const numberOf = new Map<number, number>()
  const keyOf: number[] = []
  const rowOf = (text: string): Row => {
    const read = readText(normaliser, parts, text)
    const own = new Map<number, number>()
    eachFeature(read, numbers, (kind: Kind, key) => {
      const id = kind * kindStep + key
      let number = numberOf.get(id)
      if (number === undefined) {
        number = keyOf.length
        numberOf.set(id, number)
        keyOf.push(id)
      }
      own.set(number, Math.min(255, (own.get(number) ?? 0) + 1))
    })
    return { ids: Int32Array.from(own.keys()), counts: Uint8Array.from(own.values()), scale: 1 / Math.sqrt(ngramsOf(read.length)) }
  }
  const clean = texts.map(rowOf)
  const heard = texts.map((text, i) => rowOf(dodge('homophone', text, seed + i)))
  // Repeats must not leak between folds: equal texts share a fold, drawn from the first of them.
  const random = randomStream(seed, 1)
  const foldOf = new Int8Array(texts.length)
  const known = new Map<string, number>()
  for (const [i, text] of texts.entries()) {
    const fold = known.get(text) ?? random.below(folds)
    known.set(text, fold)
    foldOf[i] = fold
  }

  const fit = (rows: number[]): Linear => {
    const ratio = logRatios(clean, labels, rows, keyOf.length, minTexts, power)
    let model = solve(clean, heard, labels, rows, ratio, cost, soundCost, passes, seed)
    const strength = model.weights.map((weight, i) => Math.abs(weight * ratio[i]))
    let chosen = 0
    for (const value of ratio) if (value !== 0) chosen++
    if (chosen > features) {
      const least = Float64Array.from(strength).sort().at(-features)!
      let left = features
      for (let i = 0; i < ratio.length; i++) if (strength[i] < least || --left < 0) ratio[i] = 0
      model = solve(clean, heard, labels, rows, ratio, cost, soundCost, passes, seed)
    }
    return { weights: model.weights.map((weight, i) => weight * ratio[i]), bias: model.bias }
  }
  const margin = ({ weights, bias }: Linear, { ids, counts: times, scale }: Row): number => {
    let sum = 0
    for (let i = 0; i < ids.length; i++) sum += weights[ids[i]] * times[i]
    return bias + sum * scale
  }
  const all = [...texts.keys()]
  const margins = new Float64Array(texts.length)
  for (let fold = 0; fold < folds; fold++) {
    const model = fit(all.filter(row => foldOf[row] !== fold))
    for (const row of all) if (foldOf[row] === fold) margins[row] = margin(model, clean[row])
  }
  const { slope, offset } = platt(margins, labels, counts)
  const promised = margins.map(value => 1 / (1 + Math.exp(-(slope * value + offset))))
  const final = fit(all)
  const kept = new Map<number, number>()
  for (const [number, id] of keyOf.entries()) if (final.weights[number] !== 0) kept.set(id, final.weights[number])
  return encodeModel({
    kept, bias: final.bias, slope, offset, baseRate: counts[1] / texts.length, heldOut: { calibrationError: calibrationError(promised, labels), macroF1: scores(promised, labels).macroF1 },
    texts: texts.length, seed, source, soundMark: soundMark(numbers),
  })
}

/** [n-grams] signed power of the log ratio of the shares of offending and of fine texts that have it; 0 for n-grams of fewer than `minTexts` texts, which are left out. */
function logRatios(clean: readonly Row[], labels: ArrayLike<number>, rows: readonly number[], ngrams: number, minTexts: number, power: number): Float64Array {
  const of = [new Float64Array(ngrams), new Float64Array(ngrams)]
  const texts = [2, 2]
  for (const row of rows) {
    texts[labels[row]]++
    for (const id of clean[row].ids) of[labels[row]][id]++
  }
  return of[1].map((offending, id) => {
    if (offending + of[0][id] < minTexts) return 0
    const ratio = Math.log((offending + 1) / texts[1] / ((of[0][id] + 1) / texts[0]))
    // An n-gram that says nothing yet keeps a little scale: what it means beside others is still to be learned.
    return (ratio < 0 ? -1 : 1) * Math.max(1e-3, Math.abs(ratio)) ** power
  })
}
function solve(clean: readonly Row[], heard: readonly Row[], labels: ArrayLike<number>, rows: readonly number[], ratio: Float64Array, cost: number, soundCost: number, passes: number, seed: number): Linear {
  const weights = new Float64Array(ratio.length)
  const dual = new Float64Array(2 * rows.length)
  const square = new Float64Array(2 * rows.length)
  const rowAt = (at: number): Row => at < rows.length ? clean[rows[at]] : heard[rows[at - rows.length]]
  for (let at = 0; at < square.length; at++) {
    const { ids, counts, scale } = rowAt(at)
    for (let i = 0; i < ids.length; i++) square[at] += (counts[i] * ratio[ids[i]] * scale) ** 2
  }
  const order = Int32Array.from(square.keys())
  const random = randomStream(seed, 2)
  let bias = 0
  for (let pass = 0; pass < passes; pass++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.below(i + 1)
      const other = order[i]
      order[i] = order[j]
      order[j] = other
    }
    for (const at of order) {
      const { ids, counts, scale } = rowAt(at)
      const slack = 1 / (2 * cost * (at < rows.length ? 1 : soundCost))
      const sign = labels[rows[at % rows.length]] === 1 ? 1 : -1
      let sum = 0
      for (let i = 0; i < ids.length; i++) sum += weights[ids[i]] * ratio[ids[i]] * counts[i]
      const gradient = sign * (bias + sum * scale) - 1 + dual[at] * slack
      const next = Math.max(0, dual[at] - gradient / (square[at] + 1 + slack))
      const step = (next - dual[at]) * sign
      if (step === 0) continue
      dual[at] = next
      bias += step
      const change = step * scale
      for (let i = 0; i < ids.length; i++) weights[ids[i]] += change * ratio[ids[i]] * counts[i]
    }
  }
  return { weights, bias }
}

/** P(label 1 | margin) = 1 / (1 + exp(−(slope · margin + offset))), by Newton's method with halving, targets shrunk by the sample size. */
export function platt(margins: ArrayLike<number>, labels: ArrayLike<number>, counts: readonly number[]): { slope: number; offset: number } {
  const high = (counts[1] + 1) / (counts[1] + 2)
  const low = 1 / (counts[0] + 2)
  let slope = 1
  let offset = Math.log((counts[1] + 1) / (counts[0] + 1))
  const loss = (a: number, b: number): number => {
    let total = 0
    for (let i = 0; i < margins.length; i++) {
      const z = a * margins[i] + b
      const target = labels[i] === 1 ? high : low
      total += z > 0 ? Math.log1p(Math.exp(-z)) + (1 - target) * z : Math.log1p(Math.exp(z)) - target * z
    }
    return total
  }
  let current = loss(slope, offset)
  for (let round = 0; round < 100; round++) {
    let ga = 0, gb = 0, haa = 1e-9, hab = 0, hbb = 1e-9
    for (let i = 0; i < margins.length; i++) {
      const p = 1 / (1 + Math.exp(-(slope * margins[i] + offset)))
      const d = p - (labels[i] === 1 ? high : low)
      ga += d * margins[i]
      gb += d
      haa += p * (1 - p) * margins[i] ** 2
      hab += p * (1 - p) * margins[i]
      hbb += p * (1 - p)
    }
    if (Math.abs(ga) + Math.abs(gb) < 1e-7) break
    const det = haa * hbb - hab * hab
    const da = (hbb * ga - hab * gb) / det
    const db = (haa * gb - hab * ga) / det
    let length = 1
    while (length > 1e-10 && loss(slope - length * da, offset - length * db) > current) length /= 2
    if (length <= 1e-10) break
    slope -= length * da
    offset -= length * db
    current = loss(slope, offset)
  }
  return { slope, offset }
}
