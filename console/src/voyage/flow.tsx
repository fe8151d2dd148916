import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { usePhone, useStill } from '../lib/device.ts'
import type { VoyageRefusals, VoyageRow } from '../lib/types.ts'
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

/** Where somebody was first seen: by a code, by the way of adding, by the scene of the first order. */
export function cameBy(source: string, t: Words['t']): string {
  const [kind, name = ''] = source.split('/')
  if (kind === 'code') return t('channel.code', { name })
  if (kind === 'state') return t('flow.state')
  if (kind === 'add-way') return ['1', '3', '4', '8', '10', '16'].includes(name) ? t(`way.${name as '1'}`) : t('channel.addWay', { n: name })
  if (kind === 'scene') return name === 'mall' ? t('shelf.mall') : sourceName(name, t)
  return sourceName(source, t)
}

/** One source in one measure: the whole, what of it are contacts, and what of both goes on. */
type Row = {
  key: string
  name: string
  kind: 'source' | 'earlier' | 'unknown'
  value: number
  contacts: number
  firstContact: number
  firstDirect: number
  again: number
  back: number
}
const parts = ['value', 'contacts', 'firstContact', 'firstDirect', 'again', 'back'] as const
type Part = (typeof parts)[number]
const sum = (rows: readonly Row[], key: Part): number => rows.reduce((total, row) => total + row[key], 0)

function rowOf(row: VoyageRow, measure: Measure, name: string): Row {
  const kind = row.source === 'earlier' ? 'earlier' : row.source === 'nobody-known' ? 'unknown' : 'source'
  const base = { key: row.source, name, kind } as const
  const whole = Math.max(0, measure === 'people' ? row.people : row.firstFen + row.againFen)
  if (kind === 'unknown') return { ...base, value: whole, contacts: 0, firstContact: 0, firstDirect: 0, again: 0, back: 0 }
  if (measure === 'people') {
    const contacts = kind === 'earlier' ? 0 : row.contacts
    return { ...base, value: whole, contacts, firstContact: kind === 'earlier' ? 0 : row.firstContact, firstDirect: kind === 'earlier' ? row.firstContact + row.firstDirect : row.firstDirect, again: row.againContact + row.againDirect, back: row.back }
  }
  const throughContacts = kind === 'earlier' ? 0 : Math.max(0, row.firstContactFen + row.againContactFen)
  return { ...base, value: whole, contacts: throughContacts, firstContact: throughContacts, firstDirect: kind === 'earlier' ? Math.max(0, row.firstFen) : Math.max(0, whole - throughContacts), again: kind === 'earlier' ? 0 : Math.max(0, row.againFen), back: kind === 'earlier' ? Math.max(0, row.againFen) : 0 }
}

/** Largest first, small ones merged, earlier customers on top, unknown last. */
function rowsOf(given: readonly VoyageRow[], measure: Measure, most: number, t: Words['t']): Row[] {
  const rows = given.map((row) => rowOf(row, measure, cameBy(row.source, t))).filter((row) => row.value > 0)
  const sources = rows.filter((row) => row.kind === 'source').toSorted((a, b) => b.value - a.value)
  const whole = sum(rows, 'value')
  const small = sources.filter((row, n) => row.value < whole * 0.02 || n >= most)
  const rest = { key: 'rest', name: t('flow.rest', { n: small.length }), kind: 'source' as const, ...(Object.fromEntries(parts.map((part) => [part, sum(small, part)])) as Record<Part, number>) }
  const shown = small.length < 2 ? sources : [...sources.filter((row) => !small.includes(row)), rest]
  return [...rows.filter((row) => row.kind === 'earlier'), ...shown, ...rows.filter((row) => row.kind === 'unknown')]
}

