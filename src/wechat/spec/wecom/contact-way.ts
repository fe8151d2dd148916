import { z } from 'zod'
import { contactErrors, contactWayErrors } from './errors.ts'
import { messageBlocks, nextCursor, nothing, paging, row } from './row.ts'

/** Contact ways (联系我), used as channel live codes (渠道活码). Ways made by API never appear in the admin console: a lost config_id is lost. */

const fields = {
  /** 1 one member, 2 several. */
  type: z.int().optional(),
  /** 1 in a mini program, 2 by QR code. */
  scene: z.int().optional(),
  style: z.int().optional(),
  /** 30 characters at most. */
  remark: z.string().optional(),
  /** True when absent. */
  skip_verify: z.boolean().optional(),
  /** 30 characters at most; comes back in the add event and in `follow_user`. */
  state: z.string().optional(),
  /** Exactly one when type is 1. */
  user: z.array(z.string()).optional(),
  /** type 2 only. */
  party: z.array(z.int()).optional(),
  is_temp: z.boolean().optional(),
  /** Seconds; temporary ways: 7 days when absent, 14 at most. */
  expires_in: z.int().optional(),
  /** Seconds; temporary ways: 24 hours when absent, 14 days at most. */
  chat_expires_in: z.int().optional(),
  unionid: z.string().optional(),
  /** The same customer is steered to the same follower; exact meaning UNCONFIRMED. */
  is_exclusive: z.boolean().optional(),
  mark_source: z.boolean().optional(),
  conclusions: z.looseObject(messageBlocks).optional(),
}
export const contactWay = z.looseObject({ config_id: z.string(), qr_code: z.string().optional(), ...fields })

const way = { type: 2, scene: 2, remark: '门店一', skip_verify: true, state: 'store-1', user: ['WangXiaoHe', 'LiMingYue'] }
const configId = '42b34949e138eb6e027c123cba77f0aa'

export const contactWayAdd = row({
  name: 'wecom.contact_way.add',
  method: 'POST',
  path: '/cgi-bin/externalcontact/add_contact_way',
  effect: 'write',
  request: z.looseObject(fields),
  response: z.looseObject({ config_id: z.string(), qr_code: z.string().optional() }),
  errors: contactWayErrors,
  repeat: 'never',
  doc: 'D92228 D96348',
  sample: { request: way, response: { errcode: 0, errmsg: 'ok', config_id: configId, qr_code: 'https://example.com/qr/0' } },
  zh: '配置客户联系「联系我」方式',
})
const one = z.looseObject({ config_id: z.string().optional() })
export const contactWayGet = row({
  name: 'wecom.contact_way.get',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_contact_way',
  effect: 'read',
  request: one,
  response: z.looseObject({ contact_way: contactWay }),
  errors: contactWayErrors,
  repeat: 'safe',
  doc: 'D92228',
  sample: {
    request: { config_id: configId },
    response: { errcode: 0, errmsg: 'ok', contact_way: { config_id: configId, ...way, party: [], qr_code: 'https://example.com/qr/0' } },
  },
  zh: '获取企业已配置的「联系我」方式',
})
export const contactWayList = row({
  name: 'wecom.contact_way.list',
  method: 'POST',
  path: '/cgi-bin/externalcontact/list_contact_way',
  effect: 'read',
  request: z.looseObject({
    /** Seconds; 90 days ago when absent. */ start_time: z.int().optional(),
    /** Seconds; now when absent. */ end_time: z.int().optional(),
    /** limit: 100 when absent, 1,000 at most. */ ...paging,
  }),
  response: z.looseObject({ contact_way: z.array(z.looseObject({ config_id: z.string() })), ...nextCursor }),
  errors: contactWayErrors,
  repeat: 'safe',
  doc: 'D92228',
  sample: {
    request: { start_time: 1_781_000_000, end_time: 1_782_000_000, limit: 1000 },
    response: { errcode: 0, errmsg: 'ok', contact_way: [{ config_id: configId }], next_cursor: '' },
  },
  zh: '获取企业已配置的「联系我」列表',
})
/** Lists replace the old ones. */
export const contactWayUpdate = row({
  name: 'wecom.contact_way.update',
  method: 'POST',
  path: '/cgi-bin/externalcontact/update_contact_way',
  effect: 'write',
  request: z.looseObject({ config_id: z.string().optional(), ...fields }),
  response: nothing,
  errors: contactWayErrors,
  repeat: 'safe',
  doc: 'D92228',
  sample: { request: { config_id: configId, user: ['LiMingYue'], state: 'store-2' } },
  zh: '更新企业已配置的「联系我」方式',
})
export const contactWayDelete = row({
  name: 'wecom.contact_way.delete',
  method: 'POST',
  path: '/cgi-bin/externalcontact/del_contact_way',
  effect: 'write',
  request: one,
  response: nothing,
  errors: contactWayErrors,
  repeat: 'safe',
  doc: 'D92228',
  sample: { request: { config_id: configId } },
  zh: '删除企业已配置的「联系我」方式',
})
/** Temporary sessions are for medical corps only. */
export const tempChatClose = row({
  name: 'wecom.contact_way.close_temp_chat',
  method: 'POST',
  path: '/cgi-bin/externalcontact/close_temp_chat',
  effect: 'write',
  request: z.looseObject({ userid: z.string().optional(), external_userid: z.string().optional() }),
  response: nothing,
  errors: contactErrors,
  repeat: 'safe',
  doc: 'D92228',
  sample: { request: { userid: 'WangXiaoHe', external_userid: 'wmQingzhou00000000000000000000AA' } },
  zh: '结束临时会话',
})

export const contactWayRows = [contactWayAdd, contactWayGet, contactWayList, contactWayUpdate, contactWayDelete, tempChatClose]
