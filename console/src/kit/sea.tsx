import type { ReactNode } from 'react'
import { Dropdown, Tooltip } from 'antd'
import { useSea, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import { Icon } from './icons.tsx'

const paces = [1, 2, 5, 20, 60, 600] as const
/** Pausing keeps the pace, so that running again goes on as before. */
const paceKey = 'qz.pace'

/** Whether this world is simulated, its day, and (in a sea) pause and pace. Never absent. */
export function SeaBadge(): ReactNode {
  const { t, f, language } = useWords()
  const { may, tenant } = useSession()
  const sea = useSea()
  const { toggle, setPace } = useSeaControl()
  if (!tenant.simulated) return <span className="seabadge real">{t('sea.real')}</span>
  const data = sea.data
  const running = data?.daySeconds != null
  const seconds = data?.daySeconds ?? Number(localStorage.getItem(paceKey) ?? 60)
  return (
    <Tooltip title={t('sea.what')}>
      <span className="seabadge" aria-live="off">
        <strong className="strong">{t('sea.simulated')}</strong>
        {data && <span>{t('sea.day', { n: f.count(data.dayNumber) })}<span className="wide"> · {f.dateSaid(data.now, language)}</span></span>}
        {data && may('sea.control') && (
          <>
            <button type="button" onClick={toggle} aria-label={running ? t('sea.pause') : t('sea.run')} title={running ? t('sea.pause') : t('sea.run')}><Icon name={running ? 'pause' : 'play'} size={14} /></button>
            <Dropdown trigger={['click']} menu={{ selectedKeys: [String(seconds)], items: [{ key: 'title', type: 'group', label: t('sea.paceTitle'), children: paces.map((s) => ({ key: String(s), label: t('sea.pace', { s }) })) }], onClick: ({ key }) => setPace(Number(key)) }}>
              <button type="button" className="label" title={data.waiting ? t('sea.behind') : t('sea.paceTitle')}>{running ? (data.waiting ? t('sea.waiting') : t('sea.pace', { s: seconds })) : t('sea.paused')}</button>
            </Dropdown>
          </>
        )}
      </span>
    </Tooltip>
  )
}

export function useSeaControl(): { toggle: () => void; setPace: (seconds: number | null) => void } {
  const { may } = useSession()
  const sea = useSea()
  const send = useSend<{ daySeconds: number | null }>('PUT', () => '/sea', { refresh: ['/sea'] })
  const setPace = (daySeconds: number | null): void => {
    if (!may('sea.control')) return
    if (daySeconds !== null) localStorage.setItem(paceKey, String(daySeconds))
    send.mutate({ daySeconds })
  }
  return {
    setPace,
    toggle: () => {
      if (sea.data?.daySeconds != null) {
        localStorage.setItem(paceKey, String(sea.data.daySeconds))
        setPace(null)
      } else setPace(Number(localStorage.getItem(paceKey) ?? 60))
    },
  }
}
