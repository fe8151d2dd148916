import { useState, type ReactNode } from 'react'
import { Button, Form, Input, InputNumber, Modal, Segmented } from 'antd'
import { useParams } from 'react-router'
import { Card, DataTable, Loaded, PageHead, Permitted, StateBlock, TextLink, useBars, useFilter, When } from '../kit/index.ts'
import { ApiError } from '../lib/api.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import { text } from '../text/index.ts'
import { StockBar, unitsOf, type Places } from './places.tsx'
import { SkuDepth, type Alarm, type Rule } from './stock-depth.tsx'
import { daysLeft } from './stock.tsx'

type Shelf = { connectionId: string; shop: number; held: number; reconciledAt: number | null }
type Move = { moveId: string; direction: 'to-shop' | 'from-shop'; place: 'mall' | 'reserve'; quantity: number; state: string; actor: string; plannedAt: number; closedAt: number | null }
type Flow = { postingId: string; occurredAt: number; reason: string; account: string; amount: number }
type Detail = {
  sku: Omit<Places, 'shop' | 'held'> & { shelves: Shelf[]; warehouses: Array<{ warehouseId: string; mall: number; reserved: number }> }; card: { title: string; name: string; onMall: boolean } | null; problems: string[]; sold: Array<{ shelf: 'shop' | 'mall'; perDay: number; low: number; high: number; series: number[] }>
  moves: Move[]; alarms: Alarm[]; rule: Rule; warehouses: Array<{ warehouseId: string; name: string; closedAt: number | null }>; flow: Flow[]; page: number; pageSize: number
}
const flowSize = 50
type Place = 'mall' | 'reserve' | 'shop'

