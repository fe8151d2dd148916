import { useCallback, useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react'
import { Button } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useLocation, useNavigate } from 'react-router'
import { TextLink, useBars, useSeaControl } from '../kit/index.ts'
import { request, withQuery } from '../lib/api.ts'
import { useGet, useSea, useSession } from '../lib/session.tsx'
import type { Chain } from '../lib/types.ts'
import { useWords } from '../lib/words.tsx'
import { pages } from '../pages.ts'
import type { Run } from './what-if.tsx'

/**
 * Where the visitor stands: kept per merchant, so that a tour that was left goes on where it stopped, and knows what it did so that it can take it back.
 * `at` 0: not begun; `seen`: offered and answered, or gone through once.
 */
type Kept = { at: number; seen: boolean; done: Record<string, string>; codeId?: string; planId?: string; /** Pace before the tour stopped the sea, so that an approval can still be taken back. */ pace?: number }
const fresh: Kept = { at: 0, seen: false, done: {} }
const listeners = new Set<() => void>()
const keyOf = (slug: string): string => `qz.tour.${slug}`
function useKept(): [Kept, (change: Partial<Kept>) => void] {
  const { tenant } = useSession()
  const key = keyOf(tenant.slug)
  const raw = useSyncExternalStore((changed) => {
    listeners.add(changed)
    return () => listeners.delete(changed)
  }, () => localStorage.getItem(key) ?? '')
  let kept = fresh
  try {
    if (raw !== '') kept = { ...fresh, ...(JSON.parse(raw) as Kept) }
  } catch {
    kept = fresh
  }
  const keep = useCallback((change: Partial<Kept>) => {
    let before = fresh
    try {
      before = { ...fresh, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Kept) }
    } catch {
      before = fresh
    }
    localStorage.setItem(key, JSON.stringify({ ...before, ...change }))
    for (const listener of listeners) listener()
  }, [key])
  return [kept, keep]
}

/** The way into the tour, in the head of Voyage; says where it stopped. */
export function TourLink(): ReactNode {
  const { t } = useWords()
  const [kept] = useKept()
  return kept.at > 1 ? <TextLink quiet to={`/?tour=${kept.at}`}>{t('tour.resume', { n: kept.at })}</TextLink> : <TextLink quiet to="/?tour=1">{t('tour.name')}</TextLink>
}

/** Offered once to a newcomer in a simulated sea, never forced. */
export function TourOffer(): ReactNode {
  const { t } = useWords()
  const { tenant } = useSession()
  const go = useNavigate()
  const location = useLocation()
  const [kept, keep] = useKept()
  if (!tenant.simulated || kept.seen || kept.at > 0 || location.search.includes('tour=')) return null
  return <div className="callout row between wrap offer"><span>{t('tour.offer')}</span><span className="row"><Button type="text" onClick={() => keep({ seen: true })}>{t('tour.no')}</Button><Button onClick={() => void go('/?tour=1')}>{t('tour.yes')}</Button></span></div>
}

/** The guided tour: `tour=n` in the address. It outlines the real thing, says at most two sentences, does real acts with the visitor, and takes them back. */
export function Tour(): ReactNode {
  const location = useLocation()
  const at = Number(new URLSearchParams(location.search).get('tour') ?? 0)
  return at >= 1 ? <Shown at={at} /> : null
}

type Act = { label: string; go: (say: (words: string) => void) => Promise<string> }
type Step = { key: string; path: string; mark: string; words: string; act?: Act }
type CodeRow = { codeId: string; status: string; people: number }
type PlanState = { plan: { planId: string; status: string; sentence: string; summary: { messages: number; persons: number; left: number } } | null }
class Gone extends Error {}
const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms) })

