import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { FeatherEffect, PenaltyKind, Reckoning } from './ladder.ts'

export type Excerpt = { where: string; text: string; from: number; to: number } | null
export type EndWhy = 'expired' | 'reduced' | 'overturned' | 'replaced'
export type Penalty = {
  penaltyId: string; readerId: string; personId: string | null; kind: PenaltyKind; rule: string; ruleZh: string; ruleEn: string; category: number; caseId: string | null; convention: number
  excerpt: Excerpt; reckoning: Reckoning; reason: string; feathers: FeatherEffect; startsAt: Instant; endsAt: Instant | null; issuedAt: Instant; issuedBy: string[]
  endedAt: Instant | null; endedWhy: EndWhy | null; endedBy: string | null; replaces: string | null; replacedBy: string | null
}
const columns = `penalty_id as "penaltyId", reader_id as "readerId", person_id as "personId", kind, rule, rule_zh as "ruleZh", rule_en as "ruleEn", category, case_id as "caseId", convention, excerpt, reckoning, reason, feathers,
  starts_at as "startsAt", ends_at as "endsAt", issued_at as "issuedAt", issued_by as "issuedBy", ended_at as "endedAt", ended_why as "endedWhy", ended_by as "endedBy", replaces, replaced_by as "replacedBy"`

export async function insertPenalties(tx: Tx, tenantId: number, rows: readonly Penalty[]): Promise<void> {
  if (rows.length === 0) return
  await tx.run(
    `insert into penalty (tenant_id, penalty_id, reader_id, person_id, kind, rule, rule_zh, rule_en, category, case_id, convention, excerpt, reckoning, reason, feathers, starts_at, ends_at, issued_at, issued_by, replaces)
     select $1, r.penalty_id, r.reader_id, r.person_id, r.kind, r.rule, r.rule_zh, r.rule_en, r.category, r.case_id, r.convention, coalesce(r.excerpt, 'null'::jsonb), r.reckoning, r.reason, r.feathers, r.starts_at, r.ends_at, r.issued_at, r.issued_by, r.replaces
     from jsonb_to_recordset($2::jsonb) as r(penalty_id uuid, reader_id uuid, person_id uuid, kind text, rule text, rule_zh text, rule_en text, category int, case_id uuid, convention int, excerpt jsonb, reckoning jsonb, reason text, feathers text,
       starts_at bigint, ends_at bigint, issued_at bigint, issued_by jsonb, replaces uuid)`,
    [tenantId, JSON.stringify(rows.map((r) => ({
      penalty_id: r.penaltyId, reader_id: r.readerId, person_id: r.personId, kind: r.kind, rule: r.rule, rule_zh: r.ruleZh, rule_en: r.ruleEn, category: r.category, case_id: r.caseId, convention: r.convention, excerpt: r.excerpt,
      reckoning: r.reckoning, reason: r.reason, feathers: r.feathers, starts_at: r.startsAt, ends_at: r.endsAt, issued_at: r.issuedAt, issued_by: r.issuedBy, replaces: r.replaces,
    })))],
  )
}

