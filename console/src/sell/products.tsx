import { useState, type ReactNode } from 'react'
import { Button, Dropdown, Input, InputNumber, Modal, Select } from 'antd'
import { Card, Chip, DataTable, Filters, Icon, Loaded, Money, PageHead, Permitted, StateBlock, TextLink, useBars, useFilter, type Column } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { named, useWords } from '../lib/words.tsx'
import { CategoriesModal, ImportModal, Pictures, ShopModal, type Category } from './product-tools.tsx'

type Status = 'listed' | 'unlisted' | 'auditing' | 'refused' | 'banned' | 'deleted'
type Sku = { skuId: string; skuCode: string; name: string; priceFen: number; shopPriceFen: number | null; mallUnits: number | null }
export type Product = { productId: string; title: string; image: string; images: string[]; description: string; updatedAt: number; categoryId: string | null; kind: 'goods' | 'virtual'; brand: string; limitEach: number | null; skus: Sku[]; listings: Array<{ shelf: 'shop' | 'mall'; status: Status; title: string }> }
type Problem = { code: string; level: 'stop' | 'warning'; zh: string; en: string }
export type Products = { rows: Product[]; total: number; counts: { products: number; inShop: number; inMall: number }; submissions: Record<string, number>; page: number; pageSize: number }
const pageSize = 50
const tone: Record<Status, string> = { listed: 'ok', unlisted: 'hollow', auditing: '', refused: 'danger', banned: 'danger', deleted: 'hollow' }

