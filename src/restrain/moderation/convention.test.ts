import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createClassifier, createNormaliser } from '../../math/text/index.ts'
import { builtInConvention, changed, conventionText, noticeMs } from './convention.ts'
import { leaseMs, undoMs } from './decide.ts'
import { isSample } from './judge.ts'
import { createScanner, judgeHeadline, linkProblem, waysToReach } from './scan.ts'

const normaliser = createNormaliser()

describe('the convention', () => {
  test('its default numbers', () => {
    expect(builtInConvention.limits).toEqual({
      adsPerDay: 3, perMinute: 5, perHour: 30, repeatMax: 8, topicsMax: 8, sameTextOthers: 2, sameTextDays: 7, sameTextLength: 15, headlineShare: 1 / 3, hideAtWeight: 5, classifierHoldAt: 0.9, mediaBytesMax: 10_485_760,
      mediaTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/gif'],
    })
    expect([builtInConvention.retention, builtInConvention.review, noticeMs, leaseMs, undoMs]).toEqual([{ passedDays: 180, rejectedDays: 365, illegalDays: 1095 }, { article: 'found', comment: 'all', profile: 'found', media: 'all' }, 60_000, 300_000, 10_000])
    expect(Array.from({ length: 65_536 }, (_, n) => isSample(n.toString(16).padStart(4, '0'))).filter(Boolean).length / 65_536).toBeCloseTo(1 / 20, 3)
  })
  test('the page is made from the data: every rule, every figure, and what changes there changes here', () => {
    const text = conventionText({ ...builtInConvention, version: 1, effectiveAt: Date.parse('2026-03-01T00:00:00+08:00') })
    expect([text.effectiveDate, text.categories.length, text.categories.flatMap((one) => one.rules).length]).toEqual(['2026-03-01', 9, 55])
    const said = (convention: typeof builtInConvention) => conventionText({ ...convention, version: 1, effectiveAt: 0 }).sections.flatMap((one) => one.lines.map((line) => line.zh)).join('\n')
    for (const part of ['轻：从停言 1 天起，最重停言 15 天', '极重：从永久停言起，最重关闭账号', '每 180 天减半', '14 天内可以申诉', '3 天内答复', '满 24 小时后由同一位再看', '通过的案底 180 天', '第 1 类 1095 天']) expect(said(builtInConvention)).toContain(part)
    expect(said({ ...builtInConvention, ladder: { ...builtInConvention.ladder, appealDays: 30 } })).toContain('30 天内可以申诉')
    for (const one of text.categories) for (const rule of one.rules) expect([rule.zh, rule.en, rule.text].every((words) => words.length > 1)).toBe(true)
  })
  test('a change is a new text; the illegal stays with people, and words that say nothing are refused', () => {
    const next = changed(builtInConvention, { rules: [{ id: '3.8', addWords: ['口令红包', ' '], dropWords: ['进群领'] }, { id: '1.1', addWords: ['新词'] }], allow: ['加微信群公告'], retention: { illegalDays: 1 } })
    if ('problem' in next) throw new Error(next.problem)
    const rule = next.body.rules.find((one) => one.id === '3.8')!
    expect([rule.words.includes('口令红包'), rule.words.includes('进群领'), rule.words.includes(' '), next.body.retention.illegalDays]).toEqual([true, false, false, 1095])
    expect(builtInConvention.rules.find((one) => one.id === '3.8')!.words).toContain('进群领')
    expect([changed(builtInConvention, { rules: [{ id: '1.1', machine: 'reject' }] }), changed(builtInConvention, { rules: [{ id: '8.8' }] }), changed(builtInConvention, { rules: [{ id: '3.8', addWords: ['！！'] }] })].map((one) => ('problem' in one ? one.problem : 'changed'))).toEqual(['illegal-stays', 'unknown-rule', 'bad-word'])
    expect(createScanner(next.body, { normaliser }).scan({ kind: 'comment', title: '', text: '口令红包在我主页，看加微信群公告', links: [], media: [], readerId: 'r' }).rule?.id).toBe('3.8')
  })
})

