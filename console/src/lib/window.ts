import { useSearchParams } from 'react-router'
import { dayKey } from './format.ts'
import { useNow } from './session.tsx'
import { useWords } from './words.tsx'

export type WindowKey = 'all' | '28' | '90'
/** The page's one window of time, kept in the address: since the beginning, or the last 28 or 90 days. */
export function useWindow(): { key: WindowKey; from: string | undefined; words: string; set: (key: WindowKey) => void; options: Array<{ key: WindowKey; label: string }> } {
  const [params, setParams] = useSearchParams()
  const { t } = useWords()
  const now = useNow()
  const asked = params.get('window')
  const key: WindowKey = asked === '28' || asked === '90' ? asked : 'all'
  return {
    key, from: key === 'all' ? undefined : dayKey(now - (Number(key) - 1) * 86_400_000), words: t(`voyage.window.${key}`),
    options: (['all', '90', '28'] as const).map((k) => ({ key: k, label: t(`voyage.window.${k}`) })),
    set: (next) => setParams((before) => {
      const after = new URLSearchParams(before)
      if (next === 'all') after.delete('window')
      else after.set('window', next)
      return after
    }),
  }
}
