import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, hour, makeTenant, minute, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { writeSetting } from '../../kernel/tenancy/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { approve, countsOf, heatOf, listArticles, noFillers, saveDraft, submit } from '../article/index.ts'
import { allowAllConductGate, readerOf, registerReader, saveReaderSettings, type Actor, type ConductGate, type ReaderAct } from '../reader/index.ts'
import {
  beginRead, comment, commentSteps, commentsOf, commentsSetting, decideComments, enoughVotes, favourite, favouritesOf, finishRead, follow, friendsRead, leaveCommunity, listComments, listThread, mineOf, openShare, plainText, rate, ratingSums, report, reportsOf,
  ripenRatings, share, shrunkenMean, weightOf,
} from './index.ts'

let t: TestDb
let tenantId: number
let seed = 0
const seal = createSeal(Buffer.alloc(32, 7), seededRandom('seal'))
const gate = allowAllConductGate
const parts = { gate, seal }
const work = (at = start) => testWork(tenantId, at, `talk-${seed++}`)
const app = <T>(run: (tx: Tx) => Promise<T>): Promise<T> => t.app(tenantId, run)

beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'talk')
})
afterAll(() => t.close())

let people = 0
function reader(at = start - 30 * day, deviceKey?: string): Promise<Actor> {
  const n = people++
  return app(async (tx) => {
    const { personIds } = await resolvePersons(tx, tenantId, [{ unionid: `union-${n}`, seenAt: at, evidence: 'test' }], work(at).ids)
    const { readerId } = await registerReader(tx, work(at), { personId: personIds[0], surface: 'web', deviceKey })
    return { readerId, personId: personIds[0], surface: 'web' as const }
  })
}
const many = async (n: number, at?: number): Promise<Actor[]> => {
  const all: Actor[] = []
  for (let i = 0; i < n; i++) all.push(await reader(at))
  return all
}
async function article(author?: Actor, text = '<p>文</p>'): Promise<{ articleId: string; author: Actor }> {
  const by = author ?? (await reader())
  const desk = { gate, fillers: noFillers }
  const saved = await app((tx) => saveDraft(tx, work(), { actor: by }, { title: '一篇', topics: ['题'], blocks: [{ type: 'text', html: text }] }, null))
  if (saved.kind !== 'saved') throw new Error(JSON.stringify(saved))
  await app((tx) => submit(tx, work(), desk, { readerId: by.readerId, name: '' }, saved.articleId, by))
  await app((tx) => approve(tx, work(), desk, { readerId: null, name: 'e' }, saved.articleId, 1))
  return { articleId: saved.articleId, author: by }
}
const counts = async (articleId: string) => (await app((tx) => countsOf(tx, tenantId, articleId)))!
const say = (who: Actor, articleId: string, text = '好', parentId: string | null = null, at = start) => app((tx) => comment(tx, work(at), { gate }, who, { articleId, parentId, text }))
const decide = (commentIds: string[], decision: 'approve' | 'reject' | 'remove' | 'restore') => {
  const desk = work()
  return app((tx) => decideComments(tx, desk, { commentIds, decision, by: 'm', reason: '' })).then((changed) => ({ changed, told: desk.told.map((event) => event.payload.state) }))
}
const idOf = (made: Awaited<ReturnType<typeof say>>): string => ('commentId' in made ? made.commentId : '')

