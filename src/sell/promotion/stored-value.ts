import { assert } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { roundHalfUp } from '../../kernel/money.ts'
import { book, type Entry } from '../../book/account/index.ts'
import { addStored, lockHolds, putHold } from './store.ts'

/**
 * Stored value (储值): what a person paid in (principal) and was given (gift) is a debt of the merchant. Ledger: `stored:<person>` and `stored-gift:<person>` are
 * what is owed (negative), `stored:held` what unpaid orders keep, `cost:gift` what was given away. Both parts are spent in proportion.
 */
export type Balance = { principalFen: number; giftFen: number }

/** The parts of so much of a balance, to the fen. */
export function splitStored(balance: Balance, fen: number): Balance {
  const whole = balance.principalFen + balance.giftFen
  assert(fen >= 0 && fen <= whole, `${fen} fen of a balance of ${whole}`)
  const giftFen = whole === 0 ? 0 : Math.min(balance.giftFen, roundHalfUp((fen * balance.giftFen) / whole))
  const principalFen = Math.min(balance.principalFen, fen - giftFen)
  return { principalFen, giftFen: fen - principalFen }
}

const owed = (personId: string, { principalFen, giftFen }: Balance, sign: 1 | -1): Entry[] =>
  [{ account: `stored:${personId}`, unit: 'fen', amount: sign * principalFen }, { account: `stored-gift:${personId}`, unit: 'fen', amount: sign * giftFen }].filter((entry) => entry.amount !== 0)

async function post(tx: Tx, tenantId: number, key: string, reason: string, entries: Entry[], now: Instant, ids: Ids): Promise<boolean> {
  return (await book(tx, tenantId, [{ postingId: ids.next(), key, occurredAt: now, recordedAt: now, reason, entries: entries.filter((entry) => entry.amount !== 0) }])).length > 0
}

/** A top-up was paid. @param paid through WeChat Pay; the gift on top costs the merchant. */
export async function credit(tx: Tx, tenantId: number, billId: string, personId: string, paid: Balance, now: Instant, ids: Ids): Promise<void> {
  const fresh = await post(tx, tenantId, `bill/${billId}/paid`, 'top-up paid', [{ account: 'till:pay', unit: 'fen', amount: paid.principalFen }, { account: 'cost:gift', unit: 'fen', amount: paid.giftFen }, ...owed(personId, paid, -1)], now, ids)
  if (fresh) await addStored(tx, tenantId, [{ personId, ...paid }], now)
}

/** Principal that goes back to where it was paid from, over `stored:out` until it has; what was given for it is taken back as far as it is there. */
export async function debit(tx: Tx, tenantId: number, key: string, personId: string, back: Balance, now: Instant, ids: Ids): Promise<void> {
  const fresh = await post(tx, tenantId, key, 'stored value taken out', [{ account: 'stored:out', unit: 'fen', amount: -back.principalFen }, { account: 'cost:gift', unit: 'fen', amount: -back.giftFen }, ...owed(personId, back, 1)], now, ids)
  if (fresh) await addStored(tx, tenantId, [{ personId, principalFen: -back.principalFen, giftFen: -back.giftFen }], now)
}

/** An order keeps so much; the balance row is locked by whoever quoted. */
export async function holdStored(tx: Tx, tenantId: number, hold: { orderId: string; personId: string } & Balance, now: Instant, ids: Ids): Promise<void> {
  await addStored(tx, tenantId, [{ personId: hold.personId, principalFen: -hold.principalFen, giftFen: -hold.giftFen }], now)
  await putHold(tx, tenantId, { ...hold, returnedFen: 0, state: 'held' }, now)
  await post(tx, tenantId, `stored/${hold.orderId}/hold`, 'stored value held', [...owed(hold.personId, hold, 1), { account: 'stored:held', unit: 'fen', amount: -(hold.principalFen + hold.giftFen) }], now, ids)
}

/** The order is paid: what was held pays its part. */
export async function spendHeld(tx: Tx, tenantId: number, orderId: string, now: Instant, ids: Ids): Promise<void> {
  const [hold] = await lockHolds(tx, tenantId, [orderId])
  if (!hold || hold.state === 'spent') return
  assert(hold.state === 'held', `the stored value of order ${orderId} was released: its payment must be given back, not booked`)
  const fen = hold.principalFen + hold.giftFen
  await putHold(tx, tenantId, { ...hold, state: 'spent' }, now)
  await post(tx, tenantId, `stored/${orderId}/spent`, 'stored value spent', [{ account: 'stored:held', unit: 'fen', amount: fen }, { account: 'tender:mall', unit: 'fen', amount: -fen }], now, ids)
}

/** The order was never paid: back to the balance. */
export async function releaseHeld(tx: Tx, tenantId: number, orderId: string, now: Instant, ids: Ids): Promise<void> {
  const [hold] = await lockHolds(tx, tenantId, [orderId])
  if (hold?.state !== 'held') return
  await addStored(tx, tenantId, [{ personId: hold.personId, principalFen: hold.principalFen, giftFen: hold.giftFen }], now)
  await putHold(tx, tenantId, { ...hold, state: 'released' }, now)
  await post(tx, tenantId, `stored/${orderId}/released`, 'stored value released', [{ account: 'stored:held', unit: 'fen', amount: hold.principalFen + hold.giftFen }, ...owed(hold.personId, hold, -1)], now, ids)
}

/** Part of a refund that goes back to the balance. Over all refunds of an order principal and gift come back as they were spent. */
export async function returnStored(tx: Tx, tenantId: number, orderId: string, refundId: string, fen: number, now: Instant, ids: Ids): Promise<void> {
  const [hold] = await lockHolds(tx, tenantId, [orderId])
  assert(hold?.state === 'spent' && hold.returnedFen + fen <= hold.principalFen + hold.giftFen, `refund ${refundId} gives back more stored value than order ${orderId} took`)
  const [before, after] = [splitStored(hold, hold.returnedFen), splitStored(hold, hold.returnedFen + fen)]
  const back = { principalFen: after.principalFen - before.principalFen, giftFen: after.giftFen - before.giftFen }
  const fresh = await post(tx, tenantId, `stored/${orderId}/back/${refundId}`, 'stored value returned', [{ account: 'tender:mall', unit: 'fen', amount: fen }, ...owed(hold.personId, back, -1)], now, ids)
  if (!fresh) return
  await addStored(tx, tenantId, [{ personId: hold.personId, ...back }], now)
  await putHold(tx, tenantId, { ...hold, returnedFen: hold.returnedFen + fen }, now)
}
