import { z } from 'zod'
import { momentErrors } from './errors.ts'
import { attachment, nextCursor, nothing, paging, row } from './row.ts'

/** Moments for customers (客户朋友圈): a corp-made Moment is a task that each member posts by hand. Customers cannot be named one by one. */

const momentId = 'momQingzhou000000000000000000AA'
const wm = 'wmQingzhou00000000000000000000AA'
const range = z.looseObject({
  sender_list: z.looseObject({ user_list: z.array(z.string()).optional(), department_list: z.array(z.int()).optional() }).optional(),
  external_contact_list: z.looseObject({ tag_list: z.array(z.string()).optional() }).optional(),
})

export const momentCreate = row({
  name: 'wecom.moment.create',
  method: 'POST',
  path: '/cgi-bin/externalcontact/add_moment_task',
  effect: 'write',
  request: z.looseObject({
    /** 2,000 characters and 4,000 bytes at most. */
    text: z.looseObject({ content: z.string().optional() }).optional(),
    /** Nine images, or one video, or one link; media from upload_attachment. */
    attachments: z.array(attachment).optional(),
    visible_range: range.optional(),
  }),
  response: z.looseObject({ /** 24 hours. */ jobid: z.string() }),
  errors: momentErrors,
  repeat: 'never',
  doc: 'D96351 (2025-09-11)',
  sample: {
    request: {
      text: { content: '新茶到了' },
      attachments: [{ msgtype: 'image', image: { media_id: 'MEDIA_ID' } }],
      visible_range: { sender_list: { user_list: ['WangXiaoHe'] } },
    },
    response: { errcode: 0, errmsg: 'ok', jobid: 'JOB' },
  },
  zh: '创建发表任务',
})

const jobResult = z.looseObject({
  /** 1 starting, 2 running, 3 done. */
  status: z.int(),
  type: z.string(),
  result: z
    .looseObject({
      errcode: z.int(),
      errmsg: z.string(),
      moment_id: z.string().optional(),
      invalid_sender_list: z.looseObject({ user_list: z.array(z.string()).optional(), department_list: z.array(z.int()).optional() }).optional(),
      invalid_external_contact_list: z.looseObject({ tag_list: z.array(z.string()).optional() }).optional(),
    })
    .optional(),
})
export const momentJob = row({
  name: 'wecom.moment.job',
  method: 'GET',
  path: '/cgi-bin/externalcontact/get_moment_task_result',
  effect: 'read',
  request: z.looseObject({ jobid: z.string().optional() }),
  response: jobResult,
  errors: momentErrors,
  repeat: 'safe',
  doc: 'D96351',
  sample: {
    request: { jobid: 'JOB' },
    response: {
      errcode: 0,
      errmsg: 'ok',
      status: 3,
      type: 'add_moment_task',
      result: {
        errcode: 0,
        errmsg: 'ok',
        moment_id: momentId,
        invalid_sender_list: { user_list: [], department_list: [] },
        invalid_external_contact_list: { tag_list: [] },
      },
    },
  },
  zh: '获取任务创建结果',
})
/** The verb is disputed among SDKs; the emulator takes both. */
export const momentJobByPost = row({
  ...momentJob,
  name: 'wecom.moment.job_by_post',
  method: 'POST',
  doc: 'SKIT (verb disputed)',
  sample: undefined,
  verified: 'reading',
})

