import { useState, type ReactNode } from 'react'
import { Button, Input, InputNumber, Modal, Segmented } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, PersonChip, StateBlock, TextLink, useBars, useFilter, When } from '../kit/index.ts'
import { freshKey } from '../lib/key.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { named, useWords } from '../lib/words.tsx'
import { CorrectionsView } from './feather-corrections.tsx'
import { AuditView } from './feather-audit.tsx'
import { RulesView, type Effect } from './feather-rules.tsx'

type Row = { personId: string; balance: number; vesting: number; frozen: number; owed: number; earned: number; spent: number; expired: number; joinedAt: number }
type Points = { totals: { persons: number; balance: number; vesting: number; frozen: number; owed: number; earned: number; spent: number; expired: number }; perYuan: number; version: number; rows: Row[]; effect: Effect }
const held = (row: Pick<Row, 'balance' | 'vesting' | 'frozen' | 'owed'>): number => row.balance + row.vesting + row.frozen - row.owed
const views = ['holders', 'rules', 'adjust', 'audit'] as const

/** The switch between the four sides of feathers; the address keeps it. */
export function Views(): ReactNode {
  const { t } = useWords()
  const filter = useFilter()
  return <Segmented aria-label={t('points.views')} value={filter.get('view') ?? 'holders'} onChange={(view) => filter.set({ view: view === 'holders' ? undefined : String(view) })} options={views.map((view) => ({ value: view, label: t(`points.view.${view}`) }))} />
}

/** 留存 › 会员与羽毛: who holds feathers, by which rules they are given and what that costs, corrections by hand, what the audit took back. */
export function PointsPage(): ReactNode {
  const filter = useFilter()
  const view = filter.get('view')
  return view === 'rules' ? <RulesView /> : view === 'adjust' ? <CorrectionsView /> : view === 'audit' ? <AuditView /> : <Holders />
}

function Holders(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const filter = useFilter()
  const [redeeming, setRedeeming] = useState<Row>()
  const [reading, setReading] = useState<Row>()
  const query = useGet<Points>('/points', {}, { every: 20_000 })
  return (
    <Loaded query={query}>
      {({ totals, perYuan, rows: all, effect }) => { const rows = all.slice(0, 50); return (
        <>
          <PageHead
            kicker={t('points.kicker')} sentence={totals.persons === 0 ? t('points.none') : t('points.sentence', { persons: f.count(totals.persons), n: f.count(held(totals)) })} why={t('points.why', { n: perYuan })}
            actions={<Button onClick={() => filter.set({ view: 'rules' })}>{t('points.toRules')}</Button>}
          />
          <div className="row wrap" style={{ marginBottom: 16 }}><Views /></div>
          <div className="cards level">
            <Card span={7} title={t('points.adds')}>
              <div className="equation">
                <div><div className="second">{t('points.earned')}</div><div className="figure">{f.count(totals.earned)}</div></div><span className="op">−</span>
                <div><div className="second">{t('points.spent')}</div><div className="figure">{f.count(totals.spent)}</div></div>
                {totals.expired > 0 && <><span className="op">−</span><div><div className="second">{t('points.expired')}</div><div className="figure">{f.count(totals.expired)}</div></div></>}
                <span className="op">=</span>
                <div><div className="second">{t('points.balance')}</div><div className="figure">{f.count(held(totals))}</div></div>
              </div>
              {totals.vesting + totals.frozen + totals.owed > 0 && <p className="second" style={{ marginTop: 12 }}>{t('points.states', { live: f.count(totals.balance), vesting: f.count(totals.vesting), frozen: f.count(totals.frozen), owed: f.count(totals.owed) })}</p>}
            </Card>
            <Card span={5} title={t('points.liability')}>
              {effect.costPerFeather === null || effect.liabilityFen === null
                ? <p className="second">{t('points.noOffer')}</p>
                : <><div className="equation"><div><div className="figure">{f.moneySaid(effect.liabilityFen)}</div></div></div><p className="second" style={{ marginTop: 12 }}>{t('points.perFeather', { fen: f.money(Math.round(effect.costPerFeather.mean)), low: f.money(Math.round(effect.costPerFeather.low)), high: f.money(Math.round(effect.costPerFeather.high)) })}{' · '}{t('points.liabilityHigh', { fen: f.moneySaid(effect.liabilityHighFen ?? 0) })}</p></>}
            </Card>
          </div>
          <div className="cards" style={{ marginTop: 16 }}>
            <Card flush title={t('points.holders')} unit={rows.length < totals.persons ? t('points.top', { n: rows.length }) : undefined}>
              <DataTable<Row>
                name="points" rows={rows} rowKey={(row) => row.personId} to={(row) => `/retain/people/${row.personId}`} empty={<StateBlock title={t('points.none')} what={t('points.noneWhat')} />}
                columns={[
                  { key: 'person', title: t('people.col.person'), cell: (row) => <PersonChip personId={row.personId} /> }, { key: 'joined', title: t('points.joined'), cell: (row) => <When at={row.joinedAt} /> }, { key: 'earned', title: t('points.earned'), right: true, cell: (row) => f.count(row.earned) },
                  { key: 'spent', title: t('points.spent'), right: true, cell: (row) => (row.spent === 0 ? <span className="third">0</span> : f.count(row.spent)) }, { key: 'balance', title: t('points.balance'), right: true, cell: (row) => <span className="strong">{f.count(held(row))}</span> },
                  { key: 'lines', title: '', right: true, cell: (row) => <TextLink quiet onClick={() => setReading(row)}>{t('points.statement')}</TextLink> },
                  { key: 'act', title: '', right: true, cell: (row) => <Permitted allowed={may('adjustments.write')} who={t('points.noRedeem')}>{(disabled) => <Button size="small" disabled={disabled || row.balance <= 0} onClick={() => setRedeeming(row)} aria-label={t('points.redeemOf', { id: f.shortId(row.personId) })}>{t('points.redeem')}</Button>}</Permitted> },
                ]}
                phone={(row) => ({ title: <PersonChip personId={row.personId} />, right: f.count(held(row)), line: <When at={row.joinedAt} />, lineRight: `${f.count(row.earned)} − ${f.count(row.spent + row.expired)}`, actions: <TextLink quiet onClick={() => setReading(row)}>{t('points.statement')}</TextLink> })}
              />
            </Card>
          </div>
          {redeeming && <Redeem row={redeeming} close={() => setRedeeming(undefined)} />}
          {reading && <Statement personId={reading.personId} close={() => setReading(undefined)} />}
        </>
      ) }}
    </Loaded>
  )
}

