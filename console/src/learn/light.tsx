import type { ReactNode } from 'react'
import { Card, Loaded, PageHead } from '../kit/index.ts'
import { useGet } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Light = { processes: number; valuesSet: number; stepsLeft: number; blocksOn: number; blocksTotal: number; minutesPerDay: number | null; sentence: string }

/** 标杆 › 轻重: what running all this takes, in facts. Peers' ranges are those published for systems of the field. */
export function LightPage(): ReactNode {
  const { t, f } = useWords()
  const query = useGet<Light>('/light', {}, { every: 60_000 })
  const log = (value: number, most: number): number => Math.min(100, (Math.log1p(value) / Math.log1p(most)) * 100)
  return (
    <Loaded query={query}>
      {(light) => {
        const rows = [
          { key: 'processes' as const, value: light.processes, most: 40, peers: [4, 38] as const }, { key: 'values' as const, value: light.valuesSet, most: 3000, peers: [43, 2781] as const }, { key: 'steps' as const, value: light.stepsLeft, most: 30 },
          { key: 'blocks' as const, value: light.blocksOn, most: light.blocksTotal }, { key: 'minutes' as const, value: light.minutesPerDay, most: 240 },
        ]
        return (
          <>
            <PageHead kicker={t('light.kicker')} sentence={light.sentence} why={t('light.why')} />
            <div className="cards"><Card title={t('light.card')}>
              {rows.map((row) => (
                <div key={row.key} className="meterrow">
                  <span className="second">{t(`light.${row.key}`)}</span>
                  <div className="bar" style={{ position: 'relative' }}>
                    <i style={{ width: `${row.value === null ? 0 : log(row.value, row.most)}%` }} />
                    {row.peers && <b title={t('light.peers', { low: row.peers[0], high: f.count(row.peers[1]) })} style={{ position: 'absolute', left: `${log(row.peers[0], row.most)}%`, width: `${log(row.peers[1], row.most) - log(row.peers[0], row.most)}%`, top: 10, height: 2, background: 'var(--ink2)' }} />}
                  </div>
                  <span className="num strong">{row.value === null ? '—' : f.count(Math.round(row.value))}</span>
                  {row.peers && <span className="third">{t('light.peers', { low: row.peers[0], high: f.count(row.peers[1]) })}</span>}
                </div>
              ))}
            </Card></div>
          </>
        )
      }}
    </Loaded>
  )
}
