export type Scores = { accuracy: number; macroF1: number; precision: number; recall: number }

/** Scores of the verdict "probability ≥ threshold" against labels of 0 and 1; an F1 without any case counts 0. */
export function scores(probabilities: ArrayLike<number>, labels: ArrayLike<number>, threshold = 0.5): Scores {
  if (probabilities.length !== labels.length || labels.length === 0) throw new RangeError(`cannot score: ${probabilities.length} probabilities and ${labels.length} labels, expected as many and at least one`)
  let tp = 0, fp = 0, fn = 0, tn = 0
  for (let i = 0; i < labels.length; i++) {
    const said = probabilities[i] >= threshold
    if (labels[i] === 1 && said) tp++
    else if (labels[i] === 1) fn++
    else if (said) fp++
    else tn++
  }
  const f1 = (hit: number, miss: number): number => hit === 0 ? 0 : 2 * hit / (2 * hit + miss)
  return { accuracy: (tp + tn) / labels.length, macroF1: (f1(tp, fp + fn) + f1(tn, fp + fn)) / 2, precision: tp / Math.max(1, tp + fp), recall: tp / Math.max(1, tp + fn) }
}

/** Expected calibration error: mean distance between promised and observed share over `bins` equal-width bins, weighted by their size. */
export function calibrationError(probabilities: ArrayLike<number>, labels: ArrayLike<number>, bins = 10): number {
  const promised = new Float64Array(bins)
  const observed = new Float64Array(bins)
  for (let i = 0; i < labels.length; i++) {
    const bin = Math.min(bins - 1, Math.floor(probabilities[i] * bins))
    promised[bin] += probabilities[i]
    observed[bin] += labels[i]
  }
  let total = 0
  for (let bin = 0; bin < bins; bin++) total += Math.abs(promised[bin] - observed[bin])
  return total / labels.length
}
