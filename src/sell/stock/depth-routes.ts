import { z } from 'zod'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { skuCards, skuName } from '../catalog/index.ts'
import { expectedUnits } from './escrow.ts'
import { stockFault } from './errors.ts'
import { flowJob } from './move-units.ts'
import { changeSetting, planRebalance, runRebalance } from './rebalance.ts'
import { putRule, readRules, readSetting } from './settings.ts'
import { bookTake, confirmCode, countTake, dropTake, listTakes, openTake, readTake, takeReasons, type TakeLine, type TakeOutcome, type TakeReason } from './stock-take.ts'
import { clearAlarm, listWarehouses, putWarehouse, readSkus, warehouseSums } from './store.ts'

const reasons = ['', ...Object.keys(takeReasons)] as ['', ...TakeReason[]]
const takeParams = z.object({ take: z.uuid() })
const takeStates: Record<string, string> = { counting: '在数', counted: '待确认', booked: '已入账', dropped: '已作废' }
const setting = z.object({
  rebalance: z.enum(['off', 'suggest', 'auto']), everyHours: z.number().int().min(1).max(168), singleUnits: z.number().int().min(0).max(50), pull: z.enum(['off', 'reserve', 'shop']), pullWaitMs: z.number().int().min(0).max(30_000),
}).partial()

