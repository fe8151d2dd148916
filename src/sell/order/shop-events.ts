/** What a Shop callback rings: the object to read again. Ids arrive as text or as bare numbers (sheet §4.3, parsing hazards). */
export type ShopBell = { kind: 'shop.order' | 'shop.aftersale' | 'shop.product'; objectId: string }

type Loose = Record<string, unknown>
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined)

/** What to read again; empty for events that ring nothing we read. A refund changes its order too, without an event of its own. Names: sheet §19.4. */
export function bellsOfShopEvent(event: string, message: Loose): ShopBell[] {
  const bell = (kind: ShopBell['kind'], value: unknown): ShopBell[] => {
    const objectId = text(value)
    return objectId === undefined ? [] : [{ kind, objectId }]
  }
  if (event.startsWith('channels_ec_order_')) return bell('shop.order', (message.order_info as Loose | undefined)?.order_id)
  if (event === 'channels_ec_aftersale_update') {
    const body = message.finder_shop_aftersale_status_update as Loose | undefined
    return [...bell('shop.aftersale', body?.after_sale_order_id), ...bell('shop.order', body?.order_id)]
  }
  if (event === 'product_spu_audit' || event === 'product_spu_listing' || event === 'product_spu_update') {
    return bell('shop.product', ((message.ProductSpuAudit ?? message.ProductSpuListing ?? message.ProductSpuUpdate) as Loose | undefined)?.product_id)
  }
  return []
}
