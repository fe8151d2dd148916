import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'

/**
 * Plays (玩法) as data: what a merchant writes down, one schema for each kind. Amounts are fen, shares are ten-thousandths of the price that remain to be paid
 * (`payBp` 8500 = 85 折), times are instants.
 */
const fen = z.number().int().min(0).max(1_000_000_000)
const price = z.number().int().min(1).max(1_000_000_000)
const pieces = z.number().int().min(1).max(1_000_000)
const bearer = z.enum(['merchant', 'platform', 'partner']).default('merchant')

/** Which goods: everything when absent. */
const goods = z.object({ productIds: z.array(z.uuid()).max(2000).optional(), skuIds: z.array(z.uuid()).max(2000).optional(), except: z.boolean().default(false) }).optional()
/** From so much (or so many pieces) on: so much off, or so much of the price to pay. Exactly one of the two. */
const step = z.object({ fromFen: fen.default(0), fromPieces: z.number().int().min(0).max(10_000).default(0), offFen: price.optional(), payBp: z.number().int().min(1).max(9999).optional(), /** At most so much off. */ capFen: price.optional() })
  .refine((one) => (one.offFen === undefined) !== (one.payBp === undefined), 'offFen or payBp, one of them')
const steps = z.array(step).min(1).max(10)

const fullReduction = z.object({ goods, steps, /** 每满: the only step counts once for every time its sum is reached. */ repeat: z.boolean().default(false), withCoupons: z.boolean().default(true), bearer })
const coupon = z.object({
  goods, steps: z.array(step).length(1), withReductions: z.boolean().default(true), /** May be used together with other coupons that say so. */ stacks: z.boolean().default(false), bearer,
  quota: pieces, perPerson: z.number().int().min(1).max(100).default(1), /** Days after it was taken; absent: until the play ends. */ validDays: z.number().int().min(1).max(365).optional(),
  audience: z.enum(['everyone', 'new']).default('everyone'), /** Anybody may take it in the mall; false: given by the merchant only. */ open: z.boolean().default(true),
})
const priced = z.object({ skuId: z.uuid(), priceFen: price, quota: pieces.optional() })
const flash = z.object({ prices: z.array(priced.extend({ quota: pieces })).min(1).max(200), perPerson: pieces.default(1), withReductions: z.boolean().default(false), withCoupons: z.boolean().default(false), bearer })
const group = z.object({ prices: z.array(priced).min(1).max(200), size: z.number().int().min(2).max(100), hours: z.number().min(0.1).max(168).default(24), perPerson: pieces.default(1), withReductions: z.boolean().default(false), withCoupons: z.boolean().default(false), bearer })
const presale = z.object({
  prices: z.array(priced.extend({ depositFen: price, /** What the deposit counts for (定金膨胀); the deposit itself when absent. */ worthFen: price.optional() })).min(1).max(200), balanceFrom: z.number().int(), balanceTo: z.number().int(), perPerson: pieces.default(5),
  withReductions: z.boolean().default(false), withCoupons: z.boolean().default(false), bearer,
}).refine((one) => one.balanceTo > one.balanceFrom, 'the rest is paid between two times')
  .refine((one) => one.prices.every((p) => p.depositFen <= p.priceFen && (p.worthFen ?? p.depositFen) >= p.depositFen && (p.worthFen ?? 0) <= p.priceFen), 'a deposit is at most the price, and worth at least itself')
const memberPrice = z.object({ goods, /** By what a person has paid in all, refunds taken off. */ levels: z.array(z.object({ name: z.string().min(1).max(20), fromFen: fen, payBp: z.number().int().min(1).max(9999) })).min(1).max(10), withReductions: z.boolean().default(true), withCoupons: z.boolean().default(true), bearer })
const topUp = z.object({ plans: z.array(z.object({ key: z.string().min(1).max(20), payFen: price, giftFen: fen })).min(1).max(20) })
const priceProtection = z.object({ goods, days: z.number().int().min(1).max(60), /** Claims of one order. */ times: z.number().int().min(1).max(10).default(1) })

export const ruleSchemas = { 'full-reduction': fullReduction, coupon, flash, group, presale, 'member-price': memberPrice, 'top-up': topUp, 'price-protection': priceProtection } as const
export type PlayKind = keyof typeof ruleSchemas
export const playKinds = Object.keys(ruleSchemas) as PlayKind[]
export type RuleOf<K extends PlayKind> = z.output<(typeof ruleSchemas)[K]>

type Of<K extends PlayKind> = { promotionId: string; kind: K; name: string; state: 'draft' | 'on' | 'off'; rule: RuleOf<K>; startsAt: Instant; endsAt: Instant }
export type PlayOf<K extends PlayKind> = K extends PlayKind ? Of<K> : never
export type Play = PlayOf<PlayKind>
export type Step = z.output<typeof step>
export type Goods = z.output<typeof goods>

export const isOn = (play: Play, now: Instant): boolean => play.state === 'on' && play.startsAt <= now && now < play.endsAt

export function covers(chosen: Goods, line: { productId: string; skuId: string }): boolean {
  if (chosen === undefined || (chosen.productIds === undefined && chosen.skuIds === undefined)) return true
  const named = (chosen.productIds?.includes(line.productId) ?? false) || (chosen.skuIds?.includes(line.skuId) ?? false)
  return named !== chosen.except
}
