import { describe, expect, test } from 'vitest'
import { parseLocal } from '../../kernel/calendar.ts'
import { surfaces } from '../../retain/reader/conduct.ts'
import { aggravations, defaultLadder, endOf, penaltyKinds, reckon, silenceDays, type Aggravation, type PenaltyKind, type Severity } from './ladder.ts'
import { decideAct, readerActs, runs, type Running } from './standing.ts'

const day = 86_400_000
const at = parseLocal('2026-06-25 14:05:09')!
const kindFor = (severity: Severity, earlier: number[], more: Aggravation[] = []): PenaltyKind => reckon(defaultLadder, { severity, earlier: earlier.map((days) => ({ startsAt: at - days * day, endedWhy: 'expired' })), aggravations: more, at }).kind

describe('the ladder', () => {
  test('silences last 1, 7 and 15 days, or for good; the defaults are as written', () => {
    expect(silenceDays).toEqual({ 'silence-1': 1, 'silence-7': 7, 'silence-15': 15, 'silence-forever': null, closure: null })
    expect([defaultLadder.base, defaultLadder.cap, defaultLadder.halfLifeDays, defaultLadder.appealDays, defaultLadder.answerDays, defaultLadder.coolingHours]).toEqual([{ light: 0, medium: 0, serious: 1, severe: 3 }, { light: 2, medium: 3, serious: 4, severe: 4 }, 180, 14, 3, 24])
    expect(defaultLadder.feathers).toEqual({ 'silence-1': 'none', 'silence-7': 'freeze', 'silence-15': 'freeze', 'silence-forever': 'freeze', closure: 'reverse' })
  })
  test.each([
    ['medium', [], 'silence-1'], ['medium', [3], 'silence-7'], ['medium', [3, 20], 'silence-15'], ['medium', [3, 20, 40], 'silence-forever'], ['medium', [1, 2, 3, 4, 5, 6], 'silence-forever'],
    ['light', [], 'silence-1'], ['light', [1, 2, 3, 4, 5], 'silence-15'], ['serious', [], 'silence-7'], ['serious', [3], 'silence-15'], ['serious', [3, 4, 5], 'closure'], ['severe', [], 'silence-forever'], ['severe', [3], 'closure'],
    // An earlier penalty weighs half after 180 days: just enough to count; a day later it does not; two old ones together do.
    ['medium', [180], 'silence-7'], ['medium', [181], 'silence-1'], ['medium', [300, 300], 'silence-7'], ['medium', [720], 'silence-1'],
  ] as Array<[Severity, number[], PenaltyKind]>)('%s after penalties %j days ago: %s', (severity, earlier, kind) => expect(kindFor(severity, earlier)).toBe(kind))
  test.each(aggravations.map((one) => [one] as const))('%s makes it one step heavier', (one) => {
    expect([kindFor('medium', [], [one]), kindFor('serious', [], [one])]).toEqual(['silence-7', 'silence-15'])
  })
  test('aggravations add up and lift the cap by one; what cheating earned goes back', () => {
    expect(kindFor('light', [1, 2, 3, 4], ['minors'])).toBe('silence-forever')
    expect(kindFor('medium', [], ['minors', 'cheating', 'several-accounts'])).toBe('silence-forever')
    expect(reckon(defaultLadder, { severity: 'medium', earlier: [], aggravations: ['cheating'], at }).feathers).toBe('reverse')
  })
  test('overturned and replaced penalties never weighed anything; later ones do not reach back', () => {
    for (const endedWhy of ['overturned', 'replaced', 'reduced']) expect(reckon(defaultLadder, { severity: 'medium', earlier: [{ startsAt: at - day, endedWhy }], aggravations: [], at }).kind).toBe('silence-1')
    expect(reckon(defaultLadder, { severity: 'medium', earlier: [{ startsAt: at + day, endedWhy: null }], aggravations: [], at }).kind).toBe('silence-1')
  })
})

