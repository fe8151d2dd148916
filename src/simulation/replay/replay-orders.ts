import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import { countRecovered, doorbellDepth } from '../../kernel/doorbell/index.ts'
import { countFacts, inboxDepth } from '../../kernel/inbox/index.ts'
import { listJobs, putJobs } from '../../kernel/job/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { finishRun, findRun, putBadRows, putRun, listBadRows, type ImportRun } from '../../sell/import/index.ts'
import { adjustedPersons, adjustmentTotals, postAdjustments, sourceRefs, type NewAdjustment } from '../../sell/adjustment/index.ts'
import { importedInvoices, importedLines, knownBuyers, orderTotals, refundReasons } from '../../sell/order/index.ts'
import type { Emulator, FaultPlan } from '../../emulator/index.ts'
import type { House } from '../../house.ts'
import { onboard } from '../../onboard.ts'
import { createLedger } from './ledger.ts'
import { planInvoice, type PlannedAdjustment, type PlannedOrder, type PlannedRefund, type SourceLine } from './history.ts'
import { buyerUnionid, refundKey, viewPlatform } from './platform-view.ts'
import { fileSha256, readHistory } from './read-history.ts'

/**
 * Replay (重放): a real shop's order history goes through the Shop protocol. The emulator holds the orders; the house learns of them only through
 * callbacks and API reads; what no platform order can hold is posted as adjustments. Figures are read from the book.
 */
export type ReplayOptions = {
  house: House
  emulator: Emulator
  emulatorUrl: string
  productUrl: string
  file: string
  faultsSeed?: string
  limit?: number
  ownerId?: string
  onProgress?: (done: number, note: string) => void
  /** Real milliseconds, for orders per second. */
  monotonicMs: () => number
  rssMb: () => number
  /** For tests: called after so many invoices were sent. */
  afterInvoices?: { count: number; act: () => void }
}

export type ReplayReport = {
  file: string; tenant: string; resumed: boolean
  lines: number; invoices: number; invoicesWithOrders: number; knownCustomers: number; cancellationInvoices: number; netFen: number; roundedLines: number
  refundsLinked: number; refundsUnlinked: number; unknownBuyers: number; adjustments: Record<string, number>
  duplicatesIgnored: number; lost: number; recovered: number; callbacks: number; badRows: Array<{ lineNo: number; reason: string }>; badRowCount: number
  orders: number; seconds: number; ordersPerSecond: number; peakRssMb: number; injected: Record<string, number>
}

/** About a week of the shop: most orders then live from payment to settlement within two chunks, and are read about twice. */
const chunkInvoices = 500
/** A buyer pays at once; the parcel leaves the same evening, arrives and is settled days later. Assumed: the file holds one time per invoice. */
const hour = 3_600_000
const life = { pay: 60_000, ship: 5 * hour, receive: 80 * hour, settle: 86 * hour }

const faultsOf = (seed: string): FaultPlan => ({
  seed, lost: 0.02, duplicate: 0.03, late: 0.02, held: 0.02, reordered: 0.03,
  calls: { busy: 0.01, 'token-expired': 0.002, 'no-answer-after': 0.004 },
})

