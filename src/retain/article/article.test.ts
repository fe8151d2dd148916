import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, hour, makeTenant, minute, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { listJobs } from '../../kernel/job/index.ts'
import { balances, checkBalanced } from '../../book/account/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { billsByIds, listPayAlarms, settlePayments, settleRefunds, type PaymentPlatform } from '../../sell/payment/index.ts'
import { makeEvent } from '../../events.ts'
import { pointsSubscriber, walletOf } from '../points/index.ts'
import { allowAllConductGate, registerReader, type Actor, type ConductGate } from '../reader/index.ts'
import {
  answerQuiz, approve, articleBills, articleSteps, askPayout, buy, decideArticle, decidePayout, diffLines, findArticle, findSale, incomeOf, listArticles, listVersions, noFillers, publishScheduled, purchasesOf, quoteSale, readArticle, refundSale,
  relatedArticles, requestSaleRefund, restoreVersion, saveDraft, schedule, submit, versionSteps, withdraw, type ArticleParts, type DraftInput,
} from './index.ts'

let t: TestDb
let tenantId: number
let seed = 0
const work = (at = start) => testWork(tenantId, at, `article-${seed++}`)
const parts: ArticleParts = { gate: allowAllConductGate, fillers: noFillers }
const app = <T>(run: (tx: Tx) => Promise<T>): Promise<T> => t.app(tenantId, run)

beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'articles')
})
afterAll(() => t.close())

let people = 0
function reader(at = start - 30 * day): Promise<Actor> {
  const n = people++
  return app(async (tx) => {
    const { personIds } = await resolvePersons(tx, tenantId, [{ unionid: `union-${n}`, seenAt: at, evidence: 'test' }], work(at).ids)
    const { readerId } = await registerReader(tx, work(at), { personId: personIds[0], surface: 'web' })
    return { readerId, personId: personIds[0], surface: 'web' as const }
  })
}
/** Feathers as a buyer earns them: one for each yuan of an order. */
async function give(actor: Actor, feathers: number): Promise<void> {
  const orderId = `gift-${seed++}`
  await t.owner.query(
    `insert into shop_order (tenant_id, shelf, order_id, person_id, buyer_unknown, status, placed_at, paid_at, goods_fen, freight_fen, discount_fen, paid_fen, refunded_fen, source, lines_digest, version, updated_at)
     values ($1, 'shop', $2, $3, false, 'completed', $4, $4, $5, 0, 0, $5, 0, '{}', '', 1, $4)`, [tenantId, orderId, actor.personId, start, feathers * 100])
  const at = work()
  const event = makeEvent(at.ids, start, 'order.paid', `order/shop/${orderId}`, start, { shelf: 'shop', orderId, personId: actor.personId, paidFen: feathers * 100, lines: 1 })
  await app((tx) => pointsSubscriber(() => true).handle(at, tx, [{ ...event, subscriber: 'retain/points', attempts: 0 }]))
}
const draft = (more: Partial<DraftInput> = {}): DraftInput => ({ title: '茶叶怎么留住老客', topics: ['复购'], blocks: [{ type: 'text', html: '<h2>一</h2><p>先看数。</p>' }], ...more })
const paid = (more: Partial<DraftInput> = {}): DraftInput => draft({ price: { feathers: 30, fen: 990 }, blocks: [{ type: 'text', html: '<p>免费部分</p>' }, { type: 'paywall' }, { type: 'text', html: '<p>秘密打法</p>' }], ...more })
const byReader = (actor: Actor) => ({ readerId: actor.readerId, name: '' })
const editor = { readerId: null, name: 'editor' }
async function saved(author: Actor, input = draft(), at = start): Promise<{ articleId: string; version: number }> {
  const done = await app((tx) => saveDraft(tx, work(at), { actor: author }, input, null))
  if (done.kind !== 'saved') throw new Error(JSON.stringify(done))
  return done
}
async function published(author: Actor, input = draft(), at = start): Promise<string> {
  const { articleId, version } = await saved(author, input, at)
  expect(await app((tx) => submit(tx, work(at), parts, byReader(author), articleId, author))).toEqual({ kind: 'submitted', state: 'submitted' })
  expect(await app((tx) => approve(tx, work(at), parts, editor, articleId, version))).toEqual({ kind: 'approved', published: true })
  return articleId
}
const view = (articleId: string, viewer: Actor | null) => app((tx) => readArticle(tx, tenantId, { articleId }, viewer, parts))
const state = async (articleId: string) => (await app((tx) => listVersions(tx, tenantId, articleId))).map((row) => `${row.version}:${row.state}`)
const gate = (outcome: 'pass' | 'hold' | 'reject'): ConductGate => ({
  ...allowAllConductGate,
  judge: async (_tx, _work, pieces) => pieces.map(() => ({ outcome, caseId: null, category: 7, rule: '7.1', zh: '题文不符', en: 'headline against body', evidence: [] })),
})

