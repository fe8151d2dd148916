import type { Instant } from '../clock.ts'

/** How a call ended, as far as we know. */
export type Answer =
  | { kind: 'ok' }
  /** The platform said no. */
  | { kind: 'refused'; retry: 'now' | 'later' | 'never'; code: string }
  /** Nothing came back: it may have been done. */
  | { kind: 'no-answer' }

export type RepeatRule = 'safe' | 'never' | { keyed: string } | { probe: string }

export type AfterAnswer =
  | { state: 'sent' }
  | { state: 'due'; dueAt: Instant }
  | { state: 'unknown' | 'failed' }

const maxAttempts = 8

/**
 * The one decision of the outbox worker: what becomes of a row after an answer. Pauses double from 1 s for `now`, from 60 s for `later`.
 * Without an answer, only `safe` and `keyed` calls are repeated. A `probe` call becomes unknown and keeps its lane until the module that made it has asked
 * the named endpoint and settles the row. The same holds for code -1 (busy), which does not say that nothing was done.
 */
export function afterAnswer(answer: Answer, repeat: RepeatRule, attempts: number, now: Instant): AfterAnswer {
  if (answer.kind === 'ok') return { state: 'sent' }
  const pause = (firstMs: number): AfterAnswer => (attempts >= maxAttempts ? { state: 'failed' } : { state: 'due', dueAt: now + firstMs * 2 ** Math.min(attempts, 6) })
  const repeatable = repeat === 'safe' || (typeof repeat === 'object' && 'keyed' in repeat)
  if (answer.kind === 'refused') {
    if (answer.retry === 'never') return { state: 'failed' }
    if (answer.code === '-1' && typeof repeat === 'object' && 'probe' in repeat) return { state: 'unknown' }
    return pause(answer.retry === 'now' ? 1_000 : 60_000)
  }
  return repeatable ? pause(2_000) : { state: 'unknown' }
}
