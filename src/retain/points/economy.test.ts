import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, hour, makeTenant, minute, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { checkBalanced } from '../../book/account/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { makeEvent, type EventName, type PayloadOf } from '../../events.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { offerCosts } from '../offer/index.ts'
import {
  askAdjustment, auditFeathers, checkPoints, defaultRules, draftRules, earn, giveBack, listReversals, nextFeatherNight, pardon, pointsSubscriber, publishRules, seenName, settleAdjustment, settleDue, spend, statementOf, walletOf, type EarnFact, type RuleSet,
} from './index.ts'

let t: TestDb
let tenantId: number
let persons: string[]
let seed = 0
let article = 0
const work = (now = start) => testWork(tenantId, now, `economy-${seed++}`)
const newArticle = () => `01990000-0000-7000-8000-${String(++article).padStart(12, '0')}`
const reader = (n: number) => `01990000-0000-7000-8001-${String(n).padStart(12, '0')}`

beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'economy')
  persons = (await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, Array.from({ length: 40 }, (_, n) => ({ unionid: `u-${n}`, seenAt: start, evidence: 'test' })), work().ids))).personIds
})
afterAll(async () => {
  // Whatever was done above: every posting balances, every account is its entries, every statement is what is held.
  expect(await t.app(tenantId, (tx) => checkBalanced(tx, tenantId))).toEqual([])
  expect(await t.app(tenantId, (tx) => checkPoints(tx, tenantId))).toEqual([])
  const { rows } = await t.owner.query(
    `select a.person_id from points_account a where a.tenant_id = $1 and (a.earned - a.spent - a.expired <> a.balance + a.vesting + a.frozen - a.owed
       or (select coalesce(sum(feathers), 0) from points_line l where l.tenant_id = a.tenant_id and l.person_id = a.person_id) <> a.balance + a.vesting + a.frozen - a.owed
       or (select coalesce(sum(remaining), 0) from points_lot l where l.tenant_id = a.tenant_id and l.person_id = a.person_id) <> a.balance + a.vesting + a.frozen)`, [tenantId])
  expect(rows).toEqual([])
  await t.close()
})

const app = <T>(act: (tx: Tx) => Promise<T>) => t.app(tenantId, act)
const tell = async <N extends EventName>(name: N, payload: PayloadOf<N>, now = start): Promise<void> => {
  const at = work(now)
  const event = makeEvent(at.ids, now, name, `test/${seed}`, now, payload)
  await app((tx) => pointsSubscriber(() => true).handle(at, tx, [{ ...event, subscriber: 'retain/points', attempts: 0 }]))
}
const reads = (who: number, articleId: string, sharer: number | null, now = start, more: object = {}) =>
  tell('article.read', { articleId, readerId: reader(who), personId: persons[who], deviceKey: `d-${who}`, shareId: null, sharerPersonId: sharer === null ? null : persons[sharer], kept: true, surface: 'web', ...more }, now)
const wallet = (who: number, now = start) => app((tx) => walletOf(tx, tenantId, persons[who], now))
const give = (who: number, facts: Array<Partial<EarnFact> & { rule: string }>, now = start) => app((tx) => earn(tx, work(now), facts.map((fact) => ({ key: 'k', personId: persons[who], surface: 'web', occurredAt: now, ...fact }))))
const rulesWith = (more: Partial<RuleSet>, rule?: string, change: object = {}): RuleSet => ({ ...defaultRules, ...more, rules: defaultRules.rules.map((one) => (one.rule === rule ? { ...one, ...change } : one)) })
async function live(set: RuleSet, now: number): Promise<void> {
  const version = await app((tx) => draftRules(tx, tenantId, { body: set, note: '', by: 'test' }, now))
  await app((tx) => publishRules(tx, tenantId, { version, seen: seenName(version, set) }, offerCosts, now))
}

