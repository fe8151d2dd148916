import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

export type Grant = { shelf: string; orderId: string; personId: string; feathers: number; postings: number }

export async function findGrants(tx: Tx, tenantId: number, orders: ReadonlyArray<{ shelf: string; orderId: string }>): Promise<Map<string, Grant>> {
  const rows = await tx.query<Grant>(
    `select distinct g.shelf, g.order_id as "orderId", g.person_id as "personId", g.feathers, g.postings from unnest($2::text[], $3::text[]) as r(shelf, order_id)
     join points_grant g on g.tenant_id = $1 and g.shelf = r.shelf and g.order_id = r.order_id order by 1, 2`,
    [tenantId, orders.map((o) => o.shelf), orders.map((o) => o.orderId)],
  )
  return new Map(rows.map((row) => [`${row.shelf}/${row.orderId}`, row]))
}

export async function saveGrants(tx: Tx, tenantId: number, grants: readonly Grant[]): Promise<void> {
  if (grants.length === 0) return
  tx.write(
    `insert into points_grant (tenant_id, shelf, order_id, person_id, feathers, postings)
     select $1, r.shelf, r.order_id, r.person_id, r.feathers, r.postings from unnest($2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::int[]) as r(shelf, order_id, person_id, feathers, postings)
     on conflict (tenant_id, shelf, order_id) do update set feathers = excluded.feathers, postings = excluded.postings`,
    [tenantId, grants.map((g) => g.shelf), grants.map((g) => g.orderId), grants.map((g) => g.personId), grants.map((g) => g.feathers), grants.map((g) => g.postings)],
  )
}

/** Moves balances; `spent` counts what was redeemed, `earned` everything else. */
export async function moveBalances(tx: Tx, tenantId: number, moves: ReadonlyArray<{ personId: string; feathers: number; spent: number }>, now: Instant): Promise<void> {
  if (moves.length === 0) return
  const byPerson = new Map<string, { feathers: number; spent: number }>()
  for (const move of moves) {
    const sum = byPerson.get(move.personId) ?? { feathers: 0, spent: 0 }
    byPerson.set(move.personId, { feathers: sum.feathers + move.feathers, spent: sum.spent + move.spent })
  }
  const rows = [...byPerson].sort(([a], [b]) => (a < b ? -1 : 1))
  tx.write(
    `insert into points_account (tenant_id, person_id, balance, earned, spent, joined_at)
     select $1, r.person_id, r.feathers, r.feathers + r.spent, r.spent, $5 from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as r(person_id, feathers, spent)
     on conflict (tenant_id, person_id) do update set balance = points_account.balance + excluded.balance, earned = points_account.earned + excluded.earned, spent = points_account.spent + excluded.spent`,
    [tenantId, rows.map(([personId]) => personId), rows.map(([, sum]) => sum.feathers), rows.map(([, sum]) => sum.spent), now],
  )
}

/** Takes feathers when there are enough: the guard and the taking are one statement. */
export async function takeIfEnough(tx: Tx, tenantId: number, personId: string, feathers: number): Promise<boolean> {
  return (await tx.run(`update points_account set balance = balance - $3, spent = spent + $3 where tenant_id = $1 and person_id = $2 and balance >= $3`, [tenantId, personId, feathers])) > 0
}

export type PointsRow = { personId: string; balance: number; earned: number; spent: number; joinedAt: Instant }

export async function balanceOf(tx: Tx, tenantId: number, personId: string): Promise<number> {
  const [row] = await tx.query<{ balance: number }>(`select balance from points_account where tenant_id = $1 and person_id = $2`, [tenantId, personId])
  return row?.balance ?? 0
}

export function listBalances(tx: Tx, tenantId: number, limit: number): Promise<PointsRow[]> {
  return tx.query<PointsRow>(`select person_id as "personId", balance, earned, spent, joined_at as "joinedAt" from points_account where tenant_id = $1 order by balance desc, person_id limit $2`, [tenantId, limit])
}

export async function pointsTotals(tx: Tx, tenantId: number): Promise<{ persons: number; balance: number; earned: number; spent: number }> {
  const [row] = await tx.query<{ persons: number; balance: number; earned: number; spent: number }>(
    `select count(*) as persons, coalesce(sum(balance), 0)::bigint as balance, coalesce(sum(earned), 0)::bigint as earned, coalesce(sum(spent), 0)::bigint as spent from points_account where tenant_id = $1`, [tenantId])
  return row
}
