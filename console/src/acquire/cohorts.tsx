import type { ReactNode } from 'react'
import { usePhone } from '../lib/device.ts'
import { dayKey } from '../lib/format.ts'
import { useNow } from '../lib/session.tsx'
import { useTheme } from '../lib/theme.tsx'
import type { Chain } from '../lib/types.ts'
import { useWords } from '../lib/words.tsx'
import { opacity } from '../ui/tokens.ts'

/** Months between two `YYYY-MM`. */
const monthsApart = (from: string, to: string): number => (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 + Number(to.slice(5, 7)) - Number(from.slice(5, 7))

/**
 * Rows: month of the first order; columns: months later; cells: share of the cohort that bought then, counts under 30 people. The diagonal of the
 * running month is dotted. `recent`: only the last so many months and columns.
 */
export function CohortTriangle(props: { cohorts: Chain['cohorts']; recent?: number }): ReactNode {
  const { t, f } = useWords()
  const { mode } = useTheme()
  const phone = usePhone()
  const thisMonth = dayKey(useNow()).slice(0, 7)
  const months = [...new Set(props.cohorts.map((row) => row.cohort))].toSorted()
  if (months.length === 0) return null
  const shown = months.slice(-(props.recent ?? 24))
  const columns = Math.min(props.recent ?? 12, phone ? 5 : 12, Math.max(0, monthsApart(shown[0], thisMonth)))
  if (columns === 0) return <p className="second" style={{ padding: '16px 0' }}>{t('cohort.early', { month: shown[0] })}</p>
  const cell = new Map(props.cohorts.map((row) => [`${row.cohort}/${row.offset}`, row]))
  const most = Math.max(0.01, ...props.cohorts.filter((row) => row.offset > 0).map((row) => row.active / row.size))
  const depth = opacity[mode].cohortMost
  return (
    <div>
      <div className="tablewrap">
        <table className="cohort" role="table">
          <thead><tr><th className="left">{t('cohort.first')}</th><th>{t('cohort.size')}</th>{Array.from({ length: columns }, (_, n) => <th key={n}>+{n + 1}</th>)}</tr></thead>
          <tbody>
            {shown.map((month) => {
              const size = props.cohorts.find((row) => row.cohort === month)!.size
              const open = monthsApart(month, thisMonth)
              return (
                <tr key={month}>
                  <th className="left" scope="row">{month}</th><th className="num">{f.count(size)}</th>
                  {Array.from({ length: columns }, (_, n) => {
                    if (n + 1 > open) return <td key={n} style={{ visibility: 'hidden' }} />
                    const row = cell.get(`${month}/${n + 1}`)
                    const active = row?.active ?? 0
                    const share = active / size
                    return (
                      <td key={n} className={`${n + 1 === open ? 'open' : ''} ${size < 30 ? 'few' : ''}`} style={{ background: `color-mix(in srgb, var(--retain) ${Math.round((0.06 + (share / most) * (depth - 0.06)) * 100)}%, transparent)` }}
                        title={t('cohort.label', { cohort: month, size: f.count(size), offset: n + 1, active: f.count(active), net: f.moneySaid(row?.netFen ?? 0) })}>
                        {size < 30 ? f.count(active) : f.percent(share)}
                      </td>
                    )
                  })}
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <p className="axis third" style={{ marginTop: 8 }}>{t('cohort.unit')}</p>
    </div>
  )
}

/** The finding of the triangle: the latest full month after the largest settled cohort. */
export function cohortFinding(cohorts: Chain['cohorts'], thisMonth: string): { cohort: string; active: number; size: number } | undefined {
  const settled = cohorts.filter((row) => row.offset === 0 && monthsApart(row.cohort, thisMonth) >= 2).toSorted((a, b) => b.size - a.size)[0]
  if (!settled) return undefined
  return { cohort: settled.cohort, size: settled.size, active: cohorts.find((row) => row.cohort === settled.cohort && row.offset === 1)?.active ?? 0 }
}
