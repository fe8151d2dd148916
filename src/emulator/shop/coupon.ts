import { z } from 'zod'
import { couponCreate, couponGet, couponGetList, couponStatus, couponUpdate, couponUpdateStatus, couponUserGet, couponUserList, userCouponStatus } from '../../wechat/spec/shop/coupon.ts'
import { freshDigits, type Namespace } from '../core/namespace.ts'
import { openidOf, unionidOf } from '../core/people.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { pushShopEvent } from './event.ts'
import { seconds, shopOf, type Coupon, type Shop, type UserCoupon } from './state.ts'

/** Coupons (优惠券). No API puts one in a buyer's account: buyers take them (`shop.receiveCoupon`). */

type Body = {
  type?: number
  name?: string
  discount_info?: { discount_num?: number; discount_fee?: number; discount_condition?: { product_ids?: string[]; product_cnt?: number; product_price?: number } }
  receive_info?: { start_time?: number; end_time?: number; limit_num_one_person?: number; total_num?: number }
  valid_info?: { valid_type?: number; valid_day_num?: number; start_time?: number; end_time?: number }
}
const types = [1, 2, 3, 4, 101, 102, 103, 104]

function check(body: Body): void {
  if (!types.includes(body.type ?? 0)) throw new PlatformError(40097, 'type is not a kind of coupon')
  if (!body.name || [...body.name].length > 10) throw new PlatformError(40097, 'name has 1 to 10 characters')
  const { discount_num: share, discount_fee: fee, discount_condition: condition } = body.discount_info ?? {}
  if (share !== undefined && (share < 2000 || share > 10_000 || share % 100 !== 0)) throw new PlatformError(40097, 'discount_num is 2000 to 10000 in steps of 100')
  if (fee !== undefined && (fee < 1 || fee > 20_000)) throw new PlatformError(40097, 'discount_fee is 1 to 20000 fen')
  if (share === undefined && fee === undefined) throw new PlatformError(40097, 'discount_num or discount_fee is needed')
  if (condition?.product_cnt !== undefined && condition.product_price !== undefined) throw new PlatformError(40097, 'product_cnt and product_price exclude each other')
  if ((condition?.product_ids?.length ?? 0) > 2_000) throw new PlatformError(40097, 'at most 2000 products')
}

function couponOf(shop: Shop, id: string): Coupon {
  const coupon = shop.state.coupons[id]
  if (!coupon || coupon.status === couponStatus.deleted) throw new PlatformError(10021037, 'coupon not found')
  return coupon
}

const create = serve(couponCreate, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  check(input)
  const id = freshDigits(ns, 'coupon', 10, '3')
  const total = input.receive_info?.total_num ?? 0
  shop.state.coupons[id] = { id, type: input.type, name: input.name, status: couponStatus.initial, body: input, createdAt: ns.now, updatedAt: ns.now, issued: total, received: 0, used: 0, total }
  pushShopEvent(ns, shop, 'channels_ec_coupon_create', { coupon_info: { coupon_id: id, create_time: seconds(ns.now) } })
  return { data: { coupon_id: id } }
})

const update = serve(couponUpdate, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const coupon = couponOf(shop, input.coupon_id)
  if (coupon.status === couponStatus.voided) throw new PlatformError(10021001, 'the coupon is voided')
  const { coupon_id: _, ...change } = input
  const body = { ...coupon.body, ...change } as Body & Record<string, unknown>
  check(body)
  coupon.body = body
  coupon.name = body.name ?? coupon.name
  coupon.total = body.receive_info?.total_num ?? coupon.total
  coupon.issued = coupon.total
  coupon.updatedAt = ns.now
  pushShopEvent(ns, shop, 'channels_ec_coupon_info_change', { coupon_info: { coupon_id: coupon.id, change_time: seconds(ns.now) } })
  return { data: { coupon_id: coupon.id } }
})