/** One SKU: where its units are, how fast each shelf sells, every movement; receive, move. */
export function SkuPage(): ReactNode {
  const { sku = '' } = useParams()
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [act, setAct] = useState<'receive' | 'move'>()
  const filter = useFilter()
  const query = useGet<Detail>(`/stock/${sku}`, { page: filter.page, pageSize: flowSize }, { every: 10_000 })
  const refresh = { refresh: ['/stock', '/products'] }
  const open = useSend('POST', () => `/stock/${sku}/open`, refresh)
  const receive = useSend<{ quantity: number; reason?: string }>('POST', () => `/stock/${sku}/receive`, refresh)
  const move = useSend<{ from: Place; to: Place; quantity: number }>('POST', () => `/stock/${sku}/move`, refresh)
  const allowed = may('products.write')
  const onError = (error: Error): void => tell(error.message)
  if (query.error instanceof ApiError && query.error.code === 'stock/not-tracked' && query.data === undefined) {
    return <StateBlock title={t('stock.notTracked')} what={t('stock.untrackedWhat')} actions={<Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} loading={open.isPending} onClick={() => open.mutate({}, { onSuccess: () => void query.refetch(), onError })}>{t('stock.open')}</Button>}</Permitted>} />
  }
  const accountWords = (account: string): string => {
    const key = `place.${account.replace('stock:', '').split('/')[0]}`
    return key in text ? t(key as TextKey) : account
  }
  const reasonWords = (reason: string): string => (`stockReason.${reason}` in text ? t(`stockReason.${reason}` as TextKey) : reason)
  return (
    <Loaded query={query}>
      {(state) => {
        const shop = state.sku.shelves.reduce((sum, one) => sum + one.shop, 0)
        const places: Places = { ...state.sku, shop, held: state.sku.shelves.reduce((sum, one) => sum + one.held, 0) }
        const units = unitsOf(places)
        const rate = { shop: state.sold.find((one) => one.shelf === 'shop')?.perDay ?? 0, mall: state.sold.find((one) => one.shelf === 'mall')?.perDay ?? 0 }
        const days = daysLeft({ ...places, perDay: rate })
        const title = state.card?.title ?? sku
        const agrees = state.problems.length === 0 ? t('sku.agrees') : t('sku.differs')
        const reconciled = Math.max(0, ...state.sku.shelves.map((one) => one.reconciledAt ?? 0))
        return (
          <>
            <PageHead
              kicker={<><TextLink quiet to="/sell/stock">{t('sell.stock')}</TextLink>{state.card?.name ? ` · ${state.card.name}` : ''}</>}
              sentence={t('sku.sentence', { title, n: f.count(units), agrees, left: days === undefined ? t('sku.still') : days > 365 ? t('sku.long') : t('sku.lasts', { n: days < 2 ? t('stock.hours', { n: Math.round(days * 24) }) : t('stock.days', { n: f.count(Math.floor(days)) }) }) })}
              why={reconciled > 0 ? t('sku.reconciled', { when: f.timeExact(reconciled).slice(0, 16) }) : t('stock.why')}
              actions={<>
                <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button disabled={disabled} onClick={() => setAct('receive')}>{t('sku.receive')}</Button>}</Permitted>
                <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setAct('move')}>{t('sku.move')}</Button>}</Permitted>
              </>}
            />
            {state.problems.length > 0 && <div className="callout danger" style={{ marginBottom: 16 }}>{state.problems.join(' · ')}</div>}
            <div className="cards"><Card title={t('sku.where', { n: f.count(units) })} unit={t('sku.whereUnit')}><StockBar places={places} height={28} list /></Card></div>
            <div className="cards level">
              <Card span={5} title={t('sku.speed')} unit={t('sku.speedUnit')}>
                <div className="stack wide">{state.sold.map((one) => (
                  <div key={one.shelf}>
                    <div className="pair"><span>{t(`shelf.${one.shelf}`)}</span><span>{t('sku.perDay', { n: one.perDay.toFixed(1) })}<span className="second">{t('kit.interval', { low: one.low.toFixed(1), high: one.high.toFixed(1) })}</span></span></div>
                    <Spark series={one.series} label={t('sku.speedLabel', { shelf: t(`shelf.${one.shelf}`), n: one.perDay.toFixed(1) })} />
                  </div>
                ))}</div>
              </Card>
              <Card span={7} flush title={t('sku.moves')}>
                <DataTable<Move>
                  name="moves" rows={state.moves.slice(0, 8)} rowKey={(row) => row.moveId} empty={<p className="second" style={{ padding: '0 24px 20px' }}>{t('sku.noMoves')}</p>}
                  columns={[
                    { key: 'what', title: t('sku.col.move'), cell: (row) => (row.direction === 'to-shop' ? `${t(`place.${row.place}`)} → ${t('place.shop')}` : `${t('place.shop')} → ${t(`place.${row.place}`)}`) }, { key: 'n', title: t('sku.col.units'), right: true, cell: (row) => f.count(row.quantity) },
                    { key: 'state', title: t('sku.col.state'), cell: (row) => <span className={`tag ${row.state === 'confirmed' ? 'ok' : row.state === 'refused' ? 'danger' : row.state === 'unknown' ? 'warn' : ''}`}>{`move.${row.state}` in text ? t(`move.${row.state}` as TextKey) : row.state}</span> }, { key: 'at', title: t('sku.col.at'), cell: (row) => <When at={row.plannedAt} /> },
                  ]}
                  phone={(row) => ({ title: row.direction === 'to-shop' ? `${t(`place.${row.place}`)} → ${t('place.shop')}` : `${t('place.shop')} → ${t(`place.${row.place}`)}`, right: f.count(row.quantity), line: `move.${row.state}` in text ? t(`move.${row.state}` as TextKey) : row.state, lineRight: <When at={row.plannedAt} /> })}
                />
              </Card>
            </div>
            <SkuDepth skuId={sku} alarms={state.alarms} rule={state.rule} hasShop={state.sku.shelves.length > 0} mall={state.sku.mall} apart={state.sku.warehouses} warehouses={state.warehouses} />
            <Card flush title={t('sku.flow')} unit={t('sku.flowUnit')}>
              <DataTable<Flow>
                name="units" rows={state.flow} rowKey={(row) => `${row.postingId}/${row.account}`} stale={query.isPlaceholderData}
                page={state.flow.length === flowSize || filter.page > 1 ? { page: filter.page, size: flowSize, total: (filter.page - 1) * flowSize + state.flow.length + (state.flow.length === flowSize ? 1 : 0), go: (page) => filter.set({ page: page === 1 ? undefined : String(page) }) } : undefined} empty={<p className="second" style={{ padding: '0 24px 20px' }}>{t('sku.noFlow')}</p>}
                columns={[
                  { key: 'at', title: t('sku.col.at'), width: 130, cell: (row) => <When at={row.occurredAt} /> }, { key: 'place', title: t('sku.col.place'), cell: (row) => accountWords(row.account) }, { key: 'why', title: t('sku.col.why'), cell: (row) => <span className="second">{reasonWords(row.reason)}</span> },
                  { key: 'n', title: t('sku.col.units'), right: true, cell: (row) => `${row.amount > 0 ? '+' : ''}${f.count(row.amount)}` },
                ]}
                phone={(row) => ({ title: accountWords(row.account), right: `${row.amount > 0 ? '+' : ''}${f.count(row.amount)}`, line: reasonWords(row.reason), lineRight: <When at={row.occurredAt} /> })}
              />
            </Card>
            <Modal open={act === 'receive'} title={t('sku.receive')} footer={null} onCancel={() => setAct(undefined)} destroyOnHidden>
              <Form layout="vertical" onFinish={(input: { quantity: number; reason?: string }) => receive.mutate({ quantity: input.quantity, ...(input.reason ? { reason: input.reason } : {}) }, { onSuccess: () => { tell(t('sku.received', { n: f.count(input.quantity) }), () => receive.mutate({ quantity: -input.quantity }, { onError })); setAct(undefined) }, onError })}>
                <Form.Item name="quantity" label={t('sku.form.receive')} rules={[{ required: true, message: t('codes.form.need') }]}><InputNumber precision={0} style={{ width: '100%' }} /></Form.Item>
                <Form.Item name="reason" label={t('sku.form.reason')}><Input maxLength={80} /></Form.Item>
                <Button type="primary" htmlType="submit" loading={receive.isPending}>{t('sku.receive')}</Button>
              </Form>
            </Modal>
            <Modal open={act === 'move'} title={t('sku.move')} footer={null} onCancel={() => setAct(undefined)} destroyOnHidden><MoveForm places={places} noShop={state.sku.shelves.length === 0} busy={move.isPending} send={(wish) => move.mutate(wish, { onSuccess: () => { tell(t('stock.moved')); setAct(undefined) }, onError })} /></Modal>
          </>
        )
      }}
    </Loaded>
  )
}

