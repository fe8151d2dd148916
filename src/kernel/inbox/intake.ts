import type { Clock } from '../clock.ts'
import type { Db } from '../db/index.ts'
import type { Ids } from '../ids.ts'
import { insertMessages } from './store.ts'

export type IncomingMessage = { tenantId: number; connectionId: string; digest: string; event: string; message: string }

/**
 * Stores messages for callers that wait for the commit. While one statement is under way, arrivals gather and travel together in the next:
 * the batch is 1 when it is quiet and grows by itself under load, so no timer is needed.
 */
export type Intake = {
  /** Resolves once the message is on disk. */
  store(message: IncomingMessage): Promise<void>
  /** Nothing waiting and nothing under way. */
  idle(): boolean
}

type Waiting = { message: IncomingMessage; done: () => void; fail: (error: unknown) => void }

export function createIntake(db: Db, ids: Ids, clockOf: (tenantId: number) => Clock, maxBatch = 500): Intake {
  let waiting: Waiting[] = []
  let running = 0
  const insert = (batch: readonly Waiting[]): Promise<void> =>
    db.tx({ role: 'intake' }, (tx) => insertMessages(tx, batch.map((one) => ({ ...one.message, receivedAt: clockOf(one.message.tenantId).now() })), ids))
  const storeAlone = (one: Waiting): Promise<void> => insert([one]).then(one.done, one.fail)
  const flush = async (): Promise<void> => {
    running++
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch)
      try {
        await insert(batch)
        for (const one of batch) one.done()
      } catch (error) {
        if (batch.length === 1) batch[0].fail(error)
        else await Promise.all(batch.map((one) => storeAlone(one))) // a message that cannot be stored must not take its neighbours with it
      }
    }
    running--
  }
  return {
    store: (message) =>
      new Promise((done, fail) => {
        waiting.push({ message, done, fail })
        // A second writer only under many waiting callers: one large statement costs the database less than two small ones.
        if (running < 2 && (running === 0 || waiting.length >= 96)) void flush()
      }),
    idle: () => running === 0 && waiting.length === 0,
  }
}
