import { describe, expect, it } from 'vitest'
import { drawReport, ratioPanel } from './plot-report.ts'
import { drawSvg, ticks, type Panel } from './plot.ts'
import type { BenchReport } from './harness.ts'

const report = (ratio: number): BenchReport => ({
  bench: 'fake', size: 'small', peakRssMb: 1, skipped: [], rows: [{ case: 'a < b & "c"', own: 1, anchor: 'duckdb', anchorValue: ratio, unit: 'ms', ratio: { median: ratio, min: ratio / 2, max: ratio * 2 }, agrees: true }],
})
const dots = (svg: string): number[] => [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map((m) => Number(m[1]))

describe('plots', () => {
  it('takes round numbers for ticks, also on a logarithmic axis', () => {
    expect(ticks(0, 97, false)).toEqual([0, 20, 40, 60, 80])
    expect(ticks(0.5, 30, true)).toEqual([0.5, 1, 2, 5, 10, 20])
    expect(ticks(1e-6, 1, true)).toEqual([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1])
  })

  it('keeps names from becoming markup', () => {
    expect(drawSvg([ratioPanel(report(3), '1 < 2')])).toContain('a &lt; b &amp; &quot;c&quot;')
    expect(drawSvg([ratioPanel(report(3), '1 < 2')])).not.toContain('a < b')
  })

  it('places a better ratio further right and draws the same bytes twice', () => {
    const both: BenchReport = { ...report(2), rows: [...report(2).rows, ...report(8).rows] }
    const [two, eight] = dots(drawSvg([ratioPanel(both, 't')]))
    expect(eight).toBeGreaterThan(two)
    expect(drawSvg([ratioPanel(both, 't')])).toBe(drawSvg([ratioPanel(both, 't')]))
  })

  it('has no number that is not one, even when a series is flat, single or empty', () => {
    const lines = (points: Array<{ x: number; y: number }>): Panel => ({ kind: 'lines', title: 't', x: { label: 'x' }, y: { label: 'y' }, lines: [{ name: 'n', points }] })
    for (const points of [[], [{ x: 1, y: 2 }], [{ x: 1, y: 2 }, { x: 2, y: 2 }]]) expect(drawSvg([lines(points)])).not.toMatch(/NaN|Infinity|undefined/)
    expect(drawSvg([lines([])])).toContain('nothing to draw')
  })

  it('draws any report, with ratios or without', async () => {
    expect(dots(await drawReport(report(3), 1))).toHaveLength(1)
    expect(await drawReport({ ...report(3), rows: [{ ...report(3).rows[0], ratio: null }] }, 1)).toContain('<rect x=')
  })
})
