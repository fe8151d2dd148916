import { z } from 'zod'
import { saleDate, startOfDay, dayMs } from '../../kernel/calendar.ts'
import {
  compassFinderOverall, compassShopOverall, compassShopProducts, finderLiveDataList, leadsByComponent, leadsByRequest, leadsComponentList, leadsRequestList, liveDataGet, liveListGet,
} from '../../wechat/spec/channels/channels.ts'
import { makeWeixinAccount } from '../core/core-module.ts'
import { accountOf, freshId, slice, u, type Namespace, type Slice } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act, serve, type LineModule } from '../core/registry.ts'
import { shopState, type Order, type OrderHead } from '../shop/index.ts'

type Live = {
  exportId: string
  title: string
  startedAt: number
  endedAt?: number
  /** What the platform counted; the acts set them, orders are counted from the Shop. */
  audience: number
  follows: number
  comments: number
  /** Share of viewers by flow type: 1 natural, 2 boosted, 3 ads, 4 public domain, 5 private domain. */
  flow: Record<string, number>
}
type Lead = { componentId: string; requestId: string; at: number; data: Array<{ title: string; value: string }> }
type ChannelsState = { lives: Live[]; components: Array<{ id: string; description: string; status: number }>; leads: Lead[] }
const channels: Slice<ChannelsState> = { name: 'channels', init: () => ({ lives: [], components: [], leads: [] }) }

const seconds = (at: number): number => Math.floor(at / 1000)

