import { randomStream } from '../random/index.ts'
import { featuresOf, keyBits, type Features } from './features.ts'
import { encodeModel } from './model.ts'
import { createNormaliser } from './normalise.ts'
import { createSyllables } from './syllables.ts'

export type TrainOptions = {
  /** n-grams kept in the model; each costs about three bytes of the file. Default 60,000 (about 180 kB). */
  features?: number
  /** Texts an n-gram must occur in. Default 4. */
  minTexts?: number
  /** Inverse strength of the penalty. Default 0.3. */
  cost?: number
  /** Passes over the texts. Default 12. */
  passes?: number
  /** Folds whose held-out margins calibrate the probability. Default 5. */
  folds?: number
  /** What the model was trained on and under which licence, kept inside the file. */
  source?: string
}
type Rows = { keys: Int32Array[]; scale: Float64Array; sign: Int8Array; square: Float64Array }
type Linear = { weights: Float64Array; bias: number }

/**
 * Trains the n-gram classifier and returns the model file. Pure: equal texts, labels, seed and options give equal bytes.
 *
 * texts [n], labels [n] of 0 (fine) and 1 (offends). Method: every n-gram's count is scaled by its naive-Bayes log ratio (Wang & Manning 2012),
 * a linear support-vector machine with squared hinge is fitted by dual coordinate descent (Hsieh et al. 2008), every text once as it is and once with its sounds
 * alone (as if every character were replaced by a homophone), the n-grams with the largest weights are kept and fitted again, and margins of held-out folds give the probability (Platt 1999 with the targets of Lin, Lin & Weng 2007).
 *
 * Errors: RangeError for mismatched lengths, a label that is neither 0 nor 1 (which element), fewer than `folds` texts of either label.
 */
export function train(texts: readonly string[], labels: ArrayLike<number>, seed: number, options: TrainOptions = {}): Uint8Array {
  const { features = 60_000, minTexts = 4, cost = 0.3, passes = 12, folds = 5, source = '' } = options
  if (texts.length !== labels.length) throw new RangeError(`cannot train: ${texts.length} texts but ${labels.length} labels, expected as many`)
  const counts = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) throw new RangeError(`cannot train: labels[${i}] is ${labels[i]}, expected 0 or 1`)
    if (typeof texts[i] !== 'string') throw new RangeError(`cannot train: texts[${i}] is ${typeof texts[i]}, expected a string`)
    counts[labels[i]]++
  }
  for (const label of [0, 1]) if (counts[label] < folds) throw new RangeError(`cannot train: ${counts[label]} texts have label ${label}, expected at least ${folds}`)
  for (const [name, value] of Object.entries({ features, minTexts, passes, folds })) if (!(Number.isInteger(value) && value >= 1 && value < 2 ** 32)) throw new RangeError(`cannot train: ${name} is ${value}, expected a whole number from 1`)
  if (!(cost > 0 && cost < Infinity)) throw new RangeError(`cannot train: cost is ${cost}, expected a finite number above 0`)
  const normaliser = createNormaliser()
  const syllables = createSyllables()
  const heard = texts.map(text => featuresOf(normaliser, syllables, text))
  const keys = heard.map(({ characters, sounds }) => {
    const both = new Uint32Array(characters.length + sounds.length)
    both.set(characters)
    both.set(sounds, characters.length)
    return both
  })
  const distinct = keys.map(list => Uint32Array.from(new Set(list)))
  // Repeats must not leak between folds: equal texts share a fold, drawn from the first of them.
  const random = randomStream(seed, 1)
  const foldOf = new Int8Array(texts.length)
  const known = new Map<string, number>()
  for (const [i, text] of texts.entries()) {
    const fold = known.get(text) ?? random.below(folds)
    known.set(text, fold)
    foldOf[i] = fold
  }

  const textsWith = new Uint16Array(2 ** keyBits)
  const fit = (rows: number[]): { kept: Map<number, number>; bias: number } => {
    const chosen = chooseKeys(distinct, rows, minTexts, textsWith)
    const ratio = logRatios(distinct, labels, rows, chosen)
    let model = solve(toRows(heard, labels, rows, chosen, ratio), ratio, cost, passes, seed)
    let strongest = [...chosen.entries()].map(([key, index]) => [key, model.weights[index] * ratio[index]] as const)
    if (strongest.length > features) {
      strongest = strongest.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || a[0] - b[0]).slice(0, features)
      const fewer = new Map(strongest.map(([key], index) => [key, index]))
      const fewerRatio = Float64Array.from(fewer.keys(), key => ratio[chosen.get(key)!])
      model = solve(toRows(heard, labels, rows, fewer, fewerRatio), fewerRatio, cost, passes, seed)
      strongest = [...fewer.entries()].map(([key, index]) => [key, model.weights[index] * fewerRatio[index]] as const)
    }
    return { kept: new Map(strongest), bias: model.bias }
  }
  const margin = (model: { kept: Map<number, number>; bias: number }, row: number): number => {
    let sum = 0
    for (const key of keys[row]) sum += model.kept.get(key) ?? 0
    return model.bias + sum / Math.sqrt(Math.max(1, keys[row].length))
  }
  const all = [...texts.keys()]
  const margins = new Float64Array(texts.length)
  for (let fold = 0; fold < folds; fold++) {
    const model = fit(all.filter(row => foldOf[row] !== fold))
    for (const row of all) if (foldOf[row] === fold) margins[row] = margin(model, row)
  }
  const { slope, offset } = platt(margins, labels, counts)
  const final = fit(all)
  return encodeModel({ kept: final.kept, bias: final.bias, slope, offset, baseRate: counts[1] / texts.length, texts: texts.length, seed, source })
}

