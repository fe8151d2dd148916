import type { Tx } from '../../kernel/db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { makeEvent } from '../../events.ts'
import type { ConductGate, Surface } from '../reader/index.ts'
import { giveBack, spend, type PointsWork, type WayToEarn } from '../points/index.ts'
import { offerFault } from './errors.ts'
import { codePurpose, type CodeParts } from './keep-offers.ts'
import { expiryOf } from './offer.ts'
import { codeOf, insertRedemption, lockOffer, lockRedemption, markShown, markTakenBack, redeemedBy, redemptionByKey, redemptionsOfPerson, takeCode, voidCode, voidExpired, type Redemption, type RedemptionView } from './store.ts'

export type RedeemWish = { personId: string; readerId: string; offerId: string; /** Of this wish: asked again it gives the same. */ key: string; surface?: Surface }
export type OfferRedeemed =
  | { ok: true; redemptionId: string; feathers: number; expiresAt: Instant }
  | { ok: false; why: 'unknown' | 'not-live' | 'sold-out' | 'limit' }
  | { ok: false; why: 'short'; balance: number; short: number; waysToEarn: WayToEarn[] }
  | { ok: false; why: 'silenced' | 'closed' | 'convention' | 'phone'; until: Instant | null; penaltyId: string | null; rule: string | null }

/** What it asks besides: whether this reader may act. Absent: nobody is asked. */
export type RedeemWork = PointsWork & { gate?: Pick<ConductGate, 'mayAct'> }

/**
 * Feathers for one code, in one transaction: the offer is locked first, then the account, always in this order, so the last code goes to one of two who
 * ask at once and nobody pays without getting one.
 */
export async function redeem(tx: Tx, work: RedeemWork, wish: RedeemWish): Promise<OfferRedeemed> {
  const { tenantId, now } = work
  if (work.gate) {
    const may = await work.gate.mayAct(tx, tenantId, wish.readerId, 'redeem', wish.surface ?? 'web', now)
    if (!may.ok) return may
  }
  const offer = await lockOffer(tx, tenantId, wish.offerId)
  if (!offer) return { ok: false, why: 'unknown' }
  const before = await redemptionByKey(tx, tenantId, wish.personId, wish.key)
  if (before) return { ok: true, redemptionId: before.redemptionId, feathers: before.feathers, expiresAt: before.expiresAt }
  if (offer.state !== 'live') return { ok: false, why: 'not-live' }
  if (offer.perPerson > 0 && (await redeemedBy(tx, tenantId, offer.offerId, wish.personId)) >= offer.perPerson) return { ok: false, why: 'limit' }
  const stock = offer.stock - (await voidExpired(tx, tenantId, offer.offerId, now))
  if (stock <= 0) return { ok: false, why: 'sold-out' }
  const redemptionId = work.ids.next()
  const paid = await spend(tx, work, { personId: wish.personId, feathers: offer.feathers, key: `offer/${redemptionId}`, reason: offer.title })
  if (!paid.ok) return { ok: false, why: 'short', balance: paid.balance, short: paid.short, waysToEarn: paid.waysToEarn }
  const code = await takeCode(tx, tenantId, offer.offerId, redemptionId)
  // The count is the number of free codes, and the offer is locked: without a code here the transaction must not stand.
  if (!code) throw new Error(`offer ${offer.offerId} counts ${stock} codes and has none`)
  const expiresAt = expiryOf(offer.validDays, code.expiresAt, now)
  insertRedemption(tx, tenantId, { redemptionId, offerId: offer.offerId, personId: wish.personId, key: wish.key, feathers: offer.feathers, costFen: offer.costFen, partner: offer.partner, redeemedAt: now, expiresAt, shownAt: null, shown: 0, state: 'issued', settlementId: null })
  await work.emit?.(tx, [makeEvent(work.ids, now, 'offer.redeemed', `offer/${offer.offerId}`, now, { redemptionId, offerId: offer.offerId, personId: wish.personId, feathers: offer.feathers })])
  return { ok: true, redemptionId, feathers: offer.feathers, expiresAt }
}

export type MyRedemption = Omit<RedemptionView, 'costFen' | 'key' | 'partner' | 'settlementId' | 'state'> & { state: 'issued' | 'expired' | 'taken-back' }
/** What a person redeemed, newest first, without the codes. */
export async function redemptionsOf(tx: Tx, tenantId: number, personId: string, now: Instant, limit = 100): Promise<MyRedemption[]> {
  return (await redemptionsOfPerson(tx, tenantId, personId, limit)).map(({ costFen: _c, key: _k, partner: _p, settlementId: _s, state, ...row }) => ({ ...row, state: state === 'issued' && row.expiresAt <= now ? 'expired' : state }))
}

export type Revealed = { ok: true; code: string; expiresAt: Instant; expired: boolean; /** Times it was looked at before. */ shown: number } | { ok: false; why: 'unknown' | 'taken-back' }
/** Opens the code for whoever redeemed it, and for nobody else; how often is counted. */
export async function revealCode(tx: Tx, tenantId: number, parts: CodeParts, wish: { redemptionId: string; personId: string }, now: Instant): Promise<Revealed> {
  const row = await lockRedemption(tx, tenantId, wish.redemptionId)
  if (!row || row.personId !== wish.personId) return { ok: false, why: 'unknown' }
  if (row.state === 'taken-back') return { ok: false, why: 'taken-back' }
  const code = await codeOf(tx, tenantId, wish.redemptionId)
  if (!code) return { ok: false, why: 'unknown' }
  markShown(tx, tenantId, wish.redemptionId, now)
  return { ok: true, code: parts.seal.open(code.sealed, codePurpose(tenantId, code.offerId)).toString('utf8'), expiresAt: row.expiresAt, expired: row.expiresAt <= now, shown: row.shown }
}

/** Takes a redemption back: the feathers return, the code is void and never given again. Not after it was settled with the partner. */
export async function takeBack(tx: Tx, work: PointsWork, redemptionId: string, reason: string): Promise<Redemption> {
  const row = await lockRedemption(tx, work.tenantId, redemptionId)
  if (!row) throw offerFault('offer/no-redemption', { id: redemptionId })
  if (row.state === 'taken-back') throw offerFault('offer/taken-back-before', { id: redemptionId })
  if (row.settlementId !== null) throw offerFault('offer/settled', { id: redemptionId })
  markTakenBack(tx, work.tenantId, redemptionId)
  voidCode(tx, work.tenantId, redemptionId)
  await giveBack(tx, work, `offer/${redemptionId}`, reason)
  return row
}
