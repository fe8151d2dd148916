/**
 * Plots as SVG text, without a library: lines with bands, and rows of bars or dots with intervals. Readable in light and dark (the file asks the
 * viewer), at 760 units wide, and the same bytes for the same input.
 */
export type Axis = { label: string; log?: boolean; from?: number; to?: number; percent?: boolean }
export type Point = { x: number; y: number; low?: number; high?: number }
export type Line = { name: string; points: readonly Point[]; dashed?: boolean; dots?: boolean; /** Draws low–high as an area; else as whiskers. */ band?: boolean }
export type LinePanel = { kind: 'lines'; title: string; note?: string; x: Axis; y: Axis; lines: readonly Line[]; references?: readonly Reference[] }
export type Reference = { value: number; label: string }
export type Mark = { value: number; low?: number; high?: number } | null
export type RowPanel = {
  kind: 'rows'; title: string; note?: string; axis: Axis; style: 'bars' | 'dots'
  /** Names of the marks of each row, in the order of `marks`. */
  names: readonly string[]
  rows: ReadonlyArray<{ label: string; marks: readonly Mark[] }>
  references?: readonly Reference[]
}
export type Panel = LinePanel | RowPanel

const width = 760
const style = `:root{--bg:#fff;--ink:#1f2933;--soft:#66727f;--grid:#e3e7eb;--c0:#0f7b6c;--c1:#d9730d;--c2:#3b6fd4;--c3:#a2459e;--c4:#8a6d1f;--c5:#68737d}
@media (prefers-color-scheme:dark){:root{--bg:#15191d;--ink:#e4e8ec;--soft:#98a4b0;--grid:#2c343b;--c0:#3fc4ae;--c1:#f2a154;--c2:#7ea6f5;--c3:#dc8fd8;--c4:#d2b65c;--c5:#a3afba}}
text{font:12px system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",sans-serif;fill:var(--ink)}
.t{font-size:14px;font-weight:600}.s{fill:var(--soft);font-size:11px}.g{stroke:var(--grid);stroke-width:1}.r{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 3}`

export const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)
const at = (value: number): string => String(Number(value.toFixed(1)))
const colour = (index: number): string => `var(--c${index % 6})`

/** Ideographs take about twice the room of a letter. */
const widthOf = (text: string): number => [...text].reduce((sum, c) => sum + (c > '\u2e80' ? 12 : 6.2), 0)

function wrap(text: string, room: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(`${line} ${word}`) > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

function clip(text: string, room: number): string {
  if (widthOf(text) <= room) return text
  let kept = ''
  for (const c of text) {
    if (widthOf(`${kept}${c}…`) > room) break
    kept += c
  }
  return `${kept}…`
}

/** Round numbers that cover a range: about `count` of them, or powers of ten (with 2 and 5 where few) on a logarithmic axis. */
export function ticks(from: number, to: number, log: boolean, count = 6): number[] {
  if (log) {
    const decades = Math.log10(to / from)
    const steps = decades < 1.5 ? [1, 2, 3, 5] : decades < 4 ? [1, 2, 5] : [1]
    const found: number[] = []
    for (let e = Math.floor(Math.log10(from)); e <= Math.ceil(Math.log10(to)); e++) for (const s of steps) {
      const value = Number(`${s}e${e}`)
      if (value >= from * (1 - 1e-9) && value <= to * (1 + 1e-9)) found.push(value)
    }
    return found
  }
  const raw = (to - from) / count
  const unit = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 2.5, 5, 10].map((s) => s * unit).find((s) => s >= raw * (1 - 1e-9))!
  const found: number[] = []
  for (let n = Math.ceil(from / step - 1e-9); n * step <= to + step * 1e-9; n++) found.push(Number((n * step).toPrecision(12)))
  return found
}

