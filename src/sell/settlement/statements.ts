import { dayMs, saleDate, startOfDay } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import type { JobHandler, PlatformAnswer, Work } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { accountSums, amountsByKey, book, type Posting } from '../../book/account/index.ts'
import { expireJob, payFenOf, readMallOrders } from '../checkout/index.ts'
import { mallOrdersPaid, refundsDone } from '../order/index.ts'
import { attemptTargets, billJobKind, billsByIds, billsPaid, paidNumbers, pendingRefunds, refundJobKind, refundRows, refundsFinished } from '../payment/index.ts'
import { checkHash, readFundBill, readTradeBill, type Statement, type StatementRow } from './read-statement.ts'
import { explainedBy, reconcileDay, type BookItem } from './reconcile.ts'
import { openDifferences, putDay, putDifferences, putStatement, setDifference } from './store.ts'

/**
 * Bills of WeChat Pay (账单), every day after ten: downloaded, checked by their hash, kept line by line, laid beside orders and ledger. Fees and what the merchant does in
 * the console (topping up, taking out) enter the ledger from here; what a notice never told is asked for again.
 */
export const statementJobKind = 'pay.statement'
export const statementJob = (connectionId: string, day: string, dueAt: Instant) => ({ kind: statementJobKind, key: connectionId, dueAt, state: { connectionId, day } satisfies State })

/** Bills are ready the next day after 10:00; a little later nobody is in the way. */
export const readyAt = (day: string): Instant => startOfDay(day) + dayMs + 10 * 3_600_000 + 5 * 60_000
const againMs = 30 * 60_000

/** `until`: reading again ends there. */
type State = { connectionId: string; day: string; until?: string }
type Fetched = { kind: 'early' } | { kind: 'not-ready' } | { kind: 'read'; trade: Statement | null; fund: Statement | null }

export type StatementPlatform = {
  db: Db
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  subMerchant(tenantId: number, connectionId: string): { sub_mchid?: string }
}

async function fetchBill(platform: StatementPlatform, tenantId: number, connectionId: string, endpoint: string, request: Record<string, unknown>): Promise<Uint8Array | null | 'not-ready'> {
  const asked = await platform.call(tenantId, connectionId, endpoint, request)
  if (asked.kind === 'refused' && asked.code === 'NO_STATEMENT_EXIST') return null
  if (asked.kind === 'refused' && asked.code === 'STATEMENT_CREATING') return 'not-ready'
  if (asked.kind !== 'ok') throw new Error(`${endpoint}: ${asked.text}`)
  const { download_url: url, hash_value: hash } = asked.result as { download_url: string; hash_value: string }
  const file = await platform.call(tenantId, connectionId, 'pay.bill.download', Object.fromEntries(new URL(url).searchParams))
  if (file.kind !== 'ok') throw new Error(`pay.bill.download: ${file.text}`)
  const { bytes } = file.result as { bytes: Uint8Array }
  checkHash(bytes, hash)
  return bytes
}

export function fetchStatements(platform: StatementPlatform): JobHandler {
  return {
    kind: statementJobKind,
    async prepare(work, job): Promise<Fetched> {
      const { connectionId, day } = job.state as State
      if (work.now < readyAt(day)) return { kind: 'early' }
      const more = platform.subMerchant(work.tenantId, connectionId)
      const trade = await fetchBill(platform, work.tenantId, connectionId, 'pay.bill.trade', { bill_date: day, bill_type: 'ALL', ...more })
      const fund = trade === 'not-ready' ? 'not-ready' : await fetchBill(platform, work.tenantId, connectionId, 'pay.bill.fund-flow', { bill_date: day, account_type: 'BASIC' })
      if (trade === 'not-ready' || fund === 'not-ready') return { kind: 'not-ready' }
      return { kind: 'read', trade: trade && (await readTradeBill(trade)), fund: fund && (await readFundBill(fund)) }
    },
    async run(work, tx, job, prepared) {
      const { connectionId, day, until } = job.state as State
      const fetched = prepared as Fetched
      if (fetched.kind === 'early' && until !== undefined) return null
      if (fetched.kind === 'early') return { dueAt: readyAt(day), state: job.state }
      if (fetched.kind === 'not-ready') return { dueAt: work.now + againMs, state: job.state }
      await takeStatements(tx, work, connectionId, day, fetched.trade, fetched.fund)
      const next = saleDate(startOfDay(day) + dayMs)
      return { dueAt: Math.max(work.now, readyAt(next)), state: { connectionId, day: next, ...(until === undefined ? {} : { until }) } satisfies State }
    },
  }
}

