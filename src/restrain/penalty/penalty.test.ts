import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, hour, makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import type { Work } from '../../kernel/engine/index.ts'
import type { Job } from '../../kernel/job/index.ts'
import { fakeReaders, readerId } from '../moderation/fixtures/conduct.ts'
import { appeal, appealDue, decideAppeal } from './appeal.ts'
import { changePenalty, givePenalty, penaltyEnd, runningOf, standingOf, type Sentence } from './issue.ts'
import { defaultLadder } from './ladder.ts'
import { findPenalty, listAppeals, penaltiesOfReaders, penaltyFigures } from './store.ts'

let t: TestDb
beforeAll(async () => { t = await openTestDb() })
afterAll(() => t.close())

async function court(slug: string) {
  const tenantId = await makeTenant(t, slug)
  const readers = fakeReaders()
  let n = 0
  const work = (at: number) => testWork(tenantId, at, `${slug} ${n++}`)
  const give = async (reader: number, at: number, more: Partial<Sentence> = {}) => {
    const one = work(at)
    const rows = await t.app(tenantId, (tx) => givePenalty(tx, one, readers, {
      readerId: readerId(reader), rule: { id: '3.8', zh: '影响体验的推广', en: 'promotion', category: 3, severity: 'medium' }, ladder: defaultLadder, convention: 1, caseId: null, actedAt: at, aggravations: [], excerpt: null, reason: '', by: ['lin'], ...more,
    }))
    return { rows, told: one.told }
  }
  const standing = (reader: number, at: number) => t.app(tenantId, (tx) => standingOf(tx, tenantId, readers, readerId(reader), at))
  return { tenantId, readers, work, give, standing, app: <T>(run: Parameters<typeof t.app<T>>[1]) => t.app(tenantId, run) }
}

describe('giving', () => {
  test('one day, then seven, then fifteen; each begins and ends to the second without any job', async () => {
    const c = await court('ladder')
    const first = await c.give(1, start)
    expect(first.told.map((event) => [event.name, event.payload.kind, event.payload.endsAt, event.payload.feathers])).toEqual([['penalty.started', 'silence-1', start + day, 'none']])
    expect([(await c.standing(1, start - 1)).state, await c.standing(1, start + day - 1), (await c.standing(1, start + day)).state]).toMatchObject(['free', { state: 'silenced', until: start + day, rule: '3.8' }, 'free'])
    expect((await c.give(1, start + 2 * day)).rows[0]).toMatchObject({ kind: 'silence-7', feathers: 'freeze' })
    expect((await c.give(1, start + 20 * day)).rows[0].kind).toBe('silence-15')
  })
  test('the job only tells: at the end, not before, and once', async () => {
    const c = await court('end')
    const { rows: [one] } = await c.give(1, start)
    const run = async (at: number) => { const work = c.work(at); const next = await c.app((tx) => penaltyEnd(c.readers).run(work as unknown as Work, tx, { key: one.penaltyId } as Job, undefined)); return [next?.dueAt ?? null, ...work.told.map((event) => event.payload.why)] }
    expect(await run(start + day - 1)).toEqual([start + day])
    expect(await run(start + day + 5)).toEqual([null, 'expired'])
    expect(await run(start + 2 * day)).toEqual([null])
    expect((await c.app((tx) => findPenalty(tx, c.tenantId, one.penaltyId)))?.endedAt).toBe(start + day)
  })
  test('a second account: the silence holds for it too, and posting with it makes it heavier for both', async () => {
    const c = await court('accounts')
    c.readers.links.push([readerId(1), readerId(2)])
    await c.give(1, start)
    expect((await c.standing(2, start + hour)).state).toBe('silenced')
    const { rows } = await c.give(2, start + hour)
    expect(rows.map((row) => [row.readerId, row.kind, row.reckoning.raised])).toEqual([[readerId(2), 'silence-15', ['several-accounts']], [readerId(1), 'silence-15', ['several-accounts']]])
  })
  test('control: somebody else is neither silenced nor judged by it', async () => {
    const c = await court('others')
    await c.give(1, start)
    expect((await c.standing(3, start + hour)).state).toBe('free')
    expect((await c.give(3, start + hour)).rows.map((row) => row.kind)).toEqual(['silence-1'])
  })
  test('closure ends the account; overturned, it is opened again', async () => {
    const c = await court('closure')
    const severe = { rule: { id: '1.9', zh: '', en: '', category: 1, severity: 'severe' as const }, aggravations: ['minors' as const] }
    const { rows: [one] } = await c.give(1, start, severe)
    expect([one.kind, c.readers.closed, (await c.standing(1, start + 400 * day)).state]).toEqual(['closure', [readerId(1)], 'closed'])
    const made = await c.app((tx) => appeal(tx, c.work(start + hour), defaultLadder, { readerId: readerId(1), text: '号被盗了', ticketId: null, against: { penaltyId: one.penaltyId } }))
    const work = c.work(start + 2 * hour)
    await c.app((tx) => decideAppeal(tx, work, c.readers, { appealId: (made as { appealId: string }).appealId, seenPenaltyId: one.penaltyId, decision: 'overturn', reason: '确实被盗', by: 'wang', reviewers: ['lin', 'wang'] }))
    expect([work.told.map((event) => event.name), c.readers.reopened]).toEqual([['penalty.ended', 'appeal.decided'], [readerId(1)]])
    // The record is clean: the next one starts from the beginning.
    expect((await c.give(1, start + 3 * hour)).rows[0].kind).toBe('silence-1')
  })
})

