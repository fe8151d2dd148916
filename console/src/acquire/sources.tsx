import type { ReactNode } from 'react'
import { Card, DataTable, Loaded, Money, PageHead, PageSkeleton, Percent, StageMark, StateBlock } from '../kit/index.ts'
import { dayKey } from '../lib/format.ts'
import { useGet, useNow } from '../lib/session.tsx'
import type { Chain, FlowRow } from '../lib/types.ts'
import { useWindow } from '../lib/window.ts'
import { useWords } from '../lib/words.tsx'
import { sourceName } from '../voyage/flow.tsx'
import { WindowPicker } from '../voyage/voyage.tsx'
import { cohortFinding, CohortTriangle } from './cohorts.tsx'

/** 获客 › 来源: which sources bring people who stay and buy. */
export function Sources(): ReactNode {
  const { t, f } = useWords()
  const window = useWindow()
  const thisMonth = dayKey(useNow()).slice(0, 7)
  const query = useGet<Chain>('/chain', { from: window.from }, { every: 15_000 })
  return (
    <Loaded query={query} skeleton={<PageSkeleton cards={[360, 300]} />}>
      {({ flow, cohorts, figures }) => {
        const sources = flow.filter((row) => row.source !== 'nobody-known' && row.source !== 'earlier').toSorted((a, b) => b.people - a.people)
        const top = sources[0]
        const enough = sources.filter((row) => row.people >= 30).toSorted((a, b) => b.again / b.people - a.again / a.people)
        const why = !top ? undefined : enough.length >= 2 ? t('sources.best', { source: sourceName(enough[0].source, t), share: f.shareOf(enough[0].again, enough[0].people) }) : t('sources.tooEarly', { n: f.count(top.people) })
        const net = (row: FlowRow): number => row.firstFen + row.againFen
        const total = (key: 'people' | 'again' | 'orders' | 'firstFen' | 'againFen'): number => flow.reduce((sum, row) => sum + row[key], 0)
        const finding = cohortFinding(cohorts, thisMonth)
        return (
          <>
            <PageHead
              kicker={<>{t('stage.acquire')} · {t('acquire.sources')} · <WindowPicker /></>} stale={query.isPlaceholderData} why={why}
              sentence={figures.paidOrders === 0 || !top ? t('sources.sentenceNone') : t('sources.sentence', { source: sourceName(top.source, t), n: t('kit.people', { n: f.count(top.people) }), net: f.moneySaid(net(top)) })}
            />
            <div className="cards">
              <Card flush title={t('sources.tableTitle', { n: f.count(flow.length), people: f.count(total('people')) })} stale={query.isPlaceholderData}>
                <DataTable<FlowRow>
                  name="sources" rows={flow} rowKey={(row) => row.source} empty={<StateBlock title={t('sources.sentenceNone')} />}
                  columns={[
                    { key: 'source', title: t('sources.col.source'), foot: t('sources.total'), cell: (row) => (row.source === 'nobody-known' ? <span title={t('sources.unknownWhat')}><StageMark hatched>{sourceName(row.source, t)}</StageMark></span> : <StageMark stage={row.source === 'earlier' ? 'retain' : 'acquire'}>{sourceName(row.source, t)}</StageMark>) },
                    { key: 'people', title: t('sources.col.people'), right: true, cell: (row) => f.count(row.people), foot: f.count(total('people')) },
                    { key: 'again', title: t('sources.col.again'), right: true, cell: (row) => (row.source === 'nobody-known' ? <span className="third">—</span> : <Percent part={row.again} whole={row.people} />), foot: '' },
                    { key: 'orders', title: t('sources.col.orders'), right: true, cell: (row) => f.count(row.orders), foot: f.count(total('orders')) },
                    { key: 'first', title: t('sources.col.first'), right: true, cell: (row) => <Money fen={row.firstFen} />, foot: <Money fen={total('firstFen')} /> },
                    { key: 'later', title: t('sources.col.later'), right: true, cell: (row) => <Money fen={row.againFen} />, foot: <Money fen={total('againFen')} /> },
                    { key: 'per', title: t('sources.col.per'), right: true, cell: (row) => (row.source === 'nobody-known' ? <span className="third">—</span> : <Money fen={net(row) / row.people} />), foot: '' },
                  ]}
                  phone={(row) => ({ title: sourceName(row.source, t), right: <Money fen={net(row)} />, line: `${t('kit.people', { n: f.count(row.people) })} · ${t('sources.col.again')} ${row.source === 'nobody-known' ? '—' : f.shareOf(row.again, row.people)}`, lineRight: `${f.count(row.orders)} ${t('sources.col.orders')}` })}
                />
              </Card>
              <Card title={finding ? t('cohort.finding', { cohort: finding.cohort, share: f.shareOf(finding.active, finding.size) }) : t('cohort.title')} unit={finding ? t('cohort.title') : undefined}><CohortTriangle cohorts={cohorts} /></Card>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
