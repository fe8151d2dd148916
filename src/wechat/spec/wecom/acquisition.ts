import { z } from 'zod'
import { acquisitionErrors, contactErrors } from './errors.ts'
import { nextCursor, nothing, paging, queryInt, row } from './row.ts'

/** Customer-acquisition links (获客链接): a paid quota. `customer_channel` (64 bytes) added to the link comes back as `state`. */

const range = z.looseObject({ user_list: z.array(z.string()).optional(), department_list: z.array(z.int()).optional() })
const priority = z.looseObject({
  /** 1 all, 2 those named. */ priority_type: z.int().optional(),
  priority_userid_list: z.array(z.string()).optional(),
})
const link = z.looseObject({
  link_id: z.string().optional(),
  link_name: z.string(),
  url: z.string(),
  create_time: z.int(),
  skip_verify: z.boolean().optional(),
  mark_source: z.boolean().optional(),
})

const linkId = 'cawcdeQingzhou00AA'
const shown = {
  link_id: linkId,
  link_name: '直播间',
  url: `https://work.weixin.qq.com/ca/${linkId}`,
  create_time: 1_782_000_000,
  skip_verify: true,
  mark_source: true,
}

export const linkList = row({
  name: 'wecom.acquisition.list',
  method: 'POST',
  path: '/cgi-bin/externalcontact/customer_acquisition/list_link',
  effect: 'read',
  request: z.looseObject({ /** limit: 100 at most. */ ...paging }),
  response: z.looseObject({ link_id_list: z.array(z.string()), ...nextCursor }),
  errors: acquisitionErrors,
  repeat: 'safe',
  doc: 'D97297',
  sample: { request: { limit: 100, cursor: '' }, response: { errcode: 0, errmsg: 'ok', link_id_list: [linkId], next_cursor: '' } },
  zh: '获取获客链接列表',
})
export const linkGet = row({
  name: 'wecom.acquisition.get',
  method: 'POST',
  path: '/cgi-bin/externalcontact/customer_acquisition/get',
  effect: 'read',
  request: z.looseObject({ link_id: z.string().optional() }),
  response: z.looseObject({ link, range, priority_option: priority.optional() }),
  errors: acquisitionErrors,
  repeat: 'safe',
  doc: 'D97297',
  sample: {
    request: { link_id: linkId },
    response: {
      errcode: 0,
      errmsg: 'ok',
      link: shown,
      range: { user_list: ['WangXiaoHe'], department_list: [1] },
      priority_option: { priority_type: 1 },
    },
  },
  zh: '获取获客链接详情',
})
const write = {
  link_name: z.string().optional(),
  range: range.optional(),
  skip_verify: z.boolean().optional(),
  priority_option: priority.optional(),
  mark_source: z.boolean().optional(),
}
export const linkCreate = row({
  name: 'wecom.acquisition.create',
  method: 'POST',
  path: '/cgi-bin/externalcontact/customer_acquisition/create_link',
  effect: 'write',
  request: z.looseObject(write),
  response: z.looseObject({ link }),
  errors: acquisitionErrors,
  repeat: 'never',
  doc: 'D97297',
  sample: {
    request: { link_name: '直播间', range: { user_list: ['WangXiaoHe'] }, skip_verify: true },
    response: { errcode: 0, errmsg: 'ok', link: shown },
  },
  zh: '创建获客链接',
})
/** The range is replaced. */
export const linkUpdate = row({
  name: 'wecom.acquisition.update',
  method: 'POST',
  path: '/cgi-bin/externalcontact/customer_acquisition/update_link',
  effect: 'write',
  request: z.looseObject({ link_id: z.string().optional(), ...write }),
  response: nothing,
  errors: acquisitionErrors,
  repeat: 'safe',
  doc: 'D97297',
  sample: { request: { link_id: linkId, link_name: '直播间二' } },
  zh: '编辑获客链接',
})
export const linkDelete = row({
  name: 'wecom.acquisition.delete',
  method: 'POST',
  path: '/cgi-bin/externalcontact/customer_acquisition/delete_link',
  effect: 'write',
  request: z.looseObject({ link_id: z.string().optional() }),
  response: nothing,
  errors: acquisitionErrors,
  repeat: 'safe',
  doc: 'D97297',
  sample: { request: { link_id: linkId } },
  zh: '删除获客链接',
})
export const linkCustomers = row({
  name: 'wecom.acquisition.customers',
  method: 'POST',
  path: '/cgi-bin/externalcontact/customer_acquisition/customer',
  effect: 'read',
  request: z.looseObject({ link_id: z.string().optional(), /** limit: 1,000 at most. */ ...paging }),
  response: z.looseObject({
    customer_list: z.array(
      z.looseObject({
        external_userid: z.string(),
        userid: z.string(),
        /** 0 no message yet, 1 the customer has spoken. */ chat_status: z.int(),
        state: z.string().optional(),
      }),
    ),
    ...nextCursor,
  }),
  errors: acquisitionErrors,
  repeat: 'safe',
  doc: 'D97298',
  sample: {
    request: { link_id: linkId, limit: 1000 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      customer_list: [{ external_userid: 'wmQingzhou00000000000000000000AA', userid: 'WangXiaoHe', chat_status: 0, state: 'room-7' }],
      next_cursor: '',
    },
  },
  zh: '获取由获客链接添加的客户信息',
})

