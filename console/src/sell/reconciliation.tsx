import { useState, type ReactNode } from 'react'
import { Button, Input, Modal } from 'antd'
import { Card, Chip, DataTable, Loaded, Money, PageHead, Permitted, StateBlock, TextLink, useBars, useFilter, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import { AdjustmentCards, PostAdjustment } from './adjustments.tsx'

type Difference = { shelf: 'mall' | 'shop'; day: string; what: 'payment' | 'refund' | 'balance'; number: string; kind: string; state: 'open' | 'explained' | 'settled'; orderFen: number | null; ledgerFen: number | null; billFen: number | null; detail: Record<string, unknown>; note: string | null; actor: string | null }
type Day = { shelf: string; account: string; day: string; orders: number; matched: number; differing: number; paidFen: number; refundedFen: number; feeFen: number; checkedAt: number }
type Report = {
  from: string; to: string; shelves: Array<{ shelf: 'mall' | 'shop'; orders: number; paidFen: number; refundedFen: number }>; accounts: Array<{ account: string; fen: number }>; checks: Array<{ key: string; ok: boolean; leftFen: number; rightFen: number }>; days: Day[]; differences: Difference[]
}
type Alarm = { alarmId: string; kind: string; number: string; detail: Record<string, unknown>; raisedAt: number }

const kinds = ['amount-differs', 'not-ours', 'notice-lost', 'refund-unheard', 'missing-in-bill', 'not-in-ledger', 'ledger-differs', 'twice-in-bill', 'given-back', 'day-edge', 'balance-differs', 'unreadable-line'] as const
const alarms = ['amount-differs', 'currency-differs', 'paid-twice', 'paid-late', 'refund-abnormal', 'split-failed', 'transfer-failed'] as const
const alarmKey = (kind: string): TextKey => `money.alarm.${(alarms as readonly string[]).includes(kind) ? (kind as 'paid-twice') : 'other'}`
const kindKey = (kind: string): TextKey => `money.kind.${(kinds as readonly string[]).includes(kind) ? (kind as 'not-ours') : 'other'}`
const accountKey = (account: string): TextKey => `money.account.${(accounts as readonly string[]).includes(account) ? (account as 'till') : 'other'}`
const accounts = ['till', 'wallet', 'sales', 'tender', 'stored', 'stored-gift', 'deposit', 'fee', 'commission', 'cost', 'bank', 'suspense', 'transfer', 'adjustment', 'equity'] as const

/** 成交 › 对账: orders, both ledgers and the platforms' bills side by side; what does not agree is a work list. */
export function ReconciliationPage(): ReactNode {
  const { t, f } = useWords()
  const { may, url } = useSession()
  const { tell } = useBars()
  const filter = useFilter()
  const query = useGet<Report>('/settlement', { from: filter.get('from'), to: filter.get('to') }, { every: 60_000 })
  const told = useGet<{ alarms: Alarm[] }>('/pay-alarms', {}, { every: 60_000 })
  const fetch = useSend<void>('POST', () => '/settlement/fetch', { refresh: ['/settlement'], body: () => ({}) })
  const [settling, setSettling] = useState<Difference>()
  const [alarm, setAlarm] = useState<Alarm>()
  const [posting, setPosting] = useState(false)
  const money = (fen: number | null): ReactNode => (fen === null ? <span className="third">—</span> : <Money fen={fen} />)
  return (
    <Loaded query={query}>
      {({ shelves, accounts: sums, checks, days, differences }) => {
        const open = differences.filter((row) => row.state === 'open')
        const shown = filter.get('all') === undefined ? open : differences
        const broken = checks.filter((row) => !row.ok)
        const matched = days.reduce((sum, row) => sum + row.matched, 0)
        return (
          <>
            <PageHead
              kicker={t('adjust.kicker')} stale={query.isPlaceholderData}
              sentence={open.length > 0 ? t('money.sentenceOpen', { n: f.count(open.length), matched: f.count(matched) }) : broken.length > 0 ? t('money.sentenceBroken', { n: broken.length }) : matched === 0 ? t('money.sentenceNone') : t('money.sentence', { matched: f.count(matched) })} why={t('money.why')}
              actions={<>
                <Button href={url('/settlement/export', { from: filter.get('from'), to: filter.get('to') })} disabled={!may('orders.export')}>{t('money.export')}</Button>
                <Permitted allowed={may('adjustments.write')} who={t('adjust.mayPost')}>{(disabled) => <Button disabled={disabled} loading={fetch.isPending} onClick={() => fetch.mutate(undefined, { onSuccess: () => tell(t('money.fetching')), onError: (error) => tell(error.message) })}>{t('money.fetch')}</Button>}</Permitted>
                <Permitted allowed={may('adjustments.write')} who={t('adjust.mayPost')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setPosting(true)}>{t('adjust.post')}</Button>}</Permitted>
              </>}
            />
            <div className="cards">
              {(told.data?.alarms ?? []).length > 0 && (
                <Card title={t('money.alarms', { n: told.data!.alarms.length })}>
                  <div className="stack wide">
                    {told.data!.alarms.slice(0, 8).map((row) => (
                      <div className="row" key={row.alarmId}><span className="tag warn">{t(alarmKey(row.kind))}</span><span className="mono ellipsis second">{row.number}</span><When at={row.raisedAt} /><span className="grow" />
                        <Permitted allowed={may('orders.refund')} who={t('adjust.mayPost')}>{(disabled) => <Button size="small" disabled={disabled} aria-label={t('money.settleOf', { number: row.number })} onClick={() => setAlarm(row)}>{t('money.settle')}</Button>}</Permitted>
                      </div>
                    ))}
                  </div>
                </Card>
              )}
              <Card span={8} flush title={t('money.checks')}>
                <DataTable<Report['checks'][number]>
                  name="money-checks" rows={checks} rowKey={(row) => row.key} empty={null}
                  columns={[
                    { key: 'what', title: t('money.col.check'), cell: (row) => t(`money.check.${row.key}` as TextKey) }, { key: 'left', title: t('money.col.left'), right: true, cell: (row) => (row.key === 'balanced' ? f.count(row.leftFen) : <Money fen={row.leftFen} />) },
                    { key: 'right', title: t('money.col.right'), right: true, cell: (row) => (row.key === 'balanced' ? f.count(row.rightFen) : <Money fen={row.rightFen} />) }, { key: 'ok', title: t('money.col.agrees'), right: true, cell: (row) => <span className={`tag ${row.ok ? 'ok' : 'danger'}`}>{t(row.ok ? 'money.agrees' : 'money.differs')}</span> },
                  ]}
                  phone={(row) => ({ title: t(`money.check.${row.key}` as TextKey), right: <span className={`tag ${row.ok ? 'ok' : 'danger'}`}>{t(row.ok ? 'money.agrees' : 'money.differs')}</span>, line: <Money fen={row.leftFen} />, lineRight: <Money fen={row.rightFen} /> })}
                />
              </Card>
              <Card span={4} title={t('money.shelves')} unit={t('money.span')}>
                <dl className="defs">
                  {shelves.map((row) => <span key={row.shelf} style={{ display: 'contents' }}><dt>{t(`shelf.${row.shelf}`)} <span className="second">{f.count(row.orders)}</span></dt><dd><Money fen={row.paidFen - row.refundedFen} /></dd></span>)}
                  <div className="rule" /><dt className="sum">{t('sources.total')}</dt><dd className="sum"><Money fen={shelves.reduce((sum, row) => sum + row.paidFen - row.refundedFen, 0)} /></dd>
                </dl>
              </Card>
              <Card flush title={t('money.list')} unit={t('money.listUnit')} end={<Chip label={t('money.all')} on={filter.get('all') !== undefined} onClick={() => filter.set({ all: filter.get('all') === undefined ? '1' : undefined })} />}>
                <DataTable<Difference>
                  name="money-differences" rows={shown.slice(0, 100)} rowKey={(row) => `${row.shelf} ${row.what} ${row.number}`} empty={<StateBlock small title={t('money.noDifferences')} what={t('money.noDifferencesWhat')} />}
                  columns={[
                    { key: 'kind', title: t('money.col.kind'), cell: (row) => <span className={`tag ${row.state === 'open' ? 'warn' : 'ok'}`}>{t(kindKey(row.kind))}</span> },
                    { key: 'number', title: t('money.col.number'), cell: (row) => (row.what === 'balance' ? <span className="second">{t('money.balance')}</span> : <TextLink quiet to={`/sell/orders/${row.shelf}/${String(row.detail.target ?? row.number)}`}><span className="mono">{f.shortId(row.number)}</span></TextLink>) },
                    { key: 'day', title: t('money.col.day'), cell: (row) => row.day }, { key: 'order', title: t('money.col.order'), right: true, cell: (row) => money(row.orderFen) }, { key: 'ledger', title: t('money.col.ledger'), right: true, optional: true, cell: (row) => money(row.ledgerFen) },
                    { key: 'bill', title: t('money.col.bill'), right: true, cell: (row) => money(row.billFen) }, { key: 'note', title: t('money.col.note'), optional: true, cell: (row) => <span className="ellipsis second">{row.note ?? ''}</span> },
                    { key: 'act', title: '', right: true, cell: (row) => row.state === 'open' && <Permitted allowed={may('adjustments.write')} who={t('adjust.mayPost')}>{(disabled) => <Button size="small" disabled={disabled} aria-label={t('money.settleOf', { number: row.number })} onClick={() => setSettling(row)}>{t('money.settle')}</Button>}</Permitted> },
                  ]}
                  phone={(row) => ({ title: t(kindKey(row.kind)), right: money(row.billFen ?? row.orderFen), line: row.day, lineRight: row.note ?? '' })}
                />
              </Card>
              <Card span={8} flush title={t('money.days')} unit={t('money.daysUnit')}>
                <DataTable<Day>
                  name="money-days" rows={days.filter((row) => row.shelf !== 'fund').slice(0, 31)} rowKey={(row) => `${row.shelf} ${row.account} ${row.day}`} empty={<StateBlock small title={t('money.noDays')} what={t('money.noDaysWhat')} />}
                  columns={[
                    { key: 'day', title: t('money.col.day'), cell: (row) => row.day }, { key: 'shelf', title: t('money.col.shelf'), cell: (row) => t(row.shelf === 'shop' ? 'shelf.shop' : 'shelf.mall') }, { key: 'matched', title: t('money.col.matched'), right: true, cell: (row) => f.count(row.matched) },
                    { key: 'differing', title: t('money.col.differing'), right: true, cell: (row) => (row.differing === 0 ? <span className="third">0</span> : f.count(row.differing)) }, { key: 'paid', title: t('money.col.paid'), right: true, cell: (row) => <Money fen={row.paidFen} /> },
                    { key: 'refunded', title: t('money.col.refunded'), right: true, cell: (row) => <Money fen={row.refundedFen} /> }, { key: 'fee', title: t('money.col.fee'), right: true, optional: true, cell: (row) => <Money fen={row.feeFen} /> },
                  ]}
                  phone={(row) => ({ title: row.day, right: <Money fen={row.paidFen - row.refundedFen} />, line: t(row.shelf === 'shop' ? 'shelf.shop' : 'shelf.mall'), lineRight: `${f.count(row.matched)} / ${f.count(row.differing)}` })}
                />
              </Card>
              <Card span={4} title={t('money.accounts')} unit={t('money.accountsUnit')}>
                <dl className="defs">{sums.map((row) => <span key={row.account} style={{ display: 'contents' }}><dt title={row.account}>{t(accountKey(row.account.split(':')[0]))} <span className="second">{row.account.includes(':') ? row.account.split(':')[1] : ''}</span></dt><dd><Money fen={row.fen} /></dd></span>)}</dl>
              </Card>
              <AdjustmentCards />
            </div>
            {posting && <PostAdjustment close={() => setPosting(false)} />}
            {settling && <Say title={t('money.settleTitle')} what={t(`money.help.${(kinds as readonly string[]).includes(settling.kind) ? (settling.kind as 'not-ours') : 'other'}`)} path="/settlement/differences/settle" refresh={['/settlement']} body={(note) => ({ shelf: settling.shelf, what: settling.what, number: settling.number, note })} close={() => setSettling(undefined)} />}
            {alarm && <Say title={t('money.settleTitle')} what={t('money.alarmHelp')} path={`/pay-alarms/${alarm.alarmId}/clear`} refresh={['/pay-alarms']} body={(note) => ({ note })} close={() => setAlarm(undefined)} />}
          </>
        )
      }}
    </Loaded>
  )
}

/** Somebody says what it was; it leaves the list and stays in the history with their name. */
function Say(props: { title: string; what: string; path: string; refresh: string[]; body: (note: string) => unknown; close: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const [note, setNote] = useState('')
  const send = useSend<string>('POST', () => props.path, { refresh: props.refresh, body: props.body })
  const go = (): void => send.mutate(note.trim(), { onSuccess: () => { props.close(); tell(t('money.settled')) } })
  return (
    <Modal open onCancel={props.close} title={props.title} width={460} footer={[<Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>, <Button key="go" type="primary" disabled={note.trim() === ''} loading={send.isPending} onClick={go}>{t('money.settleGo')}</Button>]}>
      <div className="stack wide">
        <p className="second">{props.what}</p>
        <label className="field"><span>{t('money.note')}</span><Input name="note" maxLength={200} value={note} onChange={(event) => setNote(event.target.value)} /></label>
        {send.error && <div className="callout danger" role="alert">{send.error.message}</div>}
      </div>
    </Modal>
  )
}
