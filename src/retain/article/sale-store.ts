import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Cursor } from './store.ts'

export type SaleState = 'unpaid' | 'paid' | 'refunding' | 'refunded' | 'closed'
export type Sale = {
  saleId: string; articleId: string; version: number; title: string; readerId: string; buyerPersonId: string; authorReaderId: string; authorPersonId: string; feathers: number; amountFen: number; authorFeathers: number; authorFen: number
  state: SaleState; surface: string; createdAt: Instant; expiresAt: Instant | null; paidAt: Instant | null; settlesAt: Instant | null; billId: string | null; refundReason: string | null; refundedAt: Instant | null
}
const columns = `sale_id as "saleId", article_id as "articleId", version, title, reader_id as "readerId", buyer_person_id as "buyerPersonId", author_reader_id as "authorReaderId", author_person_id as "authorPersonId", feathers, amount_fen as "amountFen",
  author_feathers as "authorFeathers", author_fen as "authorFen", state, surface, created_at as "createdAt", expires_at as "expiresAt", paid_at as "paidAt", settles_at as "settlesAt", bill_id as "billId",
  refund_reason as "refundReason", refunded_at as "refundedAt"`

export async function hasBought(tx: Tx, tenantId: number, articleId: string, personId: string): Promise<boolean> {
  return (await tx.query(`select 1 as one from article_sale where tenant_id = $1 and article_id = $2 and buyer_person_id = $3 and state = 'paid'`, [tenantId, articleId, personId])).length > 0
}
/** A sale that is not over, of this article to this person. */
export async function livingSale(tx: Tx, tenantId: number, articleId: string, personId: string): Promise<Sale | undefined> {
  const [row] = await tx.query<Sale>(`select ${columns} from article_sale where tenant_id = $1 and article_id = $2 and buyer_person_id = $3 and state in ('unpaid', 'paid', 'refunding')`, [tenantId, articleId, personId])
  return row
}
/** @returns false when a living sale is there already: of two that begin at once, one does. */
export async function insertSale(tx: Tx, tenantId: number, row: Sale): Promise<boolean> {
  return (await tx.run(
    `insert into article_sale (tenant_id, sale_id, article_id, version, title, reader_id, buyer_person_id, author_reader_id, author_person_id, feathers, amount_fen, author_feathers, author_fen, state, surface, created_at, expires_at, paid_at, settles_at, bill_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) on conflict do nothing`,
    [tenantId, row.saleId, row.articleId, row.version, row.title, row.readerId, row.buyerPersonId, row.authorReaderId, row.authorPersonId, row.feathers, row.amountFen, row.authorFeathers, row.authorFen, row.state, row.surface, row.createdAt, row.expiresAt,
      row.paidAt, row.settlesAt, row.billId],
  )) === 1
}
export async function lockSale(tx: Tx, tenantId: number, saleId: string): Promise<Sale | undefined> {
  const [row] = await tx.query<Sale>(`select ${columns} from article_sale where tenant_id = $1 and sale_id = $2 for update`, [tenantId, saleId])
  return row
}
export async function findSale(tx: Tx, tenantId: number, saleId: string): Promise<Sale | undefined> {
  const [row] = await tx.query<Sale>(`select ${columns} from article_sale where tenant_id = $1 and sale_id = $2`, [tenantId, saleId])
  return row
}
/** What changes in the life of a sale. */
export async function saveSale(tx: Tx, tenantId: number, row: Sale): Promise<void> {
  await tx.run(
    `update article_sale set state = $3, paid_at = $4, settles_at = $5, bill_id = $6, refund_reason = $7, refunded_at = $8, expires_at = $9 where tenant_id = $1 and sale_id = $2`,
    [tenantId, row.saleId, row.state, row.paidAt, row.settlesAt, row.billId, row.refundReason, row.refundedAt, row.expiresAt],
  )
}
export async function dropSale(tx: Tx, tenantId: number, saleId: string): Promise<void> {
  await tx.run(`delete from article_sale where tenant_id = $1 and sale_id = $2 and state = 'unpaid'`, [tenantId, saleId])
}
export function salesOfBuyer(tx: Tx, tenantId: number, personId: string, after: Cursor | null, limit: number): Promise<Sale[]> {
  return tx.query<Sale>(
    `select ${columns} from article_sale where tenant_id = $1 and buyer_person_id = $2 and state <> 'closed' and ($3::bigint is null or (created_at, sale_id) < ($3::bigint, $4::uuid)) order by created_at desc, sale_id desc limit $5`,
    [tenantId, personId, after?.at ?? null, after?.id ?? null, limit],
  )
}
export function salesOfAuthor(tx: Tx, tenantId: number, personId: string, after: Cursor | null, limit: number): Promise<Sale[]> {
  return tx.query<Sale>(
    `select ${columns} from article_sale where tenant_id = $1 and author_person_id = $2 and state in ('paid', 'refunding', 'refunded') and ($3::bigint is null or (created_at, sale_id) < ($3::bigint, $4::uuid)) order by created_at desc, sale_id desc limit $5`,
    [tenantId, personId, after?.at ?? null, after?.id ?? null, limit],
  )
}
export function listSales(tx: Tx, tenantId: number, want: { articleId?: string; after?: Cursor; limit: number }): Promise<Sale[]> {
  return tx.query<Sale>(
    `select ${columns} from article_sale where tenant_id = $1 and state <> 'closed' and ($2::uuid is null or article_id = $2) and ($3::bigint is null or (created_at, sale_id) < ($3::bigint, $4::uuid)) order by created_at desc, sale_id desc limit $5`,
    [tenantId, want.articleId ?? null, want.after?.at ?? null, want.after?.id ?? null, want.limit],
  )
}
export async function soldOf(tx: Tx, tenantId: number, articleId: string): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`select count(*) as n from article_sale where tenant_id = $1 and article_id = $2 and state in ('paid', 'refunding')`, [tenantId, articleId])
  return row.n
}
/** Sums of an author's sales: feathers and fen that are theirs, and what of the fen cannot be paid out yet. */
export async function authorSums(tx: Tx, tenantId: number, personId: string, now: Instant): Promise<{ sales: number; feathers: number; earnedFen: number; settlingFen: number }> {
  const [row] = await tx.query<{ sales: number; feathers: number; earnedFen: number; settlingFen: number }>(
    `select count(*) filter (where state = 'paid') as sales, coalesce(sum(author_feathers) filter (where state = 'paid'), 0)::bigint as feathers, coalesce(sum(author_fen) filter (where state in ('paid', 'refunding')), 0)::bigint as "earnedFen",
       coalesce(sum(author_fen) filter (where state = 'refunding' or (state = 'paid' and settles_at > $3)), 0)::bigint as "settlingFen"
     from article_sale where tenant_id = $1 and author_person_id = $2`, [tenantId, personId, now])
  return row
}

