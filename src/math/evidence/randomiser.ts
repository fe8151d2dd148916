import { requireFinite, requireFrom, requireWhole } from '../special/index.ts'

/** HMAC-SHA-256 or a function like it: at least six bytes for a key and a message, both UTF-8. It comes from outside, because `math` imports nothing. */
export type Digest = (key: string, message: string) => Uint8Array

/** The first 48 bits, big-endian, of a digest as a number in [0, 1), exact in a double. */
export function drawFromDigest(bytes: Uint8Array): number {
  if (bytes.length < 6) throw new RangeError(`cannot draw: the digest has ${bytes.length} bytes, expected at least 6`)
  let value = 0
  for (let i = 0; i < 6; i++) value = value * 256 + bytes[i]
  return value / 281474976710656
}

/**
 * The draw of one person in one epoch, in [0, 1). `key` is the merchant's secret; a new experiment needs a new `epoch`
 * string, never a new hash.
 */
export const draw = (digest: Digest, key: string, epoch: string, person: string): number => drawFromDigest(digest(key, `${epoch}\u001f${person}`))

/**
 * How many of n units each arm receives: floor(n·cᵢ + v) − floor(n·cᵢ₋₁ + v) for cumulative shares cᵢ. The sum is n and the
 * expectation over a uniform v is n·wᵢ exactly, so the propensity is wᵢ however small the stratum; largest remainder with a fixed
 * tie rule would favour the first arm. `weights`: whole numbers above 0 (40ths, say), so that 0.1 + 0.2 moves no boundary.
 */
export function quotas(n: number, weights: ArrayLike<number>, v: number): Int32Array {
  requireWhole('n', [n])
  requireWeights(weights)
  if (!(v >= 0 && v < 1)) throw new RangeError(`cannot split a stratum: v is ${v}, expected a draw in [0, 1)`)
  let total = 0
  for (let i = 0; i < weights.length; i++) total += weights[i]
  const counts = new Int32Array(weights.length)
  let cumulative = 0
  let before = 0
  for (let i = 0; i < weights.length; i++) {
    cumulative += weights[i]
    const product = n * cumulative
    const rest = product % total
    const boundary = (product - rest) / total + (rest / total + v >= 1 ? 1 : 0)
    counts[i] = boundary - before
    before = boundary
  }
  return counts
}

function requireWeights(weights: ArrayLike<number>): void {
  if (weights.length < 2) throw new RangeError(`cannot randomise: ${weights.length} arms, expected at least 2`)
  for (let i = 0; i < weights.length; i++) {
    if (!(Number.isSafeInteger(weights[i]) && weights[i] > 0)) throw new RangeError(`cannot randomise: weights[${i}] is ${weights[i]}, expected a whole number above 0`)
  }
}

export type Assignment = {
  /** Arm of each person, in the order given. */
  arm: Uint8Array
  /** Share of persons in the largest cluster; above 0.05 the acquaintance graph has chained and clusters should be main group chats only. */
  largestClusterShare: number
}

/**
 * Assigns a frozen roster to arms: in each stratum units are sorted by (draw, id) and cut by `quotas`, whose v is the draw of
 * "stratum:" + name. A unit is a person, or a whole cluster (group chat, household) when `cluster` is given; its id is the smallest
 * person id in it and its stratum that person's.
 *
 * `persons`: ids without repetition. `stratum`: index into `stratumNames`, one per person. `weights`: whole numbers, one per arm (≤ 256).
 * Errors: RangeError naming the element. Late arrivals are not assigned here: they join the next epoch.
 */
