import { useEffect, useState, type ReactNode } from 'react'
import { Input, Modal } from 'antd'
import { useNavigate } from 'react-router'
import { withQuery } from '../lib/api.ts'
import { useSession } from '../lib/session.tsx'
import { useTheme } from '../lib/theme.tsx'
import { useWords } from '../lib/words.tsx'
import { menu } from '../pages.ts'

type Hit = { key: string; label: string; note?: string; act: () => void }

/** Ctrl K: pages by name, actions, and the two searches for orders and people. */
export function SearchDialog(props: { open: boolean; close: () => void }): ReactNode {
  const { t, language } = useWords()
  const { tenant, may } = useSession()
  const { mode, setMode, setLanguage } = useTheme()
  const go = useNavigate()
  const [q, setQ] = useState('')
  const [at, setAt] = useState(0)
  useEffect(() => {
    if (props.open) {
      setQ('')
      setAt(0)
    }
  }, [props.open])
  const query = q.trim()
  const wanted = query.toLowerCase()
  const places: Hit[] = [
    ...menu(tenant).map((row): Hit => ({ key: row.path, label: t(row.name), note: t(`stage.${row.stage}`), act: () => void go(row.path) })),
    { key: 'language', label: t('shell.toLanguage'), act: () => setLanguage(language === 'zh' ? 'en' : 'zh') },
    { key: 'theme', label: t('shell.toTheme'), act: () => setMode(mode === 'light' ? 'dark' : 'light') },
  ].filter((hit) => wanted === '' || hit.label.toLowerCase().includes(wanted) || (hit.note ?? '').toLowerCase().includes(wanted) || hit.key.includes(wanted))
  const finds: Hit[] = query === '' ? [] : [
    ...(may('orders.read') ? [{ key: 'find-orders', label: t('shell.searchOrders', { q: query }), act: () => void go(withQuery('/sell/orders', { search: query })) }] : []),
    ...(may('people.read') ? [{ key: 'find-people', label: t('shell.searchPeople', { q: query }), act: () => void go(withQuery('/retain/people', { search: query })) }] : []),
  ]
  const hits = [...places, ...finds]
  const choose = (hit: Hit | undefined): void => {
    if (!hit) return
    props.close()
    hit.act()
  }
  return (
    <Modal open={props.open} onCancel={props.close} footer={null} closable={false} width={560} style={{ top: 90 }} destroyOnHidden>
      <Input autoFocus size="large" value={q} placeholder={t('shell.search')} aria-label={t('shell.search')} onChange={(event) => { setQ(event.target.value); setAt(0) }} onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
          event.preventDefault()
          setAt((now) => (now + (event.key === 'ArrowDown' ? 1 : hits.length - 1)) % Math.max(1, hits.length))
        } else if (event.key === 'Enter') choose(hits[at])
      }} />
      <div className="palette" style={{ marginTop: 8 }}>
        {query !== '' && places.length === 0 && <p className="second" style={{ padding: 12 }}>{t('shell.searchEmpty', { q: query })}</p>}
        {hits.map((hit, n) => <a key={hit.key} className={n === at ? 'at' : ''} role="button" onMouseEnter={() => setAt(n)} onClick={() => choose(hit)}><span>{hit.label}</span><span>{hit.note}</span></a>)}
      </div>
    </Modal>
  )
}
