import type { ReactNode } from 'react'
import { Card, DataTable, Loaded, PageHead } from '../kit/index.ts'
import { useGet } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import { text } from '../text/index.ts'

type Pressure = { contacts: number; mean: number; median: number; pressureMax: number; over: number; bins: Array<{ from: number; to: number; contacts: number }>; policy: { halfLifeDays: number }; gate: Array<{ state: string; reason: string; answers: number; persons: number; words: string }> }

/** 尺度 › 压力: how people are spread over pressure, against the limit, and what the gate answered. */
export function PressurePage(): ReactNode {
  const { t, f } = useWords()
  const query = useGet<Pressure>('/pressure', {}, { every: 30_000 })
  return (
    <Loaded query={query}>
      {(state) => {
        const most = Math.max(1, ...state.bins.map((bin) => bin.contacts))
        const width = 100 / state.bins.length
        const said = (row: { state: string; reason: string }): string => (`gate.${row.reason}` in text ? t(`gate.${row.reason}` as TextKey) : `gateState.${row.state}` in text ? t(`gateState.${row.state}` as TextKey) : row.state)
        const last = state.bins.at(-1)?.to ?? 1
        return (
          <>
            <PageHead kicker={t('pressure.kicker')} sentence={t('pressure.sentence', { n: f.count(state.contacts), over: f.count(state.over), max: state.pressureMax, mean: state.mean.toFixed(1) })} why={t('pressure.why', { days: state.policy.halfLifeDays })} />
            <div className="cards">
              <Card title={t('pressure.hist')}>
                <svg width="100%" height={196} role="img" aria-label={t('pressure.hist')} className="flow">
                  {state.bins.map((bin, n) => (
                    <g key={bin.from}>
                      <rect x={`${n * width + 0.3}%`} width={`${width - 0.6}%`} y={170 - (bin.contacts / most) * 128} height={(bin.contacts / most) * 128} fill={bin.from >= state.pressureMax ? 'var(--loss)' : 'var(--restrain)'} opacity={0.75} rx={2} />
                      {bin.contacts > 0 && <text className="small" x={`${(n + 0.5) * width}%`} y={164 - (bin.contacts / most) * 128} textAnchor="middle">{f.count(bin.contacts)}</text>}
                      <text className="small" x={`${n * width}%`} y={190} textAnchor={n === 0 ? 'start' : 'middle'}>{bin.from}</text>
                    </g>
                  ))}
                  <line x1="0" x2="100%" y1={170} y2={170} stroke="var(--strongLine)" />
                  <line x1={`${(state.pressureMax / last) * 100}%`} x2={`${(state.pressureMax / last) * 100}%`} y1={4} y2={174} stroke="var(--ink)" strokeWidth={1.5} />
                  <svg x={`${(state.pressureMax / last) * 100}%`} overflow="visible"><text className="small" x={8} y={16}>{t('pressure.cap', { max: state.pressureMax, n: f.count(state.over) })}</text></svg>
                </svg>
              </Card>
              <Card flush title={t('pressure.gate')}>
                <DataTable
                  name="gate" rows={state.gate} rowKey={(row) => `${row.state}/${row.reason}`} empty={<p className="second" style={{ padding: '0 24px 20px' }}>{t('pressure.noAnswers')}</p>}
                  columns={[{ key: 'words', title: t('pressure.answer'), cell: said }, { key: 'persons', title: t('pressure.persons'), right: true, cell: (row) => f.count(row.persons) }, { key: 'answers', title: t('pressure.answers'), right: true, cell: (row) => f.count(row.answers) }]}
                  phone={(row) => ({ title: said(row), right: f.count(row.persons), line: '', lineRight: f.count(row.answers) })}
                />
              </Card>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
