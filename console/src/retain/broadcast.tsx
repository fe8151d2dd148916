import { useEffect, useState, type ReactNode } from 'react'
import { Button, Input, Popconfirm, Radio } from 'antd'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from 'react-router'
import { Card, DataTable, Interval, Loaded, PageHead, Permitted, StateBlock, TextLink, useBars, When } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import { text } from '../text/index.ts'
import { notSent, type Broadcast, type Counts, type MessageKind } from './broadcasts.tsx'
import { Checked } from './checked.tsx'
import { Attachments, complete, onWire, previewOf, type Attachment } from './attachments.tsx'
import { flat, Rules, useAudience, type Condition, type Rule } from './rules.tsx'

type Task = { taskId: string; staff: string; targets: number; state: string; createdAt: number; confirmedAt: number | null; reminders: number }
type Detail = { broadcast: Broadcast; counts: Counts; refusals: Array<{ reason: string; n: number }>; tasks: Task[]; people: number | null }

/** A message to many: written, checked and approved here; then the same page says what became of it. */
export function BroadcastPage(): ReactNode {
  const { broadcastId = 'new' } = useParams()
  const query = useGet<Detail>(`/broadcasts/${broadcastId}`, {}, { enabled: broadcastId !== 'new', every: 8_000 })
  if (broadcastId === 'new') return <Composer />
  return <Loaded query={query}>{(detail) => (['draft', 'held'].includes(detail.broadcast.status) ? <Composer key={detail.broadcast.broadcastId} detail={detail} /> : <Results detail={detail} />)}</Loaded>
}

const back = (t: (key: TextKey) => string): ReactNode => <TextLink quiet to="/retain/broadcasts">{t('retain.broadcasts')}</TextLink>

type Worth = { persons: number; valueFen: number; lowFen: number; highFen: number; lost: number; lostLow: number; lostHigh: number; known: boolean; daysUntilAnswer: number | null }
/** What this message is expected to bring and to cost, from what the experiment knows; nothing where nothing measures it. */
type Estimate = { people: number; worth: Worth | null; planned: Array<{ campaignId: string; campaign: string; people: number }> }
function useEstimate(rules: Rule | undefined, text: string): Estimate | undefined {
  const { on, tenant, url } = useSession()
  const query = useQuery({
    // The old answer stays while the words are typed.
    queryKey: [tenant.slug, '/broadcasts/estimate', rules, text], placeholderData: (before: Estimate | undefined) => before, enabled: on('dosage') && rules !== undefined, staleTime: 20_000,
    queryFn: () => request<Estimate>('POST', url('/broadcasts/estimate'), { rules, text: text.slice(0, 4000) }),
  })
  return query.data
}

