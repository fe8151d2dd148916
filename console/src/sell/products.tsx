import { useState, type ReactNode } from 'react'
import { Button, Input, InputNumber, Modal } from 'antd'
import { Card, DataTable, Filters, Icon, Loaded, Money, PageHead, Permitted, StateBlock, TextLink, useBars, useFilter, type Column } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { named, useWords } from '../lib/words.tsx'

type Status = 'listed' | 'unlisted' | 'auditing' | 'refused' | 'banned' | 'deleted'
type Sku = { skuId: string; skuCode: string; name: string; priceFen: number; shopPriceFen: number | null; mallUnits: number | null }
export type Product = { productId: string; title: string; image: string; description: string; updatedAt: number; skus: Sku[]; listings: Array<{ shelf: 'shop' | 'mall'; status: Status; title: string }> }
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
  const [editing, setEditing] = useState<Product | 'new'>()
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
    { key: 'units', title: t('products.col.units'), right: true, cell: (row) => (units(row) === null ? <span className="third">{t('products.noBook')}</span> : f.count(units(row)!)) }, { key: 'price', title: t('products.col.price'), right: true, cell: price }, { key: 'act', title: '', right: true, cell: (row) => <span className="row" style={{ justifyContent: 'flex-end' }}><Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" type="text" disabled={disabled} onClick={() => setEditing(row)} aria-label={t('products.editOf', { title: row.title })}>{t('products.edit')}</Button>}</Permitted>{act(row)}</span> },
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
              actions={<>
                <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button disabled={disabled || !on('shop')} loading={backfill.isPending} onClick={() => backfill.mutate({}, { onSuccess: () => tell(t('products.fetching')), onError })}>{t('products.fetch')}</Button>}</Permitted>
                <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setEditing('new')}>{t('products.new')}</Button>}</Permitted>
              </>}
            />
            <Filters search={{ value: search, hint: t('products.search'), set: (value) => filter.set({ search: value }) }} onClear={search ? () => filter.clear() : undefined} />
            <Card flush>
              <DataTable<Product>
                name="products" columns={columns} rows={rows} rowKey={(row) => row.productId} stale={query.isPlaceholderData} empty={<StateBlock title={search ? t('products.noMatch') : t('products.none')} what={t('products.noneWhat')} />}
                phone={(row) => ({ title: row.title, right: price(row), line: <span className="row"><span>{t('shelf.shop')}</span>{shelfTag(row, 'shop')}<span>{t('shelf.mall')}</span>{shelfTag(row, 'mall')}</span>, actions: <span className="row" style={{ marginTop: 8 }}>{allowed && <Button size="small" type="text" onClick={() => setEditing(row)} aria-label={t('products.editOf', { title: row.title })}>{t('products.edit')}</Button>}{act(row)}</span> })}
              />
            </Card>
            {editing && <Editor product={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />}
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

type Line = { skuId?: string; spec: string; skuCode: string; yuan: number | null }
const fen = (yuan: number): number => Math.round(yuan * 100)

/** One product as the mall shows it: made here, or changed; the Shop keeps its own copy and is changed in its own back end. */
function Editor(props: { product: Product | undefined; close: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const old = props.product
  const [title, setTitle] = useState(old?.title ?? '')
  const [image, setImage] = useState(old?.image ?? '')
  const [description, setDescription] = useState(old?.description ?? '')
  const [lines, setLines] = useState<Line[]>(() => old?.skus.map((sku) => ({ skuId: sku.skuId, spec: sku.name, skuCode: sku.skuCode, yuan: sku.priceFen / 100 })) ?? [{ spec: '', skuCode: '', yuan: null }])
  const refresh = { refresh: ['/products', '/stock'] }
  const create = useSend<object, { product: Product }>('POST', () => '/products', refresh)
  const edit = useSend<object>('PUT', () => `/products/${old?.productId}`, refresh)
  const change = (n: number, next: Partial<Line>): void => setLines(lines.map((line, at) => (at === n ? { ...line, ...next } : line)))
  const ready = title.trim() !== '' && lines.length > 0 && lines.every((line) => line.yuan !== null && line.yuan > 0)
  const answers = { onSuccess: () => { tell(old ? t('products.saved') : t('products.created', { title: title.trim() })); props.close() }, onError: (error: Error) => tell(error.message) }
  const save = (): void => {
    const body = { title: title.trim(), image: image.trim(), description: description.trim() }
    if (old) edit.mutate({ ...body, prices: lines.map((line) => ({ skuId: line.skuId, priceFen: fen(line.yuan!) })) }, answers)
    else create.mutate({ ...body, skus: lines.map((line) => ({ skuCode: line.skuCode.trim(), attrs: line.spec.trim() === '' ? {} : { [t('products.spec')]: line.spec.trim() }, priceFen: fen(line.yuan!) })) }, answers)
  }
  return (
    <Modal open title={old ? t('products.editOf', { title: old.title }) : t('products.new')} onCancel={props.close} footer={[<Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>, <Button key="go" type="primary" disabled={!ready} loading={create.isPending || edit.isPending} onClick={save}>{old ? t('products.save') : t('products.create')}</Button>]}>
      <div className="stack wide">
        <p className="second">{old ? t('products.editWhy') : t('products.newWhy')}</p>
        <label className="field"><span>{t('products.title')}</span><Input name="title" value={title} maxLength={60} onChange={(event) => setTitle(event.target.value)} /></label>
        <label className="field"><span>{t('products.image')}</span><Input name="image" value={image} maxLength={500} placeholder="https://" onChange={(event) => setImage(event.target.value)} /></label>
        <label className="field"><span>{t('products.description')}</span><Input.TextArea rows={3} value={description} maxLength={5000} onChange={(event) => setDescription(event.target.value)} /></label>
        {lines.map((line, n) => (
          <div key={n} className="row wrap">
            <Input style={{ flex: 1, minWidth: 110 }} disabled={old !== undefined} value={line.spec} maxLength={40} placeholder={t('products.spec')} aria-label={t('products.spec')} onChange={(event) => change(n, { spec: event.target.value })} />
            <Input style={{ flex: 1, minWidth: 110 }} disabled={old !== undefined} value={line.skuCode} maxLength={64} placeholder={t('products.code')} aria-label={t('products.code')} onChange={(event) => change(n, { skuCode: event.target.value })} />
            <InputNumber<number> style={{ width: 120 }} prefix="¥" min={0.01} max={10_000_000} precision={2} value={line.yuan} placeholder={t('products.col.price')} aria-label={t('products.priceOf', { name: line.spec || String(n + 1) })} onChange={(yuan) => change(n, { yuan })} />
            {old === undefined && lines.length > 1 && <button type="button" className="iconbutton" aria-label={t('products.dropSku')} onClick={() => setLines(lines.filter((_, at) => at !== n))}>×</button>}
          </div>
        ))}
        {old === undefined && lines.length < 50 && <div><Button size="small" type="text" icon={<Icon name="list" size={14} />} onClick={() => setLines([...lines, { spec: '', skuCode: '', yuan: null }])}>{t('products.addSku')}</Button></div>}
      </div>
    </Modal>
  )
}
