import type { Tx } from '../../kernel/db/index.ts'
import { listVersions } from '../../kernel/doorbell/index.ts'
import { parseJson } from '../../kernel/json.ts'
import type { Recorder } from '../checkout/index.ts'
import { putUses, type UseRow } from './store.ts'

type Loose = Record<string, unknown>
const list = (value: unknown): Loose[] => (Array.isArray(value) ? (value as Loose[]) : [])
const whole = (value: unknown): number => (Number.isSafeInteger(Number(value)) ? Math.max(0, Number(value)) : 0)

/**
 * Coupons of the Shop that an order used, by line (`order_product_coupon_info_list`, shop sheet 4.3). The merchant makes these coupons and bears them; what the platform
 * adds of its own comes in other fields and is not counted here.
 */
export function shopCouponUses(orderId: string, personId: string, body: unknown): UseRow[] {
  const detail = ((body as Loose).order as Loose | undefined)?.order_detail as Loose | undefined
  return list(detail?.product_infos).flatMap((line, index) => list(line.order_product_coupon_info_list).flatMap((coupon): UseRow[] => {
    const fen = whole(coupon.discounted_price)
    return fen === 0 ? [] : [{
      shelf: 'shop', orderId, lineNo: index + 1, promotionId: `shop:${String(coupon.coupon_id ?? '')}`, couponId: String(coupon.user_coupon_id ?? ''), kind: 'shop-coupon', name: `小店券 ${String(coupon.coupon_id ?? '')}`, skuId: String(line.sku_id ?? ''), personId, quantity: whole(line.sku_cnt),
      bearer: 'merchant', fen, state: 'used',
    }]
  }))
}

export async function noteShopCoupons(tx: Tx, work: Pick<Recorder, 'tenantId' | 'now'>, orders: ReadonlyArray<{ orderId: string; personId: string }>): Promise<void> {
  const rows: UseRow[] = []
  for (const { orderId, personId } of orders) {
    const versions = await listVersions(tx, work.tenantId, 'shop.order', orderId)
    const last = versions.at(-1)
    if (last) rows.push(...shopCouponUses(orderId, personId, parseJson(last.body)))
  }
  await putUses(tx, work.tenantId, rows, work.now)
}
