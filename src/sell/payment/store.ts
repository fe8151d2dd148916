import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'

/** A payment that is no order of goods: a top-up of stored value, the deposit of a pre-sale. `billId` is its number at WeChat Pay. */
export type PayBill = {
  billId: string; kind: 'top-up' | 'deposit' | 'article'; personId: string; buyer: string; clientKey: string; miniConnectionId: string; payConnectionId: string; title: string; amountFen: number; refundedFen: number; state: 'unpaid' | 'paid' | 'closed'; terms: Record<string, unknown>
  madeAt: Instant; expiresAt: Instant; paidAt: Instant | null; transactionId: string | null
}
const billColumns = `bill_id as "billId", kind, person_id as "personId", buyer, client_key as "clientKey", mini_connection_id as "miniConnectionId", pay_connection_id as "payConnectionId", title, amount_fen as "amountFen", refunded_fen as "refundedFen", state, terms,
  made_at as "madeAt", expires_at as "expiresAt", paid_at as "paidAt", transaction_id as "transactionId"`

/** The same key of the same buyer is one bill. */
export async function insertBill(tx: Tx, tenantId: number, bill: PayBill): Promise<PayBill> {
  await tx.run(
    `insert into pay_bill (tenant_id, bill_id, kind, person_id, buyer, client_key, mini_connection_id, pay_connection_id, title, amount_fen, refunded_fen, state, terms, made_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 'unpaid', $11, $12, $13)
     on conflict (tenant_id, buyer, client_key) do nothing`,
    [tenantId, bill.billId, bill.kind, bill.personId, bill.buyer, bill.clientKey, bill.miniConnectionId, bill.payConnectionId, bill.title, bill.amountFen, JSON.stringify(bill.terms), bill.madeAt, bill.expiresAt],
  )
  const [row] = await tx.query<PayBill>(`select ${billColumns} from pay_bill where tenant_id = $1 and buyer = $2 and client_key = $3`, [tenantId, bill.buyer, bill.clientKey])
  return row
}
export async function lockBills(tx: Tx, tenantId: number, billIds: readonly string[]): Promise<Map<string, PayBill>> {
  const rows = billIds.length === 0 ? [] : await tx.query<PayBill>(`select ${billColumns} from pay_bill where tenant_id = $1 and bill_id = any($2) order by bill_id for update`, [tenantId, [...new Set(billIds)]])
  return new Map(rows.map((row) => [row.billId, row]))
}
export async function updateBill(tx: Tx, tenantId: number, bill: PayBill): Promise<void> {
  tx.write(`update pay_bill set state = $3, paid_at = $4, transaction_id = $5, refunded_fen = $6 where tenant_id = $1 and bill_id = $2`, [tenantId, bill.billId, bill.state, bill.paidAt, bill.transactionId, bill.refundedFen])
}

/** Another number under which an order or bill can be paid. */
export type Attempt = { number: string; target: string; way: 'h5' | 'native'; payConnectionId: string; amountFen: number; state: 'open' | 'paid' | 'closed'; madeAt: Instant; paidAt: Instant | null; transactionId: string | null }
const attemptColumns = `number, target, way, pay_connection_id as "payConnectionId", amount_fen as "amountFen", state, made_at as "madeAt", paid_at as "paidAt", transaction_id as "transactionId"`

export async function openAttempt(tx: Tx, tenantId: number, attempt: Attempt): Promise<Attempt> {
  const [known] = await tx.query<Attempt>(`select ${attemptColumns} from pay_attempt where tenant_id = $1 and target = $2 and way = $3 and amount_fen = $4 and state = 'open' order by made_at limit 1`, [tenantId, attempt.target, attempt.way, attempt.amountFen])
  if (known) return known
  await tx.run(`insert into pay_attempt (tenant_id, number, target, way, pay_connection_id, amount_fen, state, made_at) values ($1, $2, $3, $4, $5, $6, 'open', $7)`, [tenantId, attempt.number, attempt.target, attempt.way, attempt.payConnectionId, attempt.amountFen, attempt.madeAt])
  return attempt
}
export async function attemptsByNumber(tx: Tx, tenantId: number, numbers: readonly string[]): Promise<Attempt[]> {
  return numbers.length === 0 ? [] : tx.query(`select ${attemptColumns} from pay_attempt where tenant_id = $1 and number = any($2) order by number for update`, [tenantId, [...new Set(numbers)]])
}
export function attemptsOf(tx: Tx, tenantId: number, target: string): Promise<Attempt[]> {
  return tx.query(`select ${attemptColumns} from pay_attempt where tenant_id = $1 and target = $2 order by number`, [tenantId, target])
}
export async function setAttempt(tx: Tx, tenantId: number, attempt: Attempt): Promise<void> {
  tx.write(`update pay_attempt set state = $3, paid_at = $4, transaction_id = $5 where tenant_id = $1 and number = $2`, [tenantId, attempt.number, attempt.state, attempt.paidAt, attempt.transactionId])
}
/** The number a paid order was paid under: its own, or another way's. */
export async function paidNumber(tx: Tx, tenantId: number, target: string, transactionId: string | null): Promise<string> {
  const attempts = await attemptsOf(tx, tenantId, target)
  return attempts.find((one) => one.state === 'paid' && one.transactionId === transactionId)?.number ?? target
}