describe('earning', () => {
  test('the quiz of an article gives 5, once, from whichever door it is heard', async () => {
    const articleId = newArticle()
    expect(await give(0, [{ rule: 'quiz', key: 'any', articleId }])).toEqual([{ feathers: 5 }])
    await tell('quiz.passed', { articleId, readerId: reader(0), personId: persons[0], surface: 'web' })
    expect(await give(0, [{ rule: 'quiz', key: 'other', articleId, surface: 'mini' }])).toEqual([{ feathers: 0, why: 'already' }])
    expect((await wallet(0)).balance).toBe(5)
  })

  test('what a day of quizzes gives beyond 15 waits for the audit', async () => {
    const now = start + 3 * day
    expect(await give(0, Array.from({ length: 4 }, () => ({ rule: 'quiz', articleId: newArticle() })), now)).toEqual([{ feathers: 5 }, { feathers: 5 }, { feathers: 5 }, { feathers: 5, waits: true }])
    expect(await wallet(0, now)).toMatchObject({ balance: 20, vesting: 5 })
    expect(await wallet(0, now + day)).toMatchObject({ balance: 25, vesting: 0 })
  })

  test('a comment gives 10 when it passes, loses them when it is removed, and has them again when it is put back', async () => {
    const articleId = newArticle()
    const comment = (state: 'approved' | 'removed' | 'restored' | 'rejected', commentId: string) => tell('comment.decided', { commentId, articleId, readerId: reader(1), personId: persons[1], state, surface: 'web' })
    const [one, two] = [newArticle(), newArticle()]
    const seen: number[] = []
    for (const [state, id] of [['rejected', two], ['approved', one], ['approved', one], ['approved', two], ['removed', one], ['removed', one], ['restored', one]] as const) {
      await comment(state, id)
      seen.push((await wallet(1)).balance)
    }
    // A second comment under the same article gives nothing while the first holds its ten.
    expect(seen).toEqual([0, 10, 10, 10, 0, 0, 10])
  })

  test('a kept read by a friend gives 3 for the read and 10 for the success; they can be spent a week later, after the audits', async () => {
    const articleId = newArticle()
    await reads(3, articleId, 2)
    expect(await wallet(2)).toMatchObject({ balance: 0, vesting: 13 })
    expect(nextFeatherNight(start)).toBeLessThan(start + day)
    expect(await wallet(2, start + 7 * day - 1)).toMatchObject({ balance: 0, vesting: 13 })
    expect(await wallet(2, start + 7 * day)).toMatchObject({ balance: 13, vesting: 0 })
    await reads(3, articleId, 2, start + minute) // once per reader
    for (const who of [4, 5, 6, 7, 8]) await reads(who, articleId, 2)
    expect(await wallet(2)).toMatchObject({ vesting: 15 + 10 })
  })

  test.each([
    ['not to the end', { kept: false }], ['without an account', { personId: null, readerId: null }], ['inside the mini program', { surface: 'mini' }], ['from Moments', { channel: 'moments' }], ['by oneself', { personId: '' }],
  ])('a read %s gives nothing', async (what, more) => {
    await reads(10, newArticle(), 9, start, what === 'by oneself' ? { personId: persons[9] } : more)
    expect(await wallet(9)).toMatchObject({ balance: 0, vesting: 0 })
  })

  test('a reader who had read it before was not brought by anybody', async () => {
    const articleId = newArticle()
    await reads(12, articleId, null)
    await reads(12, articleId, 11, start + hour)
    expect(await wallet(11)).toMatchObject({ vesting: 0 })
    await reads(13, articleId, 11) // control
    expect(await wallet(11)).toMatchObject({ vesting: 13 })
  })

  test('two accounts on one device bring each other nothing, and get one quiz between them', async () => {
    const [x, y] = [newArticle(), newArticle()]
    await reads(14, x, null, start, { deviceKey: 'shared' })
    await reads(15, y, 14, start, { deviceKey: 'shared' })
    expect(await wallet(14)).toMatchObject({ vesting: 0 })
    expect(await give(14, [{ rule: 'quiz', articleId: x }])).toEqual([{ feathers: 5 }])
    expect(await give(15, [{ rule: 'quiz', articleId: x }, { rule: 'quiz', articleId: y }])).toEqual([{ feathers: 0, why: 'same-person' }, { feathers: 5 }])
  })

  test('an author gets nothing for the quiz of the own article', async () => {
    const articleId = newArticle()
    await t.owner.query(`insert into points_author (tenant_id, article_id, person_id) values ($1, $2, $3)`, [tenantId, articleId, persons[16]])
    expect(await give(16, [{ rule: 'quiz', articleId }])).toEqual([{ feathers: 0, why: 'own-article' }])
    expect(await give(17, [{ rule: 'quiz', articleId }])).toEqual([{ feathers: 5 }])
  })

  test('a day ends at midnight in Shanghai, and with it the cap of the day; what does not fit whole fits in part', async () => {
    const late = Date.parse('2026-03-02T23:59:59+08:00')
    const many = (count: number) => Array.from({ length: count }, () => ({ rule: 'comment', key: newArticle(), articleId: newArticle() }))
    expect((await give(18, many(6), late)).map((one) => one.feathers)).toEqual([10, 10, 10, 10, 10, 0])
    expect((await give(18, many(1), late + 1000))[0]).toEqual({ feathers: 10 })
    // Five kinds together: 200 a day at most.
    const facts = [...Array.from({ length: 20 }, () => ({ rule: 'quiz', articleId: newArticle() })), ...many(5), ...Array.from({ length: 30 }, (_, n) => ({ rule: 'share-read', articleId: newArticle(), becauseOf: persons[20 + (n % 10)] }))]
    const earned = await give(19, facts, late)
    expect(earned.reduce((sum, one) => sum + one.feathers, 0)).toBe(200)
    expect(earned.at(-1)).toEqual({ feathers: 0, why: 'cap-day' })
    expect(earned.filter((one) => one.feathers === 2)).toHaveLength(1)
  })

  test('caps of an article and of a surface bind everybody, also at once', async () => {
    const now = start + 40 * day
    await live(rulesWith({}, 'quiz', { caps: { personDay: null, personArticle: 5, articleDay: 20, surfaceDay: 35 } }), now)
    const [x, y] = [newArticle(), newArticle()]
    const gave = async (articleId: string, who: number[]) => (await Promise.all(who.map((one) => give(one, [{ rule: 'quiz', articleId }], now)))).flat().reduce((sum, one) => sum + one.feathers, 0)
    expect(await gave(x, [20, 21, 22, 23, 24, 25])).toBe(20)
    expect(await gave(y, [20, 21, 22, 23, 24, 25])).toBe(15)
  })
})