/** What is typed, once the typing has paused. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), 500)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

function Composer(props: { detail?: Detail }): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const go = useNavigate()
  const { tell } = useBars()
  const old = props.detail?.broadcast
  const rulesOf = old && flat(old.rules)
  const [conditions, setConditions] = useState<Condition[]>(rulesOf ?? [])
  const [name, setName] = useState(old?.name ?? '')
  const [kind, setKind] = useState<MessageKind>(old?.messageKind ?? 'news')
  const [words, setWords] = useState(old?.content.text ?? '')
  const [attachments, setAttachments] = useState<Attachment[]>(() => (old?.content.attachments ?? []) as Attachment[])
  const refresh = { refresh: ['/broadcasts'] }
  const create = useSend<object, { broadcastId: string }>('POST', () => '/broadcasts', refresh)
  const edit = useSend<object>('PUT', () => `/broadcasts/${old?.broadcastId}`, refresh)
  const approve = useSend<string, { heldUntil: number }>('POST', (id) => `/broadcasts/${id}/approve`, { ...refresh, body: () => ({}) })
  const cancel = useSend<string>('POST', (id) => `/broadcasts/${id}/cancel`, { ...refresh, body: () => ({}) })
  const audience = useAudience(conditions)
  const onError = (error: Error): void => tell(error.message)
  const held = old?.status === 'held'
  const foreign = old !== undefined && rulesOf === undefined
  const body = { name: name.trim(), messageKind: kind, content: { text: words.trim(), ...(attachments.length > 0 ? { attachments: onWire(attachments) } : {}) }, ...(foreign ? {} : { rules: { all: conditions } as Rule }) }
  const bytes = new TextEncoder().encode(words).length
  const ready = body.name !== '' && body.content.text !== '' && bytes <= 4000 && attachments.every(complete)
  const estimate = useEstimate(foreign ? undefined : audience.rule, useSettled(words.trim()))
  const worth = estimate?.worth
  const busy = create.isPending || edit.isPending || approve.isPending
  const save = (then: (id: string) => void): void => {
    if (old) edit.mutate(body, { onSuccess: () => then(old.broadcastId), onError })
    else create.mutate(body, { onSuccess: ({ broadcastId }) => then(broadcastId), onError })
  }
  // The address of a new draft comes last: going there mounts the page anew, and answers of a page that is gone are not heard.
  const show = (id: string): void => void (old === undefined && go(`/retain/broadcasts/${id}`, { replace: true }))
  const yes = (): void => save((id) => approve.mutate(id, {
    onSuccess: ({ heldUntil }) => { tell(t('broadcast.approved', { when: f.timeExact(heldUntil).slice(11, 16) }), () => cancel.mutate(id, { onError })); show(id) },
    onError: (error) => { onError(error); show(id) },
  }))
  const n = audience.left
  const checks: Array<{ ok: boolean; words: string }> = [
    { ok: bytes <= 4000, words: t('broadcast.check.bytes', { n: f.count(bytes) }) },
    ...(estimate?.planned ?? []).map((one) => ({ ok: false, words: t('broadcast.check.planned', { campaign: one.campaign, n: f.count(one.people) }) })),
  ]
  return (
    <>
      <PageHead
        kicker={<>{back(t)} · {old ? t(`broadcast.status.${old.status}`) : t('broadcasts.write')}</>}
        sentence={n === undefined ? t('broadcast.counting') : n === 0 ? t('broadcast.nobody') : t('broadcast.sentence', { n: f.count(n), chosen: f.count(audience.chosen ?? 0) })}
        why={held ? t('broadcast.heldWhy', { when: f.timeExact(old.heldUntil ?? 0).slice(11, 16) }) : worth && worth.persons > 0 ? <Expected worth={worth} /> : t('broadcast.why')}
        actions={<>
          {old && <Permitted allowed={may('broadcasts.write')} who={t('broadcasts.noRight')}>{(disabled) => <Button disabled={disabled} onClick={() => cancel.mutate(old.broadcastId, { onSuccess: () => { tell(t('broadcast.cancelled')); void go('/retain/broadcasts') }, onError })}>{t('broadcast.cancel')}</Button>}</Permitted>}
          <Permitted allowed={may('broadcasts.write')} who={t('broadcasts.noRight')}>{(disabled) => <Button type={held ? 'primary' : 'default'} disabled={disabled || !ready} loading={busy} onClick={() => save((id) => { tell(t('broadcast.saved')); show(id) })}>{held ? t('broadcast.saveHeld') : t('broadcast.save')}</Button>}</Permitted>
          {!held && <Permitted allowed={may('broadcasts.approve')} who={t('broadcasts.noApprove')}>{(disabled) => <Button type="primary" disabled={disabled || !ready || n === 0} loading={busy} onClick={yes}>{t('broadcast.approve', { n: f.count(n ?? 0) })}</Button>}</Permitted>}
        </>}
      />
      <div className="cards level">
        <Card span={4} title={t('broadcast.who')}>
          {foreign ? <p className="second">{t('broadcast.foreign')}</p> : <Rules value={conditions} set={setConditions} />}
          <dl className="defs" style={{ marginTop: 16 }} aria-live="polite">
            <dt>{t('broadcast.chosen')}</dt><dd>{audience.chosen === undefined ? '—' : f.count(audience.chosen)}</dd>
            {audience.rows.map((row) => <span key={row.key} style={{ display: 'contents' }}><dt>{t(`broadcast.less.${row.key}`)}</dt><dd>{row.less === 0 ? <span className="third">0</span> : f.count(-row.less)}</dd></span>)}
            <div className="rule" />
            <dt className="sum">{t('broadcast.left')}</dt><dd className="sum">{n === undefined ? '—' : t('codes.people', { n: f.count(n) })}</dd>
          </dl>
        </Card>
        <Card span={5} title={t('broadcast.what')}>
          <div className="stack wide">
            <label className="field"><span>{t('broadcast.name')}</span><Input value={name} maxLength={60} onChange={(event) => setName(event.target.value)} /></label>
            <div className="field"><Radio.Group value={kind} onChange={(event) => setKind(event.target.value as MessageKind)} options={(['news', 'sell', 'help'] as const).map((key) => ({ value: key, label: t(`broadcast.kind.${key}`) }))} /></div>
            <label className="field"><span>{t('broadcast.text')}</span><Input.TextArea rows={7} value={words} onChange={(event) => setWords(event.target.value)} /></label>
            <Checked text={words} use={setWords} />
            <Attachments value={attachments} set={setAttachments} disabled={!may('broadcasts.write')} />
            <ul className="stack tight">{checks.map((check) => <li key={check.words} className="row second"><span className={`tag ${check.ok ? 'ok' : 'warn'}`}>{check.ok ? t('broadcast.ok') : t('broadcast.look')}</span>{check.words}</li>)}</ul>
          </div>
        </Card>
        <Card span={3} title={t('broadcast.preview')} unit={t('broadcast.previewUnit')}>
          <div className="stack"><div className="bubble">{words || <span className="third">{t('broadcast.previewEmpty')}</span>}</div>{previewOf(attachments)}</div>
        </Card>
      </div>
      {worth && worth.persons > 0 && (
        <div className="cards"><Card title={worth.known ? t('broadcast.worthTitle') : t('broadcast.worthEarly')} unit={t('broadcast.worthUnit', { n: f.count(worth.persons) })}>
          {worth.known ? (
            <dl className="defs">
              <dt>{t('broadcast.worthMoney')}</dt><dd><Interval value={worth.valueFen} low={worth.lowFen} high={worth.highFen} show={f.moneyChange} /></dd>
              <dt>{t('broadcast.worthLost')}</dt><dd>{t('broadcast.worthLostOf', { low: Math.floor(worth.lostLow), high: Math.ceil(worth.lostHigh) })}</dd>
            </dl>
          ) : <p className="second">{worth.daysUntilAnswer === null ? t('broadcast.worthNoDays') : t('broadcast.worthDays', { n: worth.daysUntilAnswer })}</p>}
        </Card></div>
      )}
    </>
  )
}

/** The line under the sentence: what it brings and whom it may cost, or that nobody can tell yet. */
function Expected(props: { worth: Worth }): ReactNode {
  const { t, f } = useWords()
  const { worth } = props
  if (!worth.known) return t('broadcast.expectedEarly')
  const lost = t('broadcast.expectedLost', { low: Math.floor(worth.lostLow), high: Math.ceil(worth.lostHigh) })
  return <>{t('broadcast.expected')}<Interval value={worth.valueFen} low={worth.lowFen} high={worth.highFen} show={f.moneyChange} />{lost}</>
}

