import { createInterface } from 'node:readline'
import type pg from 'pg'
import { manualClock, systemClock } from '../../src/kernel/clock.ts'
import { openDb } from '../../src/kernel/db/index.ts'
import { uuidIds } from '../../src/kernel/ids.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { createCheckoutQueue, type Wish } from '../../src/sell/checkout/index.ts'

/** A server process of its own: its connections, its queue. One line in is a buyer's wish, one line out its answer. */
const { config, tenantId, now } = JSON.parse(process.argv[2]) as { config: pg.ClientConfig; tenantId: number; now: number }
const db = openDb({ ...config, max: 4 })
const place = createCheckoutQueue({ db, ids: uuidIds(systemClock, systemRandom), clockOf: () => manualClock(now) })
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

createInterface({ input: process.stdin }).on('line', (line) => {
  const wish = JSON.parse(line) as Wish
  place(tenantId, wish).then(
    (placed) => say({ key: wish.clientKey, kind: placed.kind }),
    (error: unknown) => say({ key: wish.clientKey, kind: 'failed', error: String(error) }),
  )
})
say({ ready: true })
