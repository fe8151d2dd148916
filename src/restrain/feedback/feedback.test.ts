import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, makeTenant, minute, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import type { Work } from '../../kernel/engine/index.ts'
import type { Delivery } from '../../kernel/event/index.ts'
import type { Job } from '../../kernel/job/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { comment, makeConduct, personId, pieceId, readerId } from '../moderation/fixtures/conduct.ts'
import { findPiece } from '../moderation/index.ts'
import { decideAppeal, defaultLadder, givePenalty } from '../penalty/index.ts'
import { addToTicket, answerTicket, counterNotice, feedbackSubscriber, openTicket, readTicket, takeDownOf, ticketDue, ticketRetention, ticketsOf, type TicketWish } from './desk.ts'
import { listTickets, ticketFigures } from './store.ts'
import { counterNoticeDays, dueOf, numberWords, ticketKinds } from './ticket.ts'

let t: TestDb
beforeAll(async () => { t = await openTestDb() })
afterAll(() => t.close())

async function door(slug: string) {
  const tenantId = await makeTenant(t, slug)
  const conduct = makeConduct()
  const parts = { seal: createSeal(Buffer.alloc(32, 1), seededRandom(slug)), conventions: conduct.conventions }
  let n = 0
  const work = (at = start) => testWork(tenantId, at, `${slug} ${n++}`)
  const app = <T>(run: Parameters<typeof t.app<T>>[1]) => t.app(tenantId, run)
  const wish = (more: Partial<TicketWish>): TicketWish => ({ kind: 'suggestion', readerId: readerId(1), personId: personId(1), contact: null, subject: '字小', text: '手机上字太小', about: {}, parentId: null, ...more })
  const open = (more: Partial<TicketWish> = {}, at = start) => app((tx) => openTicket(tx, work(at), parts, wish(more)))
  const opened = async (more: Partial<TicketWish> = {}, at = start) => { const one = await open(more, at); if (one.kind !== 'opened') throw new Error(JSON.stringify(one)); return one }
  return { tenantId, ...conduct, parts, work, app, open, opened }
}
const notice = { work: '《一片叶子》', owner: '某出版社', evidence: '版权登记号 2026-1', statement: true }