export async function lockPenalty(tx: Tx, tenantId: number, penaltyId: string): Promise<Penalty | undefined> {
  return (await tx.query<Penalty>(`select ${columns} from penalty where tenant_id = $1 and penalty_id = $2 for update`, [tenantId, penaltyId]))[0]
}
export async function findPenalty(tx: Tx, tenantId: number, penaltyId: string): Promise<Penalty | undefined> {
  return (await tx.query<Penalty>(`select ${columns} from penalty where tenant_id = $1 and penalty_id = $2`, [tenantId, penaltyId]))[0]
}
/** Of these readers, newest first. */
export function penaltiesOfReaders(tx: Tx, tenantId: number, readerIds: readonly string[]): Promise<Penalty[]> {
  return tx.query<Penalty>(`select ${columns} from penalty where tenant_id = $1 and reader_id = any($2::uuid[]) order by starts_at desc, penalty_id desc`, [tenantId, readerIds])
}
export function penaltiesOfCase(tx: Tx, tenantId: number, caseId: string): Promise<Penalty[]> {
  return tx.query<Penalty>(`select ${columns} from penalty where tenant_id = $1 and case_id = $2 order by issued_at, penalty_id`, [tenantId, caseId])
}
/** Those that may still run, for the door: a handful of columns. */
export function openPenalties(tx: Tx, tenantId: number, readerIds: readonly string[], now: Instant): Promise<Array<{ penaltyId: string; kind: PenaltyKind; rule: string; startsAt: Instant; endsAt: Instant | null; endedAt: Instant | null }>> {
  return tx.query(
    `select penalty_id as "penaltyId", kind, rule, starts_at as "startsAt", ends_at as "endsAt", ended_at as "endedAt" from penalty
     where tenant_id = $1 and reader_id = any($2::uuid[]) and (ended_at is null or ended_at > $3) and (ends_at is null or ends_at > $3) order by starts_at, penalty_id`,
    [tenantId, readerIds, now],
  )
}
export function listPenalties(tx: Tx, tenantId: number, filter: { running?: boolean; now: Instant; limit: number }): Promise<Penalty[]> {
  return tx.query<Penalty>(
    `select ${columns} from penalty where tenant_id = $1 and ($2::boolean is null or $2 = (ended_at is null and starts_at <= $3 and (ends_at is null or ends_at > $3))) order by issued_at desc, penalty_id desc limit $4`,
    [tenantId, filter.running ?? null, filter.now, filter.limit],
  )
}
export async function markEnded(tx: Tx, tenantId: number, penaltyId: string, end: { at: Instant; why: EndWhy; by: string; replacedBy?: string }): Promise<void> {
  await tx.run(`update penalty set ended_at = $3, ended_why = $4, ended_by = $5, replaced_by = $6 where tenant_id = $1 and penalty_id = $2 and ended_at is null`, [tenantId, penaltyId, end.at, end.why, end.by, end.replacedBy ?? null])
}
/** An expired one that turns out to have been wrong: its record is cleared too. */
export async function markOverturned(tx: Tx, tenantId: number, penaltyId: string, now: Instant, by: string): Promise<void> {
  await tx.run(`update penalty set ended_at = least(coalesce(ended_at, $3), $3), ended_why = 'overturned', ended_by = $4 where tenant_id = $1 and penalty_id = $2`, [tenantId, penaltyId, now, by])
}
export async function emptyExcerpts(tx: Tx, tenantId: number, where: { personId: string } | { endedBefore: Instant; categories: readonly number[] }): Promise<number> {
  if ('personId' in where) return tx.run(`update penalty set excerpt = 'null'::jsonb where tenant_id = $1 and person_id = $2`, [tenantId, where.personId])
  return tx.run(`update penalty set excerpt = 'null'::jsonb where tenant_id = $1 and ended_at < $2 and category = any($3::int[]) and excerpt <> 'null'::jsonb`, [tenantId, where.endedBefore, where.categories])
}

export type AppealState = 'open' | 'escalated' | 'decided'
export type AppealDecision = 'uphold' | 'reduce' | 'overturn'
export type Appeal = {
  appealId: string; penaltyId: string | null; caseId: string | null; readerId: string; ticketId: string | null; body: string; madeAt: Instant; dueAt: Instant; state: AppealState; sameFrom: Instant; decidedBefore: string[]
  decision: AppealDecision | null; reason: string | null; publicNote: string | null; decidedAt: Instant | null; decidedBy: string | null; missed: boolean
}
const appealColumns = `appeal_id as "appealId", penalty_id as "penaltyId", case_id as "caseId", reader_id as "readerId", ticket_id as "ticketId", body, made_at as "madeAt", due_at as "dueAt", state, same_from as "sameFrom",
  decided_before as "decidedBefore", decision, reason, public_note as "publicNote", decided_at as "decidedAt", decided_by as "decidedBy", missed`

