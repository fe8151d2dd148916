import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { StatementRow } from './read-statement.ts'
import type { Difference } from './reconcile.ts'

export type StatementHead = { connectionId: string; day: string; kind: 'trade' | 'fund'; state: 'ready' | 'none'; rows: number; paidFen: number; refundedFen: number; feeFen: number; hash: string; fetchedAt: Instant }

/** A bill read again replaces what it said before. */
export async function putStatement(tx: Tx, tenantId: number, head: StatementHead, rows: readonly StatementRow[]): Promise<void> {
  tx.write(`delete from pay_statement_row where tenant_id = $1 and connection_id = $2 and day = $3 and kind = $4`, [tenantId, head.connectionId, head.day, head.kind])
  tx.write(
    `insert into pay_statement (tenant_id, connection_id, day, kind, state, rows, paid_fen, refunded_fen, fee_fen, hash, fetched_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (tenant_id, connection_id, day, kind) do update set state = excluded.state, rows = excluded.rows, paid_fen = excluded.paid_fen, refunded_fen = excluded.refunded_fen, fee_fen = excluded.fee_fen, hash = excluded.hash, fetched_at = excluded.fetched_at`,
    [tenantId, head.connectionId, head.day, head.kind, head.state, head.rows, head.paidFen, head.refundedFen, head.feeFen, head.hash, head.fetchedAt],
  )
  for (let from = 0; from < rows.length; from += 5000) {
    tx.write(
      `insert into pay_statement_row (tenant_id, connection_id, day, kind, n, what, number, platform_no, order_no, amount_fen, fee_fen, at, label)
       select $1, $2, $3, $4, r.n, r.what, r.number, r."platformNo", r."orderNo", r."amountFen", r."feeFen", r.at, r.label
       from jsonb_to_recordset($5::jsonb) as r(n int, what text, number text, "platformNo" text, "orderNo" text, "amountFen" bigint, "feeFen" bigint, at bigint, label text)`,
      [tenantId, head.connectionId, head.day, head.kind, JSON.stringify(rows.slice(from, from + 5000).map((row, n) => ({ ...row, n: from + n })))],
    )
  }
}

export function listStatements(tx: Tx, tenantId: number, limit: number): Promise<StatementHead[]> {
  return tx.query(
    `select connection_id as "connectionId", day, kind, state, rows, paid_fen as "paidFen", refunded_fen as "refundedFen", fee_fen as "feeFen", hash, fetched_at as "fetchedAt" from pay_statement where tenant_id = $1 order by day desc, connection_id, kind limit $2`,
    [tenantId, limit],
  )
}
export function statementRows(tx: Tx, tenantId: number, day: string, kind: string): Promise<Array<StatementRow & { connectionId: string }>> {
  return tx.query(
    `select connection_id as "connectionId", what, number, platform_no as "platformNo", order_no as "orderNo", amount_fen as "amountFen", fee_fen as "feeFen", at, label from pay_statement_row where tenant_id = $1 and day = $2 and kind = $3 order by connection_id, n`,
    [tenantId, day, kind],
  )
}
/** What the last fund-flow bills say is on the account: unset while none was read. */
export function balancesSaid(tx: Tx, tenantId: number): Promise<Array<{ account: string; day: string; balanceFen: number | null }>> {
  return tx.query(`select distinct on (account) account, day, paid_fen as "balanceFen" from money_day where tenant_id = $1 and shelf = 'fund' order by account, day desc`, [tenantId])
}

export type DifferenceRow = Omit<Difference, 'state'> & { shelf: 'mall' | 'shop'; day: string; state: 'open' | 'explained' | 'settled'; foundAt: Instant; changedAt: Instant; note: string | null; actor: string | null }
const differenceColumns = `shelf, day, what, number, kind, state, order_fen as "orderFen", ledger_fen as "ledgerFen", bill_fen as "billFen", detail, found_at as "foundAt", changed_at as "changedAt", note, actor`

