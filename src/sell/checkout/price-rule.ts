import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Fen } from '../../kernel/money.ts'

/** With what a buyer wants to pay a basket: chosen on the cart, judged again when the order is placed. */
export type BuyTerms = {
  /** Coupons in the buyer's hand. Absent or empty: none; plays that need no choice apply anyhow. */
  couponIds?: readonly string[]
  /** Pay up to this much from stored value. */
  storedFen?: Fen
  /** Start a group of this play, or join one. */
  group?: { promotionId: string; groupId?: string }
  /** The basket is the rest of a pre-sale whose deposit is paid. */
  depositId?: string
}

/** Why a line costs less, and who bears it. */
export type LineDiscount = { promotionId: string; couponId: string | null; kind: string; name: string; bearer: 'merchant' | 'platform' | 'partner'; fen: Fen }
/** Part of the total that WeChat Pay is not asked for, because it was paid before. */
export type Tender = { kind: 'stored' | 'deposit'; ref: string; fen: Fen }

export type PriceBasket = { orderId: string; personId: string; buyer: string; goodsFen: Fen; lines: ReadonlyArray<{ lineNo: number; productId: string; skuId: string; quantity: number; unitFen: Fen }>; terms: BuyTerms; expiresAt: Instant }
export type Priced = {
  kind: 'priced'
  /** For each line of the basket, in its order. */
  discounts: ReadonlyArray<readonly LineDiscount[]>
  tenders: readonly Tender[]
  /** Kept with the order: the group it belongs to, the deposit it completes. */
  terms: { groupId?: string; depositId?: string }
}
/** `reason` is a code for whoever shows it; `text` is the same in Chinese, for the buyer. */
export type PriceRefusal = { kind: 'price-refused'; reason: string; text: string }

/**
 * What may lower the price of baskets. Asked once for all baskets of a batch inside the transaction that places them; must not wait for the network. Declared here,
 * answered by sell/promotion.
 */
export type PriceRule = {
  /** Same length and order as `baskets`. May lock what it promises (coupons, quotas, balances): locks are taken before those of stock, in key order. */
  quote(tx: Tx, tenantId: number, baskets: readonly PriceBasket[], now: Instant): Promise<ReadonlyArray<Priced | PriceRefusal>>
  /** The baskets that became orders: what they were promised is used up. */
  take(tx: Tx, tenantId: number, taken: ReadonlyArray<{ basket: PriceBasket; priced: Priced }>, now: Instant): Promise<void>
}
