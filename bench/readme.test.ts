import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { benchReadme, goals, judge, readReports } from '../scripts/gen-bench-readme.ts'
import type { BenchReport } from './harness.ts'

const reports = readReports()

describe('the page of the benches', () => {
  it('is fresh against the results as last printed (else: npm run gen)', () => {
    expect(readFileSync(join(import.meta.dirname, 'README.md'), 'utf8') === benchReadme(reports)).toBe(true)
  })

  it('would be stale if one figure changed', () => {
    const [name, report] = [...reports][0]
    const changed: BenchReport = { ...report, rows: report.rows.map((row, index) => (index === 0 ? { ...row, own: 123.5 } : row)) }
    expect(benchReadme(new Map([...reports, [name, changed]]))).not.toBe(benchReadme(reports))
  })

  it('holds results only of benches that exist, in the shape of a report, with every answer equal to its anchor’s', () => {
    const names = readdirSync(join(import.meta.dirname, 'speed')).map((file) => file.replace(/\.ts$/, ''))
    for (const [name, report] of [...reports].filter(([one]) => !one.startsWith('simulate-'))) {
      expect(names).toContain(name)
      expect(report.bench).toBe(name)
      expect(['default', 'large', 'fresh']).toContain(report.size)
      expect(report.rows.length).toBeGreaterThan(0)
      expect(report.rows.filter((row) => !row.agrees).map((row) => row.case)).toEqual([])
    }
  })

  it('says what to try next for every goal that is not reached, and calls a missed goal missed', () => {
    const text = benchReadme(reports)
    for (const { goal, found } of judge(reports)) {
      expect(goal.next.length).toBeGreaterThan(0)
      expect(text.includes(`- **${goal.area}: ${goal.goal}**`)).toBe(found?.met !== true)
    }
    const slow: BenchReport = { bench: 'touch', size: 'default', peakRssMb: 1, skipped: [], rows: [{ case: 'memory', own: 7, anchor: 'published', anchorValue: null, unit: 'bytes/touch', ratio: null, agrees: true }] }
    expect(judge(new Map([['touch', slow]])).find(({ goal }) => goal.goal.startsWith('≤ 6 bytes'))!.found).toEqual({ value: '7 bytes', met: false })
  })

  it('finds the row of every goal whose bench was printed and which can be measured', () => {
    const unmeasurable = /1 bn|10 M variables|Hyperscan|fresh clone/
    const lost = judge(reports).filter(({ goal, found }) => found === undefined && reports.has(goal.bench) && !unmeasurable.test(goal.goal)).map(({ goal }) => goal.goal)
    expect(lost).toEqual([])
    expect(goals.length).toBeGreaterThan(30)
  })
})
