import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

export type GateRow = {
  gateId: string
  key: string
  personId: string
  line: string
  purpose: string
  messageKind: string
  campaign: string
  corpId: string
  staff: string
  askedAt: Instant
  state: 'refused' | 'reserved' | 'sent' | 'released'
  reason: string
  detail: Record<string, number>
  clearAt: Instant | null
  weight: number
  expiresAt: Instant
  epochId: string | null
  dose: number | null
}

/** Takes the persons' rows, always in the same order, until the transaction ends. */
export async function lockPersons(tx: Tx, tenantId: number, personIds: readonly string[], now: Instant): Promise<void> {
  tx.write(
    `insert into gate_person (tenant_id, person_id, asked_at) select $1, r.id, $3 from unnest($2::uuid[]) as r(id) order by r.id
     on conflict (tenant_id, person_id) do update set asked_at = excluded.asked_at`,
    [tenantId, [...new Set(personIds)].sort(), now],
  )
}

const columns = `gate_id as "gateId", key, person_id as "personId", line, purpose, message_kind as "messageKind", campaign, corp_id as "corpId", staff, asked_at as "askedAt", state, reason, detail,
  clear_at as "clearAt", weight::float8 as weight, expires_at as "expiresAt", epoch_id as "epochId", dose`

export function answersByKey(tx: Tx, tenantId: number, keys: readonly string[]): Promise<GateRow[]> {
  return tx.query<GateRow>(`select ${columns} from gate_answer where tenant_id = $1 and key = any($2) order by key`, [tenantId, keys])
}

/** Allowed messages of persons since an instant that count: sent, or reserved and not expired. `at`: when sent, or when asked. */
export function countedAnswers(tx: Tx, tenantId: number, personIds: readonly string[], since: Instant, now: Instant): Promise<Array<{ personId: string; at: Instant; state: string; purpose: string; messageKind: string; line: string; weight: number; epochId: string | null }>> {
  if (personIds.length === 0) return Promise.resolve([])
  return tx.query(
    `select person_id as "personId", greatest(asked_at, coalesce(settled_at, asked_at)) as at, state, purpose, message_kind as "messageKind", line, weight::float8 as weight, epoch_id as "epochId"
     from gate_answer where tenant_id = $1 and person_id = any($2) and asked_at >= $3 and (state = 'sent' or (state = 'reserved' and expires_at > $4)) order by person_id, asked_at, gate_id`,
    [tenantId, personIds, since, now],
  )
}

export async function saveAnswers(tx: Tx, tenantId: number, rows: readonly GateRow[]): Promise<void> {
  if (rows.length === 0) return
  tx.write(
    `insert into gate_answer (tenant_id, gate_id, key, person_id, line, purpose, message_kind, campaign, corp_id, staff, asked_at, state, reason, detail, clear_at, weight, expires_at, epoch_id, dose)
     select $1, r.gate_id, r.key, r.person_id, r.line, r.purpose, r.message_kind, r.campaign, r.corp_id, r.staff, r.asked_at, r.state, r.reason, r.detail, r.clear_at, r.weight, r.expires_at, r.epoch_id, r.dose
     from jsonb_to_recordset($2::jsonb) as r(gate_id uuid, key text, person_id uuid, line text, purpose text, message_kind text, campaign text, corp_id text, staff text, asked_at bigint, state text,
       reason text, detail jsonb, clear_at bigint, weight real, expires_at bigint, epoch_id uuid, dose int)`,
    [tenantId, JSON.stringify(rows.map((r) => ({
      gate_id: r.gateId, key: r.key, person_id: r.personId, line: r.line, purpose: r.purpose, message_kind: r.messageKind, campaign: r.campaign, corp_id: r.corpId, staff: r.staff, asked_at: r.askedAt,
      state: r.state, reason: r.reason, detail: r.detail, clear_at: r.clearAt, weight: r.weight, expires_at: r.expiresAt, epoch_id: r.epochId, dose: r.dose,
    })))],
  )
}

/** A message that was sent after its reservation ran out is sent all the same; a settled answer does not change again. */
export async function settleAnswers(tx: Tx, tenantId: number, outcomes: ReadonlyArray<{ gateId: string; outcome: 'sent' | 'not-sent'; at: Instant }>): Promise<void> {
  if (outcomes.length === 0) return
  tx.write(
    `update gate_answer set state = r.state, settled_at = r.at from unnest($2::uuid[], $3::text[], $4::bigint[]) as r(id, state, at)
     where gate_answer.tenant_id = $1 and gate_answer.gate_id = r.id and gate_answer.state = 'reserved'`,
    [tenantId, outcomes.map((o) => o.gateId), outcomes.map((o) => (o.outcome === 'sent' ? 'sent' : 'released')), outcomes.map((o) => o.at)],
  )
}

