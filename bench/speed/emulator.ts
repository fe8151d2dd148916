/**
 * The emulator's own speed: calls over loopback HTTP against a server that answers the same bytes without looking (what the network and Node
 * cost anyway), a year-like run of orders in one command against the same orders one act at a time, and pushes sealed and delivered over HTTP.
 */
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmulator, httpSend, serveHttp, type Emulator } from '../../src/emulator/index.ts'
import type { WeixinAccount } from '../../src/emulator/core/account.ts'
import { shopLine, shopState } from '../../src/emulator/shop/index.ts'
import { systemClock, systemTimers } from '../../src/kernel/clock.ts'
import { pairedMs, peakRssMb, type Bench, type BenchReport, type BenchRow } from '../harness.ts'

const sizes: Record<string, { calls: number; orders: number }> = { small: { calls: 1_000, orders: 200 }, default: { calls: 6_000, orders: 2_000 } }
const start = Date.parse('2010-12-01T08:00:00+08:00')
const dayMs = 86_400_000
const linesPerOrder = 27
const round = (value: number): number => Number(value.toPrecision(4))
const rounded = (ratio: { median: number; min: number; max: number }) => ({ median: round(ratio.median), min: round(ratio.min), max: round(ratio.max) })

type Sku = { productId: string; skuId: string }

async function open(seed: number, send: Parameters<typeof createEmulator>[0]['send']) {
  const emulator = createEmulator({ modules: [shopLine], seed: String(seed), start, clock: { kind: 'queue' }, wireClock: systemClock, send, limits: false })
  const made = (await emulator.act('main', 'shop.addProducts', {
    products: Array.from({ length: 500 }, (_, n) => ({ title: `p${n}`, skus: [{ outSkuId: `s${n}`, priceFen: 255, stock: 10_000_000 }] })),
  })) as { products: Array<{ productId: string; skus: Array<{ skuId: string }> }> }
  await emulator.advanceTo(start + 400 * dayMs)
  const account = emulator.namespace().accounts.find((item): item is WeixinAccount => item.kind === 'shop')
  if (!account) throw new Error('bench emulator: the shop line made no shop')
  return { emulator, account, skus: made.products.map((item) => ({ productId: item.productId, skuId: item.skus[0].skuId })) }
}

const life = (skus: Sku[], n: number) => ({
  person: `p${n % 4_372}`,
  at: start + n * 60_000,
  payAt: start + n * 60_000 + 5_000,
  lines: Array.from({ length: linesPerOrder }, (_, j) => ({ ...skus[(n * 31 + j * 7) % skus.length], count: 1 + (j % 5), priceFen: 100 + j })),
})

async function tokenOf(emulator: Emulator, account: WeixinAccount): Promise<string> {
  const body = Buffer.from(JSON.stringify({ grant_type: 'client_credential', appid: account.id, secret: account.secret }))
  const answer = await emulator.handle({ method: 'POST', url: '/cgi-bin/stable_token', headers: {}, body, ip: '' })
  return String((JSON.parse(answer.body.toString()) as { access_token: string }).access_token)
}

/** `count` posts over 32 kept connections; resolves with the last answer. */
async function post(agent: Agent, url: string, count: number, bodyOf: (n: number) => string): Promise<string> {
  let next = 0
  let last = ''
  const one = (body: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', agent, headers: { 'content-length': String(Buffer.byteLength(body)) } }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (next < count) last = await one(bodyOf(next++))
    }),
  )
  return last
}

const listen = (server: Server): Promise<string> => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)))