describe('spending', () => {
  test('a paid article: who is short is told how much and how to earn it; the author gets a share; a refund gives all back', async () => {
    const now = start + 60 * day
    await give(26, [{ rule: 'quiz', articleId: newArticle() }, { rule: 'comment', key: 'c', articleId: newArticle() }], now)
    const buy = (feathers: number) => app((tx) => spend(tx, work(now + minute), { personId: persons[26], feathers, key: 'sale/1', reason: '文章', payee: { personId: persons[27], feathers: 9 } }))
    expect(await buy(30)).toMatchObject({ ok: false, balance: 15, short: 15, waysToEarn: expect.arrayContaining([expect.objectContaining({ rule: 'comment', feathers: 10, zh: '评论通过' })]) })
    expect(await buy(12)).toEqual({ ok: true })
    expect(await buy(12)).toEqual({ ok: true })
    expect([(await wallet(26, now + minute)).balance, (await wallet(27, now + minute)).balance]).toEqual([3, 9])
    for (let n = 0; n < 2; n++) await app((tx) => giveBack(tx, work(now + hour), 'sale/1', '退款'))
    expect([(await wallet(26, now)).balance, (await wallet(27, now)).balance]).toEqual([15, 0])
  })

  test('the statement tells every movement and adds up to what is held', async () => {
    const { lines, total, sum } = await app((tx) => statementOf(tx, tenantId, persons[26], { offset: 0, limit: 10 }))
    expect(lines.map((line) => [line.zh, line.feathers])).toEqual([['退回', 12], ['用掉', -12], ['得到 · 评论通过', 10], ['得到 · 读懂一篇', 5]])
    expect([total, sum]).toEqual([4, 15])
  })

  test('what expires is named beforehand and gone at midnight', async () => {
    const now = Date.parse('2026-06-01T10:00:00+08:00')
    await give(28, [{ rule: 'quiz', articleId: newArticle() }], now)
    const at = Date.parse('2027-06-02T00:00:00+08:00')
    expect((await wallet(28, at - 31 * day)).expiring).toEqual([])
    expect((await wallet(28, at - 1))).toMatchObject({ balance: 5, expiring: [{ feathers: 5, at }] })
    expect(await wallet(28, at)).toMatchObject({ balance: 0, expiring: [] })
    await app((tx) => settleDue(tx, work(at)))
    expect((await t.owner.query(`select balance, expired from points_account where person_id = $1`, [persons[28]])).rows).toEqual([{ balance: '0', expired: '5' }])
  })
})

