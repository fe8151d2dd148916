import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { childEnvironment } from '../../src/kernel/config.ts'
import { seededRandom } from '../../src/kernel/random.ts'
import { startPostgres } from '../../src/kernel/db/index.ts'
import { root } from '../setup/source.ts'

/**
 * A made-up shop's half year through the real thing: the command line, the emulator behind HTTP, callbacks, the book in its own data folder. What must
 * come out is added up here from the file alone.
 */
type Line = [invoice: string, sku: string, title: string, quantity: number, at: string, price: string, customer: string]

function history(invoices: number): Line[] {
  const random = seededRandom('flow history')
  const start = Date.parse('2010-12-01T08:26:00Z')
  const lines: Line[] = []
  for (let n = 0; n < invoices; n++) {
    const at = new Date(start + n * 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
    const customer = random.u('unknown', n) < 0.15 ? '' : String(12000 + Math.floor(random.u('customer', n) ** 2 * 80))
    const back = random.u('back', n) < 0.12
    for (let k = 0; k < 1 + Math.floor(random.u('lines', n) * 5); k++) {
      const sku = Math.floor(random.u('sku', n, k) * 30)
      const quantity = 1 + Math.floor(random.u('quantity', n, k) ** 3 * 20)
      lines.push([`${back ? 'C' : ''}${536365 + n}`, `S${sku}`, `货品 "${sku}", 红`, back ? -quantity : quantity, at, n % 97 === 5 && k === 0 ? '1.255' : `${1 + (sku % 9)}.${String((sku * 7) % 100).padStart(2, '0')}`, customer])
    }
    if (n % 50 === 7) lines.push([`A${563185 + n}`, 'B', 'Adjust bad debt', 1, at, '-110.62', ''])
    if (n % 40 === 3) lines.push([`${600000 + n}`, 'S1', 'damaged', -3, at, '0', ''])
  }
  return lines
}

const csv = (lines: readonly Line[]): string => ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID', ...lines.map((line) => line.map((cell) => (/[",]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : cell)).join(','))].join('\n')

/** Prices in fen by whole digits, half up; the file has no negative thousandths. */
const fen = (price: string): number => {
  const [whole, decimals = ''] = price.replace('-', '').split('.')
  const value = Number(whole) * 100 + Number(decimals.padEnd(2, '0').slice(0, 2)) + (Number(decimals[2] ?? 0) >= 5 ? 1 : 0)
  return price.startsWith('-') ? -value : value
}
const expected = (lines: readonly Line[]) => ({
  lines: lines.length,
  invoices: new Set(lines.map((line) => line[0])).size,
  knownCustomers: new Set(lines.map((line) => line[6]).filter(Boolean)).size,
  cancellationInvoices: new Set(lines.map((line) => line[0]).filter((invoice) => invoice.startsWith('C'))).size,
  netFen: lines.reduce((sum, line) => sum + fen(line[5]) * line[3], 0),
  roundedLines: lines.filter((line) => /\.\d\d\d*[1-9]/.test(line[5]) && line[5].split('.')[1].length > 2).length,
})

let folder = ''
const lines = history(420)
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qz-flow-'))
  writeFileSync(join(folder, 'history.csv.gz'), gzipSync(csv(lines)))
})
afterAll(async () => {
  // What the killed program left behind is adopted once more, and stopped.
  if (existsSync(join(folder, 'data/postgres'))) await (await startPostgres({ folder: join(folder, 'data/postgres'), profile: 'durable' })).stop()
  rmSync(folder, { recursive: true, force: true })
})

type Report = ReturnType<typeof expected> & { tenant: string; resumed: boolean; orders: number; refundsLinked: number; lost: number; recovered: number; duplicatesIgnored: number; badRows: Array<{ lineNo: number; reason: string }>; badRowCount: number }
function qz(...args: string[]): { code: number | null; signal: string | null; report: Report | undefined; err: string } {
  const result = spawnSync(process.execPath, [join(root, 'node_modules/tsx/dist/cli.mjs'), join(root, 'src/main.ts'), ...args, '--json'], {
    cwd: folder, env: { ...childEnvironment(), QZ_DATA_DIR: join(folder, 'data') } as NodeJS.ProcessEnv, encoding: 'utf8', timeout: 120_000,
  })
  return { code: result.status, signal: result.signal, report: result.stdout.trim().startsWith('{') ? (JSON.parse(result.stdout) as Report) : undefined, err: result.stderr }
}

