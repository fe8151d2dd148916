import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Offer, OfferFields, OfferState } from './offer.ts'

const columns = `offer_id as "offerId", title, what, kind, feathers, cost_fen as "costFen", face_fen as "faceFen", partner, valid_days as "validDays", per_person as "perPerson", state, stock, issued, made_at as "madeAt", changed_at as "changedAt"`

export function insertOffers(tx: Tx, tenantId: number, offers: ReadonlyArray<OfferFields & { offerId: string }>, now: Instant): void {
  tx.write(
    `insert into offer (tenant_id, offer_id, title, what, kind, feathers, cost_fen, face_fen, partner, valid_days, per_person, state, stock, issued, made_at, changed_at)
     select $1, r.*, 'draft', 0, 0, $3, $3 from jsonb_to_recordset($2::jsonb) as r(offer_id uuid, title text, what text, kind text, feathers bigint, cost_fen bigint, face_fen bigint, partner text, valid_days int, per_person int)`,
    [tenantId, JSON.stringify(offers.map((o) => ({ offer_id: o.offerId, title: o.title, what: o.what, kind: o.kind, feathers: o.feathers, cost_fen: o.costFen, face_fen: o.faceFen, partner: o.partner, valid_days: o.validDays, per_person: o.perPerson }))), now])
}
export function updateOffer(tx: Tx, tenantId: number, offerId: string, o: OfferFields, now: Instant): void {
  tx.write(
    `update offer set title = $3, what = $4, kind = $5, feathers = $6, cost_fen = $7, face_fen = $8, partner = $9, valid_days = $10, per_person = $11, changed_at = $12 where tenant_id = $1 and offer_id = $2`,
    [tenantId, offerId, o.title, o.what, o.kind, o.feathers, o.costFen, o.faceFen, o.partner, o.validDays, o.perPerson, now])
}
export function setOfferState(tx: Tx, tenantId: number, offerId: string, state: OfferState, now: Instant): void {
  tx.write(`update offer set state = $3, changed_at = $4 where tenant_id = $1 and offer_id = $2`, [tenantId, offerId, state, now])
}
export function offersOf(tx: Tx, tenantId: number, states: readonly OfferState[]): Promise<Offer[]> {
  return tx.query<Offer>(`select ${columns} from offer where tenant_id = $1 and state = any($2) order by feathers, made_at, offer_id`, [tenantId, states])
}
export async function findOffer(tx: Tx, tenantId: number, offerId: string): Promise<Offer | undefined> {
  return (await tx.query<Offer>(`select ${columns} from offer where tenant_id = $1 and offer_id = $2`, [tenantId, offerId]))[0]
}
export async function lockOffer(tx: Tx, tenantId: number, offerId: string): Promise<Offer | undefined> {
  return (await tx.query<Offer>(`select ${columns} from offer where tenant_id = $1 and offer_id = $2 for update`, [tenantId, offerId]))[0]
}

// ---- codes ----

