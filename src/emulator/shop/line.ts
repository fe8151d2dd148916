import { z } from 'zod'
import { accountOf } from '../core/namespace.ts'
import { makeWeixinAccount } from '../core/core-module.ts'
import { act, type LineModule } from '../core/registry.ts'
import { aftersaleActs, aftersaleRoutes } from './aftersale.ts'
import { buyerActs } from './buyer.ts'
import { couponActs, couponRoutes } from './coupon.ts'
import { pushShopEvent } from './event.ts'
import { fundsActs, fundsRoutes } from './funds.ts'
import { orderRoutes } from './order.ts'
import { productActs, productRoutes } from './product.ts'
import { shopOf, shopState } from './state.ts'
import { stockRoutes } from './stock.ts'

const minute = 60_000

/** Events of shop sheet 19.4 that nothing in here causes by itself: they can be pushed for trying a receiver. */
const otherEvents = [
  'product_order_status_update', 'product_category_audit', 'channels_ec_brand', 'channels_ec_present_aftersale_update', 'channels_ec_complaint_update', 'channels_ec_guarantee_update',
  'channels_ec_coupon_expire', 'channels_ec_voucher_send_succ', 'channels_ec_acct_notify', 'head_supplier_item_update', 'channels_ec_vip_join', 'channels_ec_vip_close',
  'channels_ec_vip_grade_info_update', 'channels_ec_vip_score_update', 'channels_ec_vip_score_exchange', 'channels_ec_sharer_change', 'channels_ec_close_store', 'set_shop_nickname',
  'dropship_order_new', 'dropship_order_update', 'dropship_order_cancel', 'ewaybill_push_path', 'user_enter_tempsession', 'commkf_send_msg_to_kf',
] as const

export const shopLine: LineModule = {
  line: 'shop',
  routes: [...productRoutes, ...stockRoutes, ...orderRoutes, ...aftersaleRoutes, ...couponRoutes, ...fundsRoutes],
  acts: [
    ...productActs,
    ...buyerActs,
    ...aftersaleActs,
    ...couponActs,
    ...fundsActs,
    act({
      name: 'shop.tell',
      en: 'Push one of the other events of the Shop (brand, category, complaint, member, sharer, customer service …) with a body of your own',
      args: z.object({ shop: z.string().optional(), event: z.enum(otherEvents), body: z.record(z.string(), z.unknown()), from: z.string().optional() }),
      run(ns, args) {
        pushShopEvent(ns, shopOf(ns, args.shop), args.event, args.body, args.from)
        return null
      },
    }),
    act({
      name: 'shop.setParameters',
      en: 'Set times and rates that no source confirms (unpaid timeout, automatic receipt, settlement, audit, fee …)',
      args: z.object({
        shop: z.string().optional(),
        parameters: z.partialRecord(
          z.enum(['unpaidTimeoutMs', 'autoReceiptMs', 'settleDelayMs', 'auditMs', 'feeBasisPoints', 'lowStockAt', 'stockUpdatesPerSecond', 'aftersaleDeadlineMs']),
          z.int().nonnegative(),
        ),
      }),
      run(ns, args) {
        const { state } = shopOf(ns, args.shop)
        Object.assign(state.parameters, args.parameters)
        return state.parameters
      },
    }),
  ],
  hooks: {
    hosts: ['api.weixin.qq.com'],
    push: {
      kinds: ['shop'],
      // Ten pushes in all, over about 3.6 hours (shop sheet 19.3). Only HTTP failure or silence counts as failure; the text is not looked at.
      policy: { timeLimitMs: 5_000, retryMs: [0, 0, 10_000, minute, 5 * minute, 30 * minute, 60 * minute, 60 * minute, 60 * minute], acknowledged: (status) => status === 200 },
    },
  },
  prepare(ns) {
    const account = makeWeixinAccount(ns, 'shop', '轻舟演示小店', 'main')
    ns.accounts.push(account)
    shopState(ns, account.id)
  },
  env(ns): Record<string, string> {
    const account = accountOf(ns, 'shop')
    if (!account) return {}
    return {
      WECHAT_SHOP_APPID: account.id, WECHAT_SHOP_SECRET: account.secret, WECHAT_SHOP_ORIGINAL_ID: account.originalId, WECHAT_SHOP_TOKEN: account.push.token,
      WECHAT_SHOP_AES_KEY: account.push.aesKey,
    }
  },
}
