import { manualClock, type Instant } from '../../src/kernel/clock.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { ringDoorbells } from '../../src/kernel/doorbell/index.ts'
import type { Work } from '../../src/kernel/engine/index.ts'
import { emit, type DomainEvent } from '../../src/kernel/event/index.ts'
import { uuidIds } from '../../src/kernel/ids.ts'
import { seededRandom } from '../../src/kernel/random.ts'

/** What the engine gives a handler, without an engine: events are stored and kept in `told`, nobody hears them. */
export function testWork(tenantId: number, now: Instant, seed: string): Work & { told: DomainEvent[] } {
  const clock = manualClock(now)
  const random = seededRandom(seed)
  const told: DomainEvent[] = []
  return {
    tenantId, now, clock, random, ids: uuidIds(clock, random), told,
    async emit(tx: Tx, events) {
      told.push(...events)
      await emit(tx, tenantId, events, () => [])
    },
    ring: (tx, bells) => ringDoorbells(tx, tenantId, bells),
  }
}