/** A difference that somebody settled stays settled while it is the same one. */
export async function putDifferences(tx: Tx, tenantId: number, shelf: 'mall' | 'shop', day: string, rows: readonly Difference[], now: Instant): Promise<void> {
  if (rows.length === 0) return
  tx.write(
    `insert into money_difference as d (tenant_id, shelf, day, what, number, kind, state, order_fen, ledger_fen, bill_fen, detail, found_at, changed_at)
     select $1, $2, $3, r.what, r.number, r.kind, r.state, r."orderFen", r."ledgerFen", r."billFen", r.detail, $5, $5
     from jsonb_to_recordset($4::jsonb) as r(what text, number text, kind text, state text, "orderFen" bigint, "ledgerFen" bigint, "billFen" bigint, detail jsonb)
     on conflict (tenant_id, shelf, what, number) do update set kind = excluded.kind, order_fen = excluded.order_fen, ledger_fen = excluded.ledger_fen, bill_fen = excluded.bill_fen, detail = excluded.detail, changed_at = excluded.changed_at,
       state = case when d.state = 'settled' and d.kind = excluded.kind and d.order_fen is not distinct from excluded.order_fen and d.bill_fen is not distinct from excluded.bill_fen then d.state else excluded.state end`,
    [tenantId, shelf, day, JSON.stringify(rows), now],
  )
}
export function openDifferences(tx: Tx, tenantId: number, shelf: 'mall' | 'shop'): Promise<DifferenceRow[]> {
  return tx.query(`select ${differenceColumns} from money_difference where tenant_id = $1 and shelf = $2 and state = 'open' order by day, what, number limit 2000`, [tenantId, shelf])
}
export function listDifferences(tx: Tx, tenantId: number, filter: { open: boolean; from?: string; to?: string }, limit: number): Promise<DifferenceRow[]> {
  return tx.query(
    `select ${differenceColumns} from money_difference where tenant_id = $1 and (not $2::boolean or state = 'open') and ($3::text is null or day >= $3) and ($4::text is null or day <= $4) order by state <> 'open', day desc, what, number limit $5`,
    [tenantId, filter.open, filter.from ?? null, filter.to ?? null, limit],
  )
}
export function setDifference(tx: Tx, tenantId: number, key: { shelf: string; what: string; number: string }, state: DifferenceRow['state'], note: string, actor: string, now: Instant): Promise<number> {
  return tx.run(`update money_difference set state = $5, note = $6, actor = $7, changed_at = $8 where tenant_id = $1 and shelf = $2 and what = $3 and number = $4`, [tenantId, key.shelf, key.what, key.number, state, note, actor, now])
}
export async function countOpen(tx: Tx, tenantId: number): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`select count(*) as n from money_difference where tenant_id = $1 and state = 'open'`, [tenantId])
  return row.n
}

export type MoneyDay = { shelf: string; account: string; day: string; orders: number; matched: number; differing: number; paidFen: number; refundedFen: number; feeFen: number; checkedAt: Instant }
export async function putDay(tx: Tx, tenantId: number, day: MoneyDay): Promise<void> {
  tx.write(
    `insert into money_day (tenant_id, shelf, account, day, orders, matched, differing, paid_fen, refunded_fen, fee_fen, checked_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (tenant_id, shelf, account, day) do update set orders = excluded.orders, matched = excluded.matched, differing = excluded.differing, paid_fen = excluded.paid_fen, refunded_fen = excluded.refunded_fen, fee_fen = excluded.fee_fen, checked_at = excluded.checked_at`,
    [tenantId, day.shelf, day.account, day.day, day.orders, day.matched, day.differing, day.paidFen, day.refundedFen, day.feeFen, day.checkedAt],
  )
}
export function listDays(tx: Tx, tenantId: number, from: string, to: string): Promise<MoneyDay[]> {
  return tx.query(
    `select shelf, account, day, orders, matched, differing, paid_fen as "paidFen", refunded_fen as "refundedFen", fee_fen as "feeFen", checked_at as "checkedAt" from money_day where tenant_id = $1 and day >= $2 and day <= $3 order by day desc, shelf, account`,
    [tenantId, from, to],
  )
}

export type ShopFundRow = { connectionId: string; flowId: string; fundsType: number; direction: number; amountFen: number; balanceFen: number; orderId: string; aftersaleId: string; remark: string; at: Instant }
const fundColumns = `connection_id as "connectionId", flow_id as "flowId", funds_type as "fundsType", direction, amount_fen as "amountFen", balance_fen as "balanceFen", order_id as "orderId", aftersale_id as "aftersaleId", remark, at`

