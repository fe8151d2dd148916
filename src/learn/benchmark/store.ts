import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { CaseBody, StartState } from './measure-case.ts'

/** Contacts, money, buyers and losses of the 28 days before an instant. */
export async function stateAt(tx: Tx, tenantId: number, at: Instant): Promise<StartState> {
  const [row] = await tx.query<StartState>(
    `select $2::bigint as at,
       (select count(distinct person_id) from v_follow where tenant_id = $1 and not half and followed_at <= $2 and (active or lost_at > $2)) as contacts,
       coalesce((select sum(paid_fen - refunded_fen) from v_order where tenant_id = $1 and paid_at > $2::bigint - 2419200000 and paid_at <= $2), 0)::bigint as "net28Fen",
       (select count(distinct person_id) from v_order where tenant_id = $1 and paid_at > $2::bigint - 2419200000 and paid_at <= $2) as "buyers28",
       (select count(distinct person_id) from v_contact_loss where tenant_id = $1 and lost_by = 'contact' and not already and lost_at > $2::bigint - 2419200000 and lost_at <= $2) as "lost28"`,
    [tenantId, at],
  )
  return row
}

/** When the first contact came, or undefined. */
export async function firstContactAt(tx: Tx, tenantId: number): Promise<Instant | undefined> {
  const [row] = await tx.query<{ at: Instant | null }>(`select min(followed_at) as at from v_follow where tenant_id = $1`, [tenantId])
  return row.at ?? undefined
}

export async function messagesSent(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`select count(*) as n from v_gate where tenant_id = $1 and state = 'sent' and asked_at >= $2 and asked_at < $3`, [tenantId, from, to])
  return row.n
}

export async function keepCase(tx: Tx, tenantId: number, caseId: string, body: CaseBody, actor: string): Promise<void> {
  await tx.run(`insert into benchmark_case (tenant_id, case_id, measured_at, body, kept_by) values ($1, $2, $3, $4, $5)`, [tenantId, caseId, body.measuredAt, JSON.stringify(body), actor])
}

export function listCases(tx: Tx, tenantId: number): Promise<Array<{ caseId: string; measuredAt: Instant; body: CaseBody; keptBy: string }>> {
  return tx.query(`select case_id as "caseId", measured_at as "measuredAt", body, kept_by as "keptBy" from benchmark_case where tenant_id = $1 order by measured_at desc, case_id limit 50`, [tenantId])
}
