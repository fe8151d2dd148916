import { useState, type ReactNode } from 'react'
import { Button, Input, InputNumber, Modal } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, PersonChip, StateBlock, useBars, When } from '../kit/index.ts'
import { freshKey } from '../lib/key.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Row = { personId: string; balance: number; earned: number; spent: number; joinedAt: number }
type Points = { totals: { persons: number; balance: number; earned: number; spent: number }; perYuan: number; rows: Row[] }

/** 留存 › 会员与羽毛: who holds feathers; given minus spent is what is held. */
export function PointsPage(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [rate, setRate] = useState<number | null>()
  const [redeeming, setRedeeming] = useState<Row>()
  const query = useGet<Points>('/points', {}, { every: 20_000 })
  const save = useSend<number>('PUT', () => '/points/rate', { refresh: ['/points'], body: (perYuan) => ({ perYuan }) })
  const onError = (error: Error): void => tell(error.message)
  return (
    <Loaded query={query}>
      {({ totals, perYuan, rows: all }) => { const rows = all.slice(0, 50); return (
        <>
          <PageHead
            kicker={t('points.kicker')} sentence={totals.persons === 0 ? t('points.none') : t('points.sentence', { persons: f.count(totals.persons), n: f.count(totals.balance) })} why={t('points.why', { n: perYuan })}
            actions={<Permitted allowed={may('settings.write')} who={t('points.noRight')}>{(disabled) => <Button disabled={disabled} onClick={() => setRate(perYuan)}>{t('points.rate')}</Button>}</Permitted>}
          />
          <div className="cards">
            <Card title={t('points.adds')}>
              <div className="equation">
                <div><div className="second">{t('points.earned')}</div><div className="figure">{f.count(totals.earned)}</div></div><span className="op">−</span>
                <div><div className="second">{t('points.spent')}</div><div className="figure">{f.count(totals.spent)}</div></div><span className="op">=</span>
                <div><div className="second">{t('points.balance')}</div><div className="figure">{f.count(totals.balance)}</div></div>
              </div>
            </Card>
            <Card flush title={t('points.holders')} unit={rows.length < totals.persons ? t('points.top', { n: rows.length }) : undefined}>
              <DataTable<Row>
                name="points" rows={rows} rowKey={(row) => row.personId} to={(row) => `/retain/people/${row.personId}`} empty={<StateBlock title={t('points.none')} what={t('points.noneWhat')} />}
                columns={[
                  { key: 'person', title: t('people.col.person'), cell: (row) => <PersonChip personId={row.personId} /> }, { key: 'joined', title: t('points.joined'), cell: (row) => <When at={row.joinedAt} /> }, { key: 'earned', title: t('points.earned'), right: true, cell: (row) => f.count(row.earned) },
                  { key: 'spent', title: t('points.spent'), right: true, cell: (row) => (row.spent === 0 ? <span className="third">0</span> : f.count(row.spent)) }, { key: 'balance', title: t('points.balance'), right: true, cell: (row) => <span className="strong">{f.count(row.balance)}</span> },
                  { key: 'act', title: '', right: true, cell: (row) => <Permitted allowed={may('adjustments.write')} who={t('points.noRedeem')}>{(disabled) => <Button size="small" disabled={disabled || row.balance <= 0} onClick={() => setRedeeming(row)} aria-label={t('points.redeemOf', { id: f.shortId(row.personId) })}>{t('points.redeem')}</Button>}</Permitted> },
                ]}
                phone={(row) => ({ title: <PersonChip personId={row.personId} />, right: f.count(row.balance), line: <When at={row.joinedAt} />, lineRight: `${f.count(row.earned)} − ${f.count(row.spent)}` })}
              />
            </Card>
          </div>
          {redeeming && <Redeem row={redeeming} close={() => setRedeeming(undefined)} />}
          <Modal open={rate !== undefined} title={t('points.rate')} onCancel={() => setRate(undefined)} footer={[<Button key="no" onClick={() => setRate(undefined)}>{t('kit.cancel')}</Button>, <Button key="go" type="primary" loading={save.isPending} disabled={rate === null} onClick={() => save.mutate(rate!, { onSuccess: () => { tell(t('points.rated', { n: rate! }), () => save.mutate(perYuan, { onError })); setRate(undefined) }, onError })}>{t('points.rateGo', { n: rate ?? 0 })}</Button>]}>
            <label className="field"><span>{t('points.rateWhat')}</span><InputNumber min={0} max={1000} precision={0} value={rate} onChange={setRate} /></label>
          </Modal>
        </>
      ) }}
    </Loaded>
  )
}

/** Spends feathers of one person; what is spent comes back only by hand, so the button repeats how many and what is left. */
function Redeem(props: { row: Row; close: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const { row } = props
  const [feathers, setFeathers] = useState<number | null>(null)
  const [reason, setReason] = useState('')
  const [key] = useState(() => freshKey('redeem'))
  const send = useSend<object, { balance: number }>('POST', () => `/points/${row.personId}/redeem`, { refresh: ['/points'] })
  const ready = feathers !== null && feathers >= 1 && feathers <= row.balance && reason.trim() !== ''
  return (
    <Modal open title={t('points.redeemOf', { id: f.shortId(row.personId) })} onCancel={props.close} footer={[
      <Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>,
      <Button key="go" type="primary" disabled={!ready} loading={send.isPending} onClick={() => send.mutate({ feathers, reason: reason.trim(), key }, { onSuccess: ({ balance }) => { tell(t('points.redeemed', { n: f.count(feathers!), left: f.count(balance) })); props.close() }, onError: (error) => tell(error.message) })}>{t('points.redeemGo', { n: f.count(feathers ?? 0) })}</Button>,
    ]}>
      <div className="stack wide">
        <p className="second">{t('points.redeemWhy', { n: f.count(row.balance) })}</p>
        <label className="field"><span>{t('points.redeemHow')}</span><InputNumber name="feathers" min={1} max={row.balance} precision={0} value={feathers} onChange={setFeathers} /></label>
        <label className="field"><span>{t('points.redeemFor')}</span><Input name="reason" value={reason} maxLength={120} onChange={(event) => setReason(event.target.value)} /></label>
      </div>
    </Modal>
  )
}