const quota = z.looseObject({
  total: z.int(),
  balance: z.int(),
  quota_list: z.array(z.looseObject({ expire_date: z.int(), balance: z.int() })).optional(),
})
export const acquisitionQuota = row({
  name: 'wecom.acquisition.quota',
  method: 'GET',
  path: '/cgi-bin/externalcontact/customer_acquisition_quota',
  effect: 'read',
  request: nothing,
  response: quota,
  errors: acquisitionErrors,
  repeat: 'safe',
  doc: 'D97375',
  sample: { response: { errcode: 0, errmsg: 'ok', total: 1000, balance: 500, quota_list: [{ expire_date: 1_789_350_400, balance: 500 }] } },
  zh: '查询剩余使用量',
})
/** Verbs are disputed among SDKs; the emulator takes both. */
export const acquisitionQuotaByPost = row({
  ...acquisitionQuota,
  name: 'wecom.acquisition.quota_by_post',
  method: 'POST',
  doc: 'SKIT (verb disputed)',
  sample: undefined,
  verified: 'reading',
})
const statisticRequest = z.looseObject({
  link_id: z.string().optional(),
  start_time: queryInt.optional(),
  /** 30 days a call, 180 days back; UNCONFIRMED. */ end_time: queryInt.optional(),
})
export const linkStatistic = row({
  name: 'wecom.acquisition.statistic',
  method: 'POST',
  path: '/cgi-bin/externalcontact/customer_acquisition/statistic',
  effect: 'read',
  request: statisticRequest,
  response: z.looseObject({ click_link_customer_cnt: z.int(), new_customer_cnt: z.int() }),
  errors: acquisitionErrors,
  repeat: 'safe',
  doc: 'WXJ customer_acquisition/statistic',
  sample: {
    request: { link_id: linkId, start_time: 1_782_000_000, end_time: 1_782_086_400 },
    response: { errcode: 0, errmsg: 'ok', click_link_customer_cnt: 1000, new_customer_cnt: 500 },
  },
  zh: '查询链接使用详情',
})
export const linkStatisticByQuery = row({
  ...linkStatistic,
  name: 'wecom.acquisition.statistic_by_query',
  method: 'GET',
  doc: 'SKIT (verb disputed)',
  sample: undefined,
  verified: 'reading',
})
export const linkChatInfo = row({
  name: 'wecom.acquisition.chat_info',
  method: 'POST',
  path: '/cgi-bin/externalcontact/customer_acquisition/get_chat_info',
  effect: 'read',
  request: z.looseObject({ chat_key: z.string().optional() }),
  response: z.looseObject({
    userid: z.string(),
    external_userid: z.string(),
    chat_info: z.looseObject({ recv_msg_cnt: z.int(), link_id: z.string(), state: z.string().optional() }),
  }),
  errors: contactErrors,
  repeat: 'safe',
  doc: 'D100130',
  sample: {
    request: { chat_key: 'CHAT_KEY' },
    response: {
      errcode: 0,
      errmsg: 'ok',
      userid: 'WangXiaoHe',
      external_userid: 'wmQingzhou00000000000000000000AA',
      chat_info: { recv_msg_cnt: 3, link_id: linkId, state: 'room-7' },
    },
  },
  zh: '获取成员多次收消息详情',
})

export const acquisitionRows = [
  linkList,
  linkGet,
  linkCreate,
  linkUpdate,
  linkDelete,
  linkCustomers,
  acquisitionQuota,
  acquisitionQuotaByPost,
  linkStatistic,
  linkStatisticByQuery,
  linkChatInfo,
]