/** 公众号取关 3 · 小程序拒收 2: only the lines that somebody refused. */
export function refusedHow(refusals: VoyageRefusals | undefined, { t, f }: Words): string {
  const said = (['officialAccount', 'miniProgram', 'own'] as const).filter((key) => (refusals?.[key] ?? 0) > 0)
  return said.map((key) => t(`flow.refused.${key}`, { n: f.count(refusals![key]) })).join(' · ')
}

type Leaks = { never: number; once: number; more: number; returned: number; refused: number; /** By which line they refused, in words. */ refusedHow: string }
type Drawing = { rows: Row[]; leaks: Leaks; width: number; words: Words; at: string | undefined; setAt: (key: string | undefined) => void; band: number; measure: Measure; sentence: string; moving: boolean }

/**
 * The chain: where people come from, who is a contact, who buys, who buys again, and where they leave. One scale for the whole picture: what stays runs
 * straight along the deck line, who waits fades out, who leaves falls; unknown people are hatched and lead nowhere. Dots move while the world does.
 */
export function Flow(props: { rows: readonly VoyageRow[]; refusals?: VoyageRefusals; measure: Measure; sentence: string; running: boolean }): ReactNode {
  const words = useWords()
  const { mode } = useTheme()
  const phone = usePhone()
  const still = useStill()
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
  // Dots stop where they are when the sea stops.
  useEffect(() => {
    const svg = box.current?.querySelector('svg')
    if (props.running) svg?.unpauseAnimations()
    else svg?.pauseAnimations()
  }, [props.running, width, props.measure])
  const rows = useMemo(() => rowsOf(props.rows, props.measure, phone ? 5 : 7, words.t), [props.rows, props.measure, phone, words.t])
  const leaks = useMemo((): Leaks => {
    const total = (key: 'leftNever' | 'leftOnce' | 'leftMore' | 'returned' | 'refused'): number => props.rows.reduce((all, row) => all + row[key], 0)
    return { never: total('leftNever'), once: total('leftOnce'), more: total('leftMore'), returned: total('returned'), refused: total('refused'), refusedHow: refusedHow(props.refusals, words) }
  }, [props.rows, props.refusals, words])
  const drawing: Drawing = { rows, leaks, width, words, at, setAt, band: opacity[mode].flow, measure: props.measure, sentence: props.sentence, moving: !still }
  return <div ref={box} style={{ minHeight: (phone ? 426 : 372) + (props.measure === 'people' && leaks.refused > 0 ? (phone ? 24 : 44) : 0) }}>{width > 0 && (phone ? <Upright {...drawing} /> : <Level {...drawing} />)}</div>
}

function Defs(): ReactNode {
  return (
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="6" stroke="var(--ink3)" strokeWidth="2" opacity=".55" /></pattern>
      <linearGradient id="fade" x1="0" x2="1" y1="0" y2="0"><stop offset="0" stopColor="var(--ink3)" stopOpacity=".26" /><stop offset="1" stopColor="var(--ink3)" stopOpacity="0" /></linearGradient>
      <linearGradient id="fadedown" x1="0" x2="0" y1="0" y2="1"><stop offset="0" stopColor="var(--ink3)" stopOpacity=".26" /><stop offset="1" stopColor="var(--ink3)" stopOpacity="0" /></linearGradient>
      <linearGradient id="onward" x1="0" x2="1" y1="0" y2="0"><stop offset="0" stopColor="var(--retain)" stopOpacity=".3" /><stop offset="1" stopColor="var(--retain)" stopOpacity=".06" /></linearGradient>
      <linearGradient id="hatchfade" x1="0" x2="1" y1="0" y2="0"><stop offset="0" stopColor="white" /><stop offset="1" stopColor="black" /></linearGradient>
      <mask id="hatchmask" maskContentUnits="objectBoundingBox"><rect width="1" height="1" fill="url(#hatchfade)" /></mask>
    </defs>
  )
}

