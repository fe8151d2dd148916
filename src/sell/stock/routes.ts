import { z } from 'zod'
import { dayMs, dayNumber } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { unitHistory } from '../../book/account/index.ts'
import { shopListingsOf, skuCards, skuName } from '../catalog/index.ts'
import { soldByDay, soldBySku } from '../order/index.ts'
import { account, checkSku, shopUpperBound, type Place } from './escrow.ts'
import { placeNames, stockFault } from './errors.ts'
import { requestMove } from './move-units.ts'
import { changeStock, openStock } from './open-stock.ts'
import { suggestMove } from './suggest-move.ts'
import { depthRoutes } from './depth-routes.ts'
import { readRules } from './settings.ts'
import { listAlarms, listMoves, listStockRows, listWarehouses, readSkus } from './store.ts'

const warehouse = z.uuid().nullable().optional()
const ownPlaces: Place[] = ['mall', 'reserved', 'reserve', 'moving', 'sold', 'restored', 'unbacked']
const params = z.object({ sku: z.uuid() })
const quantity = z.number().int().min(1).max(1_000_000)
/** Given by the caller so that the same click twice is one change. */
const key = z.string().min(8).max(64).optional()

const rateDays = 28

/** Pieces a day over the window with a 95% interval for a Poisson rate (normal approximation on the square root). */
function rate(pieces: number, days: number): { perDay: number; low: number; high: number } {
  const root = Math.sqrt(pieces)
  return { perDay: pieces / days, low: Math.max(0, root - 0.98) ** 2 / days, high: (root + 0.98) ** 2 / days }
}

async function shelvesSold(tx: Tx, tenantId: number, skuId: string, now: number) {
  const days = rateDays
  const listings = await shopListingsOf(tx, tenantId, [skuId])
  const rows = await soldByDay(tx, tenantId, [skuId, ...listings.map((listing) => listing.platformSkuId)], now - days * dayMs)
  const today = dayNumber(now)
  return (['shop', 'mall'] as const).map((shelf) => {
    const series = Array.from({ length: days }, (_, n) => rows.find((row) => row.shelf === shelf && row.day === today - days + 1 + n)?.quantity ?? 0)
    return { shelf, ...rate(series.reduce((sum, one) => sum + one, 0), days), series }
  })
}

