import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ago, count, dateSaid, money, moneyChange, moneySaid, moneyShort, percent, roundEnds, shareOf, timeInTable } from '../../console/src/lib/format.ts'
import { text } from '../../console/src/text/index.ts'
import { packageRoot } from '../../src/root.ts'

const folder = join(packageRoot, 'console/src')
const files = (readdirSync(folder, { recursive: true }) as string[]).filter((path) => /\.(tsx?|css)$/.test(path)).map((path) => ({ path, source: readFileSync(join(folder, path), 'utf8') }))
/** Source without comments; good enough for our own style (no comment signs inside strings but URLs). */
const bare = (source: string): string => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
const entries = Object.entries(text) as Array<[string, readonly [string, string]]>
const holes = (sentence: string): string[] => [...new Set([...sentence.matchAll(/\{(\w+)(?:\|[^}]*)?\}/g)].map((m) => m[1]))]

describe('words of the console', () => {
  test('every entry has both languages, and English takes no value that Chinese does not know', () => {
    const bad = entries.filter(([, [zh, en]]) => zh === '' || en === '')
    expect(bad).toEqual([])
    // `more` and `n` may be said by one language only where a plural or a remainder needs it.
    const strange = entries.filter(([key, [zh, en]]) => key !== 'orders.moreLines' && (holes(en).some((hole) => !holes(zh).includes(hole)) || holes(zh).some((hole) => !holes(en).includes(hole)))).map(([key]) => key)
    expect(strange.filter((key) => key !== 'blocks.needed')).toEqual([])
  })

  test('the English column holds no Chinese, and neither column shouts', () => {
    expect(entries.filter(([key, [, en]]) => key !== 'shell.toLanguage' && /[\u3000-\u9fff\uff00-\uffef]/.test(en)).map(([key]) => key)).toEqual([])
    expect(entries.filter(([, [zh, en]]) => /[!！]/.test(zh + en)).map(([key]) => key)).toEqual([])
    expect(entries.filter(([, [zh]]) => /您|亲，|抱歉|哎呀|恭喜|赋能|一键|智能/.test(zh)).map(([key]) => key)).toEqual([])
  })

  test('every entry is used, by its key or by the beginning of a key that code completes', () => {
    const code = files.filter(({ path }) => !path.startsWith('text/')).map(({ source }) => source).join('\n')
    const begun = [...code.matchAll(/`([a-z]+(?:\.[a-z-]+)*\.)\$\{/gi)].map((m) => m[1])
    expect(entries.map(([key]) => key).filter((key) => !code.includes(`'${key}'`) && !begun.some((start) => key.startsWith(start)))).toEqual([])
    // Control: a key that nobody wrote is found missing.
    expect(code.includes("'no.such.key'")).toBe(false)
  })

  test('colours live in the tokens, Chinese in the tables of words and in the module of numbers', () => {
    const offenders = files.flatMap(({ path, source }) => {
      const words = bare(source)
      return [
        ...(path === 'ui/tokens.ts' ? [] : [...words.matchAll(/#[0-9a-f]{6}\b/gi)].map((m) => `${path} ${m[0]}`)),
        ...(path.startsWith('text/') || path === 'lib/format.ts' ? [] : [...words.matchAll(/[\u4e00-\u9fff]+/g)].map((m) => `${path} ${m[0]}`)),
        ...(path.endsWith('.css') ? [...words.matchAll(/font-size:[^;}]*px/g)].map((m) => `${path} ${m[0]}`) : []),
      ]
    })
    expect(offenders).toEqual([])
    expect(bare("const a = '\u8336' // \u6ce8\u91ca")).toMatch(/[\u4e00-\u9fff]/)
  })
})

describe('numbers in words', () => {
  test('money: ledgers to the fen, sentences in whole yuan from a hundred, minus as U+2212', () => {
    expect([money(123_450), money(-11_800), money(5), money(0), money(-0)]).toEqual(['¥1,234.50', '−¥118.00', '¥0.05', '¥0.00', '¥0.00'])
    expect([moneySaid(3_841_200), moneySaid(9_999), moneySaid(0), moneySaid(-1_050)]).toEqual(['¥38,412', '¥99.99', '¥0', '−¥10.50'])
    expect([moneyChange(14_200), moneyChange(-40_200), moneyChange(0)]).toEqual(['+¥142', '−¥402', '¥0'])
    expect([moneyShort(3_841_200, 'zh'), moneyShort(12_000_000_000, 'zh'), moneyShort(3_841_200, 'en'), moneyShort(12_000_000_000, 'en')]).toEqual(['¥3.8 万', '¥1.2 亿', '¥38k', '¥120M'])
  })

  test('shares: one decimal under ten percent, both counts under thirty people, a dash without a whole', () => {
    expect([percent(0.3), percent(0.024), percent(0), percent(Number.NaN)]).toEqual(['30%', '2.4%', '0%', '—'])
    expect([shareOf(9, 21), shareOf(154, 364), shareOf(0, 0)]).toEqual(['9 / 21', '42%', '—'])
    expect(count(-2318)).toBe('−2,318')
    expect(roundEnds(171.3, 402.4)).toEqual([170, 400])
  })

  test('times are Shanghai times', () => {
    const at = Date.UTC(2024, 5, 25, 6, 5)
    expect([dateSaid(at, 'zh', true), dateSaid(at, 'en', true)]).toEqual(['6月25日 周二 14:05', 'Tue 25 Jun, 14:05'])
    expect([timeInTable(at, at), timeInTable(at, at + 400 * 86_400_000)]).toEqual(['06-25 14:05', '2024-06-25 14:05'])
    expect([ago(at, at + 12 * 60_000, 'zh'), ago(at, at + 12 * 60_000, 'en')]).toEqual(['12 分钟前', '12 min ago'])
  })
})
