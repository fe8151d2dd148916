import { useState, type ReactNode } from 'react'
import { Button, DatePicker, Input, Modal, Select } from 'antd'
import dayjs from 'dayjs'
import { Card, DataTable, Loaded, Money, StateBlock, useBars, useFilter, When } from '../kit/index.ts'
import { dayKey } from '../lib/format.ts'
import { freshKey } from '../lib/key.ts'
import { useGet, useNow, useSend } from '../lib/session.tsx'
import type { Adjustment, Adjustments } from '../lib/types.ts'
import { useWords, type TextKey } from '../lib/words.tsx'

const kinds = ['write-off', 'sample', 'fee', 'bad-debt', 'discount', 'refund-unlinked', 'other'] as const
const kindKey = (kind: string): TextKey => `adjust.kind.${(kinds as readonly string[]).includes(kind) ? (kind as 'fee') : 'other'}`
type New = { key: string; occurredAt: number; kind: string; amountFen: number; reason: string; sourceRef: string }
const pageSize = 50

/** Part of 成交 › 对账: what no platform order can hold. */
export function AdjustmentCards(): ReactNode {
  const { t, f } = useWords()
  const filter = useFilter()
  const query = useGet<Adjustments>('/adjustments', { page: filter.page, pageSize })
  return (
    <Loaded query={query}>
      {({ rows, totals }) => totals.count === 0 ? <Card title={t('adjust.listTitle')}><StateBlock small title={t('adjust.empty')} what={t('adjust.emptyWhat')} /></Card> : (
        <>
          <Card span={8} flush title={t('adjust.listTitle')} unit={t('adjust.sentence', { n: f.count(totals.count), money: f.moneySaid(totals.amountFen) })} stale={query.isPlaceholderData}>
            <DataTable<Adjustment>
              name="adjustments" rows={rows} rowKey={(row) => row.adjustmentId} empty={<StateBlock title={t('adjust.empty')} what={t('adjust.emptyWhat')} />} stale={query.isPlaceholderData}
              page={{ page: filter.page, size: pageSize, total: totals.count, go: (page) => filter.set({ page: page === 1 ? undefined : String(page) }) }}
              columns={[
                { key: 'reason', title: t('adjust.col.reason'), cell: (row) => <span className="ellipsis" title={row.reason}>{row.reason}</span> },
                { key: 'kind', title: t('adjust.col.kind'), cell: (row) => t(kindKey(row.kind)) },
                { key: 'ref', title: t('adjust.col.ref'), optional: true, cell: (row) => <span className="second">{row.sourceRef || '—'}</span> },
                { key: 'sku', title: t('adjust.col.sku'), optional: true, cell: (row) => <span className="mono">{row.skuCode ?? '—'}</span> },
                { key: 'pieces', title: t('adjust.col.pieces'), optional: true, right: true, cell: (row) => f.count(row.quantity) },
                { key: 'actor', title: t('adjust.col.actor'), cell: (row) => <span className="ellipsis second">{row.actor}</span> },
                { key: 'when', title: t('adjust.col.when'), cell: (row) => <When at={row.occurredAt} /> },
                { key: 'amount', title: t('adjust.col.amount'), right: true, cell: (row) => <Money fen={row.amountFen} /> },
              ]}
              phone={(row) => ({ title: row.reason, right: <Money fen={row.amountFen} />, line: t(kindKey(row.kind)), lineRight: <When at={row.occurredAt} /> })}
            />
          </Card>
          <Card span={4} title={t('adjust.kindsTitle', { money: f.moneySaid(totals.amountFen) })}>
            <dl className="defs">
              {totals.kinds.toSorted((a, b) => a.amountFen - b.amountFen).map((row) => <span key={row.kind} style={{ display: 'contents' }}><dt>{t(kindKey(row.kind))} <span className="second">{f.count(row.count)}</span></dt><dd><Money fen={row.amountFen} /></dd></span>)}
              <div className="rule" /><dt className="sum">{t('sources.total')} <span className="second">{f.count(totals.count)}</span></dt><dd className="sum"><Money fen={totals.amountFen} /></dd>
            </dl>
          </Card>
        </>
      )}
    </Loaded>
  )
}

export function PostAdjustment(props: { close: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const now = useNow()
  const send = useSend<New[], { posted: number }>('POST', () => '/adjustments', { refresh: ['/adjustments'], body: (adjustments) => ({ adjustments }) })
  const [kind, setKind] = useState<string>('write-off')
  const [amount, setAmount] = useState('')
  const [reason, setReason] = useState('')
  const [ref, setRef] = useState('')
  const [day, setDay] = useState(() => dayKey(now))
  const [tried, setTried] = useState(false)
  const clean = amount.trim().replace(/[−–]/g, '-').replaceAll(',', '')
  const valid = /^-?\d{1,9}(\.\d{1,2})?$/.test(clean) && Number(clean) !== 0
  const fen = valid ? Math.round(Number(clean) * 100) : 0
  const post = (): void => {
    setTried(true)
    if (!valid || reason.trim() === '') return
    const today = day === dayKey(now)
    const row: New = { key: freshKey('console'), occurredAt: today ? now : Date.parse(`${day}T12:00:00+08:00`), kind, amountFen: fen, reason: reason.trim(), sourceRef: ref.trim() }
    send.mutate([row], {
      onSuccess: () => {
        props.close()
        tell(t('adjust.done', { money: f.money(fen) }), () => send.mutate([{ ...row, key: `${row.key}-undo`, amountFen: -fen, reason: `${t('kit.undo')}: ${row.reason}`.slice(0, 200) }], { onSuccess: () => tell(t('adjust.undone')) }))
      },
    })
  }
  return (
    <Modal open onCancel={props.close} title={t('adjust.post')} width={460} footer={[<Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>, <Button key="go" type="primary" loading={send.isPending} onClick={post}>{valid ? t('adjust.form.go', { money: f.money(fen) }) : t('adjust.post')}</Button>]}>
      <div className="stack wide">
        <p className="second">{t('adjust.form.what')}</p>
        <label className="field"><span>{t('adjust.form.kind')}</span><Select value={kind} onChange={setKind} options={kinds.map((value) => ({ value, label: t(kindKey(value)) }))} /></label>
        <label className="field"><span>{t('adjust.form.amount')}</span><Input inputMode="decimal" name="amount" value={amount} status={tried && !valid ? 'error' : ''} onChange={(event) => setAmount(event.target.value)} prefix="¥" /></label>
        {tried && !valid && <span className="second" role="alert" style={{ color: 'var(--danger)' }}>{t('adjust.form.bad')}</span>}
        <label className="field"><span>{t('adjust.form.reason')}</span><Input name="reason" maxLength={200} value={reason} status={tried && reason.trim() === '' ? 'error' : ''} onChange={(event) => setReason(event.target.value)} /></label>
        {tried && reason.trim() === '' && <span className="second" role="alert" style={{ color: 'var(--danger)' }}>{t('adjust.form.noReason')}</span>}
        <div className="row top stackphone"><label className="field grow"><span>{t('adjust.form.date')}</span><DatePicker allowClear={false} value={dayjs(day)} onChange={(value) => value && setDay(value.format('YYYY-MM-DD'))} /></label><label className="field grow"><span>{t('adjust.form.ref')}</span><Input maxLength={200} value={ref} onChange={(event) => setRef(event.target.value)} /></label></div>
        {send.error && <div className="callout danger" role="alert">{send.error.message}</div>}
      </div>
    </Modal>
  )
}
