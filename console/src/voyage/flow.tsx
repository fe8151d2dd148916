import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { usePhone } from '../lib/device.ts'
import type { FlowRow } from '../lib/types.ts'
import { useTheme } from '../lib/theme.tsx'
import { useWords, type Words } from '../lib/words.tsx'
import { opacity } from '../ui/tokens.ts'

export type Measure = 'people' | 'money'

/** The platform's word for where an order was placed from. */
export function sourceName(source: string, t: Words['t']): string {
  if (source === 'earlier') return t('flow.earlier')
  if (source === 'nobody-known') return t('flow.unknown')
  if (source === 'unknown' || /^[1-6]$/.test(source)) return t(`scene.${source as '1'}`)
  return t('scene.other', { n: source })
}

type Row = { key: string; name: string; value: number; on: number; again: number; kind: 'source' | 'earlier' | 'unknown' }
/** Rows of one measure: `value` is the whole, `on` what goes to the first-order node, `again` what goes on to buying again. */
function rowsOf(flow: readonly FlowRow[], measure: Measure, t: Words['t']): Row[] {
  const rows = flow.map((row): Row => {
    const kind = row.source === 'earlier' ? 'earlier' : row.source === 'nobody-known' ? 'unknown' : 'source'
    const value = measure === 'people' ? row.people : row.firstFen + row.againFen
    return { key: row.source, name: sourceName(row.source, t), value: Math.max(0, value), on: kind === 'source' ? Math.max(0, value) : 0, again: Math.max(0, measure === 'people' ? row.again : row.againFen), kind }
  }).filter((row) => row.value > 0)
  const sources = rows.filter((row) => row.kind === 'source').toSorted((a, b) => b.value - a.value)
  const whole = rows.reduce((sum, row) => sum + row.value, 0)
  const small = sources.filter((row) => row.value < whole * 0.02)
  const shown = small.length < 2 ? sources : [...sources.filter((row) => !small.includes(row)), { key: 'rest', name: t('flow.rest', { n: small.length }), value: sum(small, 'value'), on: sum(small, 'on'), again: sum(small, 'again'), kind: 'source' as const }]
  return [...rows.filter((row) => row.kind === 'earlier'), ...shown, ...rows.filter((row) => row.kind === 'unknown')]
}
const sum = (rows: readonly Row[], key: 'value' | 'on' | 'again'): number => rows.reduce((total, row) => total + row[key], 0)

/**
 * Where customers come from and who buys again, one scale for the whole picture: what stays runs straight along the deck line, who waits fades
 * out, unknown buyers are hatched and lead nowhere because nobody can say whether they came back.
 */
