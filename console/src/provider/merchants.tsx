import type { ReactNode } from 'react'
import { Button } from 'antd'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { Card, DataTable, Loaded, PageHead, StateBlock, TextLink, useBars, type Column } from '../kit/index.ts'
import { request, type ApiError } from '../lib/api.ts'
import { useSession } from '../lib/session.tsx'
import type { MerchantLine } from '../lib/types.ts'
import { useWords, type TextKey } from '../lib/words.tsx'

/** What asks for a look, most pressing first; nothing: the merchant is well. */
function concerns(row: MerchantLine, t: ReturnType<typeof useWords>['t']): Array<{ key: string; words: string; tone: 'danger' | 'warn' }> {
  return [
    ...(row.broken.length > 0 ? [{ key: 'broken', words: t('merchants.broken', { n: row.broken.length, lines: [...new Set(row.broken)].map((line) => t(`line.${line}` as TextKey)).join(' · ') }), tone: 'danger' as const }] : []),
    ...(row.failures > 0 ? [{ key: 'failures', words: t('merchants.failures', { n: row.failures }), tone: 'danger' as const }] : []),
    ...(row.lost > 2 && row.lost > row.lostBefore * 1.5 ? [{ key: 'lost', words: t('merchants.losing', { n: row.lost }), tone: 'warn' as const }] : []),
    ...(row.ordersBefore >= 10 && row.orders < row.ordersBefore * 0.7 ? [{ key: 'orders', words: t('merchants.fewer', { n: row.orders, before: row.ordersBefore }), tone: 'warn' as const }] : []),
    ...(row.pressure !== null && row.pressure.over > 0 ? [{ key: 'pressure', words: t('merchants.pressed', { n: row.pressure.over }), tone: 'warn' as const }] : []),
  ]
}

/** 商家: every merchant of a service provider on one line, whoever needs a look first; going in is written into the merchant's audit trail. */
export function MerchantsPage(): ReactNode {
  const { t, f, short } = useWords()
  const { chooseTenant } = useSession()
  const { tell } = useBars()
  const go = useNavigate()
  const query = useQuery<{ rows: MerchantLine[] }, ApiError>({ queryKey: ['merchants'], queryFn: () => request('GET', '/api/merchants'), refetchInterval: 20_000 })
  const enter = useMutation<{ slug: string }, ApiError, string>({ mutationFn: (slug) => request('POST', `/api/merchants/${slug}/enter`), onSuccess: ({ slug }) => { chooseTenant(slug); void go('/') }, onError: (error) => tell(error.message) })
  const change = (now: number, before: number): ReactNode => <span className="second"> {before === now ? '' : t('merchants.before', { n: f.count(before) })}</span>
  return (
    <Loaded query={query}>
      {({ rows: all }) => {
        const rows = all.map((row) => ({ ...row, look: concerns(row, t) })).toSorted((a, b) => b.look.length - a.look.length || b.netFen - a.netFen)
        type Row = (typeof rows)[number]
        const troubled = rows.filter((row) => row.look.length > 0)
        const state = (row: Row): ReactNode => (row.look.length === 0 ? <span className="tag ok">{t('merchants.well')}</span> : <span className="row wrap">{row.look.map((one) => <span key={one.key} className={`tag ${one.tone}`}>{one.words}</span>)}</span>)
        const into = (row: Row): ReactNode => <Button size="small" loading={enter.isPending && enter.variables === row.slug} onClick={() => enter.mutate(row.slug)} aria-label={t('merchants.enterOf', { name: row.name })}>{t('merchants.enter')}</Button>
        const columns: Column<Row>[] = [
          { key: 'name', title: t('merchants.col.name'), cell: (row) => <span className="row"><TextLink quiet onClick={() => enter.mutate(row.slug)}>{row.name}</TextLink>{row.simulated && <span className="tag acquire">{t('sea.simulated')}</span>}</span> },
          { key: 'state', title: t('merchants.col.state'), cell: state },
          { key: 'orders', title: t('merchants.col.orders'), right: true, cell: (row) => <>{f.count(row.orders)}{change(row.orders, row.ordersBefore)}</> }, { key: 'net', title: t('merchants.col.net'), right: true, cell: (row) => f.money(row.netFen) },
          { key: 'lost', title: t('merchants.col.lost'), right: true, cell: (row) => <>{f.count(row.lost)}{change(row.lost, row.lostBefore)}</> },
          { key: 'pressure', title: t('merchants.col.pressure'), right: true, cell: (row) => (row.pressure === null ? <span className="third">—</span> : t('merchants.pressureOf', { mean: row.pressure.mean.toFixed(1), max: row.pressure.pressureMax })) },
          { key: 'act', title: '', right: true, cell: into },
        ]
        return (
          <>
            <PageHead kicker={t('merchants.kicker')} sentence={troubled.length === 0 ? t('merchants.allWell', { n: rows.length }) : t('merchants.sentence', { n: rows.length, look: troubled.length, name: troubled[0].name, why: troubled[0].look[0].words })} why={t('merchants.why')} />
            <Card flush>
              <DataTable<Row>
                name="merchants" columns={columns} rows={rows} rowKey={(row) => row.slug} empty={<StateBlock title={t('merchants.none')} />}
                phone={(row) => ({ title: row.name, right: short(row.netFen), line: state(row), lineRight: t('merchants.ordersN', { n: f.count(row.orders) }), actions: <div style={{ marginTop: 8 }}>{into(row)}</div> })}
              />
            </Card>
          </>
        )
      }}
    </Loaded>
  )
}