/** Money on its way back: `payFen` of `amountFen` through WeChat Pay, the rest to where it was paid before. */
export type PayRefund = { refundId: string; target: string; number: string; amountFen: number; payFen: number; state: 'pending' | 'done' | 'refused' | 'abnormal'; reason: string; requestedAt: Instant; finishedAt: Instant | null }
const refundColumns = `refund_id as "refundId", target, number, amount_fen as "amountFen", pay_fen as "payFen", state, reason, requested_at as "requestedAt", finished_at as "finishedAt"`

export async function putRefund(tx: Tx, tenantId: number, refund: PayRefund): Promise<void> {
  tx.write(
    `insert into pay_refund (tenant_id, refund_id, target, number, amount_fen, pay_fen, state, reason, requested_at, finished_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (tenant_id, refund_id) do update set state = excluded.state, finished_at = excluded.finished_at`,
    [tenantId, refund.refundId, refund.target, refund.number, refund.amountFen, refund.payFen, refund.state, refund.reason, refund.requestedAt, refund.finishedAt],
  )
}
export async function refundsByIds(tx: Tx, tenantId: number, refundIds: readonly string[]): Promise<Map<string, PayRefund>> {
  const rows = refundIds.length === 0 ? [] : await tx.query<PayRefund>(`select ${refundColumns} from pay_refund where tenant_id = $1 and refund_id = any($2) order by refund_id for update`, [tenantId, [...new Set(refundIds)]])
  return new Map(rows.map((row) => [row.refundId, row]))
}
export function refundsOfTarget(tx: Tx, tenantId: number, target: string): Promise<PayRefund[]> {
  return tx.query(`select ${refundColumns} from pay_refund where tenant_id = $1 and target = $2 order by requested_at, refund_id`, [tenantId, target])
}

export type PayAlarm = { alarmId: string; key: string; kind: AlarmKind; number: string; detail: Record<string, unknown>; raisedAt: Instant; clearedAt: Instant | null; note: string | null; actor: string | null }
export type AlarmKind = 'amount-differs' | 'currency-differs' | 'paid-twice' | 'paid-late' | 'refund-abnormal' | 'split-failed' | 'transfer-failed'

/** The same key again is the same alarm. */
export async function raiseAlarm(tx: Tx, tenantId: number, alarm: { key: string; kind: AlarmKind; number: string; detail: Record<string, unknown> }, now: Instant, ids: Ids): Promise<void> {
  tx.write(`insert into pay_alarm (tenant_id, alarm_id, key, kind, number, detail, raised_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, key) do nothing`, [tenantId, ids.next(), alarm.key, alarm.kind, alarm.number, JSON.stringify(alarm.detail), now])
}
export function listPayAlarms(tx: Tx, tenantId: number, open: boolean, limit: number): Promise<PayAlarm[]> {
  return tx.query(
    `select alarm_id as "alarmId", key, kind, number, detail, raised_at as "raisedAt", cleared_at as "clearedAt", note, actor from pay_alarm where tenant_id = $1 and (not $2::boolean or cleared_at is null) order by raised_at desc, alarm_id limit $3`,
    [tenantId, open, limit],
  )
}
export function clearAlarm(tx: Tx, tenantId: number, alarmId: string, note: string, actor: string, now: Instant): Promise<number> {
  return tx.run(`update pay_alarm set cleared_at = $5, note = $3, actor = $4 where tenant_id = $1 and alarm_id = $2 and cleared_at is null`, [tenantId, alarmId, note, actor, now])
}
export async function countAlarms(tx: Tx, tenantId: number): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`select count(*) as n from pay_alarm where tenant_id = $1 and cleared_at is null`, [tenantId])
  return row.n
}

// ---- what settlement compares with bills ----

