import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '../root.ts'
import { cliFault } from './control.ts'
import { report } from './output.ts'

type Report = { bench: string; size: string; rows: Array<{ case: string; own: number | null; anchor: string; anchorValue: number | null; unit: string; ratio: { median: number; min: number; max: number } | null; agrees: boolean; goal?: string; note?: string }>; peakRssMb: number; skipped: Array<{ case: string; why: string }> }
type Bench = { name: string; what: string; sizes: readonly string[]; run(options: { size?: string; seed: number; rounds: number; log: (line: string) => void }): Promise<Report> }

/** Benches live outside the program and are loaded by name. Exit 1 when an agreement fails. */
export async function bench(name: string | undefined, options: { size?: string; rounds: string; seed: string; json?: boolean; plot?: string; folder?: string }): Promise<void> {
  const folder = options.folder === undefined ? join(packageRoot, 'bench/speed') : resolve(options.folder)
  const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).map((file) => file.slice(0, -3)).sort() : []
  if (name === undefined) {
    report(options.json, { benches: names }, names)
    return
  }
  if (!names.includes(name)) throw cliFault('cli/unknown', { what: name, known: names.join(', ') })
  const { bench: found } = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as { bench: Bench }
  const size = options.size
  if (size !== undefined && !found.sizes.includes(size)) throw cliFault('cli/unknown', { what: `--size ${size}`, known: found.sizes.join(', ') })
  const rounds = Number(options.rounds)
  const seed = Number(options.seed)
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw cliFault('cli/unknown', { what: `--rounds ${options.rounds}`, known: 'a whole number from 1' })
  if (!Number.isSafeInteger(seed)) throw cliFault('cli/unknown', { what: `--seed ${options.seed}`, known: 'a whole number' })
  // Stdout is the answer alone: what libraries and anchors print meanwhile goes to stderr.
  const write = process.stdout.write
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write
  let result: Report & { machine: { cores: number; loadBefore: number } }
  // How busy the machine was: a reader of a time must know.
  const machine = { cores: availableParallelism(), loadBefore: Math.round(loadavg()[0] * 10) / 10 }
  try {
    result = { ...(await found.run({ size, seed, rounds, log: (line) => process.stderr.write(`${line}\n`) })), machine }
    if (options.plot !== undefined) await plot(result, seed, resolve(options.plot))
  } finally {
    process.stdout.write = write
  }
  const number = (value: number | null): string => (value === null ? '-' : Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(4))))
  report(options.json, result, [
    `${result.bench} (${result.size}), peak ${result.peakRssMb} MB; ${machine.cores} cores, load average ${machine.loadBefore} before`,
    ...result.rows.map((row) => `${row.agrees ? ' ' : '!'} ${row.case}: ${number(row.own)} ${row.unit}; ${row.anchor} ${number(row.anchorValue)}${row.ratio ? `; ratio ${number(row.ratio.median)} (${number(row.ratio.min)} to ${number(row.ratio.max)})` : ''}${row.goal ? `; goal ${row.goal}` : ''}${row.note ? `; ${row.note}` : ''}`),
    ...result.skipped.map((one) => `  skipped ${one.case}: ${one.why}`),
    ...(options.plot === undefined ? [] : [`drawn to ${resolve(options.plot)}`]),
  ])
  if (result.rows.some((row) => !row.agrees)) process.exitCode = 1
  // Some anchors keep native threads alive.
  process.exit(process.exitCode ?? 0)
}

async function plot(result: Report, seed: number, file: string): Promise<void> {
  const { drawReport } = (await import(pathToFileURL(join(packageRoot, 'bench/plot-report.ts')).href)) as { drawReport(report: Report, seed: number): Promise<string> }
  const svg = await drawReport(result, seed)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, svg)
}
