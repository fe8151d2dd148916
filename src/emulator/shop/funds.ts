import { z } from 'zod'
import { addressAdd, addressGet, addressList, auditQuotaGet, categoryAll, categoryDetail, imageUpload, shopInfoGet, wecomIdGet } from '../../wechat/spec/shop/basics.ts'
import { fundsBalance, fundsFlowDetail, fundsFlowList, withdrawDetail, withdrawList, withdrawSubmit } from '../../wechat/spec/shop/funds.ts'
import { accountOf, freshDigits, freshId, randomOf } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { pushShopEvent } from './event.ts'
import { bookFunds } from './fulfil.ts'
import { seconds, shopOf } from './state.ts'

const balance = serve(fundsBalance, ({ ns, account }) => {
  const { state } = shopOf(ns, account?.id)
  return { balance_info: { available_amount: state.availableFen, pending_amount: state.pendingFen, sub_mchid: '1900000000' } }
})

const flowList = serve(fundsFlowList, ({ ns, account, input }) => {
  const { state } = shopOf(ns, account?.id)
  if (input.page_size < 1 || input.page_size > 100) throw new PlatformError(40097, 'page_size must be 1 to 100')
  const kept = state.funds.filter((flow) => (input.start_time === undefined || seconds(flow.at) >= input.start_time) && (input.end_time === undefined || seconds(flow.at) <= input.end_time))
  const from = input.next_key ? Number(input.next_key) : ((input.page ?? 1) - 1) * input.page_size
  const ids = kept.slice(from, from + input.page_size).map((flow) => flow.id)
  const end = from + ids.length
  return { flow_ids: ids, has_more: end < kept.length, next_key: end < kept.length ? String(end) : '' }
})

const flowDetail = serve(fundsFlowDetail, ({ ns, account, input }) => {
  const flow = shopOf(ns, account?.id).state.funds.find((item) => item.id === input.flow_id)
  if (!flow) throw new PlatformError(40097, 'no such flow_id')
  return {
    funds_flow: {
      flow_id: flow.id, funds_type: flow.type, flow_type: flow.direction, amount: flow.amountFen, balance: flow.balanceFen,
      related_info_list: [{ related_type: flow.aftersaleId === '' ? 1 : 2, order_id: flow.orderId, aftersale_id: flow.aftersaleId === '' ? '0' : flow.aftersaleId, transaction_id: flow.transactionId }],
      bookkeeping_time: seconds(flow.at), remark: flow.remark,
    },
  }
})

const info = serve(shopInfoGet, ({ ns, account }) => {
  const shop = shopOf(ns, account?.id)
  return { info: { nickname: shop.account.name, headimg_url: '', subject_type: '企业', status: 'opened', username: shop.account.originalId } }
})

const upload = serve(imageUpload, ({ ns, query }) => {
  const id = freshId(ns, 'img', 24)
  return { pic_file: query.resp_type === '1' ? { img_url: `https://mmecimage.cn/p/${id}` } : { media_id: id } }
})

/** The Shop's own id space for WeCom members: a keyed text, the same for the same member, that gives nothing away. */
export function wecomShopId(ns: Parameters<typeof randomOf>[0], kind: 'corp' | 'user', corpId: string, userId: string): string {
  return `w${kind[0]}${randomOf(ns).bytes(18, 'wecom-shop-id', kind, corpId, userId).toString('base64url')}`
}

const wecomId = serve(wecomIdGet, ({ ns, input }) => {
  if (!accountOf(ns, 'wecom', input.corp_id)) throw new PlatformError(914910001, 'the corp is not related to the shop')
  return { data: { wecom_corp_id: wecomShopId(ns, 'corp', input.corp_id, ''), wecom_user_id: wecomShopId(ns, 'user', input.corp_id, input.user_id) } }
})