export function show(value: number, axis: Pick<Axis, 'percent'>): string {
  if (axis.percent) return `${Number((100 * value).toPrecision(3))}%`
  const size = Math.abs(value)
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`
  return String(Number(value.toPrecision(3)))
}

type Scale = { place(value: number): number; ticks: number[] }
function scaleOf(axis: Axis, values: readonly number[], begin: number, end: number, count?: number): Scale {
  const good = values.filter((value) => Number.isFinite(value) && (!axis.log || value > 0))
  let from = axis.from ?? Math.min(...good)
  let to = axis.to ?? Math.max(...good)
  if (!(from < to)) {
    from = axis.log ? from / 2 : from - 0.5
    to = axis.log ? to * 2 : to + 0.5
  }
  const room = axis.log ? (to / from) ** 0.04 : (to - from) * 0.04
  if (axis.from === undefined) from = axis.log ? from / room : from - room
  if (axis.to === undefined) to = axis.log ? to * room : to + room
  const f = axis.log ? Math.log : (value: number): number => value
  return {
    place: (value) => {
      const share = (f(Math.min(to, Math.max(from, value))) - f(from)) / (f(to) - f(from))
      return begin + (end - begin) * share
    },
    ticks: ticks(from, to, axis.log === true, count),
  }
}

/** Title, note and legend; returns where the plot itself may begin. */
function head(panel: Panel, names: ReadonlyArray<{ name: string; dashed?: boolean }>, top: number, out: string[]): number {
  let y = top + 18
  out.push(`<text class="t" x="16" y="${at(y)}">${escape(panel.title)}</text>`)
  for (const line of panel.note ? wrap(panel.note, width - 32) : []) {
    y += 16
    out.push(`<text class="s" x="16" y="${at(y)}">${escape(line)}</text>`)
  }
  if (names.length > 1 || names[0]?.name) {
    y += 20
    let x = 16
    names.forEach(({ name, dashed }, index) => {
      if (x + 26 + widthOf(name) > width - 16) {
        x = 16
        y += 17
      }
      out.push(`<path d="M${at(x)} ${at(y - 4)}h16" stroke="${colour(index)}" stroke-width="3" fill="none"${dashed ? ' stroke-dasharray="5 3"' : ''}/><text x="${at(x + 21)}" y="${at(y)}">${escape(name)}</text>`)
      x += 40 + widthOf(name)
    })
  }
  return y + 12
}

function drawLines(panel: LinePanel, top: number, out: string[]): number {
  const y0 = head(panel, panel.lines, top, out)
  const [left, right, height] = [64, width - 20, 250]
  const points = panel.lines.flatMap((line) => line.points)
  const x = scaleOf(panel.x, points.map((p) => p.x), left, right)
  const y = scaleOf(panel.y, [...points.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]), ...(panel.references ?? []).map((r) => r.value)], y0 + height, y0 + 8)
  for (const tick of y.ticks) out.push(`<path class="g" d="M${left} ${at(y.place(tick))}H${right}"/><text class="s" text-anchor="end" x="${left - 6}" y="${at(y.place(tick) + 4)}">${show(tick, panel.y)}</text>`)
  for (const tick of x.ticks) out.push(`<path class="g" d="M${at(x.place(tick))} ${at(y0 + height)}v4"/><text class="s" text-anchor="middle" x="${at(x.place(tick))}" y="${at(y0 + height + 17)}">${show(tick, panel.x)}</text>`)
  for (const { value, label } of panel.references ?? []) out.push(`<path class="r" d="M${left} ${at(y.place(value))}H${right}"/><text class="s" text-anchor="end" x="${right}" y="${at(y.place(value) - 4)}">${escape(label)}</text>`)
  panel.lines.forEach((line, index) => {
    const c = colour(index)
    const ranged = line.points.filter((p) => p.low !== undefined && p.high !== undefined)
    if (line.band && ranged.length > 1) {
      out.push(`<path d="M${ranged.map((p) => `${at(x.place(p.x))} ${at(y.place(p.high!))}`).join('L')}L${[...ranged].reverse().map((p) => `${at(x.place(p.x))} ${at(y.place(p.low!))}`).join('L')}Z" fill="${c}" opacity="0.16"/>`)
    } else for (const p of ranged) out.push(`<path d="M${at(x.place(p.x))} ${at(y.place(p.low!))}V${at(y.place(p.high!))}" stroke="${c}" stroke-width="1.5"/>`)
    if (line.points.length > 1) out.push(`<path d="M${line.points.map((p) => `${at(x.place(p.x))} ${at(y.place(p.y))}`).join('L')}" stroke="${c}" stroke-width="2" fill="none"${line.dashed ? ' stroke-dasharray="6 4"' : ''}/>`)
    if (line.dots) for (const p of line.points) out.push(`<circle cx="${at(x.place(p.x))}" cy="${at(y.place(p.y))}" r="3.5" fill="${c}"/>`)
  })
  out.push(`<text class="s" x="16" y="${at(y0 + height + 34)}">${escape(`${panel.y.label}, by ${panel.x.label}`)}</text>`)
  return y0 + height + 44
}

function drawRows(panel: RowPanel, top: number, out: string[]): number {
  const y0 = head(panel, panel.names.map((name) => ({ name })), top, out)
  const each = panel.style === 'bars' ? 11 : 13
  const rowHeight = Math.max(20, panel.names.length * each + 8)
  const labelRoom = Math.min(350, Math.max(widthOf(panel.axis.label), ...panel.rows.map((row) => widthOf(row.label))) + 10)
  const [left, right] = [16 + labelRoom, width - 64]
  const bottom = y0 + panel.rows.length * rowHeight + 4
  const all = panel.rows.flatMap((row) => row.marks).flatMap((mark) => (mark ? [mark.value, mark.low ?? mark.value, mark.high ?? mark.value] : []))
  const scale = scaleOf(panel.axis, [...all, ...(panel.references ?? []).map((r) => r.value)], left, right, 5)
  for (const tick of scale.ticks) out.push(`<path class="g" d="M${at(scale.place(tick))} ${at(y0)}V${at(bottom)}"/><text class="s" text-anchor="middle" x="${at(scale.place(tick))}" y="${at(bottom + 14)}">${show(tick, panel.axis)}</text>`)
  panel.rows.forEach((row, n) => {
    const begin = y0 + n * rowHeight + 4
    out.push(`<text x="16" y="${at(begin + rowHeight / 2)}">${escape(clip(row.label, labelRoom - 8))}</text>`)
    row.marks.forEach((mark, m) => {
      if (!mark) return
      const y = begin + m * each + (rowHeight - 8 - panel.names.length * each) / 2 + each / 2
      const x = scale.place(mark.value)
      const c = colour(m)
      if (panel.style === 'bars') {
        const base = scale.place(panel.axis.log ? 1 : 0)
        out.push(`<rect x="${at(Math.min(base, x))}" y="${at(y - each / 2 + 1)}" width="${at(Math.max(1, Math.abs(x - base)))}" height="${each - 2}" rx="2" fill="${c}" opacity="0.85"/>`)
      }
      if (mark.low !== undefined && mark.high !== undefined) out.push(`<path d="M${at(scale.place(mark.low))} ${at(y)}H${at(scale.place(mark.high))}" stroke="${panel.style === 'bars' ? 'var(--ink)' : c}" stroke-width="1.5"/>`)
      if (panel.style === 'dots') out.push(`<circle cx="${at(x)}" cy="${at(y)}" r="4" fill="${c}"/>`)
      const end = Math.max(x, mark.high === undefined ? x : scale.place(mark.high))
      out.push(`<text class="s" x="${at(end + 7)}" y="${at(y + 4)}">${show(mark.value, panel.axis)}</text>`)
    })
  })
  for (const { value, label } of panel.references ?? []) out.push(`<path class="r" d="M${at(scale.place(value))} ${at(y0 - 2)}V${at(bottom)}"/><text class="s" text-anchor="middle" x="${at(scale.place(value))}" y="${at(bottom + 28)}">${escape(label)}</text>`)
  out.push(`<text class="s" x="16" y="${at(bottom + 14)}">${escape(clip(panel.axis.label, labelRoom))}</text>`)
  return bottom + (panel.references?.length ? 38 : 24)
}

/** The panels below one another as one SVG document. */
export function drawSvg(panels: readonly Panel[]): string {
  const out: string[] = []
  let y = 6
  for (const panel of panels) {
    if (panel.kind === 'rows' ? panel.rows.length === 0 : panel.lines.every((line) => line.points.length === 0)) continue
    y = (panel.kind === 'lines' ? drawLines(panel, y, out) : drawRows(panel, y, out)) + 10
  }
  if (out.length === 0) {
    out.push(`<text x="16" y="30">nothing to draw: the bench skipped what this plot shows</text>`)
    y = 50
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${Math.ceil(y)}" width="${width}" height="${Math.ceil(y)}" role="img"><style>${style}</style><rect width="100%" height="100%" rx="6" fill="var(--bg)"/>${out.join('\n')}</svg>\n`
}
