import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { sumsByPerson } from '../order/index.ts'
import type { PriceBasket, Priced, PriceRefusal, PriceRule } from '../checkout/index.ts'
import { seatRefusal } from './group.ts'
import { groupJob } from './group-jobs.ts'
import type { Play, PlayOf } from './play.ts'
import { priceBasket, refuse, type BasketFacts, type HeldCoupon } from './price-basket.ts'
import { depositUnusable } from './presale.ts'
import { holdStored, splitStored } from './stored-value.ts'
import {
  asHeld, lockCoupons, lockDeposits, lockGroups, lockQuotas, lockStored, membersOf, moveQuotas, piecesBought, playsOn, putDeposit, putGroups, putMembers, putUses, setCoupons, type Deposit, type Group, type Member, type UseRow,
} from './store.ts'

/** What a basket would cost, without promising anything. */
export async function peekPrice(tx: Tx, tenantId: number, basket: PriceBasket, now: Instant, ids: Ids): Promise<Priced | PriceRefusal> {
  const plays = await playsOn(tx, tenantId, now)
  return quoteOne(basket, plays, await lockFacts(tx, tenantId, [basket], plays, false), now, ids)
}

/** The same basket as the pure engine sees it, for the chooser. */
export async function basketFacts(tx: Tx, tenantId: number, basket: PriceBasket, now: Instant): Promise<BasketFacts> {
  const plays = await playsOn(tx, tenantId, now)
  const facts = await lockFacts(tx, tenantId, [basket], plays, false)
  const [buyer] = await sumsByPerson(tx, tenantId, [basket.personId])
  return {
    lines: basket.lines, plays, buyer: { netFen: buyer?.netFen ?? 0, orders: buyer?.orders ?? 0 }, now, left: (promotionId, skuId) => facts.left.get(`${promotionId}/${skuId}`), bought: (promotionId, skuId) => facts.bought.get(`${promotionId}/${skuId}/${basket.personId}`) ?? 0,
    ...(basket.terms.group ? { group: { promotionId: basket.terms.group.promotionId } } : {}),
  }
}

const counts = (play: Play): play is PlayOf<'flash'> | PlayOf<'group'> => play.kind === 'flash' || play.kind === 'group'

/**
 * The engine at the counter: one statement of each kind for the whole batch, and none for what the batch does not use. Coupons, quotas, groups, deposits and
 * balances are locked in key order before stock is; who comes second finds them taken.
 */
export function promotionPriceRule(parts: { ids: Ids }): PriceRule {
  return {
    async quote(tx, tenantId, baskets, now) {
      const plays = await playsOn(tx, tenantId, now)
      const facts = await lockFacts(tx, tenantId, baskets, plays, true)
      return baskets.map((basket) => quoteOne(basket, plays, facts, now, parts.ids))
    },
    async take(tx, tenantId, taken, now) {
      const uses: UseRow[] = []
      const coupons: Array<{ couponId: string; state: 'held'; orderId: string }> = []
      const pieces: Array<{ promotionId: string; skuId: string; quantity: number }> = []
      const plays = taken.length === 0 ? [] : await playsOn(tx, tenantId, now)
      for (const { basket, priced } of taken) {
        basket.lines.forEach((line, n) => {
          for (const one of priced.discounts[n]) {
            const play = plays.find((p) => p.promotionId === one.promotionId)
            const counted = one.kind === 'flash' || one.kind === 'group'
            uses.push({
              shelf: 'mall', orderId: basket.orderId, lineNo: line.lineNo, promotionId: one.promotionId, couponId: one.couponId ?? '', kind: one.kind, name: one.name, skuId: line.skuId, personId: basket.personId, quantity: counted ? line.quantity : 0, bearer: one.bearer,
              fen: one.fen, state: 'held',
            })
            if (one.couponId) coupons.push({ couponId: one.couponId, state: 'held', orderId: basket.orderId })
            if (counted && play && counts(play) && play.rule.prices.find((p) => p.skuId === line.skuId)?.quota !== undefined) pieces.push({ promotionId: one.promotionId, skuId: line.skuId, quantity: line.quantity })
          }
        })
        const { deposit, stored } = (priced as Quoted).held
        if (deposit) await putDeposit(tx, tenantId, { ...deposit, state: 'used', orderId: basket.orderId }, now)
        if (stored) await holdStored(tx, tenantId, { orderId: basket.orderId, personId: basket.personId, ...stored }, now, parts.ids)
        const { group, member } = (priced as Quoted).held
        if (group) {
          await putGroups(tx, tenantId, [group])
          await putJobs(tx, tenantId, [groupJob(group.groupId, group.expiresAt)])
        }
        if (member) await putMembers(tx, tenantId, [member])
      }
      await setCoupons(tx, tenantId, [...new Map(coupons.map((one) => [one.couponId, one])).values()], now)
      await moveQuotas(tx, tenantId, pieces)
      await putUses(tx, tenantId, uses, now)
    },
  }
}

