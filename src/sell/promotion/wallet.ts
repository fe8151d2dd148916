import type { Tx } from '../../kernel/db/index.ts'
import { assert } from '../../kernel/assert.ts'
import { book } from '../../book/account/index.ts'
import { settleReservations } from '../stock/index.ts'
import type { MallOrder, Recorder } from '../checkout/index.ts'
import { depositAtEnd } from './presale.ts'
import type { PromotionPorts } from './ports.ts'
import { credit, debit, returnStored, spendHeld } from './stored-value.ts'
import { lockDeposits, lockStored, putDeposit, putUses, type UseRow } from './store.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { splitFen } from '../../kernel/money.ts'

/** What was paid before an order (储值, 定金): its bills, its use, its way back. The ledger account of a deposit is `deposit:<id>`, what the merchant owes for it. */
type Bill = { billId: string; personId: string; amountFen: number; terms: Record<string, unknown> }

export const depositJobKind = 'promotion.deposit'

const post = (tx: Tx, { tenantId, now, ids }: Recorder, key: string, reason: string, entries: Array<[string, number]>): Promise<string[]> =>
  book(tx, tenantId, [{ postingId: ids.next(), key, occurredAt: now, recordedAt: now, reason, entries: entries.filter(([, amount]) => amount !== 0).map(([account, amount]) => ({ account, unit: 'fen', amount })) }])

export const topUpBills = {
  async paid(tx: Tx, work: Recorder, bill: Bill): Promise<void> {
    await credit(tx, work.tenantId, bill.billId, bill.personId, { principalFen: bill.amountFen, giftFen: Number(bill.terms.giftFen ?? 0) }, work.now, work.ids)
  },
  async closed(): Promise<void> {},
  // The balance was taken down when the refund was asked for.
  async refunded(tx: Tx, work: Recorder, bill: Bill, refundId: string, fen: number): Promise<void> {
    await post(tx, work, `bill/${bill.billId}/back/${refundId}`, 'top-up refunded', [['stored:out', fen], ['till:pay', 0 - fen]])
  },
}

export function depositBills(ports: Pick<PromotionPorts, 'refundBill'>) {
  return {
    async paid(tx: Tx, work: Recorder, bill: Bill): Promise<void> {
      const { tenantId, now } = work
      const [deposit] = await lockDeposits(tx, tenantId, [bill.billId])
      await post(tx, work, `bill/${bill.billId}/paid`, 'deposit paid', [['till:pay', bill.amountFen], [`deposit:${bill.billId}`, 0 - bill.amountFen]])
      // Its time was over and its units are gone: the money goes back.
      if (deposit?.state === 'closed') await ports.refundBill(tx, work, bill.billId, bill.amountFen, '定金付晚了，原路退回')
      else if (deposit?.state === 'unpaid') {
        await putDeposit(tx, tenantId, { ...deposit, state: 'paid' }, now)
        await putJobs(tx, tenantId, [{ kind: depositJobKind, key: bill.billId, dueAt: deposit.balanceTo, state: { depositId: bill.billId } }])
      }
    },
    async closed(tx: Tx, work: Recorder, bill: Bill): Promise<void> {
      const [deposit] = await lockDeposits(tx, work.tenantId, [bill.billId])
      if (deposit?.state !== 'unpaid') return
      await putDeposit(tx, work.tenantId, { ...deposit, state: 'closed' }, work.now)
      await settleReservations(tx, work.tenantId, [bill.billId], 'released', work.now, work.ids)
    },
    async refunded(tx: Tx, work: Recorder, bill: Bill, refundId: string, fen: number): Promise<void> {
      const { tenantId, now } = work
      const [deposit] = await lockDeposits(tx, tenantId, [bill.billId])
      // Of a finished order the deposit is sales by now: the refund of that order pays it back.
      const from = deposit?.state === 'done' ? 'tender:mall' : `deposit:${bill.billId}`
      await post(tx, work, `bill/${bill.billId}/back/${refundId}`, 'deposit refunded', [[from, fen], ['till:pay', 0 - fen]])
      if (deposit?.state === 'paid' || deposit?.state === 'unpaid') {
        await putDeposit(tx, tenantId, { ...deposit, state: 'refunded' }, now)
        await settleReservations(tx, tenantId, [bill.billId], 'released', now, work.ids)
      }
    },
  }
}