export type Payout = { payoutId: string; personId: string; readerId: string; amountFen: number; state: 'asked' | 'paid' | 'refused'; askedAt: Instant; decidedAt: Instant | null; decidedBy: string | null; proof: string | null; reason: string | null }
const payoutColumns = `payout_id as "payoutId", person_id as "personId", reader_id as "readerId", amount_fen as "amountFen", state, asked_at as "askedAt", decided_at as "decidedAt", decided_by as "decidedBy", proof, reason`
export function insertPayout(tx: Tx, tenantId: number, row: Payout): void {
  tx.write(`insert into payout (tenant_id, payout_id, person_id, reader_id, amount_fen, state, asked_at) values ($1, $2, $3, $4, $5, $6, $7)`, [tenantId, row.payoutId, row.personId, row.readerId, row.amountFen, row.state, row.askedAt])
}
export async function lockPayout(tx: Tx, tenantId: number, payoutId: string): Promise<Payout | undefined> {
  const [row] = await tx.query<Payout>(`select ${payoutColumns} from payout where tenant_id = $1 and payout_id = $2 for update`, [tenantId, payoutId])
  return row
}
export function savePayout(tx: Tx, tenantId: number, row: Payout): void {
  tx.write(`update payout set state = $3, decided_at = $4, decided_by = $5, proof = $6, reason = $7 where tenant_id = $1 and payout_id = $2`, [tenantId, row.payoutId, row.state, row.decidedAt, row.decidedBy, row.proof, row.reason])
}
export function listPayouts(tx: Tx, tenantId: number, want: { personId?: string; open?: boolean; limit: number }): Promise<Payout[]> {
  return tx.query<Payout>(
    `select ${payoutColumns} from payout where tenant_id = $1 and ($2::uuid is null or person_id = $2) and (not $3::boolean or state = 'asked') order by asked_at desc, payout_id limit $4`,
    [tenantId, want.personId ?? null, want.open ?? false, want.limit],
  )
}
