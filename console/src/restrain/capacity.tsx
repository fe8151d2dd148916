import type { ReactNode } from 'react'
import { Button } from 'antd'
import { Card, DataTable, Loaded, Money, PageHead, Permitted, PersonChip, StateBlock, useBars } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Seat = { corpId: string; staff: string; capacity: number; friends: number; oneSided: number; share: number; perDay: number; fullInDays: number | null }
type Removal = { personId: string; corpId: string; staff: string; costFen: number; state: string | null; words: string[] }

/** 尺度 › 容量: when each colleague can add nobody any more. */
export function CapacityPage(): ReactNode {
  const { t, f } = useWords()
  const query = useGet<{ rows: Seat[] }>('/capacity')
  return (
    <Loaded query={query}>
      {({ rows }) => (
        <>
          <PageHead kicker={t('capacity.kicker')} sentence={t('capacity.sentence', { n: rows.length, share: f.percent(Math.max(0, ...rows.map((row) => row.share))) })} why={t('capacity.why')} />
          <div className="cards"><Card flush>
            <DataTable<Seat>
              name="capacity" rows={rows} rowKey={(row) => `${row.corpId}/${row.staff}`} empty={null}
              columns={[
                { key: 'staff', title: t('capacity.col.staff'), cell: (row) => row.staff }, { key: 'friends', title: t('capacity.col.friends'), right: true, cell: (row) => f.count(row.friends) }, { key: 'one', title: t('capacity.col.oneSided'), right: true, cell: (row) => f.count(row.oneSided) },
                { key: 'limit', title: t('capacity.col.limit'), right: true, cell: (row) => f.count(row.capacity) }, { key: 'per', title: t('capacity.col.per'), right: true, cell: (row) => row.perDay.toFixed(1) }, { key: 'full', title: t('capacity.col.full'), right: true, cell: (row) => (row.fullInDays === null ? t('capacity.far') : t('capacity.days', { n: f.count(Math.round(row.fullInDays)) })) },
              ]}
              phone={(row) => ({ title: row.staff, right: f.percent(row.share), line: `${t('capacity.col.friends')} ${f.count(row.friends)}`, lineRight: row.fullInDays === null ? t('capacity.far') : t('capacity.days', { n: f.count(Math.round(row.fullInDays)) }) })}
            />
          </Card></div>
        </>
      )}
    </Loaded>
  )
}

/** 尺度 › 清理: a work list for colleagues; nothing is executed and nobody is probed. */
export function RemovalsPage(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const query = useGet<{ total: number; costFen: number; rows: Removal[] }>('/removals')
  const ask = useSend<{ decision: 'asked' | 'kept'; rows: Array<{ personId: string; corpId: string; staff: string }> }>('POST', () => '/removals', { refresh: ['/removals'] })
  const one = (row: Removal): ReactNode => (row.state !== null ? <span className="tag">{row.state}</span> : (
    <Permitted allowed={may('people.personal')} who={t('removals.noRight')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => ask.mutate({ decision: 'asked', rows: [{ personId: row.personId, corpId: row.corpId, staff: row.staff }] }, { onSuccess: () => tell(t('removals.asked', { n: 1 })), onError: (error) => tell(error.message) })}>{t('removals.ask')}</Button>}</Permitted>
  ))
  return (
    <Loaded query={query}>
      {(state) => (
        <>
          <PageHead kicker={t('removals.kicker')} sentence={state.total === 0 ? t('removals.none') : t('removals.sentence', { n: f.count(state.total), cost: f.moneySaid(Math.round(state.costFen)) })} why={t('removals.why')} />
          <div className="cards"><Card flush>
            <DataTable<Removal>
              name="removals" rows={state.rows} rowKey={(row) => `${row.personId}/${row.staff}`} empty={<StateBlock title={t('removals.none')} what={t('removals.why')} />}
              columns={[
                { key: 'person', title: t('removals.col.person'), cell: (row) => <PersonChip personId={row.personId} /> }, { key: 'staff', title: t('removals.col.staff'), cell: (row) => row.staff }, { key: 'why', title: t('removals.col.why'), cell: (row) => <span className="second">{row.words.join('；')}</span> },
                { key: 'cost', title: t('removals.col.cost'), right: true, cell: (row) => <Money fen={Math.round(row.costFen)} /> }, { key: 'act', title: '', right: true, cell: one },
              ]}
              phone={(row) => ({ title: <PersonChip personId={row.personId} />, right: <Money fen={Math.round(row.costFen)} />, line: row.words.join('；'), lineRight: row.staff, actions: one(row) })}
            />
          </Card></div>
        </>
      )}
    </Loaded>
  )
}
