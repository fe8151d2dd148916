import { yuanSaid } from '../../kernel/money.ts'
import type { Judged } from './judge-playbook.ts'
import type { Move } from './moves.ts'

const names = {
  block: { zh: '积木', en: 'block' }, pressure: { zh: '打扰上限', en: 'pressure limits' }, dosage: { zh: '剂量上限', en: 'dose limits' }, welcome: { zh: '欢迎语', en: 'welcome text' }, segment: { zh: '人群', en: 'segment' }, journey: { zh: '旅程', en: 'journey' },
} as const

export function moveName(move: Move, language: 'zh' | 'en'): string {
  const name = names[move.kind][language]
  if (move.kind === 'block') return language === 'zh' ? `${name}「${move.block}」` : `${name} ${move.block}`
  if (move.kind === 'segment' || move.kind === 'journey') return language === 'zh' ? `${name}「${move.name}」` : `${name} "${move.name}"`
  return name
}

export function verdictSentence(judged: Judged, language: 'zh' | 'en'): string {
  const zh = language === 'zh'
  const span = judged.lowFen === undefined ? '' : `${yuanSaid(judged.lowFen)}～${yuanSaid(judged.highFen ?? 0)}`
  if (judged.reason === 'epochs') return zh ? `还看不出来：用上后走完 ${judged.epochs} 轮，要 ${judged.needed} 轮。` : `Too early to tell: ${judged.epochs} epochs closed since, ${judged.needed} needed.`
  if (judged.reason === 'evidence') return zh ? '走完的轮次够了，证据还不够，先留着。' : 'Enough epochs have closed but not enough evidence; it stays for now.'
  if (judged.reason === 'losses') return zh ? `该撤下：每百人至少多走 ${judged.lossesPerHundred} 人。` : `Take it off: at least ${judged.lossesPerHundred} of a hundred more have left.`
  if (judged.reason === 'net') return zh ? `该撤下：这里是少赚的（${span}）。` : `Take it off: here it loses (${span}).`
  return zh ? `可以留着：这里量到 ${span}。` : `It may stay: here ${span} was measured.`
}
