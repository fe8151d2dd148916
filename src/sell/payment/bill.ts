import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { PaymentPlatform } from './ports.ts'
import { closeAttempts, endTarget, recorderOf, settlePayments, type Ending } from './settle.ts'
import { billsByIds, insertBill, lockBills, updateBill, type PayBill } from './store.ts'

export const billJobKind = 'pay.bill'
/** How long a bill may be paid. */
export const billWithinMs = 15 * 60_000

export type BillWish = Pick<PayBill, 'kind' | 'personId' | 'buyer' | 'clientKey' | 'miniConnectionId' | 'payConnectionId' | 'title' | 'amountFen' | 'terms'>

/** Makes a bill; the same key of the same buyer is the same bill. At the end of its time it is closed at WeChat Pay. */
export async function openBill(tx: Tx, tenantId: number, wish: BillWish, now: Instant, ids: Ids): Promise<PayBill> {
  const bill = await insertBill(tx, tenantId, { ...wish, billId: ids.next().replaceAll('-', ''), refundedFen: 0, state: 'unpaid', madeAt: now, expiresAt: now + billWithinMs, paidAt: null, transactionId: null })
  await putJobs(tx, tenantId, bill.state === 'unpaid' ? [{ kind: billJobKind, key: bill.billId, dueAt: bill.expiresAt, state: { billId: bill.billId } }] : [])
  return bill
}

/** The end of an unpaid bill: asked first, then closed, then told to whoever made it. */
export function expireBills(platform: PaymentPlatform): JobHandler {
  return {
    kind: billJobKind,
    async prepare(work, job): Promise<Ending> {
      const { billId } = job.state as { billId: string }
      const bill = (await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => billsByIds(tx, work.tenantId, [billId]))).get(billId)
      return bill?.state === 'unpaid' ? endTarget(platform, work, billId, bill.payConnectionId) : { kind: 'none' }
    },
    async run(work, tx, job, prepared) {
      const ending = prepared as Ending
      const { billId } = job.state as { billId: string }
      if (ending.kind === 'paid') await settlePayments(tx, recorderOf(work), platform, [ending.payment], 'backfill')
      if (ending.kind === 'closed') {
        const bill = (await lockBills(tx, work.tenantId, [billId])).get(billId)
        await closeAttempts(tx, work.tenantId, billId)
        if (bill?.state === 'unpaid') {
          await updateBill(tx, work.tenantId, { ...bill, state: 'closed' })
          await platform.bills?.[bill.kind].closed(tx, recorderOf(work), { ...bill, state: 'closed' })
        }
      }
      return null
    },
  }
}