/** @returns false when there is one already. */
export async function insertAppeal(tx: Tx, tenantId: number, appeal: Appeal): Promise<boolean> {
  const made = await tx.run(
    `insert into appeal (tenant_id, appeal_id, penalty_id, case_id, reader_id, ticket_id, body, made_at, due_at, state, same_from, decided_before, missed)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11, false) on conflict do nothing`,
    [tenantId, appeal.appealId, appeal.penaltyId, appeal.caseId, appeal.readerId, appeal.ticketId, appeal.body, appeal.madeAt, appeal.dueAt, appeal.sameFrom, JSON.stringify(appeal.decidedBefore)],
  )
  return made === 1
}
export async function appealFor(tx: Tx, tenantId: number, of: { penaltyId: string } | { caseId: string }): Promise<Appeal | undefined> {
  const [row] = 'penaltyId' in of
    ? await tx.query<Appeal>(`select ${appealColumns} from appeal where tenant_id = $1 and penalty_id = $2`, [tenantId, of.penaltyId])
    : await tx.query<Appeal>(`select ${appealColumns} from appeal where tenant_id = $1 and case_id = $2 and penalty_id is null`, [tenantId, of.caseId])
  return row
}
export async function lockAppeal(tx: Tx, tenantId: number, appealId: string): Promise<Appeal | undefined> {
  return (await tx.query<Appeal>(`select ${appealColumns} from appeal where tenant_id = $1 and appeal_id = $2 for update`, [tenantId, appealId]))[0]
}
export function listAppeals(tx: Tx, tenantId: number, filter: { states?: readonly AppealState[]; readerId?: string; limit: number }): Promise<Appeal[]> {
  return tx.query<Appeal>(
    `select ${appealColumns} from appeal where tenant_id = $1 and ($2::text[] is null or state = any($2)) and ($3::uuid is null or reader_id = $3)
     order by case state when 'escalated' then 0 when 'open' then 1 else 2 end, case when state = 'decided' then -decided_at else due_at end, appeal_id limit $4`,
    [tenantId, filter.states ?? null, filter.readerId ?? null, filter.limit],
  )
}
export async function moveAppeal(tx: Tx, tenantId: number, from: string, to: string): Promise<void> {
  await tx.run(`update appeal set penalty_id = $3 where tenant_id = $1 and penalty_id = $2 and state <> 'decided'`, [tenantId, from, to])
}
export async function closeAppeal(tx: Tx, tenantId: number, appealId: string, end: { decision: AppealDecision; reason: string; publicNote: string | null; at: Instant; by: string }): Promise<void> {
  await tx.run(`update appeal set state = 'decided', decision = $3, reason = $4, public_note = $5, decided_at = $6, decided_by = $7 where tenant_id = $1 and appeal_id = $2`, [tenantId, appealId, end.decision, end.reason, end.publicNote, end.at, end.by])
}
export async function escalate(tx: Tx, tenantId: number, appealId: string, dueAt: Instant): Promise<void> {
  await tx.run(`update appeal set state = 'escalated', missed = true, due_at = $3 where tenant_id = $1 and appeal_id = $2 and state in ('open', 'escalated')`, [tenantId, appealId, dueAt])
}
export async function clearAppealTexts(tx: Tx, tenantId: number, readerIds: readonly string[]): Promise<void> {
  await tx.run(`update appeal set body = '' where tenant_id = $1 and reader_id = any($2::uuid[])`, [tenantId, readerIds])
}

export type PenaltyFigures = {
  penalties: Array<{ kind: PenaltyKind; category: number; count: number }>; overturned: number; running: number
  appeals: { made: number; decided: number; upheld: number; reduced: number; overturned: number; missed: number; sameReviewer: number; medianHours: number | null }
}
export async function penaltyFigures(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<PenaltyFigures> {
  const penalties = await tx.query<{ kind: PenaltyKind; category: number; count: number }>(
    `select kind, category, count(*)::int as count from penalty where tenant_id = $1 and issued_at >= $2 and issued_at < $3 and replaces is null group by kind, category order by kind, category`, [tenantId, from, to],
  )
  const [more] = await tx.query<{ overturned: number; running: number }>(
    `select (count(*) filter (where ended_why = 'overturned' and ended_at >= $2 and ended_at < $3))::int as overturned, (count(*) filter (where ended_at is null and starts_at < $3 and (ends_at is null or ends_at >= $3)))::int as running from penalty where tenant_id = $1`,
    [tenantId, from, to],
  )
  const rows = await tx.query<{ decision: string | null; missed: boolean; note: string | null; madeAt: Instant; decidedAt: Instant | null }>(
    `select decision, missed, public_note as note, made_at as "madeAt", decided_at as "decidedAt" from appeal where tenant_id = $1 and made_at >= $2 and made_at < $3 order by made_at, appeal_id`, [tenantId, from, to],
  )
  const decided = rows.filter((row) => row.decision !== null)
  const hours = decided.map((row) => (row.decidedAt! - row.madeAt) / 3_600_000).sort((a, b) => a - b)
  const count = (decision: string): number => decided.filter((row) => row.decision === decision).length
  return {
    penalties, ...more,
    appeals: {
      made: rows.length, decided: decided.length, upheld: count('uphold'), reduced: count('reduce'), overturned: count('overturn'), missed: rows.filter((row) => row.missed).length, sameReviewer: decided.filter((row) => row.note !== null).length,
      medianHours: hours.length === 0 ? null : (hours[(hours.length - 1) >> 1] + hours[hours.length >> 1]) / 2,
    },
  }
}
