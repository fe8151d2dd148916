import { useState, type ReactNode } from 'react'
import { Button, Form, Input, InputNumber, Modal } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, PersonChip, StateBlock, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import { Views } from './points.tsx'

type Row = { adjustmentId: string; personId: string; feathers: number; reason: string; askedBy: string; askedName: string; askedAt: number; state: 'waiting' | 'approved' | 'refused' | 'withdrawn'; decidedName: string | null; decidedAt: number | null; note: string | null }
type Data = { rows: Row[]; others: number; me: string; now: number; coolingOffMs: number }

/** Corrections by hand: one asks, another approves; who is alone looks again a day later. */
export function CorrectionsView(): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [asking, setAsking] = useState(false)
  const query = useGet<Data>('/points/adjustments', {}, { every: 20_000 })
  const ask = useSend<{ personId: string; feathers: number; reason: string }>('POST', () => '/points/adjustments', { refresh: ['/points'] })
  const decide = useSend<{ id: string; decision: 'approve' | 'refuse' | 'withdraw' }>('POST', ({ id }) => `/points/adjustments/${id}`, { refresh: ['/points'], body: ({ decision }) => ({ decision }) })
  const onError = (error: Error): void => tell(error.message)
  const allowed = may('points.write')
  return (
    <Loaded query={query}>
      {({ rows, others, me, now, coolingOffMs }) => {
        const waiting = rows.filter((row) => row.state === 'waiting').length
        const act = (row: Row): ReactNode => row.state !== 'waiting' ? null : (
          <Permitted allowed={allowed} who={t('points.noWrite')}>{(disabled) => (
            <span className="row">
              {row.askedBy === me && others === 0 && now < row.askedAt + coolingOffMs && <span className="second">{t('points.adjustFrom', { time: f.duration(row.askedAt + coolingOffMs - now, language) })}</span>}
              {(row.askedBy !== me || (others === 0 && now >= row.askedAt + coolingOffMs)) && <Button size="small" disabled={disabled} loading={decide.isPending} onClick={() => decide.mutate({ id: row.adjustmentId, decision: 'approve' }, { onSuccess: () => tell(t('points.adjusted')), onError })}>{t('points.approve')}</Button>}
              <Button size="small" disabled={disabled} onClick={() => decide.mutate({ id: row.adjustmentId, decision: row.askedBy === me ? 'withdraw' : 'refuse' }, { onError })}>{row.askedBy === me ? t('points.withdraw') : t('points.refuse')}</Button>
            </span>
          )}</Permitted>
        )
        const said = (row: Row): string => (row.state === 'waiting' ? t('points.adjust.waiting') : row.note === 'alone' ? t('points.alone', { name: row.decidedName ?? '' }) : `${t(`points.adjust.${row.state}`)} · ${row.decidedName ?? ''}`)
        return (
          <>
            <PageHead kicker={t('points.kicker')} sentence={waiting === 0 ? t('points.adjustNone') : t('points.adjustSentence', { n: waiting })} why={others === 0 ? t('points.adjustAlone') : t('points.adjustWhy')} actions={<Permitted allowed={allowed} who={t('points.noWrite')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setAsking(true)}>{t('points.adjust')}</Button>}</Permitted>} />
            <div className="row wrap" style={{ marginBottom: 16 }}><Views /></div>
            <div className="cards">
              <Card flush title={t('points.view.adjust')}>
                <DataTable<Row>
                  name="points-adjust" rows={rows} rowKey={(row) => row.adjustmentId} empty={<StateBlock title={t('points.adjustNone')} what={t('points.adjustWhy')} />}
                  columns={[
                    { key: 'person', title: t('people.col.person'), cell: (row) => <PersonChip personId={row.personId} /> }, { key: 'n', title: t('points.balance'), right: true, cell: (row) => <span className="strong">{f.countChange(row.feathers)}</span> }, { key: 'why', title: t('points.why2'), cell: (row) => row.reason },
                    { key: 'by', title: t('points.adjustBy'), cell: (row) => <span className="stack tight"><span>{row.askedName}</span><span className="second"><When at={row.askedAt} /></span></span> }, { key: 'state', title: t('points.adjustDecided'), cell: said }, { key: 'act', title: '', right: true, cell: act },
                  ]}
                  phone={(row) => ({ title: <PersonChip personId={row.personId} />, right: f.countChange(row.feathers), line: row.reason, lineRight: said(row), actions: act(row) })}
                />
              </Card>
            </div>
            <Modal open={asking} title={t('points.adjust')} footer={null} onCancel={() => setAsking(false)} destroyOnHidden>
              <Form layout="vertical" onFinish={(input: { personId: string; feathers: number; reason: string }) => ask.mutate({ ...input, personId: input.personId.trim() }, { onSuccess: () => { tell(t('points.adjustAsked')); setAsking(false) }, onError })}>
                <Form.Item name="personId" label={t('points.adjustWho')} rules={[{ required: true, message: t('codes.form.need') }]}><Input /></Form.Item>
                <Form.Item name="feathers" label={t('points.adjustHow')} rules={[{ required: true, message: t('codes.form.need') }]}><InputNumber min={-100_000} max={100_000} precision={0} style={{ width: 160 }} /></Form.Item>
                <Form.Item name="reason" label={t('points.adjustReason')} rules={[{ required: true, message: t('codes.form.need') }]}><Input maxLength={120} /></Form.Item>
                <Button type="primary" htmlType="submit" loading={ask.isPending}>{t('points.adjustGo')}</Button>
              </Form>
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}
