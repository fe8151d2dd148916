import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { publicRoute, type AnyPublicRoute, type PublicCall } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { unitHistory } from '../../book/account/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { skuCards, skuName } from '../catalog/index.ts'
import { buyerIndex, buyTerms, checkoutFault, findMallOrder, lockMallOrders, readSession, type BuyTerms, type MallAccounts, type MallOrder, type PriceBasket, type Recorder } from '../checkout/index.ts'
import { listOrderLines } from '../order/index.ts'
import { reserveBaskets } from '../stock/index.ts'
import { chooseCoupons } from './choose-coupons.ts'
import { claimCoupon, claimRefusal } from './claim-coupon.ts'
import { promotionFault } from './errors.ts'
import type { Play, PlayOf } from './play.ts'
import { isOn } from './play.ts'
import { couponRefusal, levelOf } from './price-basket.ts'
import { basketFacts, peekPrice } from './price-rule.ts'
import { protectionOf, type Protection } from './price-protection.ts'
import { depositOf } from './presale.ts'
import type { PromotionPorts } from './ports.ts'
import { asHeld, countCoupons, couponsOfPerson, depositsOfPerson, findPlays, lockGroups, membersOf, openGroups, playsOn, putDeposit, putUses, readQuotas, readStored, usesOfOrders, piecesBought, type Group, type Member } from './store.ts'

/** What the storefront shows and does about plays; prices are judged again when an order is placed. */
export type PromotionMallParts = {
  seal: Seal
  emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void>
  accounts(tenantId: number): MallAccounts | undefined
  ports: PromotionPorts
  /** Makes a bill; sell/payment keeps and collects it. */
  openBill(tx: Tx, tenantId: number, wish: { kind: 'top-up' | 'deposit'; personId: string; buyer: string; clientKey: string; miniConnectionId: string; payConnectionId: string; title: string; amountFen: number; terms: Record<string, unknown> }, now: number, ids: Recorder['ids']): Promise<{ billId: string; amountFen: number; state: string; expiresAt: number; terms: Record<string, unknown> }>
}

type AnyCall = Pick<PublicCall<unknown, unknown, unknown>, 'tenantId' | 'bearer' | 'clock' | 'ids'>

