import { pinyin } from 'pinyin-pro'

/**
 * Words by which a product is found (商品搜索). Chinese names have no spaces, so every character and every pair of neighbours is a word; Latin words and numbers
 * stand whole; the initials of the pinyin let "bc" find 白茶. A query finds what holds all of its words; a query of Chinese asks for pairs, so that
 * 白茶 does not find 白糖红茶.
 */
const runs = /[\p{Script=Han}]+|[\p{L}\p{N}]+/gu
const han = /\p{Script=Han}/u
const maxWords = 200

const plain = (text: string): string => text.normalize('NFKC').toLowerCase()

function pairs(run: string): string[] {
  const characters = [...run]
  return characters.slice(1).map((character, n) => characters[n] + character)
}

/** All words of a product: characters, pairs, whole Latin words and their beginnings from two letters on, pinyin initials. */
export function wordsOf(texts: readonly string[]): string[] {
  const words = new Set<string>()
  for (const text of texts) {
    for (const [run] of plain(text).matchAll(runs)) {
      if (han.test(run)) {
        for (const character of run) words.add(character)
        for (const pair of pairs(run)) words.add(pair)
        const initials = pinyin(run, { pattern: 'first', toneType: 'none', type: 'array' }).join('').toLowerCase()
        for (let n = 0; n + 2 <= initials.length && n < 12; n++) words.add(`~${initials.slice(n, n + 2)}`)
      } else {
        words.add(run)
        for (let n = 2; n < Math.min(run.length, 12); n++) words.add(run.slice(0, n))
      }
      if (words.size >= maxWords) return [...words]
    }
  }
  return [...words]
}

/** The words a query asks for; empty: it asks for nothing. */
export function queryWords(query: string): string[] {
  const words = new Set<string>()
  for (const [run] of plain(query).matchAll(runs)) {
    if (han.test(run)) for (const word of [...run].length === 1 ? [run] : pairs(run)) words.add(word)
    else words.add(run)
  }
  return [...words].slice(0, 30)
}

/** A query of a few Latin letters may be pinyin initials. */
export function initialWords(query: string): string[] {
  const text = plain(query).trim()
  if (!/^[a-z]{2,8}$/.test(text)) return []
  return Array.from({ length: text.length - 1 }, (_, n) => `~${text.slice(n, n + 2)}`)
}

/** A tsvector's text form: each word quoted, so that nothing in it is syntax. */
export const vectorText = (words: readonly string[]): string => words.map((word) => `'${word.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`).join(' ')
/** All of the words. */
export const queryText = (words: readonly string[]): string => words.map((word) => `'${word.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`).join(' & ')
