import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { MessageContent } from '../../retain/outbound/index.ts'
import type { PlanCampaign, PlanLimit, PlanRow } from './choose.ts'

export type CampaignRow = PlanCampaign & { content: MessageContent; fromAt: Instant; untilAt: Instant; createdAt: Instant; createdBy: string }
export type PlanSummary = {
  persons: number; messages: number; left: number; valueFen: number; lowFen: number; highFen: number; learningFen: number; couldAddFen: number; proven: boolean
  /** The dose curves are findings, not guesses. */
  known: boolean
  staff: number
  limits: PlanLimit[]
  reasons: Array<{ reason: string; persons: number }>
}
export type PlanHead = {
  planId: string; weekStart: Instant; weekEnd: Instant; madeAt: Instant; status: 'draft' | 'held' | 'sending' | 'done' | 'undone' | 'replaced'; summary: PlanSummary
  approvedAt: Instant | null; approvedBy: string | null; heldUntil: Instant | null; finishedAt: Instant | null
}
export type StoredRow = PlanRow & { rowNo: number; state: 'planned' | 'removed' | 'handed' | 'refused' }

export function listCampaigns(tx: Tx, tenantId: number, at: Instant | null): Promise<CampaignRow[]> {
  return tx.query<CampaignRow>(
    `select campaign_id as "campaignId", name, message_kind as "messageKind", content, segments, lift::float8 as lift, from_at as "fromAt", until_at as "untilAt", created_at as "createdAt", created_by as "createdBy"
     from plan_campaign where tenant_id = $1 and ($2::bigint is null or (from_at <= $2 and until_at > $2)) order by created_at, campaign_id`,
    [tenantId, at],
  )
}

