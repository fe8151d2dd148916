import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { manualClock } from '../../src/kernel/clock.ts'
import { uuidIds, type Ids } from '../../src/kernel/ids.ts'
import { seededRandom } from '../../src/kernel/random.ts'
import { createTenant } from '../../src/kernel/tenancy/index.ts'
import type { PostgresVersion, TestDb } from './test-db.ts'

/** 9 o'clock on the first of March 2026 in Shanghai: where the tests' worlds begin. */
export const start = Date.parse('2026-03-01T09:00:00+08:00')
export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** Store tests run on the embedded PostgreSQL and, where its package exists for the platform (Linux x64), on the oldest supported one. */
export const postgresVersions: readonly PostgresVersion[] = existsSync(join(import.meta.dirname, `../../node_modules/postgres15-${process.platform}-${process.arch}`)) ? ['current', 'floor'] : ['current']

/** Each id a millisecond after the last, so that they sort as they were made. */
export function testIds(seed: string): Ids {
  const clock = manualClock(start)
  const ids = uuidIds(clock, seededRandom(seed))
  return { next: () => (clock.advance(1), ids.next()) }
}

export const makeTenant = ({ db }: Pick<TestDb, 'db'>, slug: string, world = 'real'): Promise<number> =>
  db.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug, name: slug, world, createdAt: start, origin: { kind: 'test' } }))

/** A connection id that reads well in a failing test. */
export const connectionA = '00000000-0000-7000-8000-00000000000a'
export const connectionB = '00000000-0000-7000-8000-00000000000b'

/** What a statement was refused with, or 'allowed'. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'allowed'
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).message
  }
}