type Said = { zh: string; en: string }
type Lines = { wallet: { balance: number; vesting: number; frozen: number; owed: number; expiring: Array<{ feathers: number; at: number }> }; total: number; sum: number; lines: Array<Said & { lineId: string; at: number; kind: string; feathers: number; why: Said | null; note: string | null }> }

/** Every movement of one person, newest first; the lines add up to what is held. */
function Statement(props: { personId: string; close: () => void }): ReactNode {
  const { t, f, language } = useWords()
  const [page, setPage] = useState(1)
  const query = useGet<Lines>(`/points/${props.personId}`, { offset: (page - 1) * 50 })
  return (
    <Modal open width={720} title={t('points.statementOf', { id: f.shortId(props.personId) })} onCancel={props.close} footer={null}>
      <Loaded query={query}>
        {({ wallet, lines, total, sum }) => (
          <div className="stack wide">
            <p className="second">{t('points.statementSum', { n: f.count(total), sum: f.count(sum), balance: f.count(wallet.balance), vesting: f.count(wallet.vesting), frozen: f.count(wallet.frozen), owed: f.count(wallet.owed) })}{wallet.expiring.length > 0 && ` ${t('points.expiring', { list: wallet.expiring.map((one) => `${f.count(one.feathers)}（${f.dateSaid(one.at, language)}）`).join('、') })}`}</p>
            <DataTable
              name="points-lines" rows={lines} rowKey={(row) => row.lineId} empty={<StateBlock small title={t('points.none')} />} page={{ page, size: 50, total, go: setPage }}
              columns={[
                { key: 'at', title: t('offers.at'), cell: (row) => <When at={row.at} /> },
                { key: 'what', title: t('points.rule'), cell: (row) => <span className="stack tight"><span>{named(row, language)}</span>{(row.why || (row.note !== null && row.kind !== 'vested')) && <span className="second">{row.why ? named(row.why, language) : row.note}</span>}</span> },
                { key: 'n', title: t('points.balance'), right: true, cell: (row) => (row.feathers === 0 ? <span className="third">0</span> : f.countChange(row.feathers)) },
              ]}
              phone={(row) => ({ title: named(row, language), right: row.feathers === 0 ? '0' : f.countChange(row.feathers), line: <When at={row.at} />, lineRight: row.why ? named(row.why, language) : undefined })}
            />
          </div>
        )}
      </Loaded>
    </Modal>
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
