import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '../root.ts'
import { cliFault } from './control.ts'
import { report } from './output.ts'

type Report = { bench: string; size: string; rows: Array<{ case: string; own: number | null; anchor: string; anchorValue: number | null; unit: string; ratio: { median: number; min: number; max: number } | null; agrees: boolean; goal?: string; note?: string }>; peakRssMb: number; skipped: Array<{ case: string; why: string }> }
type Bench = { name: string; what: string; sizes: readonly string[]; run(options: { size?: string; seed: number; rounds: number; log: (line: string) => void }): Promise<Report> }

/** Benches live outside the program and are loaded by name. Exit 1 when an agreement fails. */
export async function bench(name: string | undefined, options: { size?: string; rounds: string; seed: string; json?: boolean }): Promise<void> {
  const folder = join(packageRoot, 'bench/speed')
  const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).map((file) => file.slice(0, -3)).sort() : []
  if (name === undefined) {
    report(options.json, { benches: names }, names)
    return
  }
  if (!names.includes(name)) throw cliFault('cli/unknown', { what: name, known: names.join(', ') })
  const module = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as { bench: Bench }
  const result = await module.bench.run({ size: options.size, seed: Number(options.seed), rounds: Number(options.rounds), log: (line) => process.stderr.write(`${line}\n`) })
  const number = (value: number | null): string => (value === null ? '-' : Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(4))))
  report(options.json, result, [
    `${result.bench} (${result.size}), peak ${result.peakRssMb} MB`,
    ...result.rows.map((row) => `${row.agrees ? ' ' : '!'} ${row.case}: ${number(row.own)} ${row.unit}; ${row.anchor} ${number(row.anchorValue)}${row.ratio ? `; ratio ${number(row.ratio.median)} (${number(row.ratio.min)} to ${number(row.ratio.max)})` : ''}${row.goal ? `; goal ${row.goal}` : ''}${row.note ? `; ${row.note}` : ''}`),
    ...result.skipped.map((one) => `  skipped ${one.case}: ${one.why}`),
  ])
  if (result.rows.some((row) => !row.agrees)) process.exitCode = 1
  // Some anchors keep native threads alive.
  process.exit(process.exitCode ?? 0)
}