export const stockRoutes: AnyRoute[] = [
  ...depthRoutes,
  route({
    method: 'GET', path: '/stock', right: 'orders.read', what: 'where the units of every tracked SKU are, with open moves and alarms',
    query: z.object({ page: z.coerce.number().int().min(1).default(1), pageSize: z.coerce.number().int().min(1).max(500).default(100) }),
    async handle({ tx, tenantId, query, clock }) {
      const rows = await listStockRows(tx, tenantId, null, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize })
      const cards = new Map((await skuCards(tx, tenantId, rows.map((row) => row.skuId))).map((card) => [card.skuId, card]))
      const listings = await shopListingsOf(tx, tenantId, rows.map((row) => row.skuId))
      const sold = await soldBySku(tx, tenantId, [...rows.map((row) => row.skuId), ...listings.map((listing) => listing.platformSkuId)], clock.now() - rateDays * dayMs)
      const pieces = (shelf: string, names: readonly string[]): number => sold.filter((one) => one.shelf === shelf && names.includes(one.skuId)).reduce((sum, one) => sum + one.quantity, 0)
      return {
        rows: rows.map((row) => {
          const card = cards.get(row.skuId)
          const shopNames = listings.filter((listing) => listing.skuId === row.skuId).map((listing) => listing.platformSkuId)
          const perDay = { shop: pieces('shop', shopNames) / rateDays, mall: pieces('mall', [row.skuId]) / rateDays }
          return { ...row, perDay, suggestion: shopNames.length === 0 || row.openMoves > 0 ? null : suggestMove({ mall: row.mall, shop: row.shop, reserve: row.reserve }, perDay), title: card?.title ?? '', name: card === undefined ? '' : skuName(card.attrs, card.skuCode), skuCode: card?.skuCode ?? '', image: card?.image ?? '', onMall: card?.onMall ?? false }
        }),
        alarms: await listAlarms(tx, tenantId, null, 50), page: query.page, pageSize: query.pageSize,
      }
    },
  }),
  route({
    method: 'GET', path: '/stock/:sku', right: 'orders.read', what: 'one SKU: places, Shop shares, how fast each shelf sells, moves, the flow of units, and whether everything adds up', params,
    query: z.object({ page: z.coerce.number().int().min(1).default(1), pageSize: z.coerce.number().int().min(1).max(200).default(50) }),
    async handle({ tx, tenantId, params: { sku: skuId }, query, clock }) {
      const sku = (await readSkus(tx, tenantId, [skuId])).get(skuId)
      if (!sku) throw stockFault('stock/not-tracked', { skuId })
      const [card] = await skuCards(tx, tenantId, [skuId])
      const now = clock.now()
      const accounts = [...ownPlaces.map((place) => account(place, null)), ...sku.shelves.flatMap((shelf) => [account('shop', shelf.connectionId), account('held', shelf.connectionId)])]
      return {
        sku, card: card ? { ...card, name: skuName(card.attrs, card.skuCode) } : null, shopUpperBound: shopUpperBound(sku), problems: checkSku(sku), sold: await shelvesSold(tx, tenantId, skuId, now), now,
        rule: (await readRules(tx, tenantId, [skuId])).get(skuId) ?? { skuId, safety: 0, home: 'auto' as const }, warehouses: await listWarehouses(tx, tenantId),
        moves: await listMoves(tx, tenantId, skuId, 50), alarms: await listAlarms(tx, tenantId, skuId, 50),
        flow: await unitHistory(tx, tenantId, `sku:${skuId}`, accounts, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize }), page: query.page, pageSize: query.pageSize,
      }
    },
  }),
  route({
    method: 'POST', path: '/stock/:sku/open', right: 'products.write', audit: 'stock.open', what: 'open the book of a SKU; its share in the Shop is read from the platform', params,
    async handle({ tx, tenantId, params: { sku }, clock }) {
      if ((await skuCards(tx, tenantId, [sku])).length === 0) throw stockFault('stock/not-tracked', { skuId: sku })
      await openStock(tx, tenantId, [sku], clock.now())
      return { open: true }
    },
  }),
  route({
    method: 'POST', path: '/stock/:sku/receive', right: 'products.write', audit: 'stock.receive', what: 'units come into the reserve; a negative quantity is a loss found at a stocktake', params,
    body: z.object({ quantity: z.number().int().min(-1_000_000).max(1_000_000).refine((n) => n !== 0, 'not 0'), reason: z.string().trim().max(80).default('收货'), key }),
    handle: async ({ tx, tenantId, params: { sku }, body, clock, ids }) => own(await changeStock(tx, tenantId, sku, { kind: 'receive', quantity: body.quantity, reason: body.reason }, `receive/${body.key ?? ids.next()}`, clock.now(), ids), sku, 'reserve', Math.abs(body.quantity)),
  }),
  route({
    method: 'POST', path: '/stock/:sku/restore', right: 'products.write', audit: 'stock.restore', what: 'sold units that came back in good order return to the reserve; refunds never do this by themselves', params,
    body: z.object({ quantity, key }),
    handle: async ({ tx, tenantId, params: { sku }, body, clock, ids }) => own(await changeStock(tx, tenantId, sku, { kind: 'restore', quantity: body.quantity }, `restore/${body.key ?? ids.next()}`, clock.now(), ids), sku, 'sold', body.quantity),
  }),
  route({
    method: 'POST', path: '/stock/:sku/move', right: 'products.write', audit: 'stock.move', what: 'move units between mall, reserve and Shop; a move that touches the Shop is planned and proven by its stock flow', params,
    body: z.object({ from: z.enum(['mall', 'reserve', 'shop']), to: z.enum(['mall', 'reserve', 'shop']), quantity, connectionId: z.uuid().optional(), warehouseId: warehouse, key }).refine((body) => body.from !== body.to, 'two different places'),
    async handle({ tx, tenantId, params: { sku: skuId }, body, clock, ids, actor }) {
      const now = clock.now()
      if (body.warehouseId && !(await listWarehouses(tx, tenantId)).some((one) => one.warehouseId === body.warehouseId)) throw stockFault('stock/no-warehouse', { warehouseId: body.warehouseId })
      if (body.from !== 'shop' && body.to !== 'shop') {
        return own(await changeStock(tx, tenantId, skuId, { kind: 'transfer', from: body.from, to: body.to, quantity: body.quantity, warehouseId: body.warehouseId ?? undefined }, `transfer/${body.key ?? ids.next()}`, now, ids), skuId, body.from, body.quantity)
      }
      const sku = (await readSkus(tx, tenantId, [skuId])).get(skuId)
      if (!sku) throw stockFault('stock/not-tracked', { skuId })
      const connectionId = body.connectionId ?? sku.shelves[0]?.connectionId
      if (connectionId === undefined) throw stockFault('stock/no-shop', { skuId })
      const outcome = await requestMove(tx, tenantId, { skuId, connectionId, direction: body.to === 'shop' ? 'to-shop' : 'from-shop', place: (body.to === 'shop' ? body.from : body.to) as 'mall' | 'reserve', quantity: body.quantity, actor, key: body.key }, now, ids)
      if (outcome.kind === 'planned') return { move: outcome.move }
      if (outcome.kind === 'share-unknown') throw stockFault('stock/share-unknown', { skuId })
      return own(outcome, skuId, body.from, body.quantity)
    },
  }),
  route({
    method: 'POST', path: '/stock/:sku/relocate', right: 'products.write', audit: 'stock.relocate', what: 'units of the mall from one warehouse to another; null is the main one', params,
    body: z.object({ from: z.uuid().nullable(), to: z.uuid().nullable(), quantity, key }).refine((body) => body.from !== body.to, 'two different warehouses'),
    async handle({ tx, tenantId, params: { sku }, body, clock, ids }) {
      const known = await listWarehouses(tx, tenantId)
      for (const warehouseId of [body.from, body.to]) if (warehouseId !== null && !known.some((one) => one.warehouseId === warehouseId)) throw stockFault('stock/no-warehouse', { warehouseId })
      return own(await changeStock(tx, tenantId, sku, { kind: 'relocate', from: body.from, to: body.to, quantity: body.quantity }, `relocate/${body.key ?? ids.next()}`, clock.now(), ids), sku, 'mall', body.quantity)
    },
  }),
]

function own(outcome: { kind: 'done' } | { kind: 'not-tracked' } | { kind: 'short'; available: number }, skuId: string, place: string, wanted: number): { done: true } {
  if (outcome.kind === 'not-tracked') throw stockFault('stock/not-tracked', { skuId })
  if (outcome.kind === 'short') throw stockFault('stock/short', { place: placeNames[place] ?? place, available: outcome.available, quantity: wanted })
  return { done: true }
}
