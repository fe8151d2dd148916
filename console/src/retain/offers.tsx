import { useState, type ReactNode } from 'react'
import { Button, Form, Input, InputNumber, Modal, Segmented } from 'antd'
import { Card, DataTable, Loaded, Money, PageHead, Permitted, PersonChip, StateBlock, TextLink, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Offer = { offerId: string; title: string; what: string; kind: string; feathers: number; costFen: number; faceFen: number; partner: string; validDays: number; perPerson: number; state: 'draft' | 'live' | 'paused' | 'ended'; stock: number; issued: number }
type Redemption = { redemptionId: string; offerId: string; personId: string; title: string; feathers: number; redeemedAt: number; expiresAt: number; shown: number; state: 'issued' | 'taken-back'; settlementId: string | null }
type Data = {
  offers: Offer[]; redemptions: Redemption[]; open: Array<{ partner: string; redemptions: number; amountFen: number; since: number }>
  settlements: Array<{ settlementId: string; partner: string; until: number; redemptions: number; amountFen: number }>
}
type Imported = { ok: true; codes: number } | { ok: false; good: number; bad: Array<{ line: number; code: string; why: 'repeated' | 'known' | 'too-long' | 'bad-date' | 'strange'; first?: number }> }
type Fields = Pick<Offer, 'title' | 'what' | 'kind' | 'feathers' | 'costFen' | 'faceFen' | 'partner' | 'validDays' | 'perPerson'>

/** 留存 › 权益: what feathers buy, how many codes are left, what partners are owed. */
export function OffersPage(): ReactNode {
  const { t, f } = useWords()
  const { may, url } = useSession()
  const { tell } = useBars()
  const [editing, setEditing] = useState<Offer | 'new'>()
  const [coding, setCoding] = useState<Offer>()
  const [taking, setTaking] = useState<Redemption>()
  const query = useGet<Data>('/offers', {}, { every: 20_000 })
  const defaults = useSend<void>('POST', () => '/offers/defaults', { refresh: ['/offers'] })
  const put = useSend<{ offer: Offer; state: 'live' | 'paused' }>('POST', ({ offer }) => `/offers/${offer.offerId}/state`, { refresh: ['/offers', '/points'], body: ({ state }) => ({ state }) })
  const settle = useSend<{ partner: string }, { redemptions: number; amountFen: number }>('POST', () => '/offers/settlements', { refresh: ['/offers'] })
  const onError = (error: Error): void => tell(error.message)
  const allowed = may('points.write')
  const guard = (button: (disabled: boolean) => ReactNode): ReactNode => <Permitted allowed={allowed} who={t('points.noWrite')}>{button}</Permitted>
  return (
    <Loaded query={query}>
      {({ offers, redemptions, open, settlements }) => {
        const live = offers.filter((one) => one.state === 'live')
        const turn = (row: Offer): ReactNode => guard((disabled) => row.state === 'live'
          ? <Button size="small" disabled={disabled} onClick={() => put.mutate({ offer: row, state: 'paused' }, { onSuccess: () => tell(t('offers.changed', { title: row.title })), onError })}>{t('offers.pause')}</Button>
          : <Button size="small" disabled={disabled || row.stock === 0} onClick={() => put.mutate({ offer: row, state: 'live' }, { onSuccess: () => tell(t('offers.changed', { title: row.title })), onError })}>{t('offers.golive')}</Button>)
        const acts = (row: Offer): ReactNode => <span className="row">{guard((disabled) => <Button size="small" disabled={disabled} onClick={() => setCoding(row)}>{t('offers.codes')}</Button>)}{turn(row)}</span>
        const fate = (row: Redemption): ReactNode => row.state === 'taken-back' ? <span className="third">{t('offers.takenBack')}</span> : row.settlementId !== null ? <span className="third">{t('offers.settledRow')}</span> : guard((disabled) => <Button size="small" disabled={disabled} onClick={() => setTaking(row)}>{t('offers.takeBack')}</Button>)
        return (
          <>
            <PageHead
              kicker={t('offers.kicker')} why={t('offers.why')} sentence={live.length === 0 ? t('offers.none') : t('offers.sentence', { n: live.length, stock: f.count(live.reduce((sum, one) => sum + one.stock, 0)), issued: f.count(offers.reduce((sum, one) => sum + one.issued, 0)) })}
              actions={<>{offers.length === 0 && guard((disabled) => <Button disabled={disabled} loading={defaults.isPending} onClick={() => defaults.mutate(undefined, { onError })}>{t('offers.defaults')}</Button>)}{guard((disabled) => <Button type="primary" disabled={disabled} onClick={() => setEditing('new')}>{t('offers.make')}</Button>)}</>}
            />
            <div className="cards">
              <Card flush title={t('retain.offers')}>
                <DataTable<Offer>
                  name="offers" rows={offers} rowKey={(row) => row.offerId} empty={<StateBlock title={t('offers.none')} what={t('offers.noneWhat')} />}
                  columns={[
                    { key: 'title', title: t('offers.title'), cell: (row) => <TextLink quiet disabled={!allowed} onClick={() => setEditing(row)}>{row.title}</TextLink> }, { key: 'price', title: t('offers.price'), right: true, cell: (row) => f.count(row.feathers) }, { key: 'cost', title: t('offers.cost'), right: true, cell: (row) => <Money fen={row.costFen} /> },
                    { key: 'stock', title: t('offers.stock'), right: true, cell: (row) => f.count(row.stock) }, { key: 'issued', title: t('offers.issued'), right: true, cell: (row) => (row.issued === 0 ? <span className="third">0</span> : f.count(row.issued)) },
                    { key: 'partner', title: t('offers.partner'), cell: (row) => row.partner || t('offers.self') }, { key: 'state', title: t('offers.state'), cell: (row) => t(`offers.state.${row.state}`) }, { key: 'act', title: '', right: true, cell: acts },
                  ]}
                  phone={(row) => ({ title: row.title, right: f.count(row.feathers), line: `${t(`offers.state.${row.state}`)} · ${t('offers.stock')} ${f.count(row.stock)}`, lineRight: <Money fen={row.costFen} />, actions: acts(row) })}
                />
              </Card>
              <Card title={t('offers.settle')}>
                {open.length === 0 && settlements.length === 0 ? <p className="second">{t('offers.nothingOpen')}</p> : (
                  <ol className="list">
                    {open.map((row) => <li key={row.partner} className="row between"><span>{t('offers.toSettle', { partner: row.partner, n: row.redemptions, fen: f.money(row.amountFen) })}</span>{guard((disabled) => <Button size="small" disabled={disabled} loading={settle.isPending} onClick={() => settle.mutate({ partner: row.partner }, { onSuccess: (done) => tell(t('offers.settled', { n: done.redemptions, fen: f.money(done.amountFen) })), onError })}>{t('offers.settleGo')}</Button>)}</li>)}
                    {settlements.map((row) => <li key={row.settlementId} className="row between"><span className="stack tight"><span>{t('offers.settledOn', { partner: row.partner, n: row.redemptions })}</span><span className="second"><When at={row.until} /></span></span><span className="row"><Money fen={row.amountFen} /><Button size="small" disabled={!allowed} href={url(`/offers/settlements/${row.settlementId}/file`)}>{t('offers.file')}</Button></span></li>)}
                  </ol>
                )}
              </Card>
              <Card flush title={t('offers.redeemed')}>
                <DataTable<Redemption>
                  name="redemptions" rows={redemptions} rowKey={(row) => row.redemptionId} empty={<StateBlock title={t('offers.noRedeemed')} what={t('offers.noRedeemedWhat')} />}
                  columns={[
                    { key: 'at', title: t('offers.at'), cell: (row) => <When at={row.redeemedAt} /> }, { key: 'who', title: t('people.col.person'), cell: (row) => <PersonChip personId={row.personId} /> }, { key: 'what', title: t('offers.title'), cell: (row) => row.title }, { key: 'n', title: t('offers.price'), right: true, cell: (row) => f.count(row.feathers) },
                    { key: 'until', title: t('offers.expires'), cell: (row) => <When at={row.expiresAt} as="date" /> }, { key: 'shown', title: t('offers.shown'), right: true, cell: (row) => (row.shown === 0 ? <span className="third">0</span> : f.count(row.shown)) }, { key: 'act', title: '', right: true, cell: fate },
                  ]}
                  phone={(row) => ({ title: row.title, right: f.count(row.feathers), line: <PersonChip personId={row.personId} />, lineRight: <When at={row.redeemedAt} />, actions: fate(row) })}
                />
              </Card>
            </div>
            {editing && <EditOffer offer={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />}
            {coding && <Codes offer={coding} close={() => setCoding(undefined)} />}
            {taking && <TakeBack row={taking} close={() => setTaking(undefined)} />}
          </>
        )
      }}
    </Loaded>
  )
}

function EditOffer(props: { offer: Offer | undefined; close: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const { offer } = props
  const send = useSend<Fields>(offer ? 'PUT' : 'POST', () => (offer ? `/offers/${offer.offerId}` : '/offers'), { refresh: ['/offers', '/points'] })
  const need = [{ required: true, message: t('codes.form.need') }]
  return (
    <Modal open title={offer ? offer.title : t('offers.make')} footer={null} onCancel={props.close} destroyOnHidden>
      <Form
        layout="vertical" initialValues={offer ? { ...offer, cost: offer.costFen / 100, face: offer.faceFen / 100 } : { feathers: 20, validDays: 30, perPerson: 1, partner: '', what: '', cost: 0, face: 0 }}
        onFinish={(input: { title: string; what?: string; feathers: number; cost: number; face: number; partner?: string; validDays: number; perPerson: number }) => send.mutate(
          { title: input.title, what: input.what ?? '', kind: offer?.kind ?? 'other', feathers: input.feathers, costFen: Math.round(input.cost * 100), faceFen: Math.round(input.face * 100), partner: input.partner ?? '', validDays: input.validDays, perPerson: input.perPerson },
          { onSuccess: () => { tell(offer ? t('offers.changed', { title: input.title }) : t('offers.made')); props.close() }, onError: (error) => tell(error.message) },
        )}
      >
        <Form.Item name="title" label={t('offers.form.title')} rules={need}><Input maxLength={60} /></Form.Item>
        <Form.Item name="what" label={t('offers.form.what')}><Input.TextArea rows={2} maxLength={400} /></Form.Item>
        <div className="row wrap top">
          <Form.Item name="feathers" label={t('offers.form.feathers')} rules={need}><InputNumber min={1} max={100_000} precision={0} style={{ width: 140 }} /></Form.Item>
          <Form.Item name="cost" label={t('offers.form.cost')} rules={need}><InputNumber min={0} max={1_000_000} precision={2} style={{ width: 140 }} /></Form.Item>
          <Form.Item name="face" label={t('offers.form.face')} rules={need}><InputNumber min={0} max={1_000_000} precision={2} style={{ width: 140 }} /></Form.Item>
          <Form.Item name="validDays" label={t('offers.form.days')} rules={need}><InputNumber min={1} max={3650} precision={0} style={{ width: 140 }} /></Form.Item>
          <Form.Item name="perPerson" label={t('offers.form.per')} rules={need}><InputNumber min={0} max={1000} precision={0} style={{ width: 140 }} /></Form.Item>
          <Form.Item name="partner" label={t('offers.form.partner')}><Input maxLength={60} style={{ width: 220 }} /></Form.Item>
        </div>
        <Button type="primary" htmlType="submit" loading={send.isPending}>{t('offers.form.save')}</Button>
      </Form>
    </Modal>
  )
}

/** Codes come in whole or not at all; what cannot be used is listed with its line. */
function Codes(props: { offer: Offer; close: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const { offer } = props
  const [how, setHow] = useState<'import' | 'generate'>('import')
  const [text, setText] = useState('')
  const [count, setCount] = useState<number | null>(100)
  const [refused, setRefused] = useState<Extract<Imported, { ok: false }>>()
  const load = useSend<{ text: string }, Imported>('POST', () => `/offers/${offer.offerId}/codes/import`, { refresh: ['/offers'] })
  const make = useSend<{ count: number }, { codes: number }>('POST', () => `/offers/${offer.offerId}/codes/generate`, { refresh: ['/offers'] })
  const onError = (error: Error): void => tell(error.message)
  const go = (): void => how === 'import'
    ? load.mutate({ text }, { onSuccess: (done) => { if (done.ok) { tell(t('offers.imported', { n: f.count(done.codes) })); props.close() } else setRefused(done) }, onError })
    : make.mutate({ count: count! }, { onSuccess: (done) => { tell(t('offers.generated', { n: f.count(done.codes) })); props.close() }, onError })
  return (
    <Modal open title={t('offers.codesOf', { title: offer.title })} onCancel={props.close} footer={[
      <Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>,
      <Button key="go" type="primary" disabled={how === 'import' ? text.trim() === '' : count === null} loading={load.isPending || make.isPending} onClick={go}>{how === 'import' ? t('offers.importGo') : t('offers.generate')}</Button>,
    ]}>
      <div className="stack wide">
        <Segmented value={how} onChange={setHow} options={[{ value: 'import', label: t('offers.import') }, { value: 'generate', label: t('offers.generate') }]} />
        {how === 'generate' ? <label className="field"><span>{t('offers.howMany')}</span><InputNumber min={1} max={10_000} precision={0} value={count} onChange={setCount} /></label> : (
          <>
            <label className="field"><span>{t('offers.importWhat')}</span><Input.TextArea rows={8} value={text} onChange={(event) => { setText(event.target.value); setRefused(undefined) }} /></label>
            {refused && (
              <div role="alert" className="stack">
                <span className="strong">{refused.bad.length === 0 ? t('offers.empty') : t('offers.bad', { n: refused.bad.length })}</span>
                <ol className="list">{refused.bad.slice(0, 20).map((row) => <li key={`${row.line}-${row.why}`} className="row between"><span className="mono">{t('offers.line', { n: row.line })} {row.code}</span><span className="second">{t(`offers.bad.${row.why}`, { first: row.first ?? 0 })}</span></li>)}</ol>
              </div>
            )}
          </>
        )}
      </div>
    </Modal>
  )
}

function TakeBack(props: { row: Redemption; close: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const [reason, setReason] = useState('')
  const send = useSend<{ reason: string }>('POST', () => `/offers/redemptions/${props.row.redemptionId}/take-back`, { refresh: ['/offers', '/points'] })
  return (
    <Modal open title={t('offers.takeBackOf', { title: props.row.title })} onCancel={props.close} footer={[
      <Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>,
      <Button key="go" type="primary" disabled={reason.trim() === ''} loading={send.isPending} onClick={() => send.mutate({ reason: reason.trim() }, { onSuccess: () => { tell(t('offers.tookBack')); props.close() }, onError: (error) => tell(error.message) })}>{t('offers.takeBack')}</Button>,
    ]}>
      <div className="stack wide">
        <p className="second">{t('offers.takeBackWhat', { n: f.count(props.row.feathers) })}</p>
        <label className="field"><span>{t('offers.reason')}</span><Input value={reason} maxLength={120} onChange={(event) => setReason(event.target.value)} /></label>
      </div>
    </Modal>
  )
}
