import type { ObjectReader, PlatformAnswer, ReadResult, Work } from '../../kernel/engine/index.ts'
import type { Ring } from '../../kernel/doorbell/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { makeEvent } from '../../events.ts'
import { saveOrders, saveRefunds } from './save-orders.ts'
import { readShopAftersale, readShopOrder } from './shop-order.ts'

/** How this module reaches the platform; wired in the composition root. */
export type ShopPlatform = {
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  /** appid of the Shop behind a connection. */
  accountOf(tenantId: number, connectionId: string): string
}

const parallel = 8

async function readEach(rings: readonly Ring[], read: (ring: Ring) => Promise<PlatformAnswer>): Promise<ReadResult[]> {
  const results: ReadResult[] = Array.from({ length: rings.length })
  let next = 0
  await Promise.all(Array.from({ length: Math.min(parallel, rings.length) }, async () => {
    while (next < rings.length) {
      const index = next++
      const ring = rings[index]
      const answer = await read(ring)
      results[index] = answer.kind === 'ok' ? { ring, body: answer.result, text: JSON.stringify(answer.result) } : { ring, error: answer.kind === 'refused' ? `${answer.code} ${answer.text}` : answer.text }
    }
  }))
  return results
}

/** Orders of the WeChat Shop: `order/get` after a ring, then the book. */
export function shopOrderReader(platform: ShopPlatform): ObjectReader {
  return {
    kind: 'shop.order',
    read: (work: Work, rings) => readEach(rings, (ring) => platform.call(work.tenantId, ring.connectionId, 'shop.order.get', { order_id: ring.objectId })),
    async save(work, tx, reads) {
      const orders = reads.map((read) => ({ order: readShopOrder(read.body), read }))
      const resolution = await resolvePersons(tx, work.tenantId, orders.map(({ order, read }) => ({
        unionid: order.unionid, local: { kind: 'openid' as const, scope: platform.accountOf(work.tenantId, read.ring.connectionId), value: order.openid }, seenAt: order.placedAt, evidence: `shop order ${order.orderId}`,
      })), work.ids)
      const events = await saveOrders(tx, work.tenantId, orders.map(({ order, read }, index) => ({
        order, personId: resolution.personIds[index], connectionId: read.ring.connectionId, appid: platform.accountOf(work.tenantId, read.ring.connectionId), cause: read.cause,
      })), work.now, work.ids)
      await work.emit(tx, [...resolution.merges.map((merge) => makeEvent(work.ids, work.now, 'person.merged', `person/${merge.kept}`, merge.at, { kept: merge.kept, gone: merge.gone })), ...events])
    },
  }
}

export function shopAftersaleReader(platform: ShopPlatform): ObjectReader {
  return {
    kind: 'shop.aftersale',
    read: (work: Work, rings) => readEach(rings, (ring) => platform.call(work.tenantId, ring.connectionId, 'shop.aftersale.get', { after_sale_order_id: ring.objectId })),
    async save(work, tx, reads) {
      const events = await saveRefunds(tx, work.tenantId, reads.map((read) => readShopAftersale(read.body)), work.now, work.ids, reads[0]?.cause ?? 'callback')
      await work.emit(tx, events)
    },
  }
}
