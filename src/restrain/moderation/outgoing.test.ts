import { describe, expect, test } from 'vitest'
import { createNormaliser } from '../../math/text/index.ts'
import { builtInConvention } from './convention.ts'
import { createOutgoingCheck, outgoingRules } from './outgoing.ts'
import { createScanner } from './scan.ts'

const normaliser = createNormaliser()
const outgoing = createOutgoingCheck(normaliser)
const scanner = createScanner(builtInConvention, { normaliser })
const check = (text: string) => outgoing.check(text, ['weixin.qq.com', 'qingzhou.example'], [], scanner)

describe('outgoing text', () => {
  test.each([
    ['今年的白茶到了，全网最低价，今晚八点开卖。', ['out.superlative'], '今年的白茶到了，实惠价，今晚八点开卖。'],
    ['新茶到了，转发朋友圈领一泡，先到先得。', ['out.inducement'], '新茶到了，先到先得。'],
    ['新茶到了，看这里：https://t.cn/abc', ['out.link'], '新茶到了，看这里：'],
    ['新茶到了：http://qingzhou.example/tea', ['out.link'], '新茶到了：https://qingzhou.example/tea'],
    ['喝了包治百病，欢迎来店里。', ['out.promise'], '欢迎来店里。'],
    ['最 佳 口感，最☆佳☆工艺', ['out.superlative', 'out.superlative'], '合适的 口感，合适的☆工艺'],
    ['傻逼才不买，欢迎下单。', ['2.6'], '欢迎下单。'],
  ])('%s', (text, rules, suggestion) => {
    const verdict = check(text)
    expect([verdict.ok, verdict.findings.map((one) => one.rule)]).toEqual([false, rules])
    for (const one of verdict.findings) expect(text.slice(one.from, one.to)).toBe(one.found)
    expect(verdict.suggestion).toBe(suggestion)
  })
  test('the suggestion passes the same door', () => {
    for (const text of ['全网最低，顶级白茶，转发领券，稳赚不赔，看 http://1.2.3.4/x']) expect(check(check(text).suggestion!).ok).toBe(true)
  })
  test('control: ordinary selling passes, contact by WeChat included; a foreign link is only worth a look', () => {
    for (const text of ['新茶到了，今晚八点开卖，三十份。', '想要的回我一个「茶」，或者加微信 tea20268。', '最后一天，明天恢复原价。', '最佳赏味期到明年三月。', '看 https://developers.weixin.qq.com/doc', '第一次来的客人送一泡。']) expect(check(text)).toMatchObject({ ok: true, suggestion: null })
    expect(check('看 https://somewhere.example/x')).toMatchObject({ ok: true, findings: [{ level: 'look' }], suggestion: null })
  })
  test("a merchant's allowed phrase passes, the rest of the text is still judged", () => {
    expect(outgoing.check('我们店名叫「顶级」茶铺，也是极品', [], ['顶级'], scanner).findings.map((one) => one.found)).toEqual(['极品'])
  })
  test('every listed word is found', () => {
    for (const { rule, words } of outgoingRules) for (const word of Object.keys(words)) expect(check(`新茶${word}到店`).findings.some((one) => one.rule === rule), word).toBe(true)
  })
})
