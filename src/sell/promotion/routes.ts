import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { claimCoupon } from './claim-coupon.ts'
import { promotionFault } from './errors.ts'
import { playKinds, ruleSchemas, type Play, type PlayKind } from './play.ts'
import type { PromotionPorts } from './ports.ts'
import { withdraw } from './wallet.ts'
import { couponTotals, findPlays, groupCounts, listPlays, lockCoupons, putPlay, putQuotas, readQuotas, readStored, setCoupons, storedTotals, useTotals } from './store.ts'

const newPlay = z.object({ kind: z.enum(playKinds as [PlayKind, ...PlayKind[]]), name: z.string().trim().min(1).max(40), state: z.enum(['draft', 'on']).default('draft'), rule: z.record(z.string(), z.unknown()), startsAt: z.number().int(), endsAt: z.number().int() })

function ruleOf(kind: PlayKind, name: string, rule: unknown): Play['rule'] {
  const parsed = ruleSchemas[kind].safeParse(rule)
  if (!parsed.success) throw promotionFault('promotion/bad-rule', { name, problem: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'rule'}: ${issue.message}`).slice(0, 3).join('; ') })
  return parsed.data
}

/** What a play may give away in all, as rows of the quota. */
function quotasOf(play: Play): Array<{ skuId: string; quota: number }> {
  if (play.kind === 'coupon') return [{ skuId: '', quota: play.rule.quota }]
  if (play.kind === 'flash' || play.kind === 'group') return play.rule.prices.flatMap((price) => (price.quota === undefined ? [] : [{ skuId: price.skuId, quota: price.quota }]))
  return []
}

export async function savePlay(tx: Tx, tenantId: number, play: Play, now: number): Promise<void> {
  if (play.endsAt <= play.startsAt) throw promotionFault('promotion/bad-time', { name: play.name })
  await putPlay(tx, tenantId, play, now)
  const quotas = quotasOf(play)
  if (quotas.length > 0 && (await putQuotas(tx, tenantId, play.promotionId, quotas)) < quotas.length) throw promotionFault('promotion/quota-given', { name: play.name })
}

/** Plays and coupons in the console. */
export function promotionRoutes(parts: { ports: Pick<PromotionPorts, 'refundBill' | 'topUpsOf'>; emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void> }): AnyRoute[] {
  const params = z.object({ promotionId: z.uuid() })
  const block = 'mall'
  return [
    route({
      method: 'GET', path: '/promotions', right: 'orders.read', block, what: 'plays and coupons with what they have given, what is left, and what they cost by who bears it',
      async handle({ tx, tenantId, clock }) {
        const plays = await listPlays(tx, tenantId)
        return { plays, quotas: await readQuotas(tx, tenantId), uses: await useTotals(tx, tenantId), coupons: await couponTotals(tx, tenantId, clock.now()), groups: await groupCounts(tx, tenantId), stored: await storedTotals(tx, tenantId), now: clock.now() }
      },
    }),
    route({
      method: 'POST', path: '/promotions', right: 'products.write', block, audit: 'promotion.make', what: 'write a play down', body: newPlay,
      async handle({ tx, tenantId, body, clock, ids }) {
        const play = { ...body, promotionId: ids.next(), rule: ruleOf(body.kind, body.name, body.rule) } as Play
        await savePlay(tx, tenantId, play, clock.now())
        return { promotionId: play.promotionId }
      },
    }),
    route({
      method: 'PUT', path: '/promotions/:promotionId', right: 'products.write', block, audit: 'promotion.change', what: 'change a play: name, times, state; the rule while it is a draft, afterwards only more of it', params,
      body: z.object({ name: z.string().trim().min(1).max(40).optional(), state: z.enum(['draft', 'on', 'off']).optional(), rule: z.record(z.string(), z.unknown()).optional(), startsAt: z.number().int().optional(), endsAt: z.number().int().optional() }),
      async handle({ tx, tenantId, params: { promotionId }, body, clock }) {
        const [play] = await findPlays(tx, tenantId, [promotionId])
        if (!play) throw promotionFault('promotion/not-found', { promotionId })
        const rule = body.rule === undefined ? play.rule : ruleOf(play.kind, play.name, body.rule)
        // What people were promised stands: only the number that may be given grows.
        const bare = (one: Play['rule']): string => JSON.stringify(one, (key, value: unknown) => (key === 'quota' ? undefined : value))
        if (play.state !== 'draft' && bare(rule) !== bare(play.rule)) throw promotionFault('promotion/running', { name: play.name })
        await savePlay(tx, tenantId, { ...play, name: body.name ?? play.name, state: body.state ?? play.state, rule, startsAt: body.startsAt ?? play.startsAt, endsAt: body.endsAt ?? play.endsAt } as Play, clock.now())
        return { changed: true }
      },
    }),
    route({
      method: 'POST', path: '/promotions/:promotionId/give', right: 'products.write', block, audit: 'coupon.give', what: 'give a coupon to people; the same key again gives nothing more', params, body: z.object({ personIds: z.array(z.uuid()).min(1).max(1000), key: z.string().min(1).max(64) }),
      async handle({ tx, tenantId, params: { promotionId }, body, clock, ids }) {
        const outcomes: Array<{ personId: string; kind: string; text?: string }> = []
        for (const personId of body.personIds.toSorted()) {
          const outcome = await claimCoupon(tx, tenantId, { promotionId, personId, key: `given ${body.key}`, given: true }, clock.now(), ids)
          outcomes.push({ personId, kind: outcome.kind, ...(outcome.kind === 'claimed' ? {} : { text: outcome.text }) })
        }
        return { given: outcomes.filter((one) => one.kind === 'claimed').length, refused: outcomes.filter((one) => one.kind !== 'claimed') }
      },
    }),
    route({
      method: 'POST', path: '/coupons/:couponId/void', right: 'products.write', block, audit: 'coupon.void', what: 'take a coupon that is not used back', params: z.object({ couponId: z.uuid() }),
      async handle({ tx, tenantId, params: { couponId }, clock }) {
        const [coupon] = await lockCoupons(tx, tenantId, [couponId])
        if (coupon?.state !== 'usable') throw promotionFault('promotion/refused', { reason: 'coupon-not-usable', text: '这张券已经用了、占着或者作废了' })
        await setCoupons(tx, tenantId, [{ couponId, state: 'void', orderId: null }], clock.now())
        return { voided: true }
      },
    }),
    route({
      method: 'GET', path: '/wallets/:personId', right: 'people.read', block, what: "a person's stored value", params: z.object({ personId: z.uuid() }),
      handle: async ({ tx, tenantId, params: { personId } }) => ({ wallet: await readStored(tx, tenantId, personId) }),
    }),
    route({
      method: 'POST', path: '/wallets/:personId/withdraw', right: 'orders.refund', block, audit: 'wallet.withdraw', what: 'pay paid-in stored value back the way it came, newest top-up first; gifts for it are taken back', params: z.object({ personId: z.uuid() }),
      body: z.object({ amountFen: z.number().int().min(1), key: z.string().min(8).max(64) }),
      async handle(call) {
        const { tx, tenantId, params: { personId }, body } = call
        const work = { tenantId, now: call.clock.now(), ids: call.ids, emit: (within: Tx, events: readonly DomainEvent[]) => parts.emit(within, tenantId, events) }
        const topUps = await parts.ports.topUpsOf(tx, tenantId, personId)
        if (topUps.reduce((sum, one) => sum + one.leftFen, 0) < body.amountFen || !(await withdraw(tx, work, personId, body.amountFen, body.key))) throw promotionFault('promotion/refused', { reason: 'wallet-short', text: '本金没有这么多可以退' })
        let left = body.amountFen
        const refunds: string[] = []
        for (const one of topUps) {
          const fen = Math.min(left, one.leftFen)
          if (fen < 1) continue
          left -= fen
          refunds.push((await parts.ports.refundBill(tx, work, one.billId, fen, '退储值'))!.refundId)
        }
        return { refunds }
      },
    }),
  ]
}
