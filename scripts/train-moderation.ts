/**
 * Trains the abuse classifier from the COLD data set and writes the model file the product reads.
 *
 *   npx tsx scripts/train-moderation.ts [--data DIR] [--out FILE] [--features N]
 *
 * COLD (Deng et al., EMNLP 2022) is Apache-2.0, which allows derived models; its texts are never shipped. The same data and seed give the same bytes.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { calibrationError, createClassifier, scores, train } from '../src/math/text/index.ts'

export const coldFolder = fileURLToPath(new URL('../../shared/data/cold/', import.meta.url))
export const modelFile = fileURLToPath(new URL('../src/math/text/models/offence-cold.bin', import.meta.url))
export const coldSeed = 20221207
export const coldSource = 'COLD (thu-coai/COLDataset, Apache-2.0), train part; Deng et al., EMNLP 2022, 2022.emnlp-main.796'

export type Labelled = { texts: string[]; labels: number[]; topics: string[] }
export function readCold(folder: string, part: 'train' | 'dev' | 'test'): Labelled {
  const rows = parse(gunzipSync(readFileSync(`${folder}/${part}.csv.gz`)), { columns: true, bom: true, relax_quotes: true }) as Array<Record<string, string>>
  return { texts: rows.map(row => row.TEXT), labels: rows.map(row => Number(row.label)), topics: rows.map(row => row.topic) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { data: { type: 'string', default: coldFolder }, out: { type: 'string', default: modelFile }, features: { type: 'string', default: '60000' } } })
  if (!existsSync(`${values.data}/train.csv.gz`)) {
    console.error(`cannot train: ${values.data}/train.csv.gz is missing; give the folder of COLD with --data`)
    process.exit(1)
  }
  const part = readCold(values.data, 'train')
  const bytes = train(part.texts, part.labels, coldSeed, { features: Number(values.features), source: coldSource })
  mkdirSync(dirname(values.out), { recursive: true })
  writeFileSync(values.out, bytes)
  const { probability, features } = createClassifier(bytes)
  console.log(`${values.out}: ${bytes.length} bytes, ${features} n-grams, sha256 ${createHash('sha256').update(bytes).digest('hex')}`)
  for (const name of ['dev', 'test'] as const) {
    const held = readCold(values.data, name)
    const found = held.texts.map(probability)
    const { accuracy, macroF1 } = scores(found, held.labels)
    console.log(`COLD ${name}: accuracy ${(accuracy * 100).toFixed(2)}, macro-F1 ${(macroF1 * 100).toFixed(2)}, calibration error ${calibrationError(found, held.labels).toFixed(3)}`)
  }
}
