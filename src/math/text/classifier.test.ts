import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calibrationError, createClassifier, createNormaliser, createSyllables, estimateBaseRate, makeDodger, scores, train } from './index.ts'
import { readText } from './features.ts'
import { createParts } from './parts.ts'
import { platt } from './train.ts'

const shared = { normaliser: createNormaliser(), syllables: createSyllables() }
// Texts made up here: a complaint is fine, an insult is not.
const fine = ['这家店的水果很新鲜', '物流有点慢但是客服态度不错', '包装破了希望下次注意', '孩子很喜欢这个味道', '价格合适还会再来', '收到的衣服颜色和图片一样']
const rude = ['你们这群骗子滚开', '没脑子的废物才买', '店主就是个蠢货', '滚远点别来恶心人', '垃圾人卖垃圾东西', '一群蠢货和骗子']
const tails = ['', '，今天', '，真的', '，朋友说', '，昨天', '，第二次', '，我觉得', '，上周', '，家里人', '，晚上']
const texts = [...fine, ...rude].flatMap(text => tails.map(tail => text + tail))
const labels = [...fine.map(() => 0), ...rude.map(() => 1)].flatMap(label => tails.map(() => label))
const bytes = train(texts, labels, 7, { minTexts: 2, source: 'made up' })
const classifier = createClassifier(bytes, shared)

describe('training', () => {
  test('the same texts, labels and seed give the same bytes; another seed may not', () => {
    expect(train(texts, labels, 7, { minTexts: 2, source: 'made up' })).toEqual(bytes)
    expect(train(texts, labels, 8, { minTexts: 2, source: 'made up' })).not.toEqual(bytes)
  })
  test('a bad row is named', () => {
    expect(() => train(['a'], [], 1)).toThrow('1 texts but 0 labels')
    expect(() => train(texts, labels.map((label, i) => i === 3 ? 2 : label), 1)).toThrow('labels[3] is 2')
    expect(() => train(texts, labels.map(() => 1), 1)).toThrow('0 texts have label 0')
    expect(() => train(texts, labels, 1, { cost: 0 })).toThrow('cost is 0')
    expect(() => train(texts, labels, 1, { power: 2 })).toThrow('power is 2')
  })
  test('a file that is cut, changed at its mark or too long is refused', () => {
    expect(() => createClassifier(bytes.subarray(0, bytes.length - 3), shared)).toThrow('cannot read the moderation model')
    expect(() => createClassifier(Uint8Array.from([...bytes, 0]), shared)).toThrow('left over')
    expect(() => createClassifier(bytes.map((byte, i) => i === 0 ? byte ^ 1 : byte), shared)).toThrow('mark of a model')
    expect(() => createClassifier(new Uint8Array(3), shared)).toThrow('3 bytes')
  })
  test('the calibration finds a known slope and offset again', () => {
    // 4,001 margins, labels as expected shares: at margin m a share of 1/(1+exp(−(2m−1))) has label 1.
    const margins: number[] = []
    const known: number[] = []
    for (let i = -20; i <= 20; i++) for (let j = 0; j < 1000; j++) {
      margins.push(i / 10)
      known.push((j + 0.5) / 1000 < 1 / (1 + Math.exp(-(2 * i / 10 - 1))) ? 1 : 0)
    }
    const ones = known.filter(label => label === 1).length
    const { slope, offset } = platt(margins, known, [known.length - ones, ones])
    expect(slope).toBeCloseTo(2, 2)
    expect(offset).toBeCloseTo(-1, 2)
  })
})

