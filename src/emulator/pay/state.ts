import type { Instant } from '../../kernel/clock.ts'
import { saleDate } from '../../kernel/calendar.ts'
import type { PayMerchant } from '../core/account.ts'
import { accountOf, freshDigits, slice, type Namespace, type Slice } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'

export type TradeType = 'JSAPI' | 'APP' | 'MWEB' | 'NATIVE'

export type PayOrder = {
  mchid: string
  appid: string
  /** Service-provider mode: `mchid` is the provider. */
  sub?: { mchid: string; appid: string | null; spAppid: string }
  outTradeNo: string
  tradeType: TradeType
  description: string
  attach: string | null
  notifyUrl: string
  totalFen: number
  /** JSAPI: the payer the order was made for. */
  openid: string | null
  deviceId: string | null
  /** Equal for a re-entry with the same parameters. */
  fingerprint: string
  createdAt: Instant
  /** Last moment to pay. */
  expiresAt: Instant
  /** SUCCESS covers paid and partly refunded orders alike inside; on the wire an order with a refund reads REFUND. */
  state: 'NOTPAY' | 'SUCCESS' | 'CLOSED'
  transactionId: string | null
  paidAt: Instant | null
  payerOpenid: string | null
  payerFen: number
  bankType: string
  coupons: Array<{ couponId: string; name: string; amountFen: number; /** Part the merchant bears and is not settled (免充值). */ merchantFen?: number }>
  feeFen: number
  failures: Array<{ at: Instant; reason: string }>
  refunds: string[]
  /** Accepted refunds that are not closed. */
  refundedFen: number
  lastRefundAt: Instant
  split: { enabled: boolean; open: boolean; requests: string[]; sharedFen: number; returnedFen: number }
  /** Where the money of the order lies; fee and refunds are taken off. */
  heldFen: number
  held: 'none' | 'unsettled' | 'frozen' | 'settled'
}

export type PayRefund = {
  mchid: string
  refundId: string
  outRefundNo: string
  outTradeNo: string
  transactionId: string
  fingerprint: string
  refundFen: number
  payerFen: number
  feeBackFen: number
  status: 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL'
  channel: string
  receivedAccount: string
  fundsAccount: 'UNSETTLED' | 'AVAILABLE'
  notifyUrl: string | null
  reason: string | null
  createdAt: Instant
  successAt: Instant | null
}

export type SplitReceiver = {
  type: string
  account: string
  amountFen: number
  description: string
  result: 'PENDING' | 'SUCCESS' | 'CLOSED'
  failReason: string | null
  detailId: string
  createdAt: Instant
  finishedAt: Instant | null
  returnedFen: number
}
export type SplitOrder = {
  mchid: string
  outOrderNo: string
  orderId: string
  transactionId: string
  fingerprint: string
  state: 'PROCESSING' | 'FINISHED'
  unfreeze: boolean
  receivers: SplitReceiver[]
  createdAt: Instant
}
export type SplitReturn = {
  mchid: string
  outReturnNo: string
  returnId: string
  outOrderNo: string
  orderId: string
  returnMchid: string
  amountFen: number
  description: string
  fingerprint: string
  result: 'PROCESSING' | 'SUCCESS' | 'FAILED'
  failReason: string | null
  createdAt: Instant
  finishedAt: Instant | null
}

export type Transfer = {
  mchid: string
  outBillNo: string
  billNo: string
  appid: string
  openid: string
  sceneId: string
  amountFen: number
  remark: string
  fingerprint: string
  notifyUrl: string | null
  packageInfo: string
  state: 'WAIT_USER_CONFIRM' | 'SUCCESS' | 'FAIL' | 'CANCELLED'
  failReason: string | null
  createdAt: Instant
  updatedAt: Instant
}

/** A line of the fund-flow bill; the trade bill is made of its payments and refunds. */
export type Flow = {
  at: Instant
  business: '交易' | '扣除交易手续费' | '退款' | '退还交易手续费' | '分账' | '分账回退' | '商家转账' | '商家转账退回' | '充值'
  kind: '收入' | '支出'
  amountFen: number
  balanceFen: number
  flowNo: string
  /** Transaction, refund or transfer number of the platform. */
  businessNo: string
  /** The merchant's number. */
  voucherNo: string
  outTradeNo?: string
  outRefundNo?: string
}

/** certificate: the platform's certificates only; both: certificates unless the request names the public key; public-key: no certificates. */
export type KeyMode = 'certificate' | 'both' | 'public-key'

