import { refuse } from './input.ts'

export type SuppressOptions = {
  /** A cell with 0 < n < k is withheld, and what an outsider can infer of it must span at least k. Default 5. */
  k?: number
  /** Per cell (row-major) the largest single contributor's part, in the unit of the counts; above half of the cell the cell is withheld. */
  largest?: ArrayLike<number>
  /** Per cell the number of merchants behind it; a non-empty cell with fewer than `minMerchants` (default 5) is withheld. */
  merchants?: ArrayLike<number>
  minMerchants?: number
  /** Cells withheld by an earlier publication of this period: they stay withheld, else the difference would tell. */
  before?: ReadonlyArray<readonly [number, number]>
}

export type CellAudit = { row: number; column: number; count: number; low: number; high: number }

export type SuppressedTable =
  | {
      state: 'published'
      /** Row-major: null where withheld. Margins may be published in full. */
      cells: Array<number | null>
      primary: Array<readonly [number, number]>
      complementary: Array<readonly [number, number]>
      /** What an outsider who knows the rest and all margins can infer of each withheld cell. */
      audit: CellAudit[]
      /** Sum of the complementary cells' counts: information given up. */
      cost: number
    }
  /** No pattern protects these cells (for example a table with one row): publish the margins only. */
  | { state: 'unprotectable'; cells: Array<readonly [number, number]> }

/** Largest flow from node `source` to `sink` in a small dense network (breadth-first augmenting paths; Edmonds & Karp 1972). */
function maxFlow(capacity: Float64Array, nodes: number, source: number, sink: number): number {
  const from = new Int32Array(nodes)
  const queue = new Int32Array(nodes)
  for (let total = 0; ; ) {
    from.fill(-1)
    from[source] = source
    let head = 0
    let tail = 0
    queue[tail++] = source
    while (head < tail && from[sink] < 0) {
      const u = queue[head++]
      for (let v = 0; v < nodes; v++) {
        if (from[v] < 0 && capacity[u * nodes + v] > 0) {
          from[v] = u
          queue[tail++] = v
        }
      }
    }
    if (from[sink] < 0) return total
    let room = Infinity
    for (let v = sink; v !== source; v = from[v]) room = Math.min(room, capacity[from[v] * nodes + v])
    if (room === Infinity) return Infinity
    for (let v = sink; v !== source; v = from[v]) {
      capacity[from[v] * nodes + v] -= room
      capacity[v * nodes + from[v]] += room
    }
    total += room
  }
}

/**
 * Smallest and largest value cell (row, column) can have over all non-negative tables with the same published cells and margins.
 * Raising a cell by one needs an alternating chain of other withheld cells, lowered (down to 0) in rows and raised in columns: a flow.
 */
export function auditCell(counts: ArrayLike<number>, rows: number, columns: number, withheld: Uint8Array, row: number, column: number): CellAudit {
  const nodes = rows + columns
  const count = counts[row * columns + column]
  const network = (raise: boolean): Float64Array => {
    const capacity = new Float64Array(nodes * nodes)
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const cell = i * columns + j
        if (withheld[cell] === 0 || (i === row && j === column)) continue
        // Raising our cell lowers others in its row (at most by their count) and raises others in the columns (without limit).
        capacity[i * nodes + rows + j] = raise ? counts[cell] : Infinity
        capacity[(rows + j) * nodes + i] = raise ? Infinity : counts[cell]
      }
    }
    return capacity
  }
  const up = maxFlow(network(true), nodes, row, rows + column)
  const down = maxFlow(network(false), nodes, row, rows + column)
  return { row, column, count, low: count - Math.min(count, down), high: count + up }
}

/**
 * Withholds small or dominated cells of a rows × columns table of counts, and enough others that the margins do not give them back.
 * Greedy complements, an audit by flows, dearer cells restored where the audit allows (Willenborg & de Waal 2001; Fischetti & Salazar 2001).
 * A heuristic: protection is certain (it is audited), least cost is not. For releases without a noise promise only.
 *
 * `counts`: row-major whole numbers ≥ 0. Errors: DisclosureInputError naming the cell.
 */
