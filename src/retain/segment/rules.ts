import { z } from 'zod'
import { segmentFault } from './errors.ts'
import type { FactSource, SegmentField } from './fact-source.ts'

/**
 * Rules of a segment (人群规则) as data: conditions joined by all, any, not. What a condition may ask is the list of fields; nothing in a rule is ever
 * put into SQL as text, values are parameters.
 */
export type Rule = { all: Rule[] } | { any: Rule[] } | { not: Rule } | Condition
export type Condition = { field: string; op: Operator; value?: string | number | boolean | string[] }

/**
 * is, is-not: equality; for a set: contains, lacks. at-least, at-most: numbers. within-days, older-days: instants, counted back from the question;
 * `older-days` holds for what never happened too. known, unknown: has a value or not.
 */
export const operators = ['is', 'is-not', 'any-of', 'at-least', 'at-most', 'within-days', 'older-days', 'known', 'unknown'] as const
export type Operator = (typeof operators)[number]

const condition = z.strictObject({ field: z.string().max(60), op: z.enum(operators), value: z.union([z.string().max(200), z.number(), z.boolean(), z.array(z.string().max(200)).max(200)]).optional() })
export const ruleSchema: z.ZodType<Rule> = z.lazy(() => z.union([
  z.strictObject({ all: z.array(ruleSchema).max(30) }), z.strictObject({ any: z.array(ruleSchema).min(1).max(30) }), z.strictObject({ not: ruleSchema }), condition,
]))

/** `and`: ` and <condition>`, to be put behind another condition. */
export type Compiled = { and: string; params: unknown[] }

const allowed: Record<SegmentField['type'], readonly Operator[]> = {
  number: ['is', 'is-not', 'at-least', 'at-most', 'known', 'unknown'],
  instant: ['within-days', 'older-days', 'known', 'unknown'],
  text: ['is', 'is-not', 'any-of', 'known', 'unknown'],
  boolean: ['is'],
  set: ['is', 'is-not', 'any-of', 'known', 'unknown'],
}

export function fieldsOf(sources: readonly FactSource[]): Map<string, SegmentField> {
  return new Map(sources.flatMap((source) => source.fields.map((field) => [field.key, field] as const)))
}

/**
 * A condition on `p.person_id`, in a statement whose `$1` is the tenant and `$2` the instant of the question.
 * @param first number of the first free parameter, 3 or more.
 */
export function compileRule(rule: Rule, fields: ReadonlyMap<string, SegmentField>, first: number): Compiled {
  const params: unknown[] = []
  const param = (value: unknown): string => `$${first + params.push(value) - 1}`
  const walk = (node: Rule): string => {
    if ('all' in node) return node.all.length === 0 ? 'true' : `(${node.all.map(walk).join(' and ')})`
    if ('any' in node) return `(${node.any.map(walk).join(' or ')})`
    if ('not' in node) return `not (${walk(node.not)})`
    return conditionSql(node)
  }
  const conditionSql = (node: Condition): string => {
    const field = fields.get(node.field)
    if (!field) throw segmentFault('segment/no-field', { field: node.field })
    const fits = allowed[field.type].includes(node.op)
    if (!fits) throw segmentFault('segment/no-operator', { field: node.field, op: node.op, expected: allowed[field.type].join(', ') })
    const sql = `(${field.sql.replaceAll(/\bp\.tenant_id\b/g, '$$1').replaceAll(':now', '$$2::bigint')})`
    const bad = (expected: string): never => {
      throw segmentFault('segment/bad-value', { field: node.field, found: JSON.stringify(node.value ?? null), expected })
    }
    const number = (): number => (typeof node.value === 'number' && Number.isFinite(node.value) ? node.value : bad('a number'))
    const text = (): string => (typeof node.value === 'string' ? node.value : bad('a text'))
    const list = (): string[] => (Array.isArray(node.value) && node.value.length > 0 ? node.value : bad('a list of texts'))
    if (node.op === 'known') return field.type === 'set' ? `cardinality(coalesce(${sql}, '{}')) > 0` : `${sql} is not null`
    if (node.op === 'unknown') return field.type === 'set' ? `cardinality(coalesce(${sql}, '{}')) = 0` : `${sql} is null`
    switch (field.type) {
      case 'number':
        if (node.op === 'is') return `coalesce(${sql} = ${param(number())}::numeric, false)`
        if (node.op === 'is-not') return `coalesce(${sql} <> ${param(number())}::numeric, true)`
        return `coalesce(${sql} ${node.op === 'at-least' ? '>=' : '<='} ${param(number())}::numeric, false)`
      case 'instant': {
        const since = `$2::bigint - ${param(Math.round(number() * 86_400_000))}::bigint`
        return node.op === 'within-days' ? `coalesce(${sql} >= ${since}, false)` : `coalesce(${sql} < ${since}, true)`
      }
      case 'text':
        if (node.op === 'any-of') return `coalesce(${sql} = any(${param(list())}::text[]), false)`
        return node.op === 'is' ? `coalesce(${sql} = ${param(text())}::text, false)` : `coalesce(${sql} <> ${param(text())}::text, true)`
      case 'boolean': {
        if (typeof node.value !== 'boolean') bad('true or false')
        return `coalesce(${sql}, false) = ${param(node.value)}::boolean`
      }
      case 'set':
        if (node.op === 'any-of') return `coalesce(${sql} && ${param(list())}::text[], false)`
        // Through coalesce: `= any((select …))` would be read as a comparison with each row.
        return `${node.op === 'is' ? '' : 'not '}(${param(text())}::text = any(coalesce(${sql}, '{}'::text[])))`
    }
  }
  return { and: ` and ${walk(rule)}`, params }
}