export type MerchantState = {
  keyMode: KeyMode
  /** Share of notices signed by the public key while the merchant switches (0.001 on the first day, 1 on the seventh). */
  noticeShare: number
  /** The next platform certificate signs; both are listed. */
  rotated: boolean
  /** Appids bound to the merchant besides the Official Accounts and mini programs of the world. */
  appids: string[]
  /** Parts of 10,000 taken from each payment. */
  feeRate: number
  /** Products opened in the console. */
  profitSharing: boolean
  /** Parts of 10,000 of an order that may be shared at most; the official figure is UNCONFIRMED, 30 % is reported. */
  splitMax: number
  transfer: boolean
  transferScenes: string[]
  /** auto: refunds end by themselves after seconds; manual: only the act pay.refundSettles ends them. */
  refunds: 'auto' | 'manual'
  splitNotifyUrl: string | null
  /** Sub-merchants of this provider. */
  subMerchants?: string[]
  /** Coupons given by API: stocks, and what people have. */
  couponStocks?: Record<string, { stockId: string; name: string; offFen: number; fromFen: number; left: number; merchantBears: boolean }>
  couponsOf?: Record<string, Array<{ couponId: string; stockId: string; requestNo: string; status: 'SENDED' | 'USED'; createdAt: Instant }>>
  /** Money that may be used: transfers, refunds with funds_account AVAILABLE. */
  availableFen: number
  /** Received and not yet settled; refunds come from here by default. Money frozen for sharing lies on the orders. */
  unsettledFen: number
  /** Everything the merchant holds on the platform: unsettled, frozen on orders, and available. */
  balanceFen: number
  receivers: Record<string, { type: string; account: string; relation: string }>
  orders: Record<string, PayOrder>
  byTransaction: Record<string, string>
  refundsByNo: Record<string, PayRefund>
  splits: Record<string, SplitOrder>
  splitReturns: Record<string, SplitReturn>
  transfers: Record<string, Transfer>
  /** By day in Shanghai: fund flows, numbers of orders paid, numbers of refunds that succeeded. */
  flows: Record<string, Flow[]>
  paidOn: Record<string, string[]>
  refundedOn: Record<string, string[]>
}

type PayState = {
  merchants: Record<string, MerchantState>
  prepays: Record<string, { mchid: string; outTradeNo: string; expiresAt: Instant }>
}

const paySlice: Slice<PayState> = { name: 'pay', init: () => ({ merchants: {}, prepays: {} }) }

export function payState(ns: Namespace): PayState {
  return slice(ns, paySlice)
}

export function merchantState(ns: Namespace, mchid: string): MerchantState {
  const { merchants } = payState(ns)
  return (merchants[mchid] ??= {
    keyMode: 'both',
    noticeShare: 0,
    rotated: false,
    appids: [],
    feeRate: 60,
    profitSharing: true,
    splitMax: 3000,
    transfer: true,
    transferScenes: ['1000', '1005'],
    refunds: 'auto',
    splitNotifyUrl: null,
    availableFen: 0,
    unsettledFen: 0,
    balanceFen: 0,
    receivers: {},
    orders: {},
    byTransaction: {},
    refundsByNo: {},
    splits: {},
    splitReturns: {},
    transfers: {},
    flows: {},
    paidOn: {},
    refundedOn: {},
  })
}

/** The merchant whose signature the call carries. */
export function payCaller(account: unknown): PayMerchant {
  const found = account as PayMerchant | undefined
  if (found?.kind !== 'pay') throw new PlatformError('NO_AUTH', '商户无权限', { status: 403 })
  return found
}

export function ownMchid(account: unknown, mchid: string): PayMerchant {
  const caller = payCaller(account)
  if (caller.id !== mchid) throw refuse('PARAM_ERROR', '参数 mchid 与签名的商户不一致')
  return caller
}

export function refuse(code: string, message: string, status = 400): PlatformError {
  return new PlatformError(code, message, { status })
}

export function actMerchant(ns: Namespace, mchid: string | undefined): PayMerchant {
  const merchant = accountOf(ns, 'pay', mchid)
  if (!merchant) throw refuse('MCH_NOT_EXISTS', `there is no merchant ${mchid ?? ''}`)
  return merchant
}

export function orderByNumber(ns: Namespace, mchid: string, outTradeNo: string): PayOrder | undefined {
  return merchantState(ns, mchid).orders[outTradeNo]
}

export function orderByTransaction(ns: Namespace, mchid: string, transactionId: string): PayOrder | undefined {
  const state = merchantState(ns, mchid)
  const number = state.byTransaction[transactionId]
  return number === undefined ? undefined : state.orders[number]
}

/** Books money in or out of the merchant's account and writes the line of the fund-flow bill. */
export function book(ns: Namespace, mchid: string, flow: Omit<Flow, 'at' | 'balanceFen' | 'flowNo'>): void {
  if (flow.amountFen === 0) return
  const state = merchantState(ns, mchid)
  state.balanceFen += flow.kind === '收入' ? flow.amountFen : -flow.amountFen
  const day = (state.flows[saleDate(ns.now)] ??= [])
  day.push({ ...flow, at: ns.now, balanceFen: state.balanceFen, flowNo: freshDigits(ns, 'pay.flow', 20, '10') })
}

/**
 * Where addresses given to the caller lead: `real` when it believes to talk to the platform (its hosts are rewritten or fronted), else back to
 * this emulator at the address it used, namespace included.
 */
export function originFor(headers: Record<string, string>, real: string): string {
  const host = headers['x-forwarded-host'] ?? headers.host ?? ''
  if (host === '' || host.endsWith('.weixin.qq.com')) return real
  const prefix = headers['x-qz-namespace'] === undefined ? '' : `/ns/${headers['x-qz-namespace']}`
  return `${headers['x-forwarded-proto'] ?? 'http'}://${host}${prefix}`
}