export function promotionMallRoutes(parts: PromotionMallParts): AnyPublicRoute[] {
  const block = 'mall'
  const sessionOf = (call: AnyCall) => readSession(parts.seal, call.tenantId, call.bearer, call.clock.now())
  const buyerOf = async (tx: Tx, call: AnyCall): Promise<{ personId: string; buyer: string }> => {
    const session = sessionOf(call)
    const { personIds: [personId] } = await resolvePersons(tx, call.tenantId, [{ unionid: session.unionid, local: { kind: 'openid', scope: session.appid, value: session.openid }, seenAt: call.clock.now(), evidence: 'mini program login' }], call.ids)
    return { personId, buyer: buyerIndex(parts.seal, call.tenantId, session) }
  }
  const ownOrder = (call: AnyCall, order: MallOrder | undefined, orderId: string): MallOrder => {
    if (!order || order.buyer !== buyerIndex(parts.seal, call.tenantId, sessionOf(call))) throw checkoutFault('mall/no-order', { orderId })
    return order
  }
  const recorder = (call: AnyCall): Recorder => ({ tenantId: call.tenantId, now: call.clock.now(), ids: call.ids, emit: (tx, events) => parts.emit(tx, call.tenantId, events) })
  const lines = z.array(z.object({ skuId: z.uuid(), quantity: z.number().int().min(1).max(999) })).min(1).max(50)
  const basketOf = async (tx: Tx, call: AnyCall, wanted: z.output<typeof lines>, terms: BuyTerms) => {
    const { personId, buyer } = await buyerOf(tx, call)
    const cards = new Map((await skuCards(tx, call.tenantId, wanted.map((line) => line.skuId))).map((card) => [card.skuId, card]))
    const gone = wanted.find((line) => !cards.get(line.skuId)?.onMall)
    if (gone) throw checkoutFault('mall/no-goods', { productId: gone.skuId })
    const basket: PriceBasket = {
      orderId: 'quote', personId, buyer, terms, expiresAt: call.clock.now(), goodsFen: wanted.reduce((sum, line) => sum + cards.get(line.skuId)!.priceFen * line.quantity, 0),
      lines: wanted.map((line, n) => ({ lineNo: n + 1, productId: cards.get(line.skuId)!.productId, skuId: line.skuId, quantity: line.quantity, unitFen: cards.get(line.skuId)!.priceFen })),
    }
    return { basket, cards }
  }
  const shownCoupon = (play: PlayOf<'coupon'>) => ({ promotionId: play.promotionId, name: play.name, step: play.rule.steps[0], goods: play.rule.goods ?? null, stacks: play.rule.stacks, withReductions: play.rule.withReductions, newOnly: play.rule.audience === 'new' })
  const shownGroup = (group: Group, members: readonly Member[], self?: string) => {
    const seated = members.filter((one) => one.groupId === group.groupId && (one.state === 'paid' || one.state === 'unpaid'))
    return { groupId: group.groupId, promotionId: group.promotionId, skuId: group.skuId, size: group.size, joined: seated.length, paid: seated.filter((one) => one.state === 'paid').length, missing: Math.max(0, group.size - seated.length), state: group.state, expiresAt: group.expiresAt, mine: seated.some((one) => one.personId === self) }
  }

  return [
    publicRoute({
      method: 'GET', path: '/promotions', block, perMinute: 600, what: 'plays that are on: reductions, flash sales with what is left, groups, pre-sales, member levels, top-up plans, coupons to take',
      handle: (call) => call.tx(async (tx) => {
        const now = call.clock.now()
        const plays = await playsOn(tx, call.tenantId, now)
        const left = new Map((await readQuotas(tx, call.tenantId)).map((one) => [`${one.promotionId}/${one.skuId}`, one.quota - one.taken]))
        const at = (play: Play, skuId: string): number | null => left.get(`${play.promotionId}/${skuId}`) ?? null
        const each = (play: PlayOf<'flash'> | PlayOf<'group'> | PlayOf<'presale'>) => play.rule.prices.map((price) => ({ ...price, left: at(play, price.skuId) }))
        return {
          reductions: plays.filter((p) => p.kind === 'full-reduction').map((p) => ({ promotionId: p.promotionId, name: p.name, steps: p.rule.steps, repeat: p.rule.repeat, goods: p.rule.goods ?? null, endsAt: p.endsAt })),
          flash: plays.filter((p) => p.kind === 'flash').map((p) => ({ promotionId: p.promotionId, name: p.name, endsAt: p.endsAt, perPerson: p.rule.perPerson, prices: each(p) })),
          groups: plays.filter((p) => p.kind === 'group').map((p) => ({ promotionId: p.promotionId, name: p.name, endsAt: p.endsAt, size: p.rule.size, hours: p.rule.hours, perPerson: p.rule.perPerson, prices: each(p) })),
          presales: plays.filter((p) => p.kind === 'presale').map((p) => ({ promotionId: p.promotionId, name: p.name, endsAt: p.endsAt, balanceFrom: p.rule.balanceFrom, balanceTo: p.rule.balanceTo, prices: each(p) })),
          memberLevels: plays.filter((p) => p.kind === 'member-price').map((p) => ({ promotionId: p.promotionId, name: p.name, levels: p.rule.levels, goods: p.rule.goods ?? null })),
          topUps: plays.filter((p) => p.kind === 'top-up').map((p) => ({ promotionId: p.promotionId, name: p.name, plans: p.rule.plans })),
          coupons: plays.filter((p) => p.kind === 'coupon').filter((p) => p.rule.open).map((p) => ({ ...shownCoupon(p), left: at(p, '') ?? 0, endsAt: p.endsAt })),
          priceProtection: plays.filter((p) => p.kind === 'price-protection').map((p) => ({ days: p.rule.days, goods: p.rule.goods ?? null }))[0] ?? null,
        }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/coupons', block, perMinute: 300, what: "the buyer's coupons with whether each can be used, and those that can be taken, each with the reason why not",
      handle: (call) => call.tx(async (tx) => {
        const now = call.clock.now()
        const { personId } = await buyerOf(tx, call)
        const rows = await couponsOfPerson(tx, call.tenantId, personId, {})
        const held = await asHeld(tx, call.tenantId, rows)
        const offers = (await playsOn(tx, call.tenantId, now)).filter((play) => play.kind === 'coupon').filter((play) => play.rule.open)
        const left = new Map((await readQuotas(tx, call.tenantId)).filter((one) => one.skuId === '').map((one) => [one.promotionId, one.quota - one.taken]))
        const has = await countCoupons(tx, call.tenantId, offers.map((play) => play.promotionId), personId)
        const orders = (await basketFacts(tx, call.tenantId, { orderId: '', personId, buyer: '', goodsFen: 0, lines: [], terms: {}, expiresAt: now }, now)).buyer
        return {
          mine: held.filter((one) => one.play).map((one) => {
            const why = couponRefusal(one, orders, now)
            return { couponId: one.couponId, ...shownCoupon(one.play), state: one.state === 'usable' && one.validTo <= now ? 'expired' : one.state, validFrom: one.validFrom, validTo: one.validTo, usable: why === undefined, reason: why?.reason ?? null, text: why?.text ?? null }
          }),
          offers: offers.map((play) => {
            const why = claimRefusal(play, { left: left.get(play.promotionId) ?? 0, has: has.get(play.promotionId) ?? 0, orders: orders.orders, given: false }, now)
            return { ...shownCoupon(play), left: left.get(play.promotionId) ?? 0, endsAt: play.endsAt, canTake: why === undefined, reason: why?.reason ?? null, text: why?.text ?? null }
          }),
        }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/coupons/claim', block, perMinute: 60, what: 'take a coupon; the same key again is the same coupon', body: z.object({ promotionId: z.uuid(), key: z.string().min(1).max(64) }),
      handle: (call) => call.tx(async (tx) => {
        const { personId } = await buyerOf(tx, call)
        const outcome = await claimCoupon(tx, call.tenantId, { promotionId: call.body.promotionId, personId, key: call.body.key }, call.clock.now(), call.ids)
        return outcome.kind === 'claimed' ? { kind: 'claimed', couponId: outcome.coupon.couponId, validTo: outcome.coupon.validTo, fresh: outcome.fresh } : outcome
      }),
    }),
    publicRoute({
      method: 'POST', path: '/quote', block, perMinute: 300, what: 'what a basket costs: discounts of each line, what is paid before, each coupon in the hand with what it saves or why it cannot be used, and the best choice with its reason; nothing is promised',
      body: z.object({ lines, terms: buyTerms.optional(), /** Choose the best coupons instead of those in `terms`. */ best: z.boolean().default(false) }),
      handle: (call) => call.tx(async (tx) => {
        const now = call.clock.now()
        const { body } = call
        const { basket, cards } = await basketOf(tx, call, body.lines, body.terms ?? {})
        const hand = (await asHeld(tx, call.tenantId, await couponsOfPerson(tx, call.tenantId, basket.personId, { usableAt: now }))).filter((one) => one.play)
        const facts = await basketFacts(tx, call.tenantId, basket, now)
        const choice = body.terms?.depositId === undefined ? chooseCoupons(facts, hand) : undefined
        const chosen = choice !== undefined && 'couponIds' in choice ? choice : undefined
        const terms: BuyTerms = body.best && chosen ? { ...body.terms, couponIds: chosen.couponIds } : (body.terms ?? {})
        const price = await peekPrice(tx, call.tenantId, { ...basket, terms }, now, call.ids)
        const coupons = hand.map((one) => ({ couponId: one.couponId, ...shownCoupon(one.play), validTo: one.validTo, ...(chosen?.each.find((row) => row.couponId === one.couponId) ?? { reason: 'basket', text: '这一单现在不能用券' }) }))
        const level = facts.plays.filter((play) => play.kind === 'member-price').map((play) => levelOf(play, facts.buyer.netFen)).find((one) => one !== undefined)
        const more = { coupons, best: chosen ? { couponIds: chosen.couponIds, offFen: chosen.offFen, totalFen: chosen.totalFen, ...chosen.reason } : null, level: level?.name ?? null }
        if (price.kind === 'price-refused') return { ...price, ...more }
        const off = price.discounts.map((ones) => ones.reduce((sum, one) => sum + one.fen, 0))
        const totalFen = basket.goodsFen - off.reduce((a, b) => a + b, 0)
        return {
          kind: 'priced', goodsFen: basket.goodsFen, discountFen: basket.goodsFen - totalFen, totalFen, tenders: price.tenders, payFen: totalFen - price.tenders.reduce((sum, one) => sum + one.fen, 0), terms,
          lines: basket.lines.map((line, n) => {
            const card = cards.get(line.skuId)!
            return { skuId: line.skuId, title: card.title, name: skuName(card.attrs, card.skuCode), quantity: line.quantity, unitFen: line.unitFen, paidFen: line.unitFen * line.quantity - off[n], discounts: price.discounts[n] }
          }),
          ...more,
        }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/groups', block, perMinute: 300, what: 'open groups that still want people, soonest end first; start or join one with `terms.group` at /checkout', query: z.object({ promotionId: z.uuid().optional() }),
      handle: (call) => call.tx(async (tx) => {
        const groups = await openGroups(tx, call.tenantId, call.query.promotionId ? [call.query.promotionId] : null, call.clock.now(), 50)
        const members = await membersOf(tx, call.tenantId, groups.map((group) => group.groupId))
        return { groups: groups.map((group) => shownGroup(group, members)).filter((group) => group.missing > 0) }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/groups/:id', block, perMinute: 600, what: 'one group: how many have joined, how many are missing, until when', params: z.object({ id: z.uuid() }),
      handle: (call) => call.tx(async (tx) => {
        const [group] = await lockGroups(tx, call.tenantId, [call.params.id], false)
        if (!group) throw promotionFault('promotion/not-found', { promotionId: call.params.id })
        const self = call.bearer === undefined ? undefined : (await buyerOf(tx, call)).personId
        return { group: shownGroup(group, await membersOf(tx, call.tenantId, [group.groupId]), self) }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/presales/deposit', block, perMinute: 60, what: 'pay a deposit: holds the units, gives a bill to pay at /bills/:id/pay', body: z.object({ promotionId: z.uuid(), skuId: z.uuid(), quantity: z.number().int().min(1).max(99), key: z.string().min(8).max(64) }),
      handle: (call) => call.tx(async (tx) => {
        const { tenantId, body, clock, ids } = call
        const now = clock.now()
        const accounts = parts.accounts(tenantId)
        if (!accounts) throw checkoutFault('mall/not-open')
        const { personId, buyer } = await buyerOf(tx, call)
        const [play] = await findPlays(tx, tenantId, [body.promotionId])
        if (play?.kind !== 'presale' || !isOn(play, now)) return { kind: 'price-refused', reason: 'presale-over', text: '这个预售现在不收定金' }
        const sums = depositOf(play, body.skuId, body.quantity)
        if (!sums) return { kind: 'price-refused', reason: 'presale-other-goods', text: '这件不在这个预售里' }
        const [card] = await skuCards(tx, tenantId, [body.skuId])
        if (!card?.onMall) throw checkoutFault('mall/no-goods', { productId: body.skuId })
        const has = (await piecesBought(tx, tenantId, [play.promotionId], [personId])).reduce((sum, one) => sum + one.quantity, 0)
        const bill = await parts.openBill(tx, tenantId, { kind: 'deposit', personId, buyer, clientKey: `deposit ${body.key}`, miniConnectionId: accounts.mini.connectionId, payConnectionId: accounts.pay.connectionId, title: `定金 ${card.title}`, amountFen: sums.depositFen, terms: { ...sums, promotionId: play.promotionId, skuId: body.skuId, quantity: body.quantity } }, now, ids)
        const known = (await depositsOfPerson(tx, tenantId, personId)).find((one) => one.depositId === bill.billId)
        if (known) return { kind: 'deposit', depositId: bill.billId, billId: bill.billId, amountFen: bill.amountFen, payBefore: bill.expiresAt, state: known.state }
        const open = (await depositsOfPerson(tx, tenantId, personId)).filter((one) => one.promotionId === play.promotionId && (one.state === 'unpaid' || one.state === 'paid')).reduce((sum, one) => sum + one.quantity, 0)
        if (has + open + body.quantity > play.rule.perPerson) throw promotionFault('promotion/refused', { reason: 'presale-limit', text: `每人最多预定 ${play.rule.perPerson} 件` })
        const [reserved] = await reserveBaskets(tx, tenantId, [{ orderId: bill.billId, expiresAt: play.rule.balanceTo, lines: [{ skuId: body.skuId, quantity: body.quantity }] }], now, ids)
        if (!reserved.reserved) throw promotionFault('promotion/refused', { reason: 'stock-short', text: `只剩 ${reserved.available} 件可以预定` })
        await putDeposit(tx, tenantId, { depositId: bill.billId, promotionId: play.promotionId, personId, skuId: body.skuId, quantity: body.quantity, ...sums, state: 'unpaid', balanceFrom: play.rule.balanceFrom, balanceTo: play.rule.balanceTo, orderId: null, madeAt: now }, now)
        return { kind: 'deposit', depositId: bill.billId, billId: bill.billId, amountFen: bill.amountFen, payBefore: bill.expiresAt, state: 'unpaid' }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/presales', block, perMinute: 120, what: "the buyer's deposits; the rest is paid by /checkout with `terms.depositId` inside the window",
      handle: (call) => call.tx(async (tx) => {
        const { personId } = await buyerOf(tx, call)
        const deposits = await depositsOfPerson(tx, call.tenantId, personId)
        const cards = new Map((await skuCards(tx, call.tenantId, deposits.map((one) => one.skuId))).map((card) => [card.skuId, card]))
        return { deposits: deposits.map((one) => ({ ...one, personId: undefined, title: cards.get(one.skuId)?.title ?? '', restFen: one.priceFen * one.quantity - one.worthFen })) }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/wallet', block, perMinute: 120, what: 'stored value: the balance, the plans to top it up, and its last movements',
      handle: (call) => call.tx(async (tx) => {
        const { personId } = await buyerOf(tx, call)
        const own = await readStored(tx, call.tenantId, personId)
        const flow = await unitHistory(tx, call.tenantId, 'fen', [`stored:${personId}`, `stored-gift:${personId}`], { offset: 0, limit: 40 })
        const plans = (await playsOn(tx, call.tenantId, call.clock.now())).filter((play) => play.kind === 'top-up').flatMap((play) => play.rule.plans.map((plan) => ({ promotionId: play.promotionId, ...plan })))
        return { balanceFen: own.principalFen + own.giftFen, principalFen: own.principalFen, giftFen: own.giftFen, plans, movements: flow.map((row) => ({ at: row.occurredAt, what: row.reason, gift: row.account.startsWith('stored-gift:'), fen: 0 - row.amount })) }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/wallet/top-up', block, perMinute: 30, what: 'top stored value up by a plan: gives a bill to pay at /bills/:id/pay', body: z.object({ promotionId: z.uuid(), plan: z.string().min(1).max(20), key: z.string().min(8).max(64) }),
      handle: (call) => call.tx(async (tx) => {
        const { tenantId, body, clock, ids } = call
        const accounts = parts.accounts(tenantId)
        if (!accounts) throw checkoutFault('mall/not-open')
        const { personId, buyer } = await buyerOf(tx, call)
        const [play] = await findPlays(tx, tenantId, [body.promotionId])
        const plan = play?.kind === 'top-up' && isOn(play, clock.now()) ? play.rule.plans.find((one) => one.key === body.plan) : undefined
        if (!plan) return { kind: 'price-refused', reason: 'no-plan', text: '没有这个充值档位' }
        const bill = await parts.openBill(tx, tenantId, { kind: 'top-up', personId, buyer, clientKey: `top-up ${body.key}`, miniConnectionId: accounts.mini.connectionId, payConnectionId: accounts.pay.connectionId, title: `储值 ${plan.payFen / 100} 元`, amountFen: plan.payFen, terms: { giftFen: plan.giftFen, plan: plan.key, promotionId: body.promotionId } }, clock.now(), ids)
        return { kind: 'bill', billId: bill.billId, amountFen: bill.amountFen, giftFen: Number(bill.terms.giftFen), payBefore: bill.expiresAt, state: bill.state }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/orders/:id/price-protection', block, perMinute: 120, what: 'whether the price has fallen since the order was paid, and what would be paid back', params: z.object({ id: z.string().max(64) }),
      handle: (call) => call.tx(async (tx) => protection(tx, call, ownOrder(call, await findMallOrder(tx, call.tenantId, call.params.id), call.params.id))),
    }),
    publicRoute({
      method: 'POST', path: '/orders/:id/price-protection', block, perMinute: 20, what: 'ask the difference back', params: z.object({ id: z.string().max(64) }),
      handle: (call) => call.tx(async (tx) => {
        const order = ownOrder(call, (await lockMallOrders(tx, call.tenantId, [call.params.id])).get(call.params.id), call.params.id)
        const found = await protection(tx, call, order)
        if (found.kind === 'none') return found
        const outcome = await parts.ports.refundPart(tx, recorder(call), order.orderId, { amountFen: found.totalFen, skuId: found.lines.length === 1 ? found.lines[0].skuId : null, reason: '价保' })
        if (!outcome) return { kind: 'none', reason: 'refunded', text: '这一单已经退得差不多了' } as const
        await putUses(tx, call.tenantId, found.lines.map((line) => ({
          shelf: 'mall', orderId: order.orderId, lineNo: order.lines.find((one) => one.skuId === line.skuId)!.lineNo, promotionId: 'price-protection', couponId: outcome.refundId, kind: 'price-protection', name: '价保', skuId: line.skuId, personId: order.personId, quantity: 0, bearer: 'merchant', fen: line.fen, state: 'used',
        })), call.clock.now())
        return { ...found, refundId: outcome.refundId }
      }),
    }),
  ]

  async function protection(tx: Tx, call: AnyCall, order: MallOrder): Promise<Protection> {
    const now = call.clock.now()
    const plays = await playsOn(tx, call.tenantId, now)
    const rule = plays.find((play): play is PlayOf<'price-protection'> => play.kind === 'price-protection')?.rule
    const claims = new Set((await usesOfOrders(tx, call.tenantId, [order.orderId])).filter((use) => use.kind === 'price-protection').map((use) => use.couponId)).size
    const cards = new Map((await skuCards(tx, call.tenantId, order.lines.map((line) => line.skuId))).filter((card) => card.onMall).map((card) => [card.skuId, card.priceFen]))
    const left = new Map((await readQuotas(tx, call.tenantId)).map((one) => [`${one.promotionId}/${one.skuId}`, one.quota - one.taken]))
    const nowFen = (skuId: string): number | undefined => {
      const list = cards.get(skuId)
      if (list === undefined) return undefined
      const flash = plays.filter((play) => play.kind === 'flash').flatMap((play) => play.rule.prices.filter((price) => price.skuId === skuId && (left.get(`${play.promotionId}/${skuId}`) ?? 0) > 0).map((price) => price.priceFen))
      return Math.min(list, ...flash)
    }
    const booked = new Map((await listOrderLines(tx, call.tenantId, 'mall', order.orderId)).map((line) => [line.lineNo, line.refundedFen]))
    return protectionOf(rule, { paidAt: order.state === 'cancelled' || order.state === 'refunded' ? null : order.paidAt, lines: order.lines.map((line) => ({ ...line, refundedFen: booked.get(line.lineNo) ?? 0 })) }, claims, nowFen, now)
  }
}