/** For payment: taken when an order is paid, given back when it is refunded. */
export function tenderOf(ports: Pick<PromotionPorts, 'refundBill'>) {
  return {
    async capture(tx: Tx, work: Recorder, order: MallOrder): Promise<void> {
      for (const tender of order.tenders) {
        if (tender.kind === 'stored') await spendHeld(tx, work.tenantId, order.orderId, work.now, work.ids)
        else {
          await post(tx, work, `deposit/${tender.ref}/used`, 'deposit used', [[`deposit:${tender.ref}`, tender.fen], ['tender:mall', 0 - tender.fen]])
          await settleReservations(tx, work.tenantId, [tender.ref], 'sold', work.now, work.ids)
          const [deposit] = await lockDeposits(tx, work.tenantId, [tender.ref])
          if (deposit) await putDeposit(tx, work.tenantId, { ...deposit, state: 'done' }, work.now)
        }
      }
    },
    async giveBack(tx: Tx, work: Recorder, order: MallOrder, refundId: string, parts: { storedFen: number; depositFen: number }): Promise<void> {
      if (parts.storedFen > 0) await returnStored(tx, work.tenantId, order.orderId, refundId, parts.storedFen, work.now, work.ids)
      const deposit = order.tenders.find((one) => one.kind === 'deposit')
      if (parts.depositFen === 0) return
      assert(deposit, `refund ${refundId} gives a deposit back that order ${order.orderId} had not`)
      // The number of this refund is made from the other's: told twice, it is one.
      await ports.refundBill(tx, work, deposit.ref, parts.depositFen, '退定金', `${refundId}D`)
    },
  }
}

/** Takes what is left of paid-in money out again; gifts for it are taken back as far as they are there. @returns what to pay back, newest top-up first. */
export async function withdraw(tx: Tx, work: Recorder, personId: string, fen: number, key: string): Promise<boolean> {
  const [own] = await lockStored(tx, work.tenantId, [personId])
  if (!own || fen < 1 || fen > own.principalFen) return false
  const giftFen = fen === own.principalFen ? own.giftFen : Math.min(own.giftFen, Math.ceil((own.giftFen * fen) / own.principalFen))
  await debit(tx, work.tenantId, `stored/${personId}/out/${key}`, personId, { principalFen: fen, giftFen }, work.now, work.ids)
  return true
}

/** The end of the time to pay the rest: who did not come forfeits the deposit, and the units are for sale again. */
export const endDeposits: JobHandler = {
  kind: depositJobKind,
  async run(work, tx, job) {
    const { depositId } = job.state as { depositId: string }
    const [deposit] = await lockDeposits(tx, work.tenantId, [depositId])
    if (!deposit) return null
    // Its order may still be paid for some minutes.
    if (deposit.state === 'used') return { dueAt: work.now + 20 * 60_000, state: job.state }
    if (depositAtEnd(deposit, work.now) !== 'forfeited' || deposit.state !== 'paid') return null
    await putDeposit(tx, work.tenantId, { ...deposit, state: 'forfeited' }, work.now)
    await post(tx, { ...work, emit: work.emit }, `deposit/${depositId}/forfeited`, 'deposit forfeited', [[`deposit:${depositId}`, deposit.depositFen], ['sales:forfeit', 0 - deposit.depositFen]])
    await settleReservations(tx, work.tenantId, [depositId], 'released', work.now, work.ids)
    return null
  },
}

/** Coupons of WeChat Pay used on an order, as costs of its lines by who bears them. What the merchant bears of one that is no cash is not settled to them. */
export async function notePayCoupons(tx: Tx, work: Recorder, order: MallOrder, coupons: ReadonlyArray<{ couponId: string; name: string; cash: boolean; merchantFen: number; platformFen: number; otherFen: number }>): Promise<void> {
  const rows: UseRow[] = []
  for (const coupon of coupons) {
    for (const [bearer, fen] of [['merchant', coupon.merchantFen], ['platform', coupon.platformFen], ['partner', coupon.otherFen]] as const) {
      if (fen === 0) continue
      const parts = splitFen(fen, order.lines.map((line) => line.paidFen))
      order.lines.forEach((line, n) => {
        if (parts[n] > 0) rows.push({ shelf: 'mall', orderId: order.orderId, lineNo: line.lineNo, promotionId: `pay:${bearer}`, couponId: coupon.couponId, kind: 'pay-coupon', name: coupon.name, skuId: line.skuId, personId: order.personId, quantity: 0, bearer, fen: parts[n], state: 'used' })
      })
    }
    if (!coupon.cash && coupon.merchantFen > 0) await post(tx, work, `coupon/${order.orderId}/${coupon.couponId}`, 'coupon of WeChat Pay', [['cost:pay-coupon', coupon.merchantFen], ['till:pay', 0 - coupon.merchantFen]])
  }
  await putUses(tx, work.tenantId, rows, work.now)
}
