import { useEffect, useRef, useState, type ReactNode } from 'react'
import { TextLink } from '../kit/index.ts'
import type { VoyageWeek } from '../lib/types.ts'
import { useWords } from '../lib/words.tsx'

const panel = 64
const gap = 30

/** Revenue, who left and what was sent, week under week on one axis: three measures, three panels, never two scales in one. The week that is not over is hollow. */
export function Weeks(props: { weeks: readonly VoyageWeek[] }): ReactNode {
  const { t, f, short, language } = useWords()
  const [asTable, setAsTable] = useState(false)
  const { weeks } = props
  const rows: Array<{ key: 'netFen' | 'left' | 'messages'; colour: string; name: string; show: (value: number) => string }> = [
    { key: 'netFen', colour: 'var(--ink2)', name: t('weeks.net'), show: short }, { key: 'left', colour: 'var(--loss)', name: t('weeks.left'), show: f.count }, { key: 'messages', colour: 'var(--restrain)', name: t('weeks.sent'), show: f.count },
  ]
  const box = useRef<HTMLElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = box.current!
    const watch = new ResizeObserver(() => setWidth(element.clientWidth))
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  const step = width / Math.max(1, weeks.length)
  const finding = t('weeks.finding', { net: short(weeks.at(-2)?.netFen ?? 0), left: f.count(weeks.at(-2)?.left ?? 0), sent: f.count(weeks.at(-2)?.messages ?? 0) })
  return (
    <figure ref={box} style={{ minHeight: rows.length * (panel + gap) + 28 }}>
      {asTable ? (
        <div className="tablewrap"><table className="data compact">
          <thead><tr><th>{t('weeks.week')}</th><th className="num">{t('weeks.net')}</th><th className="num">{t('weeks.came')}</th><th className="num">{t('weeks.left')}</th><th className="num">{t('weeks.sent')}</th></tr></thead>
          <tbody>{weeks.map((week) => <tr key={week.startsAt}><td>{f.dateSaid(week.startsAt, language)}</td><td className="num">{f.money(week.netFen)}</td><td className="num">{f.count(week.came)}</td><td className="num">{f.count(week.left)}</td><td className="num">{f.count(week.messages)}</td></tr>)}</tbody>
        </table></div>
      ) : (
        <svg className="flow" width={width} height={rows.length * (panel + gap) + 4} role="img" aria-label={finding}>
          {rows.map((row, n) => {
            const top = n * (panel + gap) + 20
            const most = Math.max(1, ...weeks.map((week) => week[row.key]))
            const last = weeks.at(-2)
            return (
              <g key={row.key}>
                <text className="small" x={0} y={top - 7}><tspan fill={row.colour} fontWeight={600}>{row.name}</tspan>{last && <tspan dx="8">{t('weeks.lastWeek', { n: row.show(last[row.key]) })}</tspan>}</text>
                <text className="small" x={width} y={top - 7} textAnchor="end">{t('weeks.most', { n: row.show(most) })}</text>
                <line x1={0} x2={width} y1={top + panel} y2={top + panel} stroke="var(--strongLine)" />
                {weeks.map((week, w) => {
                  const height = Math.max(0, (week[row.key] / most) * panel)
                  const open = w === weeks.length - 1
                  return height > 0 && <rect key={week.startsAt} x={w * step + step * 0.16} y={top + panel - height} width={step * 0.68} height={height} rx={2} fill={row.colour} fillOpacity={open ? 0.18 : 0.72} stroke={open ? row.colour : 'none'} strokeDasharray={open ? '2 3' : undefined}><title>{`${f.dateSaid(week.startsAt, language)} · ${row.show(week[row.key])}`}</title></rect>
                })}
              </g>
            )
          })}
        </svg>
      )}
      <figcaption className="row second"><TextLink quiet onClick={() => setAsTable(!asTable)}>{asTable ? t('kit.asPicture') : t('kit.asTable')}</TextLink><span className="third">{t('weeks.unit')}</span></figcaption>
    </figure>
  )
}
