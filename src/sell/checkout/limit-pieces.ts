import type { MallLine } from './mall-order.ts'
import type { PriceRefusal } from './price-rule.ts'

/** What a buyer has of a product in orders that still count, `<buyer> <product>` to pieces. */
export type Bought = Map<string, number>
export const boughtKey = (buyer: string, productId: string): string => `${buyer} ${productId}`

/**
 * Whether a basket stays within the purchase limits (每人限购) of its products. What it may have is counted at once, so that the next basket of the same
 * buyer in the batch sees it. @returns why not, in words for the buyer; undefined: it may.
 */
export function withinLimits(buyer: string, lines: readonly MallLine[], limitOf: (skuId: string) => number | null, bought: Bought): PriceRefusal | undefined {
  const wanted = new Map<string, { pieces: number; limit: number; title: string }>()
  for (const line of lines) {
    const limit = limitOf(line.skuId)
    if (limit !== null) wanted.set(line.productId, { pieces: (wanted.get(line.productId)?.pieces ?? 0) + line.quantity, limit, title: line.title })
  }
  for (const [productId, { pieces, limit, title }] of wanted) {
    const had = bought.get(boughtKey(buyer, productId)) ?? 0
    if (had + pieces > limit) return { kind: 'price-refused', reason: 'limit-each', text: had === 0 ? `「${title}」每人限购 ${limit} 件。` : `「${title}」每人限购 ${limit} 件，你已经买了 ${had} 件。` }
  }
  for (const [productId, { pieces }] of wanted) bought.set(boughtKey(buyer, productId), (bought.get(boughtKey(buyer, productId)) ?? 0) + pieces)
  return undefined
}