function dayOf(ds: string | number): { from: number; to: number } {
  const text = String(ds)
  const from = /^\d{8}$/.test(text) ? startOfDay(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`) : Number.NaN
  if (Number.isNaN(from)) throw new PlatformError(10021069, 'the date is wrong')
  return { from, to: from + dayMs }
}

function ordersOf(ns: Namespace, shopId: string | undefined, keep: (order: OrderHead) => boolean): Array<Readonly<Order>> {
  const account = accountOf(ns, 'shop', shopId)
  if (!account) return []
  const { orders } = shopState(ns, account.id)
  return [...orders.heads()].filter(keep).map(({ id }) => orders.get(id)!)
}

const paidFen = (order: Readonly<Order>): number => order.lines.reduce((sum, line) => sum + line.realFen, order.freightFen)

function liveOf(ns: Namespace, exportId: string): Live {
  const live = slice(ns, channels).lives.find((item) => item.exportId === exportId)
  if (!live) throw new PlatformError(40097, 'no such export_id')
  return live
}

const liveList = serve(liveListGet, ({ ns, input }) => {
  const { from, to } = dayOf(input.ds)
  if (input.ds < 20240101) throw new PlatformError(10021069, 'ds is from 20240101')
  const items = slice(ns, channels).lives.filter((live) => live.startedAt >= from && live.startedAt < to)
  return { live_items: items.map((live) => ({ export_id: live.exportId, create_time: seconds(live.startedAt) })), has_more: false, trace_id: '' }
})

/** Seven blocks, each a JSON text, as developers receive them; figures of the day, unlike the compass. */
const liveData = serve(liveDataGet, ({ ns, input }) => {
  const live = liveOf(ns, input.export_id)
  const orders = ordersOf(ns, undefined, (order) => order.liveId === live.exportId)
  const paid = orders.filter((order) => order.paidAt !== undefined)
  const gmv = paid.reduce((sum, order) => sum + paidFen(order), 0)
  const refunded = orders.reduce((sum, order) => sum + order.lines.reduce((all, line) => all + line.refundedFen, 0), 0)
  const buyers = new Set(paid.map((order) => order.openid)).size
  const durationSeconds = seconds((live.endedAt ?? ns.now) - live.startedAt)
  const text = (value: unknown): string => JSON.stringify(value)
  return {
    live_dashboard_data: text({
      summary: {
        new_watch_uv: live.audience, max_online_watch_uv: Math.ceil(live.audience / 4), impression_uv: live.audience * 3, average_watch_seconds_per_audience: Math.min(durationSeconds, 120),
        new_follow_uv: live.follows, new_fans_club_uv: 0, comment_uv: live.comments, reward_uv: 0, sharing_uv: 0, hot_quota: 0,
      },
      live_duration: durationSeconds,
      start_time: seconds(live.startedAt),
    }),
    live_comparison_index: text({ is_living: live.endedAt === undefined, on_air: {}, ended: {} }),
    live_ec_data_summary: text({
      total_gmv: gmv, total_pay_pv: paid.length, total_pay_uv: buyers, total_create_pv: orders.length, total_create_uv: new Set(orders.map((order) => order.openid)).size,
      total_clk_pv: live.audience, total_clk_uv: live.audience, total_exp_pv: live.audience * 3, total_exp_uv: live.audience,
      cumulative_audience_count: live.audience, new_follow_count: live.follows, new_comment_count: live.comments, refund_amount: refunded,
    }),
    live_ec_conversion_metric: text({ whole_live_conversion: live.audience === 0 ? 0 : buyers / live.audience }),
    live_ec_profile: text({}),
    live_distribution_channel: text({
      flow_type_distribution: Object.entries(live.flow).map(([type, share]) => ({ live_dst_channel_type: Number(type), uv: Math.round(live.audience * share), gmv: Math.round(gmv * share) })),
    }),
    single_live_ec_spu_data_page_v2: text({ spu_data_list: [] }),
  }
})

const finderLives = serve(finderLiveDataList, ({ ns, input }) => {
  const ended = slice(ns, channels).lives.filter(
    (live) => live.endedAt !== undefined && (input.start_time === undefined || seconds(live.endedAt) >= input.start_time) && (input.end_time === undefined || seconds(live.endedAt) <= input.end_time),
  )
  const from = input.last_buffer ? Number(input.last_buffer) : 0
  const page = ended.slice(from, from + 50)
  const end = from + page.length
  return {
    item: page.map((live) => ({
      export_id: live.exportId, live_start_time: seconds(live.startedAt), live_duration_in_seconds: seconds((live.endedAt ?? live.startedAt) - live.startedAt),
      total_audience_count: live.audience, total_cheer_count: 0, forward_count: 0, total_comment_count: live.comments, audiences_avg_seconds: 60,
      max_online_count: Math.ceil(live.audience / 4), new_follow_count: live.follows,
    })),
    last_buffer: String(end),
    continue_flag: end < ended.length,
  }
})

const leadsComponents = serve(leadsComponentList, ({ ns }) => ({
  item: slice(ns, channels).components.map((item) => ({ leads_component_id: item.id, leads_description: item.description, status: item.status })),
  last_buffer: '',
  continue_flag: false,
}))

const leadsRequests = serve(leadsRequestList, ({ ns, input }) => {
  const ids = [...new Set(slice(ns, channels).leads.filter((lead) => lead.componentId === input.leads_component_id).map((lead) => lead.requestId))]
  return { item: ids.map((id) => ({ request_id: id, live_description: '' })), last_buffer: '', continue_flag: false }
})

function leadsAnswer(ns: Namespace, kept: Lead[], buffer: string | undefined) {
  const from = buffer ? Number(buffer) : 0
  const page = kept.slice(from, from + 100)
  const end = from + page.length
  const nickname = accountOf(ns, 'channels')?.name ?? ''
  return {
    user_data: page.map((lead) => ({ anchor_nickname: nickname, live_start_time: seconds(lead.at), live_description: '', close_flag: 0, leads_data: lead.data })),
    last_buffer: String(end),
    continue_flag: end < kept.length,
  }
}
const byRequest = serve(leadsByRequest, ({ ns, input }) => leadsAnswer(ns, slice(ns, channels).leads.filter((lead) => lead.requestId === input.request_id), input.last_buffer))
const byComponent = serve(leadsByComponent, ({ ns, input }) =>
  leadsAnswer(
    ns,
    slice(ns, channels).leads.filter((lead) => lead.componentId === input.leads_component_id && seconds(lead.at) >= input.start_time && seconds(lead.at) <= input.end_time),
    input.last_buffer,
  ),
)

/** T+1: the figures of a day exist from the next day on. */
function pastDay(ns: Namespace, ds: string): { from: number; to: number } {
  const day = dayOf(ds)
  if (day.to > startOfDay(saleDate(ns.now))) throw new PlatformError(10021069, 'only past days have figures')
  return day
}

const paidOn = (ns: Namespace, shopId: string | undefined, day: { from: number; to: number }): Array<Readonly<Order>> => ordersOf(ns, shopId, (order) => order.paidAt !== undefined && order.paidAt >= day.from && order.paidAt < day.to)

/** The Shop's compass writes numbers as text. */
const shopOverall = serve(compassShopOverall, ({ ns, account, input }) => {
  const day = pastDay(ns, input.ds)
  const paid = paidOn(ns, account?.id, day)
  const sum = (orders: ReadonlyArray<Readonly<Order>>): string => String(orders.reduce((all, order) => all + paidFen(order), 0))
  const refunded = Object.values(accountOf(ns, 'shop', account?.id) ? shopState(ns, account?.id ?? '').aftersales : {}).filter(
    (item) => item.completedAt !== undefined && item.completedAt >= day.from && item.completedAt < day.to && item.status.endsWith('_SUCCESS'),
  )
  return {
    data: {
      pay_gmv: sum(paid), pay_uv: String(new Set(paid.map((order) => order.openid)).size), pay_order_cnt: String(paid.length),
      pay_refund_gmv: String(refunded.reduce((all, item) => all + item.amountFen, 0)), live_pay_gmv: sum(paid.filter((order) => order.scene === 2)),
      feed_pay_gmv: sum(paid.filter((order) => order.scene === 3)), product_click_uv: String(Math.round(paid.length * (8 + 4 * u(ns, 'clicks', input.ds)))),
    },
  }
})

const shopProducts = serve(compassShopProducts, ({ ns, account, input }) => {
  const paid = paidOn(ns, account?.id, pastDay(ns, input.ds))
  const byProduct = new Map<string, { gmv: number; pieces: number; buyers: Set<string> }>()
  for (const order of paid) {
    for (const line of order.lines) {
      const seen = byProduct.get(line.productId) ?? { gmv: 0, pieces: 0, buyers: new Set<string>() }
      seen.gmv += line.realFen
      seen.pieces += line.count
      seen.buyers.add(order.openid)
      byProduct.set(line.productId, seen)
    }
  }
  const { products } = shopState(ns, account?.id ?? '')
  return {
    product_list: [...byProduct].map(([id, seen]) => ({
      product_id: id, title: products[id]?.online?.title ?? '', head_img_url: '', data: { pay_gmv: String(seen.gmv), pay_cnt: String(seen.pieces), pay_uv: String(seen.buyers.size) },
    })),
  }
})

const finderOverall = serve(compassFinderOverall, ({ ns, input }) => {
  const paid = paidOn(ns, undefined, pastDay(ns, input.ds)).filter((order) => order.scene === 2 || order.scene === 3 || order.scene === 5)
  const sum = (scene: number): number => paid.filter((order) => order.scene === scene).reduce((all, order) => all + paidFen(order), 0)
  return { data: { pay_gmv: sum(2) + sum(3) + sum(5), live_pay_gmv: sum(2), feed_pay_gmv: sum(3), window_pay_gmv: sum(5), product_pay_gmv: 0, other_pay_gmv: 0 } }
})

export const channelsLine: LineModule = {
  line: 'channels',
  routes: [liveList, liveData, finderLives, leadsComponents, leadsRequests, byRequest, byComponent, shopOverall, shopProducts, finderOverall],
  acts: [
    act({
      name: 'channels.startLive',
      en: 'A live room opens; orders name it by liveId',
      args: z.object({ title: z.string().optional() }),
      run(ns, args) {
        const live: Live = { exportId: freshId(ns, 'export/', 40), title: args.title ?? '', startedAt: ns.now, audience: 0, follows: 0, comments: 0, flow: { 1: 0.6, 4: 0.2, 5: 0.2 } }
        slice(ns, channels).lives.push(live)
        return { exportId: live.exportId }
      },
    }),
    act({
      name: 'channels.watchLive',
      en: 'People watch, follow, comment; the shares by flow type can be set',
      args: z.object({ exportId: z.string(), audience: z.int().nonnegative().optional(), follows: z.int().nonnegative().optional(), comments: z.int().nonnegative().optional(), flow: z.record(z.string(), z.number()).optional() }),
      run(ns, args) {
        const live = liveOf(ns, args.exportId)
        live.audience += args.audience ?? 0
        live.follows += args.follows ?? 0
        live.comments += args.comments ?? 0
        if (args.flow) live.flow = args.flow
        return { audience: live.audience, follows: live.follows, comments: live.comments }
      },
    }),
    act({
      name: 'channels.endLive',
      en: 'The live room closes',
      args: z.object({ exportId: z.string() }),
      run(ns, args) {
        liveOf(ns, args.exportId).endedAt = ns.now
        return { endedAt: ns.now }
      },
    }),
    act({
      name: 'channels.submitLead',
      en: 'Somebody fills in the form of a live room (name, phone …)',
      args: z.object({ component: z.string().optional(), exportId: z.string().optional(), data: z.array(z.object({ title: z.string(), value: z.string() })) }),
      run(ns, args) {
        const state = slice(ns, channels)
        let component = state.components.find((item) => args.component === undefined || item.id === args.component)
        if (!component) state.components.push((component = { id: args.component ?? freshId(ns, 'lead', 16), description: '留资表单', status: 4 }))
        const requestId = `${component.id}-${args.exportId ?? 'shelf'}`
        state.leads.push({ componentId: component.id, requestId, at: ns.now, data: args.data })
        return { componentId: component.id, requestId }
      },
    }),
  ],
  hooks: { hosts: ['api.weixin.qq.com'] },
  prepare(ns) {
    ns.accounts.push(makeWeixinAccount(ns, 'channels', '轻舟演示视频号', 'main'))
    slice(ns, channels)
  },
  env(ns): Record<string, string> {
    const account = accountOf(ns, 'channels')
    return account ? { WECHAT_CHANNELS_APPID: account.id, WECHAT_CHANNELS_SECRET: account.secret } : {}
  },
}
