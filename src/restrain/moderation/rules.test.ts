import { describe, expect, test } from 'vitest'
import { createNormaliser } from '../../math/text/index.ts'
import { builtInConvention } from './convention.ts'
import { builtInRules, categories, type Sample } from './rules.ts'
import { createScanner, type ScannedPiece } from './scan.ts'

const scanner = createScanner(builtInConvention, { normaliser: createNormaliser() })
const reader = '01990000-0000-7000-8000-000000000001'
const pieceOf = (sample: Sample): ScannedPiece => ({ kind: sample.kind ?? 'comment', title: sample.title ?? '', text: sample.text, links: sample.links ?? [], media: [], readerId: reader })

describe('the 55 rules', () => {
  test('there are nine categories with 13, 8, 8, 7, 3, 4, 3, 5 and 4 rules, numbered through', () => {
    expect(builtInRules).toHaveLength(55)
    expect(categories.map(({ category }) => builtInRules.filter((rule) => rule.category === category).length)).toEqual([13, 8, 8, 7, 3, 4, 3, 5, 4])
    for (const { category } of categories) expect(builtInRules.filter((rule) => rule.category === category).map((rule) => rule.id)).toEqual(builtInRules.filter((rule) => rule.category === category).map((_, n) => `${category}.${n + 1}`))
  })
  test('what the law forbids is held for two people, with the evidence kept for the authority', () => {
    for (const rule of builtInRules.filter((one) => one.category === 1)) expect([rule.machine, rule.decides, rule.route]).toEqual(['hold', 'human', 'authority'])
  })
  test.each(builtInRules.map((rule) => [rule.id, rule.zh, rule] as const))('%s %s: its example leads where the row says, its harmless twin passes', (_id, _zh, rule) => {
    const found = scanner.scan(pieceOf(rule.example), rule.example.facts)
    expect([found.outcome, found.rule?.id ?? null]).toEqual([rule.machine, rule.machine === 'pass' ? null : rule.id])
    for (const one of found.evidence) if (one.where === 'text' || one.where === 'title') expect((one.where === 'title' ? rule.example.title! : rule.example.text).slice(one.from, one.to)).toContain(one.found.slice(0, 5))
    expect(scanner.scan(pieceOf(rule.twin), rule.twin.facts)).toMatchObject({ outcome: 'pass', findings: [] })
  })
})
