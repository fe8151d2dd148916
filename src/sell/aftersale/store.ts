import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Fen } from '../../kernel/money.ts'
import type { Kind, State } from './aftersale.ts'

export type Parcel = { company: string; trackingNo: string }
export type Aftersale = {
  shelf: 'shop' | 'mall'; aftersaleId: string; connectionId: string | null; orderId: string; personId: string | null; buyer: string | null; kind: Kind; state: State; platformState: string | null
  lineNo: number | null; skuId: string; title: string; quantity: number; amountFen: Fen; reason: string; description: string; media: string[]; back: Parcel | null; again: Parcel | null; refuseReason: string | null; refundId: string | null
  restocked: number; asking: string | null; askingError: string | null; askedAt: Instant; deadlineAt: Instant | null; changedAt: Instant; endedAt: Instant | null
}
const columns = `shelf, aftersale_id as "aftersaleId", connection_id as "connectionId", order_id as "orderId", person_id as "personId", buyer, kind, state, platform_state as "platformState", line_no as "lineNo", sku_id as "skuId", title,
  quantity, amount_fen as "amountFen", reason, description, media, back, again, refuse_reason as "refuseReason", refund_id as "refundId", restocked, asking, asking_error as "askingError", asked_at as "askedAt", deadline_at as "deadlineAt",
  changed_at as "changedAt", ended_at as "endedAt"`

export async function upsertAftersales(tx: Tx, tenantId: number, rows: readonly Aftersale[]): Promise<void> {
  for (const row of rows) {
    tx.write(
      `insert into aftersale (tenant_id, shelf, aftersale_id, connection_id, order_id, person_id, buyer, kind, state, platform_state, line_no, sku_id, title, quantity, amount_fen, reason, description, media, back, again, refuse_reason, refund_id, restocked,
         asking, asking_error, asked_at, deadline_at, changed_at, ended_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)
       on conflict (tenant_id, shelf, aftersale_id) do update set kind = excluded.kind, state = excluded.state, platform_state = excluded.platform_state, person_id = excluded.person_id, line_no = excluded.line_no, title = excluded.title,
         quantity = excluded.quantity, amount_fen = excluded.amount_fen, back = excluded.back, again = excluded.again, refuse_reason = excluded.refuse_reason, refund_id = excluded.refund_id, restocked = excluded.restocked, asking = excluded.asking,
         asking_error = excluded.asking_error, deadline_at = excluded.deadline_at, changed_at = excluded.changed_at, ended_at = excluded.ended_at`,
      [tenantId, row.shelf, row.aftersaleId, row.connectionId, row.orderId, row.personId, row.buyer, row.kind, row.state, row.platformState, row.lineNo, row.skuId, row.title, row.quantity, row.amountFen, row.reason, row.description, JSON.stringify(row.media),
        row.back === null ? null : JSON.stringify(row.back), row.again === null ? null : JSON.stringify(row.again), row.refuseReason, row.refundId, row.restocked, row.asking, row.askingError, row.askedAt, row.deadlineAt, row.changedAt, row.endedAt],
    )
  }
}

