import { assert } from '../../kernel/assert.ts'
import { roundHalfUp } from '../../kernel/money.ts'

/** What an order was paid with, and what of each has gone back or is on its way. */
export type Paid = { payFen: number; storedFen: number; depositFen: number }

/**
 * Where so much of a refund goes: to each in proportion to what it paid, counted over all refunds of the order so that nothing is lost to rounding; never more to one
 * than it paid; the whole order gives back exactly what each paid.
 */
export function splitRefund(paid: Paid, back: Paid, fen: number): Paid {
  const left = { payFen: paid.payFen - back.payFen, storedFen: paid.storedFen - back.storedFen, depositFen: paid.depositFen - back.depositFen }
  const whole = paid.payFen + paid.storedFen + paid.depositFen
  const gone = back.payFen + back.storedFen + back.depositFen
  assert(fen >= 0 && fen <= whole - gone, `${fen} fen to go back of ${whole - gone}`)
  const share = (part: 'storedFen' | 'depositFen', atMost: number): number => Math.max(0, Math.min(left[part], atMost, roundHalfUp((paid[part] * (gone + fen)) / Math.max(1, whole)) - back[part]))
  let storedFen = share('storedFen', fen)
  let depositFen = share('depositFen', fen - storedFen)
  let payFen = fen - storedFen - depositFen
  // What WeChat Pay no longer has to give comes from the others.
  if (payFen > left.payFen) {
    const over = payFen - left.payFen
    payFen = left.payFen
    const more = Math.min(over, left.storedFen - storedFen)
    storedFen += more
    depositFen += over - more
  }
  return { payFen, storedFen, depositFen }
}
