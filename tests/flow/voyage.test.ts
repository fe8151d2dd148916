import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/kernel/config.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { holdToRules } from '../setup/test-db.ts'
import { writeSetting } from '../../src/kernel/tenancy/index.ts'
import type { ChannelCode } from '../../src/acquire/channel-code/index.ts'
import { checkCredits, compareModels, creditsOfOrder, whole } from '../../src/acquire/attribution/index.ts'
import { contactTotals, listContacts, listLosses, oneSidedList, sendersOf, staffLoads } from '../../src/retain/contact/index.ts'
import { campaignCounts, listMessages, tasksOfCampaign } from '../../src/retain/outbound/index.ts'
import { campaignOf, holdMs } from '../../src/retain/broadcast/index.ts'
import { enrolmentCounts } from '../../src/retain/journey/index.ts'
import { balanceOf, checkPoints, pointsTotals } from '../../src/retain/points/index.ts'
import { touchesOf } from '../../src/book/touch/index.ts'

/** The chain of a small shop, from the scanned code to the repeat order and the loss, through the real protocols on both sides. */

const start = Date.parse('2026-03-10T10:00:00+08:00')
const minute = 60_000
const hour = 3_600_000
const world = 'main'

const statements = new Set<string>()
let runtime: Runtime
let tenantId: number
let corpId: string
let staff: string[]
let code: ChannelCode
let shop: string
let sku: { productId: string; skuId: string }

const app = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => runtime.house.ports.db.tx({ role: 'app', tenantId }, work)
const act = <T = Record<string, any>>(name: string, args: Record<string, unknown>): Promise<T> => runtime.emulator!.act(world, name, args) as Promise<T>
const now = (): number => runtime.emulator!.namespace(world).now
const run = (ms: number): Promise<void> => runtime.sea!.runTo(world, now() + ms)
const counts = async (campaign: string) => (await app((tx) => campaignCounts(tx, tenantId, [campaign]))).get(campaign)!
const personOf = async (externalUserId: string): Promise<string> => (await app((tx) => tx.query<{ id: string }>(`select person_id as id from v_contact where tenant_id = $1 and external_userid = $2`, [tenantId, externalUserId])))[0]?.id
const eventsNamed = (name: string) => app((tx) => tx.query<{ payload: Record<string, any> }>(`select payload from domain_event where tenant_id = $1 and name = $2 order by recorded_at, event_id`, [tenantId, name]))
/** A route as the server calls it: parsed, in one transaction of the tenant. */
async function api<T = Record<string, any>>(method: string, path: string, given: { params?: unknown; query?: unknown; body?: unknown } = {}): Promise<T> {
  const route = runtime.house.routes.find((one) => one.method === method && one.path === path)
  if (!route) throw new Error(`no route ${method} ${path}`)
  const read = (schema: typeof route.params, value: unknown): any => schema?.parse(value ?? {})
  const call = {
    tenantId, session: { userId: '', login: 'test', name: '测试', csrf: '', hasPassword: true }, role: 'owner', actor: 'test · 测试', db: runtime.house.ports.db, clock: runtime.house.context.clockOf(tenantId), ids: runtime.house.ports.ids,
    language: 'zh' as const, params: read(route.params, given.params), query: read(route.query, given.query), body: read(route.body, given.body),
  }
  const result = await app((tx) => route.handle({ ...call, tx } as never))
  runtime.house.wake(tenantId)
  return result as T
}

async function buy(person: string, count = 1): Promise<void> {
  await act('shop.runOrders', { shop, orders: [{ person, at: now() + minute, lines: [{ ...sku, count }], scene: 2, payAt: now() + 2 * minute }] })
  await run(4 * minute)
}

