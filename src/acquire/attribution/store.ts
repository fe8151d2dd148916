import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { standIns } from '../../book/touch/index.ts'
import type { ChannelCredit, PathStep } from './path.ts'

export type Touchpoint = { touchpointId: string; key: string; personId: string; occurredAt: Instant; channel: string; detail: Record<string, unknown> }

export async function insertTouchpoints(tx: Tx, tenantId: number, touchpoints: readonly Touchpoint[]): Promise<void> {
  if (touchpoints.length === 0) return
  tx.write(
    `insert into touchpoint (tenant_id, touchpoint_id, key, person_id, occurred_at, channel, detail)
     select $1, r.id, r.key, r.person_id, r.at, r.channel, r.detail::jsonb from unnest($2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::text[], $7::text[]) as r(id, key, person_id, at, channel, detail)
     on conflict (tenant_id, key) do nothing`,
    [tenantId, touchpoints.map((t) => t.touchpointId), touchpoints.map((t) => t.key), touchpoints.map((t) => t.personId), touchpoints.map((t) => t.occurredAt), touchpoints.map((t) => t.channel), touchpoints.map((t) => JSON.stringify(t.detail))],
  )
}

/** Touchpoints of persons, those of everybody merged into them included. */
export async function touchpointsOf(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Map<string, PathStep[]>> {
  const names = await standIns(tx, tenantId, personIds)
  const owners = new Map<string, string[]>()
  for (const [now, all] of names) for (const id of all) owners.set(id, [...(owners.get(id) ?? []), now])
  const rows = await tx.query<{ personId: string; channel: string; at: Instant }>(
    `select person_id as "personId", channel, occurred_at as at from touchpoint where tenant_id = $1 and person_id = any($2) order by person_id, occurred_at, channel, key`, [tenantId, [...owners.keys()]])
  const found = new Map<string, PathStep[]>(personIds.map((id) => [id, []]))
  for (const row of rows) for (const owner of owners.get(row.personId) ?? []) found.get(owner)?.push({ channel: row.channel, at: row.at })
  return found
}

export type CreditedOrder = { shelf: string; orderId: string; personId: string; paidAt: Instant; paidFen: number; path: PathStep[]; credits: Array<{ model: string } & ChannelCredit> }

/** An order is credited once; hearing of it again changes nothing. */
export async function insertCredits(tx: Tx, tenantId: number, orders: readonly CreditedOrder[]): Promise<void> {
  if (orders.length === 0) return
  const fresh = await tx.query<{ shelf: string; orderId: string }>(
    `insert into order_path (tenant_id, shelf, order_id, person_id, paid_at, paid_fen, path)
     select $1, r.shelf, r.order_id, r.person_id, r.paid_at, r.paid_fen, r.path::jsonb from unnest($2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[]) as r(shelf, order_id, person_id, paid_at, paid_fen, path)
     on conflict (tenant_id, shelf, order_id) do nothing returning shelf, order_id as "orderId"`,
    [tenantId, orders.map((o) => o.shelf), orders.map((o) => o.orderId), orders.map((o) => o.personId), orders.map((o) => o.paidAt), orders.map((o) => o.paidFen), orders.map((o) => JSON.stringify(o.path))],
  )
  const isNew = new Set(fresh.map((row) => `${row.shelf}/${row.orderId}`))
  const rows = orders.filter((o) => isNew.has(`${o.shelf}/${o.orderId}`)).flatMap((o) => o.credits.map((credit) => ({ ...credit, shelf: o.shelf, orderId: o.orderId, paidAt: o.paidAt })))
  if (rows.length === 0) return
  tx.write(
    `insert into order_credit (tenant_id, shelf, order_id, model, channel, billionths, credit_fen, paid_at)
     select $1, r.shelf, r.order_id, r.model, r.channel, r.billionths, r.credit_fen, r.paid_at
     from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[]) as r(shelf, order_id, model, channel, billionths, credit_fen, paid_at)`,
    [tenantId, rows.map((r) => r.shelf), rows.map((r) => r.orderId), rows.map((r) => r.model), rows.map((r) => r.channel), rows.map((r) => r.billionths), rows.map((r) => r.creditFen), rows.map((r) => r.paidAt)],
  )
}

export function creditByModel(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ model: string; channel: string; billionths: number; creditFen: number }>> {
  return tx.query(
    `select model, channel, sum(billionths)::bigint as billionths, sum(credit_fen)::bigint as "creditFen" from order_credit where tenant_id = $1 and paid_at >= $2 and paid_at < $3 group by model, channel order by 1, 2`,
    [tenantId, from, to],
  )
}

export function orderPaths(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ personId: string; paidFen: number; path: PathStep[] }>> {
  return tx.query(`select person_id as "personId", paid_fen as "paidFen", path from order_path where tenant_id = $1 and paid_at >= $2 and paid_at < $3 order by paid_at, shelf, order_id`, [tenantId, from, to])
}

/** Paths of people who came in the window and have not bought in it: what ended in nothing so far. */
export function openPaths(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ channels: string[] }>> {
  return tx.query(
    `select array_agg(t.channel order by t.occurred_at, t.channel, t.key) as channels from touchpoint t
     where t.tenant_id = $1 and t.occurred_at >= $2 and t.occurred_at < $3
       and not exists (select 1 from order_path o where o.tenant_id = t.tenant_id and o.person_id = t.person_id and o.paid_at >= $2 and o.paid_at < $3)
     group by t.person_id order by t.person_id`,
    [tenantId, from, to],
  )
}

export function creditsOfOrder(tx: Tx, tenantId: number, shelf: string, orderId: string): Promise<Array<{ model: string; channel: string; billionths: number; creditFen: number }>> {
  return tx.query(`select model, channel, billionths, credit_fen as "creditFen" from order_credit where tenant_id = $1 and shelf = $2 and order_id = $3 order by model, channel`, [tenantId, shelf, orderId])
}

/** Orders whose credit under some model does not add up to one whole and to what was paid: always empty. */
export function checkCredits(tx: Tx, tenantId: number): Promise<Array<{ shelf: string; orderId: string; model: string; billionths: number; off: number }>> {
  return tx.query(
    `select c.shelf, c.order_id as "orderId", c.model, sum(c.billionths)::bigint as billionths, (sum(c.credit_fen) - max(p.paid_fen))::bigint as off
     from order_credit c join order_path p on p.tenant_id = c.tenant_id and p.shelf = c.shelf and p.order_id = c.order_id
     where c.tenant_id = $1 group by c.shelf, c.order_id, c.model having sum(c.billionths) <> 1000000000 or sum(c.credit_fen) <> max(p.paid_fen) order by 1, 2, 3 limit 100`,
    [tenantId],
  )
}

export function touchpointCounts(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ channel: string; state: string | null; touchpoints: number; persons: number }>> {
  return tx.query(
    `select channel, detail->>'state' as state, count(*) as touchpoints, count(distinct person_id) as persons from touchpoint
     where tenant_id = $1 and occurred_at >= $2 and occurred_at < $3 group by 1, 2 order by 3 desc, 1, 2`,
    [tenantId, from, to],
  )
}
