import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { calibrationError, createClassifier, scores, train as trainModel } from '../math/text/index.ts'
import { defineErrors } from '../kernel/errors.ts'
import { packageRoot } from '../root.ts'
import { cliFault } from './control.ts'
import { report } from './output.ts'

export const trainFault = defineErrors({
  'train/no-data': {
    status: 400, zh: '没有训练数据：找不到 {file}。COLD 数据集（thu-coai/COLDataset，Apache-2.0）不随本仓库分发；取来后压成 train.csv.gz、dev.csv.gz、test.csv.gz（列 topic,label,TEXT），用 --data 指出文件夹。',
    en: 'no data to train on: {file} was not found. The data set COLD (thu-coai/COLDataset, Apache-2.0) is not part of this repository; fetch it, gzip its parts as train.csv.gz, dev.csv.gz and test.csv.gz (with columns topic, label, TEXT), and name their folder with --data',
  },
})

/** `qz train moderation`: the model file from its data. The same data, seed and number of features give the same bytes; the SHA-256 says so. */
export async function train(what: string, options: { out?: string; data?: string; features: string; json?: boolean }): Promise<void> {
  if (what !== 'moderation') throw cliFault('cli/unknown', { what, known: 'moderation' })
  // Loaded from its file at run time: the reader of the data set is a script, not a part of the program.
  const { coldFolder, coldSeed, coldSource, modelFile, readCold, trainingPart } = (await import(join(packageRoot, 'scripts/train-moderation.ts'))) as typeof import('../../scripts/train-moderation.ts')
  const data = resolve(options.data ?? coldFolder)
  const file = join(data, 'train.csv.gz')
  if (!existsSync(file)) throw trainFault('train/no-data', { file })
  const features = Number(options.features)
  if (!Number.isSafeInteger(features) || features < 100) throw cliFault('cli/unknown', { what: `--features ${options.features}`, known: 'a whole number from 100' })
  const part = trainingPart(data)
  const bytes = trainModel(part.texts, part.labels, coldSeed, { features, source: coldSource })
  const out = resolve(options.out ?? modelFile)
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const model = createClassifier(bytes)
  const held = (['test'] as const).filter((name) => existsSync(join(data, `${name}.csv.gz`))).map((name) => {
    const { texts, labels } = readCold(data, name)
    const found = texts.map(model.probability)
    const { accuracy, macroF1 } = scores(found, labels)
    return { part: name, texts: texts.length, accuracy, macroF1, calibrationError: calibrationError(found, labels) }
  })
  report(options.json, { out, sha256, bytes: bytes.length, ngrams: model.features, texts: part.texts.length, seed: coldSeed, source: coldSource, heldOut: model.heldOut, held }, [
    `${out}: ${bytes.length} bytes, ${model.features} n-grams from ${part.texts.length} texts`,
    `sha256 ${sha256}`,
    `held out in training: macro-F1 ${(model.heldOut.macroF1 * 100).toFixed(2)}, calibration error ${model.heldOut.calibrationError.toFixed(3)}`,
    ...held.map((one) => `COLD ${one.part}: accuracy ${(one.accuracy * 100).toFixed(2)}, macro-F1 ${(one.macroF1 * 100).toFixed(2)}, calibration error ${one.calibrationError.toFixed(3)}`),
  ])
}
