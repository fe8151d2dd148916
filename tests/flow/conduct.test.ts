import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createConduct, type Conduct } from '../../src/conduct.ts'
import { resolvePersons } from '../../src/book/person/index.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { switchBlock } from '../../src/kernel/tenancy/index.ts'
import { approve, noFillers, saveDraft, submit } from '../../src/retain/article/index.ts'
import { comment, findComment, rate, report } from '../../src/retain/discussion/index.ts'
import { walletOf } from '../../src/retain/points/index.ts'
import { acceptConvention, houseReader, linkedReaders, registerReader, saveProfile, surfaces, trustPhone, type Actor, type CommunityWork } from '../../src/retain/reader/index.ts'
import { openTicket, ticketsOf } from '../../src/restrain/feedback/index.ts'
import { recordOf } from '../../src/restrain/moderation/index.ts'
import { day, hour, minute, start } from '../setup/fixtures.ts'
import { openTestHouse, type TestHouse } from '../setup/test-house.ts'

/** An offender's way through the whole house: held, rejected, silenced at every door, again, with a second account, and a won appeal that puts everything back. */
let t: TestHouse
let app: FastifyInstance
let tenantId = 0
let conduct: Conduct
let articleId = ''
const people = new Map<string, { cookie: string; csrf: string }>()

const workOf = (): CommunityWork => ({ tenantId, now: t.clock.now(), ids: t.ids, random: t.random, emit: (tx, events) => t.house.context.emit(tx, tenantId, events) })
const run = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => t.app(tenantId, work)
const settle = async (ms = 11_000): Promise<void> => { t.clock.advance(ms); await t.house.engine.drain(tenantId) }

beforeAll(async () => {
  t = await openTestHouse()
  tenantId = await t.merchant('tea')
  await run((tx) => Promise.all([switchBlock(tx, tenantId, 'community', true, start), switchBlock(tx, tenantId, 'points', true, start)]))
  await t.house.refresh()
  app = await t.server()
  conduct = createConduct(t.house.context, workOf)
  for (const [login, role] of [['lin', 'moderator'], ['wang', 'moderator'], ['boss', 'owner'], ['provider', 'provider-staff'], ['viewer', 'viewer']]) {
    const userId = await t.house.access.createUser(login, login, null)
    await t.house.access.addMember(tenantId, userId, role)
    const { cookie, session } = await t.house.access.useLink(await t.house.access.createLink(userId))
    people.set(login, { cookie, csrf: session.csrf })
  }
  articleId = await run(async (tx) => {
    const readerId = await houseReader(tx, workOf(), '轻舟茶铺')
    const actor: Actor = { readerId, personId: readerId, surface: 'web' }
    const saved = await saveDraft(tx, workOf(), { actor }, { title: '一泡茶的水温', topics: ['茶'], blocks: [{ type: 'text', html: '<p>一泡茶的水温要看茶的老嫩，老茶用沸水，嫩茶凉一凉再冲。</p>' }] }, null)
    if (saved.kind !== 'saved') throw new Error(saved.kind)
    const desk = { gate: conduct.gate, fillers: noFillers }
    await submit(tx, workOf(), desk, { readerId, name: '' }, saved.articleId, actor)
    await approve(tx, workOf(), desk, { readerId: null, name: 'boss' }, saved.articleId, 1)
    return saved.articleId
  })
  await t.house.engine.drain(tenantId)
})
afterAll(() => t.close())

