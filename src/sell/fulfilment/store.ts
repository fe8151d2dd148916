import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Method, Packed } from './parcel.ts'

export type ParcelRow = {
  parcelId: string; shelf: 'shop' | 'mall'; orderId: string; method: Method; company: string; trackingNo: string; lines: Packed; sentAt: Instant; sentBy: string; report: 'none' | 'sent' | 'reported' | 'refused'; reportReason: string | null; batchId: string | null
  pickupCode: string | null; pickedAt: Instant | null
}
const columns = `parcel_id as "parcelId", shelf, order_id as "orderId", method, company, tracking_no as "trackingNo", lines, sent_at as "sentAt", sent_by as "sentBy", report, report_reason as "reportReason", batch_id as "batchId", pickup_code as "pickupCode", picked_at as "pickedAt"`

/** @returns false: this very parcel (courier, number, order) is known. */
export async function insertParcel(tx: Tx, tenantId: number, row: ParcelRow): Promise<boolean> {
  return (await tx.run(
    `insert into parcel (tenant_id, parcel_id, shelf, order_id, method, company, tracking_no, lines, sent_at, sent_by, report, report_reason, batch_id, pickup_code, picked_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict do nothing`,
    [tenantId, row.parcelId, row.shelf, row.orderId, row.method, row.company, row.trackingNo, JSON.stringify(row.lines), row.sentAt, row.sentBy, row.report, row.reportReason, row.batchId, row.pickupCode, row.pickedAt],
  )) > 0
}

export function parcelsOf(tx: Tx, tenantId: number, shelf: string, orderIds: readonly string[]): Promise<ParcelRow[]> {
  return tx.query(`select ${columns} from parcel where tenant_id = $1 and shelf = $2 and order_id = any($3::text[]) order by sent_at, parcel_id`, [tenantId, shelf, [...orderIds]])
}

export async function findParcel(tx: Tx, tenantId: number, parcelId: string): Promise<ParcelRow | undefined> {
  const [row] = await tx.query<ParcelRow>(`select ${columns} from parcel where tenant_id = $1 and parcel_id = $2 for update`, [tenantId, parcelId])
  return row
}

export async function markReport(tx: Tx, tenantId: number, parcelId: string, report: ParcelRow['report'], reason: string | null): Promise<void> {
  await tx.run(`update parcel set report = $3, report_reason = $4 where tenant_id = $1 and parcel_id = $2`, [tenantId, parcelId, report, reason])
}

export async function markPicked(tx: Tx, tenantId: number, parcelId: string, now: Instant): Promise<void> {
  await tx.run(`update parcel set picked_at = $3 where tenant_id = $1 and parcel_id = $2 and picked_at is null`, [tenantId, parcelId, now])
}

export function refusedReports(tx: Tx, tenantId: number): Promise<ParcelRow[]> {
  return tx.query(`select ${columns} from parcel where tenant_id = $1 and report = 'refused' order by sent_at, parcel_id limit 200`, [tenantId])
}

export async function putAddress(tx: Tx, tenantId: number, row: { orderId: string; personId: string; method: Method; division: string; sealed: Buffer; masked: string; savedAt: Instant }): Promise<void> {
  await tx.run(
    `insert into order_address (tenant_id, order_id, person_id, method, division, sealed, masked, saved_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (tenant_id, order_id) do update set method = excluded.method, division = excluded.division, sealed = excluded.sealed, masked = excluded.masked, saved_at = excluded.saved_at`,
    [tenantId, row.orderId, row.personId, row.method, row.division, row.sealed, row.masked, row.savedAt],
  )
}

export type AddressRow = { orderId: string; method: Method; division: string; sealed: Buffer; masked: string }
export function addressesOf(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<AddressRow[]> {
  return tx.query(`select order_id as "orderId", method, division, sealed, masked from order_address where tenant_id = $1 and order_id = any($2::text[]) order by order_id`, [tenantId, [...orderIds]])
}

/** Addresses of a person who is forgotten. */
export async function forgetAddresses(tx: Tx, tenantId: number, personId: string): Promise<void> {
  await tx.run(`delete from order_address where tenant_id = $1 and person_id = $2`, [tenantId, personId])
}