describe('comments', () => {
  test('a comment waits, is seen by who wrote it, and by all after it was decided', async () => {
    const { articleId } = await article()
    const me = await reader()
    const made = await say(me, articleId, '  第一行\r\n\r\n\r\n第二行\u202e ')
    expect(made.kind).toBe('pending')
    const list = (viewer: Actor | null) => app((tx) => listComments(tx, tenantId, { articleId, viewer: viewer?.readerId ?? null, limit: 10, answers: 3 })).then((got) => got.rows.map((row) => [row.text, row.state, row.mine]))
    expect(await list(null)).toEqual([])
    expect(await list(me)).toEqual([['第一行\n\n第二行', 'pending', true]])
    expect(await decide([idOf(made)], 'approve')).toEqual({ changed: [idOf(made)], told: ['approved'] })
    expect(await decide([idOf(made)], 'approve')).toEqual({ changed: [], told: [] })
    expect(await list(null)).toEqual([['第一行\n\n第二行', 'approved', false]])
    expect((await counts(articleId)).comments).toBe(1)
  })

  test('markup in a comment is text, and what cannot be seen is not kept', () => {
    expect(plainText('<script>alert(1)</script>')).toBe('<script>alert(1)</script>')
    expect(plainText('a\u200bb\u0000c\u2028d')).toBe('abcd')
  })

  test('an empty one, a huge one, one to nothing', async () => {
    const { articleId } = await article()
    const me = await reader()
    expect((await say(me, articleId, ' \u200b ')).kind).toBe('empty')
    expect((await say(me, articleId, '字'.repeat(1_001))).kind).toBe('too-long')
    expect((await say(me, articleId, 'x'.repeat(5_000_000))).kind).toBe('too-long')
    expect((await say(me, '00000000-0000-7000-8000-000000000000')).kind).toBe('gone')
    const other = await article()
    const there = await say(me, other.articleId)
    expect((await say(me, articleId, '答', idOf(there))).kind).toBe('gone')
  })

  test('threads: answers below their first comment, oldest first, with whom they answer; a removed one stays as a place', async () => {
    const { articleId } = await article()
    const [a, b] = [await reader(), await reader()]
    const root = idOf(await say(a, articleId, '问'))
    await decide([root], 'approve')
    const first = idOf(await say(b, articleId, '答', root, start + minute))
    await decide([first], 'approve')
    const second = idOf(await say(a, articleId, '再问', first, start + 2 * minute))
    await decide([second], 'approve')
    const shown = await app((tx) => listComments(tx, tenantId, { articleId, viewer: null, limit: 10, answers: 1 }))
    expect(shown.rows.map((row) => [row.text, row.replies, row.thread.map((one) => one.text)])).toEqual([['问', 2, ['答']]])
    expect((await app((tx) => listThread(tx, tenantId, { rootId: root, viewer: null, limit: 10 }))).rows.map((row) => [row.text, row.answers?.readerId ?? null])).toEqual([['答', null], ['再问', b.readerId]])
    expect(await decide([root], 'remove')).toEqual({ changed: [root], told: ['removed'] })
    expect((await app((tx) => listComments(tx, tenantId, { articleId, viewer: null, limit: 10, answers: 3 }))).rows.map((row) => [row.text, row.state, row.thread.length])).toEqual([['', 'removed', 2]])
    expect(await decide([root], 'restore')).toEqual({ changed: [root], told: ['restored'] })
    expect((await counts(articleId)).comments).toBe(3)
  })

  test('what the convention refuses is refused at once and told; where the merchant lets it, what passes is shown at once', async () => {
    const { articleId } = await article()
    const me = await reader()
    const strict: ConductGate = { ...gate, judge: async (_tx, _work, pieces) => pieces.map(() => ({ outcome: 'reject', caseId: null, category: 3, rule: '3.1', zh: '广告', en: 'an advertisement', evidence: [] })) }
    const desk = work()
    expect(await app((tx) => comment(tx, desk, { gate: strict }, me, { articleId, parentId: null, text: '加我微信' }))).toMatchObject({ kind: 'rejected', rule: '3.1', zh: '广告' })
    expect(desk.told.map((event) => [event.name, event.payload.state])).toEqual([['comment.decided', 'rejected']])
    await app((tx) => writeSetting(tx, tenantId, commentsSetting, 'convention', start))
    expect((await say(me, articleId)).kind).toBe('approved')
    await app((tx) => writeSetting(tx, tenantId, commentsSetting, 'queue', start))
  })

  test('who may not act does not: for every act, through every door; reading and keeping for oneself go on', async () => {
    const { articleId } = await article()
    const me = await reader()
    const asked: Array<[ReaderAct, string]> = []
    const closed: ConductGate = { ...gate, mayAct: async (_tx, _tenant, _reader, act, surface) => (asked.push([act, surface]), { ok: false, why: 'silenced', until: start + day, penaltyId: null, rule: '3.1' }) }
    for (const surface of ['web', 'mini', 'api', 'wecom'] as const) {
      const actor = { ...me, surface }
      for (const done of [
        await app((tx) => comment(tx, work(), { gate: closed }, actor, { articleId, parentId: null, text: '好' })), await app((tx) => rate(tx, work(), { gate: closed }, actor, { articleId, stars: 5 })),
        await app((tx) => share(tx, work(), { gate: closed }, actor, { articleId })), await app((tx) => report(tx, work(), { gate: closed }, actor, { pieceKind: 'article', pieceId: articleId, reason: 'spam', detail: '' })),
      ]) expect(done).toMatchObject({ kind: 'not-now', why: 'silenced', until: start + day })
    }
    expect(asked).toHaveLength(16)
    expect(await app((tx) => favourite(tx, work(), me, { articleId, on: true }))).toMatchObject({ kind: 'done' })
    expect(await app((tx) => beginRead(tx, work(), parts, { articleId, deviceKey: 'd', surface: 'web' }))).toBeDefined()
  })

  test('every decision leads to a known state', () => {
    for (const steps of Object.values(commentSteps)) for (const next of Object.values(steps)) expect(Object.keys(commentSteps)).toContain(next)
  })
})

