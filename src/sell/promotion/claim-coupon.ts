import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { sumsByPerson } from '../order/index.ts'
import { isOn, type PlayOf } from './play.ts'
import { refuse, type Refusal } from './price-basket.ts'
import { countCoupons, couponByClaim, findPlays, insertCoupon, lockQuotas, moveQuotas, type CouponRow } from './store.ts'

const dayMs = 86_400_000

/** May this person have one more of it? Pure; `left` is what the stock of coupons still has. */
export function claimRefusal(play: PlayOf<'coupon'>, facts: { left: number; has: number; orders: number; given: boolean }, now: Instant): Refusal | undefined {
  if (play.state !== 'on' || now >= play.endsAt) return refuse('coupon-over', `“${play.name}”已经发完了`)
  if (!facts.given && (!isOn(play, now) || !play.rule.open)) return refuse('coupon-not-open', `“${play.name}”现在领不了`)
  if (play.rule.audience === 'new' && facts.orders > 0) return refuse('coupon-new-only', `“${play.name}”只给第一次买的人`)
  if (facts.has >= play.rule.perPerson) return refuse('coupon-enough', `“${play.name}”每人最多 ${play.rule.perPerson} 张`)
  if (facts.left < 1) return refuse('coupon-gone', `“${play.name}”领完了`)
  return undefined
}

/**
 * A person takes a coupon. The same key is the same coupon; of two who want the last one, one gets it.
 * @param given the merchant gives it: also one that is not open to all.
 */
export async function claimCoupon(tx: Tx, tenantId: number, claim: { promotionId: string; personId: string; key: string; given?: boolean }, now: Instant, ids: Ids): Promise<{ kind: 'claimed'; coupon: CouponRow; fresh: boolean } | Refusal> {
  const { promotionId, personId, key } = claim
  const [play] = await findPlays(tx, tenantId, [promotionId])
  if (play?.kind !== 'coupon') return refuse('coupon-unknown', '没有这种券')
  // The quota's lock makes claims of one play wait for each other, so counts hold.
  const [quota] = await lockQuotas(tx, tenantId, [{ promotionId, skuId: '' }])
  const known = await couponByClaim(tx, tenantId, promotionId, personId, key)
  if (known) return { kind: 'claimed', coupon: known, fresh: false }
  const [orders] = play.rule.audience === 'new' ? await sumsByPerson(tx, tenantId, [personId]) : []
  const has = (await countCoupons(tx, tenantId, [promotionId], personId)).get(promotionId) ?? 0
  const why = claimRefusal(play, { left: quota ? quota.quota - quota.taken : 0, has, orders: orders?.orders ?? 0, given: claim.given === true }, now)
  if (why) return why
  const coupon: CouponRow = { couponId: ids.next(), promotionId, personId, state: 'usable', claimedAt: now, validFrom: now, validTo: play.rule.validDays === undefined ? play.endsAt : Math.min(now + play.rule.validDays * dayMs, play.endsAt + play.rule.validDays * dayMs), orderId: null }
  await insertCoupon(tx, tenantId, { ...coupon, claimKey: key })
  await moveQuotas(tx, tenantId, [{ promotionId, skuId: '', quantity: 1 }])
  return { kind: 'claimed', coupon, fresh: true }
}
