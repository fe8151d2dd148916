import type { Instant } from '../../kernel/clock.ts'
import { parseLocal } from '../../kernel/calendar.ts'
import type { Random } from '../../kernel/random.ts'

export type CodeLine = { line: number; code: string; expiresAt: Instant | null }
export type BadLine = { line: number; code: string; why: 'repeated' | 'known' | 'too-long' | 'bad-date' | 'strange'; /** Line of the first one. */ first?: number }

const longest = 128
export const importMost = 10_000

/**
 * Reads a list of codes: one per line, optionally with the last day it can be used ("码,2026-12-31" or with a time). Empty lines and a heading are skipped.
 * What cannot be used is listed, with its line.
 */
export function readCodes(text: string): { codes: CodeLine[]; bad: BadLine[] } {
  const codes: CodeLine[] = []
  const bad: BadLine[] = []
  const first = new Map<string, number>()
  text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/).forEach((raw, n) => {
    const line = n + 1
    const [code, date = ''] = raw.split(/[,\t，]/, 2).map((one) => one.trim().replace(/^"(.*)"$/, '$1'))
    if (code === '' || (line === 1 && /^(code|codes|码|券码|兑换码)$/i.test(code))) return
    if (code.length > longest) return void bad.push({ line, code: `${code.slice(0, 24)}…`, why: 'too-long' })
    // eslint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f]/.test(code)) return void bad.push({ line, code, why: 'strange' })
    const before = first.get(code)
    if (before !== undefined) return void bad.push({ line, code, why: 'repeated', first: before })
    first.set(code, line)
    const at = date === '' ? null : parseLocal(/^\d{4}-\d{2}-\d{2}$/.test(date) ? `${date} 23:59:59` : date)
    if (at === undefined) return void bad.push({ line, code, why: 'bad-date' })
    codes.push({ line, code, expiresAt: at })
  })
  return { codes, bad }
}

/** No letters or digits that look like each other. 32 of them, so a byte's low five bits draw one without favour. */
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** Codes of three groups of four, 60 random bits each; `salt` is never the same twice. */
export function makeCodes(random: Random, count: number, salt: string): string[] {
  const codes = new Set<string>()
  for (let n = 0; codes.size < count; n++) {
    const text = [...random.bytes(12, 'offer code', salt, n)].map((byte) => letters[byte & 31]).join('')
    codes.add(`${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`)
  }
  return [...codes]
}
