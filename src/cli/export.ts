import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { once } from 'node:events'
import { createGunzip, createGzip } from 'node:zlib'
import pg from 'pg'
import { resealPersons } from '../book/person/index.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Tx } from '../kernel/db/index.ts'
import { addRoute, createTenant, listRoutes, type Tenant } from '../kernel/tenancy/index.ts'
import { listConnections, resealConnections, setRouteKey } from '../wechat/connection/index.ts'
import type { House } from '../house.ts'
import { callControl, cliFault, openLocked, readEffective, runningServer } from './control.ts'
import { report } from './output.ts'

/**
 * A merchant's whole data as one gzipped file of JSON lines: a head, then every row of every tenant table, parents before children, then the counts.
 * Rows travel as PostgreSQL writes them and are never parsed on the way, so no digit is lost. Secrets and personal keys travel sealed: they open
 * only under the same master key. An import gives the rows a new tenant id; colleagues, tokens and the callback address of another copy stay behind.
 */
const skip = new Set(['wechat_token', 'member'])

export type ExportParts = { house: House; databaseConfig: pg.ClientConfig }
type Head = { kind: string; v: number; tenant: { tenantId: number; slug: string; name: string; world: string; createdAt: number; origin: Record<string, unknown> }; tables: string[] }

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

export async function exportTenantTo(parts: ExportParts, input: { tenant: string; out: string }): Promise<{ tenant: string; tables: Record<string, number>; file: string }> {
  const tenant = parts.house.tenants().find((one) => one.slug === input.tenant)
  if (!tenant) throw cliFault('cli/no-tenant', { slug: input.tenant, known: parts.house.tenants().map((one) => one.slug).join(', ') })
  const client = new pg.Client(parts.databaseConfig)
  await client.connect()
  const gzip = createGzip()
  const file = createWriteStream(input.out)
  const written = finished(gzip.pipe(file))
  written.catch(() => {}) // told below, once the database is done with
  const write = async (line: string): Promise<void> => {
    if (!gzip.write(`${line}\n`)) await Promise.race([once(gzip, 'drain'), written])
  }
  const counts: Record<string, number> = {}
  try {
    await client.query('begin isolation level repeatable read read only')
    const tables = await ordered(client, await tenantTables(client))
    await write(JSON.stringify({ kind: 'qingzhou-export', v: 1, tenant, tables } satisfies Head & { tenant: Tenant }))
    for (const table of tables) {
      counts[table] = 0
      await client.query(`declare rows cursor for select (to_jsonb(t) - 'tenant_id')::text as row from ${table} t where tenant_id = ${tenant.tenantId} order by t`)
      for (;;) {
        const { rows } = await client.query<{ row: string }>('fetch 2000 from rows')
        if (rows.length === 0) break
        for (const { row } of rows) await write(`{"t":"${table}","r":${row}}`)
        counts[table] += rows.length
      }
      await client.query('close rows')
    }
    await write(JSON.stringify({ kind: 'end', counts }))
    await client.query('commit')
  } finally {
    await client.end()
    gzip.end()
  }
  await written
  return { tenant: tenant.slug, tables: counts, file: input.out }
}

export type ImportResult = { tenant: string; tables: Record<string, number>; unreadable: { connections: number; persons: number } }

