/** What a Shop callback rings: the object to read again. Ids arrive as text or as bare numbers (sheet §4.3, parsing hazards). */
export type ShopBell = { kind: 'shop.order' | 'shop.aftersale' | 'shop.product'; objectId: string }

type Loose = Record<string, unknown>
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined)

/** @returns undefined for events that ring nothing we read. Source of the names: sheet §19.4. */
export function bellOfShopEvent(event: string, message: Loose): ShopBell | undefined {
  if (event.startsWith('channels_ec_order_')) {
    const id = text((message.order_info as Loose | undefined)?.order_id)
    return id === undefined ? undefined : { kind: 'shop.order', objectId: id }
  }
  if (event === 'channels_ec_aftersale_update') {
    const id = text((message.finder_shop_aftersale_status_update as Loose | undefined)?.after_sale_order_id)
    return id === undefined ? undefined : { kind: 'shop.aftersale', objectId: id }
  }
  if (event === 'product_spu_audit' || event === 'product_spu_listing' || event === 'product_spu_update') {
    const body = (message.ProductSpuAudit ?? message.ProductSpuListing ?? message.ProductSpuUpdate) as Loose | undefined
    const id = text(body?.product_id)
    return id === undefined ? undefined : { kind: 'shop.product', objectId: id }
  }
  return undefined
}
