import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkBalanced } from '../../src/book/account/index.ts'
import { putListings, saveShopProducts } from '../../src/sell/catalog/index.ts'
import type { Wish } from '../../src/sell/checkout/index.ts'
import { changeStock, checkSku, ensureStock, readSkus, unbooked } from '../../src/sell/stock/index.ts'
import { connectionA, makeTenant, start, testIds } from '../setup/fixtures.ts'
import { openTestDb, type TestDb } from '../setup/test-db.ts'

/** Several server processes on one PostgreSQL sell the same hot SKU; one of them is killed while its buyers wait. */
let test: TestDb
let tenantId = 0
let skuIds: string[] = []
const children: ChildProcess[] = []
const ids = testIds('processes')
const app = <T>(work: Parameters<typeof test.app<T>>[1]) => test.app(tenantId, work)
const units = 70

beforeAll(async () => {
  test = await openTestDb()
  tenantId = await makeTenant(test, 'processes')
  await app(async (tx) => {
    await saveShopProducts(tx, tenantId, { connectionId: connectionA, account: 'wxshop' }, ['A', 'B'].map((code, n) => ({ productId: `${n}`, title: code, image: '', images: [], description: '', status: 'listed' as const, skus: [{ skuId: `1${n}`, skuCode: code, attrs: {}, priceFen: 1_000 }] })), start, ids)
    const skus = await tx.query<{ skuId: string; productId: string }>(`select sku_id as "skuId", product_id as "productId" from sku where tenant_id = $1 order by sku_code`, [tenantId])
    skuIds = skus.map((sku) => sku.skuId)
    await putListings(tx, tenantId, skus.map((sku) => ({ productId: sku.productId, shelf: 'mall' as const, account: '', connectionId: null, platformProductId: sku.productId, status: 'listed' as const, title: '', changedAt: start })))
    await ensureStock(tx, tenantId, skuIds, start)
    for (const [n, skuId] of skuIds.entries()) {
      await changeStock(tx, tenantId, skuId, { kind: 'receive', quantity: n === 0 ? units : 500, reason: '' }, `r/${n}`, start, ids)
      await changeStock(tx, tenantId, skuId, { kind: 'transfer', from: 'reserve', to: 'mall', quantity: n === 0 ? units : 500 }, `t/${n}`, start, ids)
    }
  })
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await test.close()
})

type Answer = { key?: string; kind?: string; ready?: boolean }
async function server(): Promise<{ ask(wish: Wish): Promise<string>; child: ChildProcess; answered(): number }> {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('./checkout-process.ts', import.meta.url)), JSON.stringify({ config: test.serviceConfig, tenantId, now: start })], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const waiting = new Map<string, (kind: string) => void>()
  let answered = 0
  child.stdin!.on('error', () => {})
  child.on('exit', () => waiting.forEach((done) => done('gone')))
  await new Promise<void>((ready) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer
      if (answer.ready) ready()
      else {
        answered++
        waiting.get(answer.key!)?.(answer.kind!)
        waiting.delete(answer.key!)
      }
    })
  })
  return {
    child, answered: () => answered,
    ask: (wish) => new Promise((done) => {
      waiting.set(wish.clientKey, done)
      child.stdin!.write(`${JSON.stringify(wish)}\n`)
    }),
  }
}
const wish = (n: number): Wish => ({
  buyer: `b${n}`, openid: `o${n}`, unionid: undefined, appid: 'wxmini', miniConnectionId: connectionA, payConnectionId: connectionA, clientKey: `key-${n}`, expectedFen: undefined,
  lines: n % 3 === 0 ? [{ skuId: skuIds[1], quantity: 1 }, { skuId: skuIds[0], quantity: 1 }] : [{ skuId: skuIds[0], quantity: 1 }],
})

it('three processes, one of them killed in the middle, sell every unit once', async () => {
  const servers = await Promise.all([server(), server(), server()])
  const asked = Array.from({ length: 180 }, (_, n) => ({ n, answer: servers[n % 3].ask(wish(n)) }))
  // As soon as the first of its buyers has an answer, the third process is no more.
  while (servers[2].answered() === 0) await new Promise((turn) => setImmediate(turn))
  servers[2].child.kill('SIGKILL')
  const kinds = await Promise.all(asked.map((one) => one.answer))
  const lost = asked.filter((_one, index) => kinds[index] === 'gone')
  // Its buyers press the button again: another process answers, with the order that was already made where there was one.
  const again = await Promise.all(lost.map(({ n }) => servers[0].ask(wish(n))))
  const final = [...kinds.filter((kind) => kind !== 'gone'), ...again]
  expect(final.filter((kind) => kind === 'placed')).toHaveLength(units)
  expect(final.filter((kind) => kind === 'stock-short')).toHaveLength(180 - units)
  const skus = await app((tx) => readSkus(tx, tenantId, skuIds))
  expect(skus.get(skuIds[0])).toMatchObject({ mall: 0, reserved: units })
  for (const sku of skus.values()) expect(checkSku(sku)).toEqual([])
  expect(await app((tx) => tx.query(`select count(*) as orders from mall_order where tenant_id = $1`, [tenantId]))).toEqual([{ orders: units }])
  expect(await app((tx) => unbooked(tx, tenantId))).toEqual([])
  expect(await app((tx) => checkBalanced(tx, tenantId))).toEqual([])
}, 60_000)
