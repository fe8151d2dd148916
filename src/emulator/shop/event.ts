import { push } from '../core/push.ts'
import type { Namespace } from '../core/namespace.ts'
import type { Order, Shop } from './state.ts'

/** After-sale, coupon-admin, product and other platform events come from one fixed platform openid (shop sheet 6). */
export const platformOpenid = 'oPlatform_of_the_shop_events'

/** Ids go out as bare 64-bit numbers in some of the platform's samples and as text in others; these events have them bare. */
const bareOrderId = new Set(['channels_ec_order_new', 'channels_ec_order_wait_shipping', 'channels_ec_order_cancel', 'channels_ec_order_deliver'])

/** Tells the shop an order event; `more` are further members of order_info. */
export function pushOrderEvent(ns: Namespace, shop: Shop, order: Order, event: string, more: Record<string, string | number> = {}): void {
  const id = bareOrderId.has(event) ? order.id : `"${order.id}"`
  let members = `"order_id":${id}`
  for (const [key, value] of Object.entries(more)) members += `,${JSON.stringify(key)}:${JSON.stringify(value)}`
  pushText(ns, shop, order.openid, event, `"order_info":{${members}}`)
}

/** Tells the shop anything else; ids in `body` go as text. */
export function pushShopEvent(ns: Namespace, shop: Shop, event: string, body: Record<string, unknown>, from = platformOpenid): void {
  pushText(ns, shop, from, event, JSON.stringify(body).slice(1, -1))
}

function pushText(ns: Namespace, shop: Shop, from: string, event: string, members: string): void {
  const head = `"ToUserName":"${shop.account.originalId}","FromUserName":"${from}","CreateTime":${Math.floor(ns.now / 1000)},"MsgType":"event","Event":"${event}"`
  push(ns, { account: { kind: 'shop', id: shop.account.id }, event, message: `{${head},${members}}`, envelope: 'weixin' })
}
