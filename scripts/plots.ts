/**
 * The plots that docs/instruments shows, drawn from the figures in bench/results.
 *
 *   npx tsx scripts/plots.ts [bench …]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchReport } from '../bench/harness.ts'
import { drawReport } from '../bench/plot-report.ts'

const root = join(import.meta.dirname, '..')
const shown = ['touch', 'plan', 'evidence', 'lifetime', 'uplift', 'attribution', 'moderation', 'disclosure']
const folder = join(root, 'docs/instruments/plots')
mkdirSync(folder, { recursive: true })
for (const name of process.argv.length > 2 ? process.argv.slice(2) : shown) {
  const file = join(root, `bench/results/${name}.json`)
  if (!existsSync(file)) {
    console.log(`${name}: no figures yet; run npm run -s qz -- bench ${name} --json > bench/results/${name}.json`)
    continue
  }
  const svg = await drawReport(JSON.parse(readFileSync(file, 'utf8')) as BenchReport, 1)
  writeFileSync(join(folder, `${name}.svg`), svg)
  console.log(`docs/instruments/plots/${name}.svg: ${svg.length} bytes`)
}
