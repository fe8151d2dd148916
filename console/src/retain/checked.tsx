import { useEffect, useState, type ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import { TextLink } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Verdict = { ok: boolean; findings: Array<{ from: number; to: number; found: string; rule: string; level: 'stop' | 'look'; zh: string; en: string }>; suggestion: string | null }

/** Under a text that goes to many: what may not be said, why, and the text without it in one click. Silent while there is nothing to say. */
export function Checked(props: { text: string; use: (text: string) => void }): ReactNode {
  const { t, language } = useWords()
  const { tenant, url } = useSession()
  const [settled, setSettled] = useState(props.text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(props.text), 400)
    return () => clearTimeout(timer)
  }, [props.text])
  const query = useQuery({
    queryKey: [tenant.slug, '/messages/check', settled], enabled: settled.trim() !== '', staleTime: 60_000, placeholderData: (before: Verdict | undefined) => before,
    queryFn: () => request<Verdict>('POST', url('/messages/check'), { text: settled.slice(0, 4000) }),
  })
  const verdict = query.data
  if (props.text.trim() === '' || verdict === undefined || verdict.findings.length === 0) return null
  return (
    <div className={`callout ${verdict.ok ? '' : 'warn'}`} role="status" aria-live="polite">
      {verdict.findings.slice(0, 4).map((one, n) => <p key={n}>{language === 'zh' ? one.zh : one.en}</p>)}
      {verdict.suggestion !== null && <p style={{ marginTop: 4 }}>{t('checked.instead')} <span className="strong">{verdict.suggestion}</span> <TextLink onClick={() => props.use(verdict.suggestion!)}>{t('checked.use')}</TextLink></p>}
    </div>
  )
}
