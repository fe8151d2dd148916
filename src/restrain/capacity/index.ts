/**
 * Capacity (好友上限): when each member can take no more contacts. The platform does not tell the limit; the merchant sets it per member.
 *
 * Owns nothing.  Reads: staff loads of retain/contact, v_contact_loss.
 */
export { forecast, capacitySentence, watchShare, type Forecast, type Load } from './forecast.ts'
export { capacityRoutes, readCapacity } from './routes.ts'
