import { useState, type ReactNode } from 'react'
import { Button, Checkbox, Form, Input, InputNumber, Modal, Radio, Select, Upload } from 'antd'
import { Card, Chip, Filters, Loaded, Money, PageHead, Permitted, ShortId, StateBlock, TextLink, useBars, useFilter, When } from '../kit/index.ts'
import { useGet, useNow, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Line = { lineNo: number; title: string; skuCode: string; quantity: number; left: number }
export type ToShip = { shelf: 'shop' | 'mall'; orderId: string; status: string; paidAt: number | null; paidFen: number; shipBefore: number | null; method: Method; to: string | null; parcels: number; lines: Line[]; aftersale: number }
type Method = 'express' | 'local' | 'pickup' | 'virtual'
type Page = { rows: ToShip[]; all: number; overdue: number; page: number; pageSize: number }
type Needs = { all: number; overdue: number; refused: Array<{ shelf: 'shop' | 'mall'; orderId: string; parcelId: string; trackingNo: string; at: number; why: string }>; blocked: Array<{ shelf: 'mall'; orderId: string; totalFen: number; since: number; why: string }> }
type Label = ToShip & { address: { name: string; phone: string; region: string[]; detail: string } | null }
type Wish = { shelf: 'shop' | 'mall'; orderId: string; method: Method; courier?: string; trackingNo?: string; lines?: Array<[number, number]> }

const pageSize = 50
const keyOf = (row: { shelf: string; orderId: string }): string => `${row.shelf}/${row.orderId}`

/** 成交 › 发货: what must leave today, the longest waiting first; by hand, by file, with a packing list; and what keeps money back. */
export function ShippingPage(): ReactNode {
  const { t, f, language } = useWords()
  const { may, on } = useSession()
  const { tell } = useBars()
  const now = useNow()
  const filter = useFilter()
  const shelf = filter.get('shelf')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [opened, setOpened] = useState<ToShip>()
  const [bulk, setBulk] = useState(false)
  const query = useGet<Page>('/fulfilment/to-ship', { shelf, page: filter.page, pageSize }, { every: 15_000 })
  const needs = useGet<Needs>('/fulfilment/needs', {}, { every: 15_000 })
  const labels = useSend<{ orderIds: string[] }, { rows: Label[] }>('POST', () => '/fulfilment/labels')
  const allowed = may('orders.ship')
  const print = (rows: readonly ToShip[]): void => labels.mutate({ orderIds: rows.map((row) => row.orderId) }, { onSuccess: (answer) => printLabels(answer.rows, t), onError: (error) => tell(error.message) })
  return (
    <Loaded query={query}>
      {(data) => {
        const picked = data.rows.filter((row) => chosen.has(keyOf(row)))
        const blocked = needs.data?.blocked ?? []
        const refused = needs.data?.refused ?? []
        return (
          <>
            <PageHead
              kicker={t('shipping.kicker')} sentence={data.all === 0 ? t('shipping.clear') : data.overdue > 0 ? t('shipping.sentenceLate', { n: f.count(data.all), late: f.count(data.overdue) }) : t('shipping.sentence', { n: f.count(data.all) })}
              why={blocked.length > 0 ? t('shipping.blocked', { n: blocked.length, fen: f.moneySaid(blocked.reduce((sum, row) => sum + row.totalFen, 0)) }) : t('shipping.why')}
              actions={<><Button onClick={() => setBulk(true)} disabled={!allowed}>{t('shipping.byFile')}</Button><Permitted allowed={allowed} who={t('shipping.packer')}>{(disabled) => <Button type="primary" disabled={disabled || (picked.length === 0 && data.rows.length === 0)} loading={labels.isPending} onClick={() => print(picked.length > 0 ? picked : data.rows)}>{picked.length > 0 ? t('shipping.printSome', { n: picked.length }) : t('shipping.printAll')}</Button>}</Permitted></>}
            />
            {(refused.length > 0 || blocked.length > 0) && (
              <Card title={t('shipping.needs', { n: refused.length + blocked.length })} unit={t('shipping.needsUnit')}>
                <ul className="list">
                  {refused.map((row) => <li key={row.parcelId} className="row between"><span><TextLink to={`/sell/orders/${row.shelf}/${row.orderId}`}>…{row.orderId.slice(-6)}</TextLink> <span className="second">{t(`shelf.${row.shelf}`)} · {row.trackingNo} · {row.why}</span></span><When at={row.at} /></li>)}
                  {blocked.slice(0, 8).map((row) => <li key={row.orderId} className="row between"><span><TextLink to={`/sell/orders/mall/${row.orderId}`}>…{row.orderId.slice(-6)}</TextLink> <span className="second">{row.why}</span></span><span className="row nowrap"><Money fen={row.totalFen} /><When at={row.since} as="date" /></span></li>)}
                </ul>
              </Card>
            )}
            {on('mall') && on('shop') && <Filters onClear={shelf ? () => filter.clear() : undefined}><Chip label={t('orders.chip.shelf')} value={shelf} options={(['shop', 'mall'] as const).map((key) => ({ key, label: t(`shelf.${key}`) }))} onPick={(value) => filter.set({ shelf: value })} /></Filters>}
            <Card>
              {data.rows.length === 0 ? <StateBlock title={t('shipping.clear')} what={t('shipping.clearWhat')} /> : (
                <ul className="list rows">
                  <li className="row between second"><Checkbox checked={picked.length === data.rows.length} indeterminate={picked.length > 0 && picked.length < data.rows.length} onChange={(event) => setChosen(event.target.checked ? new Set(data.rows.map(keyOf)) : new Set())}>{picked.length > 0 ? t('shipping.chosen', { n: picked.length }) : t('shipping.choose')}</Checkbox><span>{t('shipping.oldest')}</span></li>
                  {data.rows.map((row) => {
                    const late = row.shipBefore !== null && row.shipBefore <= now
                    return (
                      <li key={keyOf(row)} className="row between wrap">
                        <span className="row" style={{ alignItems: 'flex-start', minWidth: 0, flex: '1 1 320px' }}>
                          <Checkbox aria-label={row.orderId} checked={chosen.has(keyOf(row))} onChange={(event) => setChosen((before) => { const next = new Set(before); if (event.target.checked) next.add(keyOf(row)); else next.delete(keyOf(row)); return next })} />
                          <span className="stack tight" style={{ minWidth: 0 }}>
                            <span className="ellipsis">{row.lines.filter((line) => line.left > 0).map((line) => `${line.title} × ${line.left}`).join(t('kit.and')) || t('shipping.nothing')}</span>
                            <span className="second">{t(`shelf.${row.shelf}`)} · <ShortId id={row.orderId} /> · {row.to ?? (row.shelf === 'shop' ? t('shipping.toShop') : t('shipping.noAddress'))}{row.parcels > 0 && ` · ${t('shipping.sentBefore', { n: row.parcels })}`}{row.aftersale > 0 && <> · <TextLink quiet to="/sell/aftersales">{t('shipping.aftersale')}</TextLink></>}</span>
                          </span>
                        </span>
                        <span className="row nowrap">
                          <span className={late ? 'warn' : 'second'}>{row.shipBefore === null ? '' : late ? t('shipping.late', { time: f.ago(row.shipBefore, now, language) }) : <When at={row.shipBefore} />}</span>
                          <Permitted allowed={allowed} who={t('shipping.packer')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => setOpened(row)}>{t('shipping.ship')}</Button>}</Permitted>
                        </span>
                      </li>
                    )
                  })}
                </ul>
              )}
            </Card>
            {data.all > pageSize && <div className="tablefoot"><Button disabled={filter.page <= 1} onClick={() => filter.set({ page: String(filter.page - 1) })}>{t('shipping.prev')}</Button><span className="second">{t('kit.of', { done: f.count(Math.min(data.all, filter.page * pageSize)), total: f.count(data.all) })}</span><Button disabled={filter.page * pageSize >= data.all} onClick={() => filter.set({ page: String(filter.page + 1) })}>{t('shipping.next')}</Button></div>}
            {opened && <ShipModal order={opened} close={() => setOpened(undefined)} />}
            {bulk && <BulkModal close={() => setBulk(false)} />}
          </>
        )
      }}
    </Loaded>
  )
}

