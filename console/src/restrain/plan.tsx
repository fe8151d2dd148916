import { useState, type ReactNode } from 'react'
import { Button, Form, Input, Modal, Radio } from 'antd'
import { Card, DataTable, Loaded, Money, PageHead, Permitted, PersonChip, StateBlock, TextLink, useBars } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import { Checked } from '../retain/checked.tsx'
import { text } from '../text/index.ts'

type Limit = { kind: 'staff' | 'budget'; name: string; capacity: number; used: number; worthFen: number }
type Summary = { left: number; messages: number; persons: number; valueFen: number; couldAddFen: number; limits: Limit[]; reasons: Array<{ reason: string; persons: number; words: string }> }
type Head = { planId: string; weekStart: number; weekEnd: number; status: 'draft' | 'held' | 'sending' | 'done' | 'undone' | 'replaced'; summary: Summary; sentence: string; heldUntil: number | null }
type Row = { rowNo: number; personId: string; staff: string; campaign: string | null; chosen: boolean; valueFen: number; pressure: number; why: string }
type Plan = { plan: Head | null; rows: Row[]; total: number; page: number; pageSize: number; campaigns: Array<{ campaignId: string; name: string; messageKind: string }>; twice: Twice[] }
type Twice = { campaignId: string; campaign: string; people: number; broadcastId: string; broadcast: string; status: string }

