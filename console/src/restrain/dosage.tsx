import { useState, type ReactNode } from 'react'
import { Button } from 'antd'
import { BandChart, Card, DataTable, Interval, Loaded, PageHead, Permitted, StateBlock, useBars } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Arm = { dose: number; persons: number; buyers: number; touches: number; losses: number; share: number; probabilityBest: number; gainFen: number; lossFen: number; valueFen: number; valueLow: number; valueHigh: number; causedPer100: number; causedLow: number | null; causedHigh: number | null }
type Segment = { key: string; zh: string; en: string; roster: number; persons: number; verdict: 'dose' | 'silence' | 'not-enough-evidence'; chosenDose: number; chosenProbability: number; tooMuchFrom: number | null; daysUntilAnswer: number | null; missing: { what: string; found: number; needed: number } | null; arms: Arm[]; sentence: string }
type Dosage = { epoch: { n: number; doses: number[]; startsAt: number; endsAt: number } | null; epochsClosed: number; contacts: number; alarm: boolean; segments: Segment[] }

/** 尺度 › 剂量: how often is right for each group of people, with the evidence, and saying so when it cannot be told. */
export function DosagePage(): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [picked, setPicked] = useState<string>()
  const query = useGet<Dosage>('/dosage', {}, { every: 30_000 })
  const start = useSend('POST', () => '/dosage/start', { refresh: ['/dosage'] })
  return (
    <Loaded query={query}>
      {(state) => {
        const segment = state.segments.find((one) => one.key === picked) ?? state.segments[0]
        if (state.epoch === null || segment === undefined) {
          return (
            <>
              <PageHead kicker={t('dosage.kicker', { n: 0 })} sentence={t('dosage.none')} why={t('dosage.noneWhat')} actions={<Permitted allowed={may('settings.write')} who={t('plan.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} loading={start.isPending} onClick={() => start.mutate({}, { onError: (error) => tell(error.message) })}>{t('dosage.start')}</Button>}</Permitted>} />
              <StateBlock title={t('dosage.none')} what={t('dosage.noneWhat')} />
            </>
          )
        }
        const arms = segment.arms
        const chosen = arms.find((arm) => arm.dose === segment.chosenDose)
        const label = (dose: number): string => (dose === 0 ? t('dosage.holdout') : t('dosage.times', { n: dose }))
        return (
          <>
            <PageHead
              kicker={t('dosage.kicker', { n: state.epoch.n })} sentence={segment.sentence} why={state.alarm ? t('dosage.alarm') : t('dosage.why', { persons: f.count(segment.persons), epochs: state.epochsClosed, arms: arms.length })}
              actions={<Button type="primary" href="/restrain/plan">{t('dosage.byPlan')}</Button>}
            />
            <div className="row" role="tablist" style={{ marginBottom: 16, flexWrap: 'wrap', gap: 8 }}>
              {state.segments.map((one) => <Button key={one.key} role="tab" aria-selected={one.key === segment.key} type={one.key === segment.key ? 'primary' : 'default'} size="small" onClick={() => setPicked(one.key)}>{language === 'zh' ? one.zh : one.en} {f.count(one.roster)}</Button>)}
            </div>
            <div className="cards level">
              <Card span={8} title={t('dosage.chart')}>
                <BandChart
                  finding={segment.sentence} x={arms.map((arm) => label(arm.dose))} show={(value) => f.moneyShort(Math.round(value), language)}
                  lines={[
                    { name: t('dosage.net'), as: 'restrain', main: true, y: arms.map((arm) => arm.valueFen), low: arms.map((arm) => arm.valueLow), high: arms.map((arm) => arm.valueHigh) },
                    { name: t('dosage.gain'), as: 'sell', y: arms.map((arm) => arm.gainFen) }, { name: t('dosage.loss'), as: 'loss', y: arms.map((arm) => -Math.abs(arm.lossFen)) },
                  ]}
                />
              </Card>
              <Card span={4} title={t('dosage.evidence')}>
                <div className="stack">
                  <div className="pair"><span className="second">{t('dosage.now')}</span><span className="num strong">{label(segment.chosenDose)}</span></div>
                  <div className="pair"><span className="second">{t('dosage.sure')}</span><span className="num">{f.percent(segment.chosenProbability)}</span></div>
                  <div className="pair"><span className="second">{t('dosage.until')}</span><span className="num">{segment.verdict !== 'not-enough-evidence' ? '—' : segment.daysUntilAnswer === null ? t('dosage.unknownDays') : t('dosage.days', { n: Math.ceil(segment.daysUntilAnswer) })}</span></div>
                  <div className="pair"><span className="second">{t('dosage.caused')}</span><span className="num">{chosen && chosen.causedLow !== null && chosen.causedHigh !== null && chosen.dose > 0 && (chosen.causedLow > 0 || chosen.causedHigh < 0) ? <>{chosen.causedPer100.toFixed(1)}<span className="second">{t('kit.interval', { low: chosen.causedLow.toFixed(1), high: chosen.causedHigh.toFixed(1) })}</span></> : t('dosage.causedNone')}</span></div>
                  {segment.missing && segment.missing.what !== 'time' && <p className="second">{t('dosage.missing', { found: Math.floor(segment.missing.found * 10) / 10, needed: f.count(segment.missing.needed) })}</p>}
                  {segment.tooMuchFrom !== null && <p className="second">{t('dosage.tooMuch', { n: segment.tooMuchFrom })}</p>}
                </div>
              </Card>
            </div>
            <div className="cards">
              <Card flush title={t('dosage.groups')}>
                <DataTable<Arm>
                  name="arms" rows={arms} rowKey={(arm) => String(arm.dose)} empty={null}
                  columns={[
                    { key: 'arm', title: t('dosage.arm'), cell: (arm) => label(arm.dose) }, { key: 'persons', title: t('dosage.persons'), right: true, cell: (arm) => f.count(arm.persons) }, { key: 'buyers', title: t('dosage.buyers'), right: true, cell: (arm) => f.count(arm.buyers) },
                    { key: 'lost', title: t('dosage.lost'), right: true, cell: (arm) => f.count(arm.losses) }, { key: 'value', title: t('dosage.value'), right: true, cell: (arm) => (arm.dose === 0 ? '—' : <Interval value={Math.round(arm.valueFen)} low={arm.valueLow} high={arm.valueHigh} />) },
                    { key: 'best', title: t('dosage.best'), right: true, cell: (arm) => f.percent(arm.probabilityBest) }, { key: 'share', title: t('dosage.share'), right: true, cell: (arm) => f.percent(arm.share) },
                  ]}
                  phone={(arm) => ({ title: label(arm.dose), right: f.percent(arm.probabilityBest), line: `${f.count(arm.persons)} · ${t('dosage.lost')} ${f.count(arm.losses)}`, lineRight: f.percent(arm.share) })}
                />
              </Card>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