describe('drafts and versions', () => {
  test('a draft is cleaned on the way in; the same hand soon after changes it, later makes a version', async () => {
    const author = await reader()
    const first = await app((tx) => saveDraft(tx, work(), { actor: author }, draft({ blocks: [{ type: 'text', html: '<p onclick=x>好<script>alert(1)</script></p>' }] }), null))
    expect(first).toMatchObject({ kind: 'saved', version: 1, dropped: [{ what: 'script', count: 1 }, { what: 'handler', count: 1 }] })
    if (first.kind !== 'saved') return
    const base = { articleId: first.articleId, version: 1 }
    expect(await app((tx) => saveDraft(tx, work(start + 5 * minute), { actor: author }, draft(), base))).toMatchObject({ version: 1 })
    expect(await app((tx) => saveDraft(tx, work(start + hour), { actor: author }, draft({ title: '改过的题' }), base))).toMatchObject({ version: 2 })
    expect(await app((tx) => saveDraft(tx, work(start + hour), { actor: author }, draft(), base))).toMatchObject({ kind: 'changed-elsewhere', latest: 2 })
    const stranger = await reader()
    expect(await app((tx) => saveDraft(tx, work(start + hour), { actor: stranger }, draft(), { ...base, version: 2 }))).toEqual({ kind: 'gone' })
    expect(await app((tx) => restoreVersion(tx, work(start + 2 * hour), editor, first.articleId, 1))).toEqual({ kind: 'saved', version: 3 })
    expect(await state(first.articleId)).toEqual(['3:draft', '2:superseded', '1:superseded'])
  })

  test.each([
    ['no title', draft({ title: ' ' }), '标题'], ['a long title', draft({ title: '长'.repeat(65) }), '标题'], ['nothing in it', draft({ blocks: [] }), '正文'], ['only markup', draft({ blocks: [{ type: 'text', html: '<script>1</script>' }] }), '正文'],
    ['too much text', draft({ blocks: [{ type: 'text', html: `<p>${'字'.repeat(60_001)}</p>` }] }), '正文'], ['a huge paste', draft({ blocks: [{ type: 'text', html: 'x'.repeat(2_000_001) }] }), '正文'],
    ['a price without a paywall', draft({ price: { feathers: 30, fen: null } }), '付费线'], ['a paywall without a price', draft({ blocks: [{ type: 'text', html: '<p>a</p>' }, { type: 'paywall' }, { type: 'text', html: '<p>b</p>' }] }), '付费线'],
    ['a paywall first', paid({ blocks: [{ type: 'paywall' }, { type: 'text', html: '<p>b</p>' }] }), '付费线'], ['two paywalls', paid({ blocks: [{ type: 'text', html: 'a' }, { type: 'paywall' }, { type: 'text', html: 'a' }, { type: 'paywall' }, { type: 'text', html: 'b' }] }), '付费线'],
    ['a negative price', paid({ price: { feathers: -1, fen: null } }), '价格'], ['an image that is not there', draft({ cover: 'a'.repeat(64) }), '图片'],
    ['a quiz with one option', draft({ blocks: [{ type: 'quiz', question: '几个？', options: ['一'], right: 0 }] }), '阅读题 1'], ['a quiz without a right one', draft({ blocks: [{ type: 'quiz', question: '几个？', options: ['一', '二'], right: 2 }] }), '阅读题 1'],
    ['a quiz with equal options', draft({ blocks: [{ type: 'quiz', question: '几个？', options: ['一', ' 一 '], right: 0 }] }), '阅读题 1'], ['a mini program path that is a script', draft({ blocks: [{ type: 'mini', title: 'x', path: 'javascript:alert(1)' }] }), '小程序卡片'],
    ['too many topics', draft({ topics: ['a', 'b', 'c', 'd', 'e', 'f'] }), '话题'], ['a block that is none', { ...draft(), blocks: [{ type: 'html', html: 'x' }] } as unknown as DraftInput, 'blocks.0.type'],
  ])('%s is refused with the place', async (_name, input, where) => {
    const author = await reader()
    expect(await app((tx) => saveDraft(tx, work(), { actor: author }, input, null))).toMatchObject({ kind: 'wrong', problems: expect.arrayContaining([expect.objectContaining({ where })]) })
  })

  test('the difference of two versions, line by line', () => {
    expect(diffLines('a\nb\nc\nd', 'a\nc\nx\nd').map((line) => `${{ same: ' ', added: '+', removed: '-' }[line.op]}${line.text}`)).toEqual([' a', '-b', ' c', '+x', ' d'])
    expect(diffLines('a', 'a')).toEqual([{ op: 'same', text: 'a' }])
    const [long, longer] = [Array.from({ length: 5_000 }, (_, n) => `a${n}`).join('\n'), Array.from({ length: 5_000 }, (_, n) => `b${n}`).join('\n')]
    expect(diffLines(long, longer)).toHaveLength(10_000)
  })

  test('steps lead to known states, and what was taken away for cause comes back only by being restored', () => {
    for (const steps of Object.values(versionSteps)) for (const next of Object.values(steps)) expect(Object.keys(versionSteps)).toContain(next)
    for (const steps of Object.values(articleSteps)) for (const next of Object.values(steps)) expect(Object.keys(articleSteps)).toContain(next)
    expect(articleSteps.removed.publish).toBeUndefined()
    expect(versionSteps.draft.publish).toBeUndefined()
  })
})

