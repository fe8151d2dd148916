import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, hour, makeTenant, minute, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import type { Work } from '../../kernel/engine/index.ts'
import type { Delivery } from '../../kernel/event/index.ts'
import type { Job } from '../../kernel/job/index.ts'
import { penaltiesOfReaders } from '../penalty/index.ts'
import { builtInConvention } from './convention.ts'
import { claimCase, decideCase, leaseMs, restoreCase, settleCases, undoDecision, type Moderator, type Wish } from './decide.ts'
import { moderationSubscriber, reportWeight, rescanOld, retention } from './follow-up.ts'
import { comment, makeConduct, personId, pieceId, readerId } from './fixtures/conduct.ts'
import { findCase, findPiece, forgetPieces, insertVersion, listCases, listRescans, looks, putRescan } from './store.ts'

let t: TestDb
beforeAll(async () => { t = await openTestDb() })
afterAll(() => t.close())

const reviewers = ['owner', 'lin', 'wang']
const who = (login: string, wall = start, all: readonly string[] = reviewers): Moderator => ({ login, wall, reviewers: all })
const reject = (caseId: string, rule: string, more: Partial<Wish> = {}): Wish => ({ caseId, decision: 'reject', rule, minors: false, penalty: 'proposed', reason: '', ...more })
const pass = (caseId: string): Wish => ({ caseId, decision: 'pass', rule: null, minors: false, penalty: 'none', reason: '' })

/** A merchant with a desk; `at` moves its world on. */
async function desk(slug: string, parts: Parameters<typeof makeConduct>[0] = {}) {
  const tenantId = await makeTenant(t, slug)
  const conduct = makeConduct(parts)
  let n = 0
  const work = (at = start): ReturnType<typeof testWork> => testWork(tenantId, at, `${slug} ${n++}`)
  const judge = (n: number, text: string, more: Parameters<typeof comment>[2] = {}) => t.app(tenantId, async (tx) => (await conduct.gate.judge(tx, work(), [comment(n, text, { at: start, readerId: readerId(n), personId: personId(n), ...more })]))[0])
  const open = (caseId: string) => t.app(tenantId, (tx) => findCase(tx, tenantId, caseId))
  const decide = (by: Moderator, wish: Wish, at = start) => t.app(tenantId, async (tx) => (await claimCase(tx, work(at), by, { caseId: wish.caseId }), await decideCase(tx, work(at), conduct, by, wish)))
  const settle = async (caseId: string, at: number) => {
    const one = work(at)
    await t.app(tenantId, (tx) => settleCases(conduct).run(one as unknown as Work, tx, { key: caseId } as Job, undefined))
    return one.told.map((event) => event.name === 'piece.decided' ? `${event.payload.pieceId === undefined ? '' : 'piece'}.${String(event.payload.decision)}` : `${event.name}:${String(event.payload.kind ?? event.payload.why)}`)
  }
  return { tenantId, ...conduct, work, judge, open, decide, settle, state: async (id: number) => (await t.app(tenantId, (tx) => findPiece(tx, tenantId, 'comment', pieceId(id))))?.state }
}