describe('classifying', () => {
  test('separates what it learned and says why', () => {
    const verdict = classifier.classify('店主是骗子')
    expect(verdict.probability).toBeGreaterThan(0.5)
    expect(classifier.classify('水果新鲜').probability).toBeLessThan(0.5)
    expect(verdict.why.some(reason => reason.weight > 0 && '店主是骗子'.slice(reason.start, reason.end) === reason.ngram)).toBe(true)
  })
  test('all reasons and the intercept add up to the log-odds, and both ways of computing agree (property)', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...fine.join(''), ...rude.join(''), '😀', '，', '𝐀', 'x', '亻', '言', '女', '子', '尔', '囗', 'é'), { maxLength: 60 }), list => {
      const text = list.join('')
      const { probability, why } = classifier.classify(text, Infinity)
      const logit = classifier.intercept + why.reduce((sum, reason) => sum + reason.weight, 0)
      expect(1 / (1 + Math.exp(-logit))).toBeCloseTo(probability, 12)
      expect(classifier.probability(text)).toBeCloseTo(probability, 12)
    }))
  })
  test('a dodge that normalisation undoes changes nothing, a homophone leaves part of the reasons', () => {
    const dodge = makeDodger()
    const clean = classifier.probability('一群蠢货和骗子')
    for (const name of ['full-width', 'traditional', 'zero-width', 'symbols', 'case'] as const) expect(classifier.probability(dodge(name, '一群蠢货和骗子', 3)), name).toBeCloseTo(clean, 12)
    expect(classifier.probability(dodge('homophone', '一群蠢货和骗子', 3))).toBeGreaterThan(0.5)
  })
  test('characters written in parts are joined where a text shows that it was written so, and positions cover the parts', () => {
    const normaliser = shared.normaliser
    const parts = createParts(normaliser)
    const read = (text: string): string => {
      const { units, length } = readText(normaliser, parts, text)
      return String.fromCharCode(...units.subarray(0, length))
    }
    expect(read('亻尔女子，氵去彳亍')).toBe('你好法行')
    expect(read('扌丁人人')).toBe('打从')
    // Control: two words of their own stay two characters, and a lone radical is the look-alike it stands for.
    expect(read('女子日月')).toBe('女子日月')
    expect(read('微亻')).toBe('微信')
    const dodge = makeDodger()
    const plain = classifier.classify('店主是骗子，滚远点', Infinity)
    const split = classifier.classify(dodge('split', '店主是骗子，滚远点', 1) + '氵', Infinity)
    expect(split.why.some(reason => reason.ngram.includes('马扁'))).toBe(true)
    expect(split.probability > 0.5).toBe(plain.probability > 0.5)
  })
  test('a text written in homophones throughout says so among its reasons, and odds of 1 take no notice', () => {
    const hidden = makeDodger()('homophone', '店主就是个蠢货，一群蠢货和骗子', 2)
    const verdict = classifier.classify(hidden, Infinity)
    expect(verdict.why.find(reason => reason.by === 'disguise')).toEqual({ ngram: hidden, weight: Math.log(1.4), start: 0, end: hidden.length, by: 'disguise' })
    expect(classifier.probability(hidden)).toBeCloseTo(verdict.probability, 12)
    expect(createClassifier(bytes, { ...shared, disguiseOdds: 1 }).probability(hidden)).toBeLessThan(verdict.probability)
    // Control: the same text as it was meant hides nothing.
    expect(classifier.classify('店主就是个蠢货，一群蠢货和骗子', Infinity).why.some(reason => reason.by === 'disguise')).toBe(false)
    expect(() => createClassifier(bytes, { ...shared, disguiseOdds: 0 })).toThrow('disguiseOdds is 0')
  })
  test('a model trained with another table of sounds is refused', () => {
    const codeOf = Uint16Array.from(shared.syllables.codeOf)
    codeOf['店'.charCodeAt(0)] = codeOf['主'.charCodeAt(0)]
    expect(() => createClassifier(bytes, { normaliser: shared.normaliser, syllables: { ...shared.syllables, codeOf } })).toThrow('another table of sounds')
  })
  test('a base rate of 1% lowers the log-odds by the difference of the prior odds', () => {
    const rare = createClassifier(bytes, { ...shared, baseRate: 0.01 })
    expect(rare.intercept - classifier.intercept).toBeCloseTo(Math.log(0.01 / 0.99), 9)
    expect(() => createClassifier(bytes, { ...shared, baseRate: 1 })).toThrow('baseRate is 1')
  })
  test('the share of offending texts is found from probabilities without labels, also where it differs from training', () => {
    // Two kinds of texts, of odds 9 and 1/9 at a trained share of one half; 200 and 800 of them come from a true share of (0.2 − 0.1) / 0.8.
    const probabilities = [...Array.from({ length: 200 }, () => 0.9), ...Array.from({ length: 800 }, () => 0.1)]
    expect(estimateBaseRate(probabilities, 0.5)).toBeCloseTo(0.125, 6)
    expect(() => estimateBaseRate([], 0.5)).toThrow('no probabilities')
    expect(() => estimateBaseRate([0.5, NaN], 0.5)).toThrow('probabilities[1] is NaN')
  })
  test('scores of a known table', () => {
    expect(scores([0.9, 0.8, 0.2, 0.6], [1, 0, 0, 1])).toEqual({ accuracy: 0.75, macroF1: (0.8 + 2 / 3) / 2, precision: 2 / 3, recall: 1 })
    expect(calibrationError([0.5, 0.5], [0, 1])).toBe(0)
    expect(() => scores([], [])).toThrow('cannot score')
  })
})

const coldTest = new URL('../../../../shared/data/cold/test.csv.gz', import.meta.url)
const modelFile = new URL('./models/offence-cold.bin', import.meta.url)
describe('the model in the repository', () => {
  const model = createClassifier(readFileSync(modelFile), shared)
  test('states its source and stays under 200 kB', () => {
    expect(model.source).toContain('Apache-2.0')
    expect(readFileSync(modelFile).length).toBeLessThan(200_000)
  })
  test.skipIf(!existsSync(coldTest))('reaches its printed figures on the COLD test part (skipped where the data is not beside the repository)', () => {
    const rows = parse(gunzipSync(readFileSync(coldTest)), { columns: true, bom: true, relax_quotes: true }) as Array<Record<string, string>>
    const found = rows.map(row => model.probability(row.TEXT))
    const truth = rows.map(row => Number(row.label))
    const { accuracy, macroF1 } = scores(found, truth)
    expect(rows).toHaveLength(5323)
    expect(accuracy).toBeGreaterThan(0.8)
    expect(macroF1).toBeGreaterThan(0.795)
    // Control: with the labels turned one row further the same verdicts are no better than chance.
    expect(scores(found, [...truth.slice(1), truth[0]]).macroF1).toBeLessThan(0.6)
  })
})
