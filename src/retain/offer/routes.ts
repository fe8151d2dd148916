import { z } from 'zod'
import { FileAnswer, route, type AnyRoute } from '../../kernel/http/index.ts'
import { parseLocal } from '../../kernel/calendar.ts'
import type { Seal } from '../../kernel/seal.ts'
import type { PointsWork } from '../points/index.ts'
import { importMost } from './codes.ts'
import { offerFault } from './errors.ts'
import { changeOffer, generateCodes, importCodes, makeDefaultOffers, makeOffers, putOffer, type OfferWork } from './keep-offers.ts'
import { defaultOffers, offerSchema } from './offer.ts'
import { takeBack } from './redeem-offer.ts'
import { settlementFile, settlePartner } from './settle-partner.ts'
import { batchesOf, findOffer, listRedemptions, listSettlements, offersOf, openByPartner } from './store.ts'

const block = 'points'

export function offerRoutes(ports: { seal: Seal; workOf(tenantId: number): OfferWork & PointsWork }): AnyRoute[] {
  const one = z.object({ offerId: z.uuid() })
  return [
    route({
      method: 'GET', path: '/offers', right: 'people.read', block, what: 'offers with stock, code batches, latest redemptions, what is to be settled with partners',
      async handle({ tx, tenantId }) {
        return {
          offers: await offersOf(tx, tenantId, ['draft', 'live', 'paused', 'ended']), batches: await batchesOf(tx, tenantId), defaults: defaultOffers.length, open: await openByPartner(tx, tenantId), settlements: await listSettlements(tx, tenantId),
          redemptions: (await listRedemptions(tx, tenantId, 100)).map(({ key: _, ...row }) => row),
        }
      },
    }),
    route({
      method: 'POST', path: '/offers', right: 'points.write', block, audit: 'offer.make', what: 'make an offer, as a draft', body: offerSchema,
      handle: async ({ tx, tenantId, body }) => ({ offerId: makeOffers(tx, ports.workOf(tenantId), [body])[0] }),
    }),
    route({ method: 'POST', path: '/offers/defaults', right: 'points.write', block, audit: 'offer.defaults', what: 'make the three offers to begin with, as drafts', handle: async ({ tx, tenantId }) => ({ offerIds: makeDefaultOffers(tx, ports.workOf(tenantId)) }) }),
    route({
      method: 'PUT', path: '/offers/:offerId', right: 'points.write', block, audit: 'offer.change', what: 'change an offer; what was redeemed before keeps its terms', params: one, body: offerSchema,
      async handle({ tx, tenantId, params, body }) {
        await changeOffer(tx, ports.workOf(tenantId), params.offerId, body)
        return { offer: await findOffer(tx, tenantId, params.offerId) }
      },
    }),
    route({
      method: 'POST', path: '/offers/:offerId/state', right: 'points.write', block, audit: 'offer.state', what: 'put an offer live, pause or end it', params: one, body: z.object({ state: z.enum(['live', 'paused', 'ended']) }),
      async handle({ tx, tenantId, params, body }) {
        await putOffer(tx, ports.workOf(tenantId), params.offerId, body.state)
        return { offer: await findOffer(tx, tenantId, params.offerId) }
      },
    }),
    route({
      method: 'POST', path: '/offers/:offerId/codes/import', right: 'points.write', block, audit: 'offer.import', what: 'import a list of codes whole or not at all; lines that cannot be used come back', params: one,
      body: z.object({ text: z.string().min(1).max(importMost * 140) }),
      handle: async ({ tx, tenantId, params, body, actor }) => importCodes(tx, ports.workOf(tenantId), ports, { offerId: params.offerId, text: body.text, by: actor }),
    }),
    route({
      method: 'POST', path: '/offers/:offerId/codes/generate', right: 'points.write', block, audit: 'offer.generate', what: 'generate codes', params: one, body: z.object({ count: z.int().min(1).max(importMost) }),
      handle: async ({ tx, tenantId, params, body, actor }) => generateCodes(tx, ports.workOf(tenantId), ports, { offerId: params.offerId, count: body.count, by: actor }),
    }),
    route({
      method: 'POST', path: '/offers/redemptions/:redemptionId/take-back', right: 'points.write', block, audit: 'offer.take-back', what: 'take a redemption back: the feathers return, the code is void', params: z.object({ redemptionId: z.uuid() }),
      body: z.object({ reason: z.string().trim().min(1).max(120) }),
      handle: async ({ tx, tenantId, params, body }) => ({ feathers: (await takeBack(tx, ports.workOf(tenantId), params.redemptionId, body.reason)).feathers }),
    }),
    route({
      method: 'POST', path: '/offers/settlements', right: 'points.write', block, audit: 'offer.settle', what: 'close what was redeemed of a partner before the end of a day (Shanghai)', body: z.object({ partner: z.string().min(1).max(60), through: z.string().regex(/^\d{4}-\d{2}-\d{2}$/).optional() }),
      async handle({ tx, tenantId, body, actor }) {
        const work = ports.workOf(tenantId)
        const until = body.through === undefined ? work.now : (parseLocal(`${body.through} 23:59:59`) ?? work.now) + 1000
        return settlePartner(tx, work, { partner: body.partner, until, by: actor })
      },
    }),
    route({
      method: 'GET', path: '/offers/settlements/:settlementId/file', right: 'points.write', block, audit: 'offer.settlement-file', what: 'the settlement file of a partner, with the codes', params: z.object({ settlementId: z.uuid() }),
      async handle({ tx, tenantId, params, simulated }) {
        const { name, content } = await settlementFile(tx, tenantId, ports, params.settlementId, simulated)
        return new FileAnswer(name, 'text/csv; charset=utf-8', content)
      },
    }),
    route({
      method: 'GET', path: '/offers/:offerId', right: 'people.read', block, what: 'one offer', params: one,
      async handle({ tx, tenantId, params }) {
        const offer = await findOffer(tx, tenantId, params.offerId)
        if (!offer) throw offerFault('offer/unknown', { id: params.offerId })
        return { offer }
      },
    }),
  ]
}