/** What a quote promised, for `take`. */
type Quoted = Priced & { held: { deposit?: Deposit; stored?: { principalFen: number; giftFen: number }; group?: Group; member?: Member } }

type Facts = {
  coupons: Map<string, HeldCoupon & { personId: string }>
  left: Map<string, number>
  bought: Map<string, number>
  buyers: Map<string, { netFen: number; orders: number }>
  deposits: Map<string, Deposit>
  groups: Map<string, { group: Group; members: Member[] }>
  stored: Map<string, { principalFen: number; giftFen: number }>
}

async function lockFacts(tx: Tx, tenantId: number, baskets: readonly PriceBasket[], plays: readonly Play[], lock: boolean): Promise<Facts> {
  const skus = new Set(baskets.flatMap((basket) => basket.lines.map((line) => line.skuId)))
  const rows = await lockCoupons(tx, tenantId, baskets.flatMap((basket) => basket.terms.couponIds ?? []), lock)
  const held = await asHeld(tx, tenantId, rows)
  const deposits = await lockDeposits(tx, tenantId, baskets.flatMap((basket) => basket.terms.depositId ?? []), lock)
  const groups = await lockGroups(tx, tenantId, baskets.flatMap((basket) => basket.terms.group?.groupId ?? []), lock)
  const members = await membersOf(tx, tenantId, groups.map((group) => group.groupId))
  const counted = plays.filter(counts).filter((play) => play.rule.prices.some((price) => skus.has(price.skuId)))
  const quotas = await lockQuotas(tx, tenantId, counted.flatMap((play) => play.rule.prices.filter((price) => price.quota !== undefined && skus.has(price.skuId)).map((price) => ({ promotionId: play.promotionId, skuId: price.skuId }))), lock)
  const personIds = [...new Set(baskets.map((basket) => basket.personId))]
  const bought = await piecesBought(tx, tenantId, counted.map((play) => play.promotionId), personIds)
  const asksBuyers = plays.some((play) => play.kind === 'member-price') || held.some((coupon) => coupon.play?.rule.audience === 'new')
  const sums = asksBuyers ? await sumsByPerson(tx, tenantId, personIds) : []
  const stored = await lockStored(tx, tenantId, baskets.filter((basket) => (basket.terms.storedFen ?? 0) > 0).map((basket) => basket.personId), lock)
  return {
    coupons: new Map(held.map((coupon, n) => [coupon.couponId, { ...coupon, personId: rows[n].personId }])),
    left: new Map(quotas.map((one) => [`${one.promotionId}/${one.skuId}`, one.quota - one.taken])),
    bought: new Map(bought.map((one) => [`${one.promotionId}/${one.skuId}/${one.personId}`, one.quantity])),
    buyers: new Map(sums.map((one) => [one.personId, { netFen: one.netFen, orders: one.orders }])),
    deposits: new Map(deposits.map((one) => [one.depositId, one])),
    groups: new Map(groups.map((group) => [group.groupId, { group, members: members.filter((one) => one.groupId === group.groupId) }])),
    stored: new Map(stored.map((one) => [one.personId, { principalFen: one.principalFen, giftFen: one.giftFen }])),
  }
}

