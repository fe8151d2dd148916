/**
 * A real shop's order history through the Shop protocol into the book, over real loopback HTTP and a durable database: orders a second, with and
 * without faults. The totals are added up here from the file alone, by code of its own, and must equal the book's to the fen.
 */
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse'
import { runReplay } from '../../src/cli/replay.ts'
import { readConfig } from '../../src/kernel/config.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { openRuntime } from '../../src/runtime.ts'
import { peakRssMb, type Bench, type BenchReport, type BenchRow } from '../harness.ts'

const file = fileURLToPath(new URL('../../../shared/data/online_retail/online_retail.csv.gz', import.meta.url))
/** Invoices; undefined: the whole year. */
const limits: Record<string, number | undefined> = { small: 200, default: 2_000, large: undefined }
/** The year's invoices that hold something a platform order can hold, and the seconds it may take. */
const year = { orders: 19_959, seconds: 90 }

type Sums = { lines: number; invoices: number; cancellationInvoices: number; knownCustomers: number; netFen: number; roundedLines: number }

/** The file's own sums over its first invoices. Fen by whole-number arithmetic on the digits, half up. */
async function sumsOf(limit: number | undefined): Promise<Sums> {
  const sums: Sums = { lines: 0, invoices: 0, cancellationInvoices: 0, knownCustomers: 0, netFen: 0, roundedLines: 0 }
  const customers = new Set<string>()
  const invoices = new Set<string>()
  const rows = createReadStream(file).pipe(createGunzip()).pipe(parse({ columns: true, bom: true, relax_quotes: true }))
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    // An invoice's lines need not lie together.
    if (!invoices.has(row.InvoiceNo)) {
      if (limit !== undefined && sums.invoices >= limit) break
      invoices.add(row.InvoiceNo)
      sums.invoices++
      if (row.InvoiceNo.startsWith('C')) sums.cancellationInvoices++
    }
    const [, sign, whole, rest = ''] = /^(-?)(\d*)(?:\.(\d*))?$/.exec(row.UnitPrice.trim())!
    const thousandths = Number(`${whole}${rest.padEnd(3, '0').slice(0, 3)}`)
    const beyond = rest.slice(2).replace(/0+$/, '') !== ''
    if (beyond) sums.roundedLines++
    const fen = Math.floor((thousandths + 5) / 10) * (sign ? -1 : 1)
    sums.netFen += fen * Number(row.Quantity)
    sums.lines++
    if (row.CustomerID.trim() !== '') customers.add(row.CustomerID.trim())
  }
  sums.knownCustomers = customers.size
  return sums
}

export const bench: Bench = {
  name: 'replay',
  what: 'replay of a real order history through protocols, callbacks and reads into the book, with and without faults',
  sizes: ['small', 'default', 'large'],
  async run({ size = 'default', seed, log }): Promise<BenchReport> {
    const rows: BenchRow[] = []
    if (!existsSync(file)) return { bench: 'replay', size, rows, peakRssMb: peakRssMb(), skipped: [{ case: 'replay of online_retail', why: `the file does not lie beside the repository (${file})` }] }
    const limit = limits[size]
    const wanted = await sumsOf(limit)
    log(`${wanted.lines} lines, ${wanted.invoices} invoices, net ${wanted.netFen} fen by the file's own sums`)
    for (const faults of [undefined, String(seed)]) {
      const folder = mkdtempSync(join(tmpdir(), 'qz-bench-replay-'))
      const runtime = await openRuntime({ config: { ...readConfig({}).config, dataDir: folder, sea: 'on' }, log: silentLog, say: () => {}, anyPort: true })
      try {
        const cpuBefore = process.cpuUsage()
        const found = await runReplay(runtime, { file, faults, limit }, ({ done }) => log(`${done} invoices`))
        const cpu = process.cpuUsage(cpuBefore)
        const cpuSeconds = (cpu.user + cpu.system) / 1e6
        const differing = (Object.keys(wanted) as Array<keyof Sums>).filter((key) => found[key] !== wanted[key]).map((key) => `${key}: the book has ${found[key]}, the file ${wanted[key]}`)
        const name = faults === undefined ? 'without faults' : 'with faults'
        rows.push({
          case: `replay of ${wanted.invoices} invoices, ${name}`, own: found.orders / found.seconds, anchor: 'goal', anchorValue: year.orders / year.seconds, unit: 'orders/s', ratio: null, agrees: differing.length === 0 && found.badRowCount === 0,
          goal: `the whole year (${year.orders} orders) in under ${year.seconds} s`,
          note: differing.length > 0 ? `totals differ: ${differing.join('; ')}` : `${found.orders} orders of ${wanted.lines} lines in ${found.seconds} s; ${limit === undefined ? '' : `at this rate the year takes ${Math.round((year.orders * found.seconds) / found.orders)} s; `}` +
            `totals equal the file's to the fen (net ${wanted.netFen}); ${found.callbacks} callbacks, ${found.duplicatesIgnored} duplicates ignored, ${found.lost} lost, ${found.recovered} recovered`,
        })
        // Beside the clock, which a busy machine stretches: the work itself.
        rows.push({ case: `processor time of server, emulator and replay, ${name}`, own: (1000 * cpuSeconds) / found.orders, anchor: 'none', anchorValue: null, unit: 'ms/order', ratio: null, agrees: true, note: `${Math.round(cpuSeconds)} s of this process in ${found.seconds} s of the clock, without PostgreSQL` })
        if (faults === undefined) rows.push({ case: 'memory of server, emulator and replay in one process, at its peak', own: found.peakRssMb, anchor: 'none', anchorValue: null, unit: 'MB', ratio: null, agrees: true, note: 'resident set of this process, without PostgreSQL' })
        log(`${name}: ${Math.round(found.orders / found.seconds)} orders/s`)
      } finally {
        await runtime.close()
        rmSync(folder, { recursive: true, force: true })
      }
    }
    return { bench: 'replay', size, rows, peakRssMb: peakRssMb(), skipped: [] }
  },
}