describe('tickets', () => {
  test('each kind has its days; numbers are given once and without gaps, also to twenty at once', async () => {
    expect(ticketKinds.map((row) => [row.kind, row.answerDays])).toEqual([['suggestion', 15], ['bug', 7], ['complaint', 3], ['copyright', 1], ['counter-notice', 1], ['appeal', 3]])
    for (const { kind, answerDays } of ticketKinds) expect(dueOf(kind, start)).toBe(start + answerDays * day)
    const d = await door('numbers')
    const many = await Promise.all(Array.from({ length: 20 }, (_, n) => d.opened({ readerId: readerId(n + 1) })))
    expect(many.map((one) => one.number).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => 1001 + n))
    expect(numberWords(1001)).toBe('F1001')
  })
  test('what is missing is named', async () => {
    const d = await door('missing')
    const problem = async (more: Partial<TicketWish>) => { const one = await d.open(more); return one.kind === 'problem' ? one.problem : one.kind }
    expect([
      await problem({ text: ' ' }), await problem({ readerId: null }), await problem({ kind: 'copyright' }), await problem({ kind: 'copyright', about: { pieceKind: 'comment', pieceId: pieceId(1), notice: { ...notice, statement: false } } }),
      await problem({ kind: 'counter-notice' }), await problem({ kind: 'appeal' }), await problem({ readerId: null, contact: 'a@b.cn' }),
    ]).toEqual(['empty', 'no-contact', 'no-piece', 'notice-incomplete', 'no-parent', 'no-piece', 'opened'])
  })
  test('ten a day from one reader are enough', async () => {
    const d = await door('many')
    for (let n = 0; n < 10; n++) expect((await d.open()).kind).toBe('opened')
    expect(await d.open()).toEqual({ kind: 'problem', problem: 'too-many' })
    expect((await d.open({}, start + day + 1)).kind).toBe('opened')
  })
  test('unanswered, it goes up at its hour and is counted; answered, it does not; a word more opens it again', async () => {
    const d = await door('due')
    const [late, done] = [await d.opened({ kind: 'complaint' }), await d.opened({ kind: 'bug' })]
    await d.app((tx) => answerTicket(tx, d.work(start + day), { ticketId: done.ticketId, text: '改好了', outcome: 'answered', by: 'lin' }))
    const run = (ticketId: string, at: number) => d.app((tx) => ticketDue.run(d.work(at) as unknown as Work, tx, { key: ticketId } as Job, undefined))
    expect([await run(late.ticketId, start + 3 * day - 1), await run(late.ticketId, start + 3 * day), await run(done.ticketId, start + 7 * day)]).toEqual([{ dueAt: start + 3 * day }, { dueAt: start + 6 * day }, null])
    expect((await d.app((tx) => listTickets(tx, d.tenantId, { limit: 5 }))).map((one) => [one.kind, one.state])).toEqual([['complaint', 'escalated'], ['bug', 'answered']])
    expect(await d.app((tx) => ticketFigures(tx, d.tenantId, start, start + 30 * day))).toMatchObject({ opened: 2, byKind: [{ kind: 'bug', answered: 1, missed: 0 }, { kind: 'complaint', answered: 0, missed: 1 }] })
    expect(await d.app((tx) => addToTicket(tx, d.work(start + 8 * day), { ticketId: done.ticketId, readerId: readerId(2), text: '别人的' }))).toBe(false)
    expect(await d.app((tx) => addToTicket(tx, d.work(start + 8 * day), { ticketId: done.ticketId, readerId: readerId(1), text: '还是不行' }))).toBe(true)
    const [mine] = (await d.app((tx) => ticketsOf(tx, d.tenantId, readerId(1)))).filter((one) => one.ticketId === done.ticketId)
    expect([mine.state, mine.dueAt, mine.entries.map((one) => [one.byWhom, one.body])]).toEqual(['open', start + 15 * day, [['staff', '改好了'], ['reader', '还是不行']]])
    expect(await d.app((tx) => readTicket(tx, d.tenantId, { ticketId: done.ticketId }, readerId(2)))).toBeUndefined()
  })
  test('texts go after two years, figures stay', async () => {
    const d = await door('kept')
    const { ticketId } = await d.opened()
    await d.app((tx) => answerTicket(tx, d.work(start), { ticketId, text: '好', outcome: 'answered', by: 'lin' }))
    for (const [after, body] of [[729, '手机上字太小'], [731, '']] as const) {
      await d.app((tx) => ticketRetention.run(d.work(start + after * day) as unknown as Work, tx, { key: 'daily' } as Job, undefined))
      expect((await d.app((tx) => readTicket(tx, d.tenantId, { ticketId })))?.body).toBe(body)
    }
    expect((await d.app((tx) => ticketFigures(tx, d.tenantId, start, start + day))).opened).toBe(1)
  })
})

describe('copyright', () => {
  async function takenDown(slug: string) {
    const d = await door(slug)
    await d.app((tx) => d.gate.judge(tx, d.work(), [comment(1, '我抄的一段，也挺好的', { kind: 'article', title: '', at: start })]))
    const complaint = await d.opened({ kind: 'copyright', readerId: null, personId: null, contact: '13800001111', about: { pieceKind: 'article', pieceId: pieceId(1), notice } })
    const work = d.work(start + minute)
    expect(await d.app((tx) => answerTicket(tx, work, { ticketId: complaint.ticketId, text: '已下架', outcome: 'accepted', by: 'lin' }))).toEqual({ kind: 'answered', tookDown: true })
    expect(work.told.map((event) => [event.name, event.payload.decision, event.payload.rule])).toEqual([['piece.decided', 'remove', 'copyright']])
    return { ...d, complaint, state: async () => (await d.app((tx) => findPiece(tx, d.tenantId, 'article', pieceId(1))))?.state }
  }
  test('a notice with evidence takes the piece down and punishes nobody; the counter-notice brings it back after fifteen days', async () => {
    const d = await takenDown('copyright')
    expect([await d.state(), await d.app((tx) => takeDownOf(tx, d.tenantId, { kind: 'article', id: pieceId(1) }))]).toEqual(['removed', { ticketId: d.complaint.ticketId, number: d.complaint.number }])
    const counter = await d.opened({ kind: 'counter-notice', text: '是我自己写的', parentId: d.complaint.ticketId }, start + day)
    await d.app((tx) => answerTicket(tx, d.work(start + 2 * day), { ticketId: counter.ticketId, text: '已转给对方', outcome: 'accepted', by: 'lin' }))
    expect((await d.app((tx) => readTicket(tx, d.tenantId, { ticketId: d.complaint.ticketId })))?.entries.at(-1)?.body).toContain('是我自己写的')
    const work = d.work(start + (2 + counterNoticeDays) * day)
    await d.app((tx) => counterNotice.run(work as unknown as Work, tx, { key: counter.ticketId } as Job, undefined))
    expect([await d.state(), work.told.map((event) => event.payload.decision)]).toEqual(['shown', ['restore']])
    expect(await d.app((tx) => ticketFigures(tx, d.tenantId, start, start + day * 30))).toMatchObject({ takenDown: 1, restored: 1 })
  })
  test('control: the other side goes to court within the days, and it stays down', async () => {
    const d = await takenDown('court')
    const counter = await d.opened({ kind: 'counter-notice', text: '是我自己写的', parentId: d.complaint.ticketId }, start + day)
    await d.app((tx) => answerTicket(tx, d.work(start + 2 * day), { ticketId: counter.ticketId, text: '已转给对方', outcome: 'accepted', by: 'lin' }))
    await d.app((tx) => answerTicket(tx, d.work(start + 9 * day), { ticketId: counter.ticketId, text: '对方已起诉', outcome: 'refused', by: 'lin' }))
    await d.app((tx) => counterNotice.run(d.work(start + 17 * day) as unknown as Work, tx, { key: counter.ticketId } as Job, undefined))
    expect(await d.state()).toBe('removed')
  })
  test('the contact of who complained without an account is sealed', async () => {
    const d = await takenDown('sealed')
    const { rows: [row] } = await t.owner.query('select contact from ticket where ticket_id = $1', [d.complaint.ticketId])
    expect(row.contact.toString()).not.toContain('1380000')
    expect(d.parts.seal.open(row.contact, `ticket/${d.tenantId}/${d.complaint.ticketId}`).toString()).toBe('13800001111')
  })
})

