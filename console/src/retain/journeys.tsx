import { useState, type ReactNode } from 'react'
import { Button, Form, Input, InputNumber, Modal, Radio, Switch } from 'antd'
import { Card, Loaded, PageHead, Permitted, StateBlock, useBars } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import { Checked } from './checked.tsx'
import { notSent, type Counts, type MessageKind } from './broadcasts.tsx'

type Journey = { journeyId: string; name: string; trigger: 'contact.added' | 'order.paid'; rules: unknown; waitMs: number; messageKind: MessageKind; content: { text: string }; status: 'on' | 'off'; enrolments: Record<string, number>; messages: Counts }
type Wish = { name: string; trigger: Journey['trigger']; waitMs: number; messageKind: MessageKind; content: { text: string } }
const dayMs = 86_400_000

/** 留存 › 旅程: when something happens, wait, then say one thing; who is where. */
export function JourneysPage(): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [making, setMaking] = useState(false)
  const query = useGet<{ rows: Journey[] }>('/journeys', {}, { every: 10_000 })
  const make = useSend<Wish>('POST', () => '/journeys', { refresh: ['/journeys'] })
  const turn = useSend<{ id: string; status: 'on' | 'off' }>('PUT', ({ id }) => `/journeys/${id}/status`, { refresh: ['/journeys'], body: ({ status }) => ({ status }) })
  const onError = (error: Error): void => tell(error.message)
  const allowed = may('broadcasts.approve')
  const button = <Permitted allowed={allowed} who={t('broadcasts.noApprove')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setMaking(true)}>{t('journeys.make')}</Button>}</Permitted>
  return (
    <Loaded query={query}>
      {({ rows }) => {
        const on = rows.filter((row) => row.status === 'on').length
        const waiting = rows.reduce((sum, row) => sum + (row.enrolments.waiting ?? 0), 0)
        return (
          <>
            <PageHead kicker={t('journeys.kicker')} sentence={rows.length === 0 ? t('journeys.none') : t('journeys.sentence', { n: on, waiting: f.count(waiting), sent: f.count(rows.reduce((sum, row) => sum + row.messages.sent, 0)) })} why={t('journeys.why')} actions={button} />
            {rows.length === 0 && <Card><StateBlock title={t('journeys.none')} what={t('journeys.noneWhat')} /></Card>}
            <div className="cards level">
              {rows.map((row) => {
                const steps = [
                  { words: t(`journey.when.${row.trigger}`), note: row.rules === null ? t('journey.everyone') : t('journey.some'), n: Object.values(row.enrolments).reduce((sum, count) => sum + count, 0), stage: row.trigger === 'order.paid' ? 'sell' : 'acquire' },
                  { words: row.waitMs === 0 ? t('journey.atOnce') : t('journey.wait', { time: f.duration(row.waitMs, language) }), note: t('journey.waiting'), n: row.enrolments.waiting ?? 0, stage: 'learn' },
                  { words: t('journey.say', { kind: t(`broadcast.kind.${row.messageKind}`) }), note: t('journey.sentNote', { queued: f.count(row.messages.queued), refused: f.count(row.messages.refused), not: f.count(notSent(row.messages)) }), n: row.messages.sent, stage: 'retain' },
                ] as const
                return (
                  <Card key={row.journeyId} span={6} title={row.name} unit={row.status === 'on' ? t('journey.on') : t('journey.off')} end={<Permitted allowed={allowed} who={t('broadcasts.noApprove')}>{(disabled) => <Switch checked={row.status === 'on'} disabled={disabled} loading={turn.isPending} aria-label={row.name} onChange={(yes) => turn.mutate({ id: row.journeyId, status: yes ? 'on' : 'off' }, { onSuccess: () => tell(yes ? t('journey.turnedOn', { name: row.name }) : t('journey.turnedOff', { name: row.name })), onError })} />}</Permitted>}>
                    <ol className="list">{steps.map((step, n) => (
                      <li key={n} className="row between">
                        <span className="row"><i style={{ width: 4, height: 36, borderRadius: 2, background: `var(--${step.stage})`, flex: 'none' }} /><span className="stack tight"><span>{step.words}</span><span className="second">{step.note}</span></span></span>
                        <span className="strong nowrap">{t('journey.times', { n: f.count(step.n) })}</span>
                      </li>
                    ))}</ol>
                    <div className="bubble" style={{ marginTop: 12 }}>{row.content.text}</div>
                  </Card>
                )
              })}
            </div>
            <Modal open={making} title={t('journeys.make')} footer={null} onCancel={() => setMaking(false)} destroyOnHidden>
              <Form layout="vertical" initialValues={{ trigger: 'contact.added', days: 3, messageKind: 'news' }} onFinish={(input: { name: string; trigger: Journey['trigger']; days: number; messageKind: MessageKind; text: string }) => make.mutate({ name: input.name, trigger: input.trigger, waitMs: Math.round(input.days * dayMs), messageKind: input.messageKind, content: { text: input.text } }, { onSuccess: () => { tell(t('journeys.made')); setMaking(false) }, onError })}>
                <Form.Item name="name" label={t('broadcast.name')} rules={[{ required: true, message: t('codes.form.need') }]}><Input maxLength={60} /></Form.Item>
                <Form.Item name="trigger" label={t('journey.form.when')}><Radio.Group options={(['contact.added', 'order.paid'] as const).map((key) => ({ value: key, label: t(`journey.when.${key}`) }))} /></Form.Item>
                <Form.Item name="days" label={t('journey.form.days')}><InputNumber min={0} max={365} style={{ width: 120 }} /></Form.Item>
                <Form.Item name="messageKind" label={t('plan.kind')}><Radio.Group options={(['news', 'sell', 'help'] as const).map((key) => ({ value: key, label: t(`broadcast.kind.${key}`) }))} /></Form.Item>
                <Form.Item name="text" label={t('broadcast.text')} rules={[{ required: true, message: t('codes.form.need') }]}><Input.TextArea rows={4} maxLength={1300} showCount /></Form.Item>
                <Form.Item noStyle shouldUpdate={(a: { text?: string }, b: { text?: string }) => a.text !== b.text}>{({ getFieldValue, setFieldValue }) => <div style={{ marginBottom: 12 }}><Checked text={(getFieldValue('text') as string | undefined) ?? ''} use={(text) => setFieldValue('text', text)} /></div>}</Form.Item>
                <p className="second" style={{ marginBottom: 12 }}>{t('journey.form.note')}</p>
                <Button type="primary" htmlType="submit" loading={make.isPending}>{t('journey.form.go')}</Button>
              </Form>
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}