export function assignArms(input: {
  digest: Digest
  key: string
  epoch: string
  persons: readonly string[]
  stratum: ArrayLike<number>
  stratumNames: readonly string[]
  weights: ArrayLike<number>
  cluster?: ArrayLike<number>
}): Assignment {
  const { persons, stratum, stratumNames, weights, cluster } = input
  requireWeights(weights)
  if (weights.length > 256) throw new RangeError(`cannot randomise: ${weights.length} arms, expected at most 256`)
  if (stratum.length !== persons.length) throw new RangeError(`cannot randomise: stratum has ${stratum.length} elements, expected ${persons.length} as persons`)
  if (cluster && cluster.length !== persons.length) throw new RangeError(`cannot randomise: cluster has ${cluster.length} elements, expected ${persons.length} as persons`)
  const seen = new Set<string>()
  for (let i = 0; i < persons.length; i++) {
    if (seen.has(persons[i])) throw new RangeError(`cannot randomise: persons[${i}] is ${JSON.stringify(persons[i])} once more, expected each id once`)
    seen.add(persons[i])
    if (!(Number.isInteger(stratum[i]) && stratum[i] >= 0 && stratum[i] < stratumNames.length)) {
      throw new RangeError(`cannot randomise: stratum[${i}] is ${stratum[i]}, expected an index below ${stratumNames.length}`)
    }
  }
  const heads = new Map<number, number>()
  const sizes = new Map<number, number>()
  let largest = persons.length > 0 ? 1 : 0
  if (cluster) {
    for (let i = 0; i < persons.length; i++) {
      const head = heads.get(cluster[i])
      if (head === undefined || persons[i] < persons[head]) heads.set(cluster[i], i)
      const size = (sizes.get(cluster[i]) ?? 0) + 1
      sizes.set(cluster[i], size)
      if (size > largest) largest = size
    }
  }
  const units = cluster ? [...heads.values()] : Array.from(persons, (_, i) => i)
  const draws = new Float64Array(persons.length)
  const members: number[][] = stratumNames.map(() => [])
  for (const unit of units) {
    draws[unit] = draw(input.digest, input.key, input.epoch, persons[unit])
    members[stratum[unit]].push(unit)
  }
  const arm = new Uint8Array(persons.length)
  members.forEach((list, index) => {
    if (list.length === 0) return
    list.sort((x, y) => draws[x] - draws[y] || (persons[x] < persons[y] ? -1 : 1))
    const counts = quotas(list.length, weights, draw(input.digest, input.key, input.epoch, `stratum:${stratumNames[index]}`))
    let next = 0
    for (let a = 0; a < counts.length; a++) for (let i = 0; i < counts[a]; i++) arm[list[next++]] = a
  })
  if (cluster) for (let i = 0; i < persons.length; i++) arm[i] = arm[heads.get(cluster[i]) as number]
  return { arm, largestClusterShare: persons.length > 0 ? largest / persons.length : 0 }
}

/** Tercile 0, 1 or 2 of the pre-period spend inside each group: equal spends share a tercile. */
export function spendTerciles(spend: ArrayLike<number>, group: ArrayLike<number>): Uint8Array {
  requireFinite('spend', spend)
  const byGroup = new Map<number, number[]>()
  for (let i = 0; i < spend.length; i++) {
    const list = byGroup.get(group[i])
    if (list) list.push(spend[i])
    else byGroup.set(group[i], [spend[i]])
  }
  const cuts = new Map<number, [number, number]>()
  for (const [key, values] of byGroup) {
    const sorted = Float64Array.from(values).sort()
    cuts.set(key, [sorted[Math.floor(sorted.length / 3)], sorted[Math.floor((2 * sorted.length) / 3)]])
  }
  return Uint8Array.from(spend, (value, i) => {
    const [first, second] = cuts.get(group[i]) as [number, number]
    return value < first ? 0 : value < second ? 1 : 2
  })
}

/**
 * Strata segment × previous arm × tercile. Strata below `least` persons give up the tercile, then the previous arm, then the segment;
 * what is left below `least` is one stratum "rest".
 */
export function buildStrata(segment: ArrayLike<number>, previousArm: ArrayLike<number>, tercile: ArrayLike<number>, least = 20): { stratum: Int32Array; names: string[] } {
  requireFrom('least', [least], 1)
  const n = segment.length
  if (previousArm.length !== n || tercile.length !== n) throw new RangeError(`cannot build strata: ${n} segments, ${previousArm.length} previous arms, ${tercile.length} terciles, expected equal lengths`)
  const label: string[] = Array.from({ length: n }, (_, i) => `${segment[i]}/${previousArm[i]}/${tercile[i]}`)
  const coarser = [(i: number) => `${segment[i]}/${previousArm[i]}`, (i: number) => `${segment[i]}`, () => 'rest']
  for (const next of coarser) {
    const counts = new Map<string, number>()
    for (const name of label) counts.set(name, (counts.get(name) ?? 0) + 1)
    for (let i = 0; i < n; i++) if ((counts.get(label[i]) as number) < least) label[i] = next(i)
  }
  const names = [...new Set(label)].sort()
  const index = new Map(names.map((name, i) => [name, i]))
  return { stratum: Int32Array.from(label, (name) => index.get(name) as number), names }
}