test('an appeal is a ticket: its answer is the decision, and nobody answers it by hand', async () => {
  const d = await door('appeal')
  const [penalty] = await d.app((tx) => givePenalty(tx, d.work(), d.readers, { readerId: readerId(1), rule: { id: '3.8', zh: '', en: '', category: 3, severity: 'medium' }, ladder: defaultLadder, convention: 1, caseId: null, actedAt: start, aggravations: [], excerpt: null, reason: '', by: ['lin'] }))
  const one = await d.opened({ kind: 'appeal', text: '那是店的电话', about: { penaltyId: penalty.penaltyId } })
  expect([one.dueAt, one.appealId !== null]).toEqual([start + 3 * day, true])
  expect(await d.open({ kind: 'appeal', text: '再来', about: { penaltyId: penalty.penaltyId } })).toMatchObject({ kind: 'not-appealed', why: { kind: 'already' } })
  expect(await d.app((tx) => answerTicket(tx, d.work(), { ticketId: one.ticketId, text: '不行', outcome: 'refused', by: 'lin' }))).toEqual({ kind: 'by-appeal' })
  const work = d.work(start + day)
  await d.app((tx) => decideAppeal(tx, work, d.readers, { appealId: one.appealId!, seenPenaltyId: penalty.penaltyId, decision: 'overturn', reason: '确实是店的电话。', by: 'wang', reviewers: ['lin', 'wang'] }))
  const event = work.told.find((row) => row.name === 'appeal.decided')!
  await d.app((tx) => feedbackSubscriber(() => true).handle(d.work(start + day) as unknown as Work, tx, [event as unknown as Delivery]))
  const ticket = await d.app((tx) => readTicket(tx, d.tenantId, { number: one.number }))
  expect([ticket?.state, ticket?.entries.map((entry) => entry.body)]).toEqual(['answered', ['结果：撤销。确实是店的电话。']])
})

test('a closed account appeals without a session, by the number of its penalty; a silence does not', async () => {
  const d = await door('closed')
  const give = (reader: number, severity: 'severe' | 'medium') => d.app((tx) => givePenalty(tx, d.work(), d.readers, { readerId: readerId(reader), rule: { id: '1.9', zh: '', en: '', category: 1, severity }, ladder: defaultLadder, convention: 1, caseId: null, actedAt: start, aggravations: severity === 'severe' ? ['cheating'] : [], excerpt: null, reason: '', by: ['lin'] }))
  const [[closed], [silenced]] = [await give(1, 'severe'), await give(2, 'medium')]
  const without = (penaltyId: string) => d.open({ kind: 'appeal', readerId: null, personId: null, contact: '13800001111', text: '号被盗了', about: { penaltyId } })
  expect([closed.kind, (await without(closed.penaltyId)).kind]).toEqual(['closure', 'opened'])
  expect([silenced.kind, await without(silenced.penaltyId)]).toEqual(['silence-1', { kind: 'problem', problem: 'no-piece' }])
})
