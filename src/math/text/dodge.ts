import { pinyin } from 'pinyin-pro'
import traditional from 'opencc-js/dict/TSCharacters'
import { randomStream, type RandomStream } from '../random/index.ts'
import { characterParts, emojiMeanings, letterShapes, shapeGroups } from './lookalikes.ts'

/**
 * Twelve ways in which a word is written to get past a filter, as a test tool: what a matcher or a classifier still finds after each is its recall.
 * Each is a pure function of the text and the seed. A transform that finds nothing to change returns the text as it was (`changed` false in the bench's count).
 */
export const dodgeNames = ['full-width', 'traditional', 'zero-width', 'homophone', 'split', 'look-alike', 'symbols', 'emoji', 'digits', 'repeat', 'case', 'mixed'] as const
export type DodgeName = (typeof dodgeNames)[number]
export type Dodger = (name: DodgeName, text: string, seed: number) => string

/** Builds the reverse tables (homophones by pinyin take about 100 ms). */
export function makeDodger(): Dodger {
  const toTraditional = new Map<string, string>()
  for (const entry of traditional.split('|')) {
    const [from, to] = entry.split(' ')
    if (from.length === 1 && to !== from && !toTraditional.has(to)) toTraditional.set(to, from)
  }
  const sameSound = new Map<string, string[]>()
  const soundOf = new Map<string, string>()
  // The GB2312 range of everyday characters, in the order of the encoding: a dodger types what the input method offers.
  for (const character of new TextDecoder('gb2312').decode(everydayBytes())) {
    const sound = pinyin(character, { toneType: 'none', v: true })
    soundOf.set(character, sound)
    sameSound.set(sound, [...(sameSound.get(sound) ?? []), character])
  }
  const emojiOf = new Map(Object.entries(emojiMeanings).map(([emoji, character]) => [character, emoji]))
  const shapesOf = new Map<string, string[]>()
  for (const [letter, shapes] of Object.entries(letterShapes)) shapesOf.set(letter, [...shapes])
  for (const group of shapeGroups) for (const one of group) shapesOf.set(one, [...group].filter(other => other !== one))
  const numerals = ['零〇０', '一壹①１', '二贰②２', '三叁③３', '四肆④４', '五伍⑤５', '六陆⑥６', '七柒⑦７', '八捌⑧８', '九玖⑨９']
  const pick = <T>(random: RandomStream, values: readonly T[]): T => values[random.below(values.length)]
  const each = (text: string, change: (character: string) => string): string => [...text].map(change).join('')
  const between = (text: string, random: RandomStream, fillers: readonly string[]): string => [...text].map((character, i) => i === 0 ? character : pick(random, fillers) + character).join('')

  const simple: Record<Exclude<DodgeName, 'mixed'>, (text: string, random: RandomStream) => string> = {
    'full-width': text => each(text, one => one >= '!' && one <= '~' ? String.fromCharCode(one.charCodeAt(0) + 0xfee0) : one),
    traditional: text => each(text, one => toTraditional.get(one) ?? one),
    'zero-width': (text, random) => between(text, random, ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u200b\u200d']),
    homophone: (text, random) => each(text, one => {
      const others = (sameSound.get(soundOf.get(one) ?? '') ?? []).filter(other => other !== one)
      return others.length === 0 ? one : pick(random, others)
    }),
    split: text => each(text, one => characterParts[one] ?? one),
    'look-alike': (text, random) => each(text, one => {
      const others = shapesOf.get(one.toLowerCase())
      return others === undefined || others.length === 0 ? one : pick(random, others)
    }),
    symbols: (text, random) => between(text, random, ['*', '·', '-', '_', '.', '，', '/', '~', ' ', '|', '★', '+']),
    emoji: (text, random) => [...text].map((one, i) => (i > 0 && random.uniform() < 0.5 ? pick(random, ['😀', '🌹', '🔥', '❤️', '🐔', '👉🏻']) : '') + (emojiOf.get(one) ?? one)).join(''),
    digits: (text, random) => each(text, one => {
      const value = '0123456789'.includes(one) ? Number(one) : '零一二三四五六七八九'.indexOf(one)
      return value < 0 ? one : pick(random, [...numerals[value], String(value)].filter(other => other !== one))
    }),
    repeat: (text, random) => each(text, one => one.repeat(1 + random.below(3))),
    case: (text, random) => each(text, one => random.uniform() < 0.5 ? one.toUpperCase() : one.toLowerCase()),
  }
  return (name, text, seed) => {
    const random = randomStream(seed, 1 + dodgeNames.indexOf(name))
    if (name !== 'mixed') return simple[name](text, random)
    const first = pick(random, ['full-width', 'traditional', 'look-alike', 'digits', 'case'] as const)
    const second = pick(random, ['zero-width', 'symbols', 'emoji', 'repeat'] as const)
    return simple[second](simple[first](text, random), random)
  }
}
function everydayBytes(): Uint8Array {
  const bytes: number[] = []
  for (let row = 0xb0; row <= 0xd7; row++) for (let cell = 0xa1; cell <= (row === 0xd7 ? 0xf9 : 0xfe); cell++) bytes.push(row, cell)
  return Uint8Array.from(bytes)
}
