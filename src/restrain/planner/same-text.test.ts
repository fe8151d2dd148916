import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectionA, day, makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { broadcastsSaying, changeBroadcast, insertBroadcast } from '../../retain/broadcast/index.ts'
import { fieldsOf, houseFacts, type Rule } from '../../retain/segment/index.ts'
import { personId, plantShop } from '../experiment/fixtures/shop.ts'
import { plannedWithText, saidTwice, type SaidElsewhere } from './same-text.ts'
import { changePlan, insertCampaign, insertPlan, latestPlan, markRows, type CampaignRow, type PlanHead } from './store.ts'

let t: TestDb
let tenantId: number
const fields = fieldsOf([houseFacts])
const ids = { plan: '', tea: '', other: '' }
const everybody: Rule = { field: 'contact.active', op: 'is', value: true }
const people = Array.from({ length: 20 }, (_, n) => personId(n))
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'same-text')
  await plantShop(t, tenantId, 20)
  const next = testWork(tenantId, start, 'same text').ids
  Object.assign(ids, { plan: next.next(), tea: next.next(), other: next.next() })
  const campaign = (campaignId: string, name: string, text: string): CampaignRow => ({ campaignId, name, messageKind: 'news', segments: [], lift: 1, content: { text }, fromAt: start, untilAt: start + 14 * day, createdAt: start, createdBy: 'test' })
  const summary = { persons: 0, messages: 0, left: 0, valueFen: 0, lowFen: 0, highFen: 0, learningFen: 0, couldAddFen: 0, proven: true, known: false, staff: 1, limits: [], reasons: [] }
  const plan: PlanHead = { planId: ids.plan, weekStart: start, weekEnd: start + 7 * day, madeAt: start, status: 'draft', summary, approvedAt: null, approvedBy: null, heldUntil: null, finishedAt: null }
  await t.app(tenantId, async (tx) => {
    await insertCampaign(tx, tenantId, campaign(ids.tea, '新茶', '今年的新茶到了'))
    await insertCampaign(tx, tenantId, campaign(ids.other, '九折', '老客九折'))
    // The first eight hear of the tea, the next four of the discount, the rest nothing.
    await insertPlan(tx, tenantId, plan, people.map((person, n) => ({
      personId: person, corpId: 'corp', staff: 'wang', campaignId: n < 8 ? ids.tea : n < 12 ? ids.other : null, chosen: n < 12, segment: 0, dose: 1, valueFen: 1, pressure: 0, offsetDays: 0, reason: n < 12 ? 'value' : 'no-value', detail: {}, clearAt: null,
    }) as never))
  })
})
afterAll(() => t.close())

const planned = (text: string, who: readonly string[]) => t.app(tenantId, (tx) => plannedWithText(tx, tenantId, text, who))
const elsewhere: SaidElsewhere = (tx, tenant, texts) => broadcastsSaying(tx, tenant, texts, fields, start)
const twice = () => t.app(tenantId, async (tx) => saidTwice(tx, tenantId, (await latestPlan(tx, tenantId))!, elsewhere))

test('the composer learns how many of its people hear the same words from the plan; white space does not matter, other words do (control)', async () => {
  expect(await planned('今年的 新茶到了\n', people)).toEqual([{ campaignId: ids.tea, campaign: '新茶', people: 8 }])
  expect(await planned('今年的新茶到了', people.slice(5, 15))).toMatchObject([{ people: 3 }])
  expect(await planned('今年的新茶到了', people.slice(12))).toEqual([])
  expect(await planned('今年的新茶还没到', people)).toEqual([])
  expect(await planned(' ', people)).toEqual([])
})

test('the plan names the broadcast that says the same, as long as either still has somebody to reach', async () => {
  expect(await twice()).toEqual([])
  const broadcastId = testWork(tenantId, start, 'broadcast').ids.next()
  await t.app(tenantId, (tx) => insertBroadcast(tx, tenantId, {
    broadcastId, connectionId: connectionA, corpId: 'corp', name: '周二的新茶', messageKind: 'news', rules: everybody, content: { text: '今年的新茶到了' }, status: 'draft', createdAt: start, createdBy: 'test', approvedAt: null, approvedBy: null, heldUntil: null, closedAt: null,
  }))
  expect(await twice()).toEqual([{ campaignId: ids.tea, campaign: '新茶', people: 8, broadcastId, broadcast: '周二的新茶', status: 'draft' }])
  await t.app(tenantId, (tx) => markRows(tx, tenantId, ids.plan, [1, 2], 'removed'))
  expect(await twice()).toMatchObject([{ people: 6 }])
  await t.app(tenantId, (tx) => changeBroadcast(tx, tenantId, broadcastId, { status: 'cancelled' }))
  expect(await twice()).toEqual([])
  await t.app(tenantId, (tx) => changeBroadcast(tx, tenantId, broadcastId, { status: 'held' }))
  await t.app(tenantId, (tx) => changePlan(tx, tenantId, ids.plan, { status: 'undone' }))
  expect(await twice()).toEqual([])
})
