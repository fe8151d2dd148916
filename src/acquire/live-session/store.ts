import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { LiveFigures } from './live-data.ts'

export type LiveSession = LiveFigures & { connectionId: string; exportId: string; startedAt: Instant; readAt: Instant }

export async function upsertSessions(tx: Tx, tenantId: number, sessions: readonly LiveSession[]): Promise<void> {
  if (sessions.length === 0) return
  await tx.run(
    `insert into live_session (tenant_id, connection_id, export_id, started_at, duration_s, on_air, audience, new_followers, comments, orders, buyers, paid_fen, refunded_fen, flows, read_at)
     select $1, r."connectionId", r."exportId", r."startedAt", r."durationS", r."onAir", r.audience, r."newFollowers", r.comments, r.orders, r.buyers, r."paidFen", r."refundedFen", r.flows, r."readAt"
     from jsonb_to_recordset($2::jsonb) as r("connectionId" uuid, "exportId" text, "startedAt" bigint, "durationS" bigint, "onAir" boolean, audience bigint, "newFollowers" bigint, comments bigint, orders bigint, buyers bigint,
       "paidFen" bigint, "refundedFen" bigint, flows jsonb, "readAt" bigint)
     on conflict (tenant_id, connection_id, export_id) do update set duration_s = excluded.duration_s, on_air = excluded.on_air, audience = excluded.audience, new_followers = excluded.new_followers, comments = excluded.comments,
       orders = excluded.orders, buyers = excluded.buyers, paid_fen = excluded.paid_fen, refunded_fen = excluded.refunded_fen, flows = excluded.flows, read_at = excluded.read_at`,
    [tenantId, JSON.stringify(sessions)],
  )
}

/** `joined*`: what our own book holds of orders that name the session. */
export type SessionRow = LiveSession & { joinedOrders: number; joinedFen: number; joinedPersons: number }

/** Newest first. */
export function listSessions(tx: Tx, tenantId: number, page: { offset: number; limit: number }): Promise<SessionRow[]> {
  return tx.query<SessionRow>(
    `select s.connection_id as "connectionId", s.export_id as "exportId", s.started_at as "startedAt", s.duration_s as "durationS", s.on_air as "onAir", s.audience, s.new_followers as "newFollowers", s.comments, s.orders, s.buyers,
       s.paid_fen as "paidFen", s.refunded_fen as "refundedFen", s.flows, s.read_at as "readAt", coalesce(j.orders, 0)::bigint as "joinedOrders", coalesce(j.paid_fen, 0)::bigint as "joinedFen", coalesce(j.persons, 0)::bigint as "joinedPersons"
     from live_session s left join lateral (
       select count(*) as orders, sum(o.paid_fen) as paid_fen, count(distinct o.person_id) as persons
       from v_touchpoint t join v_order_path o on o.tenant_id = t.tenant_id and t.key = 'order/' || o.shelf || '/' || o.order_id
       where t.tenant_id = s.tenant_id and t.channel = 'live/' || s.export_id) j on true
     where s.tenant_id = $1 order by s.started_at desc, s.export_id limit $2 offset $3`,
    [tenantId, page.limit, page.offset],
  )
}
