import { createHash, createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { dayMs, saleDate, startOfDay } from '../../kernel/calendar.ts'
import { fenToYuan } from '../../kernel/money.ts'
import { writeBill } from '../../wechat/codec/index.ts'
import { billDownload, fundFlowBill, tradeBill } from '../../wechat/spec/pay/index.ts'
import type { Namespace } from '../core/namespace.ts'
import { BinaryAnswer, serve, type Call, type Route } from '../core/registry.ts'
import { merchantState, originFor, payCaller, refuse, type PayOrder, type PayRefund } from './state.ts'

/**
 * Bills (账单): made from the state when asked for, so nothing is stored. Ready the next day after 10:00; the download address carries what it
 * stands for, sealed by the world's seed, and lives 5 minutes of the wire clock.
 */
const urlMs = 5 * 60_000
const readyMs = 10 * 3_600_000

type Wanted = { mchid: string; kind: 'trade' | 'fund'; date: string; type: string; gzip: boolean; until: number }

function seal(ns: Namespace, wanted: Wanted): string {
  const text = Buffer.from(JSON.stringify(wanted)).toString('base64url')
  return `${text}.${createHmac('sha256', `${ns.seed}/bill`).update(text).digest('base64url').slice(0, 22)}`
}

function open(ns: Namespace, token: string): Wanted | undefined {
  const [text, sum] = token.split('.')
  if (!text || createHmac('sha256', `${ns.seed}/bill`).update(text).digest('base64url').slice(0, 22) !== sum) return undefined
  return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Wanted
}

function local(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

/** Fees are written with five decimals. */
const fee = (fen: number): string => `${fenToYuan(fen)}000`

const tradeHead = [
  '交易时间',
  '公众账号ID',
  '商户号',
  '特约商户号',
  '设备号',
  '微信订单号',
  '商户订单号',
  '用户标识',
  '交易类型',
  '交易状态',
  '付款银行',
  '货币种类',
  '应结订单金额',
  '代金券金额',
]
const refundHead = ['微信退款单号', '商户退款单号', '退款金额', '充值券退款金额', '退款类型', '退款状态']
const tailHead = ['商品名称', '商户数据包', '手续费', '费率']

function tradeText(ns: Namespace, mchid: string, date: string, type: string): string | undefined {
  const state = merchantState(ns, mchid)
  const rate = `${(state.feeRate / 100).toFixed(2)}%`
  const rows: Array<{ at: number; cells: string[] }> = []
  const sum = { count: 0, settle: 0, refund: 0, fee: 0, order: 0, applied: 0 }
  const head = (order: PayOrder, at: number, tradeState: string): string[] => [
    local(at),
    order.appid,
    mchid,
    order.sub?.mchid ?? '0',
    order.deviceId ?? '',
    order.transactionId ?? '',
    order.outTradeNo,
    order.payerOpenid ?? '',
    order.tradeType,
    tradeState,
    order.bankType,
    'CNY',
  ]
  if (type !== 'REFUND') {
    for (const number of state.paidOn[date] ?? []) {
      const order = state.orders[number]
      const middle = type === 'ALL' ? ['0', '0', '0.00', '0.00', '', ''] : []
      const last = type === 'ALL' ? [fenToYuan(order.totalFen), '0.00', ''] : [fenToYuan(order.totalFen), '']
      const settleFen = order.totalFen - order.coupons.reduce((off, coupon) => off + (coupon.merchantFen ?? 0), 0)
      rows.push({
        at: order.paidAt ?? 0,
        cells: [
          ...head(order, order.paidAt ?? 0, 'SUCCESS'),
          fenToYuan(settleFen),
          fenToYuan(order.coupons.reduce((off, coupon) => off + coupon.amountFen, 0)),
          ...middle,
          order.description,
          order.attach ?? '',
          fee(order.feeFen),
          rate,
          ...last,
        ],
      })
      sum.count++
      sum.settle += settleFen
      sum.order += order.totalFen
      sum.fee += order.feeFen
    }
  }
  if (type !== 'SUCCESS') {
    for (const number of state.refundedOn[date] ?? []) {
      const refund: PayRefund = state.refundsByNo[number]
      const order = state.orders[refund.outTradeNo]
      const times = type === 'REFUND' ? [local(refund.createdAt), local(refund.successAt ?? 0)] : []
      rows.push({
        at: refund.successAt ?? 0,
        cells: [
          ...head(order, type === 'REFUND' ? (order.paidAt ?? 0) : (refund.successAt ?? 0), 'REFUND'),
          '0.00',
          '0.00',
          ...times,
          refund.refundId,
          refund.outRefundNo,
          fenToYuan(refund.refundFen),
          '0.00',
          refund.channel,
          refund.status,
          order.description,
          order.attach ?? '',
          fee(-refund.feeBackFen),
          rate,
          '0.00',
          fenToYuan(refund.refundFen),
          '',
        ],
      })
      sum.count++
      sum.refund += refund.refundFen
      sum.applied += refund.refundFen
      sum.fee -= refund.feeBackFen
    }
  }
  if (rows.length === 0) return undefined
  rows.sort((a, b) => a.at - b.at)
  const header =
    type === 'SUCCESS'
      ? [...tradeHead, ...tailHead, '订单金额', '费率备注']
      : [
          ...tradeHead,
          ...(type === 'REFUND' ? ['退款申请时间', '退款成功时间'] : []),
          ...refundHead,
          ...tailHead,
          '订单金额',
          '申请退款金额',
          '费率备注',
        ]
  return writeBill(
    header,
    rows.map((row) => row.cells),
    ['总交易单数', '应结订单总金额', '退款总金额', '充值券退款总金额', '手续费总金额', '订单总金额', '申请退款总金额'],
    [String(sum.count), fenToYuan(sum.settle), fenToYuan(sum.refund), '0.00', fee(sum.fee), fenToYuan(sum.order), fenToYuan(sum.applied)],
  )
}

function fundText(ns: Namespace, mchid: string, date: string, accountType: string): string | undefined {
  const flows = accountType === 'BASIC' ? (merchantState(ns, mchid).flows[date] ?? []) : []
  if (flows.length === 0) return undefined
  const of = (kind: string): typeof flows => flows.filter((flow) => flow.kind === kind)
  const total = (list: typeof flows): string => fenToYuan(list.reduce((sum, flow) => sum + flow.amountFen, 0))
  return writeBill(
    [
      '记账时间',
      '微信支付业务单号',
      '资金流水单号',
      '业务名称',
      '业务类型',
      '收支类型',
      '收支金额(元)',
      '账户结余(元)',
      '资金变更提交申请人',
      '备注',
      '业务凭证号',
    ],
    flows.map((flow) => [
      local(flow.at),
      flow.businessNo,
      flow.flowNo,
      flow.business,
      flow.business,
      flow.kind,
      fenToYuan(flow.amountFen),
      fenToYuan(flow.balanceFen),
      'system',
      '',
      flow.voucherNo,
    ]),
    ['资金流水总笔数', '收入笔数', '收入金额', '支出笔数', '支出金额'],
    [String(flows.length), String(of('收入').length), total(of('收入')), String(of('支出').length), total(of('支出'))],
  )
}

function textOf(ns: Namespace, wanted: Pick<Wanted, 'mchid' | 'kind' | 'date' | 'type'>): string | undefined {
  return wanted.kind === 'trade' ? tradeText(ns, wanted.mchid, wanted.date, wanted.type) : fundText(ns, wanted.mchid, wanted.date, wanted.type)
}

function apply(call: Call, kind: Wanted['kind'], date: string, type: string, tarType: string | undefined) {
  const { ns } = call
  const { id: mchid } = payCaller(call.account)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(startOfDay(date)))
    throw refuse('PARAM_ERROR', '输入源“/query/bill_date”格式错误，须为 YYYY-MM-DD')
  if (tarType !== undefined && tarType !== 'GZIP') throw refuse('PARAM_ERROR', '输入源“/query/tar_type”只支持 GZIP')
  const today = saleDate(ns.now)
  if (date >= today) throw refuse('INVALID_REQUEST', '账单日期不合法：只能下载今天以前的账单')
  if (ns.now < startOfDay(date) + dayMs + readyMs) throw refuse('STATEMENT_CREATING', '账单生成中，请稍后再试')
  if (ns.now - startOfDay(date) > 93 * dayMs) throw refuse('INVALID_REQUEST', '账单日期不合法：只能下载三个月以内的账单')
  const text = textOf(ns, { mchid, kind, date, type })
  if (text === undefined) throw refuse('NO_STATEMENT_EXIST', '请求的账单文件不存在')
  const token = seal(ns, { mchid, kind, date, type, gzip: tarType === 'GZIP', until: call.wireNow + urlMs })
  return {
    hash_type: 'SHA1',
    hash_value: createHash('sha1').update(text, 'utf8').digest('hex'),
    download_url: `${originFor(call.headers, 'https://api.mch.weixin.qq.com')}/v3/billdownload/file?token=${token}`,
  }
}

export const billRoutes: Route[] = [
  serve(tradeBill, (call) => {
    const type = call.input.bill_type ?? 'ALL'
    if (!['ALL', 'SUCCESS', 'REFUND'].includes(type)) throw refuse('PARAM_ERROR', '输入源“/query/bill_type”不合规')
    return apply(call, 'trade', call.input.bill_date, type, call.input.tar_type)
  }),
  serve(fundFlowBill, (call) => {
    const type = call.input.account_type ?? 'BASIC'
    if (!['BASIC', 'OPERATION', 'FEES'].includes(type)) throw refuse('PARAM_ERROR', '输入源“/query/account_type”不合规')
    return apply(call, 'fund', call.input.bill_date, type, call.input.tar_type)
  }),
  serve(billDownload, ({ ns, account, input, wireNow }) => {
    const wanted = open(ns, input.token)
    if (!wanted || wanted.mchid !== payCaller(account).id) throw refuse('INVALID_REQUEST', '下载地址无效')
    if (wanted.until < wireNow) throw refuse('INVALID_REQUEST', '下载地址已过期，请重新申请账单')
    const text = textOf(ns, wanted) ?? ''
    const bytes = Buffer.from(text, 'utf8')
    return wanted.gzip ? new BinaryAnswer('application/octet-stream', gzipSync(bytes)) : new BinaryAnswer('text/plain; charset=utf-8', bytes)
  }),
]
