import { z } from 'zod'
import { groupErrors } from './errors.ts'
import { nextCursor, nothing, paging, row } from './row.ts'

/** Customer groups (客户群) and the codes by which people join them. */

export const groupMember = z.looseObject({
  userid: z.string(),
  /** 1 member of the corp, 2 external contact. */
  type: z.int(),
  unionid: z.string().optional(),
  join_time: z.int(),
  /** 1 invited directly, 2 by invite link, 3 by QR code or mini program. */
  join_scene: z.int(),
  invitor: z.looseObject({ userid: z.string() }).optional(),
  group_nickname: z.string().optional(),
  name: z.string().optional(),
  state: z.string().optional(),
})
export const groupChat = z.looseObject({
  chat_id: z.string(),
  name: z.string(),
  owner: z.string(),
  create_time: z.int(),
  notice: z.string().optional(),
  member_list: z.array(groupMember),
  admin_list: z.array(z.looseObject({ userid: z.string() })).optional(),
  /** Compare with LastMemVer and CurMemVer of events to see a missed one. */
  member_version: z.string().optional(),
})
const owners = z.looseObject({ /** 100 at most. */ userid_list: z.array(z.string()).optional() })

const chatId = 'wrQingzhou00000000000000000000AA'
export const groupList = row({
  name: 'wecom.group.list',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/list',
  effect: 'read',
  request: z.looseObject({
    /** 0 all, 1 owner resigned, 2 being handed over, 3 handed over. */ status_filter: z.int().optional(),
    owner_filter: owners.optional(),
    /** limit is required, 1 to 1,000. */ ...paging,
  }),
  response: z.looseObject({ group_chat_list: z.array(z.looseObject({ chat_id: z.string(), status: z.int() })), ...nextCursor }),
  errors: groupErrors,
  repeat: 'safe',
  doc: 'D92120',
  sample: {
    request: { status_filter: 0, owner_filter: { userid_list: ['WangXiaoHe'] }, limit: 10 },
    response: { errcode: 0, errmsg: 'ok', group_chat_list: [{ chat_id: chatId, status: 0 }], next_cursor: '' },
  },
  zh: '获取客户群列表',
})
export const groupGet = row({
  name: 'wecom.group.get',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/get',
  effect: 'read',
  request: z.looseObject({ chat_id: z.string().optional(), /** 1: names of members are wanted. */ need_name: z.int().optional() }),
  response: z.looseObject({ group_chat: groupChat }),
  errors: groupErrors,
  repeat: 'safe',
  doc: 'D92122',
  sample: {
    request: { chat_id: chatId, need_name: 1 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      group_chat: {
        chat_id: chatId,
        name: '老茶客群',
        owner: 'WangXiaoHe',
        create_time: 1_782_000_000,
        notice: '',
        admin_list: [],
        member_version: '71217227bbd112ecfe3a49c482195cb4',
        member_list: [
          { userid: 'WangXiaoHe', type: 1, join_time: 1_782_000_000, join_scene: 1, name: '王小禾' },
          { userid: 'wmQingzhou00000000000000000000AA', type: 2, join_time: 1_782_000_000, join_scene: 3, name: '王语禾', state: 'shelf' },
        ],
      },
    },
  },
  zh: '获取客户群详情',
})

const joinWay = {
  /** 1 mini program plug-in, 2 QR code plug-in. */
  scene: z.int().optional(),
  remark: z.string().optional(),
  auto_create_room: z.int().optional(),
  room_base_name: z.string().optional(),
  room_base_id: z.int().optional(),
  /** Five at most. */
  chat_id_list: z.array(z.string()).optional(),
  state: z.string().optional(),
  mark_source: z.boolean().optional(),
}
const joinWayErrors = {
  ...groupErrors,
  '41043': { retry: 'never', en: 'config_id is missing' },
  '41044': { retry: 'never', en: 'no such config_id' },
  '41045': { retry: 'never', en: 'the corp has as many ways as it may make' },
} as const
const one = z.looseObject({ config_id: z.string().optional() })
const configId = '9ad7fa5cdaa6511298498f979c472aaa'
export const joinWayAdd = row({
  name: 'wecom.group.join_way.add',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/add_join_way',
  effect: 'write',
  request: z.looseObject(joinWay),
  response: z.looseObject({ config_id: z.string() }),
  errors: joinWayErrors,
  repeat: 'never',
  doc: 'D92229',
  sample: {
    request: { scene: 2, remark: '货架', auto_create_room: 1, chat_id_list: [chatId], state: 'shelf' },
    response: { errcode: 0, errmsg: 'ok', config_id: configId },
  },
  zh: '配置客户群进群方式',
})
export const joinWayGet = row({
  name: 'wecom.group.join_way.get',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/get_join_way',
  effect: 'read',
  request: one,
  response: z.looseObject({ join_way: z.looseObject({ config_id: z.string(), qr_code: z.string().optional(), ...joinWay }) }),
  errors: joinWayErrors,
  repeat: 'safe',
  doc: 'D92229',
  zh: '获取客户群进群方式配置',
})
export const joinWayUpdate = row({
  name: 'wecom.group.join_way.update',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/update_join_way',
  effect: 'write',
  request: z.looseObject({ config_id: z.string().optional(), ...joinWay }),
  response: nothing,
  errors: joinWayErrors,
  repeat: 'safe',
  doc: 'D92229',
  zh: '更新客户群进群方式配置',
})
export const joinWayDelete = row({
  name: 'wecom.group.join_way.delete',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/del_join_way',
  effect: 'write',
  request: one,
  response: nothing,
  errors: joinWayErrors,
  repeat: 'safe',
  doc: 'D92229',
  zh: '删除客户群进群方式配置',
})
export const opengidToChatId = row({
  name: 'wecom.group.opengid_to_chatid',
  method: 'POST',
  path: '/cgi-bin/externalcontact/opengid_to_chatid',
  effect: 'read',
  request: z.looseObject({ opengid: z.string().optional() }),
  response: z.looseObject({ chat_id: z.string() }),
  errors: groupErrors,
  repeat: 'safe',
  doc: 'D94822',
  sample: { request: { opengid: 'oOAAA' }, response: { errcode: 0, errmsg: 'ok', chat_id: chatId } },
  zh: '客户群 opengid 转换',
})