describe('the mean of ratings', () => {
  const full = (stars: number, n: number) => [1000 * n, 1000 * n * stars] as const
  const sum = (...votes: Array<readonly [number, number]>) => shrunkenMean(votes.reduce((total, [w]) => total + w, 0), votes.reduce((total, [, s]) => total + s, 0))
  test.each([
    ['nobody', sum(), 0], ['one full vote of 5', sum(full(5, 1)), 3750], ['ten of 5', sum(full(5, 10)), 4500], ['ten of 1', sum(full(1, 10)), 1833], ['a hundred of 5', sum(full(5, 100)), 4929],
    ['ten of 5 and fifty accounts of today with 1', sum(full(5, 10), [0, 0]), 4500], ['ten of 5 and fifty linked accounts with 1, which weigh as one', sum(full(5, 10), full(1, 1)), 4281], ['a vote without reading', sum([250, 250 * 1]), 3381],
  ])('%s: %i thousandths', (_name, found, expected) => expect(found).toBe(expected))

  test('what a vote weighs', () => {
    const facts = { accountAt: start, now: start + 30 * day, keptRead: true, linkedToAuthor: false, linkedBefore: false, open: true }
    expect(weightOf(facts)).toEqual({ weight: 1000, ripensAt: null })
    expect(weightOf({ ...facts, keptRead: false })).toEqual({ weight: 250, ripensAt: null })
    expect(weightOf({ ...facts, now: start + day - 1 })).toEqual({ weight: 0, ripensAt: start + day })
    expect(weightOf({ ...facts, now: start + day })).toEqual({ weight: 500, ripensAt: start + 7 * day })
    expect(weightOf({ ...facts, now: start + 7 * day })).toEqual({ weight: 1000, ripensAt: null })
    for (const no of [{ linkedToAuthor: true }, { linkedBefore: true }, { open: false }]) expect(weightOf({ ...facts, ...no }).weight).toBe(0)
    expect(enoughVotes).toBe(3)
  })

  test('the author does not rate the own article, nor does an account linked with the author weigh anything', async () => {
    const author = await reader(start - 30 * day, 'phone-1')
    const second = await reader(start - 30 * day, 'phone-1')
    const { articleId } = await article(author)
    expect(await app((tx) => rate(tx, work(), { gate }, author, { articleId, stars: 5 }))).toEqual({ kind: 'own' })
    expect(await app((tx) => rate(tx, work(), { gate }, second, { articleId, stars: 5 }))).toMatchObject({ kind: 'rated', rating: 0, ratings: 0 })
  })

  test('of linked accounts one vote counts, the first; the others change nothing', async () => {
    const { articleId } = await article()
    const honest = await many(2)
    for (const one of honest) await app((tx) => rate(tx, work(), { gate }, one, { articleId, stars: 5 }))
    const before = await counts(articleId)
    const ring: Actor[] = []
    for (let n = 0; n < 5; n++) ring.push(await reader(start - 30 * day, 'phone-ring'))
    for (const one of ring) await app((tx) => rate(tx, work(), { gate }, one, { articleId, stars: 1 }))
    const after = await counts(articleId)
    expect([after.ratings - before.ratings, after.ratingWeight - before.ratingWeight]).toEqual([1, 250])
  })

  test('a rating is one for each reader, changed as often as wished, and weighs more once the article was read', async () => {
    const { articleId } = await article()
    const me = await reader()
    for (const stars of [1, 5, 3, 4]) await app((tx) => rate(tx, work(), { gate }, me, { articleId, stars }))
    expect(await counts(articleId)).toMatchObject({ ratings: 1, ratingWeight: 250 })
    const begun = await app((tx) => beginRead(tx, work(), parts, { articleId, deviceKey: 'd', surface: 'web' }))
    expect(await app((tx) => finishRead(tx, work(start + 2 * minute), parts, { ticket: begun!.ticket, depth: 1, actor: me }))).toEqual({ kept: true })
    expect(await counts(articleId)).toMatchObject({ ratings: 1, ratingWeight: 1000, rating: shrunkenMean(1000, 4000) })
  })

  test('a vote of an account of today ripens by itself', async () => {
    const { articleId } = await article()
    const fresh = await reader(start - hour)
    await app((tx) => rate(tx, work(), { gate }, fresh, { articleId, stars: 1 }))
    expect((await counts(articleId)).ratingWeight).toBe(0)
    const run = (at: number) => app((tx) => ripenRatings.run(work(at), tx, { kind: 'community.ratings', key: 'all', dueAt: at, state: {}, attempts: 0 }, undefined))
    await run(start - hour + day - 1)
    expect((await counts(articleId)).ratingWeight).toBe(0)
    await run(start - hour + day)
    expect((await counts(articleId)).ratingWeight).toBe(125)
    await run(start - hour + 7 * day)
    expect((await counts(articleId)).ratingWeight).toBe(250)
  })
})