beforeAll(async () => {
  const { config } = readConfig({})
  runtime = await openRuntime({ config: { ...config, sea: 'on' }, log: createLog('silent'), say: () => {}, disposable: true, statementHook: (text) => void statements.add(text), anyPort: true, seaStart: start, journal: false })
  tenantId = await onboard({ house: runtime.house, emulator: runtime.emulator!, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
    slug: 'voyage', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['shop', 'contacts', 'codes', 'broadcasts', 'journeys', 'points'], lines: ['wecom', 'shop'], ownerId: undefined,
  })
  const wecom = runtime.house.connectionsOf(tenantId).find((one) => one.line === 'wecom')!
  corpId = wecom.accountId
  shop = runtime.house.connectionsOf(tenantId).find((one) => one.line === 'shop')!.accountId
  await act('shop.addProducts', { shop, products: [{ title: '白茶', outProductId: 'tea', skus: [{ outSkuId: 'tea-50', skuCode: 'TEA50', priceFen: 9_800, stock: 500 }] }] })
  const { products } = await act('shop.viewProducts', { shop })
  sku = { productId: products[0].productId, skuId: products[0].skus[0].skuId }
  await app((tx) => writeSetting(tx, tenantId, 'welcome.text', '你好，欢迎来到小满茶铺', now()))
  await run(5 * minute)
  staff = (await app((tx) => staffLoads(tx, tenantId, now()))).map((row) => row.staff)
}, 120_000)

afterAll(async () => {
  await runtime?.close()
  await holdToRules(statements)
})