/** 成交 › 商品: what is sold, on which shelf it stands, and what keeps it off the mall. */
export function ProductsPage(): ReactNode {
  const { t, f, language } = useWords()
  const { may, on, url } = useSession()
  const { tell } = useBars()
  const filter = useFilter()
  const search = filter.get('search')
  const category = filter.get('category')
  const [tool, setTool] = useState<'import' | 'categories'>()
  const [shopOf, setShopOf] = useState<Product>()
  const categories = useGet<{ rows: Category[] }>('/categories')
  const [editing, setEditing] = useState<Product | 'new'>()
  const [asked, setAsked] = useState<{ product: Product; problems: Problem[] }>()
  const query = useGet<Products>('/products', { search, category, order: 'newest', page: filter.page, pageSize }, { every: 20_000 })
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
    { key: 'units', title: t('products.col.units'), right: true, cell: (row) => (units(row) === null ? <span className="third">{t('products.noBook')}</span> : f.count(units(row)!)) }, { key: 'price', title: t('products.col.price'), right: true, cell: price }, { key: 'act', title: '', right: true, cell: (row) => <span className="row" style={{ justifyContent: 'flex-end' }}><Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" type="text" disabled={disabled} onClick={() => setEditing(row)} aria-label={t('products.editOf', { title: row.title })}>{t('products.edit')}</Button>}</Permitted>{on('shop') && <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" type="text" disabled={disabled} onClick={() => setShopOf(row)}>{t('goods.toShop')}</Button>}</Permitted>}{act(row)}</span> },
  ]
  return (
    <Loaded query={query}>
      {({ rows, total, counts, submissions }) => {
        const stops = asked?.problems.some((one) => one.level === 'stop') ?? false
        return (
          <>
            <PageHead
              kicker={t('products.kicker')} sentence={counts.products === 0 ? t('products.none') : t('products.sentence', { n: f.count(counts.products), shop: f.count(counts.inShop), mall: f.count(counts.inMall) })} why={(submissions.refused ?? 0) + (submissions.failed ?? 0) > 0 ? t('goods.refusedWhy', { n: f.count((submissions.refused ?? 0) + (submissions.failed ?? 0)) }) : (submissions.auditing ?? 0) > 0 ? t('goods.auditingWhy', { n: f.count(submissions.auditing) }) : t('products.why')}
              actions={<>
                <Dropdown menu={{ items: [
                  { key: 'import', label: t('goods.import'), disabled: !allowed, onClick: () => setTool('import') }, { key: 'xlsx', label: <a href={url('/products/export', { as: 'xlsx' })}>{t('goods.exportExcel')}</a>, disabled: !may('orders.export') }, { key: 'csv', label: <a href={url('/products/export', { as: 'csv' })}>{t('goods.exportCsv')}</a>, disabled: !may('orders.export') },
                  { key: 'categories', label: t('goods.categories'), disabled: !allowed, onClick: () => setTool('categories') }, ...(on('shop') ? [{ key: 'fetch', label: t('products.fetch'), disabled: !allowed, onClick: () => backfill.mutate({}, { onSuccess: () => tell(t('products.fetching')), onError }) }] : []),
                ] }}><Button loading={backfill.isPending}>{t('goods.more')}</Button></Dropdown>
                <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setEditing('new')}>{t('products.new')}</Button>}</Permitted>
              </>}
            />
            <Filters search={{ value: search, hint: t('products.search'), set: (value) => filter.set({ search: value }) }} onClear={search || category ? () => filter.clear() : undefined}>{(categories.data?.rows.length ?? 0) > 0 && <Chip label={t('goods.categories')} value={category} options={categories.data!.rows.map((row) => ({ key: row.categoryId, label: row.parentId === null ? row.name : `· ${row.name}` }))} onPick={(value) => filter.set({ category: value })} />}</Filters>
            <Card flush>
              <DataTable<Product>
                name="products" columns={columns} rows={rows} rowKey={(row) => row.productId} stale={query.isPlaceholderData} page={{ page: filter.page, size: pageSize, total, go: (page) => filter.set({ page: page === 1 ? undefined : String(page) }) }} empty={<StateBlock title={search || category ? t('products.noMatch') : t('products.none')} what={t('products.noneWhat')} />}
                phone={(row) => ({ title: row.title, right: price(row), line: <span className="row"><span>{t('shelf.shop')}</span>{shelfTag(row, 'shop')}<span>{t('shelf.mall')}</span>{shelfTag(row, 'mall')}</span>, actions: <span className="row" style={{ marginTop: 8 }}>{allowed && <Button size="small" type="text" onClick={() => setEditing(row)} aria-label={t('products.editOf', { title: row.title })}>{t('products.edit')}</Button>}{act(row)}</span> })}
              />
            </Card>
            {tool === 'import' && <ImportModal close={() => setTool(undefined)} />}
            {tool === 'categories' && <CategoriesModal close={() => setTool(undefined)} />}
            {shopOf && <ShopModal productId={shopOf.productId} title={shopOf.title} close={() => setShopOf(undefined)} />}
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
  const [images, setImages] = useState<string[]>(() => (old === undefined ? [] : old.images.length > 0 ? old.images : old.image === '' ? [] : [old.image]))
  const [categoryId, setCategoryId] = useState<string | undefined>(old?.categoryId ?? undefined)
  const [brand, setBrand] = useState(old?.brand ?? '')
  const [kind, setKind] = useState<'goods' | 'virtual'>(old?.kind ?? 'goods')
  const [limitEach, setLimitEach] = useState<number | null>(old?.limitEach ?? null)
  const categories = useGet<{ rows: Category[] }>('/categories')
  const [description, setDescription] = useState(old?.description ?? '')
  const [lines, setLines] = useState<Line[]>(() => old?.skus.map((sku) => ({ skuId: sku.skuId, spec: sku.name, skuCode: sku.skuCode, yuan: sku.priceFen / 100 })) ?? [{ spec: '', skuCode: '', yuan: null }])
  const refresh = { refresh: ['/products', '/stock'] }
  const create = useSend<object, { product: Product }>('POST', () => '/products', refresh)
  const edit = useSend<object>('PUT', () => `/products/${old?.productId}`, refresh)
  const change = (n: number, next: Partial<Line>): void => setLines(lines.map((line, at) => (at === n ? { ...line, ...next } : line)))
  const ready = title.trim() !== '' && lines.length > 0 && lines.every((line) => line.yuan !== null && line.yuan > 0)
  const answers = { onSuccess: () => { tell(old ? t('products.saved') : t('products.created', { title: title.trim() })); props.close() }, onError: (error: Error) => tell(error.message) }
  const save = (): void => {
    const body = { title: title.trim(), image: images[0] ?? '', images, description: description.trim(), categoryId: categoryId ?? null, brand: brand.trim(), kind, limitEach }
    if (old) edit.mutate({ ...body, prices: lines.map((line) => ({ skuId: line.skuId, priceFen: fen(line.yuan!) })) }, answers)
    else create.mutate({ ...body, skus: lines.map((line) => ({ skuCode: line.skuCode.trim(), attrs: line.spec.trim() === '' ? {} : { [t('products.spec')]: line.spec.trim() }, priceFen: fen(line.yuan!) })) }, answers)
  }
  return (
    <Modal open title={old ? t('products.editOf', { title: old.title }) : t('products.new')} onCancel={props.close} footer={[<Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>, <Button key="go" type="primary" disabled={!ready} loading={create.isPending || edit.isPending} onClick={save}>{old ? t('products.save') : t('products.create')}</Button>]}>
      <div className="stack wide">
        <p className="second">{old ? t('products.editWhy') : t('products.newWhy')}</p>
        <label className="field"><span>{t('products.title')}</span><Input name="title" value={title} maxLength={60} onChange={(event) => setTitle(event.target.value)} /></label>
        <div className="field"><span>{t('products.image')}</span><Pictures value={images} onChange={setImages} /></div>
        <div className="row wrap">
          <label className="field" style={{ flex: 1, minWidth: 160 }}><span>{t('goods.category')}</span><Select allowClear value={categoryId} onChange={setCategoryId} placeholder="—" options={(categories.data?.rows ?? []).map((row) => ({ value: row.categoryId, label: row.parentId === null ? row.name : `· ${row.name}` }))} /></label>
          <label className="field" style={{ flex: 1, minWidth: 120 }}><span>{t('goods.brand')}</span><Input value={brand} maxLength={40} onChange={(event) => setBrand(event.target.value)} /></label>
          <label className="field" style={{ width: 120 }}><span>{t('goods.kind')}</span><Select value={kind} onChange={setKind} options={[{ value: 'goods', label: t('goods.kind.goods') }, { value: 'virtual', label: t('goods.kind.virtual') }]} /></label>
          <label className="field" style={{ width: 120 }}><span>{t('goods.limit')}</span><InputNumber<number> min={1} max={100_000} precision={0} value={limitEach} placeholder={t('goods.noLimit')} onChange={setLimitEach} /></label>
        </div>
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