const failed = z.looseObject({ failed_chat_list: z.array(z.looseObject({ chat_id: z.string(), errcode: z.int(), errmsg: z.string() })) })
const handOver = z.looseObject({ /** 1 to 100. */ chat_id_list: z.array(z.string()).optional(), new_owner: z.string().optional() })
export const groupTransfer = row({
  name: 'wecom.group.transfer',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/transfer',
  effect: 'write',
  request: handOver,
  response: failed,
  errors: groupErrors,
  repeat: 'safe',
  doc: 'SKIT groupchat/transfer',
  sample: {
    request: { chat_id_list: [chatId], new_owner: 'LiMingYue' },
    response: { errcode: 0, errmsg: 'ok', failed_chat_list: [{ chat_id: chatId, errcode: 90500, errmsg: 'the owner of this chat is not resigned' }] },
  },
  zh: '分配离职成员的客户群',
})
export const groupTransferOnJob = row({
  name: 'wecom.group.onjob_transfer',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/onjob_transfer',
  effect: 'write',
  request: handOver,
  response: failed,
  errors: groupErrors,
  repeat: 'safe',
  doc: 'D95703',
  sample: {
    request: { chat_id_list: [chatId], new_owner: 'LiMingYue' },
    response: { errcode: 0, errmsg: 'ok', failed_chat_list: [{ chat_id: chatId, errcode: 90501, errmsg: 'chat is not external group chat' }] },
  },
  zh: '分配在职成员的客户群',
})

export const groupStatData = z.looseObject({
  new_chat_cnt: z.int(),
  chat_total: z.int(),
  chat_has_msg: z.int(),
  new_member_cnt: z.int(),
  member_total: z.int(),
  member_has_msg: z.int(),
  msg_total: z.int(),
  migrate_trainee_chat_cnt: z.int(),
})
const zeros = {
  new_chat_cnt: 1,
  chat_total: 2,
  chat_has_msg: 1,
  new_member_cnt: 3,
  member_total: 40,
  member_has_msg: 5,
  msg_total: 12,
  migrate_trainee_chat_cnt: 0,
}
export const groupStatistic = row({
  name: 'wecom.group.statistic',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/statistic',
  effect: 'read',
  request: z.looseObject({
    day_begin_time: z.int().optional(),
    day_end_time: z.int().optional(),
    owner_filter: owners.optional(),
    /** 1 new groups, 2 groups, 3 new members, 4 members. */ order_by: z.int().optional(),
    order_asc: z.int().optional(),
    offset: z.int().optional(),
    limit: z.int().optional(),
  }),
  response: z.looseObject({ total: z.int(), next_offset: z.int(), items: z.array(z.looseObject({ owner: z.string(), data: groupStatData })) }),
  errors: groupErrors,
  repeat: 'safe',
  doc: 'D92133',
  sample: {
    request: { day_begin_time: 1_782_000_000, owner_filter: { userid_list: ['WangXiaoHe'] }, limit: 500 },
    response: { errcode: 0, errmsg: 'ok', total: 1, next_offset: 1, items: [{ owner: 'WangXiaoHe', data: zeros }] },
  },
  zh: '获取群聊数据统计（按群主）',
})
export const groupStatisticByDay = row({
  name: 'wecom.group.statistic_by_day',
  method: 'POST',
  path: '/cgi-bin/externalcontact/groupchat/statistic_group_by_day',
  effect: 'read',
  request: z.looseObject({ day_begin_time: z.int().optional(), day_end_time: z.int().optional(), owner_filter: owners.optional() }),
  response: z.looseObject({ items: z.array(z.looseObject({ stat_time: z.int(), data: groupStatData })) }),
  errors: groupErrors,
  repeat: 'safe',
  doc: 'D92133',
  sample: {
    request: { day_begin_time: 1_782_000_000, owner_filter: { userid_list: ['WangXiaoHe'] } },
    response: { errcode: 0, errmsg: 'ok', items: [{ stat_time: 1_782_000_000, data: zeros }] },
  },
  zh: '获取群聊数据统计（按自然日）',
})

export const groupRows = [
  groupList,
  groupGet,
  joinWayAdd,
  joinWayGet,
  joinWayUpdate,
  joinWayDelete,
  opengidToChatId,
  groupTransfer,
  groupTransferOnJob,
  groupStatistic,
  groupStatisticByDay,
]
