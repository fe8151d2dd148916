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

/**
 * The share of offending texts where these probabilities come from, without any label: the share under which they are likeliest, by expectation and
 * maximisation (Saerens, Latinne & Decaestecker 2002). `trainedRate` is the share of training. Assumes calibrated probabilities and that only the share differs.
 *
 * Errors: RangeError for an empty list, a value outside 0 to 1 (which element), a rate not between 0 and 1.
 */
export function estimateBaseRate(probabilities: ArrayLike<number>, trainedRate: number): number {
  if (probabilities.length === 0) throw new RangeError('cannot estimate the share of offending texts: no probabilities')
  if (!(trainedRate > 0 && trainedRate < 1)) throw new RangeError(`cannot estimate the share of offending texts: trainedRate is ${trainedRate}, expected between 0 and 1`)
  for (let i = 0; i < probabilities.length; i++) if (!(probabilities[i] >= 0 && probabilities[i] <= 1)) throw new RangeError(`cannot estimate the share of offending texts: probabilities[${i}] is ${probabilities[i]}, expected 0 to 1`)
  let rate = trainedRate
  for (let round = 0; round < 10_000; round++) {
    const offending = rate / trainedRate
    const fine = (1 - rate) / (1 - trainedRate)
    let sum = 0
    for (let i = 0; i < probabilities.length; i++) {
      const own = probabilities[i] * offending
      sum += own / (own + (1 - probabilities[i]) * fine)
    }
    const next = sum / probabilities.length
    if (Math.abs(next - rate) < 1e-10) return next
    rate = next
  }
  return rate
}
