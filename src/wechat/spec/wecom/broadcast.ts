import { z } from 'zod'
import { broadcastErrors } from './errors.ts'
import { attachment, message, nextCursor, nothing, paging, row } from './row.ts'

/**
 * Mass sends (企业群发). The call makes a task; nothing reaches a customer until each member taps "send" in the client, and what came of
 * it is only learned by asking (no callback).
 */

/** Task of one member. There is no 1 in the official table, but an official sample shows it: read both as sent. */
export const taskStatuses = { 0: '未发送', 1: '已发送', 2: '已发送' } as const
/** One customer or group. */
export const sendStatuses = { 0: '未发送', 1: '已发送', 2: '因客户不是好友导致发送失败', 3: '因客户已经收到其他群发消息导致发送失败' } as const

const wm = 'wmQingzhou00000000000000000000AA'
const msgid = 'msgQingzhou0000000000000000000AA'

export const broadcastCreate = row({
  name: 'wecom.broadcast.create',
  method: 'POST',
  path: '/cgi-bin/externalcontact/add_msg_template',
  effect: 'write',
  request: z.looseObject({
    /** `single` (when absent) or `group`. */
    chat_type: z.string().optional(),
    /** single: 10,000 at most; not empty together with `sender`. */
    external_userid: z.array(z.string()).optional(),
    /** group: 2,000 at most. */
    chat_id_list: z.array(z.string()).optional(),
    /** Or inside a list, and between groups; UNCONFIRMED. */
    tag_filter: z.looseObject({ group_list: z.array(z.looseObject({ tag_list: z.array(z.string()).optional() })).optional() }).optional(),
    /** Required for groups. Absent: each customer's task goes to the member who chatted with him last. */
    sender: z.string().optional(),
    /** The member may leave out some; false when absent. */
    allow_select: z.boolean().optional(),
    ...message,
  }),
  response: z.looseObject({
    /** Targets that are not valid, or out of reach. */ fail_list: z.array(z.string()).optional(),
    msgid: z.string().optional(),
  }),
  errors: broadcastErrors,
  repeat: 'never',
  doc: 'D92135 (2025-11-17)',
  sample: {
    request: { chat_type: 'single', external_userid: [wm], sender: 'WangXiaoHe', allow_select: false, text: { content: '新茶到了' } },
    response: { errcode: 0, errmsg: 'ok', fail_list: [], msgid },
  },
  zh: '创建企业群发',
})

const one = z.looseObject({ msgid: z.string().optional() })
/** Three reminders a task within 24 hours. */
export const broadcastRemind = row({
  name: 'wecom.broadcast.remind',
  method: 'POST',
  path: '/cgi-bin/externalcontact/remind_groupmsg_send',
  effect: 'write',
  request: one,
  response: nothing,
  errors: broadcastErrors,
  repeat: 'never',
  doc: 'D97610',
  sample: { request: { msgid } },
  zh: '提醒成员群发',
})
/** Stops members who have not sent; nothing is recalled. */
export const broadcastCancel = row({
  name: 'wecom.broadcast.cancel',
  method: 'POST',
  path: '/cgi-bin/externalcontact/cancel_groupmsg_send',
  effect: 'write',
  request: one,
  response: nothing,
  errors: broadcastErrors,
  repeat: 'safe',
  doc: 'D97611',
  sample: { request: { msgid } },
  zh: '停止企业群发',
})
export const broadcastList = row({
  name: 'wecom.broadcast.list',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_groupmsg_list_v2',
  effect: 'read',
  request: z.looseObject({
    chat_type: z.string().optional(),
    start_time: z.int().optional(),
    /** A month from start_time at most; UNCONFIRMED. */ end_time: z.int().optional(),
    creator: z.string().optional(),
    /** 0 corp, 1 personal, 2 both (when absent). */ filter_type: z.int().optional(),
    /** limit: 50 when absent, 100 at most. */ ...paging,
  }),
  response: z.looseObject({
    group_msg_list: z.array(
      z.looseObject({
        msgid: z.string(),
        /** Absent for tasks made by API. */ creator: z.string().optional(),
        create_time: z.union([z.int(), z.string()]),
        /** 0 corp, 1 personal. */ create_type: z.int(),
        text: z.looseObject({ content: z.string().optional() }).optional(),
        attachments: z.array(attachment).optional(),
      }),
    ),
    ...nextCursor,
  }),
  errors: broadcastErrors,
  repeat: 'safe',
  doc: 'D93338',
  sample: {
    request: { chat_type: 'single', start_time: 1_782_000_000, end_time: 1_783_000_000, limit: 50 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      group_msg_list: [{ msgid, create_time: 1_782_000_000, create_type: 0, text: { content: '新茶到了' } }],
      next_cursor: '',
    },
  },
  zh: '获取群发记录列表',
})
export const broadcastTasks = row({
  name: 'wecom.broadcast.tasks',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_groupmsg_task',
  effect: 'read',
  request: z.looseObject({ msgid: z.string().optional(), /** limit: 500 when absent, 1,000 at most. */ ...paging }),
  response: z.looseObject({
    task_list: z.array(z.looseObject({ userid: z.string(), /** See `taskStatuses`. */ status: z.int(), send_time: z.int().optional() })),
    ...nextCursor,
  }),
  errors: broadcastErrors,
  repeat: 'safe',
  doc: 'D93338',
  sample: {
    request: { msgid, limit: 500 },
    response: { errcode: 0, errmsg: 'ok', task_list: [{ userid: 'WangXiaoHe', status: 1, send_time: 1_782_000_000 }], next_cursor: '' },
  },
  zh: '获取群发成员发送任务列表',
})
export const broadcastResults = row({
  name: 'wecom.broadcast.results',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_groupmsg_send_result',
  effect: 'read',
  request: z.looseObject({ msgid: z.string().optional(), userid: z.string().optional(), /** limit: 500 when absent, 1,000 at most. */ ...paging }),
  response: z.looseObject({
    send_list: z.array(
      z.looseObject({
        external_userid: z.string().optional(),
        chat_id: z.string().optional(),
        userid: z.string(),
        /** See `sendStatuses`. */ status: z.int(),
        /** Only with status 1. */ send_time: z.int().optional(),
      }),
    ),
    ...nextCursor,
  }),
  errors: broadcastErrors,
  repeat: 'safe',
  doc: 'D93338',
  sample: {
    request: { msgid, userid: 'WangXiaoHe', limit: 500 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      send_list: [{ external_userid: wm, userid: 'WangXiaoHe', status: 1, send_time: 1_782_000_000 }],
      next_cursor: '',
    },
  },
  zh: '获取企业群发成员执行结果',
})

export const broadcastRows = [broadcastCreate, broadcastRemind, broadcastCancel, broadcastList, broadcastTasks, broadcastResults]