export type SealedCode = { index: string; sealed: Buffer; n: number; expiresAt: Instant | null }
export async function knownCodes(tx: Tx, tenantId: number, offerId: string, indexes: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ index: string }>(`select code_index as "index" from offer_code where tenant_id = $1 and offer_id = $2 and code_index = any($3) order by 1`, [tenantId, offerId, indexes])
  return new Set(rows.map((row) => row.index))
}
export function insertCodes(tx: Tx, tenantId: number, batch: { batchId: string; offerId: string; how: 'import' | 'generate'; by: string }, codes: readonly SealedCode[], now: Instant): void {
  tx.write(`insert into offer_batch (tenant_id, batch_id, offer_id, how, codes, made_by, made_at) values ($1, $2, $3, $4, $5, $6, $7)`, [tenantId, batch.batchId, batch.offerId, batch.how, codes.length, batch.by, now])
  tx.write(
    `insert into offer_code (tenant_id, offer_id, code_index, sealed, batch_id, n, expires_at, state)
     select $1, $2, r.code_index, r.sealed, $3, r.n, r.expires_at, 'free' from unnest($4::text[], $5::bytea[], $6::int[], $7::bigint[]) as r(code_index, sealed, n, expires_at)`,
    [tenantId, batch.offerId, batch.batchId, codes.map((one) => one.index), codes.map((one) => one.sealed), codes.map((one) => one.n), codes.map((one) => one.expiresAt)])
  tx.write(`update offer set stock = stock + $3, changed_at = $4 where tenant_id = $1 and offer_id = $2`, [tenantId, batch.offerId, codes.length, now])
}
/** Takes free codes whose last day is over out of the stock. The offer must be locked. */
export async function voidExpired(tx: Tx, tenantId: number, offerId: string, now: Instant): Promise<number> {
  const gone = await tx.run(`update offer_code set state = 'void' where tenant_id = $1 and offer_id = $2 and state = 'free' and expires_at <= $3`, [tenantId, offerId, now])
  if (gone > 0) tx.write(`update offer set stock = stock - $3 where tenant_id = $1 and offer_id = $2`, [tenantId, offerId, gone])
  return gone
}
/** The next code, given to a redemption: soonest last day first. Undefined when there is none. The offer must be locked. */
export async function takeCode(tx: Tx, tenantId: number, offerId: string, redemptionId: string): Promise<{ expiresAt: Instant | null } | undefined> {
  const [code] = await tx.query<{ index: string; expiresAt: Instant | null }>(
    `select code_index as "index", expires_at as "expiresAt" from offer_code where tenant_id = $1 and offer_id = $2 and state = 'free' order by expires_at nulls last, batch_id, n limit 1 for update`, [tenantId, offerId])
  if (!code) return undefined
  tx.write(`update offer_code set state = 'issued', redemption_id = $4 where tenant_id = $1 and offer_id = $2 and code_index = $3`, [tenantId, offerId, code.index, redemptionId])
  tx.write(`update offer set stock = stock - 1, issued = issued + 1 where tenant_id = $1 and offer_id = $2`, [tenantId, offerId])
  return code
}
export async function codeOf(tx: Tx, tenantId: number, redemptionId: string): Promise<{ offerId: string; sealed: Buffer } | undefined> {
  return (await tx.query<{ offerId: string; sealed: Buffer }>(`select offer_id as "offerId", sealed from offer_code where tenant_id = $1 and redemption_id = $2`, [tenantId, redemptionId]))[0]
}
export function voidCode(tx: Tx, tenantId: number, redemptionId: string): void {
  tx.write(`update offer_code set state = 'void' where tenant_id = $1 and redemption_id = $2`, [tenantId, redemptionId])
}
export function batchesOf(tx: Tx, tenantId: number): Promise<Array<{ batchId: string; offerId: string; how: string; codes: number; madeBy: string; madeAt: Instant }>> {
  return tx.query(`select batch_id as "batchId", offer_id as "offerId", how, codes, made_by as "madeBy", made_at as "madeAt" from offer_batch where tenant_id = $1 order by made_at desc, batch_id limit 100`, [tenantId])
}

// ---- redemptions ----

export type Redemption = {
  redemptionId: string; offerId: string; personId: string; key: string; feathers: number; costFen: number; partner: string; redeemedAt: Instant; expiresAt: Instant; shownAt: Instant | null; shown: number
  state: 'issued' | 'taken-back'; settlementId: string | null
}
const redemptionColumns = `redemption_id as "redemptionId", offer_id as "offerId", person_id as "personId", key, feathers, cost_fen as "costFen", partner, redeemed_at as "redeemedAt", expires_at as "expiresAt", shown_at as "shownAt", shown, state, settlement_id as "settlementId"`

