import type { Instant } from '../../kernel/clock.ts'
import type { Fen } from '../../kernel/money.ts'
import { covers, type PlayOf } from './play.ts'

/**
 * Price protection (价保): who bought shortly before something got cheaper is paid the difference. A line is compared by what was really paid for it, coupons
 * included, with what everybody pays now: list price and price plays, no coupons.
 */
export type ProtectedLine = { productId: string; skuId: string; title: string; quantity: number; paidFen: Fen; refundedFen: Fen }
export type Protection = { kind: 'none'; reason: 'no-rule' | 'not-paid' | 'too-late' | 'claimed' | 'not-cheaper'; text: string } | { kind: 'due'; totalFen: Fen; lines: Array<{ skuId: string; title: string; fen: Fen }> }

/** @param claims how often the order was paid a difference already; @param nowFen price of one piece now, for everybody */
export function protectionOf(rule: PlayOf<'price-protection'>['rule'] | undefined, order: { paidAt: Instant | null; lines: readonly ProtectedLine[] }, claims: number, nowFen: (skuId: string) => Fen | undefined, now: Instant): Protection {
  if (!rule) return { kind: 'none', reason: 'no-rule', text: '这家店没有价保' }
  if (order.paidAt === null) return { kind: 'none', reason: 'not-paid', text: '付款以后才有价保' }
  if (now > order.paidAt + rule.days * 86_400_000) return { kind: 'none', reason: 'too-late', text: `过了 ${rule.days} 天的价保期` }
  if (claims >= rule.times) return { kind: 'none', reason: 'claimed', text: rule.times === 1 ? '这一单已经价保过了' : `这一单已经价保 ${claims} 次` }
  const lines = order.lines.flatMap((line) => {
    const each = nowFen(line.skuId)
    if (each === undefined || !covers(rule.goods, line)) return []
    const fen = Math.min(line.paidFen - line.refundedFen, line.paidFen - each * line.quantity)
    return fen > 0 ? [{ skuId: line.skuId, title: line.title, fen }] : []
  })
  const totalFen = lines.reduce((sum, line) => sum + line.fen, 0)
  return totalFen > 0 ? { kind: 'due', totalFen, lines } : { kind: 'none', reason: 'not-cheaper', text: '现在的价格没有更低' }
}