describe('penalties', () => {
  const now = start + 80 * day
  const started = (penaltyId: string, who: number, feathers: 'none' | 'freeze' | 'reverse', at = now) => tell('penalty.started', { penaltyId, readerId: reader(who), personId: persons[who], kind: 'silence-7', startsAt: at, endsAt: at + 7 * day, rule: '3.1', caseId: null, feathers }, at)
  const ended = (penaltyId: string, who: number, why: 'expired' | 'reduced' | 'overturned' | 'replaced', at = now + day) => tell('penalty.ended', { penaltyId, readerId: reader(who), personId: persons[who], why }, at)

  test('freeze: nothing can be spent, what is earned meanwhile waits too, and it all comes back', async () => {
    const id = newArticle()
    await give(29, [{ rule: 'comment', key: 'c1', articleId: newArticle() }], now)
    for (let n = 0; n < 2; n++) await started(id, 29, 'freeze')
    await give(29, [{ rule: 'quiz', articleId: newArticle() }], now)
    expect(await wallet(29, now)).toMatchObject({ balance: 0, frozen: 15 })
    expect(await app((tx) => spend(tx, work(now), { personId: persons[29], feathers: 1, key: 'f', reason: 'x' }))).toMatchObject({ ok: false, short: 1 })
    await ended(id, 29, 'expired')
    expect(await wallet(29, now + day)).toMatchObject({ balance: 15, frozen: 0 })
  })

  test('reverse: what was given for acts goes; served it stays gone, overturned it is back to the feather', async () => {
    const facts = () => [{ rule: 'comment', key: newArticle(), articleId: newArticle() }, { rule: 'share-read', articleId: newArticle(), becauseOf: persons[38] }]
    await give(30, facts(), now)
    await app((tx) => spend(tx, work(now), { personId: persons[30], feathers: 4, key: 'r', reason: 'x' }))
    const before = await wallet(30, now)
    const [first, second] = [newArticle(), newArticle()]
    await started(first, 30, 'reverse')
    expect(await wallet(30, now)).toMatchObject({ balance: 0, vesting: 0, owed: 0 })
    await ended(first, 30, 'overturned', now)
    expect(await wallet(30, now)).toEqual(before)
    await started(second, 30, 'reverse')
    await ended(second, 30, 'expired')
    expect(await wallet(30, now + day)).toMatchObject({ balance: 0, vesting: 0 })
  })

  test('made lighter, it comes back; taken over by another reversing penalty, only that one gives it back', async () => {
    await give(31, [{ rule: 'comment', key: newArticle(), articleId: newArticle() }], now)
    const [a, b] = [newArticle(), newArticle()]
    await started(a, 31, 'reverse')
    await started(b, 31, 'reverse')
    await ended(a, 31, 'reduced')
    expect((await wallet(31, now + day)).balance).toBe(0)
    await ended(b, 31, 'overturned')
    expect((await wallet(31, now + day)).balance).toBe(10)
  })

  test('a penalty whose end is heard first never starts', async () => {
    await give(32, [{ rule: 'comment', key: newArticle(), articleId: newArticle() }], now)
    const id = newArticle()
    await ended(id, 32, 'overturned')
    await started(id, 32, 'freeze')
    expect(await wallet(32, now)).toMatchObject({ balance: 10, frozen: 0 })
  })
})