let readers = 0
/** Registered, phone proved, convention accepted. */
async function reader(phone?: string): Promise<Actor> {
  const n = ++readers
  const actor = await run(async (tx) => {
    const { personIds } = await resolvePersons(tx, tenantId, [{ unionid: `conduct-${n}`, seenAt: start, evidence: 'test' }], t.ids)
    const { readerId } = await registerReader(tx, workOf(), { personId: personIds[0], surface: 'web' })
    return { readerId, personId: personIds[0], surface: 'web' as const }
  })
  await run((tx) => trustPhone(tx, workOf(), { seal: t.seal }, { readerId: actor.readerId, phone: phone ?? `1380000${1000 + n}` }))
  await run((tx) => acceptConvention(tx, workOf(), { readerId: actor.readerId, version: 1, surface: 'web' }))
  await t.house.engine.drain(tenantId)
  return actor
}
const say = (who: Actor, text: string) => run((tx) => comment(tx, workOf(), conduct, who, { articleId, parentId: null, text }))
const pendingOf = async (who: Actor, text: string): Promise<{ commentId: string; caseId: string }> => {
  const made = await say(who, text)
  if (made.kind !== 'pending') throw new Error(JSON.stringify(made))
  return { commentId: made.commentId, caseId: (await run((tx) => findComment(tx, tenantId, made.commentId)))!.caseId! }
}
async function api(login: string, method: 'GET' | 'POST' | 'PUT', path: string, payload?: object): Promise<{ status: number; body: Record<string, any> }> {
  const { cookie, csrf } = people.get(login)!
  const answer = await app.inject({ method, url: `/api/t/tea${path}`, headers: { cookie: `qz_session=${cookie}`, ...(method === 'GET' ? {} : { 'x-csrf': csrf }) }, ...(payload ? { payload } : {}) })
  return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json() }
}
const claimAndDecide = async (login: string, caseId: string, body: object): Promise<string> => {
  const claimed = await api(login, 'POST', '/moderation/claim', { caseId })
  if (claimed.status !== 200) return claimed.body.error.code
  const decided = await api(login, 'POST', `/moderation/cases/${caseId}/decide`, body)
  return decided.body.kind ?? decided.body.error.code
}
const stateOf = async (commentId: string): Promise<string> => (await run((tx) => findComment(tx, tenantId, commentId)))!.state
const balance = async (who: Actor): Promise<number> => { const w = await run((tx) => walletOf(tx, tenantId, who.personId, t.clock.now())); return w.balance + w.vesting }

