import { z } from 'zod'
import { contactErrors, memberErrors } from './errors.ts'
import { nextCursor, nothing, paging, row } from './row.ts'

/** Customers (客户) and the relation of each with each follower (跟进人). */

/** Where a relation came from; 16 (acquisition link) is reported but UNCONFIRMED. */
export const addWays = {
  0: '未知',
  1: '扫描二维码',
  2: '搜索手机号',
  3: '名片分享',
  4: '群聊',
  5: '手机通讯录',
  6: '微信联系人',
  7: '来自微信的添加好友申请',
  8: '第三方应用自动添加',
  9: '搜索邮箱',
  10: '视频号添加',
  16: '获客链接',
  201: '内部成员共享',
  202: '管理员/负责人分配',
} as const

export const externalContact = z.looseObject({
  /** `wm…` a WeChat user, `wo…` a WeCom user. */
  external_userid: z.string(),
  name: z.string(),
  avatar: z.string().optional(),
  /** 1 WeChat user, 2 WeCom user. */
  type: z.int(),
  /** 0 unknown, 1 male, 2 female: a number here, text on members. */
  gender: z.int().optional(),
  /** Only for WeChat users, and only when the corp has bound a WeChat developer account. */
  unionid: z.string().optional(),
  position: z.string().optional(),
  corp_name: z.string().optional(),
  corp_full_name: z.string().optional(),
  external_profile: nothing.optional(),
})

const relation = {
  userid: z.string(),
  remark: z.string().optional(),
  description: z.string().optional(),
  /** Seconds. */
  createtime: z.int(),
  remark_corp_name: z.string().optional(),
  remark_mobiles: z.array(z.string()).optional(),
  oper_userid: z.string().optional(),
  /** See `addWays`. */
  add_way: z.int().optional(),
  /** Of the contact way, or the link's customer_channel. */
  state: z.string().optional(),
  wechat_channels: z.looseObject({ nickname: z.string().optional(), source: z.int().optional() }).optional(),
}
export const followUser = z.looseObject({
  ...relation,
  /** type 1 corp tag, 2 personal tag, 3 rule group's. */
  tags: z.array(z.looseObject({ group_name: z.string().optional(), tag_name: z.string(), tag_id: z.string().optional(), type: z.int() })).optional(),
})
export const followInfo = z.looseObject({ ...relation, tag_id: z.array(z.string()).optional() })

const person = {
  external_userid: 'wmQingzhou00000000000000000000AA',
  name: '王语禾',
  avatar: 'https://example.com/0',
  type: 1,
  gender: 2,
  unionid: 'oQingzhou0000000000000000000',
}
const base = {
  userid: 'WangXiaoHe',
  remark: '王女士',
  description: '',
  createtime: 1_782_000_000,
  remark_mobiles: [],
  oper_userid: 'WangXiaoHe',
  add_way: 1,
  state: 'store-1',
}

export const followUserList = row({
  name: 'wecom.contact.follow_user_list',
  method: 'GET',
  path: '/cgi-bin/externalcontact/get_follow_user_list',
  effect: 'read',
  request: nothing,
  response: z.looseObject({ follow_user: z.array(z.string()) }),
  errors: contactErrors,
  repeat: 'safe',
  doc: 'D92571',
  sample: { response: { errcode: 0, errmsg: 'ok', follow_user: ['WangXiaoHe', 'LiMingYue'] } },
  zh: '获取配置了客户联系功能的成员列表',
})

/** One member's customers in one answer. Whether those who deleted the member stay in it is UNCONFIRMED; the emulator keeps them (one-way relation). */
export const contactList = row({
  name: 'wecom.contact.list',
  method: 'GET',
  path: '/cgi-bin/externalcontact/list',
  effect: 'read',
  request: z.looseObject({ userid: z.string().optional() }),
  response: z.looseObject({ external_userid: z.array(z.string()) }),
  errors: { ...memberErrors, '84084': contactErrors['84084'] },
  repeat: 'safe',
  doc: 'SKIT externalcontact/list',
  sample: { request: { userid: 'WangXiaoHe' }, response: { errcode: 0, errmsg: 'ok', external_userid: [person.external_userid] } },
  zh: '获取客户列表',
})