/** Warehouses, rules, the rebalancer, stock-takes and alarms: stock in depth. */
export const depthRoutes: AnyRoute[] = [
  route({
    method: 'GET', path: '/stock-setting', right: 'orders.read', what: 'how the shelves share their stock, the last run of the rebalancer, warehouses with their units, rules of single SKUs',
    async handle({ tx, tenantId }) {
      const { everyMs, ...rest } = await readSetting(tx, tenantId)
      const sums = new Map((await warehouseSums(tx, tenantId)).map((row) => [row.warehouseId, row]))
      return { setting: { ...rest, everyHours: Math.round(everyMs / 3_600_000) }, warehouses: (await listWarehouses(tx, tenantId)).map((one) => ({ ...one, mall: sums.get(one.warehouseId)?.mall ?? 0, reserved: sums.get(one.warehouseId)?.reserved ?? 0, skus: sums.get(one.warehouseId)?.skus ?? 0 })), rules: [...(await readRules(tx, tenantId, null)).values()] }
    },
  }),
  route({
    method: 'PUT', path: '/stock-setting', right: 'products.write', audit: 'stock.setting', what: 'change how the shelves share their stock; the schedule of the rebalancer starts with it', body: setting,
    async handle({ tx, tenantId, body: { everyHours, ...change }, clock }) {
      await changeSetting(tx, tenantId, { ...change, ...(everyHours === undefined ? {} : { everyMs: everyHours * 3_600_000 }) }, clock.now())
      return { done: true }
    },
  }),
  route({
    method: 'GET', path: '/stock-rebalance', right: 'orders.read', what: 'what the rebalancer would move now; nothing is changed',
    handle: async ({ tx, tenantId, clock }) => ({ moves: await planRebalance(tx, tenantId, await readSetting(tx, tenantId), clock.now()) }),
  }),
  route({
    method: 'POST', path: '/stock-rebalance', right: 'products.write', audit: 'stock.rebalance', what: 'carry out what the dry run shows; moves that touch a Shop are proven by its flow',
    handle: async ({ tx, tenantId, clock, ids, actor }) => runRebalance(tx, tenantId, actor, clock.now(), ids),
  }),
  route({
    method: 'PUT', path: '/stock-rules/:sku', right: 'products.write', audit: 'stock.rule', what: 'the safety stock of a SKU, which nothing automatic touches, and on which shelf it lives when few are left',
    params: z.object({ sku: z.uuid() }), body: z.object({ safety: z.number().int().min(0).max(1_000_000), home: z.enum(['auto', 'both', 'mall', 'shop']) }),
    async handle({ tx, tenantId, params: { sku }, body, clock }) {
      if (!(await readSkus(tx, tenantId, [sku])).has(sku)) throw stockFault('stock/not-tracked', { skuId: sku })
      await putRule(tx, tenantId, { skuId: sku, ...body }, clock.now())
      return { done: true }
    },
  }),
  route({
    method: 'POST', path: '/warehouses', right: 'products.write', audit: 'stock.warehouse', what: 'a warehouse beside the main one, or a change of it; a closed one serves last',
    body: z.object({ warehouseId: z.uuid().optional(), name: z.string().trim().min(1).max(40), regions: z.array(z.string().regex(/^\d{2}$/)).max(40).default([]), position: z.number().int().min(0).max(99).default(0), closed: z.boolean().default(false) }),
    async handle({ tx, tenantId, body, clock, ids }) {
      const now = clock.now()
      const before = body.warehouseId === undefined ? undefined : (await listWarehouses(tx, tenantId)).find((one) => one.warehouseId === body.warehouseId)
      if (body.warehouseId !== undefined && !before) throw stockFault('stock/no-warehouse', { warehouseId: body.warehouseId })
      const warehouseId = before?.warehouseId ?? ids.next()
      await putWarehouse(tx, tenantId, { warehouseId, name: body.name, regions: body.regions, position: body.position, closedAt: body.closed ? (before?.closedAt ?? now) : null, createdAt: before?.createdAt ?? now })
      return { warehouseId }
    },
  }),
  route({
    method: 'POST', path: '/stock/:sku/check', right: 'products.write', audit: 'stock.check', what: 'read the stock flow of a SKU in its Shops now', params: z.object({ sku: z.uuid() }),
    async handle({ tx, tenantId, params: { sku: skuId }, clock }) {
      const sku = (await readSkus(tx, tenantId, [skuId])).get(skuId)
      if (!sku) throw stockFault('stock/not-tracked', { skuId })
      await putJobs(tx, tenantId, sku.shelves.map((shelf) => flowJob(shelf.connectionId, skuId, clock.now())))
      return { asked: sku.shelves.length }
    },
  }),
  route({
    method: 'POST', path: '/stock-alarms/:alarm/clear', right: 'products.write', audit: 'stock.alarm', what: 'an alarm was looked at; one of units with nothing behind is cleared by units only', params: z.object({ alarm: z.uuid() }),
    async handle({ tx, tenantId, params: { alarm }, clock }) {
      if (!(await clearAlarm(tx, tenantId, alarm, clock.now()))) throw stockFault('stock/no-alarm', { alarmId: alarm })
      return { cleared: true }
    },
  }),
  route({ method: 'GET', path: '/stock-takes', right: 'orders.read', what: 'stock-takes, newest first', handle: async ({ tx, tenantId }) => ({ takes: await listTakes(tx, tenantId, 50), reasons: takeReasons }) }),
  route({
    method: 'POST', path: '/stock-takes', right: 'products.write', audit: 'stock.take-open', what: 'open a stock-take of the main warehouse or of another', body: z.object({ warehouseId: z.uuid().nullable().default(null), note: z.string().trim().max(80).default('') }),
    async handle({ tx, tenantId, body, clock, ids, actor }) {
      if (body.warehouseId !== null && !(await listWarehouses(tx, tenantId)).some((one) => one.warehouseId === body.warehouseId)) throw stockFault('stock/no-warehouse', { warehouseId: body.warehouseId })
      return { takeId: await openTake(tx, tenantId, { ...body, actor }, clock.now(), ids) }
    },
  }),
  route({
    method: 'GET', path: '/stock-takes/:take', right: 'orders.read', what: 'one stock-take: its lines with what was expected, what it would change, and the code that confirms exactly this', params: takeParams,
    async handle({ tx, tenantId, params: { take: takeId } }) {
      const found = await readTake(tx, tenantId, takeId)
      if (!found) throw stockFault('stock/no-take', { takeId })
      const { take, lines } = found
      const cards = new Map((await skuCards(tx, tenantId, lines.map((line) => line.skuId))).map((card) => [card.skuId, card]))
      const skus = await readSkus(tx, tenantId, lines.map((line) => line.skuId))
      return {
        take, reasons: takeReasons, confirm: take.state === 'counted' ? confirmCode(lines) : null,
        lines: lines.map((line) => ({
          ...line, difference: line.counted - line.expected, expectedNow: skus.has(line.skuId) ? expectedUnits(skus.get(line.skuId)!, take.warehouseId) : 0, title: cards.get(line.skuId)?.title ?? '',
          name: cards.has(line.skuId) ? skuName(cards.get(line.skuId)!.attrs, cards.get(line.skuId)!.skuCode) : '', skuCode: cards.get(line.skuId)?.skuCode ?? '',
        })),
      }
    },
  }),
  route({
    method: 'PUT', path: '/stock-takes/:take', right: 'products.write', audit: 'stock.take-count', what: 'first step: what was counted, with a reason for every difference; nothing is booked yet', params: takeParams,
    body: z.object({ lines: z.array(z.object({ skuId: z.uuid(), counted: z.number().int().min(0).max(100_000_000), reason: z.enum(reasons).default('') })).min(1).max(2_000) }),
    handle: async ({ tx, tenantId, params: { take }, body, clock, actor }) => {
      const { lines, confirm } = outcomeOf(take, await countTake(tx, tenantId, take, body.lines, actor, clock.now()))
      return { confirm, differences: lines.filter((line) => line.counted !== line.expected).map((line: TakeLine) => ({ ...line, difference: line.counted - line.expected })) }
    },
  }),
  route({
    method: 'POST', path: '/stock-takes/:take/book', right: 'products.write', audit: 'stock.take-book', what: 'second step: book exactly what was shown under this code', params: takeParams, body: z.object({ confirm: z.string().length(16) }),
    handle: async ({ tx, tenantId, params: { take }, body, clock, ids, actor }) => outcomeOf(take, await bookTake(tx, tenantId, take, body.confirm, actor, clock.now(), ids)),
  }),
  route({
    method: 'POST', path: '/stock-takes/:take/drop', right: 'products.write', audit: 'stock.take-drop', what: 'drop a stock-take that is not booked', params: takeParams,
    async handle({ tx, tenantId, params: { take }, clock, actor }) {
      outcomeOf(take, await dropTake(tx, tenantId, take, actor, clock.now()))
      return { dropped: true }
    },
  }),
]

function outcomeOf<T>(takeId: string, outcome: TakeOutcome<T>): T {
  if (outcome.kind === 'no-take') throw stockFault('stock/no-take', { takeId })
  if (outcome.kind === 'wrong-state') throw stockFault('stock/take-state', { takeId, state: takeStates[outcome.state] })
  if (outcome.kind === 'not-tracked') throw stockFault('stock/not-tracked', { skuId: outcome.skuId })
  if (outcome.kind === 'no-reason') throw stockFault('stock/take-reason', { sku: outcome.skuId, difference: outcome.difference })
  if (outcome.kind === 'changed') throw stockFault('stock/take-changed', { takeId })
  return outcome.value
}
