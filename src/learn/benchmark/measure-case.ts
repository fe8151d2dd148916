import { yuanSaid } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/clock.ts'
import { moneyReady, moneySequence, tuneMoney } from '../../math/evidence/index.ts'
import type { Cells, LossView } from '../../restrain/experiment/index.ts'
import type { Light } from '../meter/index.ts'

/** What was there when the measuring began. */
export type StartState = { at: Instant; contacts: number; net28Fen: number; buyers28: number; lost28: number }
export type Move = { at: Instant; action: string; object: string }

export type CaseEffect =
  | { enough: true; persons: number; holdout: number; totalFen: number; lowFen: number; highFen: number; p: number }
  | { enough: false; persons: number; holdout: number; missing: 'no-epoch' | 'holdout' | 'buyers' | 'one-person-dominates' | 'sample-ratio'; found: number; needed: number }

export type CaseBody = {
  measuredAt: Instant
  /** Randomised against a holdout, or only before and after. */
  badge: 'with-holdout' | 'before-after-only'
  start: StartState
  now: StartState
  moves: Move[]
  epochs: number
  /** Net revenue (paid less refunded) that messages brought in the measured epochs. */
  effect: CaseEffect
  losses: LossView
  cost: { messages: number; messagesFen: number; minutesPerDay: number | null }
  light: Light
}

/**
 * What everybody who was written to brought more than the holdout, all epochs and segments together. Contrasts are taken inside each epoch and segment,
 * where the draw was made, and added up with their person-level errors; an interval is only shown under the start rule.
 */
export function effectOf(epochs: ReadonlyArray<{ cells: Cells; largest: readonly number[] }>, arms: number, alarm: boolean): CaseEffect {
  let persons = 0
  let holdout = 0
  let buyersHoldout = 0
  let buyersTreated = 0
  let total = 0
  let variance = 0
  let largest = 0
  for (const { cells, largest: shares } of epochs) {
    for (let s = 0; s * arms < cells.persons.length; s++) {
      const row = s * arms
      let [n, sum, squares, buyers] = [0, 0, 0, 0]
      for (let a = 1; a < arms; a++) {
        n += cells.persons[row + a]
        sum += cells.sum[row + a]
        squares += cells.sumSquares[row + a]
        buyers += cells.buyers[row + a]
      }
      persons += n
      holdout += cells.persons[row]
      const h = cells.persons[row]
      if (n < 2 || h < 2) continue
      buyersHoldout += cells.buyers[row]
      buyersTreated += buyers
      largest = Math.max(largest, shares[s])
      const spread = (count: number, x: number, xx: number): number => Math.max(0, xx - (x * x) / count) / (count - 1) / count
      total += n * (sum / n - cells.sum[row] / h)
      variance += n * n * (spread(n, sum, squares) + spread(h, cells.sum[row], cells.sumSquares[row]))
    }
  }
  const no = (missing: Extract<CaseEffect, { enough: false }>['missing'], found: number, needed: number): CaseEffect => ({ enough: false, persons, holdout, missing, found, needed })
  if (alarm) return no('sample-ratio', 0, 1)
  if (epochs.length === 0) return no('no-epoch', 0, 1)
  if (!(variance > 0)) return no('holdout', holdout, 2)
  const ready = moneyReady(Math.min(buyersHoldout, buyersTreated), largest)
  if (!ready.ready) return no(ready.missing, ready.found, ready.needed)
  const se = Math.sqrt(variance)
  // Tuned for three times the information of one epoch like these: known before the data but for its scale.
  const sequence = moneySequence(total, se, tuneMoney((3 / epochs.length) / variance))
  return { enough: true, persons, holdout, totalFen: total, lowFen: sequence.low, highFen: sequence.high, p: sequence.p }
}

export function caseSentence(body: Pick<CaseBody, 'effect' | 'epochs'>, language: 'zh' | 'en'): string {
  const { effect } = body
  if (effect.enough) {
    const span = `${yuanSaid(effect.lowFen)}～${yuanSaid(effect.highFen)}`
    if (effect.lowFen <= 0 && effect.highFen >= 0) return language === 'zh' ? `${body.epochs} 轮下来，消息带来的净收入还分不清是多是少（${span}）。` : `After ${body.epochs} epochs it cannot be told whether messages brought or cost net revenue (${span}).`
    return language === 'zh' ? `${body.epochs} 轮里，消息${effect.totalFen > 0 ? '多带来' : '少了'}净收入约 ${yuanSaid(Math.abs(effect.totalFen))}（${span}）。` : `In ${body.epochs} epochs messages ${effect.totalFen > 0 ? 'brought' : 'cost'} about ${yuanSaid(Math.abs(effect.totalFen))} of net revenue (${span}).`
  }
  const why = {
    'no-epoch': { zh: '还没有一轮走完', en: 'no epoch has closed yet' },
    holdout: { zh: `留白组只有 ${effect.holdout} 人`, en: `the holdout has only ${effect.holdout} people` },
    buyers: { zh: `较小一组里买过的 ${effect.found} 人，要 ${effect.needed} 人`, en: `${effect.found} buyers in the smaller group, ${effect.needed} needed` },
    'one-person-dominates': { zh: '一个人的订单盖过了其他人', en: "one person's orders outweigh the others" },
    'sample-ratio': { zh: '分组人数和抽签对不上', en: 'the arms do not match the draw' },
  }[effect.missing]
  return language === 'zh' ? `证据不足：${why.zh}，先不说带来多少。` : `Not enough evidence: ${why.en}; nothing is claimed yet.`
}