describe('changing', () => {
  test('shorter counts from the same start; what was served may be all there was', async () => {
    const c = await court('change')
    await c.give(1, start - 30 * day)
    const { rows: [one] } = await c.give(1, start)
    expect(one.kind).toBe('silence-7')
    const work = c.work(start + 2 * day)
    expect(await c.app((tx) => changePenalty(tx, work, c.readers, { penaltyId: one.penaltyId, to: 'silence-1', reason: '第一次不算', by: 'owner' }))).toEqual({ kind: 'changed', penaltyId: null })
    expect([(await c.standing(1, start + 2 * day)).state, work.told.map((event) => `${event.name} ${String(event.payload.why)}`)]).toEqual(['free', ['penalty.ended reduced']])
    expect(await c.app((tx) => changePenalty(tx, c.work(start + 2 * day), c.readers, { penaltyId: one.penaltyId, to: null, reason: '', by: 'owner' }))).toEqual({ kind: 'over' })
  })
  test('while an appeal waits it can only become lighter, the appeal goes along, and a reviewer who saw the old one must look again', async () => {
    const c = await court('appealed')
    await c.give(1, start - 30 * day)
    const { rows: [one] } = await c.give(1, start)
    const made = await c.app((tx) => appeal(tx, c.work(start + hour), defaultLadder, { readerId: readerId(1), text: '那是店的电话', ticketId: null, against: { penaltyId: one.penaltyId } }))
    const appealId = (made as { appealId: string }).appealId
    expect(await c.app((tx) => changePenalty(tx, c.work(start + hour), c.readers, { penaltyId: one.penaltyId, to: 'silence-15', reason: '', by: 'lin' }))).toEqual({ kind: 'appealed' })
    const changed = await c.app((tx) => changePenalty(tx, c.work(start + hour), c.readers, { penaltyId: one.penaltyId, to: 'silence-1', reason: '先减', by: 'lin' }))
    const nextId = (changed as { penaltyId: string }).penaltyId
    const decide = (seen: string, by: string, decision: 'uphold' | 'overturn' = 'overturn') => c.app((tx) => decideAppeal(tx, c.work(start + 2 * hour), c.readers, { appealId, seenPenaltyId: seen, decision, reason: '是店的电话', by, reviewers: ['lin', 'wang', 'owner'] }))
    expect(await decide(one.penaltyId, 'wang')).toEqual({ kind: 'changed', penaltyId: nextId })
    expect(await decide(nextId, 'lin')).toEqual({ kind: 'same-reviewer', others: 2 })
    expect(await decide(nextId, 'wang')).toEqual({ kind: 'decided', publicNote: null })
    expect(await decide(nextId, 'owner')).toEqual({ kind: 'already' })
    expect((await c.standing(1, start + 3 * hour)).state).toBe('free')
  })
  test('changed and appealed at once by two people, it is one or the other and never both halves', async () => {
    const c = await court('both')
    await c.give(1, start - 30 * day)
    const { rows: [one] } = await c.give(1, start)
    const made = await c.app((tx) => appeal(tx, c.work(start + hour), defaultLadder, { readerId: readerId(1), text: '', ticketId: null, against: { penaltyId: one.penaltyId } }))
    const both = await Promise.allSettled([
      c.app((tx) => changePenalty(tx, c.work(start + hour), c.readers, { penaltyId: one.penaltyId, to: 'silence-1', reason: '', by: 'lin' })),
      c.app((tx) => decideAppeal(tx, c.work(start + hour), c.readers, { appealId: (made as { appealId: string }).appealId, seenPenaltyId: one.penaltyId, decision: 'overturn', reason: '', by: 'wang', reviewers: ['lin', 'wang'] })),
    ])
    expect(both.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled'])
    const rows = await c.app((tx) => penaltiesOfReaders(tx, c.tenantId, [readerId(1)]))
    expect(rows.filter((row) => row.endedAt === null && row.startsAt >= start).length).toBeLessThanOrEqual(1)
    const [theAppeal] = await c.app((tx) => listAppeals(tx, c.tenantId, { limit: 5 }))
    if (theAppeal.state === 'decided') expect((await c.standing(1, start + 2 * hour)).state).toBe('free')
    else expect(rows.find((row) => row.penaltyId === theAppeal.penaltyId)?.kind).toBe('silence-1')
  })
})

describe('appeals', () => {
  const against = (penaltyId: string, reader = 1) => ({ readerId: readerId(reader), text: '不同意', ticketId: null, against: { penaltyId } })
  test('once, by whom it hit, within fourteen days of its start', async () => {
    const c = await court('window')
    const { rows: [one] } = await c.give(1, start)
    const make = (at: number, reader = 1) => c.app((tx) => appeal(tx, c.work(at), defaultLadder, against(one.penaltyId, reader)))
    expect((await make(start, 2)).kind).toBe('not-found')
    expect(await make(start + 14 * day)).toEqual({ kind: 'too-late', until: start + 14 * day })
    const first = await make(start + 14 * day - 1)
    expect(first).toMatchObject({ kind: 'made', dueAt: start + 17 * day - 1 })
    expect(await make(start + hour)).toEqual({ kind: 'already', appealId: (first as { appealId: string }).appealId })
  })
  test('unanswered for three days it goes up, and is counted as missed; answered, it does not', async () => {
    const c = await court('deadline')
    const made = await c.app(async (tx) => Promise.all([1, 2].map(async (n) => appeal(tx, c.work(start), defaultLadder, against((await givePenalty(tx, c.work(start), c.readers, { readerId: readerId(n), rule: { id: '3.8', zh: '', en: '', category: 3, severity: 'medium' }, ladder: defaultLadder, convention: 1, caseId: null, actedAt: start, aggravations: [], excerpt: null, reason: '', by: ['lin'] }))[0].penaltyId, n)))))
    const [a, b] = made.map((one) => (one as { appealId: string }).appealId)
    const seen = (await c.app((tx) => listAppeals(tx, c.tenantId, { limit: 5 }))).find((one) => one.appealId === b)!.penaltyId
    await c.app((tx) => decideAppeal(tx, c.work(start + day), c.readers, { appealId: b, seenPenaltyId: seen, decision: 'uphold', reason: '是广告', by: 'wang', reviewers: ['lin', 'wang'] }))
    const run = (appealId: string, at: number) => c.app((tx) => appealDue(3 * day).run(c.work(at) as unknown as Work, tx, { key: appealId } as Job, undefined))
    expect([await run(a, start + 3 * day - 1), await run(a, start + 3 * day), await run(b, start + 3 * day)]).toEqual([{ dueAt: start + 3 * day }, { dueAt: start + 6 * day }, null])
    expect((await c.app((tx) => listAppeals(tx, c.tenantId, { limit: 5 }))).map((one) => [one.state, one.missed])).toEqual([['escalated', true], ['decided', false]])
    expect((await c.app((tx) => penaltyFigures(tx, c.tenantId, start, start + 30 * day)))).toMatchObject({ penalties: [{ kind: 'silence-1', category: 3, count: 2 }], appeals: { made: 2, decided: 1, upheld: 1, missed: 1, medianHours: 24 } })
  })
  test('where only one reviewer is there, the same looks again after a day, and it is said in public; control: with a provider the provider decides', async () => {
    const c = await court('one')
    const { rows: [one] } = await c.give(1, start)
    const made = await c.app((tx) => appeal(tx, c.work(start), defaultLadder, against(one.penaltyId)))
    const decide = (at: number, reviewers: string[]) => c.app((tx) => decideAppeal(tx, c.work(at), c.readers, { appealId: (made as { appealId: string }).appealId, seenPenaltyId: one.penaltyId, decision: 'uphold', reason: '是广告', by: 'lin', reviewers }))
    expect(await decide(start + hour, ['lin', 'provider'])).toEqual({ kind: 'same-reviewer', others: 1 })
    expect(await decide(start + day - 1, ['lin'])).toEqual({ kind: 'cooling', from: start + day })
    expect(await decide(start + day, ['lin'])).toMatchObject({ kind: 'decided', publicNote: expect.stringContaining('只有一位审核人') })
  })
  test('a reduction must be lighter', async () => {
    const c = await court('reduce')
    await c.give(1, start - 30 * day)
    const { rows: [one] } = await c.give(1, start)
    const made = await c.app((tx) => appeal(tx, c.work(start), defaultLadder, against(one.penaltyId)))
    const decide = (to: 'silence-15' | 'silence-1') => c.app((tx) => decideAppeal(tx, c.work(start + hour), c.readers, { appealId: (made as { appealId: string }).appealId, seenPenaltyId: one.penaltyId, decision: 'reduce', to, reason: '轻一点', by: 'wang', reviewers: ['lin', 'wang'] }))
    expect(await decide('silence-15')).toEqual({ kind: 'not-lighter' })
    expect((await decide('silence-1')).kind).toBe('decided')
    expect(await c.standing(1, start + 2 * hour)).toMatchObject({ state: 'silenced', until: start + day })
    expect((await c.app((tx) => runningOf(tx, c.tenantId, c.readers, readerId(1), start + 2 * hour))).length).toBe(1)
  })
})