/** A band between two vertical edges, S-shaped; its middle as a line to move along. */
function ribbon(x1: number, top1: number, bottom1: number, x2: number, top2: number, bottom2: number): string {
  const m = (x1 + x2) / 2
  return `M${x1} ${top1}C${m} ${top1} ${m} ${top2} ${x2} ${top2}V${bottom2}C${m} ${bottom2} ${m} ${bottom1} ${x1} ${bottom1}Z`
}
const middle = (x1: number, top1: number, bottom1: number, x2: number, top2: number, bottom2: number): string => {
  const m = (x1 + x2) / 2
  return `M${x1} ${(top1 + bottom1) / 2}C${m} ${(top1 + bottom1) / 2} ${m} ${(top2 + bottom2) / 2} ${x2} ${(top2 + bottom2) / 2}`
}

type Way = { d: string; weight: number; colour: string; /** Thickness of the band, and whether it lies across or upright. */ thick?: number; upright?: boolean }
/** Dots on their ways, as many as the way carries, each a little apart from the last and somewhere else in the band. */
function Dots(props: { ways: Way[]; whole: number }): ReactNode {
  return (
    <g aria-hidden="true" className="dots">
      {props.ways.filter((way) => way.weight > 0).flatMap((way, w) => {
        const count = Math.max(1, Math.min(6, Math.round((way.weight / Math.max(1, props.whole)) * 12)))
        return Array.from({ length: count }, (_, n) => (
          <circle key={`${w}-${n}`} r={2.5} fill={way.colour} transform={beside(way, w + n)}><animateMotion path={way.d} dur={`${4 + (w % 3)}s`} begin={`${-((n * (4 + (w % 3))) / count + (w % 5) * 0.37)}s`} repeatCount="indefinite" /></circle>
        ))
      })}
    </g>
  )
}

const beside = (way: Way, n: number): string => {
  const off = ((((n * 0.618) % 1) - 0.5) * (way.thick ?? 0) * 0.7).toFixed(1)
  return way.upright ? `translate(${off} 0)` : `translate(0 ${off})`
}

/** Who leaves: the node's lowest slice turns down and ends in a drop, with how many beside it. */
function Leak(props: { x: number; y: number; to: number; n: number; scale: number; words: string; note?: string; moving: boolean; end?: boolean }): ReactNode {
  if (props.n === 0) return null
  const width = Math.max(3, props.n * props.scale)
  const path = `M${props.x} ${props.y - width / 2}h8a26 26 0 0 1 26 26V${props.to}`
  const x = props.x + 34
  return (
    <g className="leak">
      <path d={path} fill="none" stroke="var(--loss)" strokeWidth={width} opacity={0.8} />
      <path d={`M${x} ${props.to - 6}c4.5 7 6.5 9.5 6.5 13a6.5 6.5 0 0 1 -13 0c0 -3.5 2 -6 6.5 -13z`} fill="var(--loss)" opacity={0.9} />
      <text className="leakword" x={props.end ? x - 14 : x + 14} y={props.to + 6} textAnchor={props.end ? 'end' : undefined}>{props.words}</text>
      {props.note && <text className="small" x={props.end ? x - 14 : x + 14} y={props.to + 23} textAnchor={props.end ? 'end' : undefined}>{props.note}</text>}
      {props.moving && <circle r={2.5} fill="var(--loss)" aria-hidden="true"><animateMotion path={path} dur="5s" repeatCount="indefinite" /></circle>}
    </g>
  )
}

