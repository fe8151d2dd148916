/**
 * Fulfilment (履约): what is sent where, in which parcels, by courier, same city, pick-up or as virtual goods, on either shelf; and what WeChat knows of it,
 * without which the money of a mall order stays frozen.
 *
 * Owns: order_address, parcel.  Asks: payment (report of a mall order), the Shop's delivery API.
 *
 * Invariants
 * - No piece leaves twice: a parcel holds only what was neither sent nor given back; the same number for the same order is one parcel.
 * - A bulk file ships all of its rows or none, unless the operator chose to skip the bad ones.
 * - Addresses are sealed, stand apart from the order, and go when the person is forgotten.
 */
export { couriers, courierOf, leftToSend, logisticsType, methods, pack, trackingPattern, type Method, type Packed } from './parcel.ts'
export { readDivisions, type Divisions } from './divisions.ts'
export { addressSchema, checkAddress, maskAddress, openAddresses, readAddress, saveAddress, type Address } from './addresses.ts'
export { readBulk, type BulkProblem, type BulkRow } from './bulk.ts'
export { sendParcel, deliveryReply, deliveryProbe, type FulfilmentPlatform, type Wish } from './send-parcels.ts'
export { fulfilmentRoutes, buyerFulfilmentRoutes, shipWithinMs, type FulfilmentParts } from './routes.ts'
export { findParcel, forgetAddresses, parcelsOf } from './store.ts'