export async function redemptionByKey(tx: Tx, tenantId: number, personId: string, key: string): Promise<Redemption | undefined> {
  return (await tx.query<Redemption>(`select ${redemptionColumns} from offer_redemption where tenant_id = $1 and person_id = $2 and key = $3`, [tenantId, personId, key]))[0]
}
export async function lockRedemption(tx: Tx, tenantId: number, redemptionId: string): Promise<Redemption | undefined> {
  return (await tx.query<Redemption>(`select ${redemptionColumns} from offer_redemption where tenant_id = $1 and redemption_id = $2 for update`, [tenantId, redemptionId]))[0]
}
export async function redeemedBy(tx: Tx, tenantId: number, offerId: string, personId: string): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`select count(*) as n from offer_redemption where tenant_id = $1 and offer_id = $2 and person_id = $3 and state = 'issued'`, [tenantId, offerId, personId])
  return row.n
}
export function insertRedemption(tx: Tx, tenantId: number, r: Redemption): void {
  tx.write(
    `insert into offer_redemption (tenant_id, redemption_id, offer_id, person_id, key, feathers, cost_fen, partner, redeemed_at, expires_at, shown, state) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 'issued')`,
    [tenantId, r.redemptionId, r.offerId, r.personId, r.key, r.feathers, r.costFen, r.partner, r.redeemedAt, r.expiresAt])
}
export function markShown(tx: Tx, tenantId: number, redemptionId: string, now: Instant): void {
  tx.write(`update offer_redemption set shown_at = coalesce(shown_at, $3), shown = shown + 1 where tenant_id = $1 and redemption_id = $2`, [tenantId, redemptionId, now])
}
export function markTakenBack(tx: Tx, tenantId: number, redemptionId: string): void {
  tx.write(`update offer_redemption set state = 'taken-back' where tenant_id = $1 and redemption_id = $2`, [tenantId, redemptionId])
}
export type RedemptionView = Redemption & { title: string; kind: string; faceFen: number }
export function redemptionsOfPerson(tx: Tx, tenantId: number, personId: string, limit: number): Promise<RedemptionView[]> {
  return tx.query<RedemptionView>(
    `select ${redemptionColumns.replace(/(^|, )/g, '$1r.')}, o.title, o.kind, o.face_fen as "faceFen" from offer_redemption r join offer o on o.tenant_id = $1 and o.offer_id = r.offer_id
     where r.tenant_id = $1 and r.person_id = $2 order by r.redeemed_at desc, r.redemption_id desc limit $3`, [tenantId, personId, limit])
}
export function listRedemptions(tx: Tx, tenantId: number, limit: number): Promise<RedemptionView[]> {
  return tx.query<RedemptionView>(
    `select ${redemptionColumns.replace(/(^|, )/g, '$1r.')}, o.title, o.kind, o.face_fen as "faceFen" from offer_redemption r join offer o on o.tenant_id = $1 and o.offer_id = r.offer_id
     where r.tenant_id = $1 order by r.redeemed_at desc, r.redemption_id desc limit $2`, [tenantId, limit])
}
export function redeemedSince(tx: Tx, tenantId: number, since: Instant): Promise<Array<{ offerId: string; n: number }>> {
  return tx.query(`select offer_id as "offerId", count(*) as n from offer_redemption where tenant_id = $1 and redeemed_at >= $2 and state = 'issued' group by offer_id order by 1`, [tenantId, since])
}
export function moveRedemptions(tx: Tx, tenantId: number, gone: string, kept: string): void {
  tx.write(`update offer_redemption set person_id = $3, key = key || '~' || $2::text where tenant_id = $1 and person_id = $2::uuid`, [tenantId, gone, kept])
}

// ---- settlement ----

export type Open = { partner: string; redemptions: number; amountFen: number; since: Instant }
export function openByPartner(tx: Tx, tenantId: number): Promise<Open[]> {
  return tx.query<Open>(
    `select partner, count(*) as redemptions, sum(cost_fen)::bigint as "amountFen", min(redeemed_at) as since from offer_redemption where tenant_id = $1 and state = 'issued' and settlement_id is null and partner <> '' group by partner order by partner`, [tenantId])
}
export function settleRows(tx: Tx, tenantId: number, partner: string, until: Instant, settlementId: string): Promise<Redemption[]> {
  return tx.query<Redemption>(
    `update offer_redemption set settlement_id = $4 where tenant_id = $1 and partner = $2 and redeemed_at < $3 and state = 'issued' and settlement_id is null returning ${redemptionColumns}`, [tenantId, partner, until, settlementId])
}
export type Settlement = { settlementId: string; partner: string; until: Instant; redemptions: number; amountFen: number; madeBy: string; madeAt: Instant }
export function insertSettlement(tx: Tx, tenantId: number, s: Settlement): void {
  tx.write(`insert into offer_settlement (tenant_id, settlement_id, partner, until, redemptions, amount_fen, made_by, made_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`, [tenantId, s.settlementId, s.partner, s.until, s.redemptions, s.amountFen, s.madeBy, s.madeAt])
}
export function listSettlements(tx: Tx, tenantId: number): Promise<Settlement[]> {
  return tx.query<Settlement>(`select settlement_id as "settlementId", partner, until, redemptions, amount_fen as "amountFen", made_by as "madeBy", made_at as "madeAt" from offer_settlement where tenant_id = $1 order by made_at desc, settlement_id limit 100`, [tenantId])
}
export function settledRows(tx: Tx, tenantId: number, settlementId: string): Promise<Array<{ redemptionId: string; offerId: string; title: string; redeemedAt: Instant; expiresAt: Instant; faceFen: number; costFen: number; sealed: Buffer }>> {
  return tx.query(
    `select r.redemption_id as "redemptionId", r.offer_id as "offerId", o.title, r.redeemed_at as "redeemedAt", r.expires_at as "expiresAt", o.face_fen as "faceFen", r.cost_fen as "costFen", c.sealed
     from offer_redemption r join offer o on o.tenant_id = $1 and o.offer_id = r.offer_id join offer_code c on c.tenant_id = $1 and c.redemption_id = r.redemption_id
     where r.tenant_id = $1 and r.settlement_id = $2 order by r.redeemed_at, r.redemption_id`, [tenantId, settlementId])
}
