/**
 * A matching problem of any size, made block by block from a hash: every block can be made again in any thread and is never kept. Worth,
 * breadth and scale of a row, the person's affinity and the pair's chance follow the matching instances; ten candidates a person.
 */
import type { PlanBlock, PlanStream } from '../../src/math/planner/index.ts'

export const streamShape = { rows: 1000, perPerson: 10, blockPersons: 100_000 } as const

/** A draw in [0, 1) at an address (a 32-bit mix, as in MurmurHash3's finaliser). */
function mixed(x: number): number {
  let h = x | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Standard normal quantile to about 4e-4 (Abramowitz & Stegun 26.2.23): good enough for made-up data. */
function quantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)))
  const x = t - (2.515517 + t * (0.802853 + 0.010328 * t)) / (1 + t * (1.432788 + t * (0.189269 + 0.001308 * t)))
  return p < 0.5 ? -x : x
}

type Tables = { rowOf: Uint16Array; worth: Float64Array; scale: Float64Array; noise: Float64Array }
function makeTables(): Tables {
  const { rows } = streamShape
  const normals = (salt: number, count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => quantile((mixed(i * 2654435761 + salt) + 0.5) / 2 ** 32))
  const breadth = normals(11, rows).map((z) => Math.exp(z))
  const total = breadth.reduce((sum, b) => sum + b, 0)
  const rowOf = new Uint16Array(65_536)
  let at = 0
  let reached = 0
  breadth.forEach((b, r) => {
    reached += (b / total) * rowOf.length
    while (at < Math.min(rowOf.length, Math.round(reached))) rowOf[at++] = r
  })
  return {
    rowOf, worth: normals(22, rows).map((z) => Math.exp(-4 + 0.75 * z)), scale: normals(33, rows).map((z) => Math.exp(z)),
    noise: Float64Array.from({ length: 4096 }, (_, i) => Math.exp(0.5 * quantile((i + 0.5) / 4096))),
  }
}

export function makeReader(): (block: number) => PlanBlock {
  const { perPerson, blockPersons } = streamShape
  const { rowOf, worth, scale, noise } = makeTables()
  // One buffer for all blocks: the planner keeps none.
  const count = perPerson * blockPersons
  const first = Int32Array.from({ length: blockPersons + 1 }, (_, p) => p * perPerson)
  const value = new Float32Array(count)
  const row = new Uint16Array(count)
  const amount = new Float32Array(count)
  return (block) => {
    for (let p = 0, j = 0; p < blockPersons; p++) {
      const affinity = noise[mixed(block * blockPersons + p) & 4095]
      for (let c = 0; c < perPerson; c++, j++) {
        const h = mixed((block * blockPersons + p) * perPerson + c + 0x9e3779b9)
        const r = rowOf[h & 65_535]
        const v = Math.min(0.5, worth[r] * affinity * noise[h >>> 20])
        row[j] = r
        value[j] = v
        amount[j] = scale[r] * v
      }
    }
    return { first, value, row, amount }
  }
}

/** Capacities: a share between a half and all of what each row would carry if every person took the candidate of largest use, as in the matching instances. */
export function matchingStream(blocks: number): PlanStream {
  const read = makeReader()
  const { first, row, amount } = read(0)
  const load = new Float64Array(streamShape.rows)
  for (let p = 0; p + 1 < first.length; p++) {
    let best = first[p]
    for (let j = first[p] + 1; j < first[p + 1]; j++) if (amount[j] > amount[best]) best = j
    load[row[best]] += amount[best]
  }
  return {
    rows: Array.from(load, (use, r) => ({ name: `destination ${r}`, capacity: blocks * (use + 1e-6) * (0.5 + mixed(r + 77) / 2 ** 33) })),
    blockPersons: new Int32Array(blocks).fill(streamShape.blockPersons), read,
  }
}
