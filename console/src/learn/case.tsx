import { useState, type ReactNode } from 'react'
import { Button, Modal, Switch } from 'antd'
import { Card, Interval, Loaded, Money, PageHead, Permitted, StateBlock, TextLink, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import { text } from '../text/index.ts'

type State = { at: number; contacts: number; net28Fen: number; buyers28: number; lost28: number }
type Effect = { enough: true; persons: number; holdout: number; totalFen: number; lowFen: number; highFen: number } | { enough: false; persons: number; holdout: number; missing: string; found: number; needed: number }
type PublicState = { day: number; contacts: number | null; net28Fen: number; buyers28: number | null; lost28: number | null }
type PublicCase = { badge: 'with-holdout' | 'before-after-only'; outcome: 'worked' | 'failed' | 'unclear' | 'too-early'; start: PublicState; now: PublicState; moves: Array<{ action: string; times: number }>; cost: { messages: number | null } }
type Kept = { caseId: string; measuredAt: number; keptBy: string; sentence: string; consent: { given: boolean; at: number; by: string } | null; public: PublicCase; publicSentence: string }
type Answer = {
  case: { measuredAt: number; badge: 'with-holdout' | 'before-after-only'; start: State; now: State; moves: Array<{ at: number; action: string; object: string }>; sentence: string; effect: Effect; cost: { messages: number; messagesFen: number; minutesPerDay: number | null } }
  kept: Kept[]
}

/** 标杆 › 案例: started from, did, got (with interval), cost, lost. Never typed by hand; shown to others only by a yes, case by case. */
export function CasePage(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [seen, setSeen] = useState<Kept>()
  const query = useGet<Answer>('/case')
  const onError = (error: Error): void => tell(error.message)
  const keep = useSend<Record<string, never>>('POST', () => '/case/keep', { refresh: ['/case'] })
  const consent = useSend<{ caseId: string; given: boolean }>('PUT', ({ caseId }) => `/case/kept/${caseId}/consent`, { refresh: ['/case'], body: ({ given }) => ({ given }) })
  const act = (action: string): string => (`action.${action}` in text ? t(`action.${action}` as TextKey) : action)
  const count = (n: number | null): string => (n === null ? t('case.few') : f.count(n))
  return (
    <Loaded query={query}>
      {({ case: c, kept }) => {
        const state = (title: string, s: State): ReactNode => (
          <Card span={4} title={title} unit={<When at={s.at} as="date" />}>
            <div className="stack">
              <div className="pair"><span className="second">{t('case.contacts')}</span><span className="num">{f.count(s.contacts)}</span></div>
              <div className="pair"><span className="second">{t('case.net')}</span><Money fen={s.net28Fen} /></div>
              <div className="pair"><span className="second">{t('case.buyers')}</span><span className="num">{f.count(s.buyers28)}</span></div>
              <div className="pair"><span className="second">{t('case.lost')}</span><span className="num">{f.count(s.lost28)}</span></div>
            </div>
          </Card>
        )
        const button = (
          <Permitted allowed={may('settings.write')} who={t('case.noKeep')}>
            {(disabled) => <Button type="primary" disabled={disabled} loading={keep.isPending} onClick={() => keep.mutate({}, { onSuccess: () => tell(t('case.keptNow')), onError })}>{t('case.keep')}</Button>}
          </Permitted>
        )
        return (
          <>
            <PageHead kicker={t('case.kicker')} sentence={c.sentence} why={t('case.why', { badge: t(`case.${c.badge}`) })} actions={button} />
            <div className="cards level">
              {state(t('case.start'), c.start)}
              <Card span={4} title={t('case.moves')} unit={c.moves.length > 8 ? t('case.movesAll', { n: c.moves.length }) : undefined}>
                <div className="stack">{c.moves.length === 0 ? <p className="second">{t('case.noMoves')}</p> : c.moves.slice(-8).map((move, n) => <div key={n} className="pair"><span className="ellipsis">{act(move.action)}</span><When at={move.at} as="date" /></div>)}</div>
              </Card>
              {state(t('case.now'), c.now)}
            </div>
            <div className="cards level">
              <Card span={6} title={t('case.result')}>
                {c.effect.enough
                  ? <div className="stack"><p>{t('case.effect')} <Interval value={c.effect.totalFen} low={c.effect.lowFen} high={c.effect.highFen} /></p><p className="second">{t('case.groups', { persons: f.count(c.effect.persons), holdout: f.count(c.effect.holdout) })}</p></div>
                  : <p className="second">{t('case.notEnough')}{c.effect.missing === 'buyers' ? ` · ${t('case.found', { found: c.effect.found, needed: c.effect.needed })}` : ''}</p>}
              </Card>
              <Card span={6} title={t('case.cost')}>
                <p>{t('case.messages', { n: f.count(c.cost.messages), fen: f.money(c.cost.messagesFen) })}</p>
                <p className="second">{c.cost.minutesPerDay === null ? t('case.noMinutes') : t('case.minutes', { n: Math.round(c.cost.minutesPerDay) })}</p>
                <p className="third">{t('case.measured', { when: f.timeExact(c.measuredAt) })}</p>
              </Card>
            </div>
            <div className="cards"><Card title={kept.length === 0 ? undefined : t('case.keptSome', { n: kept.length, shown: kept.filter((row) => row.consent?.given).length })} unit={kept.length === 0 ? undefined : t('case.keptUnit')}>
              {kept.length === 0 ? <StateBlock title={t('case.keptNone')} what={t('case.keptWhat')} /> : (
                <ul className="list">
                  {kept.map((row) => (
                    <li key={row.caseId} className="row between">
                      <span className="stack tight"><span>{row.sentence}</span><span className="second"><When at={row.measuredAt} as="date" /> · {row.keptBy} · <TextLink quiet onClick={() => setSeen(row)}>{t('case.asOthers')}</TextLink></span></span>
                      <span className="row nowrap"><span className="second">{row.consent?.given ? t('case.shown') : t('case.private')}</span><Permitted allowed={may('settings.write')} who={t('case.noKeep')}>{(disabled) => <Switch disabled={disabled} checked={row.consent?.given === true} loading={consent.isPending} aria-label={t('case.show')} onChange={(given) => consent.mutate({ caseId: row.caseId, given }, { onSuccess: () => tell(given ? t('case.shownNow') : t('case.hiddenNow')), onError })} />}</Permitted></span>
                    </li>
                  ))}
                </ul>
              )}
            </Card></div>
            <Modal open={seen !== undefined} title={t('case.asOthers')} footer={null} onCancel={() => setSeen(undefined)} destroyOnHidden>
              {seen && (
                <div className="stack">
                  <p>{seen.publicSentence}</p>
                  <p className="second">{t(`case.outcome.${seen.public.outcome}`)} · {t(`case.${seen.public.badge}`)}</p>
                  {(['start', 'now'] as const).map((key) => <div key={key} className="pair"><span className="second">{t(`case.${key}`)}</span><span>{t('case.publicState', { contacts: count(seen.public[key].contacts), net: f.moneySaid(seen.public[key].net28Fen), buyers: count(seen.public[key].buyers28), lost: count(seen.public[key].lost28) })}</span></div>)}
                  <div className="pair"><span className="second">{t('case.moves')}</span><span>{seen.public.moves.map((move) => `${act(move.action)} × ${move.times}`).join(t('kit.and')) || '—'}</span></div>
                  <p className="third">{t('case.publicNote')}</p>
                </div>
              )}
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}
