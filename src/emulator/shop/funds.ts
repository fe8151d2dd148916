import { imageUpload, shopInfoGet, wecomIdGet } from '../../wechat/spec/shop/basics.ts'
import { fundsBalance, fundsFlowDetail, fundsFlowList } from '../../wechat/spec/shop/funds.ts'
import { accountOf, freshId, randomOf } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { serve, type Route } from '../core/registry.ts'
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

export const fundsRoutes: Route[] = [balance, flowList, flowDetail, info, upload, wecomId]