/** @param inOrder what a callback says changes nothing when something later is known already; a second refusal does not begin the first anew. */
export async function putOptOut(tx: Tx, tenantId: number, row: { personId: string; line: string; since: Instant; until: Instant | null; evidence: string }, inOrder = false): Promise<void> {
  tx.write(
    `insert into opt_out (tenant_id, person_id, line, since, until, evidence) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, person_id, line) do update set since = excluded.since, until = excluded.until, evidence = excluded.evidence
     where not $7 or opt_out.until <= excluded.since`,
    [tenantId, row.personId, row.line, row.since, row.until, row.evidence, inOrder],
  )
}

/** Somebody wants messages of the line again; their own word about every line stays. */
export async function endOptOut(tx: Tx, tenantId: number, row: { personId: string; line: string; at: Instant }): Promise<void> {
  tx.write(`update opt_out set until = $4 where tenant_id = $1 and person_id = $2 and line = $3 and since < $4 and (until is null or until < $4)`, [tenantId, row.personId, row.line, row.at])
}

/** Persons who opted out of the line (or of everything) at an instant; of all persons when none are named. */
export async function optedOut(tx: Tx, tenantId: number, line: string, now: Instant, personIds?: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ personId: string }>(
    `select distinct person_id as "personId" from opt_out
     where tenant_id = $1 and line in ('*', $2) and since <= $3 and (until is null or until > $3) and ($4::uuid[] is null or person_id = any($4)) order by 1`,
    [tenantId, line, now, personIds ?? null],
  )
  return new Set(rows.map((row) => row.personId))
}

/** Persons who began to refuse messages of members, or of every line, between two instants: what a dosage may have cost. Who refuses another line alone is still there. */
export function optOutsBetween(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ personId: string; since: Instant }>> {
  return tx.query(`select distinct person_id as "personId", since from opt_out where tenant_id = $1 and since >= $2 and since < $3 and line in ('*', 'wecom') order by 1`, [tenantId, from, to])
}

/** Pressure of everybody touched within reach of the half-life, by the id the touch carries. */
export function pressureRows(tx: Tx, tenantId: number, halfLifeMs: number, now: Instant): Promise<Array<{ personId: string; pressure: number }>> {
  return tx.query(
    `select person_id as "personId", sum(weight * power(2.0::float8, ($2::bigint - occurred_at) / -$3::float8)) as pressure
     from v_touch where tenant_id = $1 and direction = 'outbound' and occurred_at <= $2 and occurred_at > $2::bigint - 12 * $3::float8 group by person_id order by person_id`,
    [tenantId, now, halfLifeMs],
  )
}

/** All answers of a window by state and reason. */
export function gateTotals(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ state: string; reason: string; answers: number; persons: number }>> {
  return tx.query(
    `select state, reason, count(*) as answers, count(distinct person_id) as persons from gate_answer where tenant_id = $1 and asked_at >= $2 and asked_at < $3 group by state, reason order by 3 desc, 1, 2`,
    [tenantId, from, to],
  )
}

/** Messages that count, of everybody, for planning: one row per message. */
export function countedOfAll(tx: Tx, tenantId: number, since: Instant, now: Instant): Promise<Array<{ personId: string; at: Instant; purpose: string; messageKind: string; weight: number; state: string }>> {
  return tx.query(
    `select person_id as "personId", greatest(asked_at, coalesce(settled_at, asked_at)) as at, purpose, message_kind as "messageKind", weight::float8 as weight, state
     from gate_answer where tenant_id = $1 and asked_at >= $2 and (state = 'sent' or (state = 'reserved' and expires_at > $3)) order by person_id, asked_at, gate_id`,
    [tenantId, since, now],
  )
}

/** Persons for whom a marketing message is under way: allowed, and not known to be sent or dropped. */
export async function waitingPersons(tx: Tx, tenantId: number, now: Instant): Promise<string[]> {
  const rows = await tx.query<{ personId: string }>(
    `select distinct person_id as "personId" from gate_answer where tenant_id = $1 and state = 'reserved' and expires_at > $2 and purpose <> 'welcome' and message_kind <> 'help' order by 1`,
    [tenantId, now],
  )
  return rows.map((row) => row.personId)
}
