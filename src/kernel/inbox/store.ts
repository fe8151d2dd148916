import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'
import type { Ids } from '../ids.ts'
import type { IncomingMessage } from './intake.ts'

export type CallbackFact = { connectionId: string; digest: string; event: string; message: string; receivedAt: Instant; attempts: number }

/**
 * One statement per connection in the batch. The intake role can neither read the table nor name a conflict target, so repeats are
 * known from the count of rows that went in.
 */
export async function insertMessages(tx: Tx, messages: ReadonlyArray<IncomingMessage & { receivedAt: Instant }>, ids: Ids): Promise<void> {
  const groups = new Map<string, Array<IncomingMessage & { receivedAt: Instant }>>()
  for (const message of messages) {
    const key = `${message.tenantId}/${message.connectionId}`
    const group = groups.get(key)
    if (group) group.push(message)
    else groups.set(key, [message])
  }
  for (const group of groups.values()) {
    const { tenantId, connectionId } = group[0]
    const stored = await tx.run(
      `insert into inbox (tenant_id, connection_id, digest, received_at, event, message, state, due_at, attempts)
       select $1, $2, r.digest, r.received_at, r.event, r.message, 'due', r.received_at, 0
       from unnest($3::text[], $4::bigint[], $5::text[], $6::text[]) as r(digest, received_at, event, message)
       on conflict do nothing`,
      [tenantId, connectionId, group.map((m) => m.digest), group.map((m) => m.receivedAt), group.map((m) => m.event), group.map((m) => m.message)],
    )
    if (stored < group.length) {
      await tx.run(`insert into inbox_repeat (tenant_id, connection_id, repeat_id, received_at, count) values ($1, $2, $3, $4, $5)`, [
        tenantId, connectionId, ids.next(), group[group.length - 1].receivedAt, group.length - stored,
      ])
    }
  }
}

/** Due facts of a tenant, oldest first; locked until the transaction ends, so two workers never take the same one. */
export function claimFacts(tx: Tx, tenantId: number, now: Instant, limit: number): Promise<CallbackFact[]> {
  return tx.query<CallbackFact>(
    `select connection_id as "connectionId", digest, event, message, received_at as "receivedAt", attempts
     from inbox where tenant_id = $1 and state = 'due' and due_at <= $2
     order by due_at, digest limit $3 for update skip locked`,
    [tenantId, now, limit],
  )
}

/** Worked facts keep their key (for de-duplication) and lose their content: what they meant is stored elsewhere. */
export async function finishFacts(tx: Tx, tenantId: number, facts: readonly CallbackFact[]): Promise<void> {
  if (facts.length === 0) return
  tx.write(
    `update inbox set state = 'done', message = null, error = null
     from unnest($2::uuid[], $3::text[]) as f(connection_id, digest)
     where inbox.tenant_id = $1 and inbox.connection_id = f.connection_id and inbox.digest = f.digest`,
    [tenantId, facts.map((f) => f.connectionId), facts.map((f) => f.digest)],
  )
}

/** Retried after a growing pause (1 s × 4ⁿ); after 8 tries it waits for a person. */
export async function failFact(tx: Tx, tenantId: number, fact: CallbackFact, error: string, now: Instant): Promise<void> {
  const attempts = fact.attempts + 1
  tx.write(
    `update inbox set attempts = $4, error = $5, due_at = $6, state = $7 where tenant_id = $1 and connection_id = $2 and digest = $3`,
    [tenantId, fact.connectionId, fact.digest, attempts, error.slice(0, 500), now + 1000 * 4 ** Math.min(attempts, 8), attempts >= 8 ? 'failed' : 'due'],
  )
}

export async function inboxDepth(tx: Tx, tenantId: number): Promise<{ due: number; failed: number; oldestDueAt: Instant | null }> {
  const [row] = await tx.query<{ due: number; failed: number; oldestDueAt: Instant | null }>(
    `select count(*) filter (where state = 'due') as due, count(*) filter (where state = 'failed') as failed, min(due_at) filter (where state = 'due') as "oldestDueAt"
     from inbox where tenant_id = $1 and state in ('due', 'failed')`,
    [tenantId],
  )
  return row
}

export async function countFacts(tx: Tx, tenantId: number): Promise<{ stored: number; repeats: number }> {
  const [row] = await tx.query<{ stored: number; repeats: number }>(
    `select (select count(*) from inbox where tenant_id = $1) as stored, coalesce((select sum(count) from inbox_repeat where tenant_id = $1), 0)::bigint as repeats`,
    [tenantId],
  )
  return row
}

export function listFailedFacts(tx: Tx, tenantId: number, limit: number): Promise<Array<{ connectionId: string; digest: string; event: string; error: string; receivedAt: Instant; attempts: number }>> {
  return tx.query(
    `select connection_id as "connectionId", digest, event, error, received_at as "receivedAt", attempts
     from inbox where tenant_id = $1 and state = 'failed' order by received_at desc, digest limit $2`,
    [tenantId, limit],
  )
}

export function retryFacts(tx: Tx, tenantId: number, digests: readonly string[], now: Instant): Promise<number> {
  return tx.run(`update inbox set state = 'due', attempts = 0, due_at = $3 where tenant_id = $1 and digest = any($2) and state = 'failed'`, [tenantId, digests, now])
}

/** Erasure: messages that mention a person lose their content, worked or not; what failed on them says so no longer. */
export async function forgetMessages(tx: Tx, tenantId: number, values: readonly string[]): Promise<void> {
  tx.write(
    `update inbox set message = null, error = null, state = 'done'
     where tenant_id = $1 and exists (select 1 from unnest($2::text[]) v where strpos(coalesce(message, '') || coalesce(error, ''), v) > 0)`,
    [tenantId, values],
  )
}