describe('a history that is replayed', { timeout: 180_000 }, () => {
  let clean: Report

  test('without faults the book says what the file says, to the fen', () => {
    const { code, report, err } = qz('replay', 'orders', 'history.csv.gz')
    expect(code, err).toBe(0)
    clean = report!
    expect(clean).toMatchObject(expected(lines))
    expect(clean).toMatchObject({ lost: 0, duplicatesIgnored: 0, badRowCount: 0, resumed: false })
    expect(clean.refundsLinked).toBeGreaterThan(5)
  })

  test('with faults, killed in the middle and started again: nothing lost, nothing twice, the same fen', async () => {
    const killed = qz('replay', 'orders', 'history.csv.gz', '--faults', '7', '--kill-after', '200')
    expect(killed.report).toBeUndefined()
    expect(existsSync(join(folder, 'data/server.lock'))).toBe(true) // the lock of a dead process
    const { code, report, err } = qz('replay', 'orders', 'history.csv.gz', '--faults', '7')
    expect(code, err).toBe(0)
    expect(report).toMatchObject({ ...expected(lines), resumed: true, orders: clean.orders, refundsLinked: clean.refundsLinked })
    expect(report!.tenant).not.toBe(clean.tenant)
    expect(report!.duplicatesIgnored).toBeGreaterThan(0)
  })

  test('the two merchants ended with the same orders, lines, refunds and ledger', async () => {
    const server = await startPostgres({ folder: join(folder, 'data/postgres'), profile: 'durable' })
    const client = new pg.Client(server.config('qingzhou'))
    await client.connect()
    try {
      const states = []
      for (const { tenant_id: id } of (await client.query('select tenant_id from tenant order by tenant_id')).rows) {
        const one = async (sql: string): Promise<unknown> => (await client.query(sql, [id])).rows
        states.push({
          orders: await one(`select status, count(*)::int, sum(paid_fen)::bigint as paid, sum(refunded_fen)::bigint as refunded, count(distinct person_id)::int as buyers from shop_order where tenant_id = $1 group by 1 order by 1`),
          lines: await one(`select note->>'i' as invoice, note->'l' as source, sku_code, quantity, paid_fen, refunded_quantity, refunded_fen from order_line where tenant_id = $1 order by 1, 2::text, 3`),
          refunds: await one(`select status, reason, quantity, amount_fen from refund where tenant_id = $1 order by 1, 2, 3, 4`),
          ledger: await one(`select account, unit, sum(amount)::bigint as amount from entry where tenant_id = $1 group by 1, 2 order by 1, 2`),
          unbalanced: await one(`select posting_id from entry where tenant_id = $1 group by posting_id, unit having sum(amount) <> 0`),
          events: await one(`select name, count(*)::int, count(distinct (aggregate, payload->>'refundId'))::int as different from domain_event where tenant_id = $1 and name like 'order.%' group by 1 order by 1`),
        })
      }
      expect(states).toHaveLength(2)
      expect(states[1]).toEqual(states[0])
      expect(states[0].unbalanced).toEqual([])
      for (const row of states[0].events as Array<{ count: number; different: number }>) expect(row.different).toBe(row.count)
    } finally {
      await client.end()
    }
  })

  test('rows that cannot be read stop nothing else: each is listed with its line and reason', () => {
    const good = lines.slice(0, 12)
    const text = csv(good).split('\n')
    text.splice(3, 0, '536999,S1,bad quantity,many,2010-12-01 08:26:00,1.00,12000')
    text.splice(6, 0, '536998,S1,bad date,1,2010-13-01 08:26:00,1.00,12000')
    text.splice(8, 0, '536997,S1,short')
    writeFileSync(join(folder, 'broken.csv'), text.join('\n'))
    const { code, report, err } = qz('replay', 'orders', 'broken.csv')
    expect(code, err).toBe(0)
    expect(report!.badRows.map((row) => row.lineNo)).toEqual([4, 7, 9])
    expect(report!.badRows.map((row) => row.reason).join()).toMatch(/Quantity.*InvoiceDate.*missing/)
    expect(report).toMatchObject({ lines: 12, netFen: expected(good).netFen, badRowCount: 3 })
  })

  test('a file that is not there, or a thing that is not known, ends with 2 and a sentence', () => {
    expect(qz('replay', 'orders', 'no-such-file.csv')).toMatchObject({ code: 2, err: expect.stringContaining('cli/file-missing') })
    expect(qz('replay', 'tea', 'history.csv.gz')).toMatchObject({ code: 2, err: expect.stringContaining('cli/unknown') })
  })
})

test('control: the sums of the file do see a lost line', () => expect(expected(lines.slice(1)).netFen).not.toBe(expected(lines).netFen))