describe('the queue', () => {
  test('two moderators at once get different cases, and a case is decided only by who holds it', async () => {
    const d = await desk('claims')
    const [a, b] = [await d.judge(1, '私信领取'), await d.judge(2, '买不起就别来')]
    const claims = await Promise.all(['lin', 'wang'].map((login) => t.app(d.tenantId, (tx) => claimCase(tx, d.work(), who(login), {}))))
    expect(claims.map((one) => (one.kind === 'claimed' ? one.case.caseId : one.kind)).sort()).toEqual([a.caseId, b.caseId].sort())
    const lins = claims[0].kind === 'claimed' ? claims[0].case.caseId : ''
    // A named claim of what somebody holds is refused with who and until when; after the lease it is free.
    expect(await t.app(d.tenantId, (tx) => claimCase(tx, d.work(), who('wang'), { caseId: lins }))).toEqual({ kind: 'taken', by: 'lin', until: start + leaseMs })
    expect(await t.app(d.tenantId, (tx) => decideCase(tx, d.work(), d, who('wang'), pass(lins)))).toEqual({ kind: 'taken', by: 'lin' })
    expect(await t.app(d.tenantId, (tx) => decideCase(tx, d.work(), d, who('lin', start + leaseMs), pass(lins)))).toEqual({ kind: 'taken', by: null })
    expect(await t.app(d.tenantId, (tx) => claimCase(tx, d.work(), who('wang', start + leaseMs + 1), { caseId: lins }))).toMatchObject({ kind: 'claimed' })
  })

  test('the same case decided by two at the same instant is decided once', async () => {
    const d = await desk('race')
    const { caseId } = await d.judge(1, '私信领取')
    await t.app(d.tenantId, (tx) => claimCase(tx, d.work(), who('lin'), { caseId: caseId! }))
    const results = await Promise.all([pass(caseId!), reject(caseId!, '3.8'), pass(caseId!)].map((wish) => t.app(d.tenantId, (tx) => decideCase(tx, d.work(), d, who('lin'), wish))))
    expect(results.map((one) => one.kind).sort()).toEqual(['over', 'over', 'settling'])
  })

  test('the gravest comes first; what was put off comes back', async () => {
    const d = await desk('order')
    await d.judge(1, '学到了，谢谢')
    await d.judge(2, '你也配谈茶')
    const illegal = await d.judge(3, '真人荷官在线')
    const first = await t.app(d.tenantId, (tx) => claimCase(tx, d.work(), who('lin'), {}))
    expect(first).toMatchObject({ case: { caseId: illegal.caseId, category: 1 } })
    expect(await d.decide(who('lin'), { ...pass(illegal.caseId!), decision: 'hold' })).toEqual({ kind: 'held', until: start + 10 * minute })
    expect(await t.app(d.tenantId, (tx) => claimCase(tx, d.work(), who('wang'), {}))).toMatchObject({ case: { pieceId: pieceId(2) } })
    expect(await t.app(d.tenantId, (tx) => claimCase(tx, d.work(start + 10 * minute), who('owner'), {}))).toMatchObject({ case: { caseId: illegal.caseId } })
  })
})

