/**
 * Absorption probability of a finite Markov chain, without subtraction and with a proven error.
 *
 * Small chains: state elimination in the form of Grassmann, Taksar and Heyman (Operations Research 33, 1985): the diagonal is
 * recovered as the sum of what leaves the state, so no cancellation occurs. Large chains: Gauss–Seidel from below (start 0) and from
 * above (start 1) at once. Both are monotone because Q ≥ 0, so they enclose the answer; the width of the enclosure is returned.
 */
export type Chain = {
  stateCount: number
  /** CSR rows of Q: row s owns targets/probabilities [rowStarts[s], rowStarts[s + 1]). */
  rowStarts: Uint32Array
  targets: Uint32Array
  probabilities: Float64Array
  /** Probability of going from a state straight to success. */
  success: Float64Array
  /** Probability of going from a state straight to failure. */
  failure: Float64Array
}
export type Absorption = { fromStart: number; width: number; method: 'elimination' | 'enclosure'; sweeps: number }

const eliminationStates = 192
const widthWanted = 1e-14
const maxWork = 4e9

/** Probability of success from state 0 when entering a state with `removed[state] = 1` means failure. */
export function absorptionFromStart(chain: Chain, removed: Uint8Array | null): Absorption {
  return chain.stateCount <= eliminationStates ? eliminate(chain, removed) : enclose(chain, removed)
}

function eliminate(chain: Chain, removed: Uint8Array | null): Absorption {
  const n = chain.stateCount
  const q = new Float64Array(n * n)
  const success = Float64Array.from(chain.success)
  const failure = Float64Array.from(chain.failure)
  for (let s = 0; s < n; s++) {
    for (let e = chain.rowStarts[s]; e < chain.rowStarts[s + 1]; e++) {
      if (removed?.[chain.targets[e]]) failure[s] += chain.probabilities[e]
      else q[s * n + chain.targets[e]] += chain.probabilities[e]
    }
  }
  // Eliminate n − 1 … 1; what is left is state 0 with its own loop, success and failure.
  for (let s = n - 1; s >= 1; s--) {
    if (removed?.[s]) continue
    let out = success[s] + failure[s]
    for (let t = 0; t < s; t++) out += q[s * n + t]
    if (!(out > 0)) continue
    for (let i = 0; i < s; i++) {
      const factor = q[i * n + s] / out
      if (factor === 0) continue
      for (let t = 0; t < s; t++) q[i * n + t] += factor * q[s * n + t]
      success[i] += factor * success[s]
      failure[i] += factor * failure[s]
    }
  }
  const out = success[0] + failure[0]
  return { fromStart: out > 0 ? success[0] / out : 0, width: n * 2.3e-16, method: 'elimination', sweeps: 0 }
}

function enclose(chain: Chain, removed: Uint8Array | null): Absorption {
  const { stateCount: n, rowStarts, targets, probabilities, success } = chain
  const low = new Float64Array(n)
  const high = new Float64Array(n).fill(1)
  if (removed) for (let s = 0; s < n; s++) if (removed[s]) high[s] = 0
  const maxSweeps = Math.ceil(maxWork / (probabilities.length + n))
  let width = 1
  let sweeps = 0
  for (; sweeps < maxSweeps; sweeps++) {
    for (let s = n - 1; s >= 0; s--) {
      if (removed?.[s]) continue
      let lower = success[s]
      let upper = lower
      for (let e = rowStarts[s], end = rowStarts[s + 1]; e < end; e++) {
        const p = probabilities[e]
        lower += p * low[targets[e]]
        upper += p * high[targets[e]]
      }
      low[s] = lower
      if (upper < high[s]) high[s] = upper
    }
    const now = high[0] - low[0]
    // Rounding stops the two iterates a few units in the last place apart: stop there too.
    if (now <= widthWanted || (now >= width && now <= 1e-12)) { width = Math.max(0, now); sweeps++; break }
    width = now
  }
  if (width > 1e-12) throw new Error(`attribution: the chain of ${n} states could not be solved: the answer lies within ${width} after ${sweeps} sweeps, expected 1e-12; use a lower order`)
  return { fromStart: (low[0] + high[0]) / 2, width, method: 'enclosure', sweeps }
}
