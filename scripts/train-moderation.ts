/**
 * What `qz train moderation` and `qz bench moderation` read: the COLD data set, and where the model made from it lies.
 *
 * COLD (Deng et al., EMNLP 2022) is Apache-2.0, which allows derived models; its texts are never shipped. The same data and seed give the same bytes.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'

export const coldFolder = fileURLToPath(new URL('../../shared/data/cold/', import.meta.url))
export const modelFile = fileURLToPath(new URL('../src/math/text/models/offence-cold.bin', import.meta.url))
export const coldSeed = 20221207
export const coldSource = 'COLD (thu-coai/COLDataset, Apache-2.0), train and dev parts; Deng et al., EMNLP 2022, 2022.emnlp-main.796'

/** What the shipped model learns from: the train part, and the dev part where it is there. The dev part served every choice before; the test part is never read for training. */
export function trainingPart(folder: string): Labelled {
  const parts = (['train', 'dev'] as const).filter(part => existsSync(`${folder}/${part}.csv.gz`)).map(part => readCold(folder, part))
  return { texts: parts.flatMap(part => part.texts), labels: parts.flatMap(part => part.labels), topics: parts.flatMap(part => part.topics) }
}

export type Labelled = { texts: string[]; labels: number[]; topics: string[] }
export function readCold(folder: string, part: 'train' | 'dev' | 'test'): Labelled {
  const rows = parse(gunzipSync(readFileSync(`${folder}/${part}.csv.gz`)), { columns: true, bom: true, relax_quotes: true }) as Array<Record<string, string>>
  return { texts: rows.map(row => row.TEXT), labels: rows.map(row => Number(row.label)), topics: rows.map(row => row.topic) }
}
