import { z } from 'zod'
import { memberErrors } from './errors.ts'
import { row } from './row.ts'

/** 「联系客户」统计: one row a day, the sum over the members asked for. Days are Shanghai's, in seconds. */
export const behaviorData = row({
  name: 'wecom.statistics.behavior',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_user_behavior_data',
  effect: 'read',
  request: z.looseObject({
    /** 100 at most. */
    userid: z.union([z.string(), z.array(z.string())]).optional(),
    /** 100 at most. */
    partyid: z.array(z.int()).optional(),
    start_time: z.int().optional(),
    /** 30 days at most, 180 days back at most; both UNCONFIRMED. */
    end_time: z.int().optional(),
  }),
  response: z.looseObject({
    behavior_data: z.array(
      z.looseObject({
        stat_time: z.int(),
        chat_cnt: z.int(),
        message_cnt: z.int(),
        /** Percent, two decimals; absent on a day without chats. */
        reply_percentage: z.number().optional(),
        /** Minutes. */
        avg_reply_time: z.number().optional(),
        /** Customers who deleted or blocked a member that day; blocking has no event of its own. */
        negative_feedback_cnt: z.int(),
        new_apply_cnt: z.int(),
        new_contact_cnt: z.int(),
      }),
    ),
  }),
  errors: memberErrors,
  repeat: 'safe',
  doc: 'D92132',
  sample: {
    request: { userid: ['WangXiaoHe'], start_time: 1_782_000_000, end_time: 1_782_086_400 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      behavior_data: [
        {
          stat_time: 1_781_971_200,
          chat_cnt: 100,
          message_cnt: 80,
          reply_percentage: 60.25,
          avg_reply_time: 1,
          negative_feedback_cnt: 0,
          new_apply_cnt: 6,
          new_contact_cnt: 5,
        },
      ],
    },
  },
  zh: '获取「联系客户统计」数据',
})

export const statisticsRows = [behaviorData]