describe('an offender', () => {
  let offender: Actor
  let first: { commentId: string; caseId: string }

  test('a good comment is approved in the queue and earns; an advertisement is held, rejected with rule and evidence, and silences for a day', async () => {
    offender = await reader('13800009001')
    const good = await pendingOf(offender, '老茶果然要沸水，学到了。')
    expect(await claimAndDecide('lin', good.caseId, { decision: 'pass' })).toBe('settling')
    await settle()
    expect([await stateOf(good.commentId), await balance(offender)]).toEqual(['approved', 10])
    first = await pendingOf(offender, '想要便宜的加微信 tea20268')
    const seen = await api('lin', 'GET', `/moderation/cases/${first.caseId}`)
    expect([seen.body.view.rule.id, seen.body.view.case.evidence[0].found, seen.body.view.history.pieces.length]).toEqual(['3.8', '加微信', 1])
    expect((await api('lin', 'GET', `/moderation/cases/${first.caseId}/ahead?rule=3.8`)).body.reckoning.kind).toBe('silence-1')
    expect(await claimAndDecide('lin', first.caseId, { decision: 'reject', rule: '3.8', reason: '评论里不留联系方式' })).toBe('settling')
    await settle()
    const record = await run((tx) => recordOf(tx, tenantId, conduct.desk, offender.readerId, t.clock.now()))
    expect([await stateOf(first.commentId), record.standing.state, record.penalties[0].kind, record.penalties[0].excerpt]).toEqual(['rejected', 'silenced', 'silence-1', { where: 'text', text: '想要便宜的加微信 tea20268', from: 5, to: 8 }])
    expect(record.standing.until! - record.penalties[0].startsAt).toBe(day)
  })

  test('tries by every door, and is told until when; reports and feedback still go; to the second it is over', async () => {
    const until = (await run((tx) => recordOf(tx, tenantId, conduct.desk, offender.readerId, t.clock.now()))).standing.until!
    for (const surface of surfaces) {
      const who = { ...offender, surface }
      expect(await say(who, '我再说一句')).toMatchObject({ kind: 'not-now', why: 'silenced', until, rule: '3.8' })
      expect(await run((tx) => rate(tx, workOf(), conduct, who, { articleId, stars: 5 }))).toMatchObject({ kind: 'not-now', why: 'silenced' })
      expect(await run((tx) => saveProfile(tx, workOf(), conduct, who, { name: `换个名字${surface}`, bio: '', avatar: null }))).toMatchObject({ kind: 'not-now', why: 'silenced' })
      const draft = await run((tx) => saveDraft(tx, workOf(), { actor: who }, { title: '我的文章', topics: [], blocks: [{ type: 'text', html: '<p>文</p>' }] }, null))
      if (draft.kind === 'saved') expect(await run((tx) => submit(tx, workOf(), { gate: conduct.gate, fillers: noFillers }, { readerId: who.readerId, name: '' }, draft.articleId, who))).toMatchObject({ kind: 'not-now', why: 'silenced' })
    }
    expect((await run((tx) => report(tx, workOf(), conduct, offender, { pieceKind: 'article', pieceId: articleId, reason: 'other', detail: '' }))).kind).toBe('reported')
    expect((await run((tx) => openTicket(tx, workOf(), conduct.feedback, { kind: 'suggestion', readerId: offender.readerId, personId: offender.personId, contact: null, subject: '', text: '字小', about: {}, parentId: null }))).kind).toBe('opened')
    t.clock.set(until - 1)
    expect((await say(offender, '差一毫秒')).kind).toBe('not-now')
    t.clock.set(until)
    expect((await say(offender, '到点了')).kind).toBe('pending')
  })

  test('again: seven days, feathers frozen; with a second account both are found and it is heavier', async () => {
    await settle()
    const again = await pendingOf(offender, '还是那个号，加微信 tea20268')
    await claimAndDecide('wang', again.caseId, { decision: 'reject', rule: '3.8' })
    await settle()
    const silenced = await run((tx) => recordOf(tx, tenantId, conduct.desk, offender.readerId, t.clock.now()))
    expect([silenced.penalties[0].kind, (await run((tx) => walletOf(tx, tenantId, offender.personId, t.clock.now()))).frozen > 0]).toEqual(['silence-7', true])
    // A second account with the same phone: the silence holds for it from its first word.
    const second = await reader('13800009001')
    if (second.readerId === offender.readerId || !(await run((tx) => linkedReaders(tx, tenantId, second.readerId))).includes(offender.readerId)) throw new Error('the accounts were not linked by their phone')
    expect(await say(second, '我是新来的')).toMatchObject({ kind: 'not-now', why: 'silenced' })
    const given = await api('lin', 'POST', '/penalties', { readerId: second.readerId, rule: '3.8', reason: '用新号继续' })
    expect(given.body.penalties.map((row: { readerId: string; kind: string }) => [row.readerId, row.kind])).toEqual([[second.readerId, 'silence-forever'], [offender.readerId, 'silence-forever']])
  })

  test('appeals: the first reviewer may not decide, the provider overturns; comment, feathers and record are back, and the ticket is answered', async () => {
    const somebody = await reader()
    const poem = await pendingOf(somebody, '进群领，是我们茶会的一首歌。')
    await claimAndDecide('wang', poem.caseId, { decision: 'pass' })
    await settle()
    expect([await stateOf(poem.commentId), await balance(somebody)]).toEqual(['approved', 10])
    // A colleague sees it otherwise: taken away, and what it earned with it.
    const { body } = await api('lin', 'POST', '/moderation/cases', { pieceKind: 'comment', pieceId: poem.commentId })
    await claimAndDecide('lin', body.caseId, { decision: 'reject', rule: '3.8' })
    await settle()
    expect([await stateOf(poem.commentId), await balance(somebody)]).toEqual(['removed', 0])
    const { penalties: [penalty] } = await run((tx) => recordOf(tx, tenantId, conduct.desk, somebody.readerId, t.clock.now()))
    const ticket = await run((tx) => openTicket(tx, workOf(), conduct.feedback, { kind: 'appeal', readerId: somebody.readerId, personId: somebody.personId, contact: null, subject: '', text: '那是歌名', about: { penaltyId: penalty.penaltyId }, parentId: null }))
    if (ticket.kind !== 'opened') throw new Error(JSON.stringify(ticket))
    const decide = (login: string, decision: string) => api(login, 'POST', `/appeals/${ticket.appealId}`, { decision, penaltyId: penalty.penaltyId, reason: '确实是歌名。' })
    expect((await decide('lin', 'uphold')).body.error.code).toBe('appeal/same-reviewer')
    expect((await decide('viewer', 'overturn')).status).toBe(403)
    expect((await decide('provider', 'overturn')).body).toEqual({ kind: 'decided', publicNote: null })
    await settle()
    const after = await run((tx) => recordOf(tx, tenantId, conduct.desk, somebody.readerId, t.clock.now()))
    expect([after.standing.state, after.penalties[0].endedWhy, await stateOf(poem.commentId)]).toEqual(['free', 'overturned', 'approved'])
    expect(await balance(somebody)).toBe(10)
    expect((await run((tx) => ticketsOf(tx, tenantId, somebody.readerId)))[0]).toMatchObject({ state: 'answered', entries: [{ body: '结果：撤销。确实是歌名。' }] })
    expect((await say(somebody, '谢谢')).kind).toBe('pending')
  })
})