function Level(drawing: Drawing): ReactNode {
  const { rows, leaks, width, words, at, setAt, band, measure, moving } = drawing
  const { t, f } = words
  const people = measure === 'people'
  const show = people ? f.count : words.short
  const foot = 372
  // Who stays and wants no more messages falls below the others, on a line of its own.
  const height = people && leaks.refused > 0 ? foot + 44 : foot
  const deck = 44
  const whole = sum(rows, 'value')
  const gap = 7
  const scale = whole === 0 ? 0 : (foot - 124) / whole
  // The node columns; names of sources stand to the left of the first.
  const x0 = 150
  const x1 = Math.max(x0 + 130, Math.round(width * 0.3))
  const x2 = Math.round(width * 0.55)
  const x3 = Math.round(width * 0.79)
  const node = 10
  const chosen = rows.find((row) => row.key === at)
  const lit = (key: string): string => (at === undefined || at === key ? '' : 'dim')
  const of = (part: Part): number => (chosen ? chosen[part] : sum(rows, part))

  // Source bars shrink by the gaps between them, so that all fit the same height as their sum plus labels.
  const least = 18
  const heights = rows.map((row) => Math.max(row.value * scale - gap, 2))
  const slots = heights.map((h) => Math.max(h, least))
  const overflow = Math.max(0, slots.reduce((a, b) => a + b + gap, 0) - (foot - deck - 12))
  let y = deck
  const bars = rows.map((row, n) => {
    const bar = { row, y, h: heights[n] }
    y += slots[n] + gap - overflow / Math.max(1, rows.length)
    return bar
  })

  // Earlier customers who come back run along the top of the deck; below them contacts, and below those who buy without being one.
  const backH = sum(rows, 'back') * scale
  const top = deck + (backH > 0 ? backH + 8 : 0)
  const contactH = sum(rows, 'contacts') * scale
  const viaH = sum(rows, 'firstContact') * scale
  const directH = sum(rows, 'firstDirect') * scale
  const lane = top + (contactH > 0 ? contactH + 12 : 0)
  const firstH = viaH + directH
  const againH = sum(rows, 'again') * scale
  const unknownBar = bars.find((bar) => bar.row.kind === 'unknown')
  const drop = foot - 48
  const ways: Way[] = []
  let into = top
  let laneAt = lane
  let backAt = deck
  let arriving = top + viaH
  const bands = bars.map(({ row, y: from, h }) => {
    const share = (part: number): number => (row.value === 0 ? 0 : (part / row.value) * h)
    const paths: ReactNode[] = []
    let left = from
    const carve = (part: number): [number, number] => {
      const piece: [number, number] = [left, left + share(part)]
      left = piece[1]
      return piece
    }
    if (row.back > 0) {
      const [a, b] = carve(row.back)
      paths.push(<path key="back" d={ribbon(x0 + node, a, b, x3, backAt, backAt + row.back * scale)} fill="var(--retain)" opacity={band} />)
      ways.push({ d: middle(x0 + node, a, b, x3, backAt, backAt + row.back * scale), weight: row.back, colour: 'var(--retain)' })
      backAt += row.back * scale
    }
    if (row.contacts > 0) {
      const [a, b] = carve(row.contacts)
      paths.push(<path key="contact" d={ribbon(x0 + node, a, b, x1, into, into + row.contacts * scale)} fill="var(--acquire)" opacity={band} />)
      ways.push({ d: middle(x0 + node, a, b, x1, into, into + row.contacts * scale), weight: row.contacts, colour: 'var(--acquire)' })
      into += row.contacts * scale
    }
    if (row.firstDirect > 0) {
      const [a, b] = carve(row.firstDirect)
      const thick = row.firstDirect * scale
      const d = `${ribbon(x0 + node, a, b, x1, laneAt, laneAt + thick)}${ribbon(x1, laneAt, laneAt + thick, x2, arriving, arriving + thick)}`
      paths.push(<path key="direct" d={d} fill="var(--acquire)" opacity={band * 0.75} />)
      ways.push({ d: `${middle(x0 + node, a, b, x1, laneAt, laneAt + thick)}${middle(x1, laneAt, laneAt + thick, x2, arriving, arriving + thick).replace('M', 'L')}`, weight: row.firstDirect, colour: 'var(--acquire)' })
      laneAt += thick
      arriving += thick
    }
    if (row.kind === 'unknown') paths.push(<path key="unknown" d={`M${x0 + node} ${from}H${x1 - 24}V${from + h}H${x0 + node}Z`} fill="url(#hatch)" mask="url(#hatchmask)" />)
    return paths
  })
  if (viaH > 0) ways.push({ d: `M${x1 + node} ${top + viaH / 2}H${x2}`, weight: sum(rows, 'firstContact'), colour: 'var(--sell)', thick: viaH })
  if (againH > 0) ways.push({ d: `M${x2 + node} ${top + againH / 2}H${x3}`, weight: sum(rows, 'again'), colour: 'var(--retain)', thick: againH })
  const stayH = backH > 0 ? top - deck + againH : againH
  if (stayH > 0) ways.push({ d: `M${x3 + node} ${deck + stayH / 2}H${width}`, weight: sum(rows, 'again') + sum(rows, 'back'), colour: 'var(--retain)', thick: stayH })

  const contacts = of('contacts')
  const first = of('firstContact') + of('firstDirect')
  const again = of('again') + of('back')
  const talking = Math.max(0, of('contacts') - of('firstContact') - (chosen ? 0 : leaks.never))
  const waiting = Math.max(0, first - of('again') - (chosen || !people ? 0 : leaks.once))
  const leakH = (n: number): number => (people && n > 0 ? Math.max(3, n * scale) : 0)
  return (
    <svg className="flow" width={width} height={height} role="group" aria-label={t('flow.label', { sentence: drawing.sentence })} onMouseLeave={() => setAt(undefined)}>
      <Defs />
      <text className="word" x={x0 + node} y={14} textAnchor="end">{t('flow.from')}</text>
      <text className="figure" x={x0 + node} y={34} textAnchor="end">{show(of('value'))}</text>
      <text className="word" x={x1} y={14}>{people ? t('flow.contact') : t('flow.contactMoney')}</text>
      <text className="figure" x={x1} y={34} data-figure="contacts">{show(contacts)}</text>
      <text className="word" x={x2} y={14}>{people ? t('flow.first') : t('flow.firstMoney')}</text>
      <text className="figure" x={x2} y={34} data-figure="first">{show(people ? first : Math.max(0, first - of('again')))}{people && !chosen && contacts > 0 && <tspan className="word" dx="8">{t('flow.ofContacts', { n: f.count(of('firstContact')), share: f.shareOf(of('firstContact'), contacts) })}</tspan>}</text>
      <text className="word" x={x3} y={14}>{people ? t('flow.again') : t('flow.laterMoney')}</text>
      <text className="figure" x={x3} y={34} data-figure="again">{show(again)}{people && first > 0 && of('back') === 0 && <tspan className="word" dx="8">{f.shareOf(again, first)}</tspan>}</text>

      {bars.map(({ row, y: from, h }, n) => (
        <g key={row.key} className={`source ${lit(row.key)}`} tabIndex={0} role="img" onMouseEnter={() => setAt(row.key)} onFocus={() => setAt(row.key)} onBlur={() => setAt(undefined)} aria-label={`${row.name} ${show(row.value)}`}>
          {bands[n]}
          <rect x={x0} y={from} width={node} height={h} rx={2} fill={row.kind === 'unknown' ? 'url(#hatch)' : row.kind === 'earlier' ? 'var(--retain)' : 'var(--acquire)'} stroke={row.kind === 'unknown' ? 'var(--ink3)' : 'none'} />
          <text x={x0 - 10} y={from + h / 2 + 4.5} textAnchor="end"><tspan className="word">{row.name}</tspan><tspan dx="6" fontSize="13">{show(row.value)}</tspan></text>
        </g>
      ))}

      {contactH > 0 && <rect x={x1} y={top} width={node} height={Math.max(contactH, 2)} rx={2} fill="var(--acquire)" />}
      {viaH > 0 && <rect x={x1 + node} y={top} width={x2 - x1 - node} height={viaH} fill="var(--sell)" opacity={band} />}
      {people && contactH - viaH - leakH(leaks.never) > 1 && (
        <g>
          <rect x={x1 + node} y={top + viaH} width={width * 0.17} height={contactH - viaH - leakH(leaks.never)} fill="url(#fade)" />
          <text className="small" x={x1 + node + 12} y={top + viaH + Math.max(15, (contactH - viaH) / 2 + 4)}>{t('flow.talking', { n: show(talking) })}</text>
        </g>
      )}
      {firstH > 0 && <rect x={x2} y={top} width={node} height={Math.max(firstH, 2)} rx={2} fill="var(--sell)" />}
      {againH > 0 && <rect x={x2 + node} y={top} width={x3 - x2 - node} height={againH} fill="var(--sell)" opacity={band} />}
      {firstH - againH > 1 && (
        <g>
          <rect x={x2 + node} y={top + againH} width={width * 0.17} height={Math.max(0, firstH - againH - leakH(leaks.once))} fill="url(#fade)" />
          <text className="small" x={x2 + node + 12} y={top + againH + Math.max(16, (firstH - againH) / 2 + 4)}>{people ? t('flow.waiting', { n: show(waiting) }) : t('flow.firstOnly', { n: show(Math.max(0, first - of('again'))) })}</text>
        </g>
      )}
      {stayH > 0 && <rect x={x3} y={deck} width={node} height={Math.max(2, stayH)} rx={2} fill="var(--retain)" />}
      {stayH > 0 && <rect x={x3 + node} y={deck} width={Math.max(0, width - x3 - node)} height={Math.max(0, stayH - leakH(leaks.more))} fill="url(#onward)" />}
      {stayH > 22 && people && <text className="small" x={x3 + node + 12} y={deck + Math.max(16, stayH / 2 + 4)}>{t('flow.stays')}</text>}
      {unknownBar && <text className="small" x={x0 + node + 12} y={unknownBar.y + Math.max(unknownBar.h, 0) + 15}>{t('flow.unknownNote')}</text>}
      {moving && <Dots ways={ways} whole={whole} />}
      {people && (
        <>
          <Leak x={x1 - 24} y={top + contactH} to={drop + 44} n={leaks.refused} scale={scale} moving={moving} words={t('flow.refused', { n: show(leaks.refused) })} note={leaks.refusedHow} />
          <Leak x={x1 + node} y={top + contactH} to={drop} n={leaks.never} scale={scale} moving={moving} words={t('flow.left', { n: show(leaks.never) })} note={t('flow.leftNever')} />
          <Leak x={x2 + node} y={top + firstH} to={drop} n={leaks.once} scale={scale} moving={moving} words={t('flow.left', { n: show(leaks.once) })} note={leaks.returned > 0 ? t('flow.returned', { n: show(leaks.returned) }) : t('flow.leftOnce')} />
          {leaks.once === 0 && leaks.returned > 0 && <Leak x={x2 + node} y={top + firstH} to={drop} n={leaks.returned} scale={scale} moving={moving} words={t('flow.returned', { n: show(leaks.returned) })} />}
          <Leak x={x3 + node} y={deck + stayH} to={drop} n={leaks.more} scale={scale} moving={moving} words={t('flow.left', { n: show(leaks.more) })} note={t('flow.leftMore')} />
        </>
      )}
    </svg>
  )
}