describe('rules', () => {
  test('an act is paid by the rules in force when it was done, also when it is heard later', async () => {
    const now = start + 100 * day
    await live(rulesWith({}, 'quiz', { feathers: 7, caps: { personDay: null, personArticle: 7, articleDay: null, surfaceDay: null } }), now)
    expect(await give(33, [{ rule: 'quiz', articleId: newArticle(), occurredAt: start }, { rule: 'quiz', articleId: newArticle(), occurredAt: now - 1 }], now + day)).toEqual([{ feathers: 5 }, { feathers: 5 }])
    expect(await give(34, [{ rule: 'quiz', articleId: newArticle(), occurredAt: now }], now + day)).toEqual([{ feathers: 7 }])
  })

  test('nothing goes live that was not shown as it is, that is gone, or that breaks its budget', async () => {
    const now = start + 110 * day
    const set = rulesWith({})
    const version = await app((tx) => draftRules(tx, tenantId, { body: set, note: '', by: 'a' }, now))
    const publish = (seen: string, v = version) => app((tx) => publishRules(tx, tenantId, { version: v, seen }, offerCosts, now)).then(() => 'live', (error) => error.code)
    const costs = () => Promise.resolve([{ offerId: 'x', title: 'x', feathers: 10, costFen: 1000, redeemed28: 0, stock: 1 }])
    await app((tx) => draftRules(tx, tenantId, { body: { ...set, personDay: 50 }, note: '', by: 'b' }, now))
    expect(await publish(seenName(version, set))).toBe('points/draft-changed')
    expect(await publish('x', version + 1)).toBe('points/no-draft')
    const poor = { ...set, budgetFen: 100 }
    await app((tx) => draftRules(tx, tenantId, { body: poor, note: '', by: 'b' }, now))
    await give(35, Array.from({ length: 4 }, () => ({ rule: 'quiz', articleId: newArticle() })), now)
    expect(await app((tx) => publishRules(tx, tenantId, { version, seen: seenName(version, poor) }, costs, now)).then(() => 'live', (error) => error.code)).toBe('points/over-budget')
    await app((tx) => draftRules(tx, tenantId, { body: set, note: '', by: 'b' }, now))
    expect(await publish(seenName(version, set))).toBe('live')
    expect(await publish(seenName(version, set))).toBe('points/no-draft')
  })

  test('a share pays two levels where that is the rule, never three', async () => {
    const now = start + 120 * day
    await live(rulesWith({}, 'share-read', { levels: 2, secondLevel: 1 }), now)
    const articleId = newArticle()
    // 0 brings 36, who brings 37, who brings 38.
    await reads(36, articleId, 35, now + 1, { deviceKey: 'l1' })
    await reads(37, articleId, 36, now + 2, { deviceKey: 'l2' })
    await reads(38, articleId, 37, now + 3, { deviceKey: 'l3' })
    const shared = async (who: number) => Number((await t.owner.query(`select coalesce(sum(feathers), 0) as n from points_lot where person_id = $1 and rule = 'share-read' and article_id = $2`, [persons[who], articleId])).rows[0].n)
    expect([await shared(35), await shared(36), await shared(37)]).toEqual([3 + 1, 3 + 1, 3])
  })

  test('where only a deliberate act counts, the share pays when the friend passes the quiz', async () => {
    const now = start + 130 * day
    const mini = { web: 'on', mini: 'deliberate', api: 'off', wecom: 'off', moments: 'off' } as const
    await live(rulesWith({}, 'recommend', { surfaces: mini }), now)
    const articleId = newArticle()
    await reads(21, articleId, 20, now + 1, { surface: 'mini', deviceKey: 'm1' })
    const vesting = async () => (await wallet(20, now + 1)).vesting
    expect(await vesting()).toBe(0)
    await tell('quiz.passed', { articleId, readerId: reader(21), personId: persons[21], surface: 'mini' }, now + 2)
    expect(await vesting()).toBe(10)
  })
})