const updateStatus = serve(couponUpdateStatus, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const coupon = couponOf(shop, input.coupon_id)
  const allowed: Record<number, number[]> = {
    [couponStatus.initial]: [couponStatus.effective, couponStatus.voided, couponStatus.deleted],
    [couponStatus.effective]: [couponStatus.voided],
    [couponStatus.voided]: [couponStatus.deleted],
  }
  if (!(allowed[coupon.status] ?? []).includes(input.status)) throw new PlatformError(10021001, `the coupon is in state ${coupon.status}`)
  coupon.status = input.status
  coupon.updatedAt = ns.now
  if (input.status === couponStatus.voided) pushShopEvent(ns, shop, 'channels_ec_coupon_invalid', { coupon_info: { coupon_id: coupon.id, invalid_time: seconds(ns.now) } })
  if (input.status === couponStatus.deleted) pushShopEvent(ns, shop, 'channels_ec_coupon_delete', { coupon_info: { coupon_id: coupon.id, delete_time: seconds(ns.now) } })
  return {}
})

const get = serve(couponGet, ({ ns, account, input }) => {
  const coupon = couponOf(shopOf(ns, account?.id), input.coupon_id)
  return {
    coupon: {
      coupon_id: coupon.id, type: coupon.type, status: coupon.status, create_time: seconds(coupon.createdAt), update_time: seconds(coupon.updatedAt),
      coupon_info: coupon.body, stock_info: { issued_num: coupon.issued, receive_num: coupon.received, used_num: coupon.used },
    },
  }
})

function pageOf<T>(all: T[], page: number, size: number): T[] {
  if (page < 1 || size < 1 || size > 200) throw new PlatformError(40097, 'page is at least 1, page_size 1 to 200')
  return all.slice((page - 1) * size, page * size)
}

const list = serve(couponGetList, ({ ns, account, input }) => {
  const all = Object.values(shopOf(ns, account?.id).state.coupons).filter((coupon) => coupon.status !== couponStatus.deleted && (input.status === undefined || coupon.status === input.status))
  return { coupons: pageOf(all, input.page, input.page_size).map((coupon) => ({ coupon_id: coupon.id })), total_num: all.length, page_ctx: String(input.page) }
})

const wire = (item: UserCoupon) => ({
  coupon_id: item.couponId, user_coupon_id: item.id, status: item.status, openid: item.openid, ...(item.unionid === undefined ? {} : { unionid: item.unionid }),
  create_time: seconds(item.receivedAt), start_time: seconds(item.startAt), end_time: seconds(item.endAt),
  ...(item.usedAt === undefined ? {} : { use_time: seconds(item.usedAt) }), ...(item.orderId === undefined ? {} : { order_id: item.orderId, discount_fee: item.discountFen ?? 0 }),
})

const userList = serve(couponUserList, ({ ns, account, input }) => {
  const all = Object.values(shopOf(ns, account?.id).state.userCoupons).filter((item) => item.openid === input.openid && (input.status === undefined || item.status === input.status))
  return { user_coupon_list: pageOf(all, input.page, input.page_size).map(wire), total_num: all.length, page_ctx: String(input.page) }
})

const userGet = serve(couponUserGet, ({ ns, account, input }) => {
  const item = shopOf(ns, account?.id).state.userCoupons[input.user_coupon_id]
  if (!item || item.openid !== input.openid) throw new PlatformError(10021037, 'coupon not found')
  return { user_coupon: wire(item) }
})

export const couponRoutes: Route[] = [create, update, updateStatus, get, list, userList, userGet]

