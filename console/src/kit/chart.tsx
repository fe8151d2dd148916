import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useTheme } from '../lib/theme.tsx'
import { useWords } from '../lib/words.tsx'
import { opacity, palettes, strokes, type Stage } from '../ui/tokens.ts'
import { TextLink } from './say.tsx'

/** One line of a chart: y per x, with a band where it is an estimate. `partial`: the last point's period is not over and is drawn dotted. */
export type BandLine = { name: string; as: Stage | 'loss' | 'ink' | 'third'; y: Array<number | null>; low?: Array<number | null>; high?: Array<number | null>; partial?: boolean; main?: boolean }
export type BandChartProps = { finding: string; x: string[]; lines: BandLine[]; show: (value: number) => string; height?: number; unit?: string }

/** Lines with bands, direct labels at their ends, no legend, zero included, horizontal grid only; the same as a table one click away. */
export function BandChart(props: BandChartProps): ReactNode {
  const { t } = useWords()
  const { mode } = useTheme()
  const box = useRef<HTMLDivElement>(null)
  const [asTable, setAsTable] = useState(false)
  const { x, lines, show, height = 260 } = props
  useEffect(() => {
    const element = box.current
    if (!element || asTable) return
    let gone = false
    let drop = (): void => {}
    void import('./echarts.ts').then(({ openChart }) => {
      if (gone) return
      const p = palettes[mode]
      const colour = (as: BandLine['as']): string => (as === 'ink' ? p.ink : as === 'third' ? p.ink3 : p[as])
      const bands = lines.filter((line) => line.low && line.high).map((line) => {
        const ends = x.flatMap((_, n) => (line.low![n] === null || line.high![n] === null ? [] : [[n, line.low![n], line.high![n]]]))
        return {
          type: 'custom', silent: true, clip: true, data: [[0]], z: 1,
          renderItem: (_params: unknown, api: { coord: (point: [number, number]) => [number, number] }) => ({
            type: 'polygon', style: { fill: colour(line.as), opacity: line.main ? opacity[mode].mainBand : opacity[mode].band },
            shape: { points: [...ends.map(([n, low]) => api.coord([n!, low!])), ...ends.toReversed().map(([n, , high]) => api.coord([n!, high!]))] },
          }),
        }
      })
      const series = lines.map((line) => {
        const stroke = line.as === 'ink' || line.as === 'third' ? { width: 2, dash: '' } : strokes[line.as]
        const end = line.partial ? line.y.length - 1 : line.y.length
        return {
          type: 'line', name: line.name, data: line.y.slice(0, end), symbol: 'none', smooth: false, z: 3, lineStyle: { color: colour(line.as), width: stroke.width, type: stroke.dash === '' ? 'solid' : stroke.dash.split(' ').map(Number) },
          endLabel: { show: true, formatter: line.name, color: colour(line.as), fontSize: 12 }, labelLayout: { moveOverlap: 'shiftY' },
        }
      })
      const partial = lines.filter((line) => line.partial && line.y.length > 1).map((line) => ({
        type: 'line', data: line.y.map((value, n) => (n >= line.y.length - 2 ? value : null)), symbol: 'none', silent: true, z: 2, lineStyle: { color: colour(line.as), width: 2, type: [2, 3] },
      }))
      const chart = openChart(element)
      chart.setOption({
        animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, grid: { left: 8, right: element.clientWidth < 520 ? 88 : 150, top: 12, bottom: 8, containLabel: true },
        xAxis: { type: 'category', data: x, boundaryGap: false, axisTick: { show: false }, axisLine: { lineStyle: { color: p.strongLine } }, axisLabel: { color: p.ink2, fontSize: 12, interval: Math.max(0, Math.ceil(x.length / (element.clientWidth < 420 ? 3.5 : 6)) - 1) } },
        yAxis: { type: 'value', splitNumber: 4, axisLabel: { color: p.ink2, fontSize: 12, formatter: show }, splitLine: { lineStyle: { color: p.line } } },
        tooltip: { trigger: 'axis', backgroundColor: p.popover, borderColor: p.line, textStyle: { color: p.ink, fontSize: 13 }, valueFormatter: (value: unknown) => (typeof value === 'number' ? show(value) : '—'), axisPointer: { lineStyle: { color: p.ink3 } } },
        series: [...bands, ...series, ...partial],
      })
      const watch = new ResizeObserver(() => chart.resize({ animation: { duration: 0 } }))
      watch.observe(element)
      drop = () => {
        watch.disconnect()
        chart.dispose()
      }
    })
    return () => {
      gone = true
      drop()
    }
  }, [x, lines, show, mode, asTable])
  const cells = x.map((label, n) => [label, ...lines.map((line) => line.y[n])])
  return (
    <figure>
      {asTable ? (
        <div className="tablewrap"><table className="data compact">
          <thead><tr><th />{lines.map((line) => <th key={line.name} className="num">{line.name}</th>)}</tr></thead>
          <tbody>{cells.map(([label, ...values]) => <tr key={label}><td>{label}</td>{values.map((value, n) => <td key={n} className="num">{typeof value === 'number' ? show(value) : '—'}</td>)}</tr>)}</tbody>
        </table></div>
      ) : <div ref={box} role="img" aria-label={props.finding} style={{ height }} />}
      <figcaption className="row second"><TextLink quiet onClick={() => setAsTable(!asTable)}>{asTable ? t('kit.asPicture') : t('kit.asTable')}</TextLink>{asTable && <TextLink quiet onClick={() => void navigator.clipboard?.writeText([['', ...lines.map((line) => line.name)], ...cells].map((row) => row.join(',')).join('\n'))}>{t('kit.copyCsv')}</TextLink>}{props.unit && <span className="third">{props.unit}</span>}</figcaption>
    </figure>
  )
}
