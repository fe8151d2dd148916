import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/kernel/config.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { compareModels } from '../../src/acquire/attribution/index.ts'
import { listSessions } from '../../src/acquire/live-session/index.ts'
import { recordReferral, topReferrers } from '../../src/acquire/referral/index.ts'

/** Where people come from, through the real protocols: a live session that orders name, and a friend who brings a friend. */

const start = Date.parse('2026-03-10T20:00:00+08:00')
const minute = 60_000
const world = 'main'
let runtime: Runtime
let tenantId: number
let shop: string
let sku: { productId: string; skuId: string }

const app = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => runtime.house.ports.db.tx({ role: 'app', tenantId }, work)
const act = <T = Record<string, any>>(name: string, args: Record<string, unknown>): Promise<T> => runtime.emulator!.act(world, name, args) as Promise<T>
const now = (): number => runtime.emulator!.namespace(world).now
const run = (ms: number): Promise<void> => runtime.sea!.runTo(world, now() + ms)

async function api<T = Record<string, any>>(method: 'GET' | 'POST', path: string, token?: string, body?: unknown): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${runtime.url}/mall/sources/api${path}`, { method, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  return { status: answer.status, body: (await answer.json()) as T }
}
async function signIn(person: string, ref?: string): Promise<string> {
  const { js_code: code } = await act('miniProgram.login', { person })
  const { status, body } = await api('POST', '/login', undefined, { code, ...(ref === undefined ? {} : { ref }) })
  expect(status, JSON.stringify(body)).toBe(200)
  return body.token
}
const buys = (person: string, liveId?: string) => act('shop.runOrders', { shop, orders: [{ person, at: now(), lines: [{ ...sku, count: 1 }], payAt: now(), ...(liveId === undefined ? {} : { scene: 2, liveId }) }] })

beforeAll(async () => {
  const { config } = readConfig({})
  runtime = await openRuntime({ config: { ...config, sea: 'on' }, log: createLog('silent'), say: () => {}, disposable: true, anyPort: true, seaStart: start, journal: false })
  shop = runtime.emulator!.namespace(world).accounts.find((account) => account.kind === 'shop')!.id
  await act('shop.addProducts', { shop, products: [{ title: '白茶 50g', outProductId: 'tea', skus: [{ outSkuId: 'tea-50', skuCode: 'TEA50', priceFen: 9_800, stock: 50 }] }] })
  const [product] = (await act('shop.viewProducts', { shop })).products
  sku = { productId: product.productId, skuId: product.skus[0].skuId }
  tenantId = await onboard({ house: runtime.house, emulator: runtime.emulator!, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
    slug: 'sources', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['shop', 'mall', 'codes', 'contacts', 'live'], lines: ['shop', 'mini-program', 'pay', 'channels', 'wecom'], ownerId: undefined,
  })
  await run(2 * minute)
})
afterAll(() => runtime?.close())

describe('a live session', () => {
  let exportId: string

  test('is read while it is on air, and again when it is over', async () => {
    exportId = (await act('channels.startLive', { title: '新茶开播' })).exportId
    await act('channels.watchLive', { exportId, audience: 300, follows: 12, comments: 40 })
    await buys('ming', exportId)
    await run(65 * minute)
    const [session] = await app((tx) => listSessions(tx, tenantId, { offset: 0, limit: 10 }))
    expect(session).toMatchObject({ exportId, onAir: true, audience: 300, newFollowers: 12, comments: 40, orders: 1, paidFen: 9_800 })
    await act('channels.endLive', { exportId })
    await run(10 * minute)
    expect((await app((tx) => listSessions(tx, tenantId, { offset: 0, limit: 10 })))[0]).toMatchObject({ exportId, onAir: false })
  })

  test('an order that names it is credited to it; one that names none is not', async () => {
    await buys('hong')
    await run(5 * minute)
    const { models } = await app((tx) => compareModels(tx, tenantId, start, now()))
    const last = models.find((one) => one.model === 'last')!
    expect(last.rows.find((row) => row.channel === `live/${exportId}`)).toMatchObject({ orders: 1, valueFen: 9_800 })
    expect(last.orders).toBe(2)
    const [session] = await app((tx) => listSessions(tx, tenantId, { offset: 0, limit: 10 }))
    expect(session).toMatchObject({ joinedOrders: 1, joinedFen: 9_800, joinedPersons: 1 })
  })
})

describe('a referral', () => {
  test('a friend who comes by a share is the sharer’s for ever; nobody is their own', async () => {
    const sharer = await signIn('ming')
    const { code } = (await api('GET', '/referral', sharer)).body
    expect((await api('GET', '/referral', sharer)).body.code).toBe(code)
    await signIn('lan', code)
    await signIn('ming', code)
    const rows = await app((tx) => topReferrers(tx, tenantId, { offset: 0, limit: 10 }))
    expect(rows).toMatchObject([{ code, people: 1, newPeople: 1, buyers: 0 }])
    const other = (await api('GET', '/referral', await signIn('hong'))).body.code
    expect(other).not.toBe(code)
    await signIn('lan', other)
    expect(await app((tx) => topReferrers(tx, tenantId, { offset: 0, limit: 10 }))).toMatchObject([{ code, people: 1 }])
  })

  test('what the friend pays since is shown beside the sharer, and the share is on the path of the order', async () => {
    await run(minute)
    await buys('lan')
    await run(5 * minute)
    expect(await app((tx) => topReferrers(tx, tenantId, { offset: 0, limit: 10 }))).toMatchObject([{ people: 1, buyers: 1, orders: 1, paidFen: 9_800 }])
    const { models } = await app((tx) => compareModels(tx, tenantId, start, now()))
    expect(models.find((one) => one.model === 'linear')!.rows.find((row) => row.channel === 'referral')!.orders).toBeGreaterThan(0)
  })

  test('control: a code nobody has leaves no trace', async () => {
    await signIn('qiu', 'NobodysCode')
    expect((await app((tx) => topReferrers(tx, tenantId, { offset: 0, limit: 10 }))).reduce((sum, row) => sum + row.people, 0)).toBe(1)
    const person = await app((tx) => tx.query<{ personId: string }>(`select person_id as "personId" from referral_link where tenant_id = $1 order by code limit 1`, [tenantId]))
    expect(await app((tx) => recordReferral(tx, tenantId, { code: 'NobodysCode', personId: person[0].personId, at: now() }, runtime.house.ports.ids))).toBe('unknown')
  })
})