/** Keys that occur in at least `minTexts` of the rows, ascending, numbered from 0. `counts` [2^keyBits] is zero before and after. */
function chooseKeys(distinct: readonly Uint32Array[], rows: readonly number[], minTexts: number, counts: Uint16Array): Map<number, number> {
  const often: number[] = []
  for (const row of rows) for (const key of distinct[row]) if (counts[key] < 65535 && ++counts[key] === minTexts) often.push(key)
  for (const row of rows) for (const key of distinct[row]) counts[key] = 0
  return new Map(often.sort((a, b) => a - b).map((key, index) => [key, index]))
}
function logRatios(distinct: readonly Uint32Array[], labels: ArrayLike<number>, rows: readonly number[], chosen: Map<number, number>): Float64Array {
  const of = [new Float64Array(chosen.size).fill(1), new Float64Array(chosen.size).fill(1)]
  const texts = [2, 2]
  for (const row of rows) {
    texts[labels[row]]++
    for (const key of distinct[row]) {
      const index = chosen.get(key)
      if (index !== undefined) of[labels[row]][index]++
    }
  }
  return of[1].map((offending, index) => Math.log(offending / texts[1] / (of[0][index] / texts[0])))
}
/** Two rows a text: everything, then sounds only, both on the scale of the whole text. */
function toRows(heard: readonly Features[], labels: ArrayLike<number>, rows: readonly number[], chosen: Map<number, number>, ratio: Float64Array): Rows {
  const keys: Int32Array[] = []
  const scale = new Float64Array(2 * rows.length)
  const sign = new Int8Array(2 * rows.length)
  const square = new Float64Array(2 * rows.length)
  for (const row of rows) {
    const { characters, sounds } = heard[row]
    const known = (list: Uint32Array): number[] => {
      const indices: number[] = []
      for (const key of list) {
        const index = chosen.get(key)
        if (index !== undefined) indices.push(index)
      }
      return indices
    }
    const soundsOnly = known(sounds)
    for (const own of [[...known(characters), ...soundsOnly], soundsOnly]) {
      const at = keys.length
      scale[at] = 1 / Math.sqrt(Math.max(1, characters.length + sounds.length))
      sign[at] = labels[row] === 1 ? 1 : -1
      const counts = new Map<number, number>()
      for (const index of own) counts.set(index, (counts.get(index) ?? 0) + 1)
      for (const [index, count] of counts) square[at] += (count * ratio[index] * scale[at]) ** 2
      keys.push(Int32Array.from(own))
    }
  }
  return { keys, scale, sign, square }
}
function solve({ keys, scale, sign, square }: Rows, ratio: Float64Array, cost: number, passes: number, seed: number): Linear {
  const weights = new Float64Array(ratio.length)
  const dual = new Float64Array(keys.length)
  const order = Int32Array.from(keys.keys())
  const random = randomStream(seed, 2)
  const slack = 1 / (2 * cost)
  let bias = 0
  for (let pass = 0; pass < passes; pass++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.below(i + 1)
      const other = order[i]
      order[i] = order[j]
      order[j] = other
    }
    for (const row of order) {
      const own = keys[row]
      let sum = 0
      for (let i = 0; i < own.length; i++) sum += weights[own[i]] * ratio[own[i]]
      const gradient = sign[row] * (bias + sum * scale[row]) - 1 + dual[row] * slack
      const next = Math.max(0, dual[row] - gradient / (square[row] + 1 + slack))
      const step = (next - dual[row]) * sign[row]
      if (step === 0) continue
      dual[row] = next
      bias += step
      const change = step * scale[row]
      for (let i = 0; i < own.length; i++) weights[own[i]] += change * ratio[own[i]]
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
