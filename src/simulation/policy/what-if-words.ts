import { yuanSaid } from '../../kernel/money.ts'
import type { WhatIf } from './what-if.ts'

type Language = 'zh' | 'en'
const yuan = (fen: number): string => yuanSaid(Math.abs(fen))

/** What it comes to, in one sentence. */
export function whatIfSentence(result: WhatIf, language: Language): string {
  const { summary, policy, days, basis, blastDose } = result
  const zh = language === 'zh'
  const who = policy === 'silence' ? (zh ? '一条都不发' : 'not a single message') : basis === 'population' ? (zh ? '每天给每个人发一条' : 'one message a day to everybody') : zh ? `给每个人每 28 天发 ${blastDose} 条` : `${blastDose} messages per 28 days to everybody`
  const money = zh
    ? `净收入${summary.netFen.value < 0 ? '少' : '多'} ${yuan(summary.netFen.value)}（${yuanSaid(summary.netFen.low)}～${yuanSaid(summary.netFen.high)}）`
    : `${yuan(summary.netFen.value)} ${summary.netFen.value < 0 ? 'less' : 'more'} net revenue (${yuanSaid(summary.netFen.low)} to ${yuanSaid(summary.netFen.high)})`
  const people = Math.round(Math.abs(summary.losses.value))
  const left = zh ? `${summary.losses.value < 0 ? '少' : '多'}走 ${people} 人` : `${people} ${summary.losses.value < 0 ? 'fewer' : 'more'} people leave`
  const span = zh ? `${yuanSaid(summary.totalFen.low)}～${yuanSaid(summary.totalFen.high)}` : `${yuanSaid(summary.totalFen.low)} to ${yuanSaid(summary.totalFen.high)}`
  const end = summary.verdict === 'not-clear'
    ? zh ? `算上走的人往后一年，好坏还分不清（${span}）` : `with the year after of those who leave, it cannot be told whether that is better (${span})`
    : zh
      ? `算上走的人往后一年，比现在${summary.verdict === 'worse' ? '少' : '多'}赚 ${yuan(summary.totalFen.value)}（${span}）`
      : `with the year after of those who leave, it earns ${yuan(summary.totalFen.value)} ${summary.verdict === 'worse' ? 'less' : 'more'} than now (${span})`
  return zh ? `${days.length} 天里${who}：${money}，${left}；${end}。` : `${days.length} days of ${who}: ${money}, ${left}; ${end}.`
}

/** What was assumed. */
export function whatIfNote(result: WhatIf, language: Language): string {
  if (result.basis === 'population') {
    return language === 'zh'
      ? `把模拟海里现有的 ${result.contacts} 位联系人复制出去，另过 ${result.futures} 种未来，两种做法遇到同样的运气；期间不算新来的人，现在的剂量一直照旧。真账本一个字没动。`
      : `The ${result.contacts} contacts of the simulated sea were copied and lived through ${result.futures} other futures, both ways with the same luck; newcomers are left out and the present dosage goes on. The book was not touched.`
  }
  return language === 'zh'
    ? `只用实验估出来的曲线：没试过的剂量不算，「人人都发」按试过的最高剂量；区间偏宽。`
    : 'Made only from the curves that the experiment estimated: doses that nobody had are not judged, and "everyone" means the highest dose that was tried; the interval is rather too wide.'
}