export async function insertCampaign(tx: Tx, tenantId: number, row: CampaignRow): Promise<void> {
  tx.write(
    `insert into plan_campaign (tenant_id, campaign_id, name, message_kind, content, segments, lift, from_at, until_at, created_at, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [tenantId, row.campaignId, row.name, row.messageKind, JSON.stringify(row.content), row.segments, row.lift, row.fromAt, row.untilAt, row.createdAt, row.createdBy],
  )
}

const head = `plan_id as "planId", week_start as "weekStart", week_end as "weekEnd", made_at as "madeAt", status, summary, approved_at as "approvedAt", approved_by as "approvedBy", held_until as "heldUntil", finished_at as "finishedAt"`

export async function latestPlan(tx: Tx, tenantId: number): Promise<PlanHead | undefined> {
  const [row] = await tx.query<PlanHead>(`select ${head} from plan where tenant_id = $1 and status <> 'replaced' order by made_at desc, plan_id desc limit 1`, [tenantId])
  return row
}

/** Held until the transaction ends. */
export async function lockPlan(tx: Tx, tenantId: number, planId: string): Promise<PlanHead | undefined> {
  const [row] = await tx.query<PlanHead>(`select ${head} from plan where tenant_id = $1 and plan_id = $2 for update`, [tenantId, planId])
  return row
}

/** Drafts that nobody approved give way to a new one. */
export async function replaceDrafts(tx: Tx, tenantId: number): Promise<void> {
  tx.write(`update plan set status = 'replaced' where tenant_id = $1 and status = 'draft'`, [tenantId])
}

export async function insertPlan(tx: Tx, tenantId: number, plan: PlanHead, rows: readonly PlanRow[]): Promise<void> {
  tx.write(`insert into plan (tenant_id, plan_id, week_start, week_end, made_at, status, summary) values ($1, $2, $3, $4, $5, $6, $7)`, [
    tenantId, plan.planId, plan.weekStart, plan.weekEnd, plan.madeAt, plan.status, JSON.stringify(plan.summary),
  ])
  for (let from = 0; from < rows.length; from += 5000) {
    const part = rows.slice(from, from + 5000)
    tx.write(
      `insert into plan_row (tenant_id, plan_id, row_no, person_id, corp_id, staff, campaign_id, chosen, segment, dose, value_fen, pressure, offset_days, reason, detail, clear_at, state)
       select $1, $2, r.row_no, r.person_id, r.corp_id, r.staff, r.campaign_id, r.chosen, r.segment, r.dose, r.value_fen, r.pressure, r.offset_days, r.reason, r.detail::jsonb, r.clear_at, 'planned'
       from unnest($3::int[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::boolean[], $9::int[], $10::int[], $11::float8[], $12::real[], $13::int[], $14::text[], $15::text[], $16::bigint[])
         as r(row_no, person_id, corp_id, staff, campaign_id, chosen, segment, dose, value_fen, pressure, offset_days, reason, detail, clear_at)`,
      [tenantId, plan.planId, part.map((_, i) => from + i + 1), part.map((r) => r.personId), part.map((r) => r.corpId), part.map((r) => r.staff), part.map((r) => r.campaignId), part.map((r) => r.chosen), part.map((r) => r.segment), part.map((r) => r.dose),
        part.map((r) => r.valueFen), part.map((r) => r.pressure), part.map((r) => r.offsetDays), part.map((r) => r.reason), part.map((r) => JSON.stringify(r.detail)), part.map((r) => r.clearAt)],
    )
  }
}

const rowColumns = `row_no as "rowNo", person_id as "personId", corp_id as "corpId", staff, campaign_id as "campaignId", chosen, segment, dose, value_fen as "valueFen", pressure::float8 as pressure, offset_days as "offsetDays",
  reason, detail, clear_at as "clearAt", state`

export type RowFilter = { chosen?: boolean; reason?: string; staff?: string; campaignId?: string; segment?: number; personId?: string }

export async function listRows(tx: Tx, tenantId: number, planId: string, filter: RowFilter, page: { offset: number; limit: number }): Promise<{ rows: StoredRow[]; total: number }> {
  const where = `tenant_id = $1 and plan_id = $2 and ($3::boolean is null or chosen = $3) and ($4::text is null or reason = $4) and ($5::text is null or staff = $5) and ($6::uuid is null or campaign_id = $6)
    and ($7::int is null or segment = $7) and ($8::uuid is null or person_id = $8)`
  const params = [tenantId, planId, filter.chosen ?? null, filter.reason ?? null, filter.staff ?? null, filter.campaignId ?? null, filter.segment ?? null, filter.personId ?? null]
  const [{ total }] = await tx.query<{ total: number }>(`select count(*) as total from plan_row where ${where}`, params)
  const rows = await tx.query<StoredRow>(`select ${rowColumns} from plan_row where ${where} order by chosen desc, value_fen desc, row_no limit $9 offset $10`, [...params, page.limit, page.offset])
  return { rows, total }
}

/** Chosen rows that are still to be handed over, by day. */
export function plannedRows(tx: Tx, tenantId: number, planId: string): Promise<StoredRow[]> {
  return tx.query<StoredRow>(`select ${rowColumns} from plan_row where tenant_id = $1 and plan_id = $2 and chosen and state = 'planned' order by offset_days, row_no`, [tenantId, planId])
}

/** Messages of approved plans that have still to leave. */
export function openRows(tx: Tx, tenantId: number): Promise<Array<{ personId: string }>> {
  return tx.query(
    `select r.person_id as "personId" from plan p join plan_row r on r.tenant_id = p.tenant_id and r.plan_id = p.plan_id
     where p.tenant_id = $1 and p.status in ('held', 'sending') and r.chosen and r.state = 'planned' order by 1`,
    [tenantId],
  )
}

export async function markRows(tx: Tx, tenantId: number, planId: string, rowNos: readonly number[], state: StoredRow['state']): Promise<number> {
  if (rowNos.length === 0) return 0
  return tx.run(`update plan_row set state = $4 where tenant_id = $1 and plan_id = $2 and row_no = any($3) and chosen and state = 'planned'`, [tenantId, planId, rowNos, state])
}

export async function changePlan(tx: Tx, tenantId: number, planId: string, change: { status: PlanHead['status']; approvedAt?: Instant; approvedBy?: string; heldUntil?: Instant; finishedAt?: Instant }): Promise<void> {
  tx.write(
    `update plan set status = $3, approved_at = coalesce($4, approved_at), approved_by = coalesce($5, approved_by), held_until = coalesce($6, held_until), finished_at = coalesce($7, finished_at) where tenant_id = $1 and plan_id = $2`,
    [tenantId, planId, change.status, change.approvedAt ?? null, change.approvedBy ?? null, change.heldUntil ?? null, change.finishedAt ?? null],
  )
}