describe('counts under concurrency', () => {
  test('forty readers do everything at once, some twice: every counter is what the rows say', async () => {
    const { articleId, author } = await article()
    const all = await many(40)
    const tickets = new Map<string, string>()
    for (const one of all) tickets.set(one.readerId, (await app((tx) => beginRead(tx, work(), parts, { articleId, deviceKey: one.readerId, surface: 'web' })))!.ticket)
    const acts = all.flatMap((one, n) => [
      () => app((tx) => rate(tx, work(), { gate }, one, { articleId, stars: 1 + (n % 5) })), () => app((tx) => rate(tx, work(), { gate }, one, { articleId, stars: 1 + ((n + 2) % 5) })),
      () => app((tx) => favourite(tx, work(), one, { articleId, on: true })), () => app((tx) => favourite(tx, work(), one, { articleId, on: true })), ...(n % 3 === 0 ? [() => app((tx) => favourite(tx, work(), one, { articleId, on: false }))] : []),
      () => app((tx) => follow(tx, work(), one, { authorId: author.readerId, on: true })), () => app((tx) => share(tx, work(), { gate }, one, { articleId })), () => app((tx) => share(tx, work(), { gate }, one, { articleId })),
      () => app((tx) => finishRead(tx, work(start + 2 * minute), parts, { ticket: tickets.get(one.readerId)!, depth: 1, actor: one })), () => app((tx) => finishRead(tx, work(start + 2 * minute), parts, { ticket: tickets.get(one.readerId)!, depth: 1, actor: one })),
      () => say(one, articleId).then((made) => Promise.all([decide([idOf(made)], 'approve'), decide([idOf(made)], 'approve')])),
    ])
    // In an order that mixes readers, twelve at a time on real connections.
    const mixed = acts.map((act, n) => ({ act, at: (n * 7919) % acts.length })).sort((a, b) => a.at - b.at).map(({ act }) => act)
    let next = 0
    await Promise.all(Array.from({ length: 12 }, async () => {
      while (next < mixed.length) await mixed[next++]()
    }))
    const row = await counts(articleId)
    const sums = await app((tx) => ratingSums(tx, tenantId, articleId))
    const rows = async (sql: string) => Number((await t.owner.query(sql, [tenantId, articleId])).rows[0].n)
    expect(row).toMatchObject({ reads: 40, keptReads: 40, shares: 40, ratings: sums.count, ratingWeight: sums.weight, rating: shrunkenMean(sums.weight, sums.sum) })
    expect(sums.count).toBe(40)
    expect(row.comments).toBe(await rows(`select count(*) as n from article_comment where tenant_id = $1 and article_id = $2 and state = 'approved'`))
    expect(row.favourites).toBe(await rows(`select count(*) as n from favourite where tenant_id = $1 and article_id = $2`))
    expect((await app((tx) => readerOf(tx, tenantId, author.readerId)))?.followers).toBe(40)
    expect(await rows(`select count(*) as n from kept_read where tenant_id = $1 and article_id = $2`)).toBe(40)
  }, 20_000)

  test('control: counting by reading first and writing back loses some', async () => {
    const { articleId } = await article()
    await Promise.all(Array.from({ length: 12 }, () => app(async (tx) => {
      const { favourites } = (await countsOf(tx, tenantId, articleId))!
      await tx.run(`update article set favourites = $3 where tenant_id = $1 and article_id = $2`, [tenantId, articleId, favourites + 1])
    })))
    expect((await counts(articleId)).favourites).toBeLessThan(12)
  })
})

