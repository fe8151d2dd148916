import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, day, makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { compileRule, countSegment, fieldsOf, houseFacts, listSegment, ruleSchema, type FactSource, type Rule } from './index.ts'

const even: FactSource = { name: 'test', fields: [{ key: 'test.mark', zh: '标记', en: 'mark', type: 'text', sql: `select case when :now > 0 and p.tenant_id > 0 and right(p.person_id::text, 1) in ('0', '2', '4', '6', '8', 'a', 'c', 'e') then 'even' end` }] }
const fields = fieldsOf([houseFacts, even])
const not = (rule: Rule): Rule => ({ not: rule })

describe('rules of a segment', () => {
  test('values are parameters, never text of the statement', () => {
    const { and, params } = compileRule({ field: 'contact.code', op: 'is', value: `x'); drop table contact; --` }, fields, 5)
    expect(and).not.toContain('drop')
    expect(params).toEqual([`x'); drop table contact; --`])
  })
  test.each([
    ['an unknown field', { field: 'nobody.knows', op: 'is', value: 1 }, 'segment/no-field'],
    ['an operator that does not fit', { field: 'orders.count', op: 'within-days', value: 1 }, 'segment/no-operator'],
    ['a value of the wrong kind', { field: 'orders.count', op: 'at-least', value: 'many' }, 'segment/bad-value'],
  ] as Array<[string, Rule, string]>)('%s is refused by name', (_what, rule, code) => {
    expect(() => compileRule(rule, fields, 3)).toThrow(expect.objectContaining({ code }))
  })
  test('what is no rule is not taken', () => {
    for (const bad of [{ all: 1 }, { any: [] }, { field: 'x' }, { field: 'x', op: 'like', value: 1 }, { all: [], any: [] }]) expect(ruleSchema.safeParse(bad).success, JSON.stringify(bad)).toBe(false)
    expect(ruleSchema.safeParse({ all: [{ field: 'x', op: 'is', value: 1 }, { not: { any: [{ field: 'y', op: 'known' }] } }] }).success).toBe(true)
  })
})