export const momentCancel = row({
  name: 'wecom.moment.cancel',
  method: 'POST',
  path: '/cgi-bin/externalcontact/cancel_moment_task',
  effect: 'write',
  request: z.looseObject({ moment_id: z.string().optional() }),
  response: nothing,
  errors: momentErrors,
  repeat: 'safe',
  doc: 'D97612',
  sample: { request: { moment_id: momentId } },
  zh: '停止发表企业朋友圈',
})
export const momentList = row({
  name: 'wecom.moment.list',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_moment_list',
  effect: 'read',
  request: z.looseObject({
    start_time: z.int().optional(),
    /** 30 days from start_time at most. */ end_time: z.int().optional(),
    creator: z.string().optional(),
    /** 0 corp, 1 personal, 2 all. */ filter_type: z.int().optional(),
    /** limit: 20 when absent, 20 at most. */ ...paging,
  }),
  response: z.looseObject({
    moment_list: z.array(
      z.looseObject({
        moment_id: z.string(),
        creator: z.string().optional(),
        create_time: z.union([z.int(), z.string()]),
        create_type: z.int(),
        /** 0 part, 1 all. */ visible_type: z.int(),
        text: nothing.optional(),
        image: z.array(nothing).optional(),
        video: nothing.optional(),
        link: nothing.optional(),
        location: nothing.optional(),
      }),
    ),
    ...nextCursor,
  }),
  errors: momentErrors,
  repeat: 'safe',
  doc: 'D96352',
  sample: {
    request: { start_time: 1_782_000_000, end_time: 1_783_000_000, limit: 20 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      moment_list: [{ moment_id: momentId, create_time: 1_782_000_000, create_type: 0, visible_type: 1, text: { content: '新茶到了' } }],
      next_cursor: '',
    },
  },
  zh: '获取企业全部的发表列表',
})
const ofMember = z.looseObject({ moment_id: z.string().optional(), userid: z.string().optional(), ...paging })
export const momentTasks = row({
  name: 'wecom.moment.tasks',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_moment_task',
  effect: 'read',
  request: z.looseObject({ moment_id: z.string().optional(), /** limit: 500 when absent, 1,000 at most. */ ...paging }),
  response: z.looseObject({
    task_list: z.array(z.looseObject({ userid: z.string(), /** 0 not posted, 1 posted. */ publish_status: z.int() })),
    ...nextCursor,
  }),
  errors: momentErrors,
  repeat: 'safe',
  doc: 'SKIT get_moment_task',
  sample: {
    request: { moment_id: momentId },
    response: { errcode: 0, errmsg: 'ok', task_list: [{ userid: 'WangXiaoHe', publish_status: 1 }], next_cursor: '' },
  },
  zh: '获取客户朋友圈企业发表的列表',
})
/** The range that was chosen. */
export const momentCustomers = row({
  name: 'wecom.moment.customers',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_moment_customer_list',
  effect: 'read',
  request: ofMember,
  response: z.looseObject({ customer_list: z.array(z.looseObject({ userid: z.string(), external_userid: z.string() })), ...nextCursor }),
  errors: momentErrors,
  repeat: 'safe',
  doc: 'D96350',
  sample: {
    request: { moment_id: momentId, userid: 'WangXiaoHe' },
    response: { errcode: 0, errmsg: 'ok', customer_list: [{ userid: 'WangXiaoHe', external_userid: wm }], next_cursor: '' },
  },
  zh: '获取客户朋友圈发表时选择的可见范围',
})
/** Those it was shown to; limit 3,000 when absent, 5,000 at most. */
export const momentShown = row({
  name: 'wecom.moment.shown',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_moment_send_result',
  effect: 'read',
  request: ofMember,
  response: z.looseObject({ customer_list: z.array(z.looseObject({ external_userid: z.string() })), ...nextCursor }),
  errors: momentErrors,
  repeat: 'safe',
  doc: 'D96350',
  sample: {
    request: { moment_id: momentId, userid: 'WangXiaoHe' },
    response: { errcode: 0, errmsg: 'ok', customer_list: [{ external_userid: wm }], next_cursor: '' },
  },
  zh: '获取客户朋友圈发表后的可见客户列表',
})
const reaction = z.looseObject({ external_userid: z.string().optional(), userid: z.string().optional(), create_time: z.int() })
export const momentComments = row({
  name: 'wecom.moment.comments',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_moment_comments',
  effect: 'read',
  request: z.looseObject({ moment_id: z.string().optional(), userid: z.string().optional() }),
  response: z.looseObject({ comment_list: z.array(reaction), like_list: z.array(reaction) }),
  errors: momentErrors,
  repeat: 'safe',
  doc: 'SKIT get_moment_comments',
  sample: {
    request: { moment_id: momentId, userid: 'WangXiaoHe' },
    response: {
      errcode: 0,
      errmsg: 'ok',
      comment_list: [{ external_userid: wm, create_time: 1_782_000_000 }],
      like_list: [{ userid: 'LiMingYue', create_time: 1_782_000_000 }],
    },
  },
  zh: '获取客户朋友圈的互动数据',
})

export const momentRows = [
  momentCreate,
  momentJob,
  momentJobByPost,
  momentCancel,
  momentList,
  momentTasks,
  momentCustomers,
  momentShown,
  momentComments,
]
