import type { ReactNode } from 'react'
import { Card, DataTable, Loaded, Money, PageHead, StateBlock, When, type Column } from '../kit/index.ts'
import { useGet } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Session = {
  exportId: string; startedAt: number; durationS: number; onAir: boolean; audience: number; newFollowers: number; comments: number; orders: number; buyers: number; paidFen: number; refundedFen: number
  flows: Array<{ flowType: number; viewers: number; paidFen: number }>; joinedOrders: number; joinedFen: number; joinedPersons: number
}
/** Private domain among the platform's flow types. */
const privateDomain = 5

/** 获客 › 直播: what the platform counts of each session, and the orders of our book that name it. */
export function LivePage(): ReactNode {
  const { t, f, language } = useWords()
  const query = useGet<{ rows: Session[] }>('/live-sessions', { pageSize: 200 }, { every: 30_000 })
  const share = (row: Session): number => {
    const all = row.flows.reduce((sum, flow) => sum + flow.viewers, 0)
    return all === 0 ? Number.NaN : row.flows.filter((flow) => flow.flowType === privateDomain).reduce((sum, flow) => sum + flow.viewers, 0) / all
  }
  const lasted = (row: Session): ReactNode => (row.onAir ? <span className="tag ok">{t('live.onAir')}</span> : f.duration(row.durationS * 1000, language))
  const columns: Column<Session>[] = [
    { key: 'at', title: t('live.col.at'), cell: (row) => <When at={row.startedAt} /> },
    { key: 'lasted', title: t('live.col.lasted'), cell: lasted },
    { key: 'audience', title: t('live.col.audience'), right: true, cell: (row) => f.count(row.audience) },
    { key: 'private', title: t('live.col.private'), right: true, cell: (row) => f.percent(share(row)) },
    { key: 'followers', title: t('live.col.followers'), right: true, cell: (row) => f.count(row.newFollowers) },
    { key: 'orders', title: t('live.col.orders'), right: true, cell: (row) => f.count(row.orders) },
    { key: 'paid', title: t('live.col.paid'), right: true, cell: (row) => <Money fen={row.paidFen} /> },
    { key: 'refunded', title: t('live.col.refunded'), right: true, optional: true, cell: (row) => <Money fen={row.refundedFen} /> },
    { key: 'joined', title: t('live.col.joined'), right: true, cell: (row) => (row.joinedOrders === 0 && row.orders > 0 ? <span className="third" title={t('live.notJoined')}>{t('live.notJoinedShort')}</span> : f.count(row.joinedOrders)) },
    { key: 'joinedPaid', title: t('live.col.joinedPaid'), right: true, cell: (row) => (row.joinedOrders === 0 ? '' : <Money fen={row.joinedFen} />) },
  ]
  return (
    <Loaded query={query}>
      {({ rows }) => {
        const best = rows.toSorted((a, b) => b.paidFen - a.paidFen)[0]
        return (
          <>
            <PageHead kicker={t('live.kicker')} sentence={best === undefined ? t('live.none') : t('live.sentence', { n: rows.length, orders: f.count(rows.reduce((sum, row) => sum + row.orders, 0)), paid: f.moneySaid(rows.reduce((sum, row) => sum + row.paidFen, 0)), best: f.moneySaid(best.paidFen) })} why={t('live.why')} />
            <Card flush>
              <DataTable<Session>
                name="live" columns={columns} rows={rows} rowKey={(row) => row.exportId} empty={<StateBlock title={t('live.none')} what={t('live.noneWhat')} />}
                phone={(row) => ({ title: <When at={row.startedAt} />, right: <Money fen={row.paidFen} />, line: t('live.line', { audience: f.count(row.audience), orders: f.count(row.orders) }), lineRight: lasted(row) })}
              />
            </Card>
          </>
        )
      }}
    </Loaded>
  )
}
