import { describe, expect, test } from 'vitest'
import { checkStatement, exemption, tenantTables } from './setup/citus-rules.ts'
import { filesBelow, sqlOf } from './setup/source.ts'

/** Statements that may look over all tenants. The number is pinned: one more needs a reason that a reviewer reads. */
const exemptionsMax = 8
/** Statements that can only be read once they are put together. */
const unreadMax = 14

const stores = filesBelow('src', '.ts').filter((path) => !path.endsWith('.test.ts') && !path.startsWith('src/emulator/') && !path.startsWith('src/math/') && !path.startsWith('src/cli/') && !path.startsWith('src/simulation/')) // cli and the simulator's checkers: whole tables by name, as the owner
const statements = stores.flatMap((path) => sqlOf(path).map((one) => ({ ...one, path })))

describe('statements that a distributed PostgreSQL accepts', () => {
  test('the tenant tables are known', () => {
    expect(tenantTables.has('shop_order')).toBe(true)
    expect(tenantTables.has('tenant')).toBe(false)
    expect(tenantTables.size).toBeGreaterThan(25)
  })

  test('every statement written in src passes', async () => {
    expect(statements.length).toBeGreaterThan(60)
    const problems: string[] = []
    let unread = 0
    for (const { path, line, sql, dynamic } of statements) {
      for (const problem of await checkStatement(sql)) {
        // Put together at run time from more than constants: what was really sent is checked when the tests of the module close their database.
        if (dynamic && problem.startsWith('it does not parse')) unread++
        else problems.push(`${path}:${line}: ${problem}`)
      }
    }
    expect(problems).toEqual([])
    expect(unread).toBeLessThanOrEqual(unreadMax)
  })

  test('exemptions carry a reason and stay few', () => {
    const exempt = statements.filter(({ sql }) => exemption(sql) !== undefined)
    for (const { path, sql } of exempt) expect(exemption(sql)!.length, path).toBeGreaterThan(10)
    expect(exempt.length).toBeLessThanOrEqual(exemptionsMax)
  })
})

describe('control: what the rules refuse', () => {
  test.each([
    ['a read without a tenant', 'select * from shop_order where order_id = $1', 'shop_order is not tied'],
    ['a tenant compared by order, not by equality', 'select * from shop_order where tenant_id >= $1', 'is not tied'],
    ['a tenant that is only one of two ways', 'select * from shop_order where tenant_id = $1 or order_id = $2', 'is not tied'],
    ['a join that forgets the second table', 'select * from shop_order o join order_line l on l.order_id = o.order_id where o.tenant_id = $1', 'order_line (l) is not tied'],
    ['a subquery that forgets it', 'select 1 from shop_order o where o.tenant_id = $1 and exists (select 1 from refund r where r.order_id = o.order_id)', 'refund (r) is not tied'],
    ['an update over all tenants', 'update job set due_at = $1', 'job is not tied'],
    ['a delete over all tenants', 'delete from job where kind = $1', 'job is not tied'],
    ['an insert that takes the tenant from a row', 'insert into job (tenant_id, kind) select r.t, r.k from unnest($1::bigint[], $2::text[]) as r(t, k)', 'takes tenant_id from a row'],
    ['an insert that leaves the tenant out', 'insert into job (kind) values ($1)', 'names no tenant_id'],
    ['a clock in DO UPDATE', 'insert into job (tenant_id, kind) values ($1, $2) on conflict (tenant_id, kind) do update set due_at = extract(epoch from now())', 'now() in DO UPDATE'],
    ['current_timestamp in DO UPDATE', 'insert into setting (tenant_id, key) values ($1, $2) on conflict (tenant_id, key) do update set changed_at = current_timestamp', 'the clock in DO UPDATE'],
    ['locks across tenants, exempt or not', '/* citus: said to be fine */ select 1 from job where due_at < $1 for update skip locked', 'locked across tenants'],
    ['grouping sets', 'select status, count(*) from shop_order where tenant_id = $1 group by rollup (status)', 'grouping sets'],
  ])('%s', async (_what, sql, expected) => {
    expect((await checkStatement(sql)).join('; ')).toContain(expected)
  })

  test.each([
    ['an equality through a join', 'select * from shop_order o join order_line l on l.tenant_id = o.tenant_id and l.order_id = o.order_id where o.tenant_id = $1'],
    ['a lateral query', 'select 1 from unnest($2::text[]) as r(id) left join lateral (select 1 from order_line l where l.tenant_id = $1 and l.order_id = r.id limit 1) x on true'],
    ['a correlated query', 'select (select count(*) from order_line l where l.tenant_id = o.tenant_id) from shop_order o where o.tenant_id = $1'],
    ['a named query', 'with due as (select outbox_id from outbox where tenant_id = $1 for update skip locked) update outbox set attempts = 1 from due where outbox.tenant_id = $1 and outbox.outbox_id = due.outbox_id'],
    ['an exempt look over all tenants', '/* citus: the scheduler lists who has work */ select tenant_id, min(due_at) from job group by tenant_id'],
  ])('and what they let through: %s', async (_what, sql) => {
    expect(await checkStatement(sql)).toEqual([])
  })
})