describe('the console', () => {
  test('evidence goes out only for what the law forbids, by who may, and leaves a trace', async () => {
    const bad = await reader()
    const made = await pendingOf(bad, '真人荷官在线，注册送彩金')
    expect((await api('lin', 'GET', `/moderation/cases/${made.caseId}/evidence`)).body.error.code).toBe('moderation/not-illegal')
    expect([await claimAndDecide('lin', made.caseId, { decision: 'reject', rule: '1.9' }), await claimAndDecide('lin', made.caseId, { decision: 'reject', rule: '1.9' }), await claimAndDecide('wang', made.caseId, { decision: 'reject', rule: '1.9' })]).toEqual(['second', 'moderation/looked-before', 'settling'])
    await settle()
    const file = await api('lin', 'GET', `/moderation/cases/${made.caseId}/evidence`)
    expect([file.body.rule, file.body.text.text, file.body.decisions.map((row: { by: string }) => row.by), /^[0-9a-f]{64}$/.test(file.body.sha256)]).toEqual(['1.9', '真人荷官在线，注册送彩金', ['lin', 'wang'], true])
    const audit = await t.owner.query(`select actor from audit where tenant_id = $1 and action = 'moderation.evidence'`, [tenantId])
    expect(audit.rows).toHaveLength(1)
    expect((await api('viewer', 'GET', `/moderation/cases/${made.caseId}/evidence`)).status).toBe(403)
  })
  test('a new version of the convention: published, in force a minute later, readers accept again, old comments are scanned', async () => {
    const who = await reader()
    const old = await pendingOf(who, '店门朝南，好找。')
    await claimAndDecide('lin', old.caseId, { decision: 'pass' })
    await settle()
    const body = { basedOn: 1, note: '不谈朝向', rules: [{ id: '6.3', addWords: ['朝南'] }] }
    expect((await api('lin', 'POST', '/moderation/convention', body)).status).toBe(403)
    expect((await api('boss', 'POST', '/moderation/convention', { ...body, rules: [{ id: '1.1', machine: 'pass' }] })).body.error.code).toBe('moderation/illegal-stays')
    const published = await api('boss', 'POST', '/moderation/convention', body)
    expect(published.body).toEqual({ version: 2, effectiveAt: t.clock.now() + minute })
    expect((await api('boss', 'POST', '/moderation/convention', body)).body.error.code).toBe('moderation/raced')
    expect((await say(who, '还没生效，照旧')).kind).toBe('pending')
    await settle(2 * minute)
    expect(await say(who, '新版以后')).toMatchObject({ kind: 'not-now', why: 'convention' })
    const queue = await api('lin', 'GET', '/moderation/queue')
    const found = queue.body.rows.find((row: { openedBy: string }) => row.openedBy === 'rescan')
    expect(found).toMatchObject({ rule: '6.3', pieceKind: 'comment' })
    // Taken down, and nobody is punished for words that were allowed when they were written.
    await claimAndDecide('wang', found.caseId, { decision: 'reject', rule: '6.3' })
    await settle()
    expect([await stateOf(old.commentId), (await run((tx) => recordOf(tx, tenantId, conduct.desk, who.readerId, t.clock.now()))).standing.state]).toEqual(['removed', 'free'])
  })
  test('outgoing text: a welcome with a superlative is refused with what it could say; without, it is kept', async () => {
    await run((tx) => switchBlock(tx, tenantId, 'contacts', true, start))
    await t.house.refresh()
    const refused = await api('boss', 'PUT', '/welcome', { text: '欢迎，全网最低价等你。' })
    expect([refused.status, refused.body.error.code, refused.body.error.params.suggestion]).toEqual([422, 'outbound/text-stopped', '欢迎，实惠价等你。'])
    expect((await api('boss', 'PUT', '/welcome', { text: '欢迎，实惠价等你。' })).status).toBe(200)
    expect((await api('boss', 'POST', '/messages/check', { text: '顶级白茶' })).body.findings[0]).toMatchObject({ rule: 'out.superlative', found: '顶级' })
  })
  test('figures for everybody add up', async () => {
    const { body } = await api('boss', 'GET', '/moderation/transparency')
    expect(body.moderation.reports.made).toBe(1)
    expect(body.penalties.appeals).toMatchObject({ made: 1, overturned: 1, missed: 0 })
    expect(body.tickets).toMatchObject({ opened: 2 })
    expect(body.agreement).toMatchObject({ cases: 1 })
    void hour
  })
})
