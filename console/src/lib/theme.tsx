import { createContext, useContext } from 'react'
import type { Mode } from '../ui/tokens.ts'

export type ThemeValue = { mode: Mode; setMode: (mode: Mode) => void; setLanguage: (language: 'zh' | 'en') => void }
const ThemeContext = createContext<ThemeValue>({ mode: 'light', setMode: () => {}, setLanguage: () => {} })
export const ThemeProvider = ThemeContext.Provider
export const useTheme = (): ThemeValue => useContext(ThemeContext)
