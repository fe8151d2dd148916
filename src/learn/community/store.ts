import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

export type EnquiryRow = { enquiryId: string; articleId: string; readerId: string | null; personId: string | null; shareId: string | null; sharerPersonId: string | null; sealed: Buffer; at: Instant; answeredAt: Instant | null; answeredBy: string | null }

export async function insertEnquiry(tx: Tx, tenantId: number, row: Omit<EnquiryRow, 'answeredAt' | 'answeredBy'>): Promise<void> {
  await tx.run(
    `insert into enquiry (tenant_id, enquiry_id, article_id, reader_id, person_id, share_id, sharer_person_id, sealed, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [tenantId, row.enquiryId, row.articleId, row.readerId, row.personId, row.shareId, row.sharerPersonId, row.sealed, row.at],
  )
}

export function listEnquiries(tx: Tx, tenantId: number, onlyOpen: boolean, limit: number): Promise<EnquiryRow[]> {
  return tx.query<EnquiryRow>(
    `select enquiry_id as "enquiryId", article_id as "articleId", reader_id as "readerId", person_id as "personId", share_id as "shareId", sharer_person_id as "sharerPersonId", sealed, at, answered_at as "answeredAt", answered_by as "answeredBy"
     from enquiry where tenant_id = $1 and ($2 = false or answered_at is null) order by at desc, enquiry_id desc limit $3`,
    [tenantId, onlyOpen, limit],
  )
}

export async function answerEnquiry(tx: Tx, tenantId: number, enquiryId: string, at: Instant, by: string): Promise<boolean> {
  return (await tx.run(`update enquiry set answered_at = coalesce(answered_at, $3), answered_by = coalesce(answered_by, $4) where tenant_id = $1 and enquiry_id = $2`, [tenantId, enquiryId, at, by])) > 0
}

/** An erased person's questions go with them. */
export async function forgetEnquiriesOf(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<void> {
  await tx.run(`delete from enquiry where tenant_id = $1 and person_id = any($2::uuid[])`, [tenantId, [...personIds]])
}
