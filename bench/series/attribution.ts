import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { creditByRule, markovCredit, pathsFromLists, shapleyCredit } from '../../src/math/attribution/index.ts'
import { ratioPanel, type SeriesOf } from '../plot-report.ts'
import type { Panel } from '../plot.ts'

const file = new URL('../../../shared/data/path_data/path_data.csv.gz', import.meta.url)

/** The same conversions shared out by five models: what choosing a model decides. */
function sideBySide(): Panel {
  const names: string[] = []
  const lists = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n').slice(1).map((line) => {
    const [path, conversions, value, nulls] = line.trim().split(',')
    return {
      conversions: Number(conversions), value: Number(value), nulls: Number(nulls),
      path: path.replaceAll('"', '').split(' > ').map((name) => {
        if (!names.includes(name)) names.push(name)
        return names.indexOf(name)
      }),
    }
  })
  const paths = pathsFromLists(names.length, lists)
  const models = { 'first touch': creditByRule(paths, 'first'), 'last touch': creditByRule(paths, 'last'), linear: creditByRule(paths, 'linear'), 'Markov 1, exact': markovCredit(paths), Shapley: shapleyCredit(paths) }
  const order = names.map((_, channel) => channel).sort((a, b) => models.linear.conversions[b] - models.linear.conversions[a]).filter((channel) => models.linear.conversions[channel] >= 100)
  return {
    kind: 'rows', style: 'bars', title: 'Attribution: 19,785 conversions shared out by five models', note: 'PathData; channels with at least 100 conversions. Every model’s credits add up to all conversions; only a holdout says which were caused.', names: Object.keys(models), axis: { label: 'conversions', from: 0 },
    rows: order.map((channel) => ({ label: names[channel], marks: Object.values(models).map((credit) => ({ value: credit.conversions[channel] })) })),
  }
}

export const series: SeriesOf = (report) => [...(existsSync(file) ? [sideBySide()] : []), ratioPanel(report, 'Attribution: times as fast as DuckDB')]
