import type { FastifyInstance } from 'fastify'
import { manualClock, systemTimers } from '../../src/kernel/clock.ts'
import { readConfig } from '../../src/kernel/config.ts'
import type { PlatformAnswer } from '../../src/kernel/engine/index.ts'
import type { AnyRoute } from '../../src/kernel/http/index.ts'
import type { Ids } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { seededRandom, type Random } from '../../src/kernel/random.ts'
import { createSeal, type Seal } from '../../src/kernel/seal.ts'
import { createHouse, type House } from '../../src/house.ts'
import { createServer } from '../../src/server.ts'
import { stages } from '../../src/stages.ts'
import { makeTenant, start, testIds } from './fixtures.ts'
import { openTestDb, type TestDb } from './test-db.ts'

/** The whole house on a test database, with a clock that stands still and a platform that answers what the test says. No HTTP port is opened. */
export type TestHouse = TestDb & {
  house: House
  clock: ReturnType<typeof manualClock>
  seal: Seal
  random: Random
  ids: Ids
  merchant(slug: string, world?: string): Promise<number>
  server(routes?: readonly AnyRoute[]): Promise<FastifyInstance>
}

export async function openTestHouse(options: { masterKey?: Buffer; platform?: (endpoint: string, request: unknown) => PlatformAnswer } = {}): Promise<TestHouse> {
  const t = await openTestDb()
  const clock = manualClock(start)
  const random = seededRandom('house')
  const ids = testIds('house')
  const seal = createSeal(options.masterKey ?? Buffer.alloc(32, 1), random)
  const house = await createHouse({
    config: readConfig({}).config, db: t.db, processClock: clock, worldClock: () => clock, timers: systemTimers, random, ids, log: silentLog, seal, stages, repeatOf: () => 'safe',
    call: async (_tenant, _connection, endpoint, request) => options.platform?.(endpoint, request) ?? { kind: 'no-answer', text: 'nobody answers in this test' },
  })
  const apps: FastifyInstance[] = []
  return {
    ...t, house, clock, seal, random, ids,
    async merchant(slug, world) {
      const tenantId = await makeTenant(t, slug, world)
      await house.refresh()
      return tenantId
    },
    async server(routes = []) {
      const app = await createServer({ house, routes, metrics: async () => '# none\n', ready: () => true, secure: false })
      apps.push(app)
      return app
    },
    async close() {
      for (const app of apps) await app.close()
      await house.close()
      await t.close()
    },
  }
}
