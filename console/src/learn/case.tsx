import type { ReactNode } from 'react'
import { Card, Interval, Loaded, Money, PageHead, When } from '../kit/index.ts'
import { useGet } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type State = { at: number; contacts: number; net28Fen: number; buyers28: number; lost28: number }
type Case = {
  case: {
    measuredAt: number; badge: 'with-holdout' | 'before-after-only'; start: State; now: State; moves: Array<{ at: number; words?: string; action?: string }>; sentence: string
    effect: { enough: boolean; found?: number; needed?: number; missing?: string; valueFen?: number; lowFen?: number; highFen?: number }
    cost: { messages: number; messagesFen: number; minutesPerDay: number | null }
  } | null
}

/** 标杆 › 案例: started from, did, got (with interval), cost, lost. Never typed by hand. */
export function CasePage(): ReactNode {
  const { t, f } = useWords()
  const query = useGet<Case>('/case')
  return (
    <Loaded query={query}>
      {({ case: c }) => {
        if (c === null) return <PageHead kicker={t('case.kicker')} sentence={t('case.notEnough')} />
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
        return (
          <>
            <PageHead kicker={t('case.kicker')} sentence={c.sentence} why={t('case.why', { badge: t(`case.${c.badge}`) })} />
            <div className="cards level">
              {state(t('case.start'), c.start)}
              <Card span={4} title={t('case.moves')}>
                <div className="stack">{c.moves.length === 0 ? <p className="second">{t('case.noMoves')}</p> : c.moves.slice(0, 12).map((move, n) => <div key={n} className="pair"><span>{move.words ?? move.action}</span><When at={move.at} as="date" /></div>)}</div>
              </Card>
              {state(t('case.now'), c.now)}
            </div>
            <div className="cards level">
              <Card span={6} title={t('case.result')}>
                {c.effect.enough && c.effect.valueFen !== undefined ? <p>{t('case.effect')} <Interval value={c.effect.valueFen} low={c.effect.lowFen ?? 0} high={c.effect.highFen ?? 0} /></p> : <p className="second">{t('case.notEnough')}{c.effect.found !== undefined && c.effect.missing !== 'no-epoch' ? `：${t('case.found', { found: c.effect.found, needed: c.effect.needed ?? 0 })}` : ''}</p>}
              </Card>
              <Card span={6} title={t('case.cost')}>
                <p>{t('case.messages', { n: f.count(c.cost.messages), fen: f.money(c.cost.messagesFen) })}</p>
                <p className="second">{c.cost.minutesPerDay === null ? t('case.noMinutes') : t('case.minutes', { n: Math.round(c.cost.minutesPerDay) })}</p>
                <p className="third">{t('case.measured', { when: f.timeExact(c.measuredAt) })}</p>
              </Card>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
