import type { Instant } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import type { PlatformAnswer } from '../../kernel/engine/index.ts'
import type { MallOrder, Recorder } from '../checkout/index.ts'
import type { PayBill } from './store.ts'

/**
 * How a merchant number is used: its own, or as a sub-merchant of a service provider (服务商), whose signature and openids are used unless the sub-merchant has an appid
 * of its own at the provider.
 */
export type PayMode = { kind: 'direct' } | { kind: 'provider'; spAppid: string; subMchid: string }

/** Part of a coupon of WeChat Pay that somebody bears (`promotion_detail`). */
export type PayCoupon = { couponId: string; name: string; cash: boolean; merchantFen: number; platformFen: number; otherFen: number }

/** What payments need of the house. */
export type PaymentPlatform = {
  db: Db
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  /** Merchant number or appid of a connection. */
  accountOf(tenantId: number, connectionId: string): string
  /** PEM of the merchant's API key. */
  merchantKey(tenantId: number, connectionId: string): string
  /** Where WeChat Pay tells the merchant of this connection: `<address>/notify/<routeKey>`. */
  notifyUrl(tenantId: number, connectionId: string): string
  nonce(): string
  /** Absent: every merchant is a direct one. */
  modeOf?(tenantId: number, connectionId: string): PayMode
  /** What was paid before the order: taken when the order is paid, given back when it is refunded. */
  tender?: {
    capture(tx: Tx, work: Recorder, order: MallOrder): Promise<void>
    giveBack(tx: Tx, work: Recorder, order: MallOrder, refundId: string, parts: { storedFen: number; depositFen: number }): Promise<void>
  }
  /** What a bill was for, by its kind. */
  bills?: Readonly<Record<PayBill['kind'], { paid(tx: Tx, work: Recorder, bill: PayBill): Promise<void>; closed(tx: Tx, work: Recorder, bill: PayBill): Promise<void>; refunded(tx: Tx, work: Recorder, bill: PayBill, refundId: string, fen: number): Promise<void>; /** WeChat Pay gave nothing back: it can be asked for again. */ notRefunded?(tx: Tx, work: Recorder, bill: PayBill, refundId: string): Promise<void> }>>
  /** Coupons of WeChat Pay that were used on an order. */
  payCoupons?(tx: Tx, work: Recorder, order: MallOrder, coupons: readonly PayCoupon[]): Promise<void>
  /** Why an order must not leave yet, in Chinese; undefined when it may. */
  holds?(tx: Tx, tenantId: number, orderId: string): Promise<string | undefined>
  /** What was shared out comes back first: asked for in the lane of the refund, ahead of it. `refundedFen` counts this refund. */
  beforeRefund?(tx: Tx, work: Recorder, order: MallOrder, refundedFen: number, lane: string): Promise<void>
  /** Whether the money of an order shall be frozen to be shared. The same answer every time for one order. */
  sharing?(tx: Tx, tenantId: number, order: MallOrder, now: Instant): Promise<boolean>
}

/** `2026-06-25T10:00:00+08:00` as an instant; `fallback` when it is missing or no time. */
export function timeOf(text: unknown, fallback: Instant): Instant {
  const at = typeof text === 'string' ? Date.parse(text) : NaN
  return Number.isNaN(at) ? fallback : at
}
