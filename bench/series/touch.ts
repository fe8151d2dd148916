import type { SeriesOf } from '../plot-report.ts'
import { ratioPanel } from '../plot-report.ts'

export const series: SeriesOf = (report) => {
  const part = (anchor: string) => ({ ...report, rows: report.rows.filter((row) => row.anchor === anchor) })
  return ['duckdb', 'chdb'].filter((anchor) => part(anchor).rows.some((row) => row.ratio)).map((anchor) => ratioPanel(part(anchor), `Touch log: times as fast as ${anchor === 'duckdb' ? 'DuckDB' : 'chDB (ClickHouse)'}`))
}