export type AftersaleFact = { factId: string; shelf: string; aftersaleId: string; at: Instant; act: string; by: string; state: State; detail: Record<string, unknown> }
export function appendAftersaleFacts(tx: Tx, tenantId: number, facts: readonly AftersaleFact[]): void {
  for (const fact of facts) tx.write(`insert into aftersale_fact (tenant_id, fact_id, shelf, aftersale_id, at, act, by_whom, state, detail) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, [tenantId, fact.factId, fact.shelf, fact.aftersaleId, fact.at, fact.act, fact.by, fact.state, JSON.stringify(fact.detail)])
}

export function factsOf(tx: Tx, tenantId: number, shelf: string, aftersaleId: string): Promise<AftersaleFact[]> {
  return tx.query(`select fact_id as "factId", shelf, aftersale_id as "aftersaleId", at, act, by_whom as by, state, detail from aftersale_fact where tenant_id = $1 and shelf = $2 and aftersale_id = $3 order by at, fact_id`, [tenantId, shelf, aftersaleId])
}

/** Held until the transaction ends: two who act at once act one after the other. */
export async function lockAftersale(tx: Tx, tenantId: number, shelf: string, aftersaleId: string): Promise<Aftersale | undefined> {
  const [row] = await tx.query<Aftersale>(`select ${columns} from aftersale where tenant_id = $1 and shelf = $2 and aftersale_id = $3 for update`, [tenantId, shelf, aftersaleId])
  return row
}

export async function findAftersale(tx: Tx, tenantId: number, shelf: string, aftersaleId: string): Promise<Aftersale | undefined> {
  const [row] = await tx.query<Aftersale>(`select ${columns} from aftersale where tenant_id = $1 and shelf = $2 and aftersale_id = $3`, [tenantId, shelf, aftersaleId])
  return row
}

export function findAftersales(tx: Tx, tenantId: number, shelf: string, ids: readonly string[]): Promise<Aftersale[]> {
  return tx.query(`select ${columns} from aftersale where tenant_id = $1 and shelf = $2 and aftersale_id = any($3::text[]) order by aftersale_id`, [tenantId, shelf, [...ids]])
}

export function aftersalesOfOrder(tx: Tx, tenantId: number, shelf: string, orderId: string): Promise<Aftersale[]> {
  return tx.query(`select ${columns} from aftersale where tenant_id = $1 and shelf = $2 and order_id = $3 order by asked_at, aftersale_id`, [tenantId, shelf, orderId])
}

export function aftersalesOfBuyer(tx: Tx, tenantId: number, buyer: string): Promise<Aftersale[]> {
  return tx.query(`select ${columns} from aftersale where tenant_id = $1 and buyer = $2 order by asked_at desc, aftersale_id limit 100`, [tenantId, buyer])
}

export async function aftersaleOfRefund(tx: Tx, tenantId: number, refundIds: readonly string[]): Promise<Aftersale[]> {
  return tx.query(`select ${columns} from aftersale where tenant_id = $1 and shelf = 'mall' and refund_id = any($2::text[]) and ended_at is null order by aftersale_id for update`, [tenantId, [...refundIds]])
}

/** Mall rows whose time is over, and those whose refund ended without money. */
export function dueAftersales(tx: Tx, tenantId: number, now: Instant, limit: number): Promise<Aftersale[]> {
  return tx.query(`select ${columns} from aftersale where tenant_id = $1 and shelf = 'mall' and ended_at is null and deadline_at <= $2 order by deadline_at, aftersale_id limit $3 for update`, [tenantId, now, limit])
}

export async function nextDeadline(tx: Tx, tenantId: number): Promise<Instant | null> {
  const [row] = await tx.query<{ at: Instant | null }>(`select min(deadline_at) as at from aftersale where tenant_id = $1 and shelf = 'mall' and ended_at is null`, [tenantId])
  return row.at
}

export type AftersaleFilter = { shelf?: 'shop' | 'mall'; states?: readonly State[]; open?: boolean; search?: string }
export async function listAftersales(tx: Tx, tenantId: number, filter: AftersaleFilter, page: { offset: number; limit: number }): Promise<{ rows: Aftersale[]; total: number }> {
  const where = `tenant_id = $1 and ($2::text is null or shelf = $2) and ($3::text[] is null or state = any($3)) and ($4::boolean is null or (ended_at is null) = $4) and ($5::text is null or order_id = $5 or aftersale_id = $5 or title like '%' || $5 || '%')`
  const params = [tenantId, filter.shelf ?? null, filter.states ? [...filter.states] : null, filter.open ?? null, filter.search ?? null]
  const [{ total }] = await tx.query<{ total: number }>(`select count(*) as total from aftersale where ${where}`, params)
  const rows = await tx.query<Aftersale>(`select ${columns} from aftersale where ${where} order by ended_at is not null, deadline_at nulls last, asked_at desc, aftersale_id offset $6 limit $7`, [...params, page.offset, page.limit])
  return { rows, total }
}

export function aftersaleCounts(tx: Tx, tenantId: number): Promise<Array<{ state: State; n: number; overdueAt: Instant | null }>> {
  return tx.query(`select state, count(*)::int as n, min(deadline_at) as "overdueAt" from aftersale where tenant_id = $1 and ended_at is null group by state order by state`, [tenantId])
}