export const bench: Bench = {
  name: 'emulator',
  what: 'emulator: calls per second over HTTP, orders per second in bulk, pushes per second over HTTP',
  sizes: ['small', 'default'],
  async run({ size = 'default', seed, rounds, log }): Promise<BenchReport> {
    const { calls, orders } = sizes[size] ?? sizes.default
    const rows: BenchRow[] = []
    const agent = new Agent({ keepAlive: true, maxSockets: 32 })

    // Calls.
    const { emulator, account, skus } = await open(seed, async () => ({ status: 200, body: '' }))
    await emulator.act('main', 'shop.runOrders', { orders: Array.from({ length: 200 }, (_, n) => life(skus, n)) })
    const ids = shopState(emulator.namespace(), account.id).orderIds
    const front = await serveHttp(emulator, { port: 0 })
    const token = await tokenOf(emulator, account)
    const bodies = {
      'order/get, 27 lines': { path: '/channels/ec/order/get', bodyOf: (n: number) => JSON.stringify({ order_id: ids[n % ids.length] }), reads: true },
      'product/stock/update': { path: '/channels/ec/product/stock/update', bodyOf: (n: number) => JSON.stringify({ product_id: skus[n % skus.length].productId, sku_id: skus[n % skus.length].skuId, diff_type: 1, num: 1 }), reads: false },
    }
    for (const [name, { path, bodyOf, reads }] of Object.entries(bodies)) {
      await emulator.act('main', 'shop.setParameters', { parameters: { stockUpdatesPerSecond: 1_000_000_000 } })
      const fixed = await post(agent, `${front.url}${path}?access_token=${token}`, 1, bodyOf)
      const bare = createServer((incoming, outgoing) => void incoming.resume().on('end', () => outgoing.end(fixed)))
      const bareUrl = await listen(bare)
      const agrees = (await post(agent, `${bareUrl}${path}`, 1, bodyOf)) === fixed && (!reads || (JSON.parse(fixed) as { order: { order_id: string } }).order.order_id === ids[0])
      const { ownMs, anchorMs, ratio } = await pairedMs(rounds, () => post(agent, `${front.url}${path}?access_token=${token}`, calls, bodyOf), () => post(agent, `${bareUrl}${path}`, calls, bodyOf))
      bare.closeAllConnections()
      bare.close()
      rows.push({ case: name, own: round((calls / ownMs) * 1_000), anchor: 'storage-off', anchorValue: round((calls / anchorMs) * 1_000), unit: 'calls/s', ratio: rounded(ratio), agrees, note: 'anchor: a bare node:http server with the same answer; the client runs in the same process' })
      log(`${name}: ${rows.at(-1)?.own} calls/s`)
    }
    await front.close()

    // Orders.
    const batch = 200
    const bulk = async () => {
      const world = await open(seed, async () => ({ status: 200, body: '' }))
      for (let n = 0; n < orders; n += batch) await world.emulator.act('main', 'shop.runOrders', { orders: Array.from({ length: Math.min(batch, orders - n) }, (_, k) => life(world.skus, n + k)) })
      return world
    }
    const single = async () => {
      const world = await open(seed, async () => ({ status: 200, body: '' }))
      for (let n = 0; n < orders; n++) {
        const { payAt, ...basket } = life(world.skus, n)
        const { orderId } = (await world.emulator.act('main', 'shop.placeOrder', basket)) as { orderId: string }
        await world.emulator.act('main', 'shop.pay', { orderId, at: payAt })
      }
      return world
    }
    const [one, other] = [await bulk(), await single()]
    const agrees = JSON.stringify(shopState(one.emulator.namespace(), one.account.id).orders) === JSON.stringify(shopState(other.emulator.namespace(), other.account.id).orders)
    const paired = await pairedMs(Math.min(rounds, 3), bulk, single)
    rows.push({ case: `orders of ${linesPerOrder} lines placed and paid, in memory`, own: round((orders / paired.ownMs) * 1_000), anchor: 'one act at a time', anchorValue: round((orders / paired.anchorMs) * 1_000), unit: 'orders/s', ratio: rounded(paired.ratio), agrees, goal: 'over 2,000 orders/s with their callbacks queued', note: 'three callbacks per order are queued' })
    log(`orders: ${rows.at(-1)?.own}/s`)

    // Pushes.
    let received = 0
    const receiver = createServer((incoming, outgoing) => void incoming.resume().on('end', () => {
      received++
      outgoing.end('success')
    }))
    const receiverUrl = await listen(receiver)
    const send = httpSend(systemTimers)
    const pushing = await open(seed, send)
    await pushing.emulator.act('main', 'core.setPush', { kind: 'shop', url: `${receiverUrl}/cb` })
    await pushing.emulator.act('main', 'shop.runOrders', { orders: Array.from({ length: orders }, (_, n) => ({ ...life(pushing.skus, n), lines: life(pushing.skus, n).lines.slice(0, 1) })) })
    const before = performance.now()
    await pushing.emulator.pump()
    const took = performance.now() - before
    rows.push({ case: 'callbacks sealed and delivered over HTTP', own: round((received / took) * 1_000), anchor: 'none', anchorValue: null, unit: 'callbacks/s', ratio: null, agrees: received === orders * 3, note: 'the receiver runs in the same process and does nothing' })
    log(`callbacks: ${rows.at(-1)?.own}/s`)
    send.close()
    agent.destroy()
    receiver.closeAllConnections()
    receiver.close()
    for (const world of [emulator, one.emulator, other.emulator, pushing.emulator]) await world.close()
    return { bench: 'emulator', size, rows, peakRssMb: peakRssMb(), skipped: [] }
  },
}