describe('from submitting to readers', () => {
  test("a reader's article is seen by nobody until it passed the convention and the house", async () => {
    const author = await reader()
    const { articleId, version } = await saved(author)
    expect(await view(articleId, null)).toBeUndefined()
    expect(await app((tx) => approve(tx, work(), parts, editor, articleId, version))).toEqual({ kind: 'wrong-state', state: 'draft' })
    expect(await app((tx) => schedule(tx, work(), parts, articleId, version, start, null))).toEqual({ kind: 'wrong-state', state: 'draft' })
    await app((tx) => submit(tx, work(), parts, byReader(author), articleId, author))
    expect(await view(articleId, author)).toBeUndefined()
    const at = work()
    await app((tx) => approve(tx, at, parts, editor, articleId, version))
    expect(at.told.map((event) => event.name)).toEqual(['article.published'])
    expect(await view(articleId, null)).toMatchObject({ title: '茶叶怎么留住老客', minutes: 1, mine: false, locked: null, version: 1, author: { readerId: author.readerId } })
    expect((await app((tx) => listArticles(tx, tenantId, { order: 'newest', topic: '复购', limit: 5 }))).rows.map((row) => row.articleId)).toContain(articleId)
  })

  test('what the convention refuses is told; what it holds waits for its queue and not for the house', async () => {
    const author = await reader()
    const { articleId, version } = await saved(author)
    expect(await app((tx) => submit(tx, work(), { ...parts, gate: gate('reject') }, byReader(author), articleId, author))).toMatchObject({ kind: 'rejected', rule: '7.1', zh: '题文不符' })
    expect(await state(articleId)).toEqual(['1:rejected'])
    await app((tx) => saveDraft(tx, work(start + hour), { actor: author }, draft({ title: '好好写的题' }), { articleId, version }))
    expect(await app((tx) => submit(tx, work(start + hour), { ...parts, gate: gate('hold') }, byReader(author), articleId, author))).toEqual({ kind: 'submitted', state: 'held' })
    expect(await app((tx) => approve(tx, work(), parts, editor, articleId, 2))).toEqual({ kind: 'wrong-state', state: 'held' })
    await app((tx) => decideArticle(tx, work(), parts, { pieceId: articleId, version: 2, decision: 'approve', rule: null }))
    expect(await state(articleId)).toEqual(['2:submitted', '1:superseded'])
    await app((tx) => approve(tx, work(), parts, editor, articleId, 2))
    await app((tx) => decideArticle(tx, work(), parts, { pieceId: articleId, version: 2, decision: 'remove', rule: '3.1' }))
    expect(await view(articleId, author)).toBeUndefined()
    // A new version does not bring it back.
    await app((tx) => saveDraft(tx, work(start + 3 * hour), { actor: author }, draft(), { articleId, version: 2 }))
    await app((tx) => submit(tx, work(start + 3 * hour), parts, byReader(author), articleId, author))
    expect(await app((tx) => approve(tx, work(), parts, editor, articleId, 3))).toEqual({ kind: 'approved', published: false })
    await app((tx) => decideArticle(tx, work(), parts, { pieceId: articleId, version: 2, decision: 'restore', rule: null }))
    expect(await view(articleId, null)).toMatchObject({ version: 2 })
  })

  test('who may not act does not submit, and a schedule of theirs waits until they may', async () => {
    const author = await reader()
    const silence: ConductGate = { ...allowAllConductGate, mayAct: async (_tx, _tenant, _reader, _act, _surface, now) => (now < start + 3 * day ? { ok: false, why: 'silenced', until: start + 3 * day, penaltyId: null, rule: '3.1' } : { ok: true }) }
    const { articleId } = await saved(author)
    expect(await app((tx) => submit(tx, work(), { ...parts, gate: silence }, byReader(author), articleId, author))).toMatchObject({ kind: 'not-now', why: 'silenced', until: start + 3 * day })
    const staff = await app((tx) => saveDraft(tx, work(), { staff: 'me', authorReaderId: author.readerId }, draft(), null))
    if (staff.kind !== 'saved') throw new Error('not saved')
    expect(await app((tx) => submit(tx, work(), parts, editor, staff.articleId, null))).toEqual({ kind: 'submitted', state: 'approved' })
    expect(await app((tx) => schedule(tx, work(), parts, staff.articleId, 1, start + day, null))).toEqual({ kind: 'scheduled', at: start + day })
    const [job] = (await app((tx) => listJobs(tx, tenantId))).filter((one) => one.kind === 'article.publish')
    const run = (at: number) => app((tx) => publishScheduled({ ...parts, gate: silence }).run(work(at), tx, job, undefined))
    expect(await run(start + day)).toMatchObject({ dueAt: start + 3 * day })
    expect(await view(staff.articleId, null)).toBeUndefined()
    expect(await run(start + 3 * day)).toBeNull()
    expect(await view(staff.articleId, null)).toMatchObject({ publishedAt: start + 3 * day })
    expect(await run(start + 3 * day)).toBeNull()
  })

  test('related: shared topics first, then what is read', async () => {
    const ids: string[] = []
    for (const topics of [['甲', '乙'], ['甲', '乙'], ['甲'], ['丙']]) ids.push(await published(await reader(), draft({ topics, title: `相关 ${topics.join('')}` })))
    expect((await app((tx) => relatedArticles(tx, tenantId, ids[0], 5))).map((card) => card.articleId)).toEqual([ids[1], ids[2]])
  })

  test('pages by key: every article once, in order, whatever is published meanwhile', async () => {
    const author = await reader()
    const made: string[] = []
    for (let n = 0; n < 7; n++) made.push(await published(author, draft({ title: `第 ${n} 篇` }), start + n * hour))
    const seen: string[] = []
    let after: { at: number; id: string } | undefined
    for (let page = 0; page < 5; page++) {
      const got = await app((tx) => listArticles(tx, tenantId, { order: 'newest', authorReaderId: author.readerId, limit: 3, after }))
      seen.push(...got.rows.map((row) => row.articleId))
      if (page === 0) await published(author, draft({ title: '插进来的' }), start + day)
      if (got.next === null) break
      after = got.next
    }
    expect(seen).toEqual([...made].reverse())
  })
})