describe('deciding', () => {
  test('a decision takes effect after ten seconds: the comment is shown, or rejected with a penalty of a day', async () => {
    const d = await desk('effect')
    const [good, ad] = [await d.judge(1, '学到了，谢谢'), await d.judge(2, '私信领取')]
    expect(await d.decide(who('lin'), pass(good.caseId!))).toEqual({ kind: 'settling', settlesAt: start + 10_000 })
    expect(await d.settle(good.caseId!, start + 9_999)).toEqual([])
    expect(await d.state(1)).toBe('held')
    expect(await d.settle(good.caseId!, start + 10_000)).toEqual(['piece.approve'])
    expect(await d.state(1)).toBe('shown')
    await d.decide(who('lin'), reject(ad.caseId!, '3.8'))
    expect(await d.settle(ad.caseId!, start + 10_000)).toEqual(['piece.reject', 'penalty.started:silence-1'])
    const [penalty] = await t.app(d.tenantId, (tx) => penaltiesOfReaders(tx, d.tenantId, [readerId(2)]))
    expect(penalty).toMatchObject({ rule: '3.8', startsAt: start + 10_000, endsAt: start + 10_000 + day, issuedBy: ['lin'], excerpt: { text: '私信领取', from: 0, to: 4 } })
    // Settled twice, nothing more happens.
    expect(await d.settle(ad.caseId!, start + day)).toEqual([])
  })

  test('undone within ten seconds, nothing has happened; later it is too late; in a fast world the effects are taken back', async () => {
    const d = await desk('undo')
    const { caseId } = await d.judge(1, '私信领取')
    await d.decide(who('lin'), reject(caseId!, '3.8'))
    const undo = (wall: number, login = 'lin') => { const work = d.work(); return t.app(d.tenantId, async (tx) => [(await undoDecision(tx, work, d, who(login, wall), caseId!)).kind, ...work.told.map((event) => event.name)]) }
    expect(await undo(start + 10_001)).toEqual(['too-late'])
    expect(await undo(start + 5_000, 'wang')).toEqual(['too-late'])
    expect(await undo(start + 5_000)).toEqual(['undone'])
    expect(await d.settle(caseId!, start + 10_000)).toEqual([])
    expect((await d.open(caseId!))).toMatchObject({ state: 'open', claimedBy: 'lin', decision: null })
    await d.decide(who('lin'), reject(caseId!, '3.8'))
    expect(await d.settle(caseId!, start + 20_000)).toEqual(['piece.reject', 'penalty.started:silence-1'])
    expect(await undo(start + 9_000)).toEqual(['undone', 'penalty.ended'])
    expect([await d.state(1), (await d.open(caseId!))?.state]).toEqual(['held', 'open'])
  })

  test('what the law forbids needs two who agree; a third decides where they do not; the same one never looks twice', async () => {
    const d = await desk('second')
    const { caseId } = await d.judge(1, '真人荷官在线')
    expect(await d.decide(who('lin'), reject(caseId!, '1.9'))).toEqual({ kind: 'second' })
    expect(await d.state(1)).toBe('held')
    expect(await d.decide(who('lin'), reject(caseId!, '1.9'))).toMatchObject({ kind: 'taken' })
    expect(await t.app(d.tenantId, (tx) => claimCase(tx, d.work(), who('lin'), { caseId: caseId! }))).toEqual({ kind: 'looked-before' })
    expect(await d.decide(who('wang'), pass(caseId!))).toEqual({ kind: 'third' })
    expect(await d.decide(who('owner'), reject(caseId!, '1.9'))).toMatchObject({ kind: 'settling' })
    expect(await d.settle(caseId!, start + minute)).toEqual(['piece.reject', 'penalty.started:silence-forever'])
    expect(await t.app(d.tenantId, (tx) => looks(tx, d.tenantId, start, start + day))).toHaveLength(3)
  })
  test('control: an ordinary case needs one look', async () => {
    const d = await desk('ordinary')
    const { caseId } = await d.judge(1, '免费算命，发生日来')
    expect(await d.decide(who('lin'), reject(caseId!, '6.1'))).toMatchObject({ kind: 'settling' })
  })
  test('alone, the same looks again after a day', async () => {
    const d = await desk('alone')
    const { caseId } = await d.judge(1, '真人荷官在线')
    const only = (wall: number) => who('owner', wall, ['owner'])
    expect(await d.decide(only(start), reject(caseId!, '1.9'))).toEqual({ kind: 'second' })
    expect(await t.app(d.tenantId, (tx) => claimCase(tx, d.work(start + 23 * hour), only(start + 23 * hour), {}))).toEqual({ kind: 'none' })
    expect(await t.app(d.tenantId, (tx) => claimCase(tx, d.work(start + 24 * hour), only(start + 24 * hour), {}))).toMatchObject({ kind: 'claimed' })
    expect(await t.app(d.tenantId, (tx) => decideCase(tx, d.work(start + 24 * hour), d, only(start + 24 * hour), reject(caseId!, '1.9')))).toMatchObject({ kind: 'settling' })
  })

  test('a rule changed while a case is open changes nothing for it: it is decided by the rules of its time', async () => {
    const d = await desk('changed')
    const { caseId } = await d.judge(1, '私信领取')
    const milder = { ...builtInConvention, rules: builtInConvention.rules.filter((rule) => rule.id !== '3.8') }
    await t.app(d.tenantId, (tx) => insertVersion(tx, d.tenantId, { version: 2, effectiveAt: start + minute, body: milder, note: '', madeAt: start, madeBy: 'owner' }))
    expect(await d.decide(who('lin'), reject(caseId!, '9.9'), start + 2 * minute)).toEqual({ kind: 'no-rule', version: 1 })
    expect(await d.decide(who('lin'), reject(caseId!, '3.8'), start + 2 * minute)).toMatchObject({ kind: 'settling' })
  })

  test('a won appeal puts back what was taken away, once', async () => {
    const d = await desk('restore')
    const { caseId } = await d.judge(1, '私信领取')
    await d.decide(who('lin'), reject(caseId!, '3.8'))
    await d.settle(caseId!, start + 10_000)
    const work = d.work()
    expect(await t.app(d.tenantId, (tx) => restoreCase(tx, work, d, caseId!))).toBe(true)
    expect([work.told.map((event) => event.payload.decision), await d.state(1)]).toEqual([['restore'], 'shown'])
    expect(await t.app(d.tenantId, (tx) => restoreCase(tx, work, d, caseId!))).toBe(false)
  })
})