describe('reading, sharing, keeping', () => {
  test('a read is kept once for each who reads, to the end, in a time in which a person can', async () => {
    const { articleId, author } = await article()
    const me = await reader()
    const begin = async (at = start) => (await app((tx) => beginRead(tx, work(at), parts, { articleId, deviceKey: 'd-1', surface: 'web' })))!.ticket
    const end = (ticket: string, at: number, depth = 1, actor: Actor | null = me) => {
      const desk = work(at)
      return app((tx) => finishRead(tx, desk, parts, { ticket, depth, actor })).then((got) => ({ ...got, told: desk.told.map((event) => event.payload.kept) }))
    }
    const ticket = await begin()
    expect(await end(ticket, start + 5_000)).toEqual({ kept: false, why: 'too-fast', told: [false] })
    expect(await end(ticket, start + minute, 0.5)).toEqual({ kept: false, why: 'not-to-the-end', told: [] })
    expect(await end(ticket, start + minute, NaN)).toEqual({ kept: false, why: 'not-to-the-end', told: [] })
    expect(await end(ticket, start + minute, 1, author)).toEqual({ kept: false, why: 'own', told: [] })
    expect(await end(ticket, start + minute)).toEqual({ kept: true, told: [true] })
    expect(await end(await begin(start + hour), start + 2 * hour)).toEqual({ kept: false, why: 'again', told: [] })
    expect(await end(ticket, start + day)).toEqual({ kept: false, why: 'stale', told: [] })
    expect(await end(`${ticket.slice(0, -4)}AAAA`, start + minute)).toEqual({ kept: false, why: 'stale', told: [] })
    expect(await end(await begin(), start + minute, 1, null)).toEqual({ kept: true, told: [true] })
    expect((await counts(articleId)).keptReads).toBe(2)
  })

  test('a share has one token for a person, an article and a surface; who reads by it is told with who shared', async () => {
    const { articleId } = await article()
    const me = await reader()
    const [one, two] = [await app((tx) => share(tx, work(), { gate }, me, { articleId })), await app((tx) => share(tx, work(), { gate }, me, { articleId }))]
    expect(one).toEqual(two)
    if (one.kind !== 'shared') return
    expect(await app((tx) => openShare(tx, tenantId, one.token))).toMatchObject({ articleId, personId: me.personId })
    expect(await app((tx) => openShare(tx, tenantId, "x' or 1=1"))).toBeUndefined()
    const friend = await reader()
    const begun = await app((tx) => beginRead(tx, work(), parts, { articleId, deviceKey: 'd', surface: 'web', shareToken: one.token }))
    const desk = work(start + 2 * minute)
    await app((tx) => finishRead(tx, desk, parts, { ticket: begun!.ticket, depth: 1, actor: friend }))
    expect(desk.told[0].payload).toMatchObject({ kept: true, shareId: one.shareId, sharerPersonId: me.personId, personId: friend.personId })
    // A token of another article brings nothing here.
    const other = await article()
    const wrong = await app((tx) => beginRead(tx, work(), parts, { articleId: other.articleId, deviceKey: 'd', surface: 'web', shareToken: one.token }))
    const desk2 = work(start + 2 * minute)
    await app((tx) => finishRead(tx, desk2, parts, { ticket: wrong!.ticket, depth: 1, actor: friend }))
    expect(desk2.told[0].payload).toMatchObject({ shareId: null, sharerPersonId: null })
  })

  test('what friends read is seen only of those who follow back and who let it be seen', async () => {
    const { articleId } = await article()
    const [me, open, shy, stranger] = await many(4)
    for (const one of [open, shy, stranger]) {
      const begun = await app((tx) => beginRead(tx, work(), parts, { articleId, deviceKey: one.readerId, surface: 'web' }))
      await app((tx) => finishRead(tx, work(start + 2 * minute), parts, { ticket: begun!.ticket, depth: 1, actor: one }))
    }
    for (const one of [open, shy]) for (const [a, b] of [[me, one], [one, me]]) await app((tx) => follow(tx, work(), a, { authorId: b.readerId, on: true }))
    await app((tx) => follow(tx, work(), me, { authorId: stranger.readerId, on: true }))
    expect(await app((tx) => friendsRead(tx, tenantId, me.readerId, 10))).toEqual([])
    for (const one of [open, stranger]) await app((tx) => saveReaderSettings(tx, tenantId, one.readerId, { showReads: true }))
    expect((await app((tx) => friendsRead(tx, tenantId, me.readerId, 10))).map((row) => [row.articleId, row.by.map((who) => who.readerId)])).toEqual([[articleId, [open.readerId]]])
    expect(await app((tx) => follow(tx, work(), me, { authorId: me.readerId, on: true }))).toEqual({ kind: 'self' })
  })

  test('popular forgets: what many did long ago gives way to what some do now', async () => {
    const [old, fresh] = [await article(), await article()]
    const readers = await many(9)
    const topic = { order: 'popular' as const, limit: 50 }
    for (const one of readers) await app((tx) => favourite(tx, work(start), one, { articleId: old.articleId, on: true }))
    const order = async () => (await app((tx) => listArticles(tx, tenantId, topic))).rows.map((row) => row.articleId).filter((id) => id === old.articleId || id === fresh.articleId)
    expect(await order()).toEqual([old.articleId, fresh.articleId])
    for (const one of readers.slice(0, 3)) await app((tx) => favourite(tx, work(start + 30 * day), one, { articleId: fresh.articleId, on: true }))
    expect(await order()).toEqual([fresh.articleId, old.articleId])
    expect(heatOf(2, start) - heatOf(1, start + 3 * day)).toBeCloseTo(0, 9)
  })

  test('ten thousand reports of one thing are one each, and are counted', async () => {
    const { articleId } = await article()
    const [me, other] = await many(2)
    const send = (who: Actor, reason: string) => {
      const desk = work()
      return app((tx) => report(tx, desk, { gate }, who, { pieceKind: 'article', pieceId: articleId, reason, detail: 'x'.repeat(2_000) })).then((got) => [got.kind, desk.told.length])
    }
    expect(await send(me, 'spam')).toEqual(['reported', 1])
    for (let n = 0; n < 20; n++) expect(await send(me, 'spam')).toEqual(['again', 0])
    await t.owner.query(
      `insert into piece_report (tenant_id, piece_kind, piece_id, reader_id, report_id, reason, detail, surface, reported_at)
       select $1, 'article', $2, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, 'spam', '', 'web', $3 from generate_series(1, 10000) n`, [tenantId, articleId, start])
    expect(await send(other, 'no such reason')).toEqual(['reported', 1])
    const reports = await app((tx) => reportsOf(tx, tenantId, 'article', articleId))
    expect([reports.count, reports.newest.length]).toEqual([10_002, 20])
    expect((await app((tx) => reportsOf(tx, tenantId, 'comment', articleId))).count).toBe(0)
  })

  test('who leaves takes the words, the stars and the follows along; the counts follow, the articles stay', async () => {
    const { articleId, author } = await article()
    const me = await reader()
    const made = idOf(await say(me, articleId))
    await decide([made], 'approve')
    await app((tx) => rate(tx, work(), { gate }, me, { articleId, stars: 5 }))
    await app((tx) => favourite(tx, work(), me, { articleId, on: true }))
    await app((tx) => follow(tx, work(), me, { authorId: author.readerId, on: true }))
    expect(await counts(articleId)).toMatchObject({ comments: 1, favourites: 1, ratings: 1 })
    await app((tx) => leaveCommunity(tx, work(), me.readerId))
    expect(await counts(articleId)).toMatchObject({ comments: 0, favourites: 0, ratings: 0, ratingWeight: 0, rating: 0 })
    expect((await app((tx) => readerOf(tx, tenantId, author.readerId)))?.followers).toBe(0)
    expect((await app((tx) => commentsOf(tx, tenantId, me.readerId, null, 10))).map((row) => [row.text, row.state])).toEqual([['', 'erased']])
    expect(await app((tx) => readerOf(tx, tenantId, me.readerId))).toMatchObject({ state: 'erased', name: '' })
    expect((await app((tx) => mineOf(tx, tenantId, me.readerId, articleId)))).toMatchObject({ stars: null, favourite: false, follows: false })
    await app((tx) => leaveCommunity(tx, work(), author.readerId))
    expect((await app((tx) => listArticles(tx, tenantId, { order: 'newest', authorReaderId: author.readerId, limit: 5 }))).rows.map((row) => row.author.name)).toEqual(['已注销'])
    expect((await app((tx) => favouritesOf(tx, tenantId, me.readerId, null, 5))).rows).toEqual([])
  })
})
