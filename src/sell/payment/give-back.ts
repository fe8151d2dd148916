import type { Tx } from '../../kernel/db/index.ts'
import { enqueueCalls } from '../../kernel/outbox/index.ts'
import { book } from '../../book/account/index.ts'
import type { Recorder } from '../checkout/index.ts'
import type { PaymentPlatform } from './ports.ts'
import { subMerchant } from './prepay.ts'
import { refundReplyKind } from './refund.ts'
import type { Payment } from './settle.ts'
import { putRefund, raiseAlarm, refundsOfTarget } from './store.ts'

/**
 * A payment that belongs to nothing: a second one for the same order, or one for an order whose end is settled. It is booked on `suspense:pay` until it is back, so that the
 * ledger and the bill agree, and somebody is told.
 */
export async function giveBackPayment(tx: Tx, work: Recorder, platform: PaymentPlatform, wrong: { kind: 'paid-twice' | 'paid-late'; target: string; payConnectionId: string; payment: Payment }): Promise<void> {
  const { tenantId, now, ids } = work
  const { kind, target, payConnectionId, payment } = wrong
  await raiseAlarm(tx, tenantId, { key: `${kind}/${payment.number}`, kind, number: payment.number, detail: { target, transactionId: payment.transactionId, fen: payment.totalFen } }, now, ids)
  const fresh = await book(tx, tenantId, [{
    postingId: ids.next(), key: `suspense/${payment.number}/paid`, occurredAt: payment.paidAt, recordedAt: now, reason: kind, entries: [{ account: 'till:pay', unit: 'fen', amount: payment.totalFen }, { account: 'suspense:pay', unit: 'fen', amount: 0 - payment.totalFen }],
  }])
  if (fresh.length === 0 || (await refundsOfTarget(tx, tenantId, `suspense ${payment.number}`)).length > 0) return
  const refundId = ids.next().replaceAll('-', '')
  await putRefund(tx, tenantId, { refundId, target: `suspense ${payment.number}`, number: payment.number, amountFen: payment.totalFen, payFen: payment.totalFen, state: 'pending', reason: kind, requestedAt: now, finishedAt: null })
  await enqueueCalls(tx, tenantId, [{
    outboxId: ids.next(), connectionId: payConnectionId, endpoint: 'pay.refund.create', lane: `refund/${payment.number}`, dueAt: now, createdAt: now, reply: { kind: refundReplyKind, refundId },
    request: {
      ...subMerchant(platform, tenantId, payConnectionId), out_trade_no: payment.number, out_refund_no: refundId, reason: kind === 'paid-twice' ? '重复付款，原路退回' : '订单已取消，原路退回', notify_url: platform.notifyUrl(tenantId, payConnectionId),
      amount: { refund: payment.totalFen, total: payment.totalFen, currency: 'CNY' },
    },
  }])
}
