import { describe, expect, test } from 'vitest'
import { afterAnswer, type RepeatRule } from './after-answer.ts'

const no = { kind: 'no-answer' } as const
const refused = (retry: 'now' | 'later' | 'never') => ({ kind: 'refused', retry, code: '-1' }) as const

describe('what becomes of a call after its answer', () => {
  test.each([
    ['done', { kind: 'ok' } as const, 'never' as RepeatRule, 1, { state: 'sent' }],
    ['refused for good', refused('never'), 'safe', 1, { state: 'failed' }],
    ['refused for now', refused('now'), 'never', 1, { state: 'due', dueAt: 2_000 }],
    ['refused for now, again', refused('now'), 'never', 3, { state: 'due', dueAt: 8_000 }],
    ['refused until later', refused('later'), 'never', 1, { state: 'due', dueAt: 120_000 }],
    ['no answer, safe', no, 'safe', 1, { state: 'due', dueAt: 4_000 }],
    ['no answer, keyed', no, { keyed: 'out_refund_no' }, 1, { state: 'due', dueAt: 4_000 }],
    ['no answer, ask first', no, { probe: 'shop.stock.flow' }, 1, { state: 'unknown' }],
    ['busy, ask first: busy does not say that nothing was done', refused('now'), { probe: 'shop.stock.flow' }, 1, { state: 'unknown' }],
    ['another refusal, ask first', { ...refused('now'), code: '45009' }, { probe: 'shop.stock.flow' }, 1, { state: 'due', dueAt: 2_000 }],
    ['no answer, never again', no, 'never', 1, { state: 'unknown' }],
    ['the eighth try', no, 'safe', 8, { state: 'failed' }],
    ['the eighth refusal', refused('later'), 'safe', 8, { state: 'failed' }],
  ] as const)('%s', (_what, answer, repeat, attempts, expected) => expect(afterAnswer(answer, repeat, attempts, 0)).toEqual(expected))

  test('a call that may not be repeated is never due again after no answer, however often it was tried', () => {
    for (let attempts = 0; attempts < 20; attempts++) for (const rule of ['never', { probe: 'x' }] as const) expect(afterAnswer(no, rule, attempts, 0)).toEqual({ state: 'unknown' })
  })
})
