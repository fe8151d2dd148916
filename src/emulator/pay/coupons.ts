import { z } from 'zod'
import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import { favorSend, favorUserList } from '../../wechat/spec/pay/index.ts'
import { freshDigits, type Namespace } from '../core/namespace.ts'
import { personOf } from '../core/people.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { actMerchant, merchantState, payCaller, refuse } from './state.ts'

/** Coupons of WeChat Pay (代金券): stocks are made by an act, because making one is a console's work with reviews; giving and reading are the API's. */
export const couponRoutes: Route[] = [
  serve(favorSend, ({ ns, account, input }) => {
    const { id: mchid } = payCaller(account)
    const state = merchantState(ns, mchid)
    const stock = state.couponStocks?.[input.stock_id]
    if (!stock || input.stock_creator_mchid !== mchid) throw refuse('RESOURCE_NOT_EXISTS', '批次不存在', 404)
    const owner = personOf(ns, input.openid)
    if (owner !== undefined && owner.appid !== input.appid) throw refuse('APPID_MCHID_NOT_MATCH', 'appid与openid不匹配')
    const hand = ((state.couponsOf ??= {})[input.openid] ??= [])
    const known = hand.find((one) => one.requestNo === input.out_request_no)
    if (known) return { coupon_id: known.couponId }
    if (stock.left < 1) throw refuse('NOT_ENOUGH', '批次余额不足', 403)
    stock.left--
    const couponId = freshDigits(ns, 'pay.favor', 16, '9')
    hand.push({ couponId, stockId: stock.stockId, requestNo: input.out_request_no, status: 'SENDED', createdAt: ns.now })
    return { coupon_id: couponId }
  }),
  serve(favorUserList, ({ ns, account, input }) => {
    const { id: mchid } = payCaller(account)
    const state = merchantState(ns, mchid)
    const all = (state.couponsOf?.[input.openid] ?? []).filter((one) => (input.stock_id === undefined || one.stockId === input.stock_id) && (input.status === undefined || one.status === input.status))
    const [offset, limit] = [Number(input.offset ?? 0), Math.min(20, Number(input.limit ?? 20))]
    return {
      total_count: all.length, offset, limit,
      data: all.slice(offset, offset + limit).map((one) => ({
        coupon_id: one.couponId, stock_id: one.stockId, stock_creator_mchid: mchid, coupon_name: state.couponStocks?.[one.stockId]?.name ?? '', coupon_type: 'NORMAL', status: one.status, no_cash: state.couponStocks?.[one.stockId]?.merchantBears ?? false, create_time: shanghaiRfc3339(one.createdAt),
      })),
    }
  }),
]

export const couponActs: Act[] = [
  act({
    name: 'pay.addCouponStock',
    en: 'The merchant makes and starts a stock of coupons in the console: so much off from so much on; who bears it.',
    args: z.object({ mchid: z.string().optional(), name: z.string(), offFen: z.int().positive(), fromFen: z.int().min(0).default(0), count: z.int().positive().default(100), merchantBears: z.boolean().default(false) }),
    run: (ns: Namespace, args) => {
      const state = merchantState(ns, actMerchant(ns, args.mchid).id)
      const stockId = freshDigits(ns, 'pay.stock', 8, '1')
      ;(state.couponStocks ??= {})[stockId] = { stockId, name: args.name, offFen: args.offFen, fromFen: args.fromFen, left: args.count, merchantBears: args.merchantBears }
      return { stock_id: stockId }
    },
  }),
]
