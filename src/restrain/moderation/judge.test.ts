import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, makeTenant, minute, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { builtInConvention } from './convention.ts'
import { comment, makeConduct, pieceId, readerId } from './fixtures/conduct.ts'
import { findCase, findPiece, insertVersion, listCases, listVersions, putMediaVerdicts } from './store.ts'

let t: TestDb
beforeAll(async () => { t = await openTestDb() })
afterAll(() => t.close())

describe('judging', () => {
  test('every comment waits for a person; what the machine finds has category, rule and the place in the original text', async () => {
    const tenantId = await makeTenant(t, 'judging')
    const { gate } = makeConduct()
    const work = testWork(tenantId, start, 'judging')
    const [kind, ad, abuse] = await t.app(tenantId, (tx) => gate.judge(tx, work, [comment(1, '学到了，谢谢', { at: start }), comment(2, '想要的加 * 微 * 信 tea20268', { at: start, readerId: readerId(2) }), comment(3, '傻逼才买这个', { at: start, readerId: readerId(3) })]))
    expect([kind.outcome, kind.rule, kind.zh]).toEqual(['hold', null, '先由人看过再显示。'])
    expect(ad).toMatchObject({ outcome: 'hold', category: 3, rule: '3.7' })
    expect(ad.evidence[0]).toMatchObject({ where: 'text', from: 3, to: 12, found: '加 * 微 * 信' })
    expect(abuse).toMatchObject({ outcome: 'reject', category: 2, rule: '2.6' })
    const cases = await t.app(tenantId, (tx) => listCases(tx, tenantId, { states: ['open', 'decided'], limit: 10 }))
    expect(cases.map((one) => [one.pieceId, one.state, one.decision, one.openedBy])).toEqual([[pieceId(2), 'open', null, 'scan'], [pieceId(1), 'open', null, 'review'], [pieceId(3), 'decided', 'reject', 'scan']])
    expect((await t.app(tenantId, (tx) => findPiece(tx, tenantId, 'comment', pieceId(3))))?.state).toBe('rejected')
  })

  test('judged twice, a piece has one case; a new version of it supersedes what was open', async () => {
    const tenantId = await makeTenant(t, 'twice')
    const { gate } = makeConduct()
    const work = testWork(tenantId, start, 'twice')
    const judge = (version: number, text: string) => t.app(tenantId, async (tx) => (await gate.judge(tx, work, [comment(1, text, { at: start, version })]))[0])
    const first = await judge(1, '私信领取')
    const again = await judge(1, '私信领取')
    expect(again.caseId).toBe(first.caseId)
    const edited = await judge(2, '茶不错')
    expect(edited.caseId).not.toBe(first.caseId)
    expect((await t.app(tenantId, (tx) => findCase(tx, tenantId, first.caseId!)))?.state).toBe('superseded')
  })

  test('an act is judged by the version in force when it was done, also when the rule is changed before it is judged', async () => {
    const tenantId = await makeTenant(t, 'versions')
    const { gate, conventions } = makeConduct()
    const before = start
    const after = start + 2 * minute
    await t.app(tenantId, (tx) => conventions.at(tx, tenantId, before))
    const stricter = { ...builtInConvention, review: { ...builtInConvention.review, comment: 'found' as const }, rules: builtInConvention.rules.map((rule) => (rule.id === '6.3' ? { ...rule, words: [...rule.words, '朝南'] } : rule)) }
    await t.app(tenantId, (tx) => insertVersion(tx, tenantId, { version: 2, effectiveAt: start + minute, body: stricter, note: '', madeAt: start, madeBy: 'owner' }))
    const work = testWork(tenantId, start + 3 * minute, 'versions')
    const [old, fresh, harmless] = await t.app(tenantId, (tx) => gate.judge(tx, work, [comment(1, '店门朝南，好找', { at: before }), comment(2, '店门朝南，好找', { at: after, readerId: readerId(2) }), comment(3, '店门好找', { at: after, readerId: readerId(3) })]))
    expect([old.rule, fresh.rule, harmless.outcome]).toEqual([null, '6.3', 'pass'])
    const cases = await t.app(tenantId, (tx) => listCases(tx, tenantId, { states: ['open'], limit: 10 }))
    expect(cases.map((one) => [one.pieceId, one.convention]).sort()).toEqual([[pieceId(1), 1], [pieceId(2), 2]])
    expect((await t.app(tenantId, (tx) => listVersions(tx, tenantId))).map((row) => row.version)).toEqual([2, 1])
  })

  test('a stored version cannot be changed', async () => {
    const tenantId = await makeTenant(t, 'frozen')
    await t.app(tenantId, (tx) => makeConduct().conventions.at(tx, tenantId, start))
    await expect(t.app(tenantId, (tx) => tx.run(`update convention_version set note = 'x' where tenant_id = $1`, [tenantId]))).rejects.toMatchObject({ code: '42501' })
  })

  test('the same words from three accounts are rejected as spread together; control: two accounts, and short thanks from many', async () => {
    const tenantId = await makeTenant(t, 'together')
    const { gate } = makeConduct()
    const say = async (n: number, text: string) => (await t.app(tenantId, (tx) => gate.judge(tx, testWork(tenantId, start + n * 1000, `together ${n}`), [comment(n, text, { at: start + n * 1000, readerId: readerId(n) })])))[0]
    const ad = '这家店的白茶真的绝了，全场半价，进店报我名字就行'
    expect([(await say(1, ad)).rule, (await say(2, ad)).rule]).toEqual([null, null])
    expect(await say(3, `这家店的白茶真的绝了！！全场半价……进店，报我名字就行`)).toMatchObject({ outcome: 'reject', rule: '3.2' })
    // The two that came before are looked at for the same now, before anything else.
    expect((await t.app(tenantId, (tx) => listCases(tx, tenantId, { states: ['open'], limit: 10 }))).map((one) => [one.pieceId, one.rule])).toEqual([[pieceId(1), '3.2'], [pieceId(2), '3.2']])
    for (let n = 10; n < 15; n++) expect((await say(n, '学到了，谢谢')).rule).toBeNull()
  })

  test('the third way to be reached within a day is repeated advertising; a day later it counts anew', async () => {
    const tenantId = await makeTenant(t, 'ads')
    const { gate } = makeConduct()
    const say = async (n: number, at: number) => (await t.app(tenantId, (tx) => gate.judge(tx, testWork(tenantId, at, `ads ${n}`), [comment(n, `第 ${n} 家店，电话 1380000${1000 + n}`, { at })])))[0].rule
    expect([await say(1, start), await say(2, start + 5 * minute), await say(3, start + 10 * minute)]).toEqual(['3.8', '3.8', '3.1'])
    expect(await say(4, start + day + 11 * minute)).toBe('3.8')
  })

  test('an image nobody has seen waits, a cleared one passes, a banned one is refused wherever it turns up', async () => {
    const tenantId = await makeTenant(t, 'media')
    const { gate } = makeConduct()
    const image = (n: number, contentType = 'image/png', bytes = 1000) => [{ sha256: String(n).repeat(64), contentType, bytes }]
    await t.app(tenantId, (tx) => putMediaVerdicts(tx, tenantId, [{ sha256: '1'.repeat(64), verdict: 'cleared', rule: null, note: '' }, { sha256: '2'.repeat(64), verdict: 'banned', rule: '4.5', note: '' }], start, 'owner'))
    const piece = (n: number, media: ReturnType<typeof image>, own = false) => comment(n, '', { kind: 'media', media, at: start, readerId: own ? null : readerId(n) })
    const verdicts = await t.app(tenantId, (tx) => gate.judge(tx, testWork(tenantId, start, 'media'), [piece(1, image(1)), piece(2, image(2)), piece(3, image(3)), piece(4, image(4, 'video/mp4')), piece(5, image(5, 'image/svg+xml')), piece(6, image(6, 'image/png', 50_000_000)), piece(7, image(7), true)]))
    // Media of their own kind are always looked at first, so also the cleared one is held here, but with nothing found.
    expect(verdicts.map((one) => [one.outcome, one.rule])).toEqual([['hold', null], ['reject', '4.5'], ['hold', null], ['hold', null], ['reject', '4.3'], ['reject', '4.3'], ['pass', null]])
  })

  test('a huge paste costs little, and control characters and lone surrogates do not break it', async () => {
    const tenantId = await makeTenant(t, 'paste')
    const { gate } = makeConduct()
    const before = process.cpuUsage()
    const [verdict] = await t.app(tenantId, (tx) => gate.judge(tx, testWork(tenantId, start, 'paste'), [comment(1, '茶'.repeat(150_000) + '\u0000\ud800加微信 tea20268' + '水'.repeat(300_000), { at: start })]))
    expect(verdict.outcome).toBe('hold')
    const used = process.cpuUsage(before)
    expect((used.user + used.system) / 1e6).toBeLessThan(3)
  })
})