export async function importTenantFrom(parts: ExportParts, input: { from: string; slug?: string }): Promise<ImportResult> {
  const { house } = parts
  const wrong = (found: string, expected: string): Error => cliFault('cli/bad-export', { file: input.from, found, expected })
  const client = new pg.Client(parts.databaseConfig)
  await client.connect()
  const counts: Record<string, number> = {}
  let head: Head | undefined
  let slug = ''
  let tenantId = 0
  let ended = false
  try {
    // One statement at a time, in order; the failure of one that nobody waits for is thrown by the next that is waited for.
    let last: Promise<unknown> = Promise.resolve()
    const send = (text: string, params?: readonly unknown[]): Promise<pg.QueryResult> => {
      const sent = last.then(() => client.query(text, params as unknown[]))
      last = sent
      return sent
    }
    const asOwner: Tx = {
      scope: { role: 'auth' },
      query: async (text, params) => (await send(text, params)).rows as never,
      run: async (text, params) => (await send(text, params)).rowCount ?? 0,
      write: (text, params) => void send(text, params).catch(() => {}),
    }
    let known: string[] = []
    let batch: string[] = []
    let table = ''
    const columns = new Map<string, string>()
    /** A JSON null becomes an SQL null on its way into a record: where a column may not hold that, JSON null was meant. */
    const columnsOf = async (name: string): Promise<string> => {
      if (!columns.has(name)) {
        const { rows } = await client.query<{ list: string }>(
          `select string_agg(case when atttypid = 'jsonb'::regtype and attnotnull then format('coalesce(%1$I, ''null''::jsonb)', attname) else format('%I', attname) end, ', ' order by attnum) as list
           from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`, [name])
        columns.set(name, rows[0].list)
      }
      return columns.get(name)!
    }
    const flush = async (): Promise<void> => {
      if (batch.length === 0) return
      await client.query(
        `insert into ${table} select ${await columnsOf(table)} from jsonb_populate_recordset(null::${table}, (select jsonb_agg(r || jsonb_build_object('tenant_id', $2::bigint)) from jsonb_array_elements($1::jsonb) r))`,
        [`[${batch.join(',')}]`, tenantId],
      )
      counts[table] = (counts[table] ?? 0) + batch.length
      batch = []
    }
    await client.query('begin')
    for await (const line of createInterface({ input: createReadStream(input.from).pipe(createGunzip()), crlfDelay: Infinity })) {
      const row = /^\{"t":"(\w+)","r":(.*)\}$/s.exec(line)
      if (row) {
        if (!head || !known.includes(row[1])) throw wrong(`rows of ${row[1]}`, `rows of ${known.join(', ') || 'nothing before a head'}`)
        if (row[1] !== table || batch.length >= 1000) {
          await flush()
          table = row[1]
        }
        batch.push(row[2])
        continue
      }
      let value: Partial<Head> & { counts?: Record<string, number> }
      try {
        value = JSON.parse(line) as typeof value
      } catch {
        throw wrong(line.slice(0, 60), 'a line of an export')
      }
      if (value.kind === 'qingzhou-export' && value.v === 1 && head === undefined) {
        head = value as Head
        known = await tenantTables(client)
        slug = input.slug ?? head.tenant.slug
        if (house.tenants().some((one) => one.slug === slug)) throw cliFault('cli/slug-taken', { slug })
        tenantId = Number(await createTenant(asOwner, { slug, name: head.tenant.name, world: head.tenant.world, createdAt: Number(head.tenant.createdAt), origin: { ...head.tenant.origin, importedAt: systemClock.now() } }))
      } else if (value.kind === 'end') {
        await flush()
        ended = true
        for (const [name, count] of Object.entries(value.counts!)) if ((counts[name] ?? 0) !== count) throw wrong(`${counts[name] ?? 0} rows of ${name}`, String(count))
      } else throw wrong(line.slice(0, 60), 'a line of an export')
    }
    if (!head || !ended) throw wrong('a file that ends early', 'a whole export')
    const unreadable = { connections: await resealConnections(asOwner, head.tenant.tenantId, tenantId, house.ports.seal), persons: await resealPersons(asOwner, head.tenant.tenantId, tenantId, house.ports.seal) }
    const taken = new Set((await listRoutes(asOwner)).map((route) => route.routeKey))
    for (const { connectionId, routeKey } of await listConnections(asOwner, tenantId, house.ports.seal)) {
      const key = taken.has(routeKey) ? house.ports.ids.next().replaceAll('-', '') : routeKey
      if (key !== routeKey) await setRouteKey(asOwner, tenantId, connectionId, key)
      await addRoute(asOwner, { routeKey: key, tenantId, connectionId })
    }
    await last
    await client.query('commit')
    const owner = await house.access.findUser('owner')
    if (owner) await house.access.addMember(tenantId, owner.userId, 'owner')
    await house.refresh()
    return { tenant: slug, tables: counts, unreadable }
  } catch (error) {
    await client.query('rollback').catch(() => {})
    if (String((error as { code?: string }).code).startsWith('Z_')) throw wrong((error as Error).message, 'a whole gzip file')
    throw error
  } finally {
    await client.end()
  }
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
    report(options.json, result, [`${result.tenant}: ${Object.values(result.tables).reduce((a, b) => a + b, 0)} rows imported`,
      ...(result.unreadable.connections + result.unreadable.persons > 0 ? [`sealed under another master key: ${result.unreadable.connections} connections need their secrets again, the personal fields of ${result.unreadable.persons} people are lost`] : [])])
  } finally {
    await runtime.close()
  }
}
