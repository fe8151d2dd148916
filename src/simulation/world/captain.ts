import type { Clock } from '../../kernel/clock.ts'
import { dayMs } from '../../kernel/calendar.ts'
import type { Session } from '../../kernel/access/index.ts'
import type { BlockKey } from '../../kernel/tenancy/index.ts'
import { Fault } from '../../kernel/errors.ts'
import type { House } from '../../house.ts'

/**
 * The captain (掌柜): what the merchant's people do in the console, through the same routes: on the first day a channel code with a welcome and two
 * journeys, on the second the books of stock, every week a broadcast, approved, and now and then one that is cancelled.
 */
export type Captain = {
  day(house: House, day: number): Promise<void>
  /** One click in the console; what the console refuses is undefined. */
  ask(house: House, method: string, path: string, body?: unknown, params?: Record<string, string>): Promise<Record<string, unknown> | undefined>
}

export function createCaptain(options: { tenantId: number; clock: Clock; staff: string | undefined; /** Also lists everything on the mall and brings units there. */ mall?: boolean; /** Nothing but a word to all contacts each Tuesday. */ weekly?: boolean }): Captain {
  const { tenantId, clock, staff } = options

  async function go(house: House, method: string, path: string, body?: unknown, params: Record<string, string> = {}): Promise<Record<string, unknown> | undefined> {
    const route = house.routes.find((one) => one.method === method && one.path === path)
    if (!route || (route.block !== undefined && !house.context.blockOn(tenantId, route.block as BlockKey))) return undefined
    const { db, ids } = house.ports
    const call = { tenantId, session: {} as Session, role: 'owner', actor: 'captain', params: route.params?.parse(params), query: route.query?.parse({}) as unknown, body: route.body?.parse(body), db, clock, ids, language: 'zh' as const }
    try {
      return (await db.tx({ role: 'app', tenantId }, (tx) => route.handle({ ...call, tx } as never))) as Record<string, unknown> | undefined
    } catch (error) {
      if (error instanceof Fault) return undefined // the console says why not, and the captain goes on
      throw error
    }
  }

  /** Second day: fetch the Shop's products; third: list them and receive goods; fourth: bring them to the mall's share. */
  async function openMall(house: House, day: number): Promise<void> {
    if (day === 1) await go(house, 'POST', '/products/backfill', {})
    if (day !== 2 && day !== 3) return
    const { rows = [] } = ((await go(house, 'GET', '/products')) ?? {}) as { rows?: Array<{ productId: string; skus: Array<{ skuId: string }> }> }
    for (const product of rows) {
      if (day === 2) await go(house, 'POST', '/products/:id/list', { accept: true }, { id: product.productId })
      for (const { skuId } of product.skus) {
        if (day === 2) await go(house, 'POST', '/stock/:sku/receive', { quantity: 80, key: `first delivery ${skuId}` }, { sku: skuId })
        else await go(house, 'POST', '/stock/:sku/move', { from: 'reserve', to: 'mall', quantity: 60, key: `first shelf ${skuId}` }, { sku: skuId })
      }
    }
  }

  let skus: string[] = []
  return {
    ask: go,
    async day(house, day) {
      if (staff === undefined) return
      if (options.weekly) {
        if (day % 7 !== 2) return
        const made = await go(house, 'POST', '/broadcasts', { name: `第 ${day} 天`, messageKind: 'news', rules: { all: [] }, content: { text: '新茶到了' } })
        if (typeof made?.broadcastId === 'string') await go(house, 'POST', '/broadcasts/:broadcastId/approve', {}, { broadcastId: made.broadcastId })
        return
      }
      if (day === 0) {
        await go(house, 'POST', '/codes', { name: '包裹卡', channel: '包裹卡', staff: [staff], welcomeText: '欢迎来喝茶' })
        await go(house, 'POST', '/journeys', { name: '三天后问好', trigger: 'contact.added', waitMs: 3 * dayMs, messageKind: 'news', content: { text: '茶喝着还合口味吗？' } })
        await go(house, 'POST', '/journeys', { name: '买后两周', trigger: 'order.paid', waitMs: 14 * dayMs, messageKind: 'sell', content: { text: '老客九折' } })
      }
      // Something worth saying, for the planner to place; its plan of the week is approved as it is.
      if (day % 14 === 0) await go(house, 'POST', '/plan/campaigns', { name: day % 28 === 0 ? '新茶到了' : '老客九折', messageKind: day % 28 === 0 ? 'news' : 'sell', content: { text: '今年的新茶到了，想尝回我一声' }, days: 14 })
      if (day % 7 === 1) {
        const made = (await go(house, 'POST', '/plan/make'))?.plan as { planId?: string; summary?: { messages?: number } } | undefined
        if (made?.planId !== undefined && (made.summary?.messages ?? 0) > 0) await go(house, 'POST', '/plan/approve', { planId: made.planId })
      }
      if (options.mall) await openMall(house, day)
      if (day === 1) {
        skus = (((await go(house, 'GET', '/products'))?.rows ?? []) as Array<{ skus?: Array<{ skuId: string }> }>).flatMap((row) => (row.skus ?? []).map((one) => one.skuId))
        for (const sku of skus) {
          await go(house, 'POST', '/stock/:sku/open', undefined, { sku })
          await go(house, 'POST', '/stock/:sku/receive', { quantity: 40 }, { sku })
        }
      }
      if (day % 3 === 0 && skus.length > 0) {
        const sku = skus[(day / 3) % skus.length]
        await go(house, 'POST', '/stock/:sku/move', day % 2 === 0 ? { from: 'reserve', to: 'shop', quantity: 3 } : { from: 'shop', to: 'mall', quantity: 2 }, { sku })
      }
      if (day % 7 === 2) {
        const made = await go(house, 'POST', '/broadcasts', { name: `第 ${day} 天`, messageKind: day % 14 === 2 ? 'sell' : 'news', rules: { all: [] }, content: { text: '新茶到了' } })
        if (typeof made?.broadcastId !== 'string') return
        await go(house, 'POST', '/broadcasts/:broadcastId/approve', {}, { broadcastId: made.broadcastId })
        if (day % 21 === 9) await go(house, 'POST', '/broadcasts/:broadcastId/cancel', {}, { broadcastId: made.broadcastId })
      }
    },
  }
}
