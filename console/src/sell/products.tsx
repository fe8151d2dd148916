import { useState, type ReactNode } from 'react'
import { Button, Modal } from 'antd'
import { Card, DataTable, Filters, Loaded, Money, PageHead, Permitted, StateBlock, TextLink, useBars, useFilter, type Column } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { named, useWords } from '../lib/words.tsx'

type Status = 'listed' | 'unlisted' | 'auditing' | 'refused' | 'banned' | 'deleted'
type Sku = { skuId: string; skuCode: string; name: string; priceFen: number; shopPriceFen: number | null; mallUnits: number | null }
export type Product = { productId: string; title: string; image: string; updatedAt: number; skus: Sku[]; listings: Array<{ shelf: 'shop' | 'mall'; status: Status; title: string }> }
type Problem = { code: string; level: 'stop' | 'warning'; zh: string; en: string }
export type Products = { rows: Product[]; counts: { all: number }; page: number; pageSize: number }
const tone: Record<Status, string> = { listed: 'ok', unlisted: 'hollow', auditing: '', refused: 'danger', banned: 'danger', deleted: 'hollow' }

/** 成交 › 商品: what is sold, on which shelf it stands, and what keeps it off the mall. */
export function ProductsPage(): ReactNode {
  const { t, f, language } = useWords()
  const { may, on } = useSession()
  const { tell } = useBars()
  const filter = useFilter()
  const search = filter.get('search')
  const [asked, setAsked] = useState<{ product: Product; problems: Problem[] }>()
  const query = useGet<Products>('/products', { search, page: filter.page, pageSize: 200 }, { every: 20_000 })
  const refresh = { refresh: ['/products', '/stock'] }
  const list = useSend<{ id: string; accept: boolean }, { listed: boolean; problems: Problem[] }>('POST', ({ id }) => `/products/${id}/list`, { ...refresh, body: ({ accept }) => ({ accept }) })
  const unlist = useSend<string>('POST', (id) => `/products/${id}/unlist`, { ...refresh, body: () => ({}) })
  const backfill = useSend('POST', () => '/products/backfill', refresh)
  const onError = (error: Error): void => tell(error.message)
  const allowed = may('products.write')
  const at = (row: Product, shelf: 'shop' | 'mall'): Status | undefined => row.listings.find((one) => one.shelf === shelf)?.status
  const put = (product: Product, accept: boolean): void => list.mutate({ id: product.productId, accept }, {
    onError,
    onSuccess: (answer) => {
      setAsked(answer.listed ? undefined : { product, problems: answer.problems })
      if (answer.listed) tell(t('products.onMall', { title: product.title }), () => unlist.mutate(product.productId, { onError }))
    },
  })
  const price = (row: Product): ReactNode => {
    const all = row.skus.map((sku) => sku.priceFen)
    const [low, high] = [Math.min(...all), Math.max(...all)]
    return all.length === 0 ? '—' : low === high ? <Money fen={low} /> : <span className="nowrap">{f.money(low)} – {f.money(high)}</span>
  }
  const shelfTag = (row: Product, shelf: 'shop' | 'mall'): ReactNode => {
    const status = at(row, shelf)
    return status === undefined ? <span className="third">—</span> : <span className={`tag ${tone[status]}`}>{t(`products.status.${status}`)}</span>
  }
  const units = (row: Product): number | null => (row.skus.some((sku) => sku.mallUnits !== null) ? row.skus.reduce((sum, sku) => sum + (sku.mallUnits ?? 0), 0) : null)
  const act = (row: Product): ReactNode => (
    <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => (at(row, 'mall') === 'listed'
      ? <Button size="small" disabled={disabled} onClick={() => unlist.mutate(row.productId, { onSuccess: () => tell(t('products.offMall', { title: row.title }), () => put(row, true)), onError })}>{t('products.unlist')}</Button>
      : <Button size="small" disabled={disabled} loading={list.isPending && list.variables?.id === row.productId} onClick={() => put(row, false)}>{t('products.list')}</Button>)}</Permitted>
  )
  const columns: Column<Product>[] = [
    { key: 'title', title: t('products.col.title'), cell: (row) => <span className="ellipsis"><TextLink quiet to={row.skus[0] ? `/sell/stock/${row.skus[0].skuId}` : '/sell/stock'}>{row.title}</TextLink></span> }, { key: 'skus', title: t('products.col.skus'), right: true, cell: (row) => row.skus.length },
    { key: 'shop', title: t('shelf.shop'), cell: (row) => shelfTag(row, 'shop') }, { key: 'mall', title: t('shelf.mall'), cell: (row) => shelfTag(row, 'mall') },
    { key: 'units', title: t('products.col.units'), right: true, cell: (row) => (units(row) === null ? <span className="third">{t('products.noBook')}</span> : f.count(units(row)!)) }, { key: 'price', title: t('products.col.price'), right: true, cell: price }, { key: 'act', title: '', right: true, cell: act },
  ]
  return (
    <Loaded query={query}>
      {({ rows }) => {
        const shop = rows.filter((row) => at(row, 'shop') === 'listed').length
        const mall = rows.filter((row) => at(row, 'mall') === 'listed').length
        const stops = asked?.problems.some((one) => one.level === 'stop') ?? false
        return (
          <>
            <PageHead
              kicker={t('products.kicker')} sentence={rows.length === 0 ? t('products.none') : t('products.sentence', { n: f.count(rows.length), shop: f.count(shop), mall: f.count(mall) })} why={t('products.why')}
              actions={<Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button disabled={disabled || !on('shop')} loading={backfill.isPending} onClick={() => backfill.mutate({}, { onSuccess: () => tell(t('products.fetching')), onError })}>{t('products.fetch')}</Button>}</Permitted>}
            />
            <Filters search={{ value: search, hint: t('products.search'), set: (value) => filter.set({ search: value }) }} onClear={search ? () => filter.clear() : undefined} />
            <Card flush>
              <DataTable<Product>
                name="products" columns={columns} rows={rows} rowKey={(row) => row.productId} stale={query.isPlaceholderData} empty={<StateBlock title={search ? t('products.noMatch') : t('products.none')} what={t('products.noneWhat')} />}
                phone={(row) => ({ title: row.title, right: price(row), line: <span className="row"><span>{t('shelf.shop')}</span>{shelfTag(row, 'shop')}<span>{t('shelf.mall')}</span>{shelfTag(row, 'mall')}</span>, actions: act(row) })}
              />
            </Card>
            <Modal open={asked !== undefined} title={stops ? t('products.stopTitle') : t('products.askTitle')} onCancel={() => setAsked(undefined)} footer={[
              <Button key="no" onClick={() => setAsked(undefined)}>{t('kit.cancel')}</Button>, ...(stops ? [] : [<Button key="go" type="primary" loading={list.isPending} onClick={() => put(asked!.product, true)}>{t('products.listAnyway')}</Button>]),
            ]}>
              <ul className="list">{asked?.problems.map((one) => <li key={one.code} className="row"><span className={`tag ${one.level === 'stop' ? 'danger' : 'warn'}`}>{t(`products.level.${one.level}`)}</span>{named(one, language)}</li>)}</ul>
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}