describe('the stated rules', () => {
  test.each([
    ['打 138 0013 8000 找我', 'contact:phone'], ['打 一三八 零零一三 八零零零', 'contact:phone'], ['１３８-００１３-８０００', 'contact:phone'], ['微信号：tea_2026abc', 'contact:wechat'], ['vx tea20268', 'contact:wechat'], ['QQ群 12345678', 'contact:qq'], ['写信 tea@example.com', 'contact:mail'],
  ])('%s is a way to be reached (%s), marked where it stands', (text, how) => {
    const [found] = waysToReach(normaliser, text)
    expect([found?.how, text.slice(found.from, found.to)]).toEqual([how, found.found])
  })
  test.each([['订单号 4200001234202603010000000001'], ['2026-03-01 09:00 到 2026-03-02'], ['微信支付可以用吗'], ['wx 支付 v3'], ['水温 85 度，冲 138 克'], ['qq 音乐']])('control: %s is none', (text) => expect(waysToReach(normaliser, text)).toEqual([]))
  test.each([
    ['https://mp.weixin.qq.com/s/abc', 'fine'], ['/c/tea/a/x', 'fine'], ['https://example.org/tea', 'foreign'], ['http://10.0.0.1/x', 'address'], ['https://[::1]/x', 'address'], ['https://t.cn/abc', 'short'], ['https://user:pw@weixin.qq.com/', 'userinfo'],
    ['https://weixin.qq.com.evil.top/', 'look-alike'], ['https://ta0bao.com/', 'look-alike'], ['https://weixin-qq.com/', 'look-alike'], ['https://xn--80ak6aa92e.com/', 'punycode'], ['javascript:alert(1)', 'scheme'], ['data:text/html,x', 'scheme'], ['https://', 'malformed'],
  ])('link %s: %s', (url, problem) => expect(linkProblem(url, ['weixin.qq.com'])).toBe(problem))
  test('a headline is measured against its body, and short bodies are left alone', () => {
    const body = '新到的白茶先放一周再喝。存的时候避光、避味，罐子不要装满，一年内喝完。'
    expect(judgeHeadline(normaliser, '新到的白茶怎么存', body, 1 / 3)).toEqual({ share: null, number: null })
    expect(judgeHeadline(normaliser, '三招教你炒股翻倍', body, 1 / 3).share).toBe(0)
    expect(judgeHeadline(normaliser, '白茶存 20 年的办法', body, 0).number).toMatchObject({ found: '20' })
    expect(judgeHeadline(normaliser, '三招教你炒股翻倍', '好。', 1 / 3)).toEqual({ share: null, number: null })
  })
  test('a classifier speaks only where one is given; without, lists and people decide', () => {
    const text = '你们这个地方的人就是素质低，全是骗子，生下来就坏，看见就恶心。'
    const piece = { kind: 'comment' as const, title: '', text, links: [], media: [], readerId: 'r' }
    expect(createScanner(builtInConvention, { normaliser }).scan(piece).outcome).toBe('pass')
    const classifier = createClassifier(readFileSync(new URL('../../math/text/models/offence-cold.bin', import.meta.url)), { baseRate: 0.3 })
    const found = createScanner({ ...builtInConvention, limits: { ...builtInConvention.limits, classifierHoldAt: 0.5 } }, { normaliser, classifier }).scan(piece)
    expect([found.outcome, found.rule?.id, found.evidence.every((one) => text.slice(one.from, one.to) === one.found)]).toEqual(['hold', '2.7', true])
    expect(createScanner({ ...builtInConvention, limits: { ...builtInConvention.limits, classifierHoldAt: 0.5 } }, { normaliser, classifier }).scan({ ...piece, text: '存茶那一段说得明白，我家的饼就是这么坏的，谢谢。' }).outcome).toBe('pass')
  })
})