/** Keeps the bills of a day and compares them. Done again, it changes nothing that is not different. */
export async function takeStatements(tx: Tx, work: Work, connectionId: string, day: string, trade: Statement | null, fund: Statement | null): Promise<void> {
  const { tenantId, now } = work
  const span = { from: startOfDay(day), to: startOfDay(day) + dayMs }
  const rows = trade?.rows ?? []
  const facts = await bookOf(tx, tenantId, connectionId, span, rows)
  const result = reconcileDay(span, facts.items, facts.ledger, rows)
  const head = (kind: 'trade' | 'fund', statement: Statement | null) => ({ connectionId, day, kind, state: statement === null ? ('none' as const) : ('ready' as const), rows: statement?.rows.length ?? 0, paidFen: kind === 'trade' ? result.paidFen : 0, refundedFen: kind === 'trade' ? result.refundedFen : 0, feeFen: kind === 'trade' ? result.feeFen : 0, hash: statement?.hash ?? '', fetchedAt: now })
  await putStatement(tx, tenantId, head('trade', trade), rows)
  await putStatement(tx, tenantId, head('fund', fund), fund?.rows ?? [])
  await putDifferences(tx, tenantId, 'mall', day, [
    ...result.differences,
    ...[...(trade?.bad ?? []), ...(fund?.bad ?? [])].map((bad) => ({ what: 'balance' as const, number: `${day} line ${bad.line}`, kind: 'unreadable-line' as const, state: 'open' as const, orderFen: null, ledgerFen: null, billFen: null, detail: { reason: bad.reason } })),
  ], now)
  // What nobody told us is asked for: the same job that would have closed it finds it paid.
  await putJobs(tx, tenantId, result.differences.flatMap((one): Array<{ kind: string; key: string; dueAt: Instant; state: unknown }> => {
    const target = String(one.detail.target ?? one.number)
    if (one.kind === 'notice-lost') return [one.detail.of === 'bill' ? { kind: billJobKind, key: target, dueAt: now, state: { billId: target } } : { ...expireJob(target, now), state: { orderId: target, ask: true } }]
    return one.kind === 'refund-unheard' ? [{ kind: refundJobKind, key: one.number, dueAt: now, state: { refundId: one.number, connectionId, asked: 0 } }] : []
  }))
  await postFromBills(tx, work, rows, fund?.rows ?? [])
  await explainEarlier(tx, work, rows)
  await putDay(tx, tenantId, { shelf: 'mall', account: connectionId, day, orders: facts.items.filter((one) => one.what === 'payment' && one.fen !== null && one.at !== null && one.at >= span.from && one.at < span.to).length, matched: result.matched, differing: result.differences.length, paidFen: result.paidFen, refundedFen: result.refundedFen, feeFen: result.feeFen, checkedAt: now })
  if (fund?.balanceFen != null) await compareBalance(tx, work, connectionId, day, span, fund)
}

