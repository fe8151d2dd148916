import { diffType, stockBatchGet, stockFlow, stockGet, stockOp, stockUpdate } from '../../wechat/spec/shop/product.ts'
import type { Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { serve, type Route } from '../core/registry.ts'
import { pushShopEvent } from './event.ts'
import { seconds, shopOf, type Shop, type Stock } from './state.ts'

const dayMs = 86_400_000

/** Writes one entry of a SKU's stock flow and the new stock. The caller has checked that it does not fall below zero. */
export function moveStock(ns: Namespace, shop: Shop, skuId: string, op: number, amount: number, after: number, orderId = ''): void {
  const stock = shop.state.stock[skuId]
  const before = stock.num
  stock.num = after
  stock.flow.push(ns.now, op, amount, before, after, orderId)
  const { lowStockAt } = shop.state.parameters
  if (after <= lowStockAt && before > lowStockAt) {
    pushShopEvent(ns, shop, 'channels_ec_stock_no_enough', { product_id: stock.productId, sku_id: skuId, remaining_stock_amount: after, remaining_code_amount: 0 })
  }
}

function stockOf(shop: Shop, productId: string, skuId: string): Stock {
  if (!shop.state.products[productId]) throw new PlatformError(10020051, 'product not exist')
  const stock = shop.state.stock[skuId]
  if (!stock || stock.productId !== productId) throw new PlatformError(10020052, 'sku not exist')
  return stock
}

const update = serve(stockUpdate, ({ ns, account, input, faults }) => {
  const shop = shopOf(ns, account?.id)
  const stock = stockOf(shop, input.product_id, input.sku_id)
  const product = shop.state.products[input.product_id]
  if (!product.everListed) throw new PlatformError(10020065, 'the product has never been listed')
  if (product.draft?.edit_status === 2) throw new PlatformError(10020065, 'the product is under audit')
  if (input.num < 0) throw new PlatformError(10020050, 'num must not be negative')
  const second = seconds(ns.now)
  if (stock.second === second && stock.updates >= shop.state.parameters.stockUpdatesPerSecond) throw new PlatformError(10020112, 'update stock too frequently')
  // Seen in reports, unconfirmed: the platform says ok and changes nothing.
  if (faults.includes('unchanged')) return {}
  if (input.diff_type === diffType.subtract && stock.num < input.num) throw new PlatformError(10020219, 'stock not enough')
  stock.updates = stock.second === second ? stock.updates + 1 : 1
  stock.second = second
  switch (input.diff_type) {
    case diffType.add:
      moveStock(ns, shop, input.sku_id, stockOp.add, input.num, stock.num + input.num)
      return {}
    case diffType.subtract:
      moveStock(ns, shop, input.sku_id, stockOp.subtract, input.num, stock.num - input.num)
      return {}
    case diffType.set:
      moveStock(ns, shop, input.sku_id, stockOp.set, input.num, input.num)
      return {}
    default:
      throw new PlatformError(10020050, 'diff_type must be 1, 2 or 3')
  }
})

const numbers = (stock: Stock) => ({ normal_stock_num: stock.num, limited_discount_stock_num: 0, warehouse_stocks: [], total_stock_num: stock.num })

const get = serve(stockGet, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  return { data: numbers(stockOf(shop, input.product_id, input.sku_id)) }
})

const batchGet = serve(stockBatchGet, ({ ns, account, input, faults }) => {
  const { state } = shopOf(ns, account?.id)
  const wanted = new Set(input.product_id)
  const bySpu = new Map<string, Array<{ sku_id: string } & ReturnType<typeof numbers> & { finder_total_num: number }>>()
  for (const [skuId, stock] of Object.entries(state.stock)) {
    if (!wanted.has(stock.productId)) continue
    const list = bySpu.get(stock.productId) ?? []
    list.push({ sku_id: skuId, ...numbers(stock), finder_total_num: 0 })
    bySpu.set(stock.productId, list)
  }
  const spuStockList = [...bySpu].map(([productId, skuStock]) => ({ product_id: productId, sku_stock: skuStock }))
  return { data: { spu_stock_list: faults.includes('partial') ? spuStockList.slice(0, Math.ceil(spuStockList.length / 2)) : spuStockList } }
})

const flow = serve(stockFlow, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const stock = stockOf(shop, input.product_id, input.sku_id)
  if (input.page_size < 1 || input.page_size > 100) throw new PlatformError(10020050, 'page_size must be 1 to 100')
  const from = Math.max(input.begin_time * 1000, ns.now - 180 * dayMs)
  const to = input.end_time * 1000 + 999
  const ops = input.op_type_list && input.op_type_list.length > 0 ? new Set(input.op_type_list) : undefined
  const kept = stock.flow.entries().filter((entry) => entry.at >= from && entry.at <= to && (!ops || ops.has(entry.op))).reverse()
  // The cursor counts from the oldest entry, so that new entries do not move the pages.
  const end = input.next_key ? Math.max(0, kept.length - Number(input.next_key)) : 0
  const page = kept.slice(end, end + input.page_size)
  const left = kept.length - end - page.length
  return {
    data: {
      stock_flow_info_list: page.map(({ at, op, amount, before, after, orderId }) => ({
        amount,
        beginning_amount: before,
        ending_amount: after,
        stock_sub_type: 1,
        op_type: op,
        update_time: seconds(at),
        ext_info: { upload_source: 0, order_id: orderId || '0', out_warehouse_id: '', limited_discount_id: '0' },
      })),
      next_key: left > 0 ? String(left) : '',
    },
  }
})

export const stockRoutes: Route[] = [update, get, batchGet, flow]