export async function replayOrders(options: ReplayOptions): Promise<ReplayReport> {
  const { house, emulator } = options
  const { db, ids } = house.ports
  const startedMs = options.monotonicMs()
  const sha = await fileSha256(options.file)
  const source = { file: sha, faults: options.faultsSeed ?? null, limit: options.limit ?? null }
  const base = `replay-${createHash('sha256').update(JSON.stringify(source)).digest('hex').slice(0, 10)}`

  // The unfinished run of these three is resumed; a finished one starts anew.
  let slug = base
  let run: ImportRun | undefined
  let tenantId = 0
  for (let n = 1; ; n++) {
    slug = n === 1 ? base : `${base}-${n}`
    const tenant = house.tenants().find((one) => one.slug === slug)
    if (!tenant) break
    const found = await db.tx({ role: 'app', tenantId: tenant.tenantId }, (tx) => findRun(tx, tenant.tenantId, 'replay'))
    if (found && found.finishedAt === null) {
      tenantId = tenant.tenantId
      run = found
      break
    }
    if (!found) {
      tenantId = tenant.tenantId // made, and killed before its first row
      break
    }
  }
  const resumed = tenantId !== 0

  // First pass over nothing but the first readable line: when the world begins.
  if (!emulator.namespaces().includes(slug)) {
    let start: Instant = 0
    for await (const line of readHistory(options.file)) {
      if ('reason' in line) continue
      start = line.at
      break
    }
    await emulator.createNamespace(slug, `replay/${sha.slice(0, 16)}`, start - 24 * hour)
  }
  if (tenantId === 0) {
    const seed = { kind: 'replay', ...source }
    tenantId = await onboard({ house, emulator, emulatorUrl: options.emulatorUrl, productUrl: options.productUrl }, {
      slug, name: `重放 ${options.file.split('/').pop()}${options.faultsSeed === undefined ? '' : ` · 故障 ${options.faultsSeed}`}`, world: slug, origin: seed, blocks: ['shop'], lines: ['shop'], ownerId: options.ownerId,
      // The clock leaps here by days, with callbacks still on their way: comparing with the platform waits until all has been sent.
      backfillAt: emulator.namespace(slug).now + 3650 * 24 * hour,
    })
  }
  if (options.faultsSeed !== undefined) await emulator.setFaults(slug, faultsOf(options.faultsSeed))
  const app = { role: 'app', tenantId } as const
  if (!run) {
    run = { runId: ids.next(), kind: 'replay', source, startedAt: emulator.namespace(slug).now, finishedAt: null, counters: { rounded: 0, roundedLines: 0 } }
    await db.tx(app, (tx) => putRun(tx, tenantId, run!))
  }
  const shopId = house.connectionsOf(tenantId).find((c) => c.line === 'shop')!.accountId

  // What the emulator already has: its answer is the truth about how far an interrupted run came.
  const { orders: orderIds, refunds: refundsDone, skus } = viewPlatform(emulator, slug, shopId)

  const ledger = createLedger()
  let invoiceCount = 0
  let roundedLines = 0
  let peakRss = 0
  let orders: PlannedOrder[] = []
  let refunds: PlannedRefund[] = []
  let adjustments: PlannedAdjustment[] = []
  const bad: Array<{ lineNo: number; reason: string; content: string }> = []
  let badCount = 0

  async function flush(upTo: Instant): Promise<void> {
    const fresh = orders.filter((order) => !orderIds.has(order.invoice))
    const newSkus = [...new Map(fresh.flatMap((order) => order.lines).filter((line) => !skus.has(line.sku)).map((line) => [line.sku, line])).values()]
    if (newSkus.length > 0) {
      const made = (await emulator.act(slug, 'shop.addProducts', { shop: shopId, products: newSkus.map((line) => ({ title: line.title, outProductId: line.sku, skus: [{ outSkuId: line.sku, skuCode: line.sku, priceFen: Math.max(1, line.priceFen), stock: 2_000_000_000 }] })) })) as { products: Array<{ productId: string; outProductId: string; skus: Array<{ skuId: string }> }> }
      for (const product of made.products) skus.set(product.outProductId, { productId: product.productId, skuId: product.skus[0].skuId })
    }
    // Everything due up to here leaves while the house is already working on it.
    await emulator.leapTo(upTo, slug)
    if (fresh.length > 0) {
      const result = (await emulator.act(slug, 'shop.runOrders', {
        shop: shopId,
        orders: fresh.map((order) => ({
          key: order.invoice, at: order.at, payAt: order.at + life.pay, shipAt: order.at + life.ship, receiveAt: order.at + life.receive, settleAt: order.at + life.settle,
          ...(order.customer === null ? { person: `unknown/${order.invoice}`, anonymous: true } : { person: `customer/${order.customer}` }),
          customerNotes: JSON.stringify({ lines: order.lines.map((line) => ({ i: order.invoice, l: line.sourceLines })) }),
          lines: order.lines.map((line) => ({ ...skus.get(line.sku)!, count: line.count, priceFen: line.priceFen })),
        })),
      })) as { orders: Array<{ key: string; orderId: string | null; error?: string }> }
      for (const one of result.orders) {
        if (one.orderId === null) throw new Error(`the platform refused invoice ${one.key}: ${one.error}`)
        orderIds.set(one.key, one.orderId)
      }
    }
    const freshRefunds = refunds.filter((refund) => !refundsDone.has(refundKey(orderIds.get(refund.orderInvoice)!, refund.orderLine, refund.reason)))
    if (freshRefunds.length > 0) {
      const result = (await emulator.act(slug, 'shop.runRefunds', {
        shop: shopId, refunds: freshRefunds.map((refund) => ({ key: refund.key, orderId: orderIds.get(refund.orderInvoice)!, line: refund.orderLine, count: refund.count, amountFen: refund.amountFen, at: Math.min(refund.at, upTo), reason: refund.reason })),
      })) as { refunds: Array<{ key: string; aftersaleId: string | null; error?: string }> }
      for (const one of result.refunds) if (one.aftersaleId === null) throw new Error(`the platform refused refund ${one.key}: ${one.error}`)
    }
    await emulator.pump(slug)
    if (adjustments.length > 0) await post(adjustments)
    if (bad.length > 0) await db.tx(app, (tx) => putBadRows(tx, tenantId, run!.runId, bad.splice(0)))
    house.wake(tenantId)
    // The house may lag a little, not without bound: memory stays flat.
    while ((await db.tx(app, async (tx) => (await inboxDepth(tx, tenantId)).due + (await doorbellDepth(tx, tenantId)).due)) > 3_000) await house.ports.timers.sleep(50)
    peakRss = Math.max(peakRss, options.rssMb())
    orders = []
    refunds = []
    adjustments = []
  }

  /** The operator's own API does exactly this, with the same key for the same source line. */
  async function post(list: readonly PlannedAdjustment[]): Promise<void> {
    await db.tx(app, async (tx) => {
      const known = list.filter((a) => a.customer !== null)
      const resolution = await resolvePersons(tx, tenantId, known.map((a) => ({ unionid: unionidOf(a.customer!), seenAt: a.at, evidence: `adjustment ${a.sourceRef}` })), ids)
      const person = new Map(known.map((a, index) => [a, resolution.personIds[index]]))
      await postAdjustments(tx, tenantId, list.map((a): NewAdjustment => ({ key: a.key, occurredAt: a.at, kind: a.kind, personId: person.get(a) ?? null, skuCode: a.sku, quantity: a.quantity, amountFen: a.amountFen, reason: a.reason, sourceRef: a.sourceRef })), 'replay', emulator.namespace(slug).now, ids)
    })
  }
  const unionids = new Map<string, string>()
  const unionidOf = (customer: string): string => {
    let found = unionids.get(customer)
    if (found === undefined) {
      found = buyerUnionid(emulator, slug, shopId, `customer/${customer}`)
      unionids.set(customer, found)
    }
    return found
  }

  let current: SourceLine[] = []
  let lastAt: Instant = emulator.namespace(slug).now
  const take = (): void => {
    if (current.length === 0) return
    const planned = planInvoice(current, ledger)
    if (planned.order) orders.push(planned.order)
    refunds.push(...planned.refunds)
    adjustments.push(...planned.adjustments)
    lastAt = Math.max(lastAt, current[0].at)
    invoiceCount++
    current = []
  }
  let stop = false
  for await (const line of readHistory(options.file)) {
    if ('reason' in line) {
      bad.push(line)
      badCount++
      continue
    }
    if (current.length > 0 && current[0].invoice !== line.invoice) {
      take()
      if (options.limit !== undefined && invoiceCount >= options.limit) {
        stop = true
        break
      }
      if (invoiceCount % chunkInvoices === 0 || invoiceCount === options.afterInvoices?.count) {
        await flush(lastAt)
        options.onProgress?.(invoiceCount, `${Math.round(options.rssMb())} MB`)
        if (options.afterInvoices && invoiceCount >= options.afterInvoices.count) options.afterInvoices.act()
      }
    }
    if (line.rounded) roundedLines++
    current.push(line)
  }
  if (!stop) take()
  await flush(lastAt)
  options.onProgress?.(invoiceCount, 'draining')

  // Let every order live to its end, then compare with the platform until nothing is missing.
  const end = Math.max(lastAt + 100 * hour, emulator.namespace(slug).now)
  for (let at = emulator.namespace(slug).now; at < end; ) {
    at = Math.min(end, at + 24 * hour)
    await emulator.leapTo(at, slug)
  }
  await settle(house, emulator, slug, tenantId)
  await db.tx(app, async (tx) => putJobs(tx, tenantId, (await listJobs(tx, tenantId)).map((job) => ({ ...job, dueAt: emulator.namespace(slug).now }))))
  await settle(house, emulator, slug, tenantId)
  await emulator.setFaults(slug, null)
  // What failed under the faults comes again at its own time; two hours at least, so that the back-fill passes the last order.
  for (let n = 0; n < 50; n++) {
    await emulator.leapTo(emulator.namespace(slug).now + 2 * hour, slug)
    await settle(house, emulator, slug, tenantId)
    const open = await db.tx(app, async (tx) => (await inboxDepth(tx, tenantId)).due + (await doorbellDepth(tx, tenantId)).due + (await listJobs(tx, tenantId)).filter((job) => job.attempts > 0).length)
    if (open === 0) break
  }

  const seconds = (options.monotonicMs() - startedMs) / 1000
  peakRss = Math.max(peakRss, options.rssMb())
  await db.tx(app, (tx) => finishRun(tx, tenantId, run!.runId, emulator.namespace(slug).now, { roundedLines, badRows: badCount }))
  const injected = emulator.faults(slug).injected
  return db.tx(app, async (tx): Promise<ReplayReport> => {
    const totals = await orderTotals(tx, tenantId)
    const adjusted = await adjustmentTotals(tx, tenantId)
    const imported = await importedLines(tx, tenantId)
    const facts = await countFacts(tx, tenantId)
    const finished = (await findRun(tx, tenantId, 'replay'))!
    const outside = new Set([...(await refundReasons(tx, tenantId)).map((row) => row.reason), ...(await sourceRefs(tx, tenantId)).map((row) => row.sourceRef)])
    const invoices = new Set([...outside].map((ref) => ref.split('#')[0]))
    const orderInvoices = new Set((await importedInvoices(tx, tenantId)).map((row) => row.invoice))
    const onlyOutside = [...invoices].filter((invoice) => !orderInvoices.has(invoice)).length
    const known = new Set([...(await knownBuyers(tx, tenantId)), ...(await adjustedPersons(tx, tenantId))].map((row) => row.personId))
    const badRows = await listBadRows(tx, tenantId, finished.runId, 100)
    return {
      file: options.file, tenant: slug, resumed,
      lines: imported.orderLines + outside.size, invoices: orderInvoices.size + onlyOutside, invoicesWithOrders: orderInvoices.size,
      knownCustomers: known.size,
      cancellationInvoices: [...invoices].filter((invoice) => invoice.startsWith('C')).length,
      netFen: totals.paidFen - totals.refundedFen + adjusted.amountFen, roundedLines: Number(finished.counters.roundedLines ?? 0),
      refundsLinked: imported.refunds, refundsUnlinked: adjusted.unlinkedRefunds, unknownBuyers: totals.unknownBuyers,
      adjustments: Object.fromEntries(adjusted.kinds.map((row) => [row.kind, row.count])),
      duplicatesIgnored: facts.repeats, lost: injected.lost ?? 0, recovered: await countRecovered(tx, tenantId), callbacks: facts.stored,
      badRows: badRows.map(({ lineNo, reason }) => ({ lineNo, reason })), badRowCount: Number(finished.counters.badRows ?? 0),
      orders: totals.orders, seconds: Math.round(seconds * 10) / 10, ordersPerSecond: Math.round(totals.orders / seconds), peakRssMb: Math.round(peakRss), injected,
    }
  })
}

/** Until neither side has anything due: deliveries, doorbells, back-fill up to now. */
async function settle(house: House, emulator: Emulator, world: string, tenantId: number): Promise<void> {
  for (;;) {
    await emulator.pump(world)
    if (await house.quiet(world)) {
      const due = emulator.nextDue(world)
      if (due === undefined || due > emulator.namespace(world).now) return
    }
    house.wake(tenantId)
    await house.ports.timers.sleep(10)
  }
}
