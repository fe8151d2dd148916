import { useCallback, useEffect, useState, type ReactNode } from 'react'
import { Button, Checkbox, Input, Segmented, Select } from 'antd'
import { Card, Loaded, PageHead, PersonChip, StateBlock, TextLink, useBars, useFilter, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { singleKey } from '../lib/keys.ts'
import { useWords } from '../lib/words.tsx'
import type { TextKey } from '../text/index.ts'
import { Marked, type Evidence, type PenaltyKind, type Snapshot } from './marked.tsx'
import { AppealsView, PenaltiesView } from './penalties.tsx'
import { RulesView } from './convention.tsx'
import { TicketsView, TransparencyView } from './tickets.tsx'

type Row = { caseId: string; pieceKind: string; category: number | null; rule: string | null; state: string; text: string; found: string; openedBy: string; openedAt: number; reports: number; claimedBy: string | null; decision: string | null; decidedRule: string | null; decidedAt: number | null }
type Queue = {
  now: number; me: string; counts: Array<{ state: string; category: number | null; count: number; oldest: number }>; categories: Array<{ category: number; zh: string; en: string }>; reviewers: number
  agreement: { alpha: number | null; kappa: number | null; cases: number; looks: number }; rows: Row[]; decided: Row[]
}
type RuleRow = { id: string; category: number; zh: string; en: string; severity: string; minors: boolean; route: string }
type CaseOne = {
  caseId: string; pieceKind: string; pieceId: string; pieceVersion: number; readerId: string | null; personId: string | null; surface: string; madeAt: number; convention: number; foundBy: number; openedBy: string; rule: string | null; category: number | null
  evidence: Evidence[]; snapshot: Snapshot; state: string; reports: number; claimedUntil: number | null
}
type View = {
  case: CaseOne; rule: { id: string; zh: string; en: string } | null; reasons: Array<{ reason: string; count: number }>; now: { version: number; state: string } | null; rules: RuleRow[]
  history: { pieces: Array<{ kind: string; id: string; title: string; text: string; at: number; state: string }>; penalties: Array<{ penaltyId: string; kind: PenaltyKind; rule: string; startsAt: number; endedWhy: string | null }>; accounts: number } | null
}
type Ahead = { reckoning: { kind: PenaltyKind; recidivism: number; raised: string[] } | null }

const views = ['queue', 'penalties', 'appeals', 'rules', 'tickets', 'transparency'] as const

/** 尺度 › 审核: what waits for a person, and everything that follows from it. */
export function ModerationPage(): ReactNode {
  const { t } = useWords()
  const { may } = useSession()
  const filter = useFilter()
  // The provider looks at appeals only.
  const shown = views.filter((view) => (view === 'appeals' ? may('appeals.decide') : may('moderation.decide')))
  const view = shown.find((one) => one === filter.get('view')) ?? shown[0]
  const tabs = <Segmented value={view} onChange={(value) => filter.set({ view: value })} aria-label={t('moderation.views')} options={shown.map((value) => ({ value, label: t(`moderation.view.${value}`) }))} />
  return (
    <>
      <div style={{ overflowX: 'auto', marginBottom: 16 }}>{tabs}</div>
      {view === 'queue' && <QueueView />}
      {view === 'penalties' && <PenaltiesView />}
      {view === 'appeals' && <AppealsView />}
      {view === 'rules' && <RulesView />}
      {view === 'tickets' && <TicketsView />}
      {view === 'transparency' && <TransparencyView />}
    </>
  )
}

const stateKey = (state: string): TextKey => `moderation.state.${state}` as TextKey

function QueueView(): ReactNode {
  const { t, f, language } = useWords()
  const { tell } = useBars()
  const query = useGet<Queue>('/moderation/queue', {}, { every: 8_000 })
  const [view, setView] = useState<View | null>(null)
  const [rule, setRule] = useState<string | null>(null)
  const [minors, setMinors] = useState(false)
  const [punish, setPunish] = useState(true)
  const [reason, setReason] = useState('')
  const refresh = ['/moderation/queue']
  const claim = useSend<{ caseId?: string }, { view: View | null }>('POST', () => '/moderation/claim', { refresh })
  const release = useSend<string>('POST', (caseId) => `/moderation/cases/${caseId}/release`, { refresh, body: () => ({}) })
  const decide = useSend<{ caseId: string; decision: 'pass' | 'hold' | 'reject'; rule: string | null; minors: boolean; penalty: 'proposed' | 'none'; reason: string }, { kind: string }>('POST', ({ caseId }) => `/moderation/cases/${caseId}/decide`, { refresh: [...refresh, '/penalties'], body: ({ caseId: _id, ...body }) => body })
  const undo = useSend<string>('POST', (caseId) => `/moderation/cases/${caseId}/undo`, { refresh, body: () => ({}) })
  const ahead = useGet<Ahead>(`/moderation/cases/${view?.case.caseId ?? ''}/ahead`, { rule: rule ?? undefined, minors }, { enabled: view !== null && rule !== null })
  const fail = useCallback((error: Error): void => tell(error.message), [tell])

  const take = useCallback((caseId?: string): void => claim.mutate(caseId === undefined ? {} : { caseId }, {
    onSuccess: (answer) => {
      setView(answer.view)
      setRule(answer.view?.case.rule ?? null)
      setMinors(false)
      setPunish(true)
      setReason('')
    }, onError: fail,
  }), [claim, fail])

  const act = useCallback((decision: 'pass' | 'hold' | 'reject'): void => {
    if (view === null || decide.isPending) return
    if (decision === 'reject' && rule === null) return tell(t('moderation.needRule'))
    const { caseId } = view.case
    decide.mutate({ caseId, decision, rule: decision === 'reject' ? rule : null, minors, penalty: punish ? 'proposed' : 'none', reason }, {
      onSuccess: (answer) => {
        tell(t(`moderation.did.${answer.kind}` as TextKey), () => undo.mutate(caseId, { onSuccess: () => take(caseId), onError: fail }))
        take()
      }, onError: fail,
    })
  }, [view, decide, rule, minors, punish, reason, tell, t, undo, take, fail])

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const key = singleKey(event)
      if (key === undefined || view === null) return
      if (/^[1-9]$/.test(key)) {
        const first = view.case.rule !== null && view.case.category === Number(key) ? view.case.rule : view.rules.find((row) => row.category === Number(key))?.id
        if (first) setRule(first)
      } else if (key === 'p') act('pass')
      else if (key === 'h') act('hold')
      else if (key === 'r') act('reject')
      else return
      event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [view, act])

  const name = (row: { zh: string; en: string }): string => (language === 'zh' ? row.zh : row.en)
  return (
    <Loaded query={query}>
      {(queue) => {
        const waiting = queue.counts.filter((row) => row.state !== 'sample').reduce((sum, row) => sum + row.count, 0)
        const grave = queue.counts.filter((row) => row.category === 1).reduce((sum, row) => sum + row.count, 0)
        const oldest = Math.min(...queue.counts.map((row) => row.oldest))
        const agreed = queue.agreement.alpha
        return (
          <>
            <PageHead
              kicker={t('moderation.kicker')} sentence={waiting === 0 ? t('moderation.none') : t('moderation.sentence', { n: f.count(waiting), since: f.duration(Math.max(0, queue.now - oldest), language) })}
              why={t('moderation.why', { grave: f.count(grave), agreement: agreed === null ? t('moderation.agreementNone', { n: queue.agreement.cases }) : t('moderation.agreement', { alpha: agreed.toFixed(2), n: queue.agreement.cases }) })}
              actions={view === null ? <Button type="primary" disabled={queue.rows.length === 0} loading={claim.isPending} onClick={() => take()}>{t('moderation.start')}</Button> : <Button onClick={() => release.mutate(view.case.caseId, { onSuccess: () => setView(null), onError: fail })}>{t('moderation.stop')}</Button>}
            />
            {view !== null && (
              <div className="cards">
                <Card span={7} title={view.rule === null ? t('moderation.looks.plain') : `${view.rule.id} ${name(view.rule)}`} unit={t(`moderation.kind.${view.case.pieceKind}` as TextKey)} end={<span className="tag">{t(stateKey(view.case.state))}</span>}>
                  {view.case.snapshot === null ? <p className="second">{t('moderation.gone')}</p> : (
                    <div className="stack">
                      {view.case.snapshot.title !== '' && <p className="strong"><Marked text={view.case.snapshot.title} evidence={view.case.evidence} where={['title', 'profile']} /></p>}
                      <div className="bubble" style={{ maxWidth: 'none', maxHeight: 360, overflow: 'auto' }}><Marked text={view.case.snapshot.text} evidence={view.case.evidence} where={['text', 'profile']} /></div>
                      {view.case.snapshot.links.map((link) => <p key={link} className="mono second">{link}</p>)}
                      {view.case.snapshot.media.map((one) => <MediaLine key={one.sha256} media={one} />)}
                    </div>
                  )}
                  <dl className="defs" style={{ marginTop: 16 }}>
                    <dt>{t('moderation.when')}</dt><dd><When at={view.case.madeAt} as="exact" /></dd>
                    <dt>{t('moderation.surface')}</dt><dd>{t(`moderation.surface.${view.case.surface}` as TextKey)}</dd>
                    <dt>{t('moderation.openedBy')}</dt><dd>{t(`moderation.by.${view.case.openedBy}` as TextKey)}{view.case.reports > 0 && ` · ${t('moderation.reports', { n: f.count(view.case.reports) })}`}</dd>
                    <dt>{t('moderation.version')}</dt><dd>{t('moderation.versionN', { n: view.case.convention })}{view.case.foundBy !== view.case.convention && ` · ${t('moderation.foundLater', { n: view.case.foundBy })}`}</dd>
                    {view.now !== null && view.now.version !== view.case.pieceVersion && <><dt>{t('moderation.edited')}</dt><dd>{t('moderation.editedN', { n: view.now.version })}</dd></>}
                  </dl>
                  {view.reasons.length > 0 && <p className="second" style={{ marginTop: 8 }}>{view.reasons.map((row) => `${row.reason} ×${f.count(row.count)}`).join(' · ')}</p>}
                </Card>
                <Card span={5} title={view.history === null ? t('moderation.house') : view.history.penalties.length === 0 ? t('moderation.clean') : t('moderation.history', { n: view.history.penalties.length })} unit={view.history !== null && view.history.accounts > 1 ? t('moderation.accounts', { n: view.history.accounts }) : undefined} end={view.case.personId !== null && <PersonChip personId={view.case.personId} />}>
                  {view.history !== null && (
                    <>
                      {view.history.penalties.length > 0 && <ul className="list">{view.history.penalties.slice(0, 5).map((row) => <li key={row.penaltyId} className="row between"><span>{t(`penalty.kind.${row.kind}`)} <span className="second">{row.rule}</span>{row.endedWhy === 'overturned' && <span className="tag hollow" style={{ marginLeft: 8 }}>{t('penalty.why.overturned')}</span>}</span><When at={row.startsAt} /></li>)}</ul>}
                      <ul className="list" style={{ marginTop: 12 }}>{view.history.pieces.slice(0, 6).map((row) => <li key={`${row.kind}/${row.id}`} className="stack tight"><span className="ellipsis">{row.title || row.text || t('moderation.noText')}</span><span className="second row between"><span>{t(`moderation.pieceState.${row.state}` as TextKey)}</span><When at={row.at} /></span></li>)}</ul>
                      {view.history.pieces.length === 0 && <p className="second">{t('moderation.first')}</p>}
                    </>
                  )}
                </Card>
                <Card span={12} title={t('moderation.decide')} unit={t('moderation.keys')}>
                  <div className="row wrap" role="group" aria-label={t('moderation.category')}>
                    {queue.categories.map((one) => {
                      const on = rule !== null && rule.startsWith(`${one.category}.`)
                      return <button key={one.category} type="button" className={`chip${on ? ' on' : ''}`} aria-pressed={on} onClick={() => setRule(view.rules.find((row) => row.category === one.category)?.id ?? null)}><kbd>{one.category}</kbd>{name(one)}</button>
                    })}
                  </div>
                  {rule !== null && (
                    <div className="row wrap" style={{ marginTop: 12 }}>
                      <Select style={{ minWidth: 260 }} value={rule} onChange={setRule} aria-label={t('moderation.rule')} options={view.rules.filter((row) => row.category === Number(rule.split('.')[0])).map((row) => ({ value: row.id, label: `${row.id} ${name(row)}` }))} />
                      {view.rules.find((row) => row.id === rule)?.minors && <Checkbox checked={minors} onChange={(event) => setMinors(event.target.checked)}>{t('moderation.minors')}</Checkbox>}
                      <Checkbox checked={punish} onChange={(event) => setPunish(event.target.checked)}>{t('moderation.punish')}</Checkbox>
                      <span className="second">{!punish || ahead.data === undefined ? '' : ahead.data.reckoning === null ? t('moderation.aheadNone') : t('moderation.ahead', { kind: t(`penalty.kind.${ahead.data.reckoning.kind}`) }) + (ahead.data.reckoning.recidivism > 0 ? t('moderation.aheadAgain', { n: ahead.data.reckoning.recidivism }) : '') + (ahead.data.reckoning.raised.length > 0 ? t('moderation.aheadRaised', { why: ahead.data.reckoning.raised.map((one) => t(`penalty.raised.${one}` as TextKey)).join('、') }) : '')}</span>
                    </div>
                  )}
                  <div className="row wrap" style={{ marginTop: 16 }}>
                    <Input style={{ maxWidth: 420 }} value={reason} maxLength={500} placeholder={t('moderation.reason')} aria-label={t('moderation.reason')} onChange={(event) => setReason(event.target.value)} />
                    <span className="grow" />
                    <Button onClick={() => act('hold')}>{t('moderation.hold')} <kbd>h</kbd></Button>
                    <Button onClick={() => act('pass')}>{t('moderation.pass')} <kbd>p</kbd></Button>
                    <Button type="primary" disabled={rule === null} onClick={() => act('reject')}>{rule === null ? t('moderation.reject') : t('moderation.rejectBy', { rule })} <kbd>r</kbd></Button>
                  </div>
                </Card>
              </div>
            )}
            {view === null && (
              <div className="cards">
                <Card span={7} title={t('moderation.waiting', { n: f.count(queue.rows.length) })}>
                  {queue.rows.length === 0 ? <StateBlock small title={t('moderation.none')} what={t('moderation.noneWhat')} /> : (
                    <ul className="list">{queue.rows.slice(0, 30).map((row) => (
                      <li key={row.caseId} className="row between top">
                        <span className="stack tight grow"><span className="ellipsis"><TextLink quiet onClick={() => take(row.caseId)}>{row.text || t('moderation.noText')}</TextLink></span>
                          <span className="second">{t(`moderation.kind.${row.pieceKind}` as TextKey)} · {row.rule === null ? t('moderation.looks.plain') : `${row.rule} ${name(queue.categories.find((one) => one.category === row.category) ?? { zh: '', en: '' })}`}{row.reports > 0 && ` · ${t('moderation.reports', { n: f.count(row.reports) })}`}</span></span>
                        <span className="stack tight" style={{ alignItems: 'flex-end' }}><When at={row.openedAt} /><span className="row">{row.state !== 'open' && <span className="tag">{t(stateKey(row.state))}</span>}{row.claimedBy !== null && <span className="tag hollow">{row.claimedBy === queue.me ? t('moderation.mine') : row.claimedBy}</span>}</span></span>
                      </li>
                    ))}</ul>
                  )}
                </Card>
                <Card span={5} title={t('moderation.lately')}>
                  {queue.decided.length === 0 ? <p className="second">{t('moderation.latelyNone')}</p> : <ul className="list">{queue.decided.slice(0, 12).map((row) => (
                    <li key={row.caseId} className="stack tight"><span className="ellipsis">{row.text || t('moderation.noText')}</span><span className="second row between"><span>{row.decision === 'pass' ? t('moderation.passed') : t('moderation.rejected', { rule: row.decidedRule ?? '' })}</span><When at={row.decidedAt} /></span></li>
                  ))}</ul>}
                </Card>
              </div>
            )}
          </>
        )
      }}
    </Loaded>
  )
}

function MediaLine(props: { media: { sha256: string; contentType: string; bytes: number } }): ReactNode {
  const { f } = useWords()
  const { tenant } = useSession()
  const { media } = props
  return (
    <div className="row">
      {media.contentType.startsWith('image/') && <img src={`/media/${tenant.slug}/${media.sha256}`} alt="" style={{ maxWidth: 160, maxHeight: 120, borderRadius: 6 }} />}
      <span className="second mono">{media.contentType} · {f.count(Math.ceil(media.bytes / 1024))} KB · {media.sha256.slice(0, 12)}</span>
    </div>
  )
}