function receive(ns: Namespace, shop: Shop, couponId: string, buyer: { person?: string; openid?: string }): UserCoupon {
  const coupon = couponOf(shop, couponId)
  const body = coupon.body as Body
  if (coupon.status !== couponStatus.effective) throw new PlatformError(10021001, `the coupon is in state ${coupon.status}`)
  const { start_time: from, end_time: to, limit_num_one_person: limit } = body.receive_info ?? {}
  if ((from !== undefined && seconds(ns.now) < from) || (to !== undefined && seconds(ns.now) > to)) throw new PlatformError(10021001, 'outside the time in which it can be taken')
  if (coupon.received >= coupon.total) throw new PlatformError(10021001, 'all coupons are taken')
  const openid = buyer.openid ?? openidOf(ns, shop.account.id, buyer.person ?? '')
  const mine = Object.values(shop.state.userCoupons).filter((item) => item.couponId === couponId && item.openid === openid).length
  if (limit !== undefined && limit > 0 && mine >= limit) throw new PlatformError(10021001, 'this person has taken the coupon as often as allowed')
  const valid = body.valid_info ?? {}
  const days = valid.valid_day_num ?? 7
  const item: UserCoupon = {
    id: freshDigits(ns, 'user-coupon', 12, '4'), couponId, openid, unionid: buyer.person === undefined ? undefined : unionidOf(ns, shop.account, buyer.person), status: userCouponStatus.valid, receivedAt: ns.now,
    startAt: valid.valid_type === 1 ? (valid.start_time ?? seconds(ns.now)) * 1_000 : ns.now,
    endAt: valid.valid_type === 1 ? (valid.end_time ?? seconds(ns.now)) * 1_000 : ns.now + days * 86_400_000,
  }
  shop.state.userCoupons[item.id] = item
  coupon.received++
  pushShopEvent(ns, shop, 'channels_ec_coupon_receive', { receive_info: { coupon_id: couponId, user_coupon_id: item.id, receive_time: seconds(ns.now) } }, openid)
  schedule(ns, item.endAt, 'shop.timeoutUserCoupon', { shop: shop.account.id, userCouponId: item.id })
  return item
}

const shopName = z.string().optional()

export const couponActs: Act[] = [
  act({
    name: 'shop.viewCoupons',
    en: 'What buyers see: coupons that can be taken now, how many are left, and what they take off (changes nothing)',
    args: z.object({ shop: shopName }),
    run(ns, args) {
      const open = Object.values(shopOf(ns, args.shop).state.coupons).filter((coupon) => {
        const { start_time: from, end_time: to } = (coupon.body as Body).receive_info ?? {}
        return coupon.status === couponStatus.effective && coupon.received < coupon.total && (from === undefined || seconds(ns.now) >= from) && (to === undefined || seconds(ns.now) <= to)
      })
      return {
        coupons: open.map((coupon) => {
          const { discount_num: share, discount_fee: fee } = (coupon.body as Body).discount_info ?? {}
          return { couponId: coupon.id, name: coupon.name, left: coupon.total - coupon.received, discountShare: share === undefined ? null : 1 - share / 10_000, discountFen: fee ?? null }
        }),
      }
    },
  }),
  act({
    name: 'shop.receiveCoupon',
    en: 'A buyer takes a coupon',
    args: z.object({ shop: shopName, couponId: z.string(), person: z.string().optional(), openid: z.string().optional() }),
    run(ns, args) {
      const item = receive(ns, shopOf(ns, args.shop), args.couponId, args)
      return { userCouponId: item.id, openid: item.openid, endAt: item.endAt }
    },
  }),
  act({
    name: 'shop.timeoutUserCoupon',
    en: 'Scheduled: a coupon in a buyer\'s hand expires',
    args: z.object({ shop: z.string(), userCouponId: z.string() }),
    run(ns, args) {
      const shop = shopOf(ns, args.shop)
      const item = shop.state.userCoupons[args.userCouponId]
      if (item?.status !== userCouponStatus.valid) return null
      item.status = userCouponStatus.expired
      pushShopEvent(ns, shop, 'channels_ec_user_coupon_expire', { user_coupon_info: { coupon_id: item.couponId, user_coupon_id: item.id, expire_time: seconds(ns.now) } }, item.openid)
      return null
    },
  }),
]
