import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { fen, outcome, shopErrors, shopId, shopRow, unixSeconds } from './shapes.ts'

/** 1 initial, 2 effective, 4 voided, 5 deleted (shop sheet 10). */
export const couponStatus = { initial: 1, effective: 2, voided: 4, deleted: 5 } as const
/** Coupons in a buyer's hand. */
export const userCouponStatus = { valid: 100, expired: 101, used: 102 } as const

export const couponErrors = {
  ...shopErrors,
  '10021001': { retry: 'never', en: 'the coupon is in the wrong state' },
  '10021003': { retry: 'never', en: 'the coupon has not expired yet' },
  '10021034': { retry: 'later', en: 'another change of the coupon is under way' },
  '10021037': { retry: 'never', en: 'no such coupon' },
} as const

const couponBody = {
  type: z.int(),
  name: z.string(),
  discount_info: z
    .looseObject({
      /** Ten-thousandths of the price that remain: 1000 to 10000 in steps of 100. */
      discount_num: z.int().optional(),
      discount_fee: fen.optional(),
      discount_condition: z.looseObject({ product_ids: z.array(shopId).optional(), product_cnt: z.int().optional(), product_price: fen.optional() }).optional(),
    })
    .optional(),
  ext_info: z.looseObject({ notes: z.string().optional(), jump_product_id: shopId.optional(), valid_time: z.looseObject({}).optional() }).optional(),
  /** promote_type: 1 in shop, 9 member coupon, 10 member-opening gift. */
  promote_info: z.looseObject({ promote_type: z.int().optional(), customize_channel: z.string().optional() }).optional(),
  receive_info: z.looseObject({ start_time: unixSeconds.optional(), end_time: unixSeconds.optional(), limit_num_one_person: z.int().optional(), total_num: z.int().optional() }).optional(),
  /** valid_type: 1 fixed range, 2 days after receipt. */
  valid_info: z.looseObject({ valid_type: z.int().optional(), valid_day_num: z.int().optional(), start_time: unixSeconds.optional(), end_time: unixSeconds.optional() }).optional(),
}

export const shopCoupon = z.looseObject({
  coupon_id: shopId,
  type: z.int().optional(),
  status: z.int().optional(),
  create_time: unixSeconds.optional(),
  update_time: unixSeconds.optional(),
  coupon_info: z.looseObject({}).optional(),
  stock_info: z.looseObject({ issued_num: z.int().optional(), receive_num: z.int().optional(), used_num: z.int().optional() }).optional(),
})

const userCoupon = z.looseObject({
  coupon_id: shopId,
  user_coupon_id: shopId,
  status: z.int(),
  openid: z.string().optional(),
  unionid: z.string().optional(),
  create_time: unixSeconds.optional(),
  start_time: unixSeconds.optional(),
  end_time: unixSeconds.optional(),
  use_time: unixSeconds.optional(),
  order_id: shopId.optional(),
  discount_fee: fen.optional(),
})

const common = { ...shopRow, errors: couponErrors } as const

export const couponCreate = endpoint({ ...common, name: 'shop.coupon.create', path: '/channels/ec/coupon/create', effect: 'write', request: z.looseObject(couponBody), response: outcome.extend({ data: z.looseObject({ coupon_id: shopId }).optional() }), repeat: 'never', doc: 'DS/shop/API/coupon/create.html', verified: 'reading', zh: '创建优惠券' })
export const couponUpdate = endpoint({ ...common, name: 'shop.coupon.update', path: '/channels/ec/coupon/update', effect: 'write', request: z.looseObject({ ...couponBody, coupon_id: shopId, type: z.int().optional(), name: z.string().optional() }), response: outcome.extend({ data: z.looseObject({ coupon_id: shopId }).optional() }), repeat: 'safe', doc: 'DC/API/coupon/update.html', verified: 'reading', zh: '更新优惠券' })
export const couponUpdateStatus = endpoint({ ...common, name: 'shop.coupon.update-status', path: '/channels/ec/coupon/update_status', effect: 'write', request: z.looseObject({ coupon_id: shopId, status: z.int() }), response: outcome, repeat: 'safe', doc: 'DS/API/coupon/update_status.html', verified: 'reading', zh: '更新优惠券状态' })
export const couponGet = endpoint({ ...common, name: 'shop.coupon.get', path: '/channels/ec/coupon/get', effect: 'read', request: z.looseObject({ coupon_id: shopId }), response: outcome.extend({ coupon: shopCoupon.optional() }), repeat: 'safe', doc: 'SK-M/ECCoupon', verified: 'reading', zh: '获取优惠券详情' })
export const couponGetList = endpoint({ ...common, name: 'shop.coupon.list', path: '/channels/ec/coupon/get_list', effect: 'read', request: z.looseObject({ status: z.int().optional(), page: z.int(), page_size: z.int(), page_ctx: z.string().optional() }), response: outcome.extend({ coupons: z.array(z.looseObject({ coupon_id: shopId })).optional(), total_num: z.int().optional(), page_ctx: z.string().optional() }), repeat: 'safe', doc: 'SK-M/ECCoupon', verified: 'reading', zh: '获取优惠券列表' })
export const couponUserList = endpoint({ ...common, name: 'shop.coupon.user-list', path: '/channels/ec/coupon/get_user_coupon_list', effect: 'read', request: z.looseObject({ openid: z.string(), status: z.int().optional(), page: z.int(), page_size: z.int(), page_ctx: z.string().optional() }), response: outcome.extend({ user_coupon_list: z.array(userCoupon).optional(), total_num: z.int().optional(), page_ctx: z.string().optional() }), repeat: 'safe', doc: 'SK-M/ECCoupon', verified: 'reading', zh: '获取用户优惠券列表' })
export const couponUserGet = endpoint({ ...common, name: 'shop.coupon.user-get', path: '/channels/ec/coupon/get_user_coupon', effect: 'read', request: z.looseObject({ openid: z.string(), user_coupon_id: shopId }), response: outcome.extend({ user_coupon: userCoupon.optional() }), repeat: 'safe', doc: 'SK-M/ECCoupon', verified: 'reading', zh: '获取用户优惠券详情' })

export const couponRows = [couponCreate, couponUpdate, couponUpdateStatus, couponGet, couponGetList, couponUserList, couponUserGet]