export function suppressTable(counts: ArrayLike<number>, rows: number, columns: number, options: SuppressOptions = {}): SuppressedTable {
  const { k = 5, minMerchants = 5 } = options
  if (counts.length !== rows * columns) refuse(`cannot suppress a table: ${counts.length} counts for ${rows} × ${columns} cells`)
  for (let i = 0; i < counts.length; i++) {
    if (!(Number.isSafeInteger(counts[i]) && counts[i] >= 0)) refuse(`cannot suppress a table: cell (${Math.floor(i / columns)}, ${i % columns}) is ${counts[i]}, expected a whole number from 0`)
  }
  if (!(Number.isSafeInteger(k) && k >= 1)) refuse(`cannot suppress a table: k is ${k}, expected a whole number from 1`)
  for (const [name, list] of [['largest', options.largest], ['merchants', options.merchants]] as const) {
    if (list && list.length !== counts.length) refuse(`cannot suppress a table: ${name} has ${list.length} entries for ${counts.length} cells`)
  }
  const withheld = new Uint8Array(counts.length)
  const primary: number[] = []
  for (let cell = 0; cell < counts.length; cell++) {
    if (counts[cell] === 0) continue
    const dominated = options.largest ? options.largest[cell] > counts[cell] / 2 : false
    const fewMerchants = options.merchants ? options.merchants[cell] < minMerchants : false
    if (counts[cell] < k || dominated || fewMerchants) {
      primary.push(cell)
      withheld[cell] = 1
    }
  }
  const kept = new Uint8Array(counts.length)
  for (const [row, column] of options.before ?? []) {
    if (!(row >= 0 && row < rows && column >= 0 && column < columns)) refuse(`cannot suppress a table: earlier cell (${row}, ${column}) lies outside ${rows} × ${columns}`)
    withheld[row * columns + column] = 1
    kept[row * columns + column] = 1
  }
  for (const cell of primary) kept[cell] = 1

  const place = (cell: number): readonly [number, number] => [Math.floor(cell / columns), cell % columns]
  const line = (isRow: boolean, at: number): number[] => Array.from({ length: isRow ? columns : rows }, (_, i) => (isRow ? at * columns + i : i * columns + at))
  const lonely = (isRow: boolean, at: number): boolean => line(isRow, at).reduce((sum, cell) => sum + withheld[cell], 0) === 1
  // Lines with exactly one withheld cell give it back by subtraction: withhold the cheapest other, rather one that also helps the crossing line.
  for (let changed = true; changed; ) {
    changed = false
    for (const isRow of [true, false]) {
      for (let at = 0; at < (isRow ? rows : columns); at++) {
        if (!lonely(isRow, at)) continue
        const open = line(isRow, at).filter((cell) => withheld[cell] === 0 && counts[cell] > 0)
        if (open.length === 0) continue
        const helps = (cell: number): boolean => lonely(!isRow, isRow ? cell % columns : Math.floor(cell / columns))
        open.sort((a, b) => Number(helps(b)) - Number(helps(a)) || counts[a] - counts[b] || a - b)
        withheld[open[0]] = 1
        changed = true
      }
    }
  }

  const fails = (cell: number): boolean => {
    const [row, column] = place(cell)
    const { low, high } = auditCell(counts, rows, columns, withheld, row, column)
    return high < k || high - low < k
  }
  for (let failing = primary.filter(fails); failing.length > 0; failing = primary.filter(fails)) {
    const extra = cheapestCycle(failing[0])
    if (extra.length === 0) return { state: 'unprotectable', cells: failing.map(place) }
    for (const cell of extra) withheld[cell] = 1
  }
  // Restore what the audit does not need, dearest first.
  const complements = Array.from(withheld.keys()).filter((cell) => withheld[cell] === 1 && kept[cell] === 0).sort((a, b) => counts[b] - counts[a] || a - b)
  for (const cell of complements) {
    withheld[cell] = 0
    if (primary.some(fails)) withheld[cell] = 1
  }
  const hidden = Array.from(withheld.keys()).filter((cell) => withheld[cell] === 1)
  const complementary = hidden.filter((cell) => !primary.includes(cell))
  return {
    state: 'published', cells: Array.from(counts, (count, cell) => (withheld[cell] === 1 ? null : count)), primary: primary.map(place),
    complementary: complementary.map(place), audit: hidden.map((cell) => auditCell(counts, rows, columns, withheld, ...place(cell))),
    cost: complementary.reduce((sum, cell) => sum + counts[cell], 0),
  }

  /** Open cells on the cheapest cycle through `cell` that has at least one; empty when there is none. */
  function cheapestCycle(cell: number): number[] {
    const [row, column] = place(cell)
    let best: number[] = []
    let bestCost = Infinity
    // Four-cell cycles through every other row and column are enough to protect, and few enough to try all.
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        if (i === row || j === column) continue
        const corners = [row * columns + j, i * columns + column, i * columns + j]
        const open = corners.filter((corner) => withheld[corner] === 0 && counts[corner] > 0)
        // The two neighbours of the cell are lowered when it is raised: together with the rest they must be able to give.
        if (open.length === 0 || corners.slice(0, 2).some((corner) => counts[corner] === 0)) continue
        const cost = open.reduce((sum, corner) => sum + counts[corner], 0)
        if (cost < bestCost) {
          bestCost = cost
          best = open
        }
      }
    }
    if (best.length > 0) return best
    // No full cycle: any further open cell of the row or column, cheapest first.
    const rest = [...line(true, row), ...line(false, column)].filter((other) => withheld[other] === 0 && counts[other] > 0).sort((a, b) => counts[a] - counts[b])
    return rest.slice(0, 1)
  }
}