export function Flow(props: { flow: readonly FlowRow[]; measure: Measure; sentence: string }): ReactNode {
  const words = useWords()
  const { mode } = useTheme()
  const phone = usePhone()
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [at, setAt] = useState<string>()
  useEffect(() => {
    const element = box.current!
    const measure = (): void => setWidth(element.clientWidth)
    measure()
    const watch = new ResizeObserver(measure)
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  const rows = useMemo(() => rowsOf(props.flow, props.measure, words.t), [props.flow, props.measure, words.t])
  return (
    <div ref={box} style={{ minHeight: phone ? 322 : 372 }}>
      {width > 0 && (phone ? <Upright {...{ rows, width, words, at, setAt, band: opacity[mode].flow }} measure={props.measure} sentence={props.sentence} /> : <Level {...{ rows, width, words, at, setAt, band: opacity[mode].flow }} measure={props.measure} sentence={props.sentence} />)}
    </div>
  )
}

type Drawing = { rows: Row[]; width: number; words: Words; at: string | undefined; setAt: (key: string | undefined) => void; band: number; measure: Measure; sentence: string }

function figures(drawing: Drawing): { show: (value: number) => string; on: Row[]; earlier: Row | undefined; unknown: Row | undefined; first: number; again: number } {
  const { rows, words, measure } = drawing
  const on = rows.filter((row) => row.kind === 'source')
  return { show: measure === 'people' ? words.f.count : words.short, on, earlier: rows.find((row) => row.kind === 'earlier'), unknown: rows.find((row) => row.kind === 'unknown'), first: sum(on, 'on'), again: sum(on, 'again') }
}

function Defs(): ReactNode {
  return (
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="6" stroke="var(--ink3)" strokeWidth="2" opacity=".55" /></pattern>
      <linearGradient id="fade" x1="0" x2="1" y1="0" y2="0"><stop offset="0" stopColor="var(--ink3)" stopOpacity=".26" /><stop offset="1" stopColor="var(--ink3)" stopOpacity="0" /></linearGradient>
      <linearGradient id="onward" x1="0" x2="1" y1="0" y2="0"><stop offset="0" stopColor="var(--retain)" stopOpacity=".3" /><stop offset="1" stopColor="var(--retain)" stopOpacity=".06" /></linearGradient>
      <linearGradient id="hatchfade" x1="0" x2="1" y1="0" y2="0"><stop offset="0" stopColor="white" /><stop offset="1" stopColor="black" /></linearGradient>
      <mask id="hatchmask" maskContentUnits="objectBoundingBox"><rect width="1" height="1" fill="url(#hatchfade)" /></mask>
    </defs>
  )
}

/** A band between two vertical edges, S-shaped. */
function ribbon(x1: number, top1: number, bottom1: number, x2: number, top2: number, bottom2: number): string {
  const m = (x1 + x2) / 2
  return `M${x1} ${top1}C${m} ${top1} ${m} ${top2} ${x2} ${top2}V${bottom2}C${m} ${bottom2} ${m} ${bottom1} ${x1} ${bottom1}Z`
}

function Level(drawing: Drawing): ReactNode {
  const { rows, width, words, at, setAt, band, measure } = drawing
  const { t, f } = words
  const height = 372
  const deck = 44
  const { show, on, earlier, first, again } = figures(drawing)
  const whole = sum(rows, 'value')
  const gap = 7
  const room = height - deck - 26
  const scale = whole === 0 ? 0 : room / whole
  // The node columns; names of sources stand to the left of the first.
  const x0 = 150
  const x1 = Math.round(width * 0.42)
  const x2 = Math.round(width * 0.79)
  const node = 10
  const chosen = rows.find((row) => row.key === at)
  const lit = (key: string): string => (at === undefined || at === key ? '' : 'dim')

  // Source bars shrink by the gaps between them, so that all fit the same height as their sum plus labels.
  const least = 18
  const heights = rows.map((row) => Math.max(row.value * scale - gap, 2))
  const slots = heights.map((h) => Math.max(h, least))
  const overflow = Math.max(0, slots.reduce((a, b) => a + b + gap, 0) - (height - deck - 12))
  let y = deck
  const bars = rows.map((row, n) => {
    const bar = { row, y, h: heights[n], mid: y + heights[n] / 2 }
    y += slots[n] + gap - overflow / rows.length
    return bar
  })

  // The deck: earlier customers run along its top straight to buying again, then the new ones.
  const earlierH = earlier ? earlier.value * scale : 0
  const nodeTop = deck + (earlierH > 0 ? earlierH + 8 : 0)
  const firstH = first * scale
  const againH = again * scale
  let into = nodeTop
  let onward = nodeTop
  const unknownBar = bars.find((bar) => bar.row.kind === 'unknown')
  const againAll = again + (earlier?.value ?? 0)
  const firstShown = chosen ? (chosen.kind === 'source' ? chosen.on : 0) : first
  const againShown = chosen ? (chosen.kind === 'earlier' ? chosen.value : chosen.again) : againAll
  const waiting = first - again
  const label = t('flow.label', { sentence: drawing.sentence })
  return (
    <svg className="flow" width={width} height={height} role="img" aria-label={label} onMouseLeave={() => setAt(undefined)}>
      <Defs />
      <text className="word" x={x0 + node} y={14} textAnchor="end">{t('flow.from')}</text>
      <text className="figure" x={x0 + node} y={34} textAnchor="end">{show(whole)}</text>
      <text className="word" x={x1} y={14}>{measure === 'people' ? t('flow.first') : t('flow.firstMoney')}</text>
      <text className="figure" x={x1} y={34}>{show(measure === 'people' ? firstShown : firstShown - (chosen ? (chosen.kind === 'source' ? chosen.again : 0) : again))}{measure === 'people' && whole > 0 && <tspan className="word" dx="8">{f.percent(firstShown / whole)}</tspan>}</text>
      <text className="word" x={x2} y={14}>{measure === 'people' ? t('flow.again') : t('flow.laterMoney')}</text>
      <text className="figure" x={x2} y={34}>{show(againShown)}{measure === 'people' && firstShown > 0 && !earlier && <tspan className="word" dx="8">{f.shareOf(againShown, firstShown)}</tspan>}</text>

      {bars.map(({ row, y: top, h, mid }) => {
        const colour = row.kind === 'earlier' ? 'var(--retain)' : 'var(--acquire)'
        let path: ReactNode = null
        if (row.kind === 'source') {
          const thick = row.on * scale
          path = <path d={ribbon(x0 + node, top, top + h, x1, into, into + thick)} fill="var(--acquire)" opacity={band} />
          into += thick
        } else if (row.kind === 'earlier') path = <path d={ribbon(x0 + node, top, top + h, x2, deck, deck + earlierH)} fill="var(--retain)" opacity={band} />
        else path = <path d={`M${x0 + node} ${top}H${x1 - 40}V${top + h}H${x0 + node}Z`} fill="url(#hatch)" mask="url(#hatchmask)" />
        return (
          <g key={row.key} className={`source ${lit(row.key)}`} tabIndex={0} onMouseEnter={() => setAt(row.key)} onFocus={() => setAt(row.key)} onBlur={() => setAt(undefined)} aria-label={`${row.name} ${show(row.value)}`}>
            {path}
            <rect x={x0} y={top} width={node} height={h} rx={2} fill={row.kind === 'unknown' ? 'url(#hatch)' : colour} stroke={row.kind === 'unknown' ? 'var(--ink3)' : 'none'} />
            <text x={x0 - 10} y={mid + 4.5} textAnchor="end"><tspan className="word">{row.name}</tspan><tspan dx="6" fontSize="13">{show(row.value)}</tspan></text>
          </g>
        )
      })}

      <rect x={x1} y={nodeTop} width={node} height={firstH > 0 ? Math.max(firstH, 2) : 0} rx={2} fill="var(--sell)" />
      {on.map((row) => {
        const thick = row.again * scale
        const shape = <path key={row.key} className={lit(row.key)} shapeRendering="crispEdges" d={ribbon(x1 + node, onward, onward + thick, x2, onward, onward + thick)} fill="var(--sell)" opacity={band} />
        onward += thick
        return shape
      })}
      {waiting > 0 && (
        <g className={chosen && chosen.kind !== 'source' ? 'dim' : ''}>
          <rect x={x1 + node} y={nodeTop + againH} width={width * 0.17} height={firstH - againH} fill="url(#fade)" />
          <text className="small" x={x1 + node + 12} y={nodeTop + againH + Math.max(16, (firstH - againH) / 2 + 4)}>{measure === 'people' ? t('flow.waiting', { n: show(chosen?.kind === 'source' ? chosen.on - chosen.again : waiting) }) : t('flow.firstOnly', { n: show(chosen?.kind === 'source' ? chosen.on - chosen.again : waiting) })}</text>
        </g>
      )}
      <rect x={x2} y={deck} width={node} height={againAll === 0 ? 0 : Math.max(2, earlierH > 0 ? nodeTop - deck + againH : againH)} rx={2} fill="var(--retain)" />
      <rect x={x2 + node} y={deck} width={Math.max(0, width - x2 - node)} height={earlierH > 0 ? nodeTop - deck + againH : againH} fill="url(#onward)" />
      {againAll > 0 && againH + earlierH > 22 && <text className="small" x={x2 + node + 12} y={deck + Math.max(16, (earlierH > 0 ? nodeTop - deck + againH : againH) / 2 + 4)}>{measure === 'people' ? t('flow.stays') : ''}</text>}
      {unknownBar && <text className="small" x={x0 + node + 12} y={unknownBar.y + Math.max(unknownBar.h, 0) + 15}>{t('flow.unknownNote')}</text>}
    </svg>
  )
}

/** About how wide a label is at the axis size: Chinese signs are as wide as high, Latin ones about half. */
const labelWidth = (words: string): number => [...words].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 0x2e80 ? 12.5 : 7), 0)

