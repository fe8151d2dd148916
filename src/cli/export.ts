import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { createGunzip, createGzip } from 'node:zlib'
import pg from 'pg'
import { systemClock } from '../kernel/clock.ts'
import { createTenant } from '../kernel/tenancy/index.ts'
import type { Runtime } from '../runtime.ts'
import { callControl, cliFault, openLocked, readEffective, runningServer } from './control.ts'
import { report } from './output.ts'

/**
 * A merchant's whole data as one gzipped file of JSON lines: a head, then every row of every tenant table in key order. Secrets and personal keys
 * travel sealed: they open only where the same master key is. An import gives the rows a new tenant id.
 */
const skip = new Set(['wechat_token'])

async function tenantTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relkind = 'r' and c.relrowsecurity and c.relnamespace = 'public'::regnamespace and c.relname <> 'tenant' order by 1`,
  )
  return rows.map((row) => row.name).filter((name) => !skip.has(name))
}

/** Parents before children, so that foreign keys hold on import. */
async function ordered(client: pg.Client, tables: string[]): Promise<string[]> {
  const { rows } = await client.query<{ child: string; parent: string }>(`select conrelid::regclass::text as child, confrelid::regclass::text as parent from pg_constraint where contype = 'f'`)
  const done: string[] = []
  const visit = (table: string): void => {
    if (done.includes(table)) return
    for (const { parent } of rows.filter((row) => row.child === table && row.parent !== table)) if (tables.includes(parent)) visit(parent)
    done.push(table)
  }
  for (const table of tables) visit(table)
  return done
}

export async function exportTenantTo(runtime: Runtime, input: { tenant: string; out: string }): Promise<{ tenant: string; tables: Record<string, number>; file: string }> {
  const tenant = runtime.house.tenants().find((one) => one.slug === input.tenant)
  if (!tenant) throw cliFault('cli/no-tenant', { slug: input.tenant, known: runtime.house.tenants().map((one) => one.slug).join(', ') })
  const client = new pg.Client(runtime.databaseConfig)
  await client.connect()
  const gzip = createGzip()
  const file = createWriteStream(input.out)
  gzip.pipe(file)
  const write = async (value: unknown): Promise<void> => {
    if (!gzip.write(`${JSON.stringify(value)}\n`)) await once(gzip, 'drain')
  }
  const counts: Record<string, number> = {}
  try {
    await client.query('begin isolation level repeatable read read only')
    const tables = await ordered(client, await tenantTables(client))
    await write({ kind: 'qingzhou-export', v: 1, tenant: { slug: tenant.slug, name: tenant.name, world: tenant.world, createdAt: tenant.createdAt, origin: tenant.origin }, tables })
    for (const table of tables) {
      counts[table] = 0
      await client.query(`declare rows cursor for select to_jsonb(t) - 'tenant_id' as row from ${table} t where tenant_id = ${tenant.tenantId} order by t`)
      for (;;) {
        const { rows } = await client.query<{ row: unknown }>('fetch 2000 from rows')
        if (rows.length === 0) break
        for (const { row } of rows) await write({ t: table, r: row })
        counts[table] += rows.length
      }
      await client.query('close rows')
    }
    await write({ kind: 'end', counts })
    await client.query('commit')
  } finally {
    await client.end()
    gzip.end()
  }
  await once(file, 'close')
  return { tenant: tenant.slug, tables: counts, file: input.out }
}

export async function importTenantFrom(runtime: Runtime, input: { from: string; slug?: string }): Promise<{ tenant: string; tables: Record<string, number> }> {
  const client = new pg.Client(runtime.databaseConfig)
  await client.connect()
  const counts: Record<string, number> = {}
  let slug = input.slug
  let ended = false
  try {
    const lines = createInterface({ input: createReadStream(input.from).pipe(createGunzip()), crlfDelay: Infinity })
    let tenantId = 0
    let batch: unknown[] = []
    let table = ''
    const flush = async (): Promise<void> => {
      if (batch.length === 0) return
      await client.query(`insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`, [JSON.stringify(batch)])
      counts[table] = (counts[table] ?? 0) + batch.length
      batch = []
    }
    await client.query('begin')
    let known: string[] = []
    for await (const line of lines) {
      const value = JSON.parse(line) as { kind?: string; tenant?: { slug: string; name: string; world: string; createdAt: number; origin: Record<string, unknown> }; t?: string; r?: Record<string, unknown>; counts?: Record<string, number> }
      if (value.kind === 'qingzhou-export') {
        known = await tenantTables(client)
        slug = slug ?? value.tenant!.slug
        if (runtime.house.tenants().some((one) => one.slug === slug)) throw cliFault('cli/unknown', { what: slug!, known: 'a short name that is not taken (--slug)' })
        tenantId = await createTenant({ scope: { role: 'auth' }, query: async (text, params) => (await client.query(text, params as unknown[])).rows as never, run: async (text, params) => (await client.query(text, params as unknown[])).rowCount ?? 0 }, {
          slug: slug!, name: value.tenant!.name, world: value.tenant!.world, createdAt: Number(value.tenant!.createdAt), origin: { ...value.tenant!.origin, importedAt: systemClock.now() },
        })
        tenantId = Number(tenantId)
        continue
      }
      if (value.kind === 'end') {
        await flush()
        ended = true
        for (const [name, count] of Object.entries(value.counts!)) if ((counts[name] ?? 0) !== count) throw cliFault('cli/unknown', { what: `${name}: ${counts[name] ?? 0} rows`, known: `${count} rows` })
        continue
      }
      if (value.t === undefined || !known.includes(value.t)) throw cliFault('cli/unknown', { what: String(value.t), known: known.join(', ') })
      if (value.t !== table || batch.length >= 1000) {
        await flush()
        table = value.t
      }
      batch.push({ ...value.r, tenant_id: tenantId })
    }
    if (!ended) throw cliFault('cli/unknown', { what: 'a file that ends early', known: 'a whole export' })
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    await client.end()
  }
  await runtime.house.refresh()
  return { tenant: slug!, tables: counts }
}

export async function exportTenant(options: { tenant: string; out: string; json?: boolean }): Promise<void> {
  const config = readEffective()
  const input = { tenant: options.tenant, out: resolve(options.out) }
  const running = runningServer(config)
  let result: Awaited<ReturnType<typeof exportTenantTo>>
  if (running?.socket) result = (await callControl(running.socket, 'export', input, () => {})) as typeof result
  else {
    const runtime = await openLocked({ config: { ...config, sea: 'off' }, say: () => {}, anyPort: true, logLevel: 'error' })
    try {
      result = await exportTenantTo(runtime, input)
    } finally {
      await runtime.close()
    }
  }
  report(options.json, result, [`${result.tenant}: ${Object.values(result.tables).reduce((a, b) => a + b, 0)} rows in ${result.file}`])
}

export async function importTenant(options: { from: string; slug?: string; json?: boolean }): Promise<void> {
  const from = resolve(options.from)
  if (!existsSync(from)) throw cliFault('cli/file-missing', { file: from })
  const runtime = await openLocked({ config: readEffective({ sea: 'off' }), say: () => {}, anyPort: true, logLevel: 'error' })
  try {
    const result = await importTenantFrom(runtime, { from, slug: options.slug })
    report(options.json, result, [`${result.tenant}: ${Object.values(result.tables).reduce((a, b) => a + b, 0)} rows imported`])
  } finally {
    await runtime.close()
  }
}
