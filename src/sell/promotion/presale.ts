import type { Instant } from '../../kernel/clock.ts'
import { refuse, type Refusal } from './price-basket.ts'
import type { PlayOf } from './play.ts'
import type { Deposit } from './store.ts'

/** A pre-sale (预售): a deposit now holds the goods, the rest is paid in a window of time; who does not come forfeits the deposit (定金). */
export function depositUnusable(deposit: Deposit | undefined, personId: string, now: Instant): Refusal | undefined {
  if (!deposit || deposit.personId !== personId) return refuse('deposit-unknown', '没有这笔定金')
  if (deposit.state === 'used') return refuse('deposit-used', '这笔定金的尾款单已经下了，去付款就行')
  if (deposit.state !== 'paid') return refuse('deposit-not-paid', deposit.state === 'unpaid' ? '定金还没付' : '这笔定金已经结束')
  if (now < deposit.balanceFrom) return refuse('deposit-early', '还没到付尾款的时候')
  if (now >= deposit.balanceTo) return refuse('deposit-late', '付尾款的时间过了')
  return undefined
}

/** What a deposit for so many pieces costs, and what it will count for. */
export function depositOf(play: PlayOf<'presale'>, skuId: string, quantity: number): { depositFen: number; worthFen: number; priceFen: number } | undefined {
  const offer = play.rule.prices.find((one) => one.skuId === skuId)
  return offer && { depositFen: offer.depositFen * quantity, worthFen: (offer.worthFen ?? offer.depositFen) * quantity, priceFen: offer.priceFen }
}

/** What happens to a deposit at the end of the window: nothing while its order is still being paid. */
export function depositAtEnd(deposit: Deposit, now: Instant): Deposit['state'] {
  return deposit.state === 'paid' && now >= deposit.balanceTo ? 'forfeited' : deposit.state
}
