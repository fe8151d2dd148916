import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { monotonicMs } from '../kernel/clock.ts'
import { createLog } from '../kernel/log.ts'
import { fenToYuan } from '../kernel/money.ts'
import { replayOrders, type ReplayReport } from '../simulation/replay/index.ts'
import { openRuntime, type Runtime } from '../runtime.ts'
import { callControl, cliFault, openLocked, readEffective, runningServer } from './control.ts'
import { progress, report } from './output.ts'

export type ReplayInput = { file: string; faults?: string; limit?: number }

/** Runs inside the process that owns the data. */
export async function runReplay(runtime: Runtime, input: ReplayInput, onProgress: (value: { done: number; note: string }) => void, killAfter?: number): Promise<ReplayReport> {
  const owner = await runtime.house.access.findUser('owner')
  return replayOrders({
    house: runtime.house, emulator: runtime.emulator!, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url, file: input.file, faultsSeed: input.faults, limit: input.limit, ownerId: owner?.userId,
    onProgress: (done, note) => onProgress({ done, note }), monotonicMs, rssMb: () => process.memoryUsage().rss / 1048576,
    ...(killAfter === undefined ? {} : { afterInvoices: { count: killAfter, act: () => process.kill(process.pid, 'SIGKILL') } }),
  })
}

export async function replay(what: string, file: string, options: { faults?: string; limit?: string; json?: boolean; fresh?: boolean; killAfter?: string }): Promise<void> {
  if (what !== 'orders') throw cliFault('cli/unknown', { what, known: 'orders' })
  const full = resolve(file)
  if (!existsSync(full)) throw cliFault('cli/file-missing', { file: full })
  const input: ReplayInput = { file: full, faults: options.faults, limit: options.limit === undefined ? undefined : Number(options.limit) }
  const killAfter = options.killAfter === undefined ? undefined : Number(options.killAfter)
  const bar = progress('invoices')
  const onProgress = (value: unknown): void => {
    const { done, note } = value as { done: number; note: string }
    bar.at(done, input.limit, note)
  }
  let result: ReplayReport
  const config = readEffective({ sea: 'on' })
  const running = options.fresh ? undefined : runningServer(config)
  if (running?.socket) {
    result = (await callControl(running.socket, 'replay', input, onProgress)) as ReplayReport
  } else {
    const runtimeOptions = { config, say: () => {}, anyPort: true }
    const runtime = options.fresh ? await openRuntime({ ...runtimeOptions, disposable: true, log: createLog('warn') }) : await openLocked({ ...runtimeOptions, logLevel: 'warn' })
    try {
      result = await runReplay(runtime, input, onProgress, killAfter)
    } finally {
      await runtime.close()
    }
  }
  bar.end()
  report(options.json, result, [
    `${result.lines} lines, ${result.invoices} invoices (${result.invoicesWithOrders} with an order), ${result.knownCustomers} known customers, ${result.cancellationInvoices} cancellation invoices`,
    `net ¥${fenToYuan(result.netFen)}; ${result.roundedLines} prices had more than two decimals and were rounded half up to fen`,
    `${result.refundsLinked} refunds linked to earlier lines, ${result.refundsUnlinked} unlinked; ${result.unknownBuyers} orders of unknown buyers`,
    `${result.callbacks} callbacks stored, ${result.duplicatesIgnored} duplicates ignored, ${result.lost} lost by the platform, ${result.recovered} states recovered by back-fill`,
    `${result.orders} orders in ${result.seconds} s (${result.ordersPerSecond} a second), peak memory ${result.peakRssMb} MB, merchant ${result.tenant}${result.resumed ? ' (resumed)' : ''}`,
    ...(result.badRowCount > 0 ? [`${result.badRowCount} rows could not be used:`, ...result.badRows.map((row) => `  line ${row.lineNo}: ${row.reason}`)] : []),
  ])
}
