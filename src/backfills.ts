import type { Instant } from './kernel/clock.ts'
import type { Job } from './kernel/job/index.ts'
import { liveReadKind } from './acquire/live-session/index.ts'
import { contactBackfillKind } from './retain/contact/index.ts'
import { tagSyncKind } from './retain/tag/index.ts'
import { productBackfillKind } from './sell/catalog/index.ts'
import { shopBackfillKind } from './sell/order/index.ts'

/**
 * Back-fill jobs of an account (补拉): callbacks can be lost, so each line has something that compares and repairs. Put when the account is connected
 * and when a block is switched on; putting a job that exists moves it earlier and keeps its state.
 */
export function backfillJobs(line: string, connectionId: string, at: Instant, from: Instant, blockOn: (block: 'mall') => boolean): Array<Omit<Job, 'attempts'>> {
  const job = (kind: string, state: Record<string, unknown> = {}): Omit<Job, 'attempts'> => ({ kind, key: connectionId, dueAt: at, state: { connectionId, ...state } })
  if (line === 'shop') {
    return [
      job(shopBackfillKind, { doneUpTo: from - 1 }),
      // Products are fetched where there is a second shelf to put them on; otherwise their callbacks are enough.
      ...(blockOn('mall') ? [job(productBackfillKind)] : []),
    ]
  }
  if (line === 'channels') return [job(liveReadKind)]
  return line === 'wecom' ? [job(contactBackfillKind), job(tagSyncKind)] : []
}