/** Payments and refunds of a time that are no orders of goods, for the comparison with bills. */
export function billsPaid(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ number: string; amountFen: number; at: Instant; connectionId: string }>> {
  return tx.query(`select bill_id as number, amount_fen as "amountFen", paid_at as at, pay_connection_id as "connectionId" from pay_bill where tenant_id = $1 and paid_at >= $2 and paid_at < $3 order by bill_id`, [tenantId, from, to])
}
export async function attemptTargets(tx: Tx, tenantId: number, numbers: readonly string[]): Promise<Map<string, Attempt>> {
  return new Map((await attemptsByNumber(tx, tenantId, numbers)).map((one) => [one.number, one]))
}
export function refundsFinished(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<PayRefund[]> {
  return tx.query(`select ${refundColumns} from pay_refund where tenant_id = $1 and state = 'done' and pay_fen > 0 and finished_at >= $2 and finished_at < $3 order by refund_id`, [tenantId, from, to])
}
export async function refundRows(tx: Tx, tenantId: number, refundIds: readonly string[]): Promise<Map<string, PayRefund>> {
  const rows = refundIds.length === 0 ? [] : await tx.query<PayRefund>(`select ${refundColumns} from pay_refund where tenant_id = $1 and refund_id = any($2) order by refund_id`, [tenantId, [...new Set(refundIds)]])
  return new Map(rows.map((row) => [row.refundId, row]))
}
export async function billsByIds(tx: Tx, tenantId: number, billIds: readonly string[]): Promise<Map<string, PayBill>> {
  const rows = billIds.length === 0 ? [] : await tx.query<PayBill>(`select ${billColumns} from pay_bill where tenant_id = $1 and bill_id = any($2) order by bill_id`, [tenantId, [...new Set(billIds)]])
  return new Map(rows.map((row) => [row.billId, row]))
}

export function paidBillsOf(tx: Tx, tenantId: number, personId: string, kind: PayBill['kind']): Promise<PayBill[]> {
  return tx.query(`select ${billColumns} from pay_bill where tenant_id = $1 and person_id = $2 and kind = $3 and state = 'paid' order by paid_at desc, bill_id`, [tenantId, personId, kind])
}
/** Under way or done, by target. */
export async function refundedOf(tx: Tx, tenantId: number, targets: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ target: string; fen: number }>(`select target, sum(amount_fen)::bigint as fen from pay_refund where tenant_id = $1 and target = any($2) and state <> 'refused' group by target order by target`, [tenantId, targets])
  return new Map(rows.map((row) => [row.target, row.fen]))
}
/** Bills and numbers move with whom they belong to. */
export async function moveBills(tx: Tx, tenantId: number, gone: string, kept: string): Promise<void> {
  await tx.run(`update pay_bill set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
}

/** Under which number each of these was paid by another way than its own: `<target> <transaction>` → number. */
export async function paidNumbers(tx: Tx, tenantId: number, targets: readonly string[]): Promise<Map<string, string>> {
  if (targets.length === 0) return new Map()
  const rows = await tx.query<{ target: string; transactionId: string; number: string }>(`select target, transaction_id as "transactionId", number from pay_attempt where tenant_id = $1 and target = any($2) and state = 'paid' order by number`, [tenantId, targets])
  return new Map(rows.map((row) => [`${row.target} ${row.transactionId}`, row.number]))
}
/** Asked for before an instant and not finished by then: WeChat Pay has taken the money already. */
export function pendingRefunds(tx: Tx, tenantId: number, at: Instant): Promise<PayRefund[]> {
  return tx.query(`select ${refundColumns} from pay_refund where tenant_id = $1 and pay_fen > 0 and requested_at < $2 and state <> 'refused' and (finished_at is null or finished_at >= $2) order by refund_id`, [tenantId, at])
}

// ---- invoices ----

export type InvoiceRow = { orderId: string; personId: string; titleKind: 'person' | 'company'; amountFen: number; askedAt: Instant; exportedAt: Instant | null; issuedAt: Instant | null; invoiceNo: string | null }
const invoiceColumns = `order_id as "orderId", person_id as "personId", title_kind as "titleKind", amount_fen as "amountFen", asked_at as "askedAt", exported_at as "exportedAt", issued_at as "issuedAt", invoice_no as "invoiceNo"`
export async function putInvoice(tx: Tx, tenantId: number, row: Pick<InvoiceRow, 'orderId' | 'personId' | 'titleKind' | 'amountFen' | 'askedAt'>): Promise<boolean> {
  return (await tx.run(
    `insert into invoice_request (tenant_id, order_id, person_id, title_kind, amount_fen, asked_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, order_id) do update set title_kind = excluded.title_kind, amount_fen = excluded.amount_fen, asked_at = excluded.asked_at where invoice_request.issued_at is null`,
    [tenantId, row.orderId, row.personId, row.titleKind, row.amountFen, row.askedAt],
  )) === 1
}
export function listInvoices(tx: Tx, tenantId: number, open: boolean, limit: number): Promise<InvoiceRow[]> {
  return tx.query(`select ${invoiceColumns} from invoice_request where tenant_id = $1 and (not $2::boolean or issued_at is null) order by asked_at desc, order_id limit $3`, [tenantId, open, limit])
}
export async function invoiceOf(tx: Tx, tenantId: number, orderId: string): Promise<InvoiceRow | undefined> {
  const [row] = await tx.query<InvoiceRow>(`select ${invoiceColumns} from invoice_request where tenant_id = $1 and order_id = $2`, [tenantId, orderId])
  return row
}
export async function markInvoices(tx: Tx, tenantId: number, orderIds: readonly string[], now: Instant): Promise<void> {
  await tx.run(`update invoice_request set exported_at = coalesce(exported_at, $3) where tenant_id = $1 and order_id = any($2)`, [tenantId, orderIds, now])
}
export function issueInvoice(tx: Tx, tenantId: number, orderId: string, invoiceNo: string, now: Instant): Promise<number> {
  return tx.run(`update invoice_request set issued_at = $4, invoice_no = $3 where tenant_id = $1 and order_id = $2`, [tenantId, orderId, invoiceNo, now])
}