describe('reports', () => {
  const report = (n: number, piece = 1) => ({ eventId: `e${n}`, name: 'piece.reported', occurredAt: start, payload: { pieceKind: 'comment', pieceId: pieceId(piece), reportId: `01990000-0000-7000-b000-${String(n).padStart(12, '0')}`, reason: '看着不舒服', readerId: readerId(n) } }) as unknown as Delivery
  test('ten thousand reports of one item are one case, counted, in a handful of statements per batch', async () => {
    const d = await desk('storm')
    const { caseId } = await d.judge(1, '学到了，谢谢')
    await d.decide(who('lin'), pass(caseId!))
    await d.settle(caseId!, start + 10_000)
    const subscriber = moderationSubscriber(d, () => true)
    let statements = 0
    for (let from = 0; from < 10_000; from += 200) {
      await t.app(d.tenantId, async (tx) => {
        const counted = { ...tx, query: (...args: Parameters<typeof tx.query>) => (statements++, tx.query(...args)), run: (...args: Parameters<typeof tx.run>) => (statements++, tx.run(...args)) } as typeof tx
        await subscriber.handle(d.work() as unknown as Work, counted, Array.from({ length: 200 }, (_, n) => report(from + n)))
      })
    }
    const cases = await t.app(d.tenantId, (tx) => listCases(tx, d.tenantId, { states: ['open'], limit: 10 }))
    expect(cases.map((one) => [one.openedBy, one.reports, one.pieceId])).toEqual([['report', 10_000, pieceId(1)]])
    expect(statements / 50).toBeLessThan(12)
    // Heard again, they count once.
    await t.app(d.tenantId, (tx) => subscriber.handle(d.work() as unknown as Work, tx, Array.from({ length: 200 }, (_, n) => report(n))))
    expect((await t.app(d.tenantId, (tx) => listCases(tx, d.tenantId, { states: ['open'], limit: 10 })))[0].reports).toBe(10_000)
    // So many weigh enough to hide it until somebody has looked; let pass, it is back, and those who reported weigh less.
    expect(await d.state(1)).toBe('removed')
    await d.decide(who('lin'), pass(cases[0].caseId))
    expect(await d.settle(cases[0].caseId, start + minute)).toEqual(['piece.restore'])
    expect(reportWeight({ upheld: 0, dismissed: 1 })).toBeLessThan(reportWeight(undefined))
    expect(reportWeight({ upheld: 9, dismissed: 0 })).toBeGreaterThan(3 * reportWeight(undefined))
  })
  test('control: a few reports of unknown people open a case and hide nothing', async () => {
    const d = await desk('few')
    const { caseId } = await d.judge(1, '学到了，谢谢')
    await d.decide(who('lin'), pass(caseId!))
    await d.settle(caseId!, start + 10_000)
    await t.app(d.tenantId, (tx) => moderationSubscriber(d, () => true).handle(d.work() as unknown as Work, tx, [report(5), report(6), report(7)]))
    expect([await d.state(1), (await t.app(d.tenantId, (tx) => listCases(tx, d.tenantId, { states: ['open'], limit: 10 }))).length]).toEqual(['shown', 1])
  })
})

describe('looking again at old content', () => {
  test('a new word finds old comments in batches, goes on where it stopped, and punishes nobody', async () => {
    const d = await desk('rescan')
    await t.owner.query(
      `insert into judged_piece (tenant_id, piece_kind, piece_id, version, reader_id, person_id, surface, title, body, links, media, made_at, judged_at, convention, state, fingerprint, contact, reports, report_weight)
       select $1, 'comment', r.id, 1, r.reader::uuid, null, 'web', '', r.text, '[]', '[]', $5, $5, 1, 'shown', null, false, 0, 0 from unnest($2::text[], $3::text[], $4::text[]) as r(id, reader, text)`,
      [d.tenantId, ...[pieceId, readerId, (n: number) => (n % 150 === 0 ? '店门朝南，好找' : '茶不错')].map((of) => Array.from({ length: 450 }, (_, n) => of(n + 1))), start])
    await t.app(d.tenantId, (tx) => d.conventions.at(tx, d.tenantId, start))
    const stricter = { ...builtInConvention, rules: builtInConvention.rules.map((rule) => (rule.id === '6.3' ? { ...rule, words: [...rule.words, '朝南'] } : rule)) }
    await t.app(d.tenantId, async (tx) => { await insertVersion(tx, d.tenantId, { version: 2, effectiveAt: start + minute, body: stricter, note: '', madeAt: start, madeBy: 'owner' }); await putRescan(tx, d.tenantId, 2, start) })
    // A desk of its own each time: nothing is remembered but the table.
    const step = (at: number) => { const fresh = makeConduct(); return t.app(d.tenantId, (tx) => rescanOld(fresh).run(d.work(at) as unknown as Work, tx, { key: '2' } as Job, undefined)) }
    expect(await step(start)).toEqual({ dueAt: start + minute })
    const later = start + 2 * minute
    await step(later)
    expect((await t.app(d.tenantId, (tx) => listRescans(tx, d.tenantId)))[0]).toMatchObject({ scanned: 200, found: 1, finishedAt: null })
    await step(later)
    await step(later)
    expect(await step(later)).toBeNull()
    expect((await t.app(d.tenantId, (tx) => listRescans(tx, d.tenantId)))[0]).toMatchObject({ scanned: 450, found: 3, finishedAt: later })
    const [one] = await t.app(d.tenantId, (tx) => listCases(tx, d.tenantId, { states: ['open'], limit: 10 }))
    expect(one).toMatchObject({ openedBy: 'rescan', convention: 1, foundBy: 2, rule: '6.3' })
    await d.decide(who('lin'), reject(one.caseId, '6.3'))
    expect(await d.settle(one.caseId, later)).toEqual(['piece.remove'])
  })
})

