import { ratioPanel, type SeriesOf } from '../plot-report.ts'

export const series: SeriesOf = (report) => {
  const dodges = new Map<string, Array<number | null>>()
  for (const row of report.rows) {
    const [, dodge, who] = /^recall after "(.+)", (matcher|classifier)$/.exec(row.case) ?? []
    if (!dodge) continue
    const marks = dodges.get(dodge) ?? [null, null]
    marks[who === 'matcher' ? 0 : 1] = row.own
    dodges.set(dodge, marks)
  }
  return [
    {
      kind: 'rows', style: 'bars', title: 'Text: what is still found after a dodge', note: 'share of what was found in the plain spelling', names: ['keyword matcher', 'classifier'], axis: { label: 'share', percent: true, from: 0, to: 1 }, references: [{ value: 0.95, label: 'goal 95%' }],
      rows: [...dodges].map(([label, marks]) => ({ label, marks: marks.map((value) => (value === null ? null : { value })) })),
    },
    ratioPanel({ ...report, rows: report.rows.map((row) => ({ ...row, case: row.case.replace(/^scan, \d+ words, /, '') })) }, 'Text: times as fast as other matchers'),
  ]
}