/** One parcel: how it goes, with which number, and what is in it. */
export function ShipModal(props: { order: Pick<ToShip, 'shelf' | 'orderId' | 'lines' | 'method' | 'to'>; close: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const { order } = props
  const couriers = useGet<{ rows: Array<{ code: string; zh: string }> }>('/fulfilment/couriers')
  const ship = useSend<Wish>('POST', () => '/fulfilment/parcels', { refresh: ['/fulfilment', '/orders', '/mall-orders'] })
  const [method, setMethod] = useState<Method>(order.method)
  const open = order.lines.filter((line) => line.left > 0)
  const [pieces, setPieces] = useState<Record<number, number>>(() => Object.fromEntries(open.map((line) => [line.lineNo, line.left])))
  const lines = open.flatMap((line): Array<[number, number]> => ((pieces[line.lineNo] ?? 0) > 0 ? [[line.lineNo, pieces[line.lineNo]]] : []))
  const all = open.every((line) => pieces[line.lineNo] === line.left)
  const methods: Method[] = order.shelf === 'shop' ? ['express', 'virtual'] : ['express', 'local', 'pickup', 'virtual']
  return (
    <Modal open title={t('shipping.shipTitle', { id: order.orderId.slice(-6) })} footer={null} onCancel={props.close} destroyOnHidden>
      <Form layout="vertical" onFinish={(input: { courier?: string; trackingNo?: string }) => ship.mutate({ shelf: order.shelf, orderId: order.orderId, method, ...(input.courier ? { courier: input.courier } : {}), ...(input.trackingNo ? { trackingNo: input.trackingNo } : {}), ...(all ? {} : { lines }) }, { onSuccess: () => { tell(all ? t('shipping.shipped') : t('shipping.shippedPart')); props.close() }, onError: (error) => tell(error.message) })}>
        {order.to && <p className="second" style={{ marginBottom: 12 }}>{order.to}</p>}
        <Form.Item label={t('shipping.how')}><Radio.Group value={method} onChange={(event) => setMethod(event.target.value as Method)} options={methods.map((key) => ({ value: key, label: t(`shipping.method.${key}`) }))} /></Form.Item>
        {(method === 'express' || method === 'local') && (
          <Form.Item name="courier" label={method === 'express' ? t('shipping.courier') : t('shipping.rider')} rules={method === 'express' ? [{ required: true, message: t('codes.form.need') }] : []}>
            {method === 'express' ? <Select showSearch optionFilterProp="label" options={(couriers.data?.rows ?? []).map((row) => ({ value: row.code, label: `${row.zh} ${row.code}` }))} /> : <Input maxLength={40} />}
          </Form.Item>
        )}
        {method === 'express' && <Form.Item name="trackingNo" label={t('shipping.tracking')} rules={[{ required: true, pattern: /^[A-Za-z0-9-]{4,40}$/, message: t('shipping.trackingNeed') }]}><Input maxLength={40} autoComplete="off" /></Form.Item>}
        <Form.Item label={t('shipping.what')}>
          <ul className="list">{open.map((line) => <li key={line.lineNo} className="row between"><span className="ellipsis">{line.title}</span><InputNumber min={0} max={line.left} precision={0} aria-label={line.title} value={pieces[line.lineNo]} onChange={(value) => setPieces({ ...pieces, [line.lineNo]: value ?? 0 })} suffix={t('shipping.ofLeft', { n: line.left })} style={{ width: 140 }} /></li>)}</ul>
        </Form.Item>
        <p className="second" style={{ marginBottom: 12 }}>{method === 'pickup' ? t('shipping.pickupNote') : order.shelf === 'mall' ? t('shipping.mallNote') : t('shipping.shopNote')}</p>
        <Button type="primary" htmlType="submit" loading={ship.isPending} disabled={lines.length === 0}>{method === 'pickup' ? t('shipping.ready') : t('shipping.ship')}</Button>
      </Form>
    </Modal>
  )
}

type Preview = { ready: number; bad: Array<{ row: number; orderId: string; words: string }> }

/** Ship by file: first what would happen, row by row, then all of it or nothing. */
function BulkModal(props: { close: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const [text, setText] = useState('')
  const [skip, setSkip] = useState(false)
  const preview = useSend<{ text: string }, Preview>('POST', () => '/fulfilment/bulk/preview')
  const go = useSend<{ text: string; skipBad: boolean }, { shipped: number }>('POST', () => '/fulfilment/bulk', { refresh: ['/fulfilment', '/orders'] })
  const look = (next: string): void => {
    setText(next)
    if (next.trim() === '') preview.reset()
    else preview.mutate({ text: next })
  }
  const seen = text.trim() === '' ? undefined : preview.data
  return (
    <Modal open width={640} title={t('shipping.byFile')} footer={null} onCancel={props.close} destroyOnHidden>
      <div className="stack">
        <p className="second">{t('shipping.fileNote')}</p>
        <Upload accept=".csv,.txt,.tsv" showUploadList={false} beforeUpload={(picked) => { void (picked as unknown as File).text().then(look); return false }}><Button>{t('shipping.pickFile')}</Button></Upload>
        <Input.TextArea rows={5} value={text} placeholder={t('shipping.sample')} aria-label={t('shipping.paste')} onChange={(event) => look(event.target.value)} />
        {preview.error && <p className="warn">{preview.error.message}</p>}
        {seen && <p>{t('shipping.preview', { ready: f.count(seen.ready), bad: f.count(seen.bad.length) })}</p>}
        {seen && seen.bad.length > 0 && <ul className="list">{seen.bad.slice(0, 20).map((row) => <li key={`${row.row}/${row.orderId}`} className="row between"><span className="second">{t('shipping.row', { n: row.row })} {row.orderId && `…${row.orderId.slice(-6)}`}</span><span className="warn">{row.words}</span></li>)}</ul>}
        {seen && seen.bad.length > 20 && <p className="second">{t('shipping.moreBad', { n: f.count(seen.bad.length - 20) })}</p>}
        {seen && seen.bad.length > 0 && seen.ready > 0 && <Checkbox checked={skip} onChange={(event) => setSkip(event.target.checked)}>{t('shipping.skip')}</Checkbox>}
        <Button type="primary" loading={go.isPending} disabled={!seen || seen.ready === 0 || (seen.bad.length > 0 && !skip)} onClick={() => go.mutate({ text, skipBad: skip }, { onSuccess: ({ shipped }) => { tell(t('shipping.bulkDone', { n: f.count(shipped) })); props.close() }, onError: (error) => tell(error.message) })}>{t('shipping.bulkGo', { n: f.count(seen?.ready ?? 0) })}</Button>
      </div>
    </Modal>
  )
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)

/** A packing list of plain text in a window of its own, one order to a block; the browser prints it. */
function printLabels(rows: readonly Label[], t: ReturnType<typeof useWords>['t']): void {
  const sheet = window.open('', '_blank', 'width=720,height=900')
  if (!sheet) return
  const blocks = rows.map((row) => {
    const to = row.address ? `${escape(row.address.name)} ${escape(row.address.phone)}<br>${escape(row.address.region.join(' '))} ${escape(row.address.detail)}` : escape(row.to ?? t('shipping.toShop'))
    return `<section><h2>${escape(row.orderId)}</h2><p>${to}</p><ul>${row.lines.filter((line) => line.left > 0).map((line) => `<li>${escape(line.title)}${line.skuCode ? ` <small>${escape(line.skuCode)}</small>` : ''} × ${line.left}</li>`).join('')}</ul></section>`
  })
  sheet.document.write(`<!doctype html><meta charset="utf-8"><title>${escape(t('shipping.printTitle', { n: rows.length }))}</title><style>body{font:14px/1.5 sans-serif;margin:24px}section{border:1px solid;padding:8px 12px;margin:0 0 12px;break-inside:avoid}h2{font:13px monospace;margin:0}p,ul{margin:6px 0}small{opacity:.6}</style>${blocks.join('')}`)
  sheet.document.close()
  sheet.print()
}