describe('segments in the book', () => {
  let t: TestDb
  let tenantId: number
  let people: string[]
  const names = ['wm-a', 'wm-b', 'wm-c', 'wm-d']
  const choose = async (rule: Rule): Promise<string[]> => (await t.app(tenantId, (tx) => listSegment(tx, tenantId, rule, fields, start))).map((id) => names[people.indexOf(id)]).sort()

  beforeAll(async () => {
    t = await openTestDb()
    tenantId = await makeTenant(t, 'segments')
    people = (await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, names.map((value) => ({ local: { kind: 'external_userid' as const, scope: 'corp', value }, seenAt: start, evidence: 'test' })), testWork(tenantId, start, 'people').ids))).personIds
    const own = (sql: string, params: unknown[]) => t.owner.query(sql, params)
    for (const [n, name] of names.entries()) {
      await own(`insert into contact (tenant_id, corp_id, external_userid, connection_id, kind, has_unionid, first_seen_at, read_at) values ($1, 'corp', $2, $3, 1, false, $4, $4)`, [tenantId, name, connectionA, start])
      // a: young, of a code; b: old; c: lost; d: back again.
      await own(`insert into follow (tenant_id, corp_id, external_userid, staff, followed_at, half, add_way, state, lost_at, lost_by) values ($1, 'corp', $2, $3, $4, false, 1, $5, $6, $7)`,
        [tenantId, name, n === 1 ? 'li' : 'wang', start - [2, 60, 60, 1][n] * day, n === 0 ? 's-1' : '', n >= 2 ? start - 10 * day : null, n >= 2 ? 'contact' : null])
    }
    await own(`insert into follow_tag (tenant_id, corp_id, external_userid, staff, tag_id) values ($1, 'corp', 'wm-b', 'li', 'et-1')`, [tenantId])
    await own(
      `insert into shop_order (tenant_id, shelf, order_id, person_id, buyer_unknown, status, placed_at, paid_at, goods_fen, freight_fen, discount_fen, paid_fen, refunded_fen, source, lines_digest, version, updated_at)
       values ($1, 'shop', 'o-1', $2, false, 'completed', $3, $3, 5000, 0, 0, 5000, 1000, '{}', '', 1, $3)`, [tenantId, people[1], start - 40 * day])
  })
  afterAll(() => t.close())

  test.each([
    ['everybody', { all: [] }, ['wm-a', 'wm-b', 'wm-c', 'wm-d']],
    ['friends', { field: 'contact.active', op: 'is', value: true }, ['wm-a', 'wm-b', 'wm-d']],
    ['who is lost', { field: 'contact.active', op: 'is', value: false }, ['wm-c']],
    ['friends since a week', { field: 'contact.since', op: 'within-days', value: 7 }, ['wm-a', 'wm-d']],
    ['the opposite holds for those who are no friends too', { field: 'contact.since', op: 'older-days', value: 7 }, ['wm-b', 'wm-c']],
    ['by code', { field: 'contact.code', op: 'is', value: 's-1' }, ['wm-a']],
    ['not by code', { field: 'contact.code', op: 'is-not', value: 's-1' }, ['wm-b', 'wm-c', 'wm-d']],
    ['with a code at all', { field: 'contact.code', op: 'known' }, ['wm-a']],
    ['of a member', { field: 'contact.staff', op: 'any-of', value: ['li', 'zhao'] }, ['wm-b']],
    ['with a tag', { field: 'contact.tag', op: 'is', value: 'et-1' }, ['wm-b']],
    ['who has bought', { field: 'orders.count', op: 'at-least', value: 1 }, ['wm-b']],
    ['who has not', { field: 'orders.count', op: 'is', value: 0 }, ['wm-a', 'wm-c', 'wm-d']],
    ['net of refunds', { field: 'orders.net-fen', op: 'is', value: 4000 }, ['wm-b']],
    ['last bought long ago or never', { field: 'orders.last', op: 'older-days', value: 30 }, ['wm-a', 'wm-b', 'wm-c', 'wm-d']],
    ['never bought', { field: 'orders.last', op: 'unknown' }, ['wm-a', 'wm-c', 'wm-d']],
    ['nothing sent lately', { field: 'messages.count-28d', op: 'at-most', value: 0 }, ['wm-a', 'wm-b', 'wm-c', 'wm-d']],
    ['no feathers', { field: 'points.balance', op: 'unknown' }, ['wm-a', 'wm-b', 'wm-c', 'wm-d']],
    ['both', { all: [{ field: 'contact.active', op: 'is', value: true }, { field: 'contact.staff', op: 'is', value: 'wang' }] }, ['wm-a', 'wm-d']],
    ['either', { any: [{ field: 'contact.code', op: 'is', value: 's-1' }, { field: 'contact.tag', op: 'is', value: 'et-1' }] }, ['wm-a', 'wm-b']],
  ] as Array<[string, Rule, string[]]>)('%s', async (_what, rule, expected) => {
    expect(await choose(rule)).toEqual(expected)
    expect(await choose(not(rule))).toEqual(names.filter((name) => !expected.includes(name))) // control: the opposite is everybody else
    expect(await t.app(tenantId, (tx) => countSegment(tx, tenantId, rule, fields, start))).toBe(expected.length)
  })

  test('orders booked before a merge count for the person who is kept', async () => {
    const rule: Rule = { field: 'orders.count', op: 'is', value: 1 }
    const [gone] = (await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, [{ unionid: 'u-gone', seenAt: start, evidence: 'test' }], testWork(tenantId, start + day, 'gone').ids))).personIds
    await t.owner.query(`update shop_order set person_id = $2 where tenant_id = $1`, [tenantId, gone])
    expect(await choose(rule)).toEqual([])
    await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, [{ unionid: 'u-gone', local: { kind: 'external_userid', scope: 'corp', value: 'wm-b' }, seenAt: start, evidence: 'test' }], testWork(tenantId, start, 'join').ids))
    expect(await choose(rule)).toEqual(['wm-b'])
  })

  test('fields of another stage are asked like the house\'s own', async () => {
    const expected = names.filter((_, n) => parseInt(people[n].at(-1)!, 16) % 2 === 0)
    expect(await choose({ field: 'test.mark', op: 'is', value: 'even' })).toEqual(expected)
  })

  test('a choice among some people stays among them', async () => {
    expect(await t.app(tenantId, (tx) => listSegment(tx, tenantId, { field: 'contact.active', op: 'is', value: true }, fields, start, { among: [people[0], people[2]] }))).toEqual([people[0]])
  })

  test('another merchant chooses from nobody', async () => {
    const other = await makeTenant(t, 'segments-other')
    expect(await t.app(other, (tx) => countSegment(tx, tenantId, { all: [] }, fields, start))).toBe(0)
  })
})
