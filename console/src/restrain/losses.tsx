import type { ReactNode } from 'react'
import { Card, DataTable, Loaded, PageHead, PersonChip, StateBlock, When } from '../kit/index.ts'
import { useGet, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Row = { personId: string; staff: string; lostAt: number; lostBy: string; lastTouches: unknown[]; again: boolean }
type Losses = { counts: Array<{ losses: number }>; rows: Row[] }
export type Evidence = { caused: { caused: number; causedLow: number; causedHigh: number; enough: boolean } }

/** 尺度 › 流失: who left, after what; how many messages caused, only where the holdout can tell. */
export function LossesPage(): ReactNode {
  const { t, f } = useWords()
  const { on } = useSession()
  const query = useGet<Losses>('/losses', {}, { every: 30_000 })
  const evidence = useGet<Evidence>('/losses/evidence', {}, { enabled: on('dosage') })
  return (
    <Loaded query={query}>
      {(state) => {
        const total = state.counts.reduce((sum, row) => sum + row.losses, 0)
        const e = evidence.data?.caused
        const caused = e?.enough ? t('losses.causedKnown', { n: Math.round(e.caused), low: Math.round(e.causedLow), high: Math.round(e.causedHigh) }) : t('losses.causedUnknown')
        return (
          <>
            <PageHead kicker={t('losses.kicker')} sentence={total === 0 ? t('losses.none') : t('losses.sentence', { n: f.count(total), caused })} why={t('losses.why')} />
            <div className="cards">
              <Card flush>
                <DataTable<Row>
                  name="losses" rows={state.rows} rowKey={(row) => `${row.personId}/${row.staff}/${row.lostAt}`} empty={<StateBlock title={t('losses.none')} what={t('losses.why')} />}
                  columns={[
                    { key: 'person', title: t('losses.col.person'), cell: (row) => <PersonChip personId={row.personId} /> }, { key: 'by', title: t('losses.col.by'), cell: (row) => <>{row.lostBy === 'contact' ? t('losses.contact') : t('losses.staff')}{row.again && <span className="tag" style={{ marginLeft: 8 }}>{t('losses.again')}</span>}</> },
                    { key: 'staff', title: t('losses.col.staff'), cell: (row) => row.staff }, { key: 'last', title: t('losses.col.last'), right: true, cell: (row) => (row.lastTouches.length === 0 ? t('losses.noTouches') : t('losses.touches', { n: row.lastTouches.length })) }, { key: 'at', title: t('losses.col.at'), cell: (row) => <When at={row.lostAt} /> },
                  ]}
                  phone={(row) => ({ title: <PersonChip personId={row.personId} />, right: <When at={row.lostAt} />, line: row.lostBy === 'contact' ? t('losses.contact') : t('losses.staff'), lineRight: row.staff })}
                />
              </Card>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