/** The same, turned for the phone: sources as one segmented bar, nodes as bars one below the other. */
function Upright(drawing: Drawing): ReactNode {
  const { rows, width, words, at, setAt, band, measure } = drawing
  const { t, f } = words
  const { show, on, earlier, unknown, first, again } = figures(drawing)
  const whole = sum(rows, 'value')
  const usable = width - Math.max(0, rows.length - 1) * 2
  const scale = whole === 0 ? 0 : usable / whole
  const bar = 12
  const drop = 94
  const y0 = 48
  const y1 = y0 + bar + drop
  const y2 = y1 + bar + drop
  const order = [...(earlier ? [earlier] : []), ...on, ...(unknown ? [unknown] : [])]
  let x = 0
  const segments = order.map((row) => {
    const segment = { row, x, w: Math.max(row.value * scale, 1) }
    x += segment.w + 2
    return segment
  })
  const chosen = rows.find((row) => row.key === at) ?? undefined
  const firstW = first * scale
  const againW = again * scale
  const down = (xa: number, wa: number, ya: number, xb: number, wb: number, yb: number): string => {
    const m = (ya + yb) / 2
    return `M${xa} ${ya}C${xa} ${m} ${xb} ${m} ${xb} ${yb}H${xb + wb}C${xb + wb} ${m} ${xa + wa} ${m} ${xa + wa} ${ya}Z`
  }
  // Earlier customers run down the left edge straight to buying again; everything else stands beside them.
  const earlierSegment = segments.find((s) => s.row.kind === 'earlier')
  const base = earlierSegment ? earlierSegment.w + 2 : 0
  let into = base
  return (
    <svg className="flow" width={width} height={y2 + 62} role="img" aria-label={t('flow.label', { sentence: drawing.sentence })}>
      <Defs />
      <text className="word" x={0} y={14}>{chosen ? `${chosen.name} ${show(chosen.value)}` : t('flow.from')}</text>
      {segments.map(({ row, x: left, w }) => {
        const shape = row.kind === 'source' ? <path d={down(left, w, y0 + bar, into, row.on * scale, y1)} fill="var(--acquire)" opacity={band} /> : row.kind === 'unknown' ? <rect x={left} y={y0 + bar} width={w} height={drop * 0.5} fill="url(#hatch)" opacity=".6" /> : null
        if (row.kind === 'source') into += row.on * scale
        return (
          <g key={row.key} className={`source ${at === undefined || at === row.key ? '' : 'dim'}`} onClick={() => setAt(at === row.key ? undefined : row.key)}>
            {shape}
            <rect x={left} y={y0} width={w} height={bar} rx={2} fill={row.kind === 'unknown' ? 'url(#hatch)' : row.kind === 'earlier' ? 'var(--retain)' : 'var(--acquire)'} stroke={row.kind === 'unknown' ? 'var(--ink3)' : 'none'} />
            <rect x={left} y={y0 - 26} width={w} height={bar + 34} fill="transparent" />
            {w > labelWidth(row.name) + 2 && <text className="small" x={left} y={y0 - 8}>{row.name}</text>}
          </g>
        )
      })}
      <rect x={base} y={y1} width={Math.max(firstW, 2)} height={bar} rx={2} fill="var(--sell)" />
      <path d={down(base, againW, y1 + bar, base, againW, y2)} fill="var(--sell)" opacity={band} />
      <rect x={base + againW} y={y1 + bar} width={Math.max(0, firstW - againW)} height={drop * 0.62} fill="url(#fadedown)" />
      <linearGradient id="fadedown" x1="0" x2="0" y1="0" y2="1"><stop offset="0" stopColor="var(--ink3)" stopOpacity=".26" /><stop offset="1" stopColor="var(--ink3)" stopOpacity="0" /></linearGradient>
      {earlierSegment && <path d={down(0, earlierSegment.w, y0 + bar, 0, earlierSegment.w, y2)} fill="var(--retain)" opacity={band} />}
      <rect x={0} y={y2} width={base + againW} height={bar} rx={2} fill="var(--retain)" />
      <text x={base + 2} y={y1 - 10}><tspan className="figure">{show(measure === 'people' ? first : first - again)}</tspan><tspan className="word" dx="8">{measure === 'people' ? t('flow.first') : t('flow.firstMoney')}</tspan></text>
      {firstW - againW > 90 && <text className="small" x={base + againW + 10} y={y1 + bar + 26}>{measure === 'people' ? t('flow.waiting', { n: show(first - again) }) : ''}</text>}
      <text x={2} y={y2 + bar + 28}><tspan className="figure">{show(again + (earlier?.value ?? 0))}</tspan><tspan className="word" dx="8">{measure === 'people' ? t('flow.again') : t('flow.laterMoney')}</tspan>{measure === 'people' && first > 0 && !earlier && <tspan className="word" dx="8">{f.shareOf(again, first)}</tspan>}</text>
    </svg>
  )
}
