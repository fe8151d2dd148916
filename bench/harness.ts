/**
 * The bench object and the paired run: every speed claim of this project is one row of it.
 *
 * A row compares our value with an anchor measured in the same run. `ratio` is oriented so that above 1 ours is better;
 * quality rows (no speed) carry `ratio: null` and put the published or computed reference into `anchorValue`.
 * `agrees` says that both sides gave the same answer before any time was read; a row that does not agree fails the bench.
 */
export type BenchRow = {
  case: string
  own: number | null
  anchor: string
  anchorValue: number | null
  unit: string
  ratio: { median: number; min: number; max: number } | null
  agrees: boolean
  /** The project's own goal for this row in words, printed beside the figure, also where the figure misses it. */
  goal?: string
  note?: string
}
export type BenchReport = {
  bench: string
  size: string
  rows: BenchRow[]
  peakRssMb: number
  skipped: Array<{ case: string; why: string }>
  /** Added by the command: cores, and the load average before the run. */
  machine?: { cores: number; loadBefore: number }
}
export type BenchOptions = { size?: string; seed: number; rounds: number; log: (line: string) => void }
/** Each file `bench/speed/<name>.ts` exports one of these as `bench`. */
export type Bench = { name: string; what: string; sizes: readonly string[]; run(options: BenchOptions): Promise<BenchReport> }

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const mid = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2
}

/** Milliseconds of one call. Benches may read the process clock; nothing under src/ may. */
export async function timeMs(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/**
 * Alternates own and anchor A B A B for `rounds` rounds and returns medians and the paired ratio anchor/own (times: above 1 = ours is faster).
 * One untimed warm-up of each side runs first.
 */
export async function pairedMs(rounds: number, own: () => unknown, anchor: () => unknown): Promise<{ ownMs: number; anchorMs: number; ratio: { median: number; min: number; max: number } }> {
  await own()
  await anchor()
  const owns: number[] = []
  const anchors: number[] = []
  for (let round = 0; round < rounds; round++) {
    owns.push(await timeMs(own))
    anchors.push(await timeMs(anchor))
  }
  const ratios = owns.map((value, index) => anchors[index] / value)
  return { ownMs: median(owns), anchorMs: median(anchors), ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) } }
}

export function peakRssMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}
