import type { Instant } from './kernel/clock.ts'
import type { Job } from './kernel/job/index.ts'
import { liveReadKind } from './acquire/live-session/index.ts'
import { contactBackfillKind } from './retain/contact/index.ts'
import { tagSyncKind } from './retain/tag/index.ts'
import { productBackfillKind } from './sell/catalog/index.ts'
import { shopBackfillKind } from './sell/order/index.ts'
import { readyAt, shopFundsJob, statementJob } from './sell/settlement/index.ts'
import { saleDate } from './kernel/calendar.ts'

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
      // The wallet is read flow by flow: from the start where both ledgers are kept, else when reconciliation is begun on its page.
      ...(blockOn('mall') ? [shopFundsJob(connectionId, from - 1, at)] : []),
    ]
  }
  if (line === 'pay') return [statementJob(connectionId, saleDate(from), readyAt(saleDate(from)))]
  if (line === 'channels') return [job(liveReadKind)]
  return line === 'wecom' ? [job(contactBackfillKind), job(tagSyncKind)] : []
}
