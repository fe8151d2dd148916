import { assert } from '../../kernel/assert.ts'
import { splitFen, type Fen } from '../../kernel/money.ts'
import type { Partner, ShareReceiver } from './store.ts'

/**
 * The largest part of an order that may be shared out, in ten-thousandths. The official default is UNCONFIRMED (developers report 30 %), and no API shows the cap to a direct
 * merchant (pay sheet 8): more is refused by WeChat Pay with RULE_LIMIT and stays for a person.
 */
export const mostShareBp = 3000

/**
 * Who gets what of an order (分账), pure. Shares are of what WeChat Pay really took, refunds taken off; together at most the cap, then scaled down in proportion; whoever
 * would get less than one fen gets nothing.
 */
export function sharesOf(order: { netFen: Fen; personId: string }, partners: readonly Partner[], referrer: string | undefined): ShareReceiver[] {
  const wanted = partners.flatMap((partner): Array<ShareReceiver & { rateBp: number }> => {
    if (partner.state !== 'on' || partner.rateBp === 0) return []
    if (partner.scope === 'referred') {
      // A partner of nobody in particular is whoever brought the buyer.
      if (referrer === undefined || referrer === order.personId || (partner.personId !== null && partner.personId !== referrer)) return []
      return [{ partnerId: partner.partnerId, name: partner.name, receiver: partner.receiver, account: partner.account, personId: partner.receiver === 'PERSONAL_OPENID' ? referrer : partner.personId, fen: 0, result: 'waiting', rateBp: partner.rateBp }]
    }
    return [{ partnerId: partner.partnerId, name: partner.name, receiver: partner.receiver, account: partner.account, personId: partner.personId, fen: 0, result: 'waiting', rateBp: partner.rateBp }]
  })
  const rates = wanted.map((one) => one.rateBp)
  const total = rates.reduce((sum, rate) => sum + rate, 0)
  const capFen = Math.floor((order.netFen * mostShareBp) / 10_000)
  const fens = total > mostShareBp ? splitFen(capFen, rates) : rates.map((rate) => Math.floor((order.netFen * rate) / 10_000))
  assert(fens.reduce((sum, fen) => sum + fen, 0) <= Math.max(0, capFen), 'more is shared than may be')
  return wanted.map(({ rateBp: _rate, ...one }, n) => ({ ...one, fen: fens[n] })).filter((one) => one.fen >= 1)
}

/** What merchants among the receivers give back when so much of the whole has been refunded: in proportion, counted over all refunds. */
export function returnsOf(receivers: readonly ShareReceiver[], payFen: Fen, refundedFen: Fen, returnedFen: readonly Fen[]): Fen[] {
  return receivers.map((one, n) => {
    if (one.receiver !== 'MERCHANT_ID' || one.result !== 'success') return 0
    const due = Math.ceil((one.fen * Math.min(refundedFen, payFen)) / Math.max(1, payFen))
    return Math.max(0, Math.min(one.fen, due) - (returnedFen[n] ?? 0))
  })
}
