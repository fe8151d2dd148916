import { join } from 'node:path'
import pg from 'pg'
import { migrate, readMigrations, startPostgres } from '../../kernel/db/index.ts'
import { packageRoot } from '../../root.ts'

/** Where worlds get their databases: a disposable cluster with one migrated template, copied for every world. */
export type Cluster = {
  config(database: string, user?: string): pg.ClientConfig
  template: string
  /** Process id of the server; 0 when it is somebody else's. */
  pid: number
  stop(): Promise<void>
}

const template = 'qz_world'

/**
 * A world is too short to be analysed, and of tables it knows nothing about PostgreSQL supposes 200 merchants: it would read all rows of "one of them" to
 * find three by their keys. There is one.
 */
const oneTenant = `
  select pg_restore_attribute_stats('schemaname', 'public', 'relname', c.relname::text, 'attname', a.attname::text, 'inherited', false,
    'version', current_setting('server_version_num')::int, 'null_frac', 0::real, 'avg_width', 8, 'n_distinct', 1::real)
  from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id'`

export async function openCluster(): Promise<Cluster> {
  const server = await startPostgres({ profile: 'disposable', memory: true })
  try {
    await withClient(server.config('postgres'), (client) => client.query(`create database ${template}`))
    await migrate(server.config(template), readMigrations(join(packageRoot, 'migrations')), 0)
    await withClient(server.config(template), (client) => client.query(oneTenant))
  } catch (error) {
    await server.stop()
    throw error
  }
  return { config: server.config, template, pid: server.pid, stop: server.stop }
}

export async function makeDatabase(cluster: Cluster, name: string): Promise<void> {
  await withClient(cluster.config('postgres'), async (client) => {
    await client.query(`drop database if exists ${name} with (force)`)
    await client.query(`create database ${name} template ${cluster.template} strategy file_copy`)
  })
}

export async function dropDatabase(cluster: Cluster, name: string): Promise<void> {
  await withClient(cluster.config('postgres'), (client) => client.query(`drop database if exists ${name} with (force)`))
}

async function withClient<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config)
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
