import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import type { Work } from '../../kernel/engine/index.ts'
import type { Delivery } from '../../kernel/event/index.ts'
import { personId, plantLoss, plantShop } from '../experiment/fixtures/shop.ts'
import { advise, adviceWords, type Follow } from './advise.ts'
import { readRemovals, removalTicker } from './read-removals.ts'
import { lossSentence } from './routes.ts'
import { adviceStates, putAdvice } from './store.ts'

const follow = (more: Partial<Follow>): Follow => ({
  personId: 'p', corpId: 'corp', staff: 'wang', followedAt: start - 400 * day, oneSidedSince: null, lastSignAt: null, orders: 0, lastOrderAt: null, touchesSince: 5, valueFen: 1000, elsewhere: false, ...more,
})
const one = (more: Partial<Follow>) => advise([follow(more)], 0.5, [{ corpId: 'corp', staff: 'li', free: 40 }, { corpId: 'corp', staff: 'wang', free: 900 }], start)[0]

describe('advice', () => {
  test('who deleted us costs nothing and is not handed on', () => {
    expect(one({ oneSidedSince: start - 3 * day })).toMatchObject({ costFen: 0, transferTo: null, reasons: [{ reason: 'one-sided', detail: { days: 3 } }] })
  })
  test('long silence through several messages is a reason, with what it costs and who could take over', () => {
    expect(one({})).toMatchObject({ costFen: 500, transferTo: 'li', reasons: [{ reason: 'never-answered', detail: { days: 400, touches: 5 } }] })
    expect(one({ lastSignAt: start - 200 * day })).toMatchObject({ reasons: [{ reason: 'silent', detail: { days: 200, touches: 5 } }] })
  })
  test('control: who bought or answered lately, who is new, and who was hardly written to are left alone', () => {
    for (const more of [{ lastOrderAt: start - 30 * day }, { lastSignAt: start - 179 * day }, { followedAt: start - 100 * day }, { touchesSince: 2 }]) expect(one(more)).toBeUndefined()
  })
  test('who also stays with a colleague is not lost', () => {
    expect(one({ elsewhere: true })).toMatchObject({ costFen: 0, transferTo: null })
  })
  test('one-sided ones first, then the cheapest', () => {
    const rows = advise([follow({ personId: 'dear', valueFen: 9000 }), follow({ personId: 'cheap' }), follow({ personId: 'gone', oneSidedSince: start - day, valueFen: 90_000 })], 0.5, [], start)
    expect(rows.map((row) => row.personId)).toEqual(['gone', 'cheap', 'dear'])
    for (const row of rows) for (const reason of row.reasons) for (const language of ['zh', 'en'] as const) expect(adviceWords(reason, language)).not.toMatch(/[{}]/)
  })
})

test('the sentence says caused only with enough losses on both sides', () => {
  const view = { treatedPersons: 900, holdoutPersons: 100, treatedLosses: 45, holdoutLosses: 2, caused: 27, causedLow: 5, causedHigh: 39, enough: true }
  expect(lossSentence(31, view, false, 'zh')).toBe('走了 31 位联系人；随机分组里 45 位，约 27 位是消息惹走的（5～39）。')
  for (const [other, alarm] of [[{ ...view, enough: false }, false], [view, true], [{ ...view, caused: null }, false]] as const) expect(lossSentence(31, other, alarm, 'zh')).toBe('走了 31 位联系人；其中多少是消息惹走的还看不出来。')
})

describe('the work list', () => {
  let t: TestDb
  beforeAll(async () => { t = await openTestDb() })
  afterAll(() => t.close())

  test('a one-sided contact is advised, asked of the colleague, and ticked by the event; nothing is written to anybody', async () => {
    const tenantId = await makeTenant(t, 'removals')
    await plantShop(t, tenantId, 40)
    await plantLoss(t, tenantId, 4, start - 2 * day)
    const advice = await t.app(tenantId, (tx) => readRemovals(tx, tenantId, start))
    expect(advice).toMatchObject([{ personId: personId(4), staff: 'wang', reasons: [{ reason: 'one-sided' }] }])
    await t.app(tenantId, (tx) => putAdvice(tx, tenantId, [{ ...advice[0], valueFen: 0 }], 'asked', start, 'owner'))
    const event = (by: string) => ({ name: 'contact.lost', payload: { corpId: 'corp', staff: 'wang', personId: personId(4), by } }) as unknown as Delivery
    const work = { tenantId, now: start + day, ids: testIds('removals') } as unknown as Work
    const state = async () => (await t.app(tenantId, (tx) => adviceStates(tx, tenantId)))[0].state
    await t.app(tenantId, (tx) => removalTicker.handle(work, tx, [event('contact')]))
    expect(await state()).toBe('asked')
    await t.app(tenantId, (tx) => removalTicker.handle(work, tx, [event('staff')]))
    expect(await state()).toBe('done')
    expect((await t.owner.query('select count(*)::int as n from outbox where tenant_id = $1', [tenantId])).rows[0].n).toBe(0)
  })
})
