import { useState, type ReactNode } from 'react'
import { Button, Form, Input, InputNumber, Modal } from 'antd'
import { Card, Chip, DataTable, FactLine, Filters, Loaded, Money, PageHead, Permitted, ShortId, StateBlock, TextLink, useBars, useFilter, When, type Column } from '../kit/index.ts'
import { useGet, useNow, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Act = 'accept' | 'refuse' | 'receive' | 'refuse-return' | 'send-exchange' | 'rule-buyer' | 'rule-shop' | 'pay-again'
type Parcel = { company: string; trackingNo: string }
type Row = {
  shelf: 'shop' | 'mall'; aftersaleId: string; orderId: string; kind: 'refund' | 'return' | 'exchange'; state: string; stateWords: string; platformState: string | null; title: string; quantity: number; amountFen: number; reason: string; description: string; back: Parcel | null; again: Parcel | null
  refuseReason: string | null; asking: string | null; askingError: string | null; askedAt: number; deadlineAt: number | null; endedAt: number | null; restocked: number; acts: Act[]; needsYou: boolean
}
type Page = { rows: Row[]; total: number; counts: Array<{ state: string; n: number }> }
type One = { aftersale: Row; facts: Array<{ factId: string; at: number; words: string; stateWords: string; by: string; detail: Record<string, unknown> }> }
const pageSize = 50
const mine = new Set(['asked', 'returning', 'awaiting-exchange', 'refund-stuck', 'arbitration'])
const keyOf = (row: { shelf: string; aftersaleId: string }): string => `${row.shelf}/${row.aftersaleId}`

/** 成交 › 售后: what waits for the shop, soonest deadline first; both shelves in one list. */
export function AftersalesPage(): ReactNode {
  const { t, f, language } = useWords()
  const { on } = useSession()
  const now = useNow()
  const filter = useFilter()
  const asked = { shelf: filter.get('shelf'), state: filter.get('state'), search: filter.get('search'), open: filter.get('all') === undefined && filter.get('state') === undefined ? 'true' : undefined }
  const opened = filter.get('open')
  const query = useGet<Page>('/aftersales', { ...asked, page: filter.page, pageSize }, { every: 15_000 })
  const filtered = asked.shelf !== undefined || asked.state !== undefined || asked.search !== undefined
  return (
    <Loaded query={query}>
      {(data) => {
        const waiting = data.counts.filter((row) => mine.has(row.state)).reduce((sum, row) => sum + row.n, 0)
        const open = data.counts.reduce((sum, row) => sum + row.n, 0)
        const left = (row: Row): ReactNode => (row.deadlineAt === null ? <span className="third">—</span> : row.deadlineAt <= now ? <span className="warn">{t('aftersales.over')}</span> : <span className={row.deadlineAt - now < 12 * 3_600_000 && row.needsYou ? 'warn' : 'second'}>{t('aftersales.left', { time: f.duration(row.deadlineAt - now, language) })}</span>)
        const columns: Column<Row>[] = [
          { key: 'what', title: t('aftersales.col.what'), cell: (row) => <span className="ellipsis"><TextLink quiet onClick={() => filter.set({ open: keyOf(row) })}>{row.title || row.aftersaleId}</TextLink> × {row.quantity}</span> },
          ...(on('mall') && on('shop') ? [{ key: 'shelf', title: t('orders.col.shelf'), cell: (row: Row) => t(`shelf.${row.shelf}`) }] : []),
          { key: 'kind', title: t('aftersales.col.kind'), cell: (row) => t(`aftersales.kind.${row.kind}`) },
          { key: 'state', title: t('aftersales.col.state'), cell: (row) => <span className={`tag ${row.needsYou ? 'sell' : row.endedAt !== null ? 'hollow' : ''}`}>{row.stateWords}</span> },
          { key: 'left', title: t('aftersales.col.left'), cell: left },
          { key: 'order', title: t('orders.col.id'), cell: (row) => <TextLink quiet to={`/sell/orders/${row.shelf}/${row.orderId}`}><ShortId id={row.orderId} /></TextLink> },
          { key: 'amount', title: t('aftersales.col.amount'), right: true, cell: (row) => <Money fen={row.amountFen} /> },
        ]
        return (
          <>
            <PageHead kicker={t('aftersales.kicker')} sentence={waiting > 0 ? t('aftersales.sentence', { n: f.count(waiting) }) : open > 0 ? t('aftersales.sentenceOpen', { n: f.count(open) }) : t('aftersales.clear')} why={t('aftersales.why')} />
            <Filters search={{ value: asked.search, hint: t('aftersales.search'), set: (search) => filter.set({ search }) }} onClear={filtered ? () => filter.clear() : undefined}>
              {data.counts.filter((row) => mine.has(row.state)).map((row) => <Chip key={row.state} label="" on={asked.state === row.state} onClick={() => filter.set({ state: asked.state === row.state ? undefined : row.state })}>{t(`aftersales.state.${row.state as 'asked'}`)} {row.n}</Chip>)}
              {on('mall') && on('shop') && <Chip label={t('orders.chip.shelf')} value={asked.shelf} options={(['shop', 'mall'] as const).map((key) => ({ key, label: t(`shelf.${key}`) }))} onPick={(shelf) => filter.set({ shelf })} />}
              <Chip label={t('aftersales.all')} on={filter.get('all') !== undefined} onClick={() => filter.set({ all: filter.get('all') === undefined ? '1' : undefined })} />
            </Filters>
            <Card flush>
              <DataTable<Row> name="aftersales" columns={columns} rows={data.rows} rowKey={keyOf} stale={query.isPlaceholderData}
                page={{ page: filter.page, size: pageSize, total: data.total, go: (page) => filter.set({ page: page === 1 ? undefined : String(page) }) }}
                phone={(row) => ({ title: <TextLink quiet onClick={() => filter.set({ open: keyOf(row) })}>{row.title || row.aftersaleId} × {row.quantity}</TextLink>, right: <Money fen={row.amountFen} />, line: <span className="row"><span className={`tag ${row.needsYou ? 'sell' : 'hollow'}`}>{row.stateWords}</span><span className="second">{t(`aftersales.kind.${row.kind}`)}</span></span>, lineRight: left(row) })}
                empty={<StateBlock title={filtered ? t('aftersales.noMatch') : t('aftersales.clear')} what={filtered ? t('aftersales.noMatchWhat') : t('aftersales.clearWhat')} />} />
            </Card>
            {opened !== undefined && <AftersaleModal at={opened} close={() => filter.set({ open: undefined })} />}
          </>
        )
      }}
    </Loaded>
  )
}

function AftersaleModal(props: { at: string; close: () => void }): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [act, setAct] = useState<Act>()
  const query = useGet<One>(`/aftersales/${props.at}`, {}, { every: 5_000 })
  const send = useSend<{ act: Act; reason?: string; parcel?: Parcel; restock?: number }>('POST', () => `/aftersales/${props.at}/act`, { refresh: ['/aftersales', '/orders'] })
  const go = (body: { act: Act; reason?: string; parcel?: Parcel; restock?: number }): void => send.mutate(body, { onSuccess: () => { tell(t('aftersales.done')); setAct(undefined) }, onError: (error) => tell(error.message) })
  // A plain yes needs no form; what cannot be taken back or needs a word has one.
  const asks = (name: Act): boolean => name !== 'pay-again' && name !== 'rule-buyer' && name !== 'rule-shop'
  return (
    <Modal open width={640} title={t('aftersales.one')} footer={null} onCancel={props.close} destroyOnHidden>
      <Loaded query={query}>
        {({ aftersale: row, facts }) => (
          <div className="stack">
            <div className="row between wrap"><span className="strong">{row.title} × {row.quantity}</span><span className="row"><span className="tag">{row.stateWords}</span><Money fen={row.amountFen} /></span></div>
            <p className="second">{t(`aftersales.kind.${row.kind}`)} · {t(`shelf.${row.shelf}`)} · <TextLink quiet to={`/sell/orders/${row.shelf}/${row.orderId}`}>…{row.orderId.slice(-6)}</TextLink> · <When at={row.askedAt} />{row.deadlineAt !== null && <> · {t('aftersales.until')} <When at={row.deadlineAt} /></>}</p>
            {row.reason !== '' && <p><span className="second">{t('aftersales.reason')}</span> {row.reason}{row.description !== '' && ` · ${row.description}`}</p>}
            {row.back && <p><span className="second">{t('aftersales.back')}</span> {row.back.company} {row.back.trackingNo}</p>}
            {row.again && <p><span className="second">{t('aftersales.again')}</span> {row.again.company} {row.again.trackingNo}</p>}
            {row.refuseReason && <p><span className="second">{t('aftersales.refuseReason')}</span> {row.refuseReason}</p>}
            {row.restocked > 0 && <p className="second">{t('aftersales.restocked', { n: row.restocked })}</p>}
            {row.asking !== null && <p className="second">{t('aftersales.asking')}</p>}
            {row.askingError !== null && <p className="warn">{t('aftersales.askingError', { error: row.askingError })}</p>}
            {row.acts.length > 0 && (
              <Permitted allowed={may('orders.refund')} who={t('aftersales.who')}>
                {(disabled) => <div className="row wrap">{row.acts.map((name, n) => <Button key={name} type={n === 0 ? 'primary' : 'default'} disabled={disabled} loading={send.isPending && act === undefined} onClick={() => (asks(name) ? setAct(name) : go({ act: name }))}>{t(`aftersales.act.${name}`)}</Button>)}</div>}
              </Permitted>
            )}
            {act !== undefined && (
              <Form layout="vertical" initialValues={{ restock: row.quantity }} onFinish={(input: { reason?: string; company?: string; trackingNo?: string; restock?: number }) => go({ act, ...(input.reason ? { reason: input.reason } : {}), ...(input.company && input.trackingNo ? { parcel: { company: input.company, trackingNo: input.trackingNo } } : {}), ...(act === 'receive' ? { restock: input.restock ?? 0 } : {}) })}>
                {(act === 'refuse' || act === 'refuse-return') && <Form.Item name="reason" label={t('aftersales.whyNot')} rules={[{ required: true, message: t('codes.form.need') }]}><Input.TextArea rows={2} maxLength={200} showCount /></Form.Item>}
                {act === 'receive' && <Form.Item name="restock" label={t('aftersales.restock')} extra={t('aftersales.restockNote')}><InputNumber min={0} max={row.quantity} precision={0} /></Form.Item>}
                {act === 'send-exchange' && <div className="row wrap"><Form.Item name="company" label={t('shipping.courier')} rules={[{ required: true, message: t('codes.form.need') }]}><Input maxLength={40} /></Form.Item><Form.Item name="trackingNo" label={t('shipping.tracking')} rules={[{ required: true, min: 4, message: t('shipping.trackingNeed') }]}><Input maxLength={40} /></Form.Item></div>}
                <p className="second" style={{ marginBottom: 12 }}>{act === 'accept' || act === 'receive' ? (row.kind === 'refund' || act === 'receive' ? t('aftersales.noteMoney', { fen: f.money(row.amountFen) }) : t('aftersales.noteReturn')) : act === 'send-exchange' ? t('aftersales.noteExchange') : t('aftersales.noteRefuse')}</p>
                <div className="row"><Button type="primary" htmlType="submit" loading={send.isPending}>{t(`aftersales.act.${act}`)}</Button><Button onClick={() => setAct(undefined)}>{t('aftersales.notNow')}</Button></div>
              </Form>
            )}
            <FactLine items={facts.map((fact) => ({ key: fact.factId, at: fact.at, words: `${fact.words} → ${fact.stateWords}`, by: fact.by, raw: Object.keys(fact.detail).length > 0 ? fact.detail : undefined }))} />
          </div>
        )}
      </Loaded>
    </Modal>
  )
}
