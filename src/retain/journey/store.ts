import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { MessageContent, MessageKind } from '../outbound/index.ts'
import type { Rule } from '../segment/index.ts'

export const triggers = ['contact.added', 'order.paid'] as const
export type Trigger = (typeof triggers)[number]
export type Journey = {
  journeyId: string; connectionId: string; corpId: string; name: string; trigger: Trigger; rules: Rule | null; waitMs: number; messageKind: MessageKind; content: MessageContent; status: 'on' | 'off'
  createdAt: Instant; changedAt: Instant
}
export type Enrolment = { journeyId: string; eventId: string; personId: string; enteredAt: Instant; dueAt: Instant }

const columns = `journey_id as "journeyId", connection_id as "connectionId", corp_id as "corpId", name, trigger, rules, wait_ms as "waitMs", message_kind as "messageKind", content, status, created_at as "createdAt", changed_at as "changedAt"`

export async function insertJourney(tx: Tx, tenantId: number, row: Journey): Promise<void> {
  tx.write(
    `insert into journey (tenant_id, journey_id, connection_id, corp_id, name, trigger, rules, wait_ms, message_kind, content, status, created_at, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [tenantId, row.journeyId, row.connectionId, row.corpId, row.name, row.trigger, row.rules === null ? null : JSON.stringify(row.rules), row.waitMs, row.messageKind, JSON.stringify(row.content), row.status, row.createdAt, row.changedAt],
  )
}

export function listJourneys(tx: Tx, tenantId: number, onlyOn = false): Promise<Journey[]> {
  return tx.query<Journey>(`select ${columns} from journey where tenant_id = $1 and ($2 = false or status = 'on') order by created_at, journey_id`, [tenantId, onlyOn])
}

export async function switchJourney(tx: Tx, tenantId: number, journeyId: string, status: 'on' | 'off', now: Instant): Promise<boolean> {
  return (await tx.run(`update journey set status = $3, changed_at = $4 where tenant_id = $1 and journey_id = $2`, [tenantId, journeyId, status, now])) > 0
}

export async function enrol(tx: Tx, tenantId: number, rows: readonly Enrolment[]): Promise<void> {
  if (rows.length === 0) return
  tx.write(
    `insert into journey_enrolment (tenant_id, journey_id, event_id, person_id, entered_at, due_at, state)
     select $1, r.journey_id, r.event_id, r.person_id, r.entered_at, r.due_at, 'waiting' from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[]) as r(journey_id, event_id, person_id, entered_at, due_at)
     on conflict (tenant_id, journey_id, event_id) do nothing`,
    [tenantId, rows.map((r) => r.journeyId), rows.map((r) => r.eventId), rows.map((r) => r.personId), rows.map((r) => r.enteredAt), rows.map((r) => r.dueAt)],
  )
}

export function dueEnrolments(tx: Tx, tenantId: number, now: Instant, limit: number): Promise<Enrolment[]> {
  return tx.query<Enrolment>(
    `select journey_id as "journeyId", event_id as "eventId", person_id as "personId", entered_at as "enteredAt", due_at as "dueAt" from journey_enrolment
     where tenant_id = $1 and state = 'waiting' and due_at <= $2 order by due_at, journey_id, event_id limit $3`,
    [tenantId, now, limit],
  )
}

export async function nextDue(tx: Tx, tenantId: number): Promise<Instant | null> {
  const [row] = await tx.query<{ at: Instant | null }>(`select min(due_at) as at from journey_enrolment where tenant_id = $1 and state = 'waiting'`, [tenantId])
  return row.at
}

/** Moves waiting enrolments to a later instant. */
export async function postpone(tx: Tx, tenantId: number, rows: readonly Enrolment[], dueAt: Instant): Promise<void> {
  tx.write(
    `update journey_enrolment e set due_at = $4 from unnest($2::uuid[], $3::uuid[]) as r(journey_id, event_id)
     where e.tenant_id = $1 and e.journey_id = r.journey_id and e.event_id = r.event_id and e.state = 'waiting'`,
    [tenantId, rows.map((r) => r.journeyId), rows.map((r) => r.eventId), dueAt],
  )
}

/** One statement ends any number of enrolments. */
export async function endEnrolments(tx: Tx, tenantId: number, ends: ReadonlyArray<{ journeyId: string; eventId: string; state: 'handed' | 'refused' | 'left'; why: string | null; messageId: string | null }>, now: Instant): Promise<void> {
  if (ends.length === 0) return
  tx.write(
    `update journey_enrolment e set state = r.state, left_why = r.why, message_id = r.message_id, done_at = $7 from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[]) as r(journey_id, event_id, state, why, message_id)
     where e.tenant_id = $1 and e.journey_id = r.journey_id and e.event_id = r.event_id and e.state = 'waiting'`,
    [tenantId, ends.map((e) => e.journeyId), ends.map((e) => e.eventId), ends.map((e) => e.state), ends.map((e) => e.why), ends.map((e) => e.messageId), now],
  )
}

/** People who can no longer be reached leave all journeys. @returns what ended. */
export function leaveAll(tx: Tx, tenantId: number, personIds: readonly string[], why: string, now: Instant): Promise<Array<{ journeyId: string; eventId: string; personId: string }>> {
  if (personIds.length === 0) return Promise.resolve([])
  return tx.query(
    `update journey_enrolment set state = 'left', left_why = $3, done_at = $4 where tenant_id = $1 and person_id = any($2) and state = 'waiting'
     returning journey_id as "journeyId", event_id as "eventId", person_id as "personId"`,
    [tenantId, personIds, why, now],
  )
}

export function enrolmentCounts(tx: Tx, tenantId: number): Promise<Array<{ journeyId: string; state: string; n: number }>> {
  return tx.query(`select journey_id as "journeyId", state, count(*) as n from journey_enrolment where tenant_id = $1 group by 1, 2 order by 1, 2`, [tenantId])
}