test('a rejected picture is banned everywhere and no longer served; a won appeal lets it be seen again', async () => {
  const blocked = new Map<string, number | null>()
  const d = await desk('pictures', { blockMedia: async (_tx, _tenant, sha256, at) => void blocked.set(sha256, at) })
  const picture = { sha256: 'a'.repeat(64), contentType: 'image/png', bytes: 1000 }
  const { caseId } = await d.judge(1, '', { kind: 'media', media: [picture] })
  await d.decide(who('lin'), reject(caseId!, '4.4'))
  await d.settle(caseId!, start + 10_000)
  expect(blocked.get(picture.sha256)).toBe(start + 10_000)
  const again = (n: number) => d.judge(n, '看图', { media: [picture] })
  expect(await again(2)).toMatchObject({ outcome: 'reject', rule: '4.4' })
  await t.app(d.tenantId, (tx) => restoreCase(tx, d.work(start + day), d, caseId!))
  expect([blocked.get(picture.sha256), (await again(3)).rule]).toEqual([null, null])
})

test('a forgotten person leaves no words, also under an earlier name; evidence of what the law forbids stays until its own end', async () => {
  const d = await desk('forget')
  const [plain, moved, illegal] = [await d.judge(1, '学到了，谢谢'), await d.judge(2, '私信领取'), await d.judge(3, '真人荷官在线', { readerId: readerId(1), personId: personId(1) })]
  await t.app(d.tenantId, (tx) => forgetPieces(tx, d.tenantId, personId(1), [readerId(1), readerId(2)], start))
  expect([(await d.open(plain.caseId!))?.snapshot, (await d.open(moved.caseId!))?.snapshot, (await d.open(illegal.caseId!))?.snapshot?.text]).toEqual([null, null, '真人荷官在线'])
  expect([await d.state(1), await d.state(2), await d.state(3)]).toEqual([undefined, undefined, undefined])
})

test('texts go when they were kept long enough, and figures stay', async () => {
  const d = await desk('retention')
  const [good, ad] = [await d.judge(1, '学到了，谢谢'), await d.judge(2, '私信领取')]
  await d.decide(who('lin'), pass(good.caseId!))
  await d.settle(good.caseId!, start + 10_000)
  await d.decide(who('lin'), reject(ad.caseId!, '3.8'))
  await d.settle(ad.caseId!, start + 10_000)
  const run = (at: number) => t.app(d.tenantId, (tx) => retention(d).run(d.work(at) as unknown as Work, tx, { key: 'daily' } as Job, undefined))
  await run(start + 181 * day)
  expect([(await d.open(good.caseId!))?.snapshot, (await d.open(ad.caseId!))?.snapshot?.text]).toEqual([null, '私信领取'])
  expect(await run(start + 366 * day)).toEqual({ dueAt: start + 367 * day })
  expect(await d.open(ad.caseId!)).toMatchObject({ snapshot: null, evidence: [], decision: 'reject', decidedRule: '3.8' })
  expect([await d.state(1), await d.state(2)]).toEqual(['shown', undefined])
})