function Shown(props: { at: number }): ReactNode {
  const { t, f } = useWords()
  const { may, on, tenant, url } = useSession()
  const { tell } = useBars()
  const go = useNavigate()
  const location = useLocation()
  const client = useQueryClient()
  const sea = useSea()
  const { setPace } = useSeaControl()
  const [kept, keep] = useKept()
  const [busy, setBusy] = useState<string>()
  const here = useRef(true)
  useEffect(() => {
    here.current = true
    return () => { here.current = false }
  }, [])
  const chain = useGet<Chain>('/chain')
  const losses = useGet<{ counts: Array<{ losses: number }> }>('/losses', {}, { enabled: may('people.read') && on('contacts') })
  const dosage = useGet<{ segments: Array<{ sentence: string }> }>('/dosage', {}, { enabled: may('chain.read') && on('dosage') })
  const plan = useGet<PlanState>('/plan', { page: 1, pageSize: 1 }, { enabled: may('chain.read') && on('dosage') })
  const figures = chain.data?.figures
  const left = losses.data?.counts.reduce((sum, row) => sum + row.losses, 0)

  const get = <T,>(path: string, query = {}): Promise<T> => request<T>('GET', withQuery(url(path), query))
  const post = <T,>(path: string, body: unknown = {}): Promise<T> => request<T>('POST', url(path), body)
  const look = async (paths: string[]): Promise<void> => { await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === tenant.slug && paths.some((path) => String(queryKey[1]).startsWith(path)) }) }
  /** Asks until it is so; the sea must run for anything to happen. */
  const until = async <T,>(ask: () => Promise<T>, so: (answer: T) => boolean): Promise<T> => {
    for (let turn = 0; turn < 80; turn++) {
      if (!here.current) throw new Gone()
      const answer = await ask()
      if (so(answer)) return answer
      await pause(400)
    }
    throw new Error(t('tour.slow'))
  }
  const sail = (): void => {
    if (tenant.simulated && sea.data?.daySeconds === null) setPace(60)
  }
  const simulated = tenant.simulated
  const whatIf: Act | undefined = simulated && on('dosage') ? {
    label: t('whatif.try.blast'),
    async go(say) {
      const made = await post<Run>('/what-if', { policy: 'blast' })
      const run = await until(() => get<Run>(`/what-if/${made.runId}`), (one) => { say(t('tour.percent', { n: Math.round(one.progress * 100) })); return one.state !== 'running' })
      await look(['/what-if'])
      return run.result?.summary.sentence ?? run.error ?? t('whatif.failed')
    },
  } : undefined
  const makeCode: Act | undefined = simulated && may('broadcasts.write') && on('codes') ? {
    label: t('tour.codeGo'),
    async go(say) {
      sail()
      const staff = await get<{ rows: Array<{ staff: string; contactOn: boolean }> }>('/staff')
      const who = staff.rows.find((row) => row.contactOn)
      if (who === undefined) throw new Error(t('tour.noStaff'))
      const { codeId } = await post<CodeRow>('/codes', { name: t('tour.codeName'), channel: t('tour.codeName'), staff: [who.staff], welcomeText: t('tour.welcome') })
      keep({ codeId })
      say(t('tour.codeAsked'))
      await until(() => get<{ rows: CodeRow[] }>('/codes'), ({ rows }) => rows.find((row) => row.codeId === codeId)?.status === 'live')
      await look(['/codes'])
      return t('tour.codeDone', { staff: who.staff })
    },
  } : undefined
  const scan: Act | undefined = simulated && may('sea.control') && kept.codeId !== undefined ? {
    label: t('tour.scanGo'),
    async go(say) {
      sail()
      const { codeId } = kept
      const before = (await get<{ rows: CodeRow[] }>('/codes')).rows.find((row) => row.codeId === codeId)?.people ?? 0
      await post('/sea/scan', { codeId })
      say(t('tour.scanned'))
      const { rows } = await until(() => get<{ rows: CodeRow[] }>('/codes'), (answer) => (answer.rows.find((row) => row.codeId === codeId)?.people ?? 0) > before)
      await look(['/codes', '/voyage', '/contacts'])
      return t('tour.scanDone', { n: rows.find((row) => row.codeId === codeId)!.people })
    },
  } : undefined
  const approve: Act | undefined = simulated && may('plan.approve') && on('dosage') ? {
    label: t('tour.planGo'),
    async go(say) {
      let state = await get<PlanState>('/plan', { page: 1, pageSize: 1 })
      if (state.plan?.status === 'held' || state.plan?.status === 'sending') return t('tour.planAlready')
      if (state.plan === null || state.plan.status !== 'draft') {
        say(t('tour.planMaking'))
        await post('/plan/make')
        state = await get<PlanState>('/plan', { page: 1, pageSize: 1 })
      }
      await look(['/plan'])
      if (state.plan === null || state.plan.status !== 'draft' || state.plan.summary.messages === 0) return t('tour.planNothing')
      const { planId, summary } = state.plan
      // Half an hour of the sea is a second or so: it stands still until the visitor has decided.
      if (typeof sea.data?.daySeconds === 'number') {
        keep({ pace: sea.data.daySeconds })
        await request('PUT', url('/sea'), { daySeconds: null })
      }
      await post('/plan/approve', { planId })
      keep({ planId })
      await look(['/plan', '/sea'])
      return t('tour.planDone', { persons: f.count(summary.persons), left: f.count(summary.left) })
    },
  } : undefined

  const all: Step[] = [
    { key: 'title', path: '/', mark: '.pagehead h1', words: t('tour.title', { net: figures ? f.moneySaid(figures.paidFen - figures.refundedFen) : '…', orders: figures ? f.count(figures.paidOrders) : '…' }) },
    { key: 'flow', path: '/', mark: '#chain', words: t('tour.flow') },
    { key: 'whatif', path: '/', mark: '#whatif', words: t('tour.whatif'), act: whatIf },
    { key: 'code', path: '/acquire/codes', mark: '.pagehead', words: t('tour.code'), act: makeCode },
    { key: 'scan', path: '/acquire/codes', mark: '.content .card', words: kept.codeId === undefined ? t('tour.scanFirst') : t('tour.scan'), act: scan },
    { key: 'losses', path: '/restrain/losses', mark: '.pagehead h1', words: t('tour.losses', { n: left === undefined ? '…' : f.count(left) }) },
    { key: 'dosage', path: '/restrain/dosage', mark: '.cards .card', words: t('tour.dosage', { found: dosage.data?.segments[0]?.sentence ?? '…' }) },
    { key: 'plan', path: '/restrain/plan', mark: '.pagehead', words: t('tour.plan', { plan: plan.data?.plan?.sentence ?? t('plan.none') }), act: approve },
    { key: 'stock', path: '/sell/stock', mark: '.pagehead h1', words: t('tour.stock') },
    { key: 'light', path: '/learn/light', mark: '.cards .card', words: t('tour.light') },
  ]
  const steps = all.filter((step) => {
    const page = pages.find((row) => row.path === step.path)!
    return may(page.right) && (page.block === undefined || on(page.block)) && (step.key !== 'whatif' || on('dosage'))
  })
  const n = Math.min(props.at, steps.length)
  const step = steps[n - 1]
  const last = n === steps.length
  const to = (next: number): void => {
    if (next >= 1 && next <= steps.length) keep({ at: next, seen: true })
    void go(next < 1 || next > steps.length ? location.pathname : `${steps[next - 1].path}?tour=${next}`)
  }
  // Leaving keeps the place; going through to the end forgets it.
  const sailOn = (): void => {
    if (kept.pace !== undefined) setPace(kept.pace)
  }
  const leave = (): void => { sailOn(); keep({ seen: true, at: n, pace: undefined }); void go(location.pathname) }
  const finish = (path?: string): void => { sailOn(); keep({ at: 0, seen: true, done: {}, codeId: undefined, planId: undefined, pace: undefined }); void go(path ?? location.pathname) }
  const takeBack = async (): Promise<void> => {
    setBusy(t('tour.takingBack'))
    const failed: string[] = []
    if (kept.planId !== undefined) await post('/plan/undo', { planId: kept.planId }).catch((error: Error) => failed.push(error.message))
    if (kept.codeId !== undefined) await request('DELETE', url(`/codes/${kept.codeId}`)).catch((error: Error) => failed.push(error.message))
    await look(['/codes', '/plan'])
    setBusy(undefined)
    tell(failed.length === 0 ? t('tour.takenBack') : failed[0])
    finish('/')
  }
  const act = async (): Promise<void> => {
    setBusy(t('tour.busy'))
    try {
      const words = await step.act!.go((say) => here.current && setBusy(say))
      keep({ done: { ...kept.done, [step.key]: words } })
    } catch (error) {
      if (!(error instanceof Gone)) tell((error as Error).message)
    }
    if (here.current) setBusy(undefined)
  }
  useEffect(() => {
    if (n !== kept.at || !kept.seen) keep({ at: n, seen: true })
  }, [n, kept.at, kept.seen, keep])
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') leave()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
  useEffect(() => {
    // The page may still be on its way: look for its thing until it is there.
    let marked: Element | null = null
    const search = (): void => {
      if (marked?.isConnected) return
      marked = document.querySelector(step.mark)
      marked?.classList.add('toured')
      marked?.scrollIntoView({ block: 'center' })
    }
    search()
    const timer = setInterval(search, 250)
    return () => {
      clearInterval(timer)
      marked?.classList.remove('toured')
    }
  }, [step.mark, step.path, kept.done[step.key]])
  const did = kept.done[step.key]
  return (
    <aside className="tour" role="dialog" aria-label={t('tour.name')}>
      <div className="row between second"><span>{t('tour.name')}</span><span>{t('tour.at', { n, all: steps.length })}</span></div>
      <p aria-live="polite">{step.words}</p>
      {(step.act || busy || did) && (
        <div className="row wrap" aria-live="polite">
          {step.act && !did && <Button loading={busy !== undefined} onClick={() => void act()}>{step.act.label}</Button>}
          {busy && <span className="second">{busy}</span>}
          {did && !busy && <span className="tourdone"><span className="tag ok">{t('tour.did')}</span> {did}</span>}
        </div>
      )}
      {last && (kept.codeId !== undefined || kept.planId !== undefined) && <div className="row wrap"><Button size="small" loading={busy !== undefined} onClick={() => void takeBack()}>{t('tour.takeBack')}</Button><span className="second">{t('tour.orKeep')}</span></div>}
      <div className="row between"><Button type="text" onClick={leave}>{t('tour.skip')}</Button><span className="row">{n > 1 && <Button onClick={() => to(n - 1)}>{t('tour.back')}</Button>}{last && may('connections.read') && <Button onClick={() => finish('/settings/connections')}>{t('tour.connect')}</Button>}<Button type="primary" onClick={() => (last ? finish() : to(n + 1))}>{last ? t('tour.end') : t('tour.next')}</Button></span></div>
    </aside>
  )
}
