import type { ReactNode } from 'react'
import { Card, DataTable, Loaded, PageHead } from '../kit/index.ts'
import { useGet } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

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
        const last = state.bins.at(-1)?.to ?? 1
        return (
          <>
            <PageHead kicker={t('pressure.kicker')} sentence={t('pressure.sentence', { n: f.count(state.contacts), over: f.count(state.over), max: state.pressureMax, mean: state.mean.toFixed(1) })} why={t('pressure.why', { days: state.policy.halfLifeDays })} />
            <div className="cards">
              <Card title={t('pressure.hist')}>
                <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={t('pressure.hist')} style={{ width: '100%', height: 180, display: 'block' }}>
                  {state.bins.map((bin, n) => <rect key={bin.from} x={n * width + 0.4} width={width - 0.8} y={38 - (bin.contacts / most) * 36} height={(bin.contacts / most) * 36} fill={bin.from >= state.pressureMax ? 'var(--loss)' : 'var(--restrain)'} opacity={0.75} />)}
                  <line x1={(state.pressureMax / last) * 100} x2={(state.pressureMax / last) * 100} y1={0} y2={38} stroke="var(--ink)" strokeWidth={0.3} />
                  <line x1={0} x2={100} y1={38} y2={38} stroke="var(--strongLine)" strokeWidth={0.3} />
                </svg>
                <div className="row second" style={{ justifyContent: 'space-between' }}>{state.bins.map((bin) => <span key={bin.from} className="num">{bin.from}</span>)}</div>
              </Card>
              <Card flush title={t('pressure.gate')}>
                <DataTable
                  name="gate" rows={state.gate} rowKey={(row) => `${row.state}/${row.reason}`} empty={<p className="second" style={{ padding: '0 24px 20px' }}>{t('pressure.noAnswers')}</p>}
                  columns={[{ key: 'words', title: t('pressure.answer'), cell: (row) => row.words || t('pressure.let') }, { key: 'persons', title: t('pressure.persons'), right: true, cell: (row) => f.count(row.persons) }, { key: 'answers', title: t('pressure.answers'), right: true, cell: (row) => f.count(row.answers) }]}
                  phone={(row) => ({ title: row.words || t('pressure.let'), right: f.count(row.persons), line: '', lineRight: f.count(row.answers) })}
                />
              </Card>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
