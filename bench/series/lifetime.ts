import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expectedPurchases, fitBgNbd } from '../../src/math/lifetime/index.ts'
import type { SeriesOf } from '../plot-report.ts'
import type { Line, Panel } from '../plot.ts'

const folder = join(import.meta.dirname, '../../../shared/data/cdnow_sample')
const rowsOf = (name: string): string[][] => gunzipSync(readFileSync(join(folder, name))).toString('utf8').trim().split('\n').slice(1).map((line) => line.split(','))
const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000
const fittedWeeks = 39
const weeks = 78

/** Repeat purchases of all customers per week since the cohort began, as made and as BG/NBD expects them from weeks 1 to 39. */
export const series: SeriesOf = () => {
  if (!existsSync(join(folder, 'cdnow_sample.csv.gz'))) return []
  const summary = rowsOf('cdnow_sample_rfm.csv.gz').map((row) => row.map(Number))
  const { parameters } = fitBgNbd({ x: summary.map((row) => row[1]), t: summary.map((row) => row[2]), T: summary.map((row) => row[3]) })
  const daysOf = new Map<string, Set<number>>()
  for (const [, id, date] of rowsOf('cdnow_sample.csv.gz')) {
    const days = daysOf.get(id) ?? new Set()
    daysOf.set(id, days.add(dayOf(date)))
  }
  const begin = dayOf('1997-01-01')
  const actual = new Float64Array(weeks)
  const starters = new Map<number, number>()
  for (const days of daysOf.values()) {
    const [first, ...later] = [...days].sort((a, b) => a - b)
    starters.set(first, (starters.get(first) ?? 0) + 1)
    for (const day of later) actual[Math.min(weeks - 1, Math.floor((day - begin) / 7))]++
  }
  const expected = Float64Array.from({ length: weeks + 1 }, (_, week) => {
    let sum = 0
    for (const [first, persons] of starters) {
      const since = (begin + 7 * week - first) / 7
      if (since > 0) sum += persons * expectedPurchases(parameters, 0, 0, 0, since)
    }
    return sum
  })
  const weekly = Float64Array.from({ length: weeks }, (_, w) => expected[w + 1] - expected[w])
  let sum = 0
  const total = actual.map((value) => (sum += value))
  const panel = (title: string, label: string, made: Float64Array, model: (w: number) => number): Panel => {
    const line = (name: string, from: number, to: number, value: (w: number) => number, dashed = false): Line => ({ name, dashed, points: Array.from({ length: to - from }, (_, i) => ({ x: from + i + 1, y: value(from + i) })) })
    return {
      kind: 'lines', title, note: '2,357 customers of CDNOW; BG/NBD fitted on weeks 1–39, what follows is a promise it has not seen', x: { label: 'week' }, y: { label, from: 0 },
      lines: [line('made', 0, weeks, (w) => made[w]), line('model, fitted weeks', 0, fittedWeeks, model), line('model, promised weeks', fittedWeeks - 1, weeks, model, true)],
    }
  }
  return [panel('Lifetime: repeat purchases a week', 'repeat purchases in the week', actual, (w) => weekly[w]), panel('Lifetime: repeat purchases since the beginning', 'repeat purchases so far', total, (w) => expected[w + 1])]
}
