import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tenantTables } from './setup/citus-rules.ts'
import { openTestDb, type TestDb } from './setup/test-db.ts'

let t: TestDb
beforeAll(async () => {
  t = await openTestDb()
})
afterAll(() => t.close())

const rows = async <R>(sql: string): Promise<R[]> => (await t.owner.query(sql)).rows as R[]

/** Tables that belong to nobody in particular: small, the same everywhere, reference tables on a distributed database. */
const globalTables = ['app_user', 'callback_route', 'login_link', 'migration', 'tenant', 'user_session']

/** Expected values, not money that was booked: they may be fractions. */
const estimates = new Set(['plan_row.value_fen'])

type Key = { table: string; name: string; kind: string; columns: string[]; parent: string | null; onDelete: string }
const keysSql = `
  select c.conrelid::regclass::text as "table", c.conname as name, c.contype::text as kind, c.confdeltype::text as "onDelete", case when c.confrelid <> 0 then c.confrelid::regclass::text end as parent,
    array(select a.attname::text from unnest(c.conkey) with ordinality k(n, o) join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.n order by k.o) as columns
  from pg_constraint c where c.connamespace = 'public'::regnamespace and c.contype in ('p', 'u', 'f') order by 1, 2`

/** What is wrong with the schema as it stands; empty when every rule holds. */
async function problems(): Promise<string[]> {
  const found: string[] = []
  const tables = (await rows<{ name: string; rls: boolean; forced: boolean; tenant: boolean }>(
    `select c.relname as name, c.relrowsecurity as rls, c.relforcerowsecurity as forced, exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as tenant
     from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace order by 1`)).filter((table) => !globalTables.includes(table.name))
  for (const table of tables) {
    if (!table.tenant) found.push(`${table.name} has no tenant_id and is not on the list of global tables`)
    if (!table.rls || !table.forced) found.push(`${table.name}: row-level security is not forced`)
    if (!tenantTables.has(table.name)) found.push(`${table.name} is unknown to the rules for statements (give it its policy in the loop at the end of its migration)`)
  }
  const names = new Set(tables.map((table) => table.name))
  for (const key of await rows<Key>(keysSql)) {
    if (!names.has(key.table)) continue
    if (key.columns[0] !== 'tenant_id') found.push(`${key.table}.${key.name} (${key.columns.join(', ')}) does not lead with tenant_id`)
    if (key.kind === 'f' && (key.onDelete === 'n' || key.onDelete === 'd')) found.push(`${key.table}.${key.name} sets columns on delete`)
    if (key.kind === 'f' && !names.has(key.parent!)) found.push(`${key.table}.${key.name} points at ${key.parent}, which is not a table of the same tenant`)
  }
  for (const table of names) if (!(await rows(`select 1 from pg_constraint where conrelid = '${table}'::regclass and contype = 'p'`)).length) found.push(`${table} has no primary key`)
  for (const { name, first, unique } of await rows<{ name: string; first: string; unique: boolean; table: string }>(
    `select i.indexrelid::regclass::text as name, i.indrelid::regclass::text as table, i.indisunique as unique, coalesce((select a.attname::text from pg_attribute a where a.attrelid = i.indrelid and a.attnum = i.indkey[0]), '?') as first
     from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
     -- An index of words cannot lead with a number: its rows are narrowed by the policy after it was asked.
     where c.relnamespace = 'public'::regnamespace and m.amname <> 'gin' and c.relname <> all(array[${globalTables.map((g) => `'${g}'`).join(',')}])`)) {
    if (first !== 'tenant_id') found.push(`the ${unique ? 'unique ' : ''}index ${name} leads with ${first}`)
  }
  const policies = await rows<{ table: string; role: string; using: string | null; check: string | null }>(
    `select tablename::text as "table", roles[1]::text as role, qual as using, with_check as "check" from pg_policies where schemaname = 'public'`)
  for (const table of names) {
    const mine = policies.filter((policy) => policy.table === table && policy.role === 'qz_app')
    if (mine.length !== 1) found.push(`${table} has ${mine.length} policies for the app`)
    for (const policy of mine) for (const expression of [policy.using, policy.check]) if (!expression || !/^\(tenant_id = \(NULLIF\(current_setting\('app\.tenant'::text, true\), ''::text\)\)::bigint\)$/.test(expression)) found.push(`${table}: the policy of the app is ${expression}`)
  }
  for (const { name, options } of await rows<{ name: string; options: string | null }>(`select relname as name, array_to_string(reloptions, ',') as options from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace`)) {
    if (!/security_invoker=(true|on)/.test(options ?? '')) found.push(`the view ${name} looks with the eyes of its owner, past row-level security: create it with (security_invoker = true)`)
  }
  for (const { name } of await rows<{ name: string }>(`select tgrelid::regclass || '.' || tgname as name from pg_trigger where not tgisinternal`)) found.push(`trigger ${name}`)
  for (const { name, expression } of await rows<{ name: string; expression: string }>(
    `select d.adrelid::regclass || '.' || a.attname as name, pg_get_expr(d.adbin, d.adrelid) as expression from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum`)) {
    if (/now\(|current_|clock_timestamp|random|nextval|gen_/i.test(expression)) found.push(`${name} defaults to ${expression}`)
  }
  for (const { name } of await rows<{ name: string }>(`select attrelid::regclass || '.' || attname as name from pg_attribute where attidentity <> ''`)) found.push(`${name} is an identity column`)
  for (const { name, column, type } of await rows<{ name: string; column: string; type: string }>(
    `select c.relname || '.' || a.attname as name, a.attname as column, y.typname as type from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type y on y.oid = a.atttypid
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0`)) {
    const isTime = /^(timestamp|timestamptz|date|time|interval|money)$/.test(type)
    if (isTime || (/(_fen|_at)$/.test(column) && type !== 'int8' && !estimates.has(name))) found.push(`${name} is ${type}: times are bigint milliseconds, money is bigint fen`)
  }
  return found
}

/** The schema as text, the same on every PostgreSQL version: tables with columns and keys, indexes, policies and grants. */
async function dump(): Promise<string> {
  const lines: string[] = []
  const columns = await rows<{ table: string; column: string; type: string; needed: boolean }>(
    `select c.relname as "table", a.attname as column, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as needed from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum`)
  const keys = await rows<{ table: string; text: string }>(`select conrelid::regclass::text as "table", pg_get_constraintdef(oid) as text from pg_constraint where connamespace = 'public'::regnamespace and contype in ('p', 'u', 'f', 'c') order by 1, 2`)
  const indexes = await rows<{ table: string; text: string }>(
    `select tablename::text as "table", regexp_replace(indexdef, ' ON public\\.', ' on ') as text from pg_indexes i where schemaname = 'public'
       and not exists (select 1 from pg_constraint c where c.conname = i.indexname and c.conrelid = (quote_ident(i.tablename))::regclass) order by indexname`)
  const policies = await rows<{ table: string; text: string }>(`select tablename::text as "table", policyname || ' to ' || roles[1] || ' for ' || lower(cmd) as text from pg_policies where schemaname = 'public' order by 1, 2`)
  const grants = await rows<{ table: string; text: string }>(
    `select table_name::text as "table", grantee || ': ' || string_agg(lower(privilege_type), ', ' order by privilege_type) as text from information_schema.role_table_grants
     where table_schema = 'public' and grantee like 'qz\\_%' and grantee <> 'qz_owner' group by table_name, grantee order by 1, 2`)
  for (const table of new Set(columns.map((row) => row.table))) {
    lines.push('', table)
    for (const row of columns.filter((c) => c.table === table)) lines.push(`  ${row.column} ${row.type}${row.needed ? ' not null' : ''}`)
    for (const [label, list] of [['key', keys], ['index', indexes], ['policy', policies], ['grant', grants]] as const) for (const row of list.filter((r) => r.table === table)) lines.push(`  ${label}: ${row.text}`)
  }
  return `${lines.join('\n').trim()}\n`
}

describe('the schema', () => {
  test('every rule for tenant tables holds', async () => expect(await problems()).toEqual([]))

  test('is the one of tests/golden/schema.txt: a difference is a migration that was not meant, or a golden file to renew', async () => {
    const file = join(import.meta.dirname, 'golden/schema.txt')
    const now = await dump()
    // Renew it on purpose: delete the file and run this test once.
    if (!existsSync(file)) writeFileSync(file, now)
    expect(now).toBe(readFileSync(file, 'utf8'))
  })
})

describe('control: what the rules find', () => {
  test.each([
    ['a table without a tenant', 'create table bad (id int primary key)', 'bad has no tenant_id'],
    ['a table without row-level security', 'create table bad (tenant_id bigint, id int, primary key (tenant_id, id))', 'row-level security is not forced'],
    ['a key that does not lead with the tenant', 'create table bad (tenant_id bigint, id int, primary key (id, tenant_id))', 'does not lead with tenant_id'],
    ['a unique index over all tenants', 'create unique index bad on setting (key)', 'the unique index bad leads with key'],
    ['a foreign key that sets columns', 'alter table job add column p uuid, add constraint bad foreign key (tenant_id, p) references posting (tenant_id, posting_id) on delete set null', 'sets columns on delete'],
    ['a policy that says something else', 'drop policy tenant_only on job; create policy tenant_only on job to qz_app using (true) with check (true)', 'the policy of the app is true'],
    ['a second policy for the app', 'create policy bad on job to qz_app using (true)', 'job has 2 policies for the app'],
    ['a table whose owner is exempt', 'alter table job no force row level security', 'job: row-level security is not forced'],
    ['a default of the clock', 'alter table job add column bad bigint default extract(epoch from now())', 'defaults to'],
    ['an identity', 'alter table job add column bad bigint generated always as identity', 'identity'],
    ['a trigger', 'create function bad() returns trigger language plpgsql as $$ begin return new; end $$; create trigger bad before insert on job for each row execute function bad()', 'trigger job.bad'],
    ['a view that looks past row-level security', 'create view bad as select * from job', 'the view bad looks with the eyes of its owner'],
    ['a timestamp', 'alter table job add column bad timestamptz', 'times are bigint milliseconds'],
  ])('%s', async (_what, sql, expected) => {
    await t.owner.query('begin')
    try {
      await t.owner.query(sql)
      expect((await problems()).join('\n')).toContain(expected)
    } finally {
      await t.owner.query('rollback')
    }
  })
})