/** About how wide a label is at the axis size: Chinese signs are as wide as high, Latin ones about half. */
const labelWidth = (words: string): number => [...words].reduce((total, sign) => total + (sign.charCodeAt(0) > 0x2e80 ? 12.5 : 7), 0)

/** The same, turned for the phone: sources as one segmented bar, nodes as bars one below the other, who leaves at the right end of each. */
function Upright(drawing: Drawing): ReactNode {
  const { rows, leaks, width, words, at, setAt, band, measure, moving } = drawing
  const { t, f } = words
  const people = measure === 'people'
  const show = people ? f.count : words.short
  const whole = sum(rows, 'value')
  const usable = width - Math.max(0, rows.length - 1) * 2 - 4
  const scale = whole === 0 ? 0 : usable / whole
  const bar = 12
  const step = 106
  const [y0, y1, y2, y3] = [48, 48 + step, 48 + 2 * step, 48 + 3 * step]
  let x = 0
  const segments = rows.map((row) => {
    const segment = { row, x, w: Math.max(row.value * scale, 1) }
    x += segment.w + 2
    return segment
  })
  const chosen = rows.find((row) => row.key === at)
  const down = (xa: number, wa: number, ya: number, xb: number, wb: number, yb: number): string => {
    const m = (ya + yb) / 2
    return `M${xa} ${ya}C${xa} ${m} ${xb} ${m} ${xb} ${yb}H${xb + wb}C${xb + wb} ${m} ${xa + wa} ${m} ${xa + wa} ${ya}Z`
  }
  const line = (xa: number, wa: number, ya: number, xb: number, wb: number, yb: number): string => {
    const m = (ya + yb) / 2
    return `M${xa + wa / 2} ${ya}C${xa + wa / 2} ${m} ${xb + wb / 2} ${m} ${xb + wb / 2} ${yb}`
  }
  // Those who come back run down the left edge; contacts beside them, and beside those who buy without being one.
  const backW = sum(rows, 'back') * scale
  const base = backW > 0 ? backW + 2 : 0
  const contactW = sum(rows, 'contacts') * scale
  const viaW = sum(rows, 'firstContact') * scale
  const directW = sum(rows, 'firstDirect') * scale
  const againW = sum(rows, 'again') * scale
  const ways: Way[] = []
  let [backAt, into, laneAt, arriving] = [0, base, base + contactW + 4, base + viaW]
  const shapes = segments.map(({ row, x: left, w }) => {
    let from = left
    const made: ReactNode[] = []
    const piece = (part: number, colour: string, to: number, yTo: number, key: string): void => {
      const width0 = row.value === 0 ? 0 : (part / row.value) * w
      made.push(<path key={key} d={down(from, width0, y0 + bar, to, part * scale, yTo)} fill={`var(--${colour})`} opacity={band} />)
      ways.push({ d: line(from, width0, y0 + bar, to, part * scale, yTo), weight: part, colour: `var(--${colour})` })
      from += width0
    }
    if (row.back > 0) { piece(row.back, 'retain', backAt, y3, 'back'); backAt += row.back * scale }
    if (row.contacts > 0) { piece(row.contacts, 'acquire', into, y1, 'contact'); into += row.contacts * scale }
    if (row.firstDirect > 0) {
      const thick = row.firstDirect * scale
      piece(row.firstDirect, 'acquire', laneAt, y1 + bar, 'lane')
      made.push(<path key="direct" d={down(laneAt, thick, y1 + bar, arriving, thick, y2)} fill="var(--acquire)" opacity={band} />)
      laneAt += thick
      arriving += thick
    }
    if (row.kind === 'unknown') made.push(<rect key="unknown" x={left} y={y0 + bar} width={w} height={step * 0.4} fill="url(#hatch)" opacity=".6" />)
    return made
  })
  ways.push({ d: line(base, viaW, y1 + bar, base, viaW, y2), weight: sum(rows, 'firstContact'), colour: 'var(--sell)', thick: viaW, upright: true }, { d: line(base, againW, y2 + bar, base, againW, y3), weight: sum(rows, 'again'), colour: 'var(--retain)', thick: againW, upright: true })
  const first = sum(rows, 'firstContact') + sum(rows, 'firstDirect')
  const again = sum(rows, 'again') + sum(rows, 'back')
  const leak = (n: number, y: number): ReactNode => (people && n > 0 ? (
    <g className="leak">
      <text className="leakword" x={width - 16} y={y} textAnchor="end">{t('flow.left', { n: show(n) })}</text>
      <path d={`M${width - 7} ${y - 13}c3.6 5.5 5 7.5 5 10a5 5 0 0 1 -10 0c0 -2.5 1.4 -4.5 5 -10z`} fill="var(--loss)" />
    </g>
  ) : null)
  const refused = people && leaks.refused > 0
  return (
    <svg className="flow" width={width} height={y3 + bar + (refused ? 72 : 48)} role="group" aria-label={t('flow.label', { sentence: drawing.sentence })}>
      <Defs />
      <text className="word" x={0} y={14}>{chosen ? `${chosen.name} ${show(chosen.value)}` : t('flow.from')}</text>
      {segments.map(({ row, x: left, w }, n) => (
        <g key={row.key} className={`source ${at === undefined || at === row.key ? '' : 'dim'}`} role="img" aria-label={`${row.name} ${show(row.value)}`} onClick={() => setAt(at === row.key ? undefined : row.key)}>
          {shapes[n]}
          <rect x={left} y={y0} width={w} height={bar} rx={2} fill={row.kind === 'unknown' ? 'url(#hatch)' : row.kind === 'earlier' ? 'var(--retain)' : 'var(--acquire)'} stroke={row.kind === 'unknown' ? 'var(--ink3)' : 'none'} />
          <rect x={left} y={y0 - 26} width={w} height={bar + 34} fill="transparent" />
          {w > labelWidth(row.name) + 2 && <text className="small" x={left} y={y0 - 8}>{row.name}</text>}
        </g>
      ))}
      {contactW > 0 && <rect x={base} y={y1} width={Math.max(contactW, 2)} height={bar} rx={2} fill="var(--acquire)" />}
      {viaW > 0 && <path d={down(base, viaW, y1 + bar, base, viaW, y2)} fill="var(--sell)" opacity={band} />}
      {people && contactW - viaW > 2 && <rect x={base + viaW} y={y1 + bar} width={contactW - viaW} height={step * 0.42} fill="url(#fadedown)" />}
      {first > 0 && <rect x={base} y={y2} width={Math.max(viaW + directW, 2)} height={bar} rx={2} fill="var(--sell)" />}
      {againW > 0 && <path d={down(base, againW, y2 + bar, base, againW, y3)} fill="var(--sell)" opacity={band} />}
      <rect x={base + againW} y={y2 + bar} width={Math.max(0, viaW + directW - againW)} height={step * 0.5} fill="url(#fadedown)" />
      {again > 0 && <rect x={0} y={y3} width={base + againW} height={bar} rx={2} fill="var(--retain)" />}
      <text x={base + 2} y={y1 - 10}><tspan className="figure" data-figure="contacts">{show(sum(rows, 'contacts'))}</tspan><tspan className="word" dx="8">{people ? t('flow.contact') : t('flow.contactMoney')}</tspan></text>
      {leak(leaks.never, y1 - 10)}
      <text x={base + 2} y={y2 - 10}><tspan className="figure" data-figure="first">{show(people ? first : Math.max(0, first - sum(rows, 'again')))}</tspan><tspan className="word" dx="8">{people ? t('flow.first') : t('flow.firstMoney')}</tspan></text>
      {leak(leaks.once, y2 - 10)}
      <text x={2} y={y3 + bar + 28}><tspan className="figure" data-figure="again">{show(again)}</tspan><tspan className="word" dx="8">{people ? t('flow.again') : t('flow.laterMoney')}</tspan>{people && first > 0 && sum(rows, 'back') === 0 && <tspan className="word" dx="8">{f.shareOf(again, first)}</tspan>}</text>
      {leak(leaks.more, y3 + bar + 28)}
      {refused && <text className="leakword" x={width - 2} y={y3 + bar + 54} textAnchor="end" data-figure="refused">{t('flow.refused', { n: show(leaks.refused) })}</text>}
      {moving && <Dots ways={ways} whole={whole} />}
    </svg>
  )
}