/** One basket after another: what one takes, the next does not find. */
function quoteOne(basket: PriceBasket, plays: readonly Play[], facts: Facts, now: Instant, ids: Ids): Quoted | PriceRefusal {
  const { terms, personId } = basket
  const coupons: HeldCoupon[] = []
  for (const couponId of new Set(terms.couponIds ?? [])) {
    const coupon = facts.coupons.get(couponId)
    if (!coupon || coupon.personId !== personId || !coupon.play) return refuse('coupon-unknown', '这张券不在你手里')
    coupons.push(coupon)
  }
  let deposit: Deposit | undefined
  if (terms.depositId !== undefined) {
    deposit = facts.deposits.get(terms.depositId)
    const why = depositUnusable(deposit, personId, now)
    if (why) return why
  }
  let group: Group | undefined
  let member: Member | undefined
  if (terms.group) {
    const play = plays.find((one): one is PlayOf<'group'> => one.kind === 'group' && one.promotionId === terms.group!.promotionId)
    if (!play) return refuse('group-over', '这个拼团已经结束')
    if (terms.group.groupId !== undefined) {
      const found = facts.groups.get(terms.group.groupId)
      const why = seatRefusal(found, { promotionId: play.promotionId, personId, skuId: basket.lines[0].skuId }, now)
      if (why) return why
      member = { groupId: terms.group.groupId, orderId: basket.orderId, personId, leader: false, state: 'unpaid', joinedAt: now }
    } else {
      const groupId = ids.next()
      group = { groupId, promotionId: play.promotionId, skuId: basket.lines[0].skuId, size: play.rule.size, state: 'open', startedAt: now, expiresAt: now + Math.round(play.rule.hours * 3_600_000), endedAt: null }
      member = { groupId, orderId: basket.orderId, personId, leader: true, state: 'unpaid', joinedAt: now }
    }
  }
  const price = priceBasket({
    lines: basket.lines, plays, buyer: facts.buyers.get(personId) ?? { netFen: 0, orders: 0 }, now, left: (promotionId, skuId) => facts.left.get(`${promotionId}/${skuId}`), bought: (promotionId, skuId) => facts.bought.get(`${promotionId}/${skuId}/${personId}`) ?? 0,
    ...(terms.group ? { group: { promotionId: terms.group.promotionId } } : {}), ...(deposit ? { deposit } : {}),
  }, coupons)
  if (price.kind === 'price-refused') return price
  const depositFen = deposit?.depositFen ?? 0
  const own = facts.stored.get(personId)
  const storedFen = Math.min(terms.storedFen ?? 0, own ? own.principalFen + own.giftFen : 0, price.totalFen - depositFen)
  const stored = storedFen > 0 ? splitStored(own!, storedFen) : undefined
  // Promised from here on.
  for (const coupon of coupons) facts.coupons.set(coupon.couponId, { ...facts.coupons.get(coupon.couponId)!, state: 'held' })
  for (const one of price.taken) {
    const key = `${one.promotionId}/${one.skuId}`
    if (facts.left.has(key)) facts.left.set(key, facts.left.get(key)! - one.quantity)
    facts.bought.set(`${key}/${personId}`, (facts.bought.get(`${key}/${personId}`) ?? 0) + one.quantity)
  }
  if (deposit) facts.deposits.set(deposit.depositId, { ...deposit, state: 'used' })
  if (member && !group) facts.groups.get(member.groupId)!.members.push(member)
  if (stored) facts.stored.set(personId, { principalFen: own!.principalFen - stored.principalFen, giftFen: own!.giftFen - stored.giftFen })
  return {
    kind: 'priced', discounts: price.discounts,
    tenders: [...(deposit ? [{ kind: 'deposit' as const, ref: deposit.depositId, fen: depositFen }] : []), ...(storedFen > 0 ? [{ kind: 'stored' as const, ref: '', fen: storedFen }] : [])],
    terms: { ...(member ? { groupId: member.groupId } : {}), ...(deposit ? { depositId: deposit.depositId } : {}) },
    held: { ...(deposit ? { deposit } : {}), ...(stored ? { stored } : {}), ...(group ? { group } : {}), ...(member ? { member } : {}) },
  }
}
