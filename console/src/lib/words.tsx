import { createContext, useContext, useMemo } from 'react'
import type { TextKey } from '../text/index.ts'
import type { Language } from './format.ts'
import * as format from './format.ts'
import { say, type Params } from './say.ts'

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
export { say, type Params, type TextKey }
