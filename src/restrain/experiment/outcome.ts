import { adjustPersons, largestShare, sampleRatio, type DoseCells } from '../../math/evidence/index.ts'

/** One assigned person at the end of the window; money in fen, counted by the arm that was assigned, whatever was sent. */
export type PersonOutcome = { segment: number; arm: number; preFen: number; netFen: number; lost: boolean; touches: number }

export type Cells = DoseCells & { buyers: Float64Array; netFen: Float64Array; touches: Float64Array }
export type EpochOutcome = {
  cells: Cells
  /** Per segment: largest share one person has of the money's spread. Above a tenth no money sentence is made. */
  largest: number[]
  /** Chi-square of arm sizes against the weights; `alarm` below 0.001: something took people out of arms, nothing may be shown. */
  ratio: { p: number; alarm: boolean }
}

/**
 * Sufficient statistics of an epoch by intention to treat: per segment × arm persons, buyers, money (clipped, adjusted by what the person spent
 * before), losses, touches.
 */
export function outcomeOf(rows: readonly PersonOutcome[], weights: ReadonlyArray<readonly number[]>, arms: number, capFen: number): EpochOutcome {
  const segments = weights.length
  const size = segments * arms
  const make = (): Float64Array => new Float64Array(size)
  const cells: Cells = { persons: make(), sum: make(), sumSquares: make(), losses: make(), buyers: make(), netFen: make(), touches: make() }
  const clip = (fen: number): number => (capFen > 0 ? Math.min(fen, capFen) : fen)
  const largest: number[] = []
  for (let s = 0; s < segments; s++) {
    const mine = rows.filter((row) => row.segment === s)
    const arm = mine.map((row) => row.arm)
    const y = mine.map((row) => clip(row.netFen))
    const { adjusted } = mine.length > 1 ? adjustPersons(y, arm, [mine.map((row) => clip(row.preFen))]) : { adjusted: Float64Array.from(y) }
    largest.push(mine.length > 1 ? largestShare(y, arm) : 1)
    mine.forEach((row, i) => {
      const c = s * arms + row.arm
      cells.persons[c]++
      cells.sum[c] += adjusted[i]
      cells.sumSquares[c] += adjusted[i] * adjusted[i]
      cells.netFen[c] += row.netFen
      cells.touches[c] += row.touches
      if (row.netFen > 0) cells.buyers[c]++
      if (row.lost) cells.losses[c]++
    })
  }
  const observed = new Float64Array(arms)
  const expected = new Float64Array(arms)
  for (let s = 0; s < segments; s++) {
    const total = weights[s].reduce((sum, w) => sum + w, 0)
    let persons = 0
    for (let k = 0; k < arms; k++) {
      observed[k] += cells.persons[s * arms + k]
      persons += cells.persons[s * arms + k]
    }
    for (let k = 0; k < arms; k++) expected[k] += (persons * weights[s][k]) / total
  }
  const test = rows.length === 0 ? { p: 1 } : sampleRatio(observed, expected)
  return { cells, largest, ratio: { p: test.p, alarm: test.p < 0.001 } }
}

/** Money in another unit: sums times k, squares times k². */
export function scaleMoney(cells: DoseCells, k: number): DoseCells {
  return { persons: cells.persons, losses: cells.losses, sum: cells.sum.map((x) => x * k), sumSquares: cells.sumSquares.map((x) => x * k * k) }
}

export function addCells(into: Cells, other: Cells): void {
  for (const key of ['persons', 'sum', 'sumSquares', 'losses', 'buyers', 'netFen', 'touches'] as const) for (let i = 0; i < into[key].length; i++) into[key][i] += other[key][i]
}
