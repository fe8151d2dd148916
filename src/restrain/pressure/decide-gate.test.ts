import { describe, expect, test } from 'vitest'
import { day, hour, start } from '../../../tests/setup/fixtures.ts'
import { randomStream } from '../../math/random/index.ts'
import { decideGate, gateReasons, gatherFacts, pressureOf, quietEnd, type CountedMessage, type GateFacts } from './decide-gate.ts'
import { defaultPressurePolicy, type PressurePolicy } from './policy.ts'
import { gateWords, whenWords } from './words.ts'

const policy: PressurePolicy = { ...defaultPressurePolicy, platformRule: 'month-days' }
const calm: GateFacts = { pressure: 0, reserved: 0, massAt: [], marketingAt: [], optedOut: false, dose: null }
const sell = { line: 'wecom', purpose: 'broadcast', messageKind: 'sell' } as const
const help = { line: 'wecom', purpose: 'journey', messageKind: 'help' } as const
const ask = (facts: Partial<GateFacts>, request: Parameters<typeof decideGate>[1] = sell, now = start, rules = policy) => decideGate(rules, request, { ...calm, ...facts }, now)

describe('the gate', () => {
  test('a person who carries nothing is let through, with the weight of the message', () => {
    expect(ask({})).toEqual({ allowed: true, weight: 1 })
    expect(ask({}, { ...sell, messageKind: 'news' })).toEqual({ allowed: true, weight: 0.7 })
  })

  test('the holdout gets no marketing whatever else would allow it, and the answer says when the epoch ends', () => {
    const dose = { dose: 0, used: 0, endsAt: start + 9 * day }
    expect(ask({ dose })).toMatchObject({ allowed: false, reason: 'holdout', clearAt: start + 9 * day })
    expect(ask({ dose }, { ...sell, messageKind: 'news' })).toMatchObject({ allowed: false, reason: 'holdout' })
  })

  test('control: help and a welcome reach the holdout, and a dose above 0 lets marketing through', () => {
    const dose = { dose: 0, used: 0, endsAt: start + day }
    expect(ask({ dose }, help).allowed).toBe(true)
    expect(ask({ dose }, { ...sell, purpose: 'welcome' })).toEqual({ allowed: true, weight: 0.2 })
    expect(ask({ dose: { ...dose, dose: 1 } }).allowed).toBe(true)
  })

  test('a dose is used up after that many messages', () => {
    expect(ask({ dose: { dose: 2, used: 1, endsAt: start + day } }).allowed).toBe(true)
    expect(ask({ dose: { dose: 2, used: 2, endsAt: start + day } })).toMatchObject({ allowed: false, reason: 'dose-used', clearAt: start + day, detail: { dose: 2, used: 2 } })
  })

  test('pressure and what is under way together stay below the limit; the answer says when one more would fit', () => {
    expect(ask({ pressure: 6.9 }).allowed).toBe(true)
    const answer = ask({ pressure: 6, reserved: 2 })
    expect(answer).toMatchObject({ allowed: false, reason: 'over-pressure', detail: { pressure: 8, pressureMax: 8 } })
    const clearAt = (answer as { clearAt: number }).clearAt
    // At that instant it fits, a minute before it does not.
    const later = (at: number): number => 8 * 2 ** (-(at - start) / (policy.halfLifeDays * day))
    expect(later(clearAt) + 1).toBeLessThanOrEqual(8)
    expect(later(clearAt - 60_000) + 1).toBeGreaterThan(8)
  })

  test('a message heavier than the limit never fits, and no time is promised', () => {
    const answer = ask({}, sell, start, { ...policy, pressureMax: 0.5 })
    expect(answer).toMatchObject({ allowed: false, reason: 'over-pressure' })
    expect(answer).not.toHaveProperty('clearAt')
  })

  test('within seven days no more than the merchant allows; clear when the oldest of them is seven days old', () => {
    expect(ask({ marketingAt: [start - 2 * day, start - 8 * day] }).allowed).toBe(true)
    expect(ask({ marketingAt: [start - 2 * day, start - 5 * day] })).toMatchObject({ allowed: false, reason: 'week-cap', clearAt: start + 2 * day })
  })

  test.each([
    ['one-a-day', [start - hour], start + 15 * hour],
    ['seven-a-week', [1, 2, 3, 4, 5, 6, 6.5].map((days) => start - days * day), start + 0.5 * day],
    ['month-days', Array.from({ length: 31 }, () => start - hour), Date.parse('2026-04-01T00:00:00+08:00')],
  ] as const)('the platform rule %s stops even help, until the platform would take it', (platformRule, massAt, clearAt) => {
    const rules = { ...policy, platformRule }
    expect(ask({ massAt: [...massAt] }, help, start, rules)).toMatchObject({ allowed: false, reason: 'platform-cap', clearAt })
    expect(ask({ massAt: massAt.slice(1) }, help, start, rules).allowed).toBe(true)
  })

  test('mass messages of other months and of the days before do not count', () => {
    expect(ask({ massAt: [start - 10 * hour] }, help, start, { ...policy, platformRule: 'one-a-day' }).allowed).toBe(true)
    expect(ask({ massAt: Array.from({ length: 40 }, () => start - 2 * day) }, help).allowed).toBe(true)
  })

  test('an opt-out outlasts everything and promises no time', () => {
    const answer = ask({ optedOut: true, pressure: 100 })
    expect(answer).toMatchObject({ allowed: false, reason: 'opted-out' })
    expect(answer).not.toHaveProperty('clearAt')
    expect(ask({ optedOut: true }, help).allowed).toBe(true)
  })

  test('quiet hours go over midnight and hold marketing only', () => {
    const night = Date.parse('2026-03-01T23:00:00+08:00')
    const morning = Date.parse('2026-03-02T08:30:00+08:00')
    expect(ask({}, sell, night)).toMatchObject({ allowed: false, reason: 'quiet-hours', clearAt: morning })
    expect(ask({}, sell, morning - 60_000)).toMatchObject({ allowed: false, clearAt: morning })
    expect(ask({}, sell, morning).allowed).toBe(true)
    expect(ask({}, help, night).allowed).toBe(true)
    expect(quietEnd({ quietFromMinute: 0, quietToMinute: 0 }, night)).toBeUndefined()
    expect(quietEnd({ quietFromMinute: 720, quietToMinute: 840 }, Date.parse('2026-03-01T13:00:00+08:00'))).toBe(Date.parse('2026-03-01T14:00:00+08:00'))
  })

  test('of several reasons the most lasting is named', () => {
    const all: Partial<GateFacts> = { optedOut: false, dose: { dose: 0, used: 0, endsAt: start + day }, pressure: 99, marketingAt: [start, start] }
    expect(ask(all)).toMatchObject({ reason: 'holdout' })
  })
})

