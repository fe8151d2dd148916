import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'

export type NewCall = { outboxId: string; connectionId: string; endpoint: string; request: unknown; lane: string | null; reply: unknown; dueAt: Instant; createdAt: Instant }
/** `interrupted`: an earlier attempt was under way when its process ended, so nobody knows whether it was carried out. */
export type OutboxCall = NewCall & { seq: number; attempts: number; interrupted: boolean }

/** `seq` orders a lane: the uuid's time part is not enough inside a millisecond, so the caller's order in the array counts. */
export async function enqueueCalls(tx: Tx, tenantId: number, calls: readonly NewCall[]): Promise<void> {
  if (calls.length === 0) return
  tx.write(
    `insert into outbox (tenant_id, outbox_id, connection_id, endpoint, request, lane, seq, state, due_at, attempts, created_at, reply)
     select $1, r.outbox_id, r.connection_id, r.endpoint, r.request, r.lane, r.created_at * 1000 + r.n, 'due', r.due_at, 0, r.created_at, r.reply
     from jsonb_to_recordset($2::jsonb) as r(n int, outbox_id uuid, connection_id uuid, endpoint text, request jsonb, lane text, due_at bigint, created_at bigint, reply jsonb)`,
    [tenantId, JSON.stringify(calls.map((c, n) => ({ n, outbox_id: c.outboxId, connection_id: c.connectionId, endpoint: c.endpoint, request: c.request, lane: c.lane, due_at: c.dueAt, created_at: c.createdAt, reply: c.reply ?? null })))],
  )
}

/**
 * Due rows that are the oldest open one of their lane; postponed by `leaseMs` so that a crash in the middle lets them come back. Until its answer is
 * written a row says in-flight: found again so, it was interrupted.
 */
export async function claimCalls(tx: Tx, tenantId: number, now: Instant, leaseMs: number, limit: number): Promise<OutboxCall[]> {
  const calls = await tx.query<OutboxCall>(
    `with due as (
       select outbox_id, coalesce(error->>'kind', '') = 'in-flight' as interrupted from outbox o
       where o.tenant_id = $1 and o.state = 'due' and o.due_at <= $2
         and (o.lane is null or not exists (
           select 1 from outbox b where b.tenant_id = $1 and b.lane = o.lane and b.state in ('due', 'unknown', 'failed') and (b.seq, b.outbox_id) < (o.seq, o.outbox_id)))
       order by o.due_at, o.seq, o.outbox_id limit $4 for update skip locked
     )
     update outbox set due_at = $2::bigint + $3::bigint, attempts = attempts + 1, error = '{"kind":"in-flight"}'
     from due where outbox.tenant_id = $1 and outbox.outbox_id = due.outbox_id
     returning outbox.outbox_id as "outboxId", connection_id as "connectionId", endpoint, request, lane, reply, due_at as "dueAt", created_at as "createdAt", seq, attempts, interrupted`,
    [tenantId, now, leaseMs, limit],
  )
  return calls.sort((a, b) => a.seq - b.seq || (a.outboxId < b.outboxId ? -1 : 1)) // RETURNING comes in any order
}

export async function finishCall(tx: Tx, tenantId: number, outboxId: string, state: 'sent' | 'unknown' | 'failed', now: Instant, result: unknown, error: unknown): Promise<void> {
  tx.write(`update outbox set state = $3, finished_at = $4, result = $5, error = $6 where tenant_id = $1 and outbox_id = $2`, [
    tenantId, outboxId, state, now, result === undefined ? null : JSON.stringify(result), error === undefined ? null : JSON.stringify(error),
  ])
}

export async function postponeCall(tx: Tx, tenantId: number, outboxId: string, dueAt: Instant, error: unknown): Promise<void> {
  tx.write(`update outbox set due_at = $3, error = $4 where tenant_id = $1 and outbox_id = $2`, [tenantId, outboxId, dueAt, error === undefined ? null : JSON.stringify(error)])
}

export async function outboxDepth(tx: Tx, tenantId: number): Promise<{ due: number; stuck: number; oldestDueAt: Instant | null }> {
  const [row] = await tx.query<{ due: number; stuck: number; oldestDueAt: Instant | null }>(
    `select count(*) filter (where state = 'due') as due, count(*) filter (where state in ('unknown', 'failed')) as stuck, min(due_at) filter (where state = 'due') as "oldestDueAt"
     from outbox where tenant_id = $1 and state in ('due', 'unknown', 'failed')`,
    [tenantId],
  )
  return row
}

export function listOpenCalls(tx: Tx, tenantId: number, states: readonly string[], limit: number): Promise<Array<{ outboxId: string; endpoint: string; state: string; lane: string | null; attempts: number; error: unknown; createdAt: Instant; dueAt: Instant }>> {
  return tx.query(
    `select outbox_id as "outboxId", endpoint, state, lane, attempts, error, created_at as "createdAt", due_at as "dueAt"
     from outbox where tenant_id = $1 and state = any($2) order by created_at desc, outbox_id limit $3`,
    [tenantId, states, limit],
  )
}

/** Erasure: calls to or about a person lose their content; an open one is no longer sent. */
export async function forgetCalls(tx: Tx, tenantId: number, values: readonly string[], now: Instant): Promise<void> {
  tx.write(
    `update outbox set request = '{}', result = null, error = null, reply = null, state = case when state = 'sent' then state else 'skipped' end, finished_at = coalesce(finished_at, $3)
     where tenant_id = $1 and exists (select 1 from unnest($2::text[]) v where strpos(request::text || coalesce(result::text, '') || coalesce(error::text, '') || coalesce(reply::text, ''), v) > 0)`,
    [tenantId, values, now],
  )
}

export function skipCalls(tx: Tx, tenantId: number, outboxIds: readonly string[], now: Instant): Promise<number> {
  return tx.run(`update outbox set state = 'skipped', finished_at = $3 where tenant_id = $1 and outbox_id = any($2) and state in ('unknown', 'failed')`, [tenantId, outboxIds, now])
}

/** A call whose purpose is settled another way: not sent any more, its lane is free. */
export function withdrawCalls(tx: Tx, tenantId: number, outboxIds: readonly string[], now: Instant): Promise<number> {
  return tx.run(`update outbox set state = 'skipped', finished_at = $3 where tenant_id = $1 and outbox_id = any($2) and state in ('due', 'unknown', 'failed')`, [tenantId, outboxIds, now])
}

/**
 * The same, for the calls of an endpoint whose reply is for `reply` (equal in every named field), as long as they have not been handed to the platform: a call that is under
 * way stays. @returns how many will not be sent.
 */
export function withdrawUnsent(tx: Tx, tenantId: number, endpoint: string, reply: Record<string, string>, now: Instant): Promise<number> {
  return tx.run(
    `update outbox set state = 'skipped', finished_at = $4 where tenant_id = $1 and state = 'due' and endpoint = $2 and reply @> $3::jsonb and coalesce(error->>'kind', '') <> 'in-flight'`,
    [tenantId, endpoint, JSON.stringify(reply), now],
  )
}

export function retryCalls(tx: Tx, tenantId: number, outboxIds: readonly string[], now: Instant): Promise<number> {
  return tx.run(`update outbox set state = 'due', attempts = 0, due_at = $3 where tenant_id = $1 and outbox_id = any($2) and state in ('unknown', 'failed')`, [tenantId, outboxIds, now])
}
