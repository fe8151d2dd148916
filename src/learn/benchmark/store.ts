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

export async function findCase(tx: Tx, tenantId: number, caseId: string): Promise<CaseBody | undefined> {
  const [row] = await tx.query<{ body: CaseBody }>(`select body from benchmark_case where tenant_id = $1 and case_id = $2`, [tenantId, caseId])
  return row?.body
}

/** The newest word on each case: shown to others or not. */
export async function consentsOf(tx: Tx, tenantId: number, caseIds: readonly string[]): Promise<Map<string, { given: boolean; at: Instant; by: string }>> {
  const rows = await tx.query<{ caseId: string; given: boolean; at: Instant; by: string }>(
    `select distinct on (case_id) case_id as "caseId", given, at, by_whom as by from case_consent where tenant_id = $1 and case_id = any($2::uuid[]) order by case_id, at desc, consent_id desc`, [tenantId, [...caseIds]],
  )
  return new Map(rows.map(({ caseId, ...word }) => [caseId, word]))
}

export async function putConsent(tx: Tx, tenantId: number, consentId: string, caseId: string, given: boolean, now: Instant, actor: string): Promise<void> {
  await tx.run(`insert into case_consent (tenant_id, consent_id, case_id, given, at, by_whom) values ($1, $2, $3, $4, $5, $6)`, [tenantId, consentId, caseId, given, now, actor])
}
