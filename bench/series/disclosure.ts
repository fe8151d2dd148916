import type { SeriesOf } from '../plot-report.ts'

export const series: SeriesOf = (report) => [{
  kind: 'rows', style: 'dots', title: 'Pooling of cases: how often 95% intervals hold the truth', note: `size ${report.size}; for the prediction the other dot is the usual interval with k − 2 degrees of freedom`, names: ['ours', 'usual'], axis: { label: 'share of intervals', percent: true, from: 0.85, to: 1 },
  references: [{ value: 0.93, label: '93%' }],
  rows: report.rows.filter((row) => row.case.startsWith('pooling:')).map((row) => ({ label: row.case.replace('pooling: coverage of the ', ''), marks: [{ value: row.own! }, row.anchor.startsWith('classical') ? { value: row.anchorValue! } : null] })),
}]