/** @returns the flows that were new. */
export async function insertFunds(tx: Tx, tenantId: number, rows: readonly ShopFundRow[], now: Instant): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const fresh = await tx.query<{ flowId: string }>(
    `insert into shop_fund (tenant_id, connection_id, flow_id, funds_type, direction, amount_fen, balance_fen, order_id, aftersale_id, remark, at, read_at)
     select $1, r."connectionId", r."flowId", r."fundsType", r.direction, r."amountFen", r."balanceFen", r."orderId", r."aftersaleId", r.remark, r.at, $3
     from jsonb_to_recordset($2::jsonb) as r("connectionId" uuid, "flowId" text, "fundsType" int, direction int, "amountFen" bigint, "balanceFen" bigint, "orderId" text, "aftersaleId" text, remark text, at bigint)
     on conflict (tenant_id, connection_id, flow_id) do nothing returning flow_id as "flowId"`,
    [tenantId, JSON.stringify(rows), now],
  )
  return new Set(fresh.map((row) => row.flowId))
}
export async function knownFunds(tx: Tx, tenantId: number, connectionId: string, flowIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ flowId: string }>(`select flow_id as "flowId" from shop_fund where tenant_id = $1 and connection_id = $2 and flow_id = any($3) order by flow_id`, [tenantId, connectionId, flowIds])
  return new Set(rows.map((row) => row.flowId))
}
export async function fundsOfOrders(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<ShopFundRow[]> {
  return orderIds.length === 0 ? [] : tx.query(`select ${fundColumns} from shop_fund where tenant_id = $1 and order_id = any($2) order by at, flow_id`, [tenantId, [...new Set(orderIds)]])
}
export function fundTotals(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ fundsType: number; direction: number; n: number; fen: number }>> {
  return tx.query(`select funds_type as "fundsType", direction, count(*) as n, sum(amount_fen)::bigint as fen from shop_fund where tenant_id = $1 and at >= $2 and at < $3 group by funds_type, direction order by funds_type, direction`, [tenantId, from, to])
}

// ---- profit sharing ----

export type Partner = { partnerId: string; name: string; receiver: 'MERCHANT_ID' | 'PERSONAL_OPENID'; account: string; personId: string | null; relation: string; rateBp: number; scope: 'all' | 'referred'; state: 'on' | 'off'; addedAt: Instant | null; createdAt: Instant }
const partnerColumns = `partner_id as "partnerId", name, receiver, account, person_id as "personId", relation, rate_bp as "rateBp", scope, state, added_at as "addedAt", created_at as "createdAt"`
export function listPartners(tx: Tx, tenantId: number): Promise<Partner[]> {
  return tx.query(`select ${partnerColumns} from share_partner where tenant_id = $1 order by created_at, partner_id limit 500`, [tenantId])
}
export async function putPartner(tx: Tx, tenantId: number, one: Partner): Promise<void> {
  await tx.run(
    `insert into share_partner (tenant_id, partner_id, name, receiver, account, person_id, relation, rate_bp, scope, state, added_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (tenant_id, partner_id) do update set name = excluded.name, rate_bp = excluded.rate_bp, state = excluded.state, added_at = excluded.added_at`,
    [tenantId, one.partnerId, one.name, one.receiver, one.account, one.personId, one.relation, one.rateBp, one.scope, one.state, one.addedAt, one.createdAt],
  )
}

export type ShareReceiver = { partnerId: string; name: string; receiver: 'MERCHANT_ID' | 'PERSONAL_OPENID'; account: string; personId: string | null; fen: number; result: 'waiting' | 'pending' | 'success' | 'closed'; reason?: string; /** fen given back for refunds */ returned?: number }
export type ShareOrder = { orderId: string; transactionId: string; payConnectionId: string; state: 'waiting' | 'sent' | 'done' | 'failed' | 'nothing'; receivers: ShareReceiver[]; totalFen: number; returnedFen: number; dueAt: Instant; sentAt: Instant | null; finishedAt: Instant | null; error: string | null }
const shareColumns = `order_id as "orderId", transaction_id as "transactionId", pay_connection_id as "payConnectionId", state, receivers, total_fen as "totalFen", returned_fen as "returnedFen", due_at as "dueAt", sent_at as "sentAt", finished_at as "finishedAt", error`
export async function findShare(tx: Tx, tenantId: number, orderId: string, lock = false): Promise<ShareOrder | undefined> {
  const [row] = await tx.query<ShareOrder>(`select ${shareColumns} from share_order where tenant_id = $1 and order_id = $2 ${lock ? 'for update' : ''}`, [tenantId, orderId])
  return row
}
export async function putShare(tx: Tx, tenantId: number, one: ShareOrder): Promise<void> {
  await tx.run(
    `insert into share_order (tenant_id, order_id, transaction_id, pay_connection_id, state, receivers, total_fen, returned_fen, due_at, sent_at, finished_at, error) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (tenant_id, order_id) do update set transaction_id = excluded.transaction_id, state = excluded.state, receivers = excluded.receivers, total_fen = excluded.total_fen, returned_fen = excluded.returned_fen, due_at = excluded.due_at, sent_at = excluded.sent_at, finished_at = excluded.finished_at, error = excluded.error`,
    [tenantId, one.orderId, one.transactionId, one.payConnectionId, one.state, JSON.stringify(one.receivers), one.totalFen, one.returnedFen, one.dueAt, one.sentAt, one.finishedAt, one.error],
  )
}
export function listShares(tx: Tx, tenantId: number, limit: number): Promise<ShareOrder[]> {
  return tx.query(`select ${shareColumns} from share_order where tenant_id = $1 order by due_at desc, order_id limit $2`, [tenantId, limit])
}

// ---- transfers ----

export type Transfer = {
  transferId: string; clientKey: string; personId: string; payConnectionId: string; miniConnectionId: string; kind: 'reward' | 'commission'; amountFen: number; remark: string; state: 'made' | 'wait-confirm' | 'done' | 'failed' | 'cancelled' | 'unknown'; platformNo: string; package: string; error: string | null; actor: string
  madeAt: Instant; confirmBy: Instant | null; finishedAt: Instant | null
}
const transferColumns = `transfer_id as "transferId", client_key as "clientKey", person_id as "personId", pay_connection_id as "payConnectionId", mini_connection_id as "miniConnectionId", kind, amount_fen as "amountFen", remark, state, platform_no as "platformNo", package, error, actor, made_at as "madeAt", confirm_by as "confirmBy",
  finished_at as "finishedAt"`
/** @returns the transfer of this key: a new one, or the one that was made. */
export async function insertTransfer(tx: Tx, tenantId: number, one: Transfer): Promise<{ transfer: Transfer; fresh: boolean }> {
  const n = await tx.run(
    `insert into cash_transfer (tenant_id, transfer_id, client_key, person_id, pay_connection_id, mini_connection_id, kind, amount_fen, remark, state, platform_no, package, actor, made_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', $11, $12) on conflict (tenant_id, client_key) do nothing`,
    [tenantId, one.transferId, one.clientKey, one.personId, one.payConnectionId, one.miniConnectionId, one.kind, one.amountFen, one.remark, one.state, one.actor, one.madeAt],
  )
  const [row] = await tx.query<Transfer>(`select ${transferColumns} from cash_transfer where tenant_id = $1 and client_key = $2`, [tenantId, one.clientKey])
  return { transfer: row, fresh: n === 1 }
}
export async function lockTransfer(tx: Tx, tenantId: number, transferId: string): Promise<Transfer | undefined> {
  const [row] = await tx.query<Transfer>(`select ${transferColumns} from cash_transfer where tenant_id = $1 and transfer_id = $2 for update`, [tenantId, transferId])
  return row
}
export async function updateTransfer(tx: Tx, tenantId: number, one: Transfer): Promise<void> {
  tx.write(`update cash_transfer set state = $3, platform_no = $4, package = $5, error = $6, confirm_by = $7, finished_at = $8 where tenant_id = $1 and transfer_id = $2`, [tenantId, one.transferId, one.state, one.platformNo, one.package, one.error, one.confirmBy, one.finishedAt])
}
export function listTransfers(tx: Tx, tenantId: number, limit: number): Promise<Transfer[]> {
  return tx.query(`select ${transferColumns} from cash_transfer where tenant_id = $1 order by made_at desc, transfer_id limit $2`, [tenantId, limit])
}
export function transfersOf(tx: Tx, tenantId: number, personId: string): Promise<Transfer[]> {
  return tx.query(`select ${transferColumns} from cash_transfer where tenant_id = $1 and person_id = $2 order by made_at desc, transfer_id limit 50`, [tenantId, personId])
}