/** `next_cursor` only with more than 500 followers. */
export const contactGet = row({
  name: 'wecom.contact.get',
  method: 'GET',
  path: '/cgi-bin/externalcontact/get',
  effect: 'read',
  request: z.looseObject({ external_userid: z.string().optional(), cursor: z.string().optional() }),
  response: z.looseObject({ external_contact: externalContact, follow_user: z.array(followUser), ...nextCursor }),
  errors: { ...contactErrors, '41035': { retry: 'never', en: 'external_userid is missing' } },
  repeat: 'safe',
  doc: 'D92114',
  sample: {
    request: { external_userid: person.external_userid },
    response: {
      errcode: 0,
      errmsg: 'ok',
      external_contact: person,
      follow_user: [{ ...base, tags: [{ group_name: '口味', tag_name: '乌龙', tag_id: 'etQingzhou00000000000000000000AA', type: 1 }] }],
    },
  },
  zh: '获取客户详情',
})

/** Another shape than `contactGet`: `follow_info` and `tag_id`, and no personal tags. */
export const contactBatchGet = row({
  name: 'wecom.contact.batch_get',
  method: 'POST',
  path: '/cgi-bin/externalcontact/batch/get_by_user',
  effect: 'read',
  request: z.looseObject({
    /** 100 at most. */ userid_list: z.array(z.string()).optional(),
    cursor: z.string().optional(),
    /** 50 when absent, 100 at most. */ limit: z.int().optional(),
  }),
  response: z.looseObject({
    external_contact_list: z.array(z.looseObject({ external_contact: externalContact, follow_info: followInfo })),
    ...nextCursor,
  }),
  errors: contactErrors,
  repeat: 'safe',
  doc: 'SKIT externalcontact/batch/get_by_user',
  sample: {
    request: { userid_list: ['WangXiaoHe'], cursor: '', limit: 100 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      external_contact_list: [{ external_contact: person, follow_info: { ...base, tag_id: ['etQingzhou00000000000000000000AA'] } }],
      next_cursor: 'r9FqSq',
    },
  },
  zh: '批量获取客户详情',
})

/** Customers and other external contacts the corp serves, one row a pair or a group seat; `tmp_openid` lives four hours. */
export const servedContactList = row({
  name: 'wecom.contact.served_list',
  method: 'POST',
  path: '/cgi-bin/externalcontact/contact_list',
  effect: 'write',
  request: z.looseObject(paging),
  response: z.looseObject({
    info_list: z.array(
      z.looseObject({
        is_customer: z.boolean(),
        tmp_openid: z.string(),
        external_userid: z.string().optional(),
        name: z.string().optional(),
        follow_userid: z.string().optional(),
        chat_id: z.string().optional(),
        chat_name: z.string().optional(),
        add_time: z.int(),
      }),
    ),
    ...nextCursor,
  }),
  errors: contactErrors,
  repeat: 'safe',
  doc: 'D99434',
  sample: {
    request: { cursor: '', limit: 1000 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      info_list: [
        { is_customer: true, tmp_openid: 'TMP', external_userid: person.external_userid, follow_userid: 'WangXiaoHe', add_time: 1_782_000_000 },
      ],
      next_cursor: '',
    },
  },
  zh: '获取已服务的外部联系人',
})

export const contactRemark = row({
  name: 'wecom.contact.remark',
  method: 'POST',
  path: '/cgi-bin/externalcontact/remark',
  effect: 'write',
  request: z.looseObject({
    userid: z.string().optional(),
    external_userid: z.string().optional(),
    /** 20 characters at most. */
    remark: z.string().optional(),
    /** 150 characters at most. */
    description: z.string().optional(),
    /** 20 characters at most, WeChat users only. */
    remark_company: z.string().optional(),
    /** Replaces the list; `[""]` empties it. */
    remark_mobiles: z.array(z.string()).optional(),
    remark_pic_mediaid: z.string().optional(),
  }),
  response: nothing,
  errors: contactErrors,
  repeat: 'safe',
  doc: 'D92115',
  sample: {
    request: {
      userid: 'WangXiaoHe',
      external_userid: person.external_userid,
      remark: '王女士',
      description: '爱喝乌龙',
      remark_mobiles: ['13800000001'],
    },
  },
  zh: '修改客户备注信息',
})

export const contactRows = [followUserList, contactList, contactGet, contactBatchGet, servedContactList, contactRemark]