describe('the first voyage', () => {
  test('the back-fill finds the members before anybody has come', () => {
    expect(staff.length).toBeGreaterThanOrEqual(2)
  })

  test('a channel code is made by the platform and becomes live', async () => {
    code = await api<ChannelCode>('POST', '/codes', { body: { name: '门店一', channel: 'store', staff: [staff[0]], welcomeText: '门店的朋友，你好' } })
    expect(code.status).toBe('making')
    await run(minute)
    code = (await api('GET', '/codes')).rows[0]
    expect(code).toMatchObject({ status: 'live', configId: expect.any(String), qrCode: expect.stringContaining('http') })
  })

  test('a code whose answer was lost is found again by its state, not made twice', async () => {
    await act('core.setFaults', { plan: { rules: [{ endpoint: 'wecom.contact_way.add', fault: 'no-answer-after', times: 1 }] } })
    const lost = await api<ChannelCode>('POST', '/codes', { body: { name: '包裹卡', channel: 'parcel', staff: [staff[1]] } })
    const statusOf = async () => (await api('GET', '/codes')).rows.find((row: ChannelCode) => row.codeId === lost.codeId).status
    await run(1_000)
    expect(await statusOf()).toBe('unknown')
    await run(2 * minute)
    await act('core.setFaults', { plan: null })
    expect(await statusOf()).toBe('live')
    expect((await api('GET', '/codes')).rows).toHaveLength(2)
  })

  test('who scans it becomes a contact of the right member, with the code, and is welcomed once within 20 seconds', async () => {
    const added = await scan('p-1', { name: '王语禾' })
    const at = now()
    await run(30_000)
    const { rows } = await app((tx) => listContacts(tx, tenantId, {}, { offset: 0, limit: 10 }))
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ externalUserId: added, hasUnionid: true, follows: [{ staff: staff[0], state: code.state, active: true }] })
    const messages = await app((tx) => listMessages(tx, tenantId, { campaign: 'welcome' }, 10))
    expect(messages).toHaveLength(1)
    expect(messages[0]).toMatchObject({ state: 'sent', purpose: 'welcome', gateId: expect.any(String) })
    expect(messages[0].sentAt! - at).toBeLessThan(20_000)
    expect((await touchesOfPerson(rows[0].personId)).map((touch) => touch.kind).sort()).toEqual(['contact.added', 'message.welcome'])
    expect((await act('wecom.arrivals', {})).arrivals.filter((one: any) => one.to === added)).toMatchObject([{ kind: 'welcome', content: { text: '门店的朋友，你好' } }])
  })

  test('an order of the same person is joined by unionid, credited to the code, and earns feathers', async () => {
    await buy('p-1')
    const [paid] = await eventsNamed('order.paid')
    const { rows } = await app((tx) => listContacts(tx, tenantId, {}, { offset: 0, limit: 10 }))
    expect(paid.payload.personId).toBe(rows[0].personId)
    const credits = await app((tx) => creditsOfOrder(tx, tenantId, 'shop', paid.payload.orderId))
    for (const model of ['first', 'last', 'linear', 'position', 'time-decay']) {
      const mine = credits.filter((one) => one.model === model)
      expect(mine.reduce((sum, one) => sum + one.billionths, 0), model).toBe(whole)
      expect(mine.reduce((sum, one) => sum + one.creditFen, 0), model).toBe(9_800)
    }
    expect(credits.find((one) => one.model === 'first')!.channel).toBe('code/store')
    expect(credits.find((one) => one.model === 'last')!.channel).toBe('shop/scene-2')
    expect(await app((tx) => balanceOf(tx, tenantId, paid.payload.personId))).toBe(98)
    const table = await app((tx) => compareModels(tx, tenantId, 0, now() + 1))
    expect(table.models.map((one) => one.model).sort()).toEqual(['first', 'last', 'linear', 'markov', 'position', 'shapley', 'time-decay'])
    for (const one of table.models) expect(one.orders, one.model).toBeCloseTo(1, 9)
  })

  test('a broadcast is held half an hour, waits for its member, and only what was really sent becomes a touch', async () => {
    for (const n of [2, 3, 4]) await scan(`p-${n}`, { name: `客人${n}` })
    await run(minute)
    const { broadcastId, people } = await api('POST', '/broadcasts', { body: { name: '新茶', messageKind: 'sell', rules: { all: [{ field: 'contact.active', op: 'is', value: true }] }, content: { text: '新茶到了' } } })
    expect(people).toBe(4)
    const campaign = campaignOf(broadcastId)
    expect(await api('POST', '/broadcasts/:broadcastId/approve', { params: { broadcastId } })).toEqual({ heldUntil: now() + holdMs })
    await expect(api('POST', '/broadcasts/:broadcastId/approve', { params: { broadcastId } })).rejects.toThrow('not possible now')
    await run(holdMs - minute)
    expect((await counts(campaign)).asked).toBe(0)
    await api('PUT', '/broadcasts/:broadcastId', { params: { broadcastId }, body: { content: { text: '新茶到了，先到先得' } } }) // still editable
    await run(2 * minute)
    expect(await counts(campaign)).toMatchObject({ asked: 4, queued: 4, sent: 0 })
    const [task] = await app((tx) => tasksOfCampaign(tx, tenantId, campaign))
    expect(task).toMatchObject({ state: 'waiting', staff: staff[0], targets: 4, content: { text: '新茶到了，先到先得' } })
    await expect(api('PUT', '/broadcasts/:broadcastId', { params: { broadcastId }, body: { name: '晚了' } })).rejects.toThrow('not possible now')
    expect(await api('POST', '/broadcasts/:broadcastId/remind', { params: { broadcastId } })).toEqual({ reminded: 1 })
    const p4 = await act('wecom.deleteByContact', { userid: staff[0], person: 'p-4' })
    await run(minute)
    await act('wecom.confirmBroadcast', { msgid: task.msgid, userid: staff[0] })
    await run(40 * minute)
    expect(await counts(campaign)).toMatchObject({ asked: 4, queued: 0, sent: 3, 'not-friend': 1 })
    expect((await api('GET', '/broadcasts/:broadcastId', { params: { broadcastId } })).broadcast).toMatchObject({ status: 'done' })
    const p2 = await personNamed('p-2')
    expect((await touchesOfPerson(p2)).filter((touch) => touch.reason === campaign)).toMatchObject([{ kind: 'message.sell', direction: 'outbound', weight: 1 }])
    const lost = await personOf(p4.external_userid)
    expect((await touchesOfPerson(lost)).filter((touch) => touch.reason === campaign)).toEqual([])
    expect((await eventsNamed('touch.sent')).filter((event) => event.payload.campaign === campaign)).toHaveLength(3)
    expect((await eventsNamed('broadcast.closed'))[0].payload).toMatchObject({ sent: 3, notFriend: 1 })
  })

  test('a loss is told once, with the touches before it, by whoever ended it', async () => {
    await act('wecom.deleteByContact', { userid: staff[0], person: 'p-2' })
    await run(minute)
    await act('wecom.deleteByStaff', { userid: staff[0], person: 'p-3' })
    await run(minute)
    const lost = await eventsNamed('contact.lost')
    expect(lost.map((event) => event.payload.by)).toEqual(['contact', 'contact', 'staff'])
    const p2 = lost[1].payload
    expect(p2.personId).toBe(await personNamed('p-2'))
    expect(p2.lastTouches[0]).toMatchObject({ kind: 'message.sell' })
    expect(p2.lastTouches.at(-1)).toMatchObject({ kind: 'message.welcome' })
    expect(await app((tx) => contactTotals(tx, tenantId))).toMatchObject({ contacts: 4, friends: 1, lostByContact: 2, lostByStaff: 1 })
    expect(await app((tx) => oneSidedList(tx, tenantId, 10))).toHaveLength(2)
    expect((await app((tx) => staffLoads(tx, tenantId, now()))).find((row) => row.staff === staff[0])).toMatchObject({ held: 3, friends: 1, oneSided: 2 })
    expect(await app((tx) => sendersOf(tx, tenantId, corpId, [p2.personId]))).toEqual([])
    // The member clears the one-sided follow away: a free place, no second loss.
    await act('wecom.deleteByStaff', { userid: staff[0], person: 'p-2' })
    await run(minute)
    expect(await eventsNamed('contact.lost')).toHaveLength(3)
    expect(await eventsNamed('contact.removed')).toHaveLength(1)
    expect((await app((tx) => staffLoads(tx, tenantId, now()))).find((row) => row.staff === staff[0])).toMatchObject({ held: 2, oneSided: 1 })
    expect(await app((tx) => listLosses(tx, tenantId, 0, now() + 1, 10))).toHaveLength(3)
  })

  test('who comes back is a contact again, and is welcomed by a new code', async () => {
    await run(minute)
    await scan('p-2')
    await run(minute)
    expect((await eventsNamed('contact.added')).at(-1)!.payload).toMatchObject({ personId: await personNamed('p-2'), again: true })
    expect(await app((tx) => contactTotals(tx, tenantId))).toMatchObject({ friends: 2, lostByContact: 2 })
  })

  test('a broadcast whose answer was lost is found again; stopped, it leaves nothing for its members to send', async () => {
    await scan('p-8')
    await run(minute)
    const { broadcastId } = await api('POST', '/broadcasts', { body: { name: '误发', messageKind: 'help', rules: { field: 'contact.since', op: 'within-days', value: 1 }, content: { text: '写错了' } } })
    await api('POST', '/broadcasts/:broadcastId/approve', { params: { broadcastId } })
    await act('core.setFaults', { plan: { rules: [{ endpoint: 'wecom.broadcast.create', fault: 'no-answer-after', times: 1 }] } })
    await run(holdMs + 1_000)
    const states = async () => (await app((tx) => tasksOfCampaign(tx, tenantId, campaignOf(broadcastId)))).map((task) => task.state)
    expect(await states()).toEqual(['unknown'])
    await act('core.setFaults', { plan: null })
    await run(2 * minute)
    expect(await states()).toEqual(['waiting'])
    const open = await counts(campaignOf(broadcastId))
    expect(open.queued).toBeGreaterThan(0)
    expect((await api('POST', '/broadcasts/:broadcastId/cancel', { params: { broadcastId } })).stopped).toBeGreaterThan(0)
    await run(minute)
    expect(await counts(campaignOf(broadcastId))).toMatchObject({ queued: 0, cancelled: open.queued, sent: 0 })
    const [task] = await app((tx) => tasksOfCampaign(tx, tenantId, campaignOf(broadcastId)))
    await expect(act('wecom.confirmBroadcast', { msgid: task.msgid, userid: task.staff })).rejects.toThrow('41093')
  })

  test('a journey waits and then sends to whoever entered after it began', async () => {
    const { journeyId } = await api('POST', '/journeys', {
      body: { name: '半天后问候', trigger: 'contact.added', rules: { field: 'orders.count', op: 'is', value: 0 }, waitMs: 6 * hour, messageKind: 'help', content: { text: '茶喝得惯吗' } },
    })
    await scan('p-5')
    await scan('p-6')
    await run(minute)
    await buy('p-6')
    await run(5 * hour)
    expect((await counts(`journey/${journeyId}`)).asked).toBe(0)
    await run(hour)
    expect(await counts(`journey/${journeyId}`)).toMatchObject({ asked: 1, queued: 1 })
    expect(await app((tx) => enrolmentCounts(tx, tenantId))).toEqual([{ journeyId, state: 'handed', n: 1 }, { journeyId, state: 'left', n: 1 }])
    const [task] = await app((tx) => tasksOfCampaign(tx, tenantId, `journey/${journeyId}`))
    await act('wecom.confirmBroadcast', { msgid: task.msgid, userid: staff[0] })
    await run(20 * minute)
    expect(await counts(`journey/${journeyId}`)).toMatchObject({ sent: 1, queued: 0 })
  })

  test('the back-fill repairs what lost callbacks left out', async () => {
    await act('core.setFaults', { plan: { lost: 1 } })
    const p5 = await personNamed('p-5')
    const before = (await eventsNamed('contact.added')).length
    await act('wecom.addContact', { person: 'p-7', userid: staff[1] })
    await act('wecom.deleteByStaff', { userid: staff[0], person: 'p-1' })
    await act('wecom.deleteByContact', { userid: staff[0], person: 'p-5' })
    await run(minute)
    expect((await eventsNamed('contact.added')).length).toBe(before) // control: nothing was heard
    await run(7 * hour)
    await act('core.setFaults', { plan: null })
    expect((await eventsNamed('contact.added')).length).toBe(before + 1)
    // The member's deletion shows when looked at; the contact's own does not: only a send result will tell.
    expect((await eventsNamed('contact.lost')).at(-1)!.payload).toMatchObject({ by: 'staff', evidence: 'read', personId: await personNamed('p-1') })
    expect((await eventsNamed('contact.lost')).some((event) => event.payload.personId === p5)).toBe(false)
  })

  test('tags made and put on by the member, and by us, are in the book', async () => {
    await act('wecom.createTags', { group: '口味', tags: ['乌龙', '岩茶'] })
    await run(minute)
    const listed = (await api('GET', '/tags')).rows
    expect(listed.map((tag: any) => [tag.groupName, tag.name])).toEqual([['口味', '岩茶'], ['口味', '乌龙']])
    const personId = await personNamed('p-6')
    expect(await api('POST', '/tags/mark', { body: { personIds: [personId], add: [listed[0].tagId] } })).toEqual({ marked: 1 })
    await run(minute)
    expect((await api('POST', '/segments/preview', { body: { rules: { field: 'contact.tag', op: 'is', value: listed[0].tagId } } })).personIds).toEqual([personId])
  })

  test('every page of these blocks can be read', async () => {
    const personId = await personNamed('p-1')
    const [paid] = await eventsNamed('order.paid')
    for (const [path, params] of [
      ['/codes'], ['/attribution'], ['/attribution/orders/:shelf/:orderId', { shelf: 'shop', orderId: paid.payload.orderId }], ['/contacts'], ['/contacts/:personId/touches', { personId }], ['/losses'], ['/staff'], ['/contacts-one-sided'],
      ['/tags'], ['/segment-fields'], ['/segments'], ['/messages'], ['/send-tasks'], ['/welcome'], ['/broadcasts'], ['/journeys'], ['/points'],
    ] as Array<[string, unknown?]>) expect(await api('GET', path, { params }), path).toBeTypeOf('object')
    const { rows } = await api('GET', '/contacts')
    expect(rows.find((row: any) => row.personId === personId)).toMatchObject({ name: '王语禾', externalUserId: ids.get('p-1') })
  })

  test('an erased person is nowhere under the account: no table keeps it', async () => {
    await run(minute) // nothing about them is in flight
    const externalUserId = ids.get('p-2')!
    const personId = await personNamed('p-2')
    const where = async () => {
      const client = new pg.Client(runtime.databaseConfig)
      await client.connect()
      try {
        const { rows } = await client.query(`select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`)
        const found: string[] = []
        for (const { name } of rows) if ((await client.query(`select 1 from ${name} x where x::text like $1 limit 1`, [`%${externalUserId}%`])).rowCount) found.push(name)
        return found
      } finally {
        await client.end()
      }
    }
    expect(await where()).toEqual(expect.arrayContaining(['contact', 'contact_loss', 'follow', 'identity', 'object_version', 'outbound_message'])) // control
    await api('DELETE', '/people/:personId', { params: { personId } })
    expect(await where()).toEqual([])
  })

  test('the sums hold: credit adds up, feathers are their entries, an unheld follow is nowhere', async () => {
    expect(await app((tx) => checkCredits(tx, tenantId))).toEqual([])
    expect(await app((tx) => checkPoints(tx, tenantId))).toEqual([])
    expect(await app((tx) => pointsTotals(tx, tenantId))).toMatchObject({ persons: 2, balance: 196 })
  })
})

const touchesOfPerson = (personId: string) => app((tx) => touchesOf(tx, tenantId, [personId]))
const ids = new Map<string, string>()
const personNamed = (person: string): Promise<string> => personOf(ids.get(person)!)
async function scan(person: string, more: Record<string, unknown> = {}): Promise<string> {
  const added = await act('wecom.scanContactWay', { person, config_id: code.configId, ...more })
  ids.set(person, added.external_userid)
  return added.external_userid
}
