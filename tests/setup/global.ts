import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate, readMigrations, startPostgres } from '../../src/kernel/db/index.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The cluster of this run; `openTestDb` copies its template database. */
    postgres: { host: string; port: number }
  }
}

/** Runs once before the suite: one disposable PostgreSQL, one migrated template database. Everything is gone when the run ends. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres({ profile: 'disposable', memory: true })
  try {
    await makeTemplate((database) => server.config(database))
  } catch (error) {
    await server.stop()
    throw error
  }
  project.provide('postgres', { host: server.host, port: server.port })
  return () => server.stop()
}

export const template = 'qz_template'

export async function makeTemplate(config: (database: string) => pg.ClientConfig): Promise<void> {
  const client = new pg.Client(config('postgres'))
  await client.connect()
  await client.query(`create database ${template}`)
  await client.end()
  await migrate(config(template), readMigrations(join(import.meta.dirname, '../../migrations')), 0)
}
