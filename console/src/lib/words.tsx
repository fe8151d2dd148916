import { createContext, useContext, useMemo } from 'react'
import { text, type TextKey } from '../text/index.ts'
import type { Language } from './format.ts'
import * as format from './format.ts'

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

const LanguageContext = createContext<Language>('zh')
export const LanguageProvider = LanguageContext.Provider
export const useLanguage = (): Language => useContext(LanguageContext)

export type Words = { language: Language; t: (key: TextKey, params?: Params) => string; f: typeof format; short: (fen: number) => string }
/** Words and number formats in the language of the moment. */
export function useWords(): Words {
  const language = useLanguage()
  return useMemo(() => ({ language, t: (key, params) => say(key, language, params), f: format, short: (fen) => format.moneyShort(fen, language) }), [language])
}
/** A name that the server holds in both languages. */
export const named = (row: { zh: string; en: string } | undefined, language: Language): string => (row === undefined ? '' : language === 'zh' ? row.zh : row.en)
export type { TextKey }
