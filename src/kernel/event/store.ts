import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'

export type DomainEvent = { eventId: string; name: string; v: number; aggregate: string; occurredAt: Instant; recordedAt: Instant; payload: Record<string, unknown> }
export type Delivery = DomainEvent & { subscriber: string; attempts: number }

/** @param subscribersOf names of the subscribers of an event name; the composition root knows them. */
export async function emit(tx: Tx, tenantId: number, events: readonly DomainEvent[], subscribersOf: (name: string) => readonly string[]): Promise<void> {
  if (events.length === 0) return
  tx.write(
    `insert into domain_event (tenant_id, event_id, name, v, aggregate, occurred_at, recorded_at, payload)
     select $1, r.event_id, r.name, r.v, r.aggregate, r.occurred_at, r.recorded_at, r.payload::jsonb
     from unnest($2::uuid[], $3::text[], $4::int[], $5::text[], $6::bigint[], $7::bigint[], $8::text[]) as r(event_id, name, v, aggregate, occurred_at, recorded_at, payload)`,
    [tenantId, events.map((e) => e.eventId), events.map((e) => e.name), events.map((e) => e.v), events.map((e) => e.aggregate), events.map((e) => e.occurredAt), events.map((e) => e.recordedAt), events.map((e) => JSON.stringify(e.payload))],
  )
  const deliveries = events.flatMap((event, n) => subscribersOf(event.name).map((subscriber) => ({ event, n, subscriber })))
  if (deliveries.length === 0) return
  tx.write(
    `insert into event_delivery (tenant_id, subscriber, event_id, aggregate, seq, due_at, attempts)
     select $1, r.subscriber, r.event_id, r.aggregate, r.seq, r.due_at, 0
     from unnest($2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[]) as r(subscriber, event_id, aggregate, seq, due_at)`,
    [tenantId, deliveries.map((d) => d.subscriber), deliveries.map((d) => d.event.eventId), deliveries.map((d) => d.event.aggregate), deliveries.map((d) => d.event.recordedAt * 1000 + d.n), deliveries.map((d) => d.event.recordedAt)],
  )
}

/** Due deliveries of one subscriber that are the oldest of their aggregate, and those directly behind them in order. */
export function claimDeliveries(tx: Tx, tenantId: number, subscriber: string, now: Instant, limit: number): Promise<Delivery[]> {
  return tx.query<Delivery>(
    `with waiting as materialized (select aggregate, min(seq) as seq from event_delivery where tenant_id = $1 and subscriber = $2 and due_at > $3 group by aggregate),
     due as materialized (
       select d.subscriber, d.attempts, d.event_id, d.seq from event_delivery d
       where d.tenant_id = $1 and d.subscriber = $2 and d.due_at <= $3 and not exists (select 1 from waiting b where b.aggregate = d.aggregate and b.seq < d.seq)
       order by d.seq, d.event_id limit $4)
     select d.subscriber, d.attempts, e.event_id as "eventId", e.name, e.v, e.aggregate, e.occurred_at as "occurredAt", e.recorded_at as "recordedAt", e.payload
     from due d join domain_event e on e.tenant_id = $1 and e.event_id = d.event_id
     order by d.seq, d.event_id`,
    [tenantId, subscriber, now, limit],
  )
}

export async function finishDeliveries(tx: Tx, tenantId: number, subscriber: string, eventIds: readonly string[]): Promise<void> {
  tx.write(`delete from event_delivery where tenant_id = $1 and subscriber = $2 and event_id = any($3)`, [tenantId, subscriber, eventIds])
}

export async function failDelivery(tx: Tx, tenantId: number, delivery: Delivery, error: string, now: Instant): Promise<void> {
  tx.write(`update event_delivery set attempts = attempts + 1, error = $4, due_at = $5 where tenant_id = $1 and subscriber = $2 and event_id = $3`, [
    tenantId, delivery.subscriber, delivery.eventId, error.slice(0, 500), now + 1_000 * 4 ** Math.min(delivery.attempts, 8),
  ])
}

export async function deliveryDepth(tx: Tx, tenantId: number): Promise<{ due: number; failing: number }> {
  const [row] = await tx.query<{ due: number; failing: number }>(`select count(*) as due, count(*) filter (where attempts >= 3) as failing from event_delivery where tenant_id = $1`, [tenantId])
  return row
}

export function listEvents(tx: Tx, tenantId: number, aggregate: string): Promise<DomainEvent[]> {
  return tx.query(
    `select event_id as "eventId", name, v, aggregate, occurred_at as "occurredAt", recorded_at as "recordedAt", payload
     from domain_event where tenant_id = $1 and aggregate = $2 order by recorded_at, event_id`,
    [tenantId, aggregate],
  )
}