/** What the book knows of the day and of every number the bill names, with what the ledger booked under it. */
async function bookOf(tx: Tx, tenantId: number, connectionId: string, span: { from: Instant; to: Instant }, rows: readonly StatementRow[]): Promise<{ items: BookItem[]; ledger: Map<string, number> }> {
  const numbers = rows.filter((row) => row.what === 'payment').map((row) => row.number)
  const attempts = await attemptTargets(tx, tenantId, numbers)
  const targets = [...new Set([...numbers, ...[...attempts.values()].map((one) => one.target)])]
  const dated = (await mallOrdersPaid(tx, tenantId, span.from, span.to)).map((one) => one.orderId)
  const orders = new Map((await readMallOrders(tx, tenantId, [...new Set([...targets, ...dated])])).filter((order) => order.payConnectionId === connectionId).map((order) => [order.orderId, order]))
  const bills = await billsByIds(tx, tenantId, [...targets, ...(await billsPaid(tx, tenantId, span.from, span.to)).filter((one) => one.connectionId === connectionId).map((one) => one.number)])
  const paidUnder = await paidNumbers(tx, tenantId, [...orders.keys(), ...bills.keys()])
  const payments = new Map<string, BookItem & { key: string }>()
  for (const order of orders.values()) {
    if (payFenOf(order) === 0) continue
    const number = order.transactionId === null ? order.orderId : (paidUnder.get(`${order.orderId} ${order.transactionId}`) ?? order.orderId)
    payments.set(number, { what: 'payment', number, fen: order.paidAt === null ? null : payFenOf(order), at: order.paidAt, of: 'order', target: order.orderId, key: `order/mall/${order.orderId}/paid` })
  }
  for (const bill of bills.values()) {
    const number = bill.transactionId === null ? bill.billId : (paidUnder.get(`${bill.billId} ${bill.transactionId}`) ?? bill.billId)
    payments.set(number, { what: 'payment', number, fen: bill.paidAt === null ? null : bill.amountFen, at: bill.paidAt, of: 'bill', target: bill.billId, key: `bill/${bill.billId}/paid` })
  }
  // Numbers that were paid and given back: they stand in the ledger under their own name.
  const suspense = await amountsByKey(tx, tenantId, 'till:pay', numbers.map((number) => `suspense/${number}/paid`))
  for (const number of numbers) {
    const fen = suspense.get(`suspense/${number}/paid`)
    if (fen !== undefined) payments.set(number, { what: 'payment', number, fen, at: null, of: 'suspense', target: attempts.get(number)?.target ?? number, key: `suspense/${number}/paid` })
    else if (!payments.has(number) && attempts.has(number)) {
      const attempt = attempts.get(number)!
      if (orders.has(attempt.target) || bills.has(attempt.target)) payments.set(number, { what: 'payment', number, fen: null, at: null, of: bills.has(attempt.target) ? 'bill' : 'order', target: attempt.target, key: '' })
    }
  }
  const finished = new Map([...(await refundRows(tx, tenantId, rows.filter((row) => row.what === 'refund').map((row) => row.number))).values(), ...(await refundsFinished(tx, tenantId, span.from, span.to))].map((row) => [row.refundId, row]))
  const refunded = await billsByIds(tx, tenantId, [...finished.values()].map((row) => row.target))
  const refunds = new Map<string, BookItem & { key: string }>()
  for (const row of finished.values()) {
    const of = row.target.startsWith('suspense ') ? ('suspense' as const) : refunded.has(row.target) ? ('bill' as const) : ('order' as const)
    refunds.set(row.refundId, { what: 'refund', number: row.refundId, fen: row.state === 'done' ? row.payFen : null, at: row.finishedAt, of, target: row.target, key: of === 'suspense' ? `suspense/${row.number}/back` : of === 'bill' ? `bill/${row.target}/back/${row.refundId}` : `refund/mall/${row.refundId}` })
  }
  const done = await refundsDone(tx, tenantId, 'mall', span.from, span.to)
  const shared = await refundRows(tx, tenantId, done.map((row) => row.refundId))
  for (const row of done) {
    // Of before refunds kept their shares: they went through WeChat Pay whole.
    if (!shared.has(row.refundId)) refunds.set(row.refundId, { what: 'refund', number: row.refundId, fen: row.amountFen, at: row.finishedAt, of: 'order', target: row.orderId, key: `refund/mall/${row.refundId}` })
  }
  const items = [...payments.values(), ...refunds.values()]
  const booked = await amountsByKey(tx, tenantId, 'till:pay', items.map((one) => one.key))
  return { items, ledger: new Map(items.flatMap((one) => (booked.has(one.key) ? [[`${one.what} ${one.number}`, Math.abs(booked.get(one.key)!)] as const] : []))) }
}

/** Fees, and what the merchant did in the console: only the bill tells of it. */
async function postFromBills(tx: Tx, { tenantId, now, ids }: Work, trade: readonly StatementRow[], fund: readonly StatementRow[]): Promise<void> {
  const posting = (key: string, at: Instant, reason: string, from: string, to: string, amount: number): Posting => ({ postingId: ids.next(), key, occurredAt: at, recordedAt: now, reason, entries: [{ account: from, unit: 'fen', amount: 0 - amount }, { account: to, unit: 'fen', amount }] })
  const postings = trade.filter((row) => row.feeFen !== 0).map((row) => posting(`fee/${row.what}/${row.number}`, row.at, 'fee of WeChat Pay', 'till:pay', 'fee:pay', row.feeFen))
  for (const row of fund) {
    if (row.amountFen === 0) continue
    if (row.what === 'top-up' || row.what === 'other-in') postings.push(posting(`fund/${row.platformNo}`, row.at, row.label, row.what === 'top-up' ? 'bank:pay' : 'other:pay', 'till:pay', row.amountFen))
    if (row.what === 'withdraw' || row.what === 'other-out') postings.push(posting(`fund/${row.platformNo}`, row.at, row.label, 'till:pay', row.what === 'withdraw' ? 'bank:pay' : 'other:pay', row.amountFen))
  }
  await book(tx, tenantId, postings)
}

