import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { outcome, shopCaps, shopErrors, shopRow, unixSeconds } from '../shop/shapes.ts'

const channelsRow = { line: 'channels', method: 'POST', credential: 'access_token', caps: shopCaps, errors: shopErrors } as const
const compassErrors = { ...shopErrors, '10021069': { retry: 'never', en: 'the date is wrong' } } as const
/** Compass figures come as text on some pages and as numbers on others: accept both (shop sheet 16). */
const figure = z.union([z.string(), z.number()]).transform(Number)
/** Each block of the live dashboard arrives as a JSON text in practice; the documents say object. */
const block = z.union([z.string(), z.looseObject({})])

export const liveListGet = endpoint({
  ...channelsRow,
  name: 'channels.live.list',
  path: '/channels/livedashboard/getlivelist',
  effect: 'read',
  /** ds: YYYYMMDD as a number, from 20240101; only e-commerce live rooms are listed. */
  request: z.looseObject({ ds: z.union([z.int(), z.string().regex(/^\d{8}$/).transform(Number)]) }),
  response: outcome.extend({ live_items: z.array(z.looseObject({ export_id: z.string(), create_time: unixSeconds })).optional(), has_more: z.boolean().optional(), trace_id: z.string().optional() }),
  repeat: 'safe',
  doc: 'DC/api/channels/livedashboard/',
  verified: 'reading',
  zh: '获取直播大屏直播列表',
})

export const liveDataGet = endpoint({
  ...channelsRow,
  name: 'channels.live.data',
  path: '/channels/livedashboard/getlivedata',
  effect: 'read',
  request: z.looseObject({ export_id: z.string() }),
  response: outcome.extend({
    live_dashboard_data: block.optional(),
    live_comparison_index: block.optional(),
    live_ec_data_summary: block.optional(),
    live_ec_conversion_metric: block.optional(),
    live_ec_profile: block.optional(),
    live_distribution_channel: block.optional(),
    single_live_ec_spu_data_page_v2: block.optional(),
  }),
  repeat: 'safe',
  doc: 'DC/API/livedashboard/getlivedata.html',
  verified: 'reading',
  zh: '获取直播大屏数据',
})

export const finderLiveDataList = endpoint({
  ...channelsRow,
  name: 'channels.finder-live.data-list',
  path: '/channels/finderlive/get_finder_live_data_list',
  effect: 'read',
  /** Times are compared with the end of the live. */
  request: z.looseObject({ start_time: unixSeconds.optional(), end_time: unixSeconds.optional(), last_buffer: z.string().optional() }),
  response: outcome.extend({
    item: z
      .array(
        z.looseObject({
          export_id: z.string(),
          live_start_time: unixSeconds,
          live_duration_in_seconds: z.int().optional(),
          total_audience_count: z.int().optional(),
          total_cheer_count: z.int().optional(),
          forward_count: z.int().optional(),
          total_comment_count: z.int().optional(),
          audiences_avg_seconds: z.int().optional(),
          max_online_count: z.int().optional(),
          new_follow_count: z.int().optional(),
        }),
      )
      .optional(),
    last_buffer: z.string().optional(),
    continue_flag: z.boolean().optional(),
  }),
  repeat: 'safe',
  doc: 'DC/API/live/get_finder_live_data_list.html',
  verified: 'reading',
  zh: '获取视频号直播数据列表',
})

export const leadsComponentList = endpoint({
  ...channelsRow,
  name: 'channels.leads.components',
  path: '/channels/leads/get_leads_component_id',
  effect: 'read',
  request: z.looseObject({ last_buffer: z.string().optional() }),
  /** status 1 not submitted, 2 waiting, 3 refused, 4 passed, 5 deleted. */
  response: outcome.extend({ item: z.array(z.looseObject({ leads_component_id: z.string(), leads_description: z.string().optional(), status: z.int().optional() })).optional(), last_buffer: z.string().optional(), continue_flag: z.boolean().optional() }),
  repeat: 'safe',
  doc: 'DC/API/leads/get_leads_component_id.html',
  verified: 'reading',
  zh: '获取留资组件列表',
})

const leadsAnswer = outcome.extend({
  user_data: z
    .array(
      z.looseObject({
        anchor_nickname: z.string().optional(),
        live_start_time: unixSeconds.optional(),
        live_description: z.string().optional(),
        close_flag: z.int().optional(),
        /** The form's captions and answers; no openid, no unionid: joined by phone only. */
        leads_data: z.array(z.looseObject({ title: z.string(), value: z.string() })).optional(),
      }),
    )
    .optional(),
  last_buffer: z.string().optional(),
  continue_flag: z.boolean().optional(),
})

