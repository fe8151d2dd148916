import { createPlanner, type PlanProblem } from '../../src/math/planner/index.ts'
import { matchingInstance } from '../instances/matching.ts'
import { ratioPanel, type SeriesOf } from '../plot-report.ts'
import type { Line, Point } from '../plot.ts'
import { weekInstance } from '../speed/plan.ts'

/** The certified gap as the work goes on: what stopping early costs. Work is counted in candidates visited, so the curve is the same everywhere. */
function gapOverWork(name: string, problem: PlanProblem, units: number, most: number): Line {
  const planner = createPlanner(problem, { explain: false })
  const points: Point[] = []
  for (let done = false; !done && points.length < 60 && (points.at(-1)?.x ?? 0) < most; units *= 1.15) {
    done = planner.step(units)
    const { gap, work, status } = planner.plan()
    if (status === 'searching' || !Number.isFinite(gap)) continue
    points.push({ x: work / problem.person.length, y: Math.max(1e-6, gap) })
    if (gap <= 1e-6) break
  }
  return { name: `${name}, ${problem.person.length.toLocaleString('en')} candidates`, points }
}

export const series: SeriesOf = (report, seed) => [
  {
    kind: 'lines', title: 'Planner: the certified gap over the work done', note: 'Gap of the plan in hand to a bound that no plan can pass. It may be stopped at any point. A gap of 0 is drawn at 0.0001%; the end of a line is a proven optimum or the end of the search.',
    x: { label: 'visits per candidate', log: true }, y: { label: 'certified gap', log: true, percent: true, from: 1e-6, to: 1 },
    lines: [
      gapOverWork('a week of 300 contacts', weekInstance(300, 3, seed), 500, 1e9), gapOverWork('a week of 2,000 contacts', weekInstance(2000, 10, seed), 3000, 1e9),
      gapOverWork('matching S, 100 rows', matchingInstance('S'), 60_000, 2000),
    ],
  },
  ratioPanel(report, 'Planner: times as fast as its anchor'),
]
