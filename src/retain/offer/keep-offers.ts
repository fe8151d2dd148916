import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/clock.ts'
import { dayMs } from '../../kernel/calendar.ts'
import type { Random } from '../../kernel/random.ts'
import type { Seal } from '../../kernel/seal.ts'
import type { OfferCost } from '../points/index.ts'
import { makeCodes, readCodes, type BadLine } from './codes.ts'
import { offerFault } from './errors.ts'
import { defaultOffers, type Offer, type OfferFields, type OfferState } from './offer.ts'
import { insertCodes, insertOffers, knownCodes, lockOffer, offersOf, redeemedSince, setOfferState, updateOffer } from './store.ts'

export type OfferWork = { tenantId: number; now: Instant; ids: Ids; random: Random }
export type CodeParts = { seal: Seal }

/** The purpose a code is sealed under: one moved to another offer or merchant does not open. */
export const codePurpose = (tenantId: number, offerId: string): string => `offer code/${tenantId}/${offerId}`
export const codeIndex = (seal: Seal, tenantId: number, offerId: string, code: string): string => seal.blindIndex(`offer code/${tenantId}/${offerId}/${code}`)

export function makeOffers(tx: Tx, work: OfferWork, offers: readonly OfferFields[]): string[] {
  const made = offers.map((fields) => ({ ...fields, offerId: work.ids.next() }))
  insertOffers(tx, work.tenantId, made, work.now)
  return made.map((one) => one.offerId)
}
/** The three benefits that every merchant may begin with, as drafts. */
export const makeDefaultOffers = (tx: Tx, work: OfferWork): string[] => makeOffers(tx, work, defaultOffers)

async function locked(tx: Tx, tenantId: number, offerId: string): Promise<Offer> {
  const offer = await lockOffer(tx, tenantId, offerId)
  if (!offer) throw offerFault('offer/unknown', { id: offerId })
  return offer
}

export async function changeOffer(tx: Tx, work: OfferWork, offerId: string, fields: OfferFields): Promise<void> {
  await locked(tx, work.tenantId, offerId)
  updateOffer(tx, work.tenantId, offerId, fields, work.now)
}

/** An offer without a code does not go live; what was issued stays valid whatever becomes of the offer. */
export async function putOffer(tx: Tx, work: OfferWork, offerId: string, state: OfferState): Promise<void> {
  const offer = await locked(tx, work.tenantId, offerId)
  if (state === 'live' && offer.stock === 0) throw offerFault('offer/no-codes', { title: offer.title })
  setOfferState(tx, work.tenantId, offerId, state, work.now)
}

export type Imported = { ok: true; codes: number; batchId: string } | { ok: false; bad: BadLine[]; good: number }

/** Imports a list of codes whole or not at all: what is doubled, known already or unreadable is listed and nothing is kept. */
export async function importCodes(tx: Tx, work: OfferWork, parts: CodeParts, wish: { offerId: string; text: string; by: string }): Promise<Imported> {
  const { tenantId, now } = work
  await locked(tx, tenantId, wish.offerId)
  const { codes, bad } = readCodes(wish.text)
  const indexed = codes.map((one) => ({ ...one, index: codeIndex(parts.seal, tenantId, wish.offerId, one.code) }))
  const known = await knownCodes(tx, tenantId, wish.offerId, indexed.map((one) => one.index))
  for (const one of indexed) {
    if (known.has(one.index)) bad.push({ line: one.line, code: one.code, why: 'known' })
    else if (one.expiresAt !== null && one.expiresAt <= now) bad.push({ line: one.line, code: one.code, why: 'bad-date' })
  }
  if (bad.length > 0 || codes.length === 0) return { ok: false, bad: bad.sort((a, b) => a.line - b.line), good: codes.length - bad.filter((one) => one.why === 'known').length }
  const batchId = work.ids.next()
  insertCodes(tx, tenantId, { batchId, offerId: wish.offerId, how: 'import', by: wish.by }, indexed.map((one, n) => ({ index: one.index, sealed: parts.seal.seal(one.code, codePurpose(tenantId, wish.offerId)), n, expiresAt: one.expiresAt })), now)
  return { ok: true, codes: codes.length, batchId }
}

export async function generateCodes(tx: Tx, work: OfferWork, parts: CodeParts, wish: { offerId: string; count: number; by: string }): Promise<{ codes: number; batchId: string }> {
  const { tenantId, now } = work
  await locked(tx, tenantId, wish.offerId)
  const batchId = work.ids.next()
  const made = makeCodes(work.random, wish.count, batchId).map((code, n) => ({ index: codeIndex(parts.seal, tenantId, wish.offerId, code), sealed: parts.seal.seal(code, codePurpose(tenantId, wish.offerId)), n, expiresAt: null }))
  insertCodes(tx, tenantId, { batchId, offerId: wish.offerId, how: 'generate', by: wish.by }, made, now)
  return { codes: made.length, batchId }
}

/** What readers see: live offers; sold out ones too, so that nobody wonders. */
export function listOffers(tx: Tx, tenantId: number): Promise<Offer[]> {
  return offersOf(tx, tenantId, ['live'])
}

/** Live benefits and what they cost: feathers ask before rules go live. */
export async function offerCosts(tx: Tx, tenantId: number, now: Instant): Promise<OfferCost[]> {
  const taken = new Map((await redeemedSince(tx, tenantId, now - 28 * dayMs)).map((row) => [row.offerId, row.n]))
  return (await offersOf(tx, tenantId, ['live'])).map(({ offerId, title, feathers, costFen, stock }) => ({ offerId, title, feathers, costFen, stock, redeemed28: taken.get(offerId) ?? 0 }))
}

