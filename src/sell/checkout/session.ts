import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import type { Seal } from '../../kernel/seal.ts'
import { checkoutFault } from './errors.ts'

/** Who is buying, as WeChat said at login. */
export type Buyer = { openid: string; unionid?: string; appid: string; expiresAt: Instant }

const sessionMs = 7 * 86_400_000
const purpose = (tenantId: number): string => `mall session ${tenantId}`

/** The session is the buyer sealed under the master key and bound to the merchant: it cannot be made up, read, or used elsewhere, and needs no table. */
export function openSession(seal: Seal, tenantId: number, buyer: Omit<Buyer, 'expiresAt'>, now: Instant): { token: string; expiresAt: Instant } {
  const expiresAt = now + sessionMs
  return { token: seal.seal(JSON.stringify({ ...buyer, expiresAt }), purpose(tenantId)).toString('base64url'), expiresAt }
}

/** @throws Fault mall/signed-out */
export function readSession(seal: Seal, tenantId: number, token: string | undefined, now: Instant): Buyer {
  if (token === undefined || token.length > 2000) throw checkoutFault('mall/signed-out')
  let buyer: Buyer
  try {
    buyer = JSON.parse(seal.open(Buffer.from(token, 'base64url'), purpose(tenantId)).toString('utf8')) as Buyer
  } catch (cause) {
    throw checkoutFault('mall/signed-out', {}, cause)
  }
  if (buyer.expiresAt <= now) throw checkoutFault('mall/signed-out')
  return buyer
}

/** The keyed one-way form under which a buyer's orders are found. */
export const buyerIndex = (seal: Seal, tenantId: number, buyer: Pick<Buyer, 'appid' | 'openid'>): string =>
  createHash('sha256').update(seal.blindIndex(`${tenantId} ${buyer.appid} ${buyer.openid}`)).digest('base64url').slice(0, 32)
