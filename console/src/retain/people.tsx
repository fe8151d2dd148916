import { useState, type ReactNode } from 'react'
import { Button } from 'antd'
import { Card, DataTable, Filters, Loaded, Money, PageHead, PersonChip, StageMark, StateBlock, useFilter, When } from '../kit/index.ts'
import { useGet, useSession } from '../lib/session.tsx'
import type { PersonRow } from '../lib/types.ts'
import { useWords } from '../lib/words.tsx'

export type People = { rows: PersonRow[]; totals: { known: number; unknown: number } }
type Sums = { rows: Array<{ personId: string; orders: number; netFen: number; lastAt: number | null }> }
const pageSize = 50

/** 留存 › 客人. */
export function People(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const filter = useFilter()
  const search = filter.get('search')
  const [limit, setLimit] = useState(pageSize)
  const query = useGet<People>('/people', { search, limit })
  const ids = query.data?.rows.slice(0, 200).map((row) => row.personId).join(',')
  const sums = useGet<Sums>('/orders-by-person', { persons: ids }, { enabled: may('orders.read') && ids !== undefined && ids !== '' })
  const sumOf = new Map(sums.data?.rows.map((row) => [row.personId, row]))
  const orders = (row: PersonRow): string => f.count(sumOf.get(row.personId)?.orders ?? 0)
  return (
    <Loaded query={query}>
      {(data) => (
        <>
          <PageHead kicker={t('people.kicker')} sentence={t('people.sentence', { known: f.count(data.totals.known), unknown: f.count(data.totals.unknown) })} why={t('people.why')} />
          <Filters search={{ value: search, hint: t('people.search'), set: (value) => filter.set({ search: value }) }} onClear={search ? () => filter.clear() : undefined} />
          <Card flush>
            <DataTable<PersonRow>
              name="people" rows={data.rows} rowKey={(row) => row.personId} to={(row) => `/retain/people/${row.personId}`} stale={query.isPlaceholderData}
              columns={[
                { key: 'person', title: t('people.col.person'), cell: (row) => <PersonChip personId={row.personId} /> },
                { key: 'known', title: t('people.col.known'), cell: (row) => (row.known ? t('people.known') : <StageMark hatched>{t('people.notKnown')}</StageMark>) },
                { key: 'since', title: t('people.col.since'), cell: (row) => <When at={row.createdAt} /> },
                { key: 'identities', title: t('people.col.identities'), right: true, cell: (row) => f.count(row.identityCount) },
                ...(may('orders.read') ? [
                  { key: 'orders', title: t('people.col.orders'), right: true, cell: (row: PersonRow) => orders(row) },
                  { key: 'net', title: t('people.col.net'), right: true, cell: (row: PersonRow) => <Money fen={sumOf.get(row.personId)?.netFen ?? 0} /> },
                ] : []),
              ]}
              phone={(row) => ({ title: <PersonChip personId={row.personId} link={false} />, right: may('orders.read') ? <Money fen={sumOf.get(row.personId)?.netFen ?? 0} /> : '', line: `${row.known ? t('people.known') : t('people.notKnown')}${may('orders.read') ? ` · ${t('people.orders', { n: orders(row) })}` : ''}`, lineRight: <When at={row.createdAt} /> })}
              empty={search ? <StateBlock title={t('people.noMatch', { q: search })} what={t('people.noMatchWhat')} actions={<Button onClick={() => filter.clear()}>{t('kit.clear')}</Button>} /> : <StateBlock title={t('people.empty')} what={t('people.emptyWhat')} />}
            />
            {data.rows.length >= limit && limit < 200 && <div className="tablefoot"><Button onClick={() => setLimit(Math.min(200, limit + pageSize))}>{t('people.more')}</Button></div>}
          </Card>
        </>
      )}
    </Loaded>
  )
}
