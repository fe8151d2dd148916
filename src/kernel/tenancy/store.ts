import type { Instant } from '../clock.ts'
import type { Db, Tx } from '../db/index.ts'

export type Tenant = { tenantId: number; slug: string; name: string; world: string; createdAt: Instant; origin: Record<string, unknown> }
export type CallbackRoute = { routeKey: string; tenantId: number; connectionId: string }

const columns = `tenant_id as "tenantId", slug, name, world, created_at as "createdAt", origin`

/** Ids are small and dense: the next free number, under a lock so that two starts do not take the same. */
export async function createTenant(tx: Tx, tenant: Omit<Tenant, 'tenantId'>): Promise<number> {
  await tx.query(`select pg_advisory_xact_lock(7239847)`)
  const [{ next }] = await tx.query<{ next: number }>(`select coalesce(max(tenant_id), 0) + 1 as next from tenant`)
  await tx.run(`insert into tenant (tenant_id, slug, name, world, created_at, origin) values ($1, $2, $3, $4, $5, $6)`, [next, tenant.slug, tenant.name, tenant.world, tenant.createdAt, JSON.stringify(tenant.origin)])
  return next
}

export async function findTenant(tx: Tx, by: { slug: string } | { tenantId: number }): Promise<Tenant | undefined> {
  const [row] = 'slug' in by
    ? await tx.query<Tenant>(`select ${columns} from tenant where slug = $1`, [by.slug])
    : await tx.query<Tenant>(`select ${columns} from tenant where tenant_id = $1`, [by.tenantId])
  return row
}

export function listTenants(tx: Tx): Promise<Tenant[]> {
  return tx.query<Tenant>(`select ${columns} from tenant order by tenant_id`)
}

export function listBlocks(tx: Tx, tenantId: number): Promise<Array<{ block: string; onSince: Instant | null }>> {
  return tx.query(`select block, on_since as "onSince" from block where tenant_id = $1 order by block`, [tenantId])
}

export async function switchBlock(tx: Tx, tenantId: number, block: string, on: boolean, now: Instant): Promise<void> {
  await tx.run(
    `insert into block (tenant_id, block, on_since, changed_at) values ($1, $2, $3, $4)
     on conflict (tenant_id, block) do update set on_since = excluded.on_since, changed_at = excluded.changed_at`,
    [tenantId, block, on ? now : null, now],
  )
}

export async function readSetting<T>(tx: Tx, tenantId: number, key: string): Promise<T | undefined> {
  const [row] = await tx.query<{ value: T }>(`select value from setting where tenant_id = $1 and key = $2`, [tenantId, key])
  return row?.value
}

export async function writeSetting(tx: Tx, tenantId: number, key: string, value: unknown, now: Instant): Promise<void> {
  await tx.run(
    `insert into setting (tenant_id, key, value, changed_at) values ($1, $2, $3, $4)
     on conflict (tenant_id, key) do update set value = excluded.value, changed_at = excluded.changed_at`,
    [tenantId, key, JSON.stringify(value), now],
  )
}

export function listSettings(tx: Tx, tenantId: number): Promise<Array<{ key: string; value: unknown; changedAt: Instant }>> {
  return tx.query(`select key, value, changed_at as "changedAt" from setting where tenant_id = $1 order by key`, [tenantId])
}

export function listRoutes(tx: Tx): Promise<CallbackRoute[]> {
  return tx.query(`select route_key as "routeKey", tenant_id as "tenantId", connection_id as "connectionId" from callback_route order by route_key`)
}

export async function addRoute(tx: Tx, route: CallbackRoute): Promise<void> {
  await tx.run(`insert into callback_route (route_key, tenant_id, connection_id) values ($1, $2, $3) on conflict (route_key) do nothing`, [route.routeKey, route.tenantId, route.connectionId])
}

/**
 * Tenants with anything due, oldest work first. Each tenant is asked with the clock of its own world, so this only returns the earliest
 * instant per tenant; the caller compares.
 */
export async function tenantsWithWork(db: Db): Promise<Array<{ tenantId: number; world: string; dueAt: Instant }>> {
  return db.tx({ role: 'scheduler' }, (tx) =>
    tx.query(
      `/* citus: the scheduler lists who has work; claims are made inside one tenant */
       select w.tenant_id as "tenantId", t.world, min(w.due_at) as "dueAt" from (
         select tenant_id, min(due_at) as due_at from inbox where state = 'due' group by tenant_id
         union all select tenant_id, min(due_at) from doorbell where wanted > done group by tenant_id
         union all select tenant_id, min(due_at) from outbox where state = 'due' group by tenant_id
         union all select tenant_id, min(due_at) from job group by tenant_id
         union all select tenant_id, min(due_at) from event_delivery group by tenant_id
       ) w join tenant t on t.tenant_id = w.tenant_id group by w.tenant_id, t.world order by 3, 1`,
    ),
  )
}

/** The earliest instant after `now` at which something of a world's tenants becomes due. */
export async function nextWorkAfter(db: Db, world: string, now: Instant): Promise<Instant | undefined> {
  const [row] = await db.tx({ role: 'scheduler' }, (tx) =>
    tx.query<{ at: Instant | null }>(
      `/* citus: the clock of an emulated world asks for the next due instant of all its tenants */
       select min(w.due_at) as at from (
         select tenant_id, due_at from inbox where state = 'due' and due_at > $2
         union all select tenant_id, due_at from doorbell where wanted > done and due_at > $2
         union all select tenant_id, due_at from outbox where state = 'due' and due_at > $2
         union all select tenant_id, due_at from job where due_at > $2
         union all select tenant_id, due_at from event_delivery where due_at > $2
       ) w join tenant t on t.tenant_id = w.tenant_id where t.world = $1`,
      [world, now],
    ),
  )
  return row?.at ?? undefined
}
