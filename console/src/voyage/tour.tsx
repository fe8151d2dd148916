import { useEffect, type ReactNode } from 'react'
import { Button } from 'antd'
import { useLocation, useNavigate } from 'react-router'
import { useGet, useSession } from '../lib/session.tsx'
import type { Chain } from '../lib/types.ts'
import { useWords } from '../lib/words.tsx'
import { pages } from '../pages.ts'

type Step = { path: string; mark: string; words: string }

/** The guided tour: `tour=n` in the address. It outlines the real thing and says at most two sentences beside it, with figures from the data; Esc ends it. */
export function Tour(): ReactNode {
  const location = useLocation()
  const at = Number(new URLSearchParams(location.search).get('tour') ?? 0)
  return at >= 1 ? <Shown at={at} /> : null
}

function Shown(props: { at: number }): ReactNode {
  const { t, f } = useWords()
  const { may, on } = useSession()
  const go = useNavigate()
  const location = useLocation()
  const chain = useGet<Chain>('/chain')
  const losses = useGet<{ counts: Array<{ losses: number }> }>('/losses', {}, { enabled: may('people.read') && on('contacts') })
  const dosage = useGet<{ segments: Array<{ sentence: string }> }>('/dosage', {}, { enabled: on('dosage') })
  const plan = useGet<{ plan: { sentence: string } | null }>('/plan', { page: 1, pageSize: 1 }, { enabled: on('dosage') })
  const figures = chain.data?.figures
  const left = losses.data?.counts.reduce((sum, row) => sum + row.losses, 0)
  const all: Step[] = [
    { path: '/', mark: '.pagehead h1', words: t('tour.title', { net: figures ? f.moneySaid(figures.paidFen - figures.refundedFen) : '…', orders: figures ? f.count(figures.paidOrders) : '…' }) },
    { path: '/', mark: '.cards .card', words: t('tour.flow') },
    { path: '/today', mark: '.content .card', words: t('tour.today') },
    { path: '/restrain/losses', mark: '.pagehead h1', words: t('tour.losses', { n: left === undefined ? '…' : f.count(left) }) },
    { path: '/restrain/dosage', mark: '.cards .card', words: t('tour.dosage', { found: dosage.data?.segments[0]?.sentence ?? '…' }) },
    { path: '/restrain/plan', mark: '.pagehead', words: t('tour.plan', { plan: plan.data?.plan?.sentence ?? t('plan.none') }) },
    { path: '/sell/stock', mark: '.pagehead h1', words: t('tour.stock') },
    { path: '/learn/light', mark: '.cards .card', words: t('tour.light') },
  ]
  const steps = all.filter((step) => {
    const page = pages.find((row) => row.path === step.path)!
    return may(page.right) && (page.block === undefined || on(page.block))
  })
  const n = Math.min(props.at, steps.length)
  const step = steps[n - 1]
  const to = (next: number): void => void go(next < 1 || next > steps.length ? location.pathname : `${steps[next - 1].path}?tour=${next}`)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') to(0)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
  useEffect(() => {
    // The page may still be on its way: look for its thing until it is there.
    let marked: Element | null = null
    const look = (): void => {
      if (marked?.isConnected) return
      marked = document.querySelector(step.mark)
      marked?.classList.add('toured')
      marked?.scrollIntoView({ block: 'nearest' })
    }
    look()
    const timer = setInterval(look, 250)
    return () => {
      clearInterval(timer)
      marked?.classList.remove('toured')
    }
  }, [step.mark, step.path])
  return (
    <aside className="tour" role="dialog" aria-label={t('tour.name')}>
      <div className="row between second"><span>{t('tour.name')}</span><span>{t('tour.at', { n, all: steps.length })}</span></div>
      <p aria-live="polite">{step.words}</p>
      <div className="row between"><Button type="text" onClick={() => to(0)}>{t('tour.skip')}</Button><span className="row">{n > 1 && <Button onClick={() => to(n - 1)}>{t('tour.back')}</Button>}<Button type="primary" onClick={() => to(n === steps.length ? 0 : n + 1)}>{n === steps.length ? t('tour.end') : t('tour.next')}</Button></span></div>
    </aside>
  )
}
