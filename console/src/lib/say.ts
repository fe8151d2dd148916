import { text, type TextKey } from '../text/index.ts'
import type { Language } from './format.ts'

export type Params = Record<string, string | number>

/**
 * A sentence of the table in the given language. `{n}` puts a value in, `{n|order|orders}` chooses singular or plural by it. A figure against
 * Chinese gets its space in the table, not here.
 */
export function say(key: TextKey, language: Language, params: Params = {}): string {
  const row = (text as Record<string, readonly [string, string]>)[key]
  if (!row) return key
  return row[language === 'zh' ? 0 : 1].replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_all, name: string, one?: string, many?: string) => {
    const value = params[name]
    if (one === undefined) return String(value ?? '')
    return String(value).replaceAll(',', '') === '1' ? one : many!
  })
}
