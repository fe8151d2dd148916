import { useState, type ReactNode } from 'react'
import { Button, Checkbox, Input, Modal, Select, Upload } from 'antd'
import { Money, StateBlock, TextLink, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Preview = {
  heads: string[]; mapping: Record<string, number>; columns: Array<{ key: string; name: string }>; rows: number; fresh: number; skus: number; updates: number; badAll: number; bad: Array<{ row: number; words: string }>
  sample: Array<{ title: string; category: string; skus: Array<{ attrs: Record<string, string>; priceFen: number; units: number | null; skuCode: string }> }>; updateSample: Array<{ title: string; skuCode: string; from: number; to: number }>
}
type FileWish = { name: string; base64: string; mapping?: Record<string, number> }

export async function base64Of(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

/** Goods from a file: which column is what, what would come of it, and then all of it or nothing. */
export function ImportModal(props: { close: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const [file, setFile] = useState<FileWish>()
  const [skip, setSkip] = useState(false)
  const [units, setUnits] = useState(true)
  const preview = useSend<FileWish, Preview>('POST', () => '/products/import/preview')
  const go = useSend<FileWish & { skipBad: boolean; withUnits: boolean }, { products: number; updated: number; units: number }>('POST', () => '/products/import', { refresh: ['/products', '/stock', '/categories'] })
  const look = (next: FileWish): void => {
    setFile(next)
    preview.mutate(next)
  }
  const pick = async (picked: File): Promise<void> => {
    if (picked.size > 5_900_000) return tell(t('goods.tooBig'))
    look({ name: picked.name, base64: await base64Of(picked) })
  }
  const seen = file === undefined ? undefined : preview.data
  const map = (key: string, at: number | undefined): void => {
    if (!file || !seen) return
    const { [key]: _gone, ...rest } = seen.mapping
    look({ ...file, mapping: at === undefined ? rest : { ...rest, [key]: at } })
  }
  return (
    <Modal open width={720} title={t('goods.import')} footer={null} onCancel={props.close} destroyOnHidden>
      <div className="stack">
        <p className="second">{t('goods.importNote')}</p>
        <div className="row wrap"><Upload accept=".xlsx,.csv,.txt" showUploadList={false} beforeUpload={(picked) => { void pick(picked as unknown as File); return false }}><Button loading={preview.isPending}>{t('goods.pickFile')}</Button></Upload>{file && <span className="second ellipsis">{file.name}</span>}</div>
        {preview.error && <p className="warn">{preview.error.message}</p>}
        {seen && (
          <>
            <p>{t('goods.preview', { rows: f.count(seen.rows), fresh: f.count(seen.fresh), skus: f.count(seen.skus), updates: f.count(seen.updates), bad: f.count(seen.badAll) })}</p>
            <details><summary className="second">{t('goods.mapping')}</summary>
              <div className="row wrap" style={{ marginTop: 8 }}>{seen.columns.map((column) => (
                <label key={column.key} className="field" style={{ width: 200 }}><span>{column.name}</span><Select allowClear placeholder="—" value={seen.mapping[column.key]} onChange={(at: number | undefined) => map(column.key, at)} options={seen.heads.map((head, at) => ({ value: at, label: head || `#${at + 1}` }))} /></label>
              ))}</div>
            </details>
            {seen.sample.length > 0 && <ul className="list">{seen.sample.map((product, n) => <li key={n} className="row between"><span className="stack tight"><span className="ellipsis">{product.title}</span><span className="second">{product.category}{product.category && ' · '}{product.skus.map((sku) => Object.values(sku.attrs).join(' ') || sku.skuCode).filter(Boolean).join(t('kit.and'))}</span></span><span className="row nowrap"><Money fen={Math.min(...product.skus.map((sku) => sku.priceFen))} /></span></li>)}</ul>}
            {seen.updateSample.length > 0 && <p className="second">{t('goods.updates')} {seen.updateSample.slice(0, 3).map((update) => `${update.skuCode} ${f.money(update.from)} → ${f.money(update.to)}`).join(t('kit.and'))}</p>}
            {seen.bad.length > 0 && <ul className="list">{seen.bad.slice(0, 20).map((row, n) => <li key={n} className="row between"><span className="second">{t('shipping.row', { n: row.row })}</span><span className="warn">{row.words}</span></li>)}</ul>}
            {seen.badAll > 20 && <p className="second">{t('shipping.moreBad', { n: f.count(seen.badAll - 20) })}</p>}
            <Checkbox checked={units} onChange={(event) => setUnits(event.target.checked)}>{t('goods.withUnits')}</Checkbox>
            {seen.badAll > 0 && seen.fresh + seen.updates > 0 && <Checkbox checked={skip} onChange={(event) => setSkip(event.target.checked)}>{t('goods.skip')}</Checkbox>}
            <Button type="primary" loading={go.isPending} disabled={seen.fresh + seen.updates === 0 || (seen.badAll > 0 && !skip)} onClick={() => go.mutate({ ...file!, mapping: seen.mapping, skipBad: skip, withUnits: units }, { onSuccess: (done) => { tell(t('goods.imported', { n: f.count(done.products), updated: f.count(done.updated), units: f.count(done.units) })); props.close() }, onError: (error) => tell(error.message) })}>{t('goods.go')}</Button>
          </>
        )}
      </div>
    </Modal>
  )
}

type ShopView = { shops: Array<{ connectionId: string; account: string; submission: { state: 'sending' | 'draft' | 'auditing' | 'refused' | 'passed' | 'failed'; reasons: Array<{ field: string; reason: string }>; catIds: string[]; sentAt: number; changedAt: number; changedSince: boolean } | null }> }
type ShopCategories = { account: string; at: number | null; rows: Array<{ catId: string; name: string; parentId: string; leaf: boolean }> }

/** What a Shop was given of a product, and its audit; submitting it, again or for the first time. */
export function ShopModal(props: { productId: string; title: string; close: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const query = useGet<ShopView>(`/products/${props.productId}/shop`, {}, { every: 4_000 })
  const categories = useGet<ShopCategories>('/shop-categories', {}, { every: 4_000 })
  const [catId, setCatId] = useState<string>()
  const submit = useSend<{ catId: string; account?: string }>('POST', () => `/products/${props.productId}/shop`, { refresh: ['/products'] })
  const nameOf = (id: string): string => categories.data?.rows.find((row) => row.catId === id)?.name ?? id
  return (
    <Modal open width={560} title={t('goods.shopOf', { title: props.title })} footer={null} onCancel={props.close} destroyOnHidden>
      <div className="stack">
        {query.data?.shops.length === 0 && <StateBlock title={t('goods.noShop')} what={t('goods.noShopWhat')} />}
        {query.data?.shops.map(({ account, submission }) => (
          <div key={account} className="stack tight">
            <div className="row between"><span className="mono">{account}</span>{submission ? <span className={`tag ${submission.state === 'passed' ? 'ok' : submission.state === 'refused' || submission.state === 'failed' ? 'danger' : ''}`}>{t(`goods.state.${submission.state}`)}</span> : <span className="second">{t('goods.never')}</span>}</div>
            {submission && <span className="second"><When at={submission.changedAt} as="exact" /> · {submission.catIds.map(nameOf).join(' / ')}{submission.changedSince && ` · ${t('goods.changed')}`}</span>}
            {submission && submission.reasons.length > 0 && <ul className="list">{submission.reasons.map((one, n) => <li key={n} className="warn">{one.field && `${one.field} · `}{one.reason}</li>)}</ul>}
            <div className="row wrap">
              <Select style={{ minWidth: 200, flex: 1 }} showSearch optionFilterProp="label" placeholder={t('goods.category')} loading={categories.data?.at === null} value={catId ?? submission?.catIds.at(-1)} onChange={setCatId} options={(categories.data?.rows ?? []).filter((row) => row.leaf).map((row) => ({ value: row.catId, label: `${nameOf(row.parentId)} / ${row.name}` }))} />
              <Button type="primary" loading={submit.isPending} disabled={(catId ?? submission?.catIds.at(-1)) === undefined || submission?.state === 'sending' || submission?.state === 'auditing'} onClick={() => submit.mutate({ account, catId: catId ?? submission!.catIds.at(-1)! }, { onSuccess: () => tell(t('goods.submitted')), onError: (error) => tell(error.message) })}>{submission ? t('goods.again') : t('goods.submit')}</Button>
            </div>
          </div>
        ))}
        <p className="third">{t('goods.shopNote')}</p>
      </div>
    </Modal>
  )
}

export type Category = { categoryId: string; parentId: string | null; name: string; position: number; products: number }

/** Categories of the mall, two levels. */
export function CategoriesModal(props: { close: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const query = useGet<{ rows: Category[] }>('/categories')
  const [name, setName] = useState('')
  const [parent, setParent] = useState<string>()
  const refresh = { refresh: ['/categories', '/products'] }
  const put = useSend<{ id: string; name: string; parentId: string | null; position: number }>('PUT', ({ id }) => `/categories/${id}`, { ...refresh, body: ({ id: _id, ...body }) => body })
  const drop = useSend<string>('DELETE', (id) => `/categories/${id}`, refresh)
  const rows = query.data?.rows ?? []
  const onError = (error: Error): void => tell(error.message)
  const line = (row: Category): ReactNode => (
    <li key={row.categoryId} className="row between" style={{ paddingLeft: row.parentId === null ? 0 : 24 }}>
      <span>{row.name} <span className="second">{t('goods.inCategory', { n: f.count(row.products) })}</span></span>
      <span className="row nowrap"><TextLink quiet onClick={() => put.mutate({ id: row.categoryId, name: row.name, parentId: row.parentId, position: Math.max(0, row.position - 1) }, { onError })}>↑</TextLink><TextLink quiet onClick={() => put.mutate({ id: row.categoryId, name: row.name, parentId: row.parentId, position: row.position + 1 }, { onError })}>↓</TextLink><TextLink quiet onClick={() => drop.mutate(row.categoryId, { onSuccess: () => tell(t('goods.dropped', { name: row.name }), () => put.mutate({ id: row.categoryId, name: row.name, parentId: row.parentId, position: row.position })), onError })}>{t('goods.drop')}</TextLink></span>
    </li>
  )
  return (
    <Modal open title={t('goods.categories')} footer={null} onCancel={props.close} destroyOnHidden>
      <div className="stack">
        {rows.length === 0 ? <p className="second">{t('goods.noCategories')}</p> : <ul className="list">{rows.filter((row) => row.parentId === null).flatMap((top) => [line(top), ...rows.filter((row) => row.parentId === top.categoryId).map(line)])}</ul>}
        <div className="row wrap">
          <Input style={{ flex: 1, minWidth: 140 }} value={name} maxLength={20} placeholder={t('goods.newCategory')} aria-label={t('goods.newCategory')} onChange={(event) => setName(event.target.value)} />
          <Select allowClear style={{ width: 160 }} placeholder={t('goods.below')} value={parent} onChange={setParent} options={rows.filter((row) => row.parentId === null).map((row) => ({ value: row.categoryId, label: row.name }))} />
          <Button type="primary" disabled={name.trim() === ''} loading={put.isPending} onClick={() => put.mutate({ id: crypto.randomUUID(), name: name.trim(), parentId: parent ?? null, position: rows.filter((row) => row.parentId === (parent ?? null)).length }, { onSuccess: () => setName(''), onError })}>{t('goods.add')}</Button>
        </div>
      </div>
    </Modal>
  )
}

/** Pictures of a product: uploaded ones are decoded and kept under their content's name; addresses at the platform stay as they are. */
export function Pictures(props: { value: string[]; onChange: (value: string[]) => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const { tenant, may } = useSession()
  const add = useSend<{ base64: string; contentType: string; source: string }, { kind?: string; sha256?: string; zh?: string; en?: string }>('POST', () => '/images')
  const pick = async (file: File): Promise<void> => {
    if (file.size > 4_400_000) return tell(t('goods.pictureBig'))
    add.mutate({ base64: await base64Of(file), contentType: file.type, source: t('goods.ownPicture') }, { onSuccess: (answer) => (answer.sha256 ? props.onChange([...props.value, `/media/${tenant.slug}/${answer.sha256}`]) : tell(answer.zh ?? t('goods.pictureRefused'))), onError: (error) => tell(error.message) })
  }
  return (
    <div className="row wrap" style={{ alignItems: 'flex-end' }}>
      {props.value.map((url, n) => (
        <span key={url} className="stack tight" style={{ width: 72 }}>
          <img src={url} alt={t('goods.pictureNo', { n: n + 1 })} width={72} height={72} style={{ objectFit: 'cover', borderRadius: 8, background: 'var(--selected)' }} />
          <span className="row"><TextLink quiet disabled={n === 0} onClick={() => props.onChange([url, ...props.value.filter((one) => one !== url)])}>{t('goods.first')}</TextLink><TextLink quiet onClick={() => props.onChange(props.value.filter((one) => one !== url))}>×</TextLink></span>
        </span>
      ))}
      {props.value.length < 9 && may('content.write') && <Upload accept="image/jpeg,image/png,image/webp" showUploadList={false} beforeUpload={(file) => { void pick(file as unknown as File); return false }}><Button loading={add.isPending}>{t('goods.addPicture')}</Button></Upload>}
    </div>
  )
}
