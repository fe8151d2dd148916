import type { ReactNode } from 'react'
import { Button } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, StateBlock, TextLink, useBars, type Column } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import { StockBar, unitsOf, type Places } from './places.tsx'
import { StockDepth } from './stock-depth.tsx'
import type { Products } from './products.tsx'

type Suggestion = { from: 'mall' | 'shop' | 'reserve'; to: 'mall' | 'shop'; quantity: number; daysLeft: number }
export type StockRow = Places & { skuId: string; title: string; name: string; skuCode: string; onMall: boolean; perDay: { shop: number; mall: number }; suggestion: Suggestion | null; openMoves: number; alarms: number; unbacked: number }
export type Stock = { rows: StockRow[]; alarms: Array<{ alarmId: string; skuId: string; kind: string; quantity: number; raisedAt: number }> }

/** Days until the faster shelf is empty, or nothing when it sells nothing. */
export function daysLeft(row: Pick<StockRow, 'mall' | 'shop' | 'perDay'>): number | undefined {
  const all = (['mall', 'shop'] as const).filter((shelf) => row.perDay[shelf] > 0).map((shelf) => Math.max(0, row[shelf]) / row.perDay[shelf])
  return all.length === 0 ? undefined : Math.min(...all)
}

/** 成交 › 库存: every unit is in one place; what runs short, and the move that helps. */
export function StockPage(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const query = useGet<Stock>('/stock', {}, { every: 10_000 })
  const products = useGet<Products>('/products', { pageSize: 200 }, { every: 60_000 })
  const open = useSend<string>('POST', (sku) => `/stock/${sku}/open`, { refresh: ['/stock', '/products'], body: () => ({}) })
  const move = useSend<{ sku: string } & Suggestion>('POST', ({ sku }) => `/stock/${sku}/move`, { refresh: ['/stock'], body: ({ from, to, quantity }) => ({ from, to, quantity }) })
  const allowed = may('products.write')
  const onError = (error: Error): void => tell(error.message)
  const suggest = (row: StockRow): ReactNode => row.suggestion && (
    <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => move.mutate({ sku: row.skuId, ...row.suggestion! }, { onSuccess: () => tell(t('stock.moved')), onError })}>{t('stock.suggest', { n: f.count(row.suggestion!.quantity), to: t(`place.${row.suggestion!.to}`) })}</Button>}</Permitted>
  )
  const left = (row: StockRow): ReactNode => {
    const days = daysLeft(row)
    return days === undefined ? <span className="third">{t('stock.notSelling')}</span> : days < 2 ? <span className="tag warn">{t('stock.hours', { n: Math.round(days * 24) })}</span> : days > 365 ? <span className="third">{t('stock.long')}</span> : t('stock.days', { n: f.count(Math.floor(days)) })
  }
  const columns: Column<StockRow>[] = [
    { key: 'sku', title: t('stock.col.sku'), cell: (row) => <span className="ellipsis"><TextLink quiet to={`/sell/stock/${row.skuId}`}>{row.title}</TextLink> <span className="second">{row.name}</span></span> },
    { key: 'bar', title: t('stock.col.where'), width: 260, cell: (row) => <StockBar places={row} /> },
    { key: 'mall', title: t('shelf.mall'), right: true, cell: (row) => f.count(row.mall) }, { key: 'shop', title: t('shelf.shop'), right: true, cell: (row) => f.count(row.shop) }, { key: 'all', title: t('stock.col.all'), right: true, cell: (row) => <span className="strong">{f.count(unitsOf(row))}</span> },
    { key: 'left', title: t('stock.col.left'), right: true, cell: left }, { key: 'act', title: '', right: true, cell: (row) => suggest(row) ?? (row.openMoves > 0 ? <span className="tag">{t('stock.moving', { n: row.openMoves })}</span> : row.alarms > 0 ? <span className="tag danger">{t('stock.alarm')}</span> : null) },
  ]
  return (
    <Loaded query={query}>
      {({ rows, alarms }) => {
        const tracked = new Set(rows.map((row) => row.skuId))
        const untracked = (products.data?.rows ?? []).flatMap((product) => product.skus.filter((sku) => !tracked.has(sku.skuId)).map((sku) => ({ ...sku, title: product.title })))
        const units = rows.reduce((sum, row) => sum + unitsOf(row), 0)
        const short = rows.filter((row) => (daysLeft(row) ?? Infinity) < 2)
        const sentence = rows.length === 0 ? t('stock.none') : short.length > 0 ? t('stock.sentenceShort', { units: f.count(units), n: short.length, title: short[0].title }) : t('stock.sentence', { units: f.count(units), n: rows.length })
        return (
          <>
            <PageHead kicker={t('stock.kicker')} sentence={sentence} why={alarms.length > 0 ? t('stock.alarms', { n: alarms.length }) : t('stock.why')} />
            <Card flush>
              <DataTable<StockRow>
                name="stock" columns={columns} rows={rows.toSorted((a, b) => (daysLeft(a) ?? Infinity) - (daysLeft(b) ?? Infinity))} rowKey={(row) => row.skuId} to={(row) => `/sell/stock/${row.skuId}`} empty={<StateBlock title={t('stock.none')} what={t('stock.noneWhat')} />}
                phone={(row) => ({ title: row.title, right: f.count(unitsOf(row)), line: <span style={{ display: 'block', width: 180 }}><StockBar places={row} /></span>, lineRight: left(row) })}
              />
            </Card>
            {rows.length > 0 && <StockDepth rows={rows} />}
            {untracked.length > 0 && (
              <div style={{ marginTop: 16 }}><Card title={t('stock.untracked', { n: untracked.length })} unit={t('stock.untrackedWhat')} end={<Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" disabled={disabled || open.isPending} onClick={() => untracked.forEach((sku) => open.mutate(sku.skuId, { onError }))}>{t('stock.openAll', { n: untracked.length })}</Button>}</Permitted>}>
                <ul className="list">{untracked.slice(0, 20).map((sku) => (
                  <li key={sku.skuId} className="row between"><span>{sku.title} <span className="second">{sku.name}</span></span><Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => open.mutate(sku.skuId, { onSuccess: () => tell(t('stock.opened', { title: sku.title })), onError })}>{t('stock.open')}</Button>}</Permitted></li>
                ))}</ul>
              </Card></div>
            )}
          </>
        )
      }}
    </Loaded>
  )
}