describe('the quiz', () => {
  const quiz = draft({ blocks: [{ type: 'text', html: '<h2>一</h2><p>文</p>' }, { type: 'quiz', key: 'a', question: '几？', options: ['一', '二'], right: 1, section: 3 }, { type: 'quiz', key: 'b', question: '谁？', options: ['甲', '乙', '丙'], right: 0 }] })

  test('the right option never leaves the server; right once is right for ever, for the person', async () => {
    const articleId = await published(await reader(), quiz)
    const me = await reader()
    expect(JSON.stringify(await view(articleId, me))).not.toContain('right')
    const answer = (answers: Record<string, number>, at = start) => {
      const desk = work(at)
      return app((tx) => answerQuiz(tx, desk, parts, me, { articleId, answers })).then((got) => ({ got, told: desk.told.map((event) => event.name) }))
    }
    expect((await answer({ a: 0, b: 0 })).got).toEqual({ kind: 'wrong', wrong: [{ key: 'a', section: 3 }], retryAt: start + 10 * minute })
    expect((await answer({ a: 1, b: 0 })).got).toEqual({ kind: 'too-soon', retryAt: start + 10 * minute })
    expect(await answer({ a: 1, b: 0 }, start + 10 * minute)).toEqual({ got: { kind: 'right', first: true }, told: ['quiz.passed'] })
    expect(await answer({ a: 0, b: 0 }, start + hour)).toEqual({ got: { kind: 'right', first: false }, told: [] })
    expect(await view(articleId, me)).toMatchObject({ quiz: { questions: 2, passedAt: start + 10 * minute } })
  })

  test('ten answers at once pass once', async () => {
    const articleId = await published(await reader(), quiz)
    const me = await reader()
    const desks = Array.from({ length: 10 }, () => work())
    const got = await Promise.all(desks.map((desk) => app((tx) => answerQuiz(tx, desk, parts, me, { articleId, answers: { a: 1, b: 0 } }))))
    expect(got.filter((one) => one.kind === 'right' && one.first)).toHaveLength(1)
    expect(desks.flatMap((desk) => desk.told)).toHaveLength(1)
  })
})

