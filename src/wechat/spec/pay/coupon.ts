import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { payErrors } from './errors.ts'

/**
 * Coupons of WeChat Pay (代金券): a stock is made and started in the merchant's console or by API, given to an openid, and taken off by WeChat on the pay sheet. Only what
 * the sheet names is here: giving one, and reading those of a person.
 */
const errors = {
  ...payErrors,
  RULELIMIT: { retry: 'never', en: 'a rule of the stock forbids it (403)' },
  NOT_ENOUGH: { retry: 'never', en: 'the stock has no more (403)' },
  RESOURCE_NOT_EXISTS: { retry: 'never', en: 'no such stock or coupon (404)' },
} as const

export const favorCoupon = z.looseObject({
  coupon_id: z.string(),
  stock_id: z.string(),
  stock_creator_mchid: z.string(),
  coupon_name: z.string().optional(),
  coupon_type: z.string().optional(),
  status: z.string(),
  available_begin_time: z.string().optional(),
  available_end_time: z.string().optional(),
  no_cash: z.boolean().optional(),
  singleitem: z.boolean().optional(),
  create_time: z.string().optional(),
})

export const favorSend = endpoint({
  name: 'pay.favor.send',
  line: 'pay',
  method: 'POST',
  path: '/v3/marketing/favor/users/{openid}/coupons',
  credential: 'pay-signature',
  effect: 'write',
  request: z.looseObject({
    openid: z.string(),
    stock_id: z.string(),
    /** The key that makes a repeat harmless. */
    out_request_no: z.string(),
    /** The openid belongs to it; bound to the merchant. */
    appid: z.string(),
    stock_creator_mchid: z.string(),
  }),
  response: z.looseObject({ coupon_id: z.string() }),
  caps: [{ count: 500, perMs: 1000, per: 'account', source: 'pay sheet 10 (PW favor pages)' }],
  errors,
  repeat: { keyed: 'out_request_no' },
  doc: 'PW favor pages; SK',
  verified: 'reading',
  zh: '发放代金券',
})

export const favorUserList = endpoint({
  name: 'pay.favor.user-list',
  line: 'pay',
  method: 'GET',
  path: '/v3/marketing/favor/users/{openid}/coupons',
  credential: 'pay-signature',
  effect: 'read',
  /** UNCONFIRMED here: which filters may be left out. */
  request: z.looseObject({ openid: z.string(), appid: z.string(), stock_id: z.string().optional(), status: z.string().optional(), offset: z.int().optional(), limit: z.int().optional() }),
  response: z.looseObject({ data: z.array(favorCoupon).optional(), total_count: z.int().optional(), limit: z.int().optional(), offset: z.int().optional() }),
  errors,
  repeat: 'safe',
  doc: 'SK',
  verified: 'reading',
  zh: '查询用户代金券',
})

export const favorRows = [favorSend, favorUserList]
