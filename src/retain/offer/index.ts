/**
 * Offer (权益): what feathers buy. An offer has a stock of codes, imported or generated, sealed at rest; a redemption takes one, and its owner may look at it again.
 *
 * Owns: offer, offer_code, offer_batch, offer_redemption, offer_settlement.  Answers: OfferCosts (declared by points).  Asks: ConductGate.  Hears: person.merged.  Emits: offer.redeemed.
 *
 * Invariants
 * - A code is given once, feathers are taken with it or not at all, and the stock is the number of free codes.
 * - A list of codes is imported whole or not at all.
 * - A code is opened for whoever redeemed it, and in the settlement file of the partner who honours it; each redemption is settled once.
 */
export { defaultOffers, expiryOf, offerSchema, type Offer, type OfferFields, type OfferState } from './offer.ts'
export { changeOffer, generateCodes, importCodes, listOffers, makeDefaultOffers, makeOffers, offerCosts, putOffer, type CodeParts, type Imported, type OfferWork } from './keep-offers.ts'
export { redeem, redemptionsOf, revealCode, takeBack, type MyRedemption, type OfferRedeemed, type RedeemWish, type RedeemWork, type Revealed } from './redeem-offer.ts'
export { settlementFile, settlePartner } from './settle-partner.ts'
export { offersFollowMerges } from './hear.ts'
export { offerRoutes } from './routes.ts'
