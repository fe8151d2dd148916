import { yuanSaid } from '../../kernel/money.ts'
import type { SegmentView } from './judge.ts'


/** One sentence per segment: what may be said, and no more. null: the sample ratio is off, and nothing is said. */
export function dosageSentence(segment: SegmentView | null, language: 'zh' | 'en'): string {
  const zh = language === 'zh'
  if (segment === null) return zh ? '分组人数和抽签对不上，先不看结果；请检查有没有人被移出。' : 'The arms do not match the draw, so nothing is shown; check whether people were taken out.'
  const name = zh ? `「${segment.zh}」` : segment.en
  const wait = segment.daysUntilAnswer === null ? (zh ? '还估不出要多久' : 'too early to say how long') : zh ? `大约再过 ${segment.daysUntilAnswer} 天` : `about ${segment.daysUntilAnswer} more days`
  if (segment.verdict === 'not-enough-evidence' || segment.provisional) {
    return zh ? `${name}还看不出来：现在 ${segment.persons} 人；${wait}。先照旧，每轮 ${segment.chosenDose} 次。` : `${name}: too early to tell with ${segment.persons} people; ${wait}. Until then ${segment.chosenDose} an epoch, as before.`
  }
  if (segment.verdict === 'silence') {
    return zh ? `${name}没有哪个剂量看得出比不打扰更好，先少发。` : `${name}: no dose is shown to beat leaving them in peace; send less.`
  }
  const money = segment.claim === null ? '' : zh
    ? `，比留白组每百人每 28 天多赚 ${yuanSaid(segment.claim.estimate)}（${yuanSaid(segment.claim.low)}～${yuanSaid(segment.claim.high)}）`
    : `: ${yuanSaid(segment.claim.estimate)} more per 100 people and 28 days than the holdout (${yuanSaid(segment.claim.low)} to ${yuanSaid(segment.claim.high)})`
  const more = segment.tooMuchFrom === null ? '' : zh ? `；第 ${segment.tooMuchFrom} 次起每多发一次都少赚` : `; from the ${segment.tooMuchFrom}th on each one earns less`
  return zh ? `对${name}每轮 ${segment.chosenDose} 次最好${money}${more}。` : `${name}: ${segment.chosenDose} an epoch is best${money}${more}.`
}
