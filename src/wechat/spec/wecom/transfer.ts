import { z } from 'zod'
import { transferErrors } from './errors.ts'
import { row } from './row.ts'

/** Handing customers over (在职继承, 离职继承): takes effect by itself after 24 hours unless the customer refuses. */

/** 1 done, 2 waiting, 3 the customer refused, 4 the successor is full, 5 no transfer (on-job only). */
export const transferStatuses = { 1: '接替完毕', 2: '等待接替', 3: '客户拒绝', 4: '接替成员客户达到上限', 5: '无接替记录' } as const
export const transferWaitMs = 24 * 3_600_000

const wm = 'wmQingzhou00000000000000000000AA'
const pair = { handover_userid: z.string().optional(), takeover_userid: z.string().optional() }
const sides = { handover_userid: 'WangXiaoHe', takeover_userid: 'LiMingYue' }
const started = z.looseObject({ /** errcode 0: started. */ customer: z.array(z.looseObject({ external_userid: z.string(), errcode: z.int() })) })
const results = z.looseObject({
  customer: z.array(
    z.looseObject({
      external_userid: z.string(),
      /** See `transferStatuses`. */ status: z.int(),
      /** Seconds; 0 when refused or full. */ takeover_time: z.int(),
    }),
  ),
  next_cursor: z.string().optional(),
})

export const transferCustomer = row({
  name: 'wecom.transfer.customer',
  method: 'POST',
  path: '/cgi-bin/externalcontact/transfer_customer',
  effect: 'write',
  request: z.looseObject({
    ...pair,
    /** 100 at most. */ external_userid: z.array(z.string()).optional(),
    /** 200 characters at most. */ transfer_success_msg: z.string().optional(),
  }),
  response: started,
  errors: transferErrors,
  repeat: { probe: 'wecom.transfer.result' },
  doc: 'D92125',
  sample: {
    request: { ...sides, external_userid: [wm], transfer_success_msg: '以后由小李为您服务' },
    response: { errcode: 0, errmsg: 'ok', customer: [{ external_userid: wm, errcode: 0 }] },
  },
  zh: '分配在职成员的客户',
})
/** 1,000 a page. */
export const transferResult = row({
  name: 'wecom.transfer.result',
  method: 'POST',
  path: '/cgi-bin/externalcontact/transfer_result',
  effect: 'read',
  request: z.looseObject({ ...pair, cursor: z.string().optional() }),
  response: results,
  errors: transferErrors,
  repeat: 'safe',
  doc: 'SKIT transfer_result',
  sample: {
    request: sides,
    response: { errcode: 0, errmsg: 'ok', customer: [{ external_userid: wm, status: 1, takeover_time: 1_782_086_400 }], next_cursor: '' },
  },
  zh: '查询客户接替状态',
})
export const unassignedList = row({
  name: 'wecom.transfer.unassigned',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_unassigned_list',
  effect: 'read',
  request: z.looseObject({ page_id: z.int().optional(), cursor: z.string().optional(), page_size: z.int().optional() }),
  response: z.looseObject({
    info: z.array(z.looseObject({ handover_userid: z.string(), external_userid: z.string(), dimission_time: z.int() })),
    is_last: z.boolean(),
    next_cursor: z.string().optional(),
  }),
  errors: transferErrors,
  repeat: 'safe',
  doc: 'SKIT get_unassigned_list',
  sample: {
    request: { page_size: 1000 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      info: [{ handover_userid: 'WangXiaoHe', external_userid: wm, dimission_time: 1_782_000_000 }],
      is_last: true,
      next_cursor: '',
    },
  },
  zh: '获取待分配的离职成员列表',
})
export const resignedTransfer = row({
  name: 'wecom.transfer.resigned',
  method: 'POST',
  path: '/cgi-bin/externalcontact/resigned/transfer_customer',
  effect: 'write',
  request: z.looseObject({ ...pair, external_userid: z.array(z.string()).optional() }),
  response: started,
  errors: transferErrors,
  repeat: { probe: 'wecom.transfer.resigned_result' },
  doc: 'SKIT resigned/transfer_customer',
  sample: {
    request: { ...sides, external_userid: [wm] },
    response: { errcode: 0, errmsg: 'ok', customer: [{ external_userid: wm, errcode: 40096 }] },
  },
  zh: '分配离职成员的客户',
})
export const resignedTransferResult = row({
  name: 'wecom.transfer.resigned_result',
  method: 'POST',
  path: '/cgi-bin/externalcontact/resigned/transfer_result',
  effect: 'read',
  request: z.looseObject({ ...pair, cursor: z.string().optional() }),
  response: results,
  errors: transferErrors,
  repeat: 'safe',
  doc: 'SKIT resigned/transfer_result',
  sample: {
    request: sides,
    response: { errcode: 0, errmsg: 'ok', customer: [{ external_userid: wm, status: 3, takeover_time: 0 }], next_cursor: '' },
  },
  zh: '查询离职客户接替状态',
})

export const transferRows = [transferCustomer, transferResult, unassignedList, resignedTransfer, resignedTransferResult]
