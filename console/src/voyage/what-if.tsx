import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { Button, Segmented } from 'antd'
import { BandChart, Card, Interval, useBars, type BandLine } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

export type Policy = 'blast' | 'silence'
type Band = { mean: number[]; low: number[]; high: number[] }
type Span = { value: number; low: number; high: number }
type Series = { netFen: number[]; losses: number[]; messages: number[] }
type Result = {
  basis: 'population' | 'estimates'; policy: Policy; note: string; contacts: number; futures: number; days: string[]; present: Series; other: Series; difference: { netFen: Band; losses: Band }
  summary: { sentence: string; present: { losses: number; messages: number }; other: { losses: number; messages: number }; netFen: Span; losses: Span; lostValueFen: Span; totalFen: Span; verdict: 'worse' | 'better' | 'not-clear' }
}
export type Run = { runId: string; policy: Policy; daysAhead: number; state: 'running' | 'done' | 'failed' | 'cancelled'; progress: number; error: string | null; result: Result | null }
type List = { available: boolean; why: string | null; basis: 'population' | 'estimates'; runs: Run[] }

/** The same sea under another policy: everybody written to every day, or nobody at all, beside what is done now. */
export function WhatIf(): ReactNode {
  const { t, f } = useWords()
  const { on } = useSession()
  const { tell } = useBars()
  const list = useGet<List>('/what-if', {}, { enabled: on('dosage'), every: 60_000 })
  const [asked, setAsked] = useState<string>()
  const [shown, setShown] = useState<Policy>()
  const start = useSend<Policy, Run>('POST', () => '/what-if', { body: (policy) => ({ policy }), refresh: ['/what-if'] })
  const cancel = useSend<string, Run>('DELETE', (runId) => `/what-if/${runId}`, { refresh: ['/what-if'] })
  const run = useGet<Run>(`/what-if/${asked}`, {}, { enabled: asked !== undefined, every: 400 })
  const state = run.data?.runId === asked ? run.data : undefined
  const { refetch } = list
  useEffect(() => {
    if (state === undefined || state.state === 'running') return
    if (state.state === 'failed') tell(state.error ?? t('whatif.failed'))
    else if (state.state === 'done') setShown(state.policy)
    setAsked(undefined)
    void refetch()
  }, [state, tell, t, refetch])
  const go = (policy: Policy): void => start.mutate(policy, { onSuccess: (made) => { setShown(policy); setAsked(made.runId) }, onError: (error) => tell(error.message) })
  if (!on('dosage') || list.data === undefined) return null
  const done = list.data.runs.filter((one) => one.state === 'done' && one.result !== null)
  const policies = [...new Set(done.map((one) => one.policy))]
  const result = (done.find((one) => one.policy === shown) ?? done[0])?.result ?? undefined
  const busy = asked !== undefined
  const percent = Math.round((state?.progress ?? 0) * 100)
  return (
    <Card id="whatif" title={busy ? t('whatif.busy', { policy: t(`whatif.${shown ?? 'blast'}`) }) : result ? result.summary.sentence : t('whatif.title')} end={
      busy ? <Button loading={cancel.isPending} onClick={() => cancel.mutate(asked, { onSuccess: () => setAsked(undefined), onError: (error) => tell(error.message) })}>{t('whatif.cancel')}</Button> : <>
        {policies.length > 1 && <Segmented value={result?.policy} onChange={setShown} options={policies.map((value) => ({ value, label: t(`whatif.${value}`) }))} aria-label={t('whatif.title')} />}
        {(['blast', 'silence'] as const).map((policy) => <Button key={policy} disabled={!list.data!.available} loading={start.isPending && start.variables === policy} onClick={() => go(policy)}>{t(policies.includes(policy) ? `whatif.again.${policy}` : `whatif.try.${policy}`)}</Button>)}
      </>
    }>
      {busy && <div className="progress" role="progressbar" aria-label={t('whatif.busy', { policy: t(`whatif.${shown ?? 'blast'}`) })} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100}><i style={{ width: `${percent}%` }} /></div>}
      {!list.data.available && <p className="second">{list.data.why}</p>}
      {list.data.available && !result && !busy && <p className="second">{t(list.data.basis === 'population' ? 'whatif.what' : 'whatif.whatEstimates')}</p>}
      {result && <Outcome result={result} dim={busy} f={f} />}
    </Card>
  )
}

function Outcome(props: { result: Result; dim: boolean; f: ReturnType<typeof useWords>['f'] }): ReactNode {
  const { t, short } = useWords()
  const { result, f } = props
  const x = useMemo(() => result.days.map((day) => day.slice(5)), [result])
  const [money, losses] = useMemo((): [BandLine[], BandLine[]] => {
    const beside = (key: 'netFen' | 'losses', as: BandLine['as']): BandLine[] => {
      const base = result.present[key]
      return [
        { name: t('whatif.present'), as: 'ink', y: base },
        { name: t(`whatif.${result.policy}`), as, y: result.other[key], low: base.map((value, n) => value + result.difference[key].low[n]), high: base.map((value, n) => value + result.difference[key].high[n]), main: true },
      ]
    }
    return [beside('netFen', 'sell'), beside('losses', 'loss')]
  }, [result, t])
  const { summary } = result
  // Means over futures: a few people are not rounded away.
  const count = useCallback((value: number): string => (Number.isInteger(value) || Math.abs(value) >= 10 ? f.count(Math.round(value)) : `${value < 0 ? '\u2212' : ''}${Math.abs(value).toFixed(1)}`), [f])
  return (
    <div className={props.dim ? 'stale' : undefined}>
      <div className="paired">
        <div><h3 className="second">{t('whatif.netTitle')}</h3><BandChart finding={summary.sentence} x={x} lines={money} show={short} height={220} /></div>
        <div><h3 className="second">{t('whatif.lossTitle')}</h3><BandChart finding={summary.sentence} x={x} lines={losses} show={count} height={220} /></div>
      </div>
      <dl className="defs" style={{ marginTop: 12 }}>
        <dt>{t('whatif.net')}</dt><dd><Interval {...summary.netFen} show={f.moneyChange} /></dd>
        <dt>{t('whatif.losses', { present: count(summary.present.losses), other: count(summary.other.losses) })}</dt><dd><Interval {...summary.losses} show={(value) => (value > 0 ? `+${count(value)}` : count(value))} /></dd>
        <dt>{t('whatif.lostValue')}</dt><dd><Interval {...summary.lostValueFen} show={f.moneySaid} /></dd>
        <div className="rule" />
        <dt className="sum">{t('whatif.total')}</dt><dd className="sum"><Interval {...summary.totalFen} show={f.moneyChange} /></dd>
      </dl>
      <p className="second" style={{ marginTop: 8 }}>{result.note} {t('whatif.paired', { n: result.futures, days: result.days.length })}</p>
    </div>
  )
}