export const leadsRequestList = endpoint({
  ...channelsRow,
  name: 'channels.leads.requests',
  path: '/channels/leads/get_leads_request_id',
  effect: 'read',
  request: z.looseObject({ leads_component_id: z.string(), last_buffer: z.string().optional() }),
  response: outcome.extend({ item: z.array(z.looseObject({ request_id: z.string(), live_start_time: unixSeconds.optional(), live_description: z.string().optional() })).optional(), last_buffer: z.string().optional(), continue_flag: z.boolean().optional() }),
  repeat: 'safe',
  doc: 'DC/API/leads/get_leads_request_id.html',
  verified: 'reading',
  zh: '获取留资请求列表',
})

export const leadsByRequest = endpoint({
  ...channelsRow,
  name: 'channels.leads.by-request',
  path: '/channels/leads/get_leads_info_by_request_id',
  effect: 'read',
  request: z.looseObject({ request_id: z.string(), last_buffer: z.string().optional(), version: z.int().optional() }),
  response: leadsAnswer,
  repeat: 'safe',
  doc: 'DC/API/leads/get_leads_info_by_request_id.html',
  verified: 'reading',
  zh: '按请求获取留资信息',
})

export const leadsByComponent = endpoint({
  ...channelsRow,
  name: 'channels.leads.by-component',
  path: '/channels/leads/get_leads_info_by_component_id',
  effect: 'read',
  request: z.looseObject({ leads_component_id: z.string(), start_time: unixSeconds, end_time: unixSeconds, last_buffer: z.string().optional(), version: z.int().optional() }),
  response: leadsAnswer,
  repeat: 'safe',
  doc: 'DC/API/leads/get_leads_info_by_component_id.html',
  verified: 'reading',
  zh: '按组件获取留资信息',
})

export const compassShopOverall = endpoint({
  ...shopRow,
  name: 'shop.compass.overall',
  path: '/channels/ec/compass/shop/overall/get',
  effect: 'read',
  errors: compassErrors,
  /** ds YYYYMMDD; only past days (T+1). */
  request: z.looseObject({ ds: z.union([z.string(), z.int()]).transform(String) }),
  response: outcome.extend({
    data: z
      .looseObject({
        pay_gmv: figure.optional(),
        pay_uv: figure.optional(),
        pay_order_cnt: figure.optional(),
        pay_refund_gmv: figure.optional(),
        live_pay_gmv: figure.optional(),
        feed_pay_gmv: figure.optional(),
        product_click_uv: figure.optional(),
      })
      .optional(),
  }),
  repeat: 'safe',
  doc: 'DS/shop/API/compass/api_getshopoverall',
  verified: 'reading',
  zh: '获取电商概览数据',
})

export const compassShopProducts = endpoint({
  ...shopRow,
  name: 'shop.compass.products',
  path: '/channels/ec/compass/shop/product/list/get',
  effect: 'read',
  errors: compassErrors,
  request: z.looseObject({ ds: z.union([z.string(), z.int()]).transform(String) }),
  response: outcome.extend({ product_list: z.array(z.looseObject({ product_id: z.union([z.string(), z.number()]).transform(String), head_img_url: z.string().optional(), title: z.string().optional(), data: z.looseObject({}).optional() })).optional() }),
  repeat: 'safe',
  doc: 'SK-M/ECCompass/ChannelsECCompassShopProductListGetResponse.cs',
  verified: 'reading',
  zh: '获取商品列表数据',
})

export const compassFinderOverall = endpoint({
  ...channelsRow,
  name: 'channels.compass.overall',
  path: '/channels/ec/compass/finder/overall/get',
  effect: 'read',
  errors: compassErrors,
  request: z.looseObject({ ds: z.union([z.string(), z.int()]).transform(String) }),
  response: outcome.extend({
    data: z.looseObject({ pay_gmv: figure.optional(), live_pay_gmv: figure.optional(), feed_pay_gmv: figure.optional(), window_pay_gmv: figure.optional(), product_pay_gmv: figure.optional(), other_pay_gmv: figure.optional() }).optional(),
  }),
  repeat: 'safe',
  doc: 'DC/API/compass/finder/getfinderoverall.html',
  verified: 'reading',
  zh: '获取带货数据概览',
})

export const channelsRows = [
  liveListGet, liveDataGet, finderLiveDataList, leadsComponentList, leadsRequestList, leadsByRequest, leadsByComponent, compassShopOverall, compassShopProducts, compassFinderOverall,
]
