/** A bench report as a plot: the bench's own series where `bench/series/<name>.ts` has one, else its ratios or its figures beside their anchors. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BenchReport } from './harness.ts'
import { drawSvg, type Panel } from './plot.ts'

/** What a file under `bench/series` exports: panels from the report's rows and from what it computes itself, in seconds. */
export type SeriesOf = (report: BenchReport, seed: number) => Promise<Panel[]> | Panel[]

/** Paired ratios, one row per case and anchor: the dot is the median, the bar its range over the rounds. */
export function ratioPanel(report: BenchReport, title: string): Panel {
  const rows = report.rows.filter((row) => row.ratio !== null)
  const several = new Set(rows.map((row) => row.anchor)).size > 1
  return {
    kind: 'rows', style: 'dots', title, note: `${report.bench}, size ${report.size}; each figure is a median of paired runs, the bar its range; right of 1 ours is better`, names: [''], axis: { label: 'times the anchor', log: true },
    references: [{ value: 1, label: 'as fast' }],
    rows: rows.map((row) => ({ label: several ? `${row.case} · ${row.anchor}` : row.case, marks: [{ value: row.ratio!.median, low: row.ratio!.min, high: row.ratio!.max }] })),
  }
}

export async function drawReport(report: BenchReport, seed: number): Promise<string> {
  const file = join(import.meta.dirname, 'series', `${report.bench}.ts`)
  if (!existsSync(file)) {
    if (report.rows.some((row) => row.ratio !== null)) return drawSvg([ratioPanel(report, `${report.bench}: against its anchors`)])
    const units = [...new Set(report.rows.filter((row) => row.own !== null).map((row) => row.unit))]
    return drawSvg(units.map((unit): Panel => ({
      kind: 'rows', style: 'bars', title: `${report.bench}: ${unit}`, note: `size ${report.size}`, names: ['ours', 'anchor or goal'], axis: { label: unit, from: 0 },
      rows: report.rows.filter((row) => row.own !== null && row.unit === unit).map((row) => ({ label: row.case, marks: [{ value: row.own! }, row.anchorValue === null ? null : { value: row.anchorValue }] })),
    })))
  }
  const { series } = (await import(pathToFileURL(file).href)) as { series: SeriesOf }
  return drawSvg(await series(report, seed))
}