describe('corrections by hand', () => {
  const [ann, bo] = [{ userId: '01990000-0000-7000-8000-0000000000aa', name: 'ann' }, { userId: '01990000-0000-7000-8000-0000000000bb', name: 'bo' }]
  const ask = (feathers: number, now = start) => app(async (tx) => askAdjustment(tx, work(now), { personId: persons[39], feathers, reason: '漏记', by: ann }))
  const decide = (adjustmentId: string, by: typeof ann, others: number, now: number, decision: 'approve' | 'refuse' = 'approve') => app((tx) => settleAdjustment(tx, work(now), { adjustmentId, decision, by, others })).then((row) => row.state, (error) => error.code)

  test('take two people', async () => {
    const id = await ask(20)
    expect(await decide(id, ann, 1, start + 2 * day)).toBe('points/two-people')
    expect((await wallet(39)).balance).toBe(0)
    expect(await decide(id, bo, 1, start)).toBe('approved')
    expect(await decide(id, bo, 1, start)).toBe('points/adjustment-decided')
    expect((await wallet(39)).balance).toBe(20)
  })
  test('or one, who looks again a day later to the second; the row says so', async () => {
    const id = await ask(-5)
    expect(await decide(id, ann, 0, start + day - 1)).toBe('points/cooling-off')
    expect(await decide(id, ann, 0, start + day)).toBe('approved')
    expect((await wallet(39)).balance).toBe(15)
    expect((await t.owner.query(`select note from points_adjustment where adjustment_id = $1`, [id])).rows).toEqual([{ note: 'alone' }])
  })
  test('never take more than there is; refused, nothing moves', async () => {
    expect(await decide(await ask(-16), bo, 1, start)).toBe('points/not-enough')
    expect(await decide(await ask(-5), bo, 1, start, 'refuse')).toBe('refused')
    expect((await wallet(39)).balance).toBe(15)
  })
  test('two who approve at once approve once', async () => {
    const id = await ask(7)
    const outcomes = await Promise.all([decide(id, bo, 1, start), decide(id, { userId: '01990000-0000-7000-8000-0000000000cc', name: 'cy' }, 1, start)])
    expect(outcomes.sort()).toEqual(['approved', 'points/adjustment-decided'])
    expect((await wallet(39)).balance).toBe(22)
  })
})

describe('the audit', () => {
  test('takes back what two who read each other got, says why, is quiet the next night; what a person gives back it leaves alone', async () => {
    const now = start + 200 * day
    await live(rulesWith({}), now)
    const pairs = [[0, 1], [1, 0]] as const
    for (const [sharer, who] of pairs) for (let k = 0; k < 3; k++) await reads(who, newArticle(), sharer, now + k * hour, { deviceKey: `ring-${who}` })
    const vesting = async () => (await wallet(0, now + 3 * hour)).vesting
    expect(await vesting()).toBe(39)
    const report = await app((tx) => auditFeathers(tx, work(now + 12 * hour)))
    expect(report).toMatchObject({ reversed: 12, feathers: 78, persons: 2, reasons: { ring: { lots: 12, feathers: 78 } } })
    expect(await vesting()).toBe(0)
    expect(await app((tx) => auditFeathers(tx, work(now + 13 * hour)))).toMatchObject({ reversed: 0 })
    const mine = (await app((tx) => listReversals(tx, tenantId, 50))).find((row) => row.personId === persons[0] && row.code === 'ring' && row.rule === 'recommend')!
    expect(await app((tx) => pardon(tx, work(now + 14 * hour), mine.reversalId, '真朋友'))).toBe('restored')
    expect(await app((tx) => pardon(tx, work(now + 14 * hour), mine.reversalId, '真朋友'))).toBe('restored-before')
    expect(await vesting()).toBe(10)
    expect(await app((tx) => auditFeathers(tx, work(now + 15 * hour)))).toMatchObject({ reversed: 0 })
  })
  test('two persons who turn out to be one keep one reward for one article', async () => {
    const now = start + 210 * day
    const [articleId, other] = [newArticle(), newArticle()]
    await give(5, [{ rule: 'quiz', articleId }], now)
    await give(6, [{ rule: 'quiz', articleId }, { rule: 'quiz', articleId: other }], now)
    await tell('person.merged', { kept: persons[5], gone: persons[6] }, now)
    expect([(await wallet(5, now)).balance, (await wallet(6, now)).balance]).toEqual([10, 0])
  })
})
