import type { Emulator } from '../../emulator/index.ts'
import { accountOf } from '../../emulator/core/namespace.ts'
import { unionidOf } from '../../emulator/core/people.ts'
import { shopOf } from '../../emulator/shop/state.ts'

/**
 * What the emulated Shop already holds of an import, so that an interrupted run goes on exactly where it stopped: the platform's own state is the
 * truth about what was sent.
 */
export type PlatformView = { orders: Map<string, string>; refunds: Set<string>; skus: Map<string, { productId: string; skuId: string }> }

export const refundKey = (orderId: string, line: number, reason: string): string => `${orderId}/${line}/${reason}`

export function viewPlatform(emulator: Emulator, world: string, shopId: string): PlatformView {
  const { state } = shopOf(emulator.namespace(world), shopId)
  const view: PlatformView = { orders: new Map(), refunds: new Set(), skus: new Map() }
  for (const order of state.orders.values()) {
    const invoice = /"i":"([^"]+)"/.exec(order.customerNotes ?? '')?.[1]
    if (invoice !== undefined) view.orders.set(invoice, order.id)
  }
  for (const aftersale of Object.values(state.aftersales)) view.refunds.add(refundKey(aftersale.orderId, aftersale.line, aftersale.reason ?? ''))
  for (const [productId, product] of Object.entries(state.products)) {
    const online = product.online
    const sku = online?.skus?.[0]
    if (online?.out_product_id && sku?.sku_id) view.skus.set(String(online.out_product_id), { productId, skuId: String(sku.sku_id) })
  }
  return view
}

/** The unionid the platform would give a buyer, also to one who never placed an order. */
export function buyerUnionid(emulator: Emulator, world: string, shopId: string, person: string): string {
  const ns = emulator.namespace(world)
  const shop = accountOf(ns, 'shop', shopId)
  const unionid = shop && unionidOf(ns, shop, person)
  if (unionid === undefined) throw new Error(`the shop ${shopId} is bound to no Open Platform account, so buyers have no unionid`)
  return unionid
}