function MoveForm(props: { places: Places; noShop: boolean; busy: boolean; send: (wish: { from: Place; to: Place; quantity: number }) => void }): ReactNode {
  const { t, f } = useWords()
  const all = (['mall', 'reserve', 'shop'] as const).filter((place) => place !== 'shop' || !props.noShop)
  const [from, setFrom] = useState<Place>(all.toSorted((a, b) => props.places[b] - props.places[a])[0])
  const targets = all.filter((place) => place !== from)
  const [wanted, setTo] = useState<Place>()
  const to = wanted !== undefined && wanted !== from ? wanted : targets[0]
  const [quantity, setQuantity] = useState<number | null>(null)
  const options = (list: readonly Place[]) => list.map((place) => ({ value: place, label: `${t(`place.${place}`)} ${f.count(props.places[place])}` }))
  return (
    <div className="stack wide">
      <label className="field"><span>{t('sku.form.from')}</span><Segmented value={from} onChange={setFrom} options={options(all)} /></label>
      <label className="field"><span>{t('sku.form.to')}</span><Segmented value={to} onChange={setTo} options={options(targets)} /></label>
      <label className="field"><span>{t('sku.form.units')}</span><InputNumber min={1} max={Math.max(1, props.places[from])} precision={0} value={quantity} onChange={setQuantity} style={{ width: '100%' }} /></label>
      <p className="second">{from === 'shop' || to === 'shop' ? t('sku.form.shopNote') : t('sku.form.ownNote')}</p>
      <Button type="primary" disabled={!quantity} loading={props.busy} onClick={() => props.send({ from, to, quantity: quantity! })}>{t('sku.form.go', { n: f.count(quantity ?? 0), to: t(`place.${to}`) })}</Button>
    </div>
  )
}

/** Pieces a day as bars; the last one is today, not over yet. */
function Spark(props: { series: number[]; label: string }): ReactNode {
  const most = Math.max(1, ...props.series)
  const width = 100 / props.series.length
  return <svg width="100%" height={40} role="img" aria-label={props.label}>{props.series.map((value, n) => <rect key={n} x={`${n * width + 0.3}%`} width={`${width - 0.6}%`} y={38 - (value / most) * 36} height={(value / most) * 36 + 1} rx={1} fill={value === 0 ? 'var(--line)' : 'var(--sell)'} opacity={n === props.series.length - 1 ? 0.5 : 1} />)}</svg>
}