test('pressure halves every half-life, adds up, and does not know the future', () => {
  expect(pressureOf([{ occurredAt: start - 14 * day, weight: 1 }], 14, start)).toBeCloseTo(0.5, 12)
  expect(pressureOf([{ occurredAt: start, weight: 1 }, { occurredAt: start - 28 * day, weight: 2 }, { occurredAt: start + 1, weight: 5 }], 14, start)).toBeCloseTo(1.5, 12)
})

test('every reason has words in both languages, with when it clears', () => {
  for (const reason of gateReasons) for (const language of ['zh', 'en'] as const) expect(gateWords(reason, { dose: 2, count: 2, pressure: 8.04, pressureMax: 8 }, start, language)).not.toMatch(/[{}]/)
  for (const reason of gateReasons) for (const language of ['zh', 'en'] as const) expect(gateWords(reason, {}, null, language)).toMatch(/^[^{}]{3,}$/)
  expect(gateWords('week-cap', {}, null, 'zh')).toBe('7 天内该收的已收满')
  expect(gateWords('dose-used', {}, null, 'en')).toBe('has had all messages of this epoch')
  expect(gateWords('over-pressure', { pressure: 7.53, pressureMax: 8 }, start, 'zh')).toBe('压力 7.5，再发会超过上限 8；3月1日 09:00 起可以')
  expect(whenWords(start, 'en')).toBe('1 March 09:00')
})

describe('many questions over two months, with members who tap late or never', () => {
  /** One person; questions at random instants; an allowed message goes up to six days later, or never, and is known of at once. */
  function live(seed: number, rules: PressurePolicy, dose: number | null, obey = true): { sent: number[]; peak: number } {
    const draw = randomStream(seed)
    const place = dose === null ? null : { dose, startsAt: start, endsAt: start + 28 * day }
    const messages: Array<CountedMessage & { goesAt: number }> = []
    let peak = 0
    for (let now = start; now < start + 56 * day; now += Math.round(draw.uniform() * 6 * hour)) {
      for (const message of messages) if (message.waiting && message.goesAt <= now) Object.assign(message, { waiting: false, at: message.goesAt })
      const open = messages.filter((message) => message.goesAt > now - 60 * day && !(message.goesAt === Infinity && message.at < now - 8 * day))
      const touches = messages.filter((message) => !message.waiting).map((message) => ({ occurredAt: message.at, weight: message.weight }))
      const facts = gatherFacts({ touches, messages: open, optedOut: false, place: place !== null && now < place.endsAt ? place : null }, rules.halfLifeDays, now)
      peak = Math.max(peak, pressureOf(touches, rules.halfLifeDays, now))
      if (!decideGate(rules, sell, facts, now).allowed && obey) continue
      const goesAt = draw.uniform() < 0.15 ? Infinity : now + Math.round(draw.uniform() ** 3 * 6 * day)
      messages.push({ ...sell, weight: 1, at: now, waiting: true, goesAt })
    }
    return { sent: messages.map((message) => message.goesAt).filter((at) => at < start + 56 * day).sort((a, b) => a - b), peak }
  }
  const closest = (sent: readonly number[], apart: number): number => Math.min(Infinity, ...sent.slice(apart).map((at, i) => at - sent[i]))
  const rules: PressurePolicy = { ...policy, platformRule: 'one-a-day', perWeekMax: 2, pressureMax: 3 }

  test.each([1, 2, 3, 4, 5, 6])('whatever members do, no limit is passed (seed %s)', (seed) => {
    const { sent, peak } = live(seed, rules, 5)
    expect(sent.filter((at) => at < start + 28 * day).length).toBeLessThanOrEqual(5)
    expect(sent.length).toBeGreaterThan(4)
    expect(closest(sent, 2)).toBeGreaterThanOrEqual(7 * day)
    expect(new Set(sent.map((at) => Math.floor((at + 8 * hour) / day))).size).toBe(sent.length)
    expect(peak).toBeLessThanOrEqual(3)
    expect(live(seed, rules, 0).sent.filter((at) => at < start + 28 * day)).toEqual([])
  })

  test('control: without the gate the same life passes every one of them', () => {
    const { sent, peak } = live(1, rules, 5, false)
    expect(closest(sent, 2)).toBeLessThan(7 * day)
    expect(peak).toBeGreaterThan(3)
  })
})