/** Earlier differences that this bill, or what was heard meanwhile, explains. */
async function explainEarlier(tx: Tx, work: Work, rows: readonly StatementRow[]): Promise<void> {
  const { tenantId, now } = work
  const open = await openDifferences(tx, tenantId, 'mall')
  const orders = new Map((await readMallOrders(tx, tenantId, open.filter((one) => one.kind === 'notice-lost').map((one) => String(one.detail.target)))).map((order) => [order.orderId, order]))
  const bills = await billsByIds(tx, tenantId, open.filter((one) => one.kind === 'notice-lost').map((one) => String(one.detail.target)))
  const refunds = await refundRows(tx, tenantId, open.filter((one) => one.kind === 'refund-unheard').map((one) => one.number))
  for (const one of open) {
    const target = String(one.detail.target)
    if (explainedBy(one, rows)) await setDifference(tx, tenantId, one, 'explained', 'the next bill has it', 'bill', now)
    else if (one.kind === 'notice-lost' && ((orders.get(target)?.paidAt ?? bills.get(target)?.paidAt ?? null) !== null)) await setDifference(tx, tenantId, one, 'explained', 'asked for and booked', 'bill', now)
    else if (one.kind === 'refund-unheard' && refunds.get(one.number)?.state === 'done') await setDifference(tx, tenantId, one, 'explained', 'asked for and booked', 'bill', now)
  }
}

/** The account at WeChat Pay against the till of the ledger. What is on its way explains a part; the rest is a difference until it is gone. */
async function compareBalance(tx: Tx, work: Work, connectionId: string, day: string, span: { from: Instant; to: Instant }, fund: Statement): Promise<void> {
  const { tenantId, now, ids } = work
  const balanceFen = fund.balanceFen!
  const moved = fund.rows.reduce((sum, row) => sum + (isIn(row) ? row.amountFen : -row.amountFen), 0)
  const till = async (upTo: Instant): Promise<number> => (await accountSums(tx, tenantId, 'fen', upTo)).find((one) => one.account === 'till:pay')?.amount ?? 0
  // The first bill: what was on the account before.
  const opening = balanceFen - moved - (await till(span.from))
  await book(tx, tenantId, [{ postingId: ids.next(), key: `opening/pay/${connectionId}`, occurredAt: span.from - 1, recordedAt: now, reason: 'opening balance', entries: opening === 0 ? [] : [{ account: 'till:pay', unit: 'fen', amount: opening }, { account: 'equity:opening', unit: 'fen', amount: 0 - opening }] }])
  const tillFen = await till(span.to)
  const pending = await pendingRefunds(tx, tenantId, span.to)
  const under = new Set(pending.map((one) => one.refundId))
  const pendingFen = pending.reduce((sum, one) => sum + one.payFen, 0) - fund.rows.filter((row) => row.what === 'fee-back' && under.has(row.number)).reduce((sum, row) => sum + row.amountFen, 0)
  const offFen = tillFen - balanceFen
  await putDay(tx, tenantId, { shelf: 'fund', account: connectionId, day, orders: fund.rows.length, matched: 0, differing: 0, paidFen: balanceFen, refundedFen: 0, feeFen: 0, checkedAt: now })
  if (offFen === 0) await setDifference(tx, tenantId, { shelf: 'mall', what: 'balance', number: connectionId }, 'explained', 'agrees again', 'bill', now)
  else await putDifferences(tx, tenantId, 'mall', day, [{ what: 'balance', number: connectionId, kind: 'balance-differs', state: offFen === pendingFen ? 'explained' : 'open', orderFen: null, ledgerFen: tillFen, billFen: balanceFen, detail: { pendingFen, offFen } }], now)
}

const isIn = (row: StatementRow): boolean => row.what === 'payment' || row.what === 'fee-back' || row.what === 'split-back' || row.what === 'transfer-back' || row.what === 'top-up' || row.what === 'other-in'