const submit = serve(withdrawSubmit, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  if (input.amount < 1 || input.amount > shop.state.availableFen) throw new PlatformError(40097, `the amount must be 1 to ${shop.state.availableFen} fen`)
  const id = freshDigits(ns, 'withdraw', 16, '5')
  const ticket = freshId(ns, 'ticket-', 32)
  shop.state.withdrawals[id] = { id, amountFen: input.amount, status: 'CREATE_SUCCESS', ticket, createdAt: ns.now, updatedAt: ns.now, remark: input.remark ?? '' }
  bookFunds(ns, shop, 4, -input.amount, { remark: '提现' })
  pushShopEvent(ns, shop, 'channels_ec_withdraw_notify', { withdraw_info: { event: 1, withdraw_id: id } })
  return { qrcode_ticket: ticket, withdraw_id: id }
})
const withdrawals = serve(withdrawList, ({ ns, account, input }) => {
  const all = Object.values(shopOf(ns, account?.id).state.withdrawals).filter((item) => (input.start_time === undefined || seconds(item.createdAt) >= input.start_time) && (input.end_time === undefined || seconds(item.createdAt) <= input.end_time))
  if (input.page_num < 1 || input.page_size < 1 || input.page_size > 100) throw new PlatformError(40097, 'page_num is at least 1, page_size 1 to 100')
  return { withdraw_ids: all.slice((input.page_num - 1) * input.page_size, input.page_num * input.page_size).map((item) => item.id), total_num: all.length }
})
const withdrawal = serve(withdrawDetail, ({ ns, account, input }) => {
  const item = shopOf(ns, account?.id).state.withdrawals[input.withdraw_id]
  if (!item) throw new PlatformError(40097, 'no such withdraw_id')
  return { withdraw_id: item.id, amount: item.amountFen, status: item.status, create_time: seconds(item.createdAt), update_time: seconds(item.updatedAt), reason: '', remark: item.remark }
})

/** A few categories of the tree, enough for a form; the real one has thousands. */
const categories = [
  { cat_id: '1421', name: '食品饮料', f_cat_id: '0', level: 1, leaf: false },
  { cat_id: '1432', name: '茶叶', f_cat_id: '1421', level: 2, leaf: true },
  { cat_id: '1501', name: '家居用品', f_cat_id: '0', level: 1, leaf: false },
  { cat_id: '1512', name: '杯具', f_cat_id: '1501', level: 2, leaf: true },
  { cat_id: '1513', name: '家居饰品', f_cat_id: '1501', level: 2, leaf: true },
]
const allCategories = serve(categoryAll, () => ({ cats: [], cats_v2: categories.map((cat) => ({ cat_and_qua: [{ cat }] })) }))
const categoryInfo = serve(categoryDetail, ({ ns, account, input }) => {
  const found = categories.find((cat) => cat.cat_id === input.cat_id)
  if (!found) throw new PlatformError(10020050, 'no such cat_id')
  return { info: { cat_id: found.cat_id, name: found.name }, attr: { transactionfee_info: { basis_point: shopOf(ns, account?.id).state.parameters.feeBasisPoints } } }
})
const auditQuota = serve(auditQuotaGet, () => ({ audit_quota: { total_quota: 1_000, avail_quota: 1_000 } }))

const addresses = serve(addressList, ({ ns, account, input }) => ({
  address_id_list: Object.keys(shopOf(ns, account?.id).state.addresses).slice(input.offset ?? 0, (input.offset ?? 0) + (input.limit ?? 100)),
}))
const address = serve(addressGet, ({ ns, account, input }) => {
  const found = shopOf(ns, account?.id).state.addresses[input.address_id]
  if (!found) throw new PlatformError(10020050, 'no such address_id')
  return { address_detail: found }
})
const newAddress = serve(addressAdd, ({ ns, account, input }) => {
  const id = freshDigits(ns, 'address', 10, '6')
  shopOf(ns, account?.id).state.addresses[id] = { ...input.address_detail, address_id: id }
  return { address_id: id }
})

export const fundsRoutes: Route[] = [
  balance, flowList, flowDetail, submit, withdrawals, withdrawal, info, upload, wecomId, allCategories, categoryInfo, auditQuota, addresses, address, newAddress,
]

export const fundsActs: Act[] = [
  act({
    name: 'shop.confirmWithdraw',
    en: "An administrator scans the withdrawal's QR code and confirms or cancels it",
    args: z.object({ shop: z.string().optional(), withdrawId: z.string(), confirmed: z.boolean().optional() }),
    run(ns, args) {
      const shop = shopOf(ns, args.shop)
      const item = shop.state.withdrawals[args.withdrawId]
      if (item?.status !== 'CREATE_SUCCESS') throw new PlatformError(10020065, 'there is no withdrawal waiting under this id')
      const confirmed = args.confirmed ?? true
      item.status = confirmed ? 'SUCCESS' : 'CLOSE'
      item.updatedAt = ns.now
      pushShopEvent(ns, shop, 'qrcode_status', { qrcode_info: { ticket: item.ticket, status: confirmed ? 1 : 2, scan_user_type: 1 } })
      if (!confirmed) bookFunds(ns, shop, 5, item.amountFen, { remark: '提现退回' })
      pushShopEvent(ns, shop, 'channels_ec_withdraw_notify', { withdraw_info: { event: confirmed ? 3 : 4, withdraw_id: item.id } })
      return { status: item.status }
    },
  }),
]
