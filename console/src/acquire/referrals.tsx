import { useState, type ReactNode } from 'react'
import { Card, DataTable, Loaded, Money, PageHead, PersonChip, ShortId, StateBlock, type Column } from '../kit/index.ts'
import { useGet } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Referrer = { personId: string; code: string; people: number; newPeople: number; buyers: number; orders: number; paidFen: number }
const pageSize = 50

/** 获客 › 转介绍: who brings friends, and what the friends pay. */
export function ReferralsPage(): ReactNode {
  const { t, f } = useWords()
  const [page, setPage] = useState(1)
  const query = useGet<{ rows: Referrer[]; total: { referrers: number; people: number; buyers: number; paidFen: number } }>('/referrals', { page, pageSize }, { every: 30_000 })
  const columns: Column<Referrer>[] = [
    { key: 'who', title: t('referrals.col.who'), cell: (row) => <PersonChip personId={row.personId} /> },
    { key: 'code', title: t('referrals.col.code'), optional: true, cell: (row) => <ShortId id={row.code} /> },
    { key: 'people', title: t('referrals.col.people'), right: true, cell: (row) => f.count(row.people) },
    { key: 'new', title: t('referrals.col.new'), right: true, cell: (row) => f.count(row.newPeople) },
    { key: 'buyers', title: t('referrals.col.buyers'), right: true, cell: (row) => f.shareOf(row.buyers, row.people) },
    { key: 'orders', title: t('referrals.col.orders'), right: true, cell: (row) => f.count(row.orders) },
    { key: 'paid', title: t('referrals.col.paid'), right: true, cell: (row) => <Money fen={row.paidFen} /> },
  ]
  return (
    <Loaded query={query}>
      {({ rows, total }) => (
        <>
          <PageHead kicker={t('referrals.kicker')} sentence={total.people === 0 ? t('referrals.none') : t('referrals.sentence', { referrers: f.count(total.referrers), people: f.count(total.people), buyers: f.count(total.buyers), paid: f.moneySaid(total.paidFen) })} why={t('referrals.why')} />
          <Card flush>
            <DataTable<Referrer>
              name="referrals" columns={columns} rows={rows} rowKey={(row) => row.code} to={(row) => `/retain/people/${row.personId}`} empty={<StateBlock title={t('referrals.none')} what={t('referrals.noneWhat')} />}
              page={{ page, size: pageSize, total: total.referrers, go: setPage }}
              phone={(row) => ({ title: <PersonChip personId={row.personId} />, right: <Money fen={row.paidFen} />, line: t('referrals.line', { people: f.count(row.people), buyers: f.count(row.buyers) }) })}
            />
          </Card>
        </>
      )}
    </Loaded>
  )
}
