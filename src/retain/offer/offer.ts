import { z } from 'zod'
import { dayNumber } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { startOfDayNumber } from '../points/index.ts'

export const offerSchema = z.strictObject({
  title: z.string().trim().min(1).max(60), what: z.string().trim().max(400),
  kind: z.enum(['licence', 'course', 'coupon', 'other']),
  feathers: z.int().min(1).max(1_000_000),
  /** Fen: what one piece costs the merchant; what it is worth to whoever gets it. */
  costFen: z.int().min(0).max(100_000_000), faceFen: z.int().min(0).max(100_000_000),
  /** Who honours the codes and is paid for them; '' is the merchant. */
  partner: z.string().trim().max(60),
  /** Whole days after the day of redemption. */
  validDays: z.int().min(1).max(3650),
  /** Of one person at most; 0 no limit. */
  perPerson: z.int().min(0).max(1000),
})
export type OfferFields = z.output<typeof offerSchema>
export type OfferState = 'draft' | 'live' | 'paused' | 'ended'
export type Offer = OfferFields & { offerId: string; state: OfferState; stock: number; issued: number; madeAt: Instant; changedAt: Instant }

/** Three benefits to begin with; a merchant puts in what they cost. */
export const defaultOffers: readonly OfferFields[] = [
  { title: '15 天工具试用', what: '一个码，开通后 15 天内可用。', kind: 'licence', feathers: 20, costFen: 800, faceFen: 2900, partner: '', validDays: 15, perPerson: 1 },
  { title: '30 天课程会员', what: '全部课程看 30 天。', kind: 'course', feathers: 20, costFen: 600, faceFen: 3900, partner: '', validDays: 30, perPerson: 1 },
  { title: '同城配送券 20 元', what: '同城配送抵 20 元，一单一张。', kind: 'coupon', feathers: 30, costFen: 2000, faceFen: 2000, partner: '同城配送', validDays: 30, perPerson: 0 },
]

/** To the end of the last day in Shanghai, or of the code's own last day if that is sooner. */
export function expiryOf(validDays: number, codeExpiresAt: Instant | null, now: Instant): Instant {
  const at = startOfDayNumber(dayNumber(now) + validDays + 1)
  return codeExpiresAt === null ? at : Math.min(at, codeExpiresAt)
}