function Results(props: { detail: Detail }): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const { broadcast, counts, tasks, refusals } = props.detail
  const cancel = useSend<string, { stopped: number }>('POST', (id) => `/broadcasts/${id}/cancel`, { refresh: ['/broadcasts'], body: () => ({}) })
  const remind = useSend<string, { reminded: number }>('POST', (id) => `/broadcasts/${id}/remind`, { refresh: ['/broadcasts'], body: () => ({}) })
  const onError = (error: Error): void => tell(error.message)
  const open = tasks.filter((task) => ['queued', 'waiting', 'unknown'].includes(task.state))
  const waiting = open.reduce((sum, task) => sum + task.targets, 0)
  const may3 = open.some((task) => task.reminders < 3)
  const taskWords = (state: string): string => (`task.${state}` in text ? t(`task.${state}` as TextKey) : state)
  const gate = (reason: string): string => (`gate.${reason}` in text ? t(`gate.${reason}` as TextKey) : reason || t('gateState.refused'))
  const sentence = broadcast.status === 'cancelled' ? t('broadcast.resultCancelled', { name: broadcast.name, sent: f.count(counts.sent) }) : waiting > 0 ? t('broadcast.resultWaiting', { name: broadcast.name, sent: f.count(counts.sent), n: f.count(waiting), staff: open.length }) : t('broadcast.result', { name: broadcast.name, sent: f.count(counts.sent), refused: f.count(counts.refused) })
  const parts = [
    { key: 'sent', n: counts.sent, style: { background: 'var(--retain)' } }, { key: 'queued', n: counts.queued, style: { background: 'var(--retain)', opacity: 0.35 } },
    { key: 'refused', n: counts.refused, style: { background: 'var(--restrain)' } }, { key: 'notSent', n: notSent(counts), style: { background: 'var(--ink3)', opacity: 0.5 } },
  ] as const
  return (
    <>
      <PageHead
        kicker={<>{back(t)} · {t(`broadcast.status.${broadcast.status}`)}</>} sentence={sentence} why={waiting > 0 ? t('broadcast.waitingWhy') : t('broadcast.resultWhy')}
        actions={broadcast.status === 'sending' && open.length > 0 && <>
          <Permitted allowed={may('broadcasts.write')} who={t('broadcasts.noRight')}>{(disabled) => <Popconfirm title={t('broadcast.stopAsk', { n: f.count(waiting) })} okText={t('broadcast.stopGo', { n: open.length })} cancelText={t('kit.cancel')} onConfirm={() => cancel.mutate(broadcast.broadcastId, { onSuccess: ({ stopped }) => tell(t('broadcast.stopped', { n: stopped })), onError })}><Button disabled={disabled}>{t('broadcast.stop')}</Button></Popconfirm>}</Permitted>
          <Permitted allowed={may('broadcasts.write') && may3} who={may3 ? t('broadcasts.noRight') : t('broadcast.remindNoMore')}>{(disabled) => <Button type="primary" disabled={disabled} loading={remind.isPending} onClick={() => remind.mutate(broadcast.broadcastId, { onSuccess: ({ reminded }) => tell(t('broadcast.reminded', { n: reminded })), onError })}>{t('broadcast.remind', { n: open.length })}</Button>}</Permitted>
        </>}
      />
      <div className="cards level">
        <Card span={8} title={t('broadcast.became', { n: f.count(counts.asked) })}>
          <div className="stockbar" style={{ height: 20 }} role="img" aria-label={sentence}>{parts.filter((part) => part.n > 0).map((part) => <i key={part.key} style={{ ...part.style, flex: part.n }} />)}</div>
          <ul className="row wrap" style={{ marginTop: 12, gap: '8px 24px' }}>{parts.map((part) => <li key={part.key} className="row"><i style={{ ...part.style, width: 12, height: 12, borderRadius: 2, display: 'inline-block' }} /><span className="second">{t(`broadcast.part.${part.key}`)}</span><span className="strong">{f.count(part.n)}</span></li>)}</ul>
          {refusals.length > 0 && <><h3 className="second" style={{ margin: '20px 0 8px' }}>{t('broadcast.refusals')}</h3><div className="stack">{refusals.map((row) => <div key={row.reason} className="pair"><span>{gate(row.reason)}</span><span className="num">{t('codes.people', { n: f.count(row.n) })}</span></div>)}</div></>}
        </Card>
        <Card span={4} title={t('broadcast.said')} unit={t(`broadcast.kind.${broadcast.messageKind}`)}><div className="stack"><div className="bubble">{broadcast.content.text}</div>{previewOf((broadcast.content.attachments ?? []) as Attachment[])}</div></Card>
      </div>
      <Card flush title={t('broadcast.tasks')}>
        <DataTable<Task>
          name="tasks" rows={tasks} rowKey={(row) => row.taskId} empty={<StateBlock small title={t('broadcast.noTasks')} />}
          columns={[
            { key: 'staff', title: t('broadcast.col.staff'), cell: (row) => row.staff }, { key: 'n', title: t('broadcast.col.targets'), right: true, cell: (row) => f.count(row.targets) }, { key: 'state', title: t('broadcasts.col.status'), cell: (row) => <span className={`tag ${row.state === 'confirmed' ? 'ok' : row.state === 'failed' || row.state === 'expired' ? 'danger' : ''}`}>{taskWords(row.state)}</span> },
            { key: 'given', title: t('broadcast.col.given'), cell: (row) => <When at={row.createdAt} /> }, { key: 'confirmed', title: t('broadcast.col.confirmed'), cell: (row) => <When at={row.confirmedAt} /> }, { key: 'reminders', title: t('broadcast.col.reminders'), right: true, cell: (row) => t('broadcast.ofThree', { n: row.reminders }) },
          ]}
          phone={(row) => ({ title: row.staff, right: t('codes.people', { n: f.count(row.targets) }), line: taskWords(row.state), lineRight: <When at={row.confirmedAt ?? row.createdAt} /> })}
        />
      </Card>
    </>
  )
}