/** 尺度 › 计划: who gets a message this week and who is left in peace, each with a reason; one yes, with an undo. */
export function PlanPage(): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [page, setPage] = useState(1)
  const [adding, setAdding] = useState(false)
  const query = useGet<Plan>('/plan', { page, pageSize: 50 })
  const refresh = { refresh: ['/plan'] }
  const make = useSend('POST', () => '/plan/make', refresh)
  const approve = useSend<{ planId: string }>('POST', () => '/plan/approve', refresh)
  const undo = useSend<{ planId: string }>('POST', () => '/plan/undo', refresh)
  const campaign = useSend<{ name: string; messageKind: string; content: { text: string } }>('POST', () => '/plan/campaigns', refresh)
  const allowed = may('plan.approve')
  const onError = (error: Error): void => tell(error.message)
  return (
    <Loaded query={query}>
      {(state) => {
        const { plan } = state
        const makeButton = <Permitted allowed={allowed} who={t('plan.noRight')}>{(disabled) => <Button disabled={disabled} loading={make.isPending} onClick={() => make.mutate({}, { onSuccess: () => tell(t('plan.made')), onError })}>{t('plan.make')}</Button>}</Permitted>
        const sendable = plan !== null && plan.status === 'draft' && plan.summary.messages > 0
        const held = plan !== null && (plan.status === 'held' || plan.status === 'sending')
        return (
          <>
            <PageHead
              kicker={plan === null ? t('restrain.plan') : t('plan.kicker', { from: f.dateSaid(plan.weekStart, language), to: f.dateSaid(plan.weekEnd - 1, language) })}
              sentence={plan === null ? t('plan.none') : plan.sentence} why={plan === null ? t('plan.noneWhat') : t('plan.bound', { more: f.moneySaid(Math.max(0, Math.round(plan.summary.couldAddFen))) })}
              actions={<>
                {makeButton}
                {sendable && <Permitted allowed={allowed} who={t('plan.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} loading={approve.isPending} onClick={() => approve.mutate({ planId: plan.planId }, { onSuccess: () => tell(t('plan.done')), onError })}>{t('plan.approve', { n: f.count(plan.summary.messages) })}</Button>}</Permitted>}
                {held && <Permitted allowed={allowed} who={t('plan.noRight')}>{(disabled) => <Button disabled={disabled} onClick={() => undo.mutate({ planId: plan.planId }, { onSuccess: () => tell(t('plan.undone')), onError })}>{t('plan.undo')}</Button>}</Permitted>}
              </>}
            />
            {state.twice.map((one) => (
              <p key={`${one.campaignId} ${one.broadcastId}`} className="row wrap" role="status"><span className="tag warn">{t('broadcast.look')}</span>{t('plan.twice', { campaign: one.campaign, broadcast: one.broadcast, n: f.count(one.people) })} <TextLink to={`/retain/broadcasts/${one.broadcastId}`}>{t('plan.twiceLook')}</TextLink></p>
            ))}
            <div className="cards">
              <Card flush title={t('plan.rows')} unit={plan === null ? undefined : t(`plan.status.${plan.status}`)}>
                <DataTable<Row>
                  name="plan" rows={state.rows} rowKey={(row) => String(row.rowNo)} empty={<StateBlock title={t('plan.empty')} what={t('plan.noneWhat')} />}
                  page={{ page: state.page, size: state.pageSize, total: state.total, go: setPage }}
                  columns={[
                    { key: 'person', title: t('plan.col.person'), cell: (row) => <PersonChip personId={row.personId} /> }, { key: 'campaign', title: t('plan.col.campaign'), cell: (row) => row.campaign ?? '—' }, { key: 'staff', title: t('plan.col.staff'), cell: (row) => row.staff },
                    { key: 'value', title: t('plan.col.value'), right: true, cell: (row) => (row.chosen ? <Money fen={Math.round(row.valueFen)} change /> : '—') }, { key: 'pressure', title: t('plan.col.pressure'), right: true, cell: (row) => row.pressure.toFixed(1) },
                    { key: 'why', title: t('plan.col.why'), cell: (row) => <span className={row.chosen ? '' : 'second'}>{row.why}</span> }, { key: 'state', title: '', cell: (row) => <span className={`tag${row.chosen ? ' ok' : ''}`}>{row.chosen ? t('plan.in') : t('plan.out')}</span> },
                  ]}
                  phone={(row) => ({ title: <PersonChip personId={row.personId} />, right: row.chosen ? <Money fen={Math.round(row.valueFen)} change /> : t('plan.out'), line: row.why, lineRight: row.campaign ?? '' })}
                />
              </Card>
            </div>
            <div className="cards level">
              <Card span={4} title={t('plan.left', { n: f.count(plan?.summary.left ?? 0) })}>
                <div className="stack">{(plan?.summary.reasons ?? []).map((row) => <div key={row.reason} className="pair"><span className="second">{row.words || (`gate.${row.reason}` in text ? t(`gate.${row.reason}` as TextKey) : row.reason)}</span><span className="num">{f.count(row.persons)}</span></div>)}</div>
              </Card>
              <Card span={4} title={t('plan.limits')}>
                <div className="stack">
                  {(plan?.summary.limits ?? []).length === 0 && <p className="second">{t('plan.noLimits')}</p>}
                  {(plan?.summary.limits ?? []).map((limit, n) => <p key={n}>{t('plan.limit', { name: limit.name, worth: f.money(Math.round(limit.worthFen)) })}</p>)}
                </div>
              </Card>
              <Card span={4} title={t('plan.campaigns')} end={<Permitted allowed={may('broadcasts.write')} who={t('plan.noRight')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => setAdding(true)}>{t('plan.addCampaign')}</Button>}</Permitted>}>
                <div className="stack">
                  {state.campaigns.length === 0 && <p className="second">{t('plan.noCampaigns')}</p>}
                  {state.campaigns.slice(0, 8).map((one) => <div key={one.campaignId} className="pair"><span>{one.name}</span><span className="second">{one.messageKind === 'news' ? t('plan.kind.news') : t('plan.kind.sell')}</span></div>)}
                </div>
              </Card>
            </div>
            <Modal open={adding} title={t('plan.addCampaign')} footer={null} onCancel={() => setAdding(false)} destroyOnHidden>
              <Form layout="vertical" initialValues={{ messageKind: 'news' }} onFinish={(input: { name: string; messageKind: string; text: string }) => campaign.mutate({ name: input.name, messageKind: input.messageKind, content: { text: input.text } }, { onSuccess: () => setAdding(false), onError })}>
                <Form.Item name="name" label={t('plan.campaignName')} rules={[{ required: true }]}><Input maxLength={60} /></Form.Item>
                <Form.Item name="messageKind" label={t('plan.kind')}><Radio.Group options={[{ value: 'news', label: t('plan.kind.news') }, { value: 'sell', label: t('plan.kind.sell') }]} /></Form.Item>
                <Form.Item name="text" label={t('plan.campaignText')} rules={[{ required: true }]}><Input.TextArea rows={4} maxLength={600} showCount /></Form.Item>
                <Form.Item noStyle shouldUpdate={(a: { text?: string }, b: { text?: string }) => a.text !== b.text}>{({ getFieldValue, setFieldValue }) => <div style={{ marginBottom: 12 }}><Checked text={(getFieldValue('text') as string | undefined) ?? ''} use={(text) => setFieldValue('text', text)} /></div>}</Form.Item>
                <Button type="primary" htmlType="submit" loading={campaign.isPending}>{t('plan.go')}</Button>
              </Form>
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}
