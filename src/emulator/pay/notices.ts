import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import { sealResource } from '../../wechat/codec/index.ts'
import { accountOf, nextNumber, randomOf, type Namespace } from '../core/namespace.ts'
import { push } from '../core/push.ts'
import type { PayOrder, PayRefund, Transfer } from './state.ts'

/** Makes a notice: an envelope with an id that stays the same on every attempt, and its content encrypted under the merchant's APIv3 key. */
export function notify(
  ns: Namespace,
  mchid: string,
  url: string | null,
  notice: { eventType: string; originalType: string; summary: string; content: unknown },
  probe = false,
): void {
  const merchant = accountOf(ns, 'pay', mchid)
  if (!merchant || url === null || url === '') return
  const n = nextNumber(ns, 'pay.notice')
  const id = randomOf(ns)
    .bytes(16, 'pay.notice', n)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  const nonce = randomOf(ns).bytes(9, 'pay.notice-nonce', n).toString('base64url').slice(0, 12)
  const resource = sealResource(merchant.apiV3Key, JSON.stringify(notice.content), {
    nonce,
    associatedData: notice.originalType,
    originalType: notice.originalType,
  })
  const body = {
    id,
    create_time: shanghaiRfc3339(ns.now),
    resource_type: 'encrypt-resource',
    event_type: notice.eventType,
    summary: notice.summary,
    resource,
  }
  push(ns, {
    account: { kind: 'pay', id: mchid },
    event: notice.eventType,
    message: JSON.stringify(body),
    envelope: 'pay',
    url,
    ...(probe ? { headers: { 'x-probe': '1' } } : {}),
  })
}

const stateWords: Record<string, string> = { SUCCESS: '支付成功', REFUND: '转入退款', NOTPAY: '订单未支付', CLOSED: '订单已关闭' }

/** The state as the wire says it: an order with any refund that was accepted reads REFUND. */
export function tradeState(order: PayOrder): string {
  return order.state === 'SUCCESS' && order.refunds.length > 0 ? 'REFUND' : order.state
}

/** A transaction as query and notice write it. */
export function writeTransaction(order: PayOrder) {
  const state = tradeState(order)
  return {
    ...(order.sub === undefined
      ? { appid: order.appid, mchid: order.mchid }
      : { sp_appid: order.sub.spAppid, sp_mchid: order.mchid, ...(order.sub.appid === null ? {} : { sub_appid: order.sub.appid }), sub_mchid: order.sub.mchid }),
    out_trade_no: order.outTradeNo,
    ...(order.transactionId === null ? {} : { transaction_id: order.transactionId, trade_type: order.tradeType }),
    trade_state: state,
    trade_state_desc: stateWords[state],
    ...(order.attach === null ? {} : { attach: order.attach }),
    ...(order.paidAt === null
      ? { amount: { total: order.totalFen, currency: 'CNY' } }
      : {
          bank_type: order.bankType,
          success_time: shanghaiRfc3339(order.paidAt),
          payer: order.sub === undefined ? { openid: order.payerOpenid ?? '' } : order.appid === order.sub.appid ? { sub_openid: order.payerOpenid ?? '' } : { sp_openid: order.payerOpenid ?? '' },
          amount: { total: order.totalFen, payer_total: order.payerFen, currency: 'CNY', payer_currency: 'CNY' },
        }),
    ...(order.deviceId === null ? {} : { scene_info: { device_id: order.deviceId } }),
    ...(order.coupons.length === 0
      ? {}
      : {
          promotion_detail: order.coupons.map((coupon) => ({
            coupon_id: coupon.couponId,
            name: coupon.name,
            scope: 'GLOBAL',
            type: coupon.merchantFen === undefined ? 'CASH' : 'NOCASH',
            amount: coupon.amountFen,
            stock_id: coupon.couponId.slice(0, 8),
            wechatpay_contribute: coupon.amountFen - (coupon.merchantFen ?? 0),
            merchant_contribute: coupon.merchantFen ?? 0,
            other_contribute: 0,
            currency: 'CNY',
          })),
        }),
  }
}

export function notifyPaid(ns: Namespace, order: PayOrder, probe = false): void {
  // The state at the moment of payment, whatever happened since.
  notify(
    ns,
    order.mchid,
    order.notifyUrl,
    {
      eventType: 'TRANSACTION.SUCCESS',
      originalType: 'transaction',
      summary: '支付成功',
      content: { ...writeTransaction(order), trade_state: 'SUCCESS', trade_state_desc: '支付成功' },
    },
    probe,
  )
}

const refundWords = { SUCCESS: '退款成功', ABNORMAL: '退款异常', CLOSED: '退款关闭' } as const

export function notifyRefund(ns: Namespace, order: PayOrder, refund: PayRefund): void {
  if (refund.status === 'PROCESSING') return
  notify(ns, refund.mchid, refund.notifyUrl, {
    eventType: `REFUND.${refund.status}`,
    originalType: 'refund',
    summary: refundWords[refund.status],
    content: {
      ...(order.sub === undefined ? { mchid: refund.mchid } : { sp_mchid: refund.mchid, sub_mchid: order.sub.mchid }),
      out_trade_no: refund.outTradeNo,
      transaction_id: refund.transactionId,
      out_refund_no: refund.outRefundNo,
      refund_id: refund.refundId,
      refund_status: refund.status,
      ...(refund.successAt === null ? {} : { success_time: shanghaiRfc3339(refund.successAt) }),
      user_received_account: refund.receivedAccount,
      amount: { total: order.totalFen, refund: refund.refundFen, payer_total: order.payerFen, payer_refund: refund.payerFen },
    },
  })
}

export function notifyTransfer(ns: Namespace, transfer: Transfer): void {
  notify(ns, transfer.mchid, transfer.notifyUrl, {
    eventType: 'MCHTRANSFER.BILL.FINISHED',
    originalType: 'mch_payment',
    summary: '商家转账单据终态通知',
    content: {
      mchid: transfer.mchid,
      out_bill_no: transfer.outBillNo,
      transfer_bill_no: transfer.billNo,
      state: transfer.state,
      transfer_amount: transfer.amountFen,
      openid: transfer.openid,
      ...(transfer.failReason === null ? {} : { fail_reason: transfer.failReason }),
      create_time: shanghaiRfc3339(transfer.createdAt),
      update_time: shanghaiRfc3339(transfer.updatedAt),
    },
  })
}