describe('paid articles', () => {
  const pay = { payConnectionId: '00000000-0000-7000-8000-0000000000aa', miniConnectionId: '00000000-0000-7000-8000-0000000000bb' }
  const platform = (): PaymentPlatform => {
    const self: PaymentPlatform = { db: t.db, call: async () => ({ kind: 'no-answer', text: '' }), accountOf: () => '1900000001', merchantKey: () => '', notifyUrl: () => 'https://x.example/notify/k', nonce: () => 'n' }
    self.bills = { article: articleBills(self) } as unknown as PaymentPlatform['bills']
    return self
  }
  const notice = (billId: string, totalFen: number, transactionId = 'tx-1') => app((tx) => settlePayments(tx, work(start + minute), platform(), [{ number: billId, transactionId, paidAt: start + minute, totalFen, currency: 'CNY', coupons: [] }], 'callback'))
  const fen = async (account: string) => app(async (tx) => Number((await balances(tx, tenantId, account)).find((row) => row.account === account && row.unit === 'fen')?.amount ?? 0))

  test('the paid part is not sent to who has not bought it, not even its text', async () => {
    const author = await reader()
    const articleId = await published(author, paid())
    const shown = await view(articleId, await reader())
    expect(shown).toMatchObject({ bought: false, locked: { blocks: 1, words: 4, price: { feathers: 30, fen: 990 } } })
    expect(JSON.stringify(shown)).not.toContain('秘密')
    expect(JSON.stringify(await view(articleId, author))).toContain('秘密')
  })

  test('short by so much, with ways to earn; then bought once, however often it is asked at once', async () => {
    const author = await reader()
    const articleId = await published(author, paid())
    const me = await reader()
    await give(me, 25)
    expect(await app((tx) => quoteSale(tx, work(), { payReady: true }, me, articleId))).toMatchObject({ kind: 'quote', title: '茶叶怎么留住老客', balance: 25, short: 5, canPayMoney: true })
    const short = await app((tx) => buy(tx, work(), { pay: undefined }, me, { articleId, by: 'feathers', expected: 30 }))
    expect(short).toMatchObject({ kind: 'short', balance: 25, short: 5 })
    expect(short.kind === 'short' && short.waysToEarn.length).toBeGreaterThan(0)
    expect(await app((tx) => buy(tx, work(), { pay: undefined }, me, { articleId, by: 'feathers', expected: 20 }))).toMatchObject({ kind: 'price-changed', price: { feathers: 30 } })
    await give(me, 15)
    const bought = await Promise.all(Array.from({ length: 6 }, () => app((tx) => buy(tx, work(), { pay: undefined }, me, { articleId, by: 'feathers', expected: 30 }))))
    expect(bought.every((one) => one.kind === 'bought')).toBe(true)
    expect(new Set(bought.map((one) => (one.kind === 'bought' ? one.saleId : ''))).size).toBe(1)
    expect((await app((tx) => walletOf(tx, tenantId, me.personId, start))).balance).toBe(10)
    expect(JSON.stringify(await view(articleId, me))).toContain('秘密')
    expect(await app((tx) => incomeOf(tx, tenantId, author.personId, start))).toMatchObject({ sales: 1, feathers: 24 })
    expect(await app((tx) => buy(tx, work(), { pay: undefined }, author, { articleId, by: 'feathers', expected: 30 }))).toEqual({ kind: 'own' })
  })

  test('given back within a day: feathers and access return to where they were; later, or after the quiz, not', async () => {
    const author = await reader()
    const articleId = await published(author, paid())
    const me = await reader()
    await give(me, 30)
    const bought = await app((tx) => buy(tx, work(), { pay: undefined }, me, { articleId, by: 'feathers', expected: 30 }))
    if (bought.kind !== 'bought') throw new Error(bought.kind)
    const back = (at: number, who: Actor = me) => app((tx) => refundSale(tx, work(at), { saleId: bought.saleId, personId: who.personId, reason: '不合适' }))
    expect(await back(start + day)).toMatchObject({ kind: 'refused', why: 'too-late' })
    expect(await back(start + hour, author)).toMatchObject({ kind: 'refused', why: 'not-yours' })
    expect(await back(start + day - 1)).toEqual({ kind: 'refunded' })
    expect(await back(start + hour)).toMatchObject({ kind: 'refused', why: 'not-paid' })
    expect((await app((tx) => walletOf(tx, tenantId, me.personId, start + day))).balance).toBe(30)
    expect(JSON.stringify(await view(articleId, me))).not.toContain('秘密')
    expect(await app((tx) => incomeOf(tx, tenantId, author.personId, start + day))).toMatchObject({ sales: 0, feathers: 0 })
    expect((await app((tx) => purchasesOf(tx, tenantId, me.personId, null, 10))).map((row) => row.state)).toEqual(['refunded'])
  })

  test('one payment told twice, and told by asking too, is one sale; the author and the house share the price to the fen', async () => {
    const author = await reader()
    const articleId = await published(author, paid())
    const me = await reader()
    const begun = await app((tx) => buy(tx, work(), { pay }, me, { articleId, by: 'money', expected: 990 }))
    if (begun.kind !== 'pay') throw new Error(begun.kind)
    expect(await app((tx) => buy(tx, work(), { pay }, me, { articleId, by: 'money', expected: 990 }))).toMatchObject({ kind: 'pay', saleId: begun.saleId })
    const billId = (await app((tx) => findSale(tx, tenantId, begun.saleId)))!.billId!
    const before = [await fen('till:article'), await fen('sales:article')]
    await notice(billId, 990)
    await notice(billId, 990)
    await Promise.all([notice(billId, 990), notice(billId, 990)])
    expect(await app((tx) => findSale(tx, tenantId, begun.saleId))).toMatchObject({ state: 'paid', paidAt: start + minute })
    expect([await fen('till:article') - before[0], await fen('sales:article') - before[1], await fen(`author:${author.personId}`)]).toEqual([990, -198, -792])
    expect(await app((tx) => incomeOf(tx, tenantId, author.personId, start + hour))).toMatchObject({ sales: 1, earnedFen: 792, settlingFen: 792, payableFen: 0 })
    expect(await app((tx) => incomeOf(tx, tenantId, author.personId, start + 2 * day))).toMatchObject({ settlingFen: 0, payableFen: 792 })
    expect((await app((tx) => findArticle(tx, tenantId, articleId)))?.state).toBe('published')
    expect(await view(articleId, me)).toMatchObject({ bought: true, counts: { sales: 1 } })
    expect(await app((tx) => checkBalanced(tx, tenantId))).toEqual([])
  })

  test('control: another amount is not booked', async () => {
    const articleId = await published(await reader(), paid())
    const me = await reader()
    const begun = await app((tx) => buy(tx, work(), { pay }, me, { articleId, by: 'money', expected: 990 }))
    if (begun.kind !== 'pay') throw new Error(begun.kind)
    await notice((await app((tx) => findSale(tx, tenantId, begun.saleId)))!.billId!, 991)
    expect(await app((tx) => findSale(tx, tenantId, begun.saleId))).toMatchObject({ state: 'unpaid', paidAt: null })
  })

  test('money that comes when the article was bought another way meanwhile goes back; the sale is one', async () => {
    const articleId = await published(await reader(), paid())
    const me = await reader()
    await give(me, 30)
    const begun = await app((tx) => buy(tx, work(), { pay }, me, { articleId, by: 'money', expected: 990 }))
    if (begun.kind !== 'pay') throw new Error(begun.kind)
    const { billId } = (await app((tx) => findSale(tx, tenantId, begun.saleId)))!
    const bill = (await app((tx) => billsByIds(tx, tenantId, [billId!]))).get(billId!)!
    await app((tx) => articleBills(platform()).closed(tx, work(), bill))
    expect(await app((tx) => buy(tx, work(), { pay }, me, { articleId, by: 'feathers', expected: 30 }))).toMatchObject({ kind: 'bought' })
    await notice(billId!, 990, 'tx-late')
    expect(await app((tx) => findSale(tx, tenantId, begun.saleId))).toMatchObject({ state: 'closed' })
    const rows = await t.owner.query(`select request->>'reason' as reason from outbox where tenant_id = $1 and endpoint = 'pay.refund.create' order by created_at desc limit 1`, [tenantId])
    expect(rows.rows).toEqual([{ reason: '已用别的方式买过，原路退回' }])
  })

  test('money back: the ledger turns round when the platform says so, and only then', async () => {
    const author = await reader()
    const articleId = await published(author, paid())
    const me = await reader()
    const begun = await app((tx) => buy(tx, work(), { pay }, me, { articleId, by: 'money', expected: 990 }))
    if (begun.kind !== 'pay') throw new Error(begun.kind)
    const { billId } = (await app((tx) => findSale(tx, tenantId, begun.saleId)))!
    await notice(billId!, 990)
    const asked = await app(async (tx) => {
      const done = await refundSale(tx, work(start + hour), { saleId: begun.saleId, personId: me.personId, reason: '不合适' })
      if (done.kind === 'refunding') await requestSaleRefund(tx, work(start + hour), platform(), done.sale)
      return done
    })
    expect(asked.kind).toBe('refunding')
    expect(await fen(`author:${author.personId}`)).toBe(-792)
    // Closed without money: the buyer still has it, a person is told, and it can be asked for again.
    const [{ refundId }] = (await t.owner.query(`select request->>'out_refund_no' as "refundId" from outbox where tenant_id = $1 and endpoint = 'pay.refund.create' and request->>'out_trade_no' = $2`, [tenantId, billId])).rows as Array<{ refundId: string }>
    await app((tx) => settleRefunds(tx, work(start + hour), { ...platform(), bills: { article: articleBills(platform()) } as never }, [{ refundId, status: 'CLOSED', finishedAt: start + hour }], 'callback'))
    expect([await fen(`author:${author.personId}`), (await app((tx) => findSale(tx, tenantId, begun.saleId)))?.state, (await view(articleId, me))?.bought]).toEqual([-792, 'paid', true])
    expect(await app((tx) => listPayAlarms(tx, tenantId, true, 5))).toContainEqual(expect.objectContaining({ kind: 'refund-abnormal', number: refundId }))
    expect(await app((tx) => refundSale(tx, work(start + hour), { saleId: begun.saleId, personId: me.personId, reason: '再退一次' }))).toMatchObject({ kind: 'refunding' })
    const bill = (await app((tx) => billsByIds(tx, tenantId, [billId!]))).get(billId!)!
    for (let n = 0; n < 2; n++) await app((tx) => articleBills(platform()).refunded(tx, work(start + 2 * hour), bill))
    expect([await fen(`author:${author.personId}`), (await app((tx) => findSale(tx, tenantId, begun.saleId)))?.state]).toEqual([0, 'refunded'])
    expect(await view(articleId, me)).toMatchObject({ bought: false })
  })

  test('what is payable is paid once: two who ask at once for all of it get it once', async () => {
    const author = await reader()
    const articleId = await published(author, paid({ price: { feathers: null, fen: 10_000 } }))
    for (let n = 0; n < 2; n++) {
      const me = await reader()
      const begun = await app((tx) => buy(tx, work(), { pay }, me, { articleId, by: 'money', expected: 10_000 }))
      if (begun.kind !== 'pay') throw new Error(begun.kind)
      await notice((await app((tx) => findSale(tx, tenantId, begun.saleId)))!.billId!, 10_000, `tx-payout-${n}`)
    }
    const later = start + 3 * day
    expect(await app((tx) => askPayout(tx, work(later), author, 4_999))).toEqual({ kind: 'too-little', leastFen: 5_000 })
    const asked = await Promise.all(Array.from({ length: 4 }, () => app((tx) => askPayout(tx, work(later), author, 9_000))))
    expect(asked.map((one) => one.kind).sort()).toEqual(['asked', 'too-much', 'too-much', 'too-much'])
    const payoutId = asked.flatMap((one) => (one.kind === 'asked' ? [one.payoutId] : []))[0]
    const decide = (yes: boolean) => app((tx) => decidePayout(tx, work(later), { payoutId, paid: yes, by: 'owner', proof: 'T-1', reason: null }))
    expect((await Promise.all([decide(true), decide(false)])).map((one) => one.kind).sort()).toEqual(['decided', 'done'])
    const income = await app((tx) => incomeOf(tx, tenantId, author.personId, later))
    expect(income.payableFen + income.paidFen + income.askedFen).toBe(16_000)
    expect(await app((tx) => checkBalanced(tx, tenantId))).toEqual([])
  })

  test('taken down, it stays readable for who bought it; its author gone, it stays under another name', async () => {
    const author = await reader()
    const articleId = await published(author, paid())
    const me = await reader()
    await give(me, 30)
    await app((tx) => buy(tx, work(), { pay: undefined }, me, { articleId, by: 'feathers', expected: 30 }))
    await app((tx) => withdraw(tx, work(), articleId, author))
    expect(await view(articleId, await reader())).toBeUndefined()
    expect(JSON.stringify(await view(articleId, me))).toContain('秘密')
    await t.owner.query(`update reader set state = 'erased', name = '' where tenant_id = $1 and reader_id = $2`, [tenantId, author.readerId])
    expect(await view(articleId, me)).toMatchObject({ author: { name: '已注销', gone: true } })
  })
})