describe('midnight, month ends, leap years and time zones', () => {
  test.each([
    ['2026-06-25 14:05:09', 'silence-7', '2026-07-02 14:05:09'], ['2026-12-31 23:59:59', 'silence-1', '2027-01-01 23:59:59'], ['2026-03-01 00:00:00', 'silence-1', '2026-03-02 00:00:00'],
    ['2028-02-28 23:59:59', 'silence-1', '2028-02-29 23:59:59'], ['2027-02-28 23:59:59', 'silence-1', '2027-03-01 23:59:59'], ['2028-02-29 12:00:00', 'silence-1', '2028-03-01 12:00:00'], ['2028-02-25 08:00:00', 'silence-7', '2028-03-03 08:00:00'],
    ['2027-02-25 08:00:00', 'silence-7', '2027-03-04 08:00:00'], ['2028-02-14 00:00:00', 'silence-15', '2028-02-29 00:00:00'], ['2100-02-28 10:00:00', 'silence-1', '2100-03-01 10:00:00'],
  ] as Array<[string, PenaltyKind, string]>)('from %s %s ends at %s', (from, kind, to) => expect(endOf(kind, parseLocal(from)!)).toBe(parseLocal(to)))
  test('it runs from its first millisecond up to its last, wherever the reader is', () => {
    const startsAt = parseLocal('2026-06-25 23:59:59')!
    const one: Running = { penaltyId: 'p', kind: 'silence-1', rule: '3.8', startsAt, endsAt: endOf('silence-1', startsAt), endedAt: null }
    expect([startsAt - 1, startsAt, startsAt + day - 1, startsAt + day].map((now) => runs(one, now))).toEqual([false, true, true, false])
    // The same instants said in other zones (New York changes its clocks on 1 November 2026, within these fifteen days).
    const long = { ...one, kind: 'silence-15' as const, startsAt: Date.parse('2026-10-25T12:00:00-04:00'), endsAt: endOf('silence-15', Date.parse('2026-10-25T12:00:00-04:00')) }
    expect([runs(long, Date.parse('2026-11-09T10:59:59-05:00')), runs(long, Date.parse('2026-11-09T11:00:00-05:00')), runs(long, Date.parse('2026-11-10T00:00:00+08:00'))]).toEqual([true, false, false])
  })
})

describe('what somebody may do', () => {
  const penalty = (kind: PenaltyKind): Running => ({ penaltyId: kind, kind, rule: '3.8', startsAt: at, endsAt: endOf(kind, at), endedAt: null })
  const reader = { accepted: 1, convention: 1, phone: true, house: false }
  /** Acts that go on under a silence, and under a closed account. */
  const silent = ['report', 'quiz', 'redeem', 'feedback']
  const closed = ['feedback']
  test.each(penaltyKinds.flatMap((kind) => readerActs.flatMap((act) => surfaces.map((surface) => [kind, act, surface] as const))))('%s: %s by %s', (kind, act, surface) => {
    const answer = decideAct(act, surface, { ...reader, penalties: [penalty(kind)] }, at + 1000)
    expect(answer.ok).toBe((kind === 'closure' ? closed : silent).includes(act))
    if (!answer.ok) expect(answer).toEqual({ ok: false, why: kind === 'closure' ? 'closed' : 'silenced', until: endOf(kind, at), penaltyId: kind, rule: '3.8' })
    // Control: the moment it is over, and before it began, everything goes again.
    expect(decideAct(act, surface, { ...reader, penalties: [penalty(kind)] }, at - 1).ok).toBe(true)
    const end = endOf(kind, at)
    if (end !== null) expect([decideAct(act, surface, { ...reader, penalties: [penalty(kind)] }, end - 1).ok, decideAct(act, surface, { ...reader, penalties: [penalty(kind)] }, end).ok]).toEqual([silent.includes(act), true])
  })
  test('of two silences the one that ends last says until when', () => {
    expect(decideAct('comment', 'mini', { ...reader, penalties: [penalty('silence-7'), penalty('silence-1')] }, at)).toMatchObject({ until: at + 7 * day })
  })
  test('the convention is accepted before the first post, the phone proved before the first comment; the house needs neither', () => {
    const fresh = { penalties: [], accepted: 0, convention: 1, phone: false, house: false }
    expect(readerActs.map((act) => [act, decideAct(act, 'web', fresh, at)].map((one) => (typeof one === 'string' ? one : one.ok ? 'ok' : one.why)).join(' '))).toEqual([
      'comment convention', 'publish convention', 'rate convention', 'report ok', 'profile convention', 'share ok', 'quiz ok', 'redeem ok', 'feedback ok',
    ])
    expect(readerActs.filter((act) => !decideAct(act, 'web', { ...fresh, accepted: 1 }, at).ok)).toEqual(['comment', 'publish'])
    expect(readerActs.filter((act) => !decideAct(act, 'web', { ...fresh, accepted: 1, convention: 2, phone: true }, at).ok)).toEqual(['comment', 'publish', 'rate', 'profile'])
    expect(readerActs.filter((act) => !decideAct(act, 'web', { ...fresh, house: true }, at).ok)).toEqual([])
  })
})
