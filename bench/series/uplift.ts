import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { halfSplit, pickRows, qini, qiniCurve, readHillstrom, rLearner, xLearner, type Curve, type EffectData } from '../../src/math/uplift/index.ts'
import type { SeriesOf } from '../plot-report.ts'
import type { Panel, Point } from '../plot.ts'

const file = new URL('../../../shared/data/hillstrom/hillstrom.csv.gz', import.meta.url)

function thin(curve: Curve, persons: number, count = 80): Point[] {
  const last = curve.x.length - 1
  const kept = Array.from({ length: count + 1 }, (_, i) => Math.round((i * last) / count))
  return [...new Set(kept)].map((i) => ({ x: curve.x[i] / persons, y: curve.y[i] }))
}

function qiniPanel(): Panel {
  const data = readHillstrom(gunzipSync(readFileSync(file)).toString('utf8'), 'Womens E-Mail')
  const n = data.visit.length
  const all: EffectData = { x: data.x, y: data.visit, treated: data.treated, propensity: data.treated.reduce((a, b) => a + b, 0) / n }
  const { train, test } = halfSplit(n, 42, 0)
  const [half, rest] = [pickRows(all, train), pickRows(all, test)]
  const scores: Array<[string, ArrayLike<number>]> = [
    ['X-learner, lasso', xLearner(half)(rest.x)], ['R-learner, lasso', rLearner(half)(rest.x)], ['the rule “bought women’s goods before”', rest.x[data.names.indexOf('womens')]], ['money spent in the past', rest.x[data.names.indexOf('history')]],
  ]
  const m = rest.y.length
  const lines = scores.map(([name, score]) => ({ name: `${name} (Qini ${qini(rest.y, score, rest.treated).toFixed(3)})`, points: thin(qiniCurve(rest.y, score, rest.treated), m) }))
  const end = lines[0].points.at(-1)!
  return {
    kind: 'lines', title: 'Uplift: Qini curves on Hillstrom, one half split', note: 'Visits won by the women’s e-mail when the persons with the highest scores get it first, on the half not trained on. One split proves nothing: the table of 50 splits does the judging.',
    x: { label: 'share of persons', percent: true }, y: { label: 'visits won' }, lines: [...lines, { name: 'at random', dashed: true, points: [{ x: 0, y: 0 }, end] }],
  }
}

export const series: SeriesOf = (report) => {
  const cells = report.rows.filter((row) => row.case.startsWith('Nie–Wager'))
  const panels: Panel[] = existsSync(file) ? [qiniPanel()] : []
  return [...panels, {
    kind: 'rows', style: 'dots', title: 'Uplift: Nie–Wager simulations, median squared error', note: `size ${report.size}; less is better; the published figure is the best column of each cell`, names: ['ours', 'published'], axis: { label: 'squared error', log: true },
    rows: cells.map((row) => ({ label: row.case.replace(', mean squared error', ''), marks: [{ value: row.own! }, { value: row.anchorValue! }] })),
  }]
}
