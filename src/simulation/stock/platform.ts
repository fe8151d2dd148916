import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { PlatformAnswer } from '../../kernel/engine/index.ts'
import type { RandomKey } from '../../kernel/random.ts'

/** What the platform really has: the truth that the product never sees but through its calls. */
export type ShopOrder = { orderId: string; skuId: string; quantity: number; state: 'unpaid' | 'paid' | 'cancelled'; placedAt: number; paidAt: number | null; version: number }
type Entry = { at: number; op: number; before: number; after: number; orderId: string }
type Stock = { num: number; flow: Entry[] }

export type Platform = {
  stock: Map<string, Stock>
  orders: Map<string, ShopOrder>
  /** What WeChat Pay knows of mall orders. */
  pay: Map<string, { state: 'NOTPAY' | 'SUCCESS' | 'CLOSED'; totalFen: number; paidAt: number }>
  audit: boolean
  /** All faults off: the end of a run. */
  calm: boolean
  buy(skuId: string, quantity: number): ShopOrder | undefined
  end(order: ShopOrder, pays: boolean): void
  /** Somebody lowers the stock in the Shop's own back end. */
  lowerByHand(skuId: string, quantity: number): number
  call(endpoint: string, request: unknown): PlatformAnswer
}

const ok = (result: unknown): PlatformAnswer => ({ kind: 'ok', result })
const no = (code: string, text: string, retry: 'now' | 'later' | 'never' = 'never'): PlatformAnswer => ({ kind: 'refused', retry, code, text })
const silent: PlatformAnswer = { kind: 'no-answer', text: 'the connection was lost' }

/**
 * A Shop and WeChat Pay as the sheets describe them, with faults by seed.
 * @param skus platform SKU ids with their first stock
 * @param lagMs how late the stock flow shows an entry
 * @param setInstead control: a stock write sets what the writer believes instead of adding
 */
export function createPlatform(clock: Clock, u: (...keys: RandomKey[]) => number, skus: ReadonlyArray<{ skuId: string; productId: string; num: number }>, lagMs: number, setInstead?: (skuId: string) => number): Platform {
  let calls = 0
  let serial = 0
  const stock = new Map<string, Stock>(skus.map(({ skuId, num }) => [skuId, { num, flow: num === 0 ? [] : [{ at: clock.now() - 600_000, op: 3, before: 0, after: num, orderId: '' }] }]))
  const change = (skuId: string, op: number, after: number, orderId = ''): void => {
    const one = stock.get(skuId)!
    one.flow.push({ at: clock.now(), op, before: one.num, after, orderId })
    one.num = after
  }
  const productOf = (productId: string): typeof skus[number][] => skus.filter((one) => one.productId === productId)
  const write = (request: { sku_id: string; diff_type: number; num: number }, draw: number): PlatformAnswer => {
    if (platform.audit) return no('10020065', 'the product is under audit')
    const fault = platform.calm ? 'none' : draw < 0.62 ? 'none' : draw < 0.7 ? 'unchanged' : draw < 0.78 ? 'lost-done' : draw < 0.85 ? 'lost-not-done' : draw < 0.9 ? 'busy-done' : draw < 0.95 ? 'busy' : 'too-often'
    if (fault === 'too-often') return no('10020112', 'update stock too frequently', 'later')
    if (fault === 'unchanged') return ok({})
    if (fault === 'lost-not-done') return silent
    if (fault === 'busy') return no('-1', 'system busy', 'now')
    const one = stock.get(request.sku_id)!
    const add = request.diff_type === 1
    if (setInstead) change(request.sku_id, 3, Math.max(0, setInstead(request.sku_id) + (add ? request.num : -request.num)))
    else {
      if (!add && one.num < request.num) return no('10020219', 'stock not enough')
      change(request.sku_id, add ? 1 : 2, one.num + (add ? request.num : -request.num))
    }
    return fault === 'lost-done' ? silent : fault === 'busy-done' ? no('-1', 'system busy', 'now') : ok({})
  }
  const platform: Platform = {
    stock, orders: new Map(), pay: new Map(), audit: false, calm: false,
    buy(skuId, quantity) {
      const one = stock.get(skuId)!
      if (one.num < quantity) return undefined
      const order: ShopOrder = { orderId: `37${String(serial++).padStart(17, '0')}`, skuId, quantity, state: 'unpaid', placedAt: clock.now(), paidAt: null, version: Math.floor(clock.now() / 1000) }
      change(skuId, 4, one.num - quantity, order.orderId)
      platform.orders.set(order.orderId, order)
      return order
    },
    end(order, pays) {
      Object.assign(order, { state: pays ? 'paid' : 'cancelled', paidAt: pays ? clock.now() : null, version: Math.floor(clock.now() / 1000) + 1 })
      // Only an unpaid order gives its units back; refunds never do.
      if (!pays) change(order.skuId, 5, stock.get(order.skuId)!.num + order.quantity, order.orderId)
    },
    lowerByHand(skuId, quantity) {
      const { num } = stock.get(skuId)!
      const less = Math.min(num, quantity)
      if (less > 0) change(skuId, 3, num - less)
      return less
    },
    call(endpoint, request) {
      const draw = u('call', calls++)
      const input = request as Record<string, never>
      if (endpoint === 'shop.stock.update') return write(input as never, draw)
      if (!platform.calm && draw > 0.95) return silent
      if (endpoint === 'shop.stock.flow') {
        const one = stock.get(String(input.sku_id))!
        const seen = one.flow.filter((entry) => entry.at <= clock.now() - (platform.calm ? 0 : lagMs) && Math.floor(entry.at / 1000) >= Number(input.begin_time)).toReversed()
        const from = input.next_key ? Math.max(0, seen.length - Number(input.next_key)) : 0
        const page = seen.slice(from, from + Number(input.page_size))
        const left = seen.length - from - page.length
        return ok({ data: { stock_flow_info_list: page.map((entry) => ({ amount: Math.abs(entry.after - entry.before), beginning_amount: entry.before, ending_amount: entry.after, op_type: entry.op, update_time: Math.floor(entry.at / 1000), ext_info: { order_id: entry.orderId || '0' } })), next_key: left > 0 ? String(left) : '' } })
      }
      if (endpoint === 'shop.stock.get') return ok({ data: { normal_stock_num: stock.get(String(input.sku_id))!.num } })
      if (endpoint === 'shop.stock.batch-get') {
        return ok({ data: { spu_stock_list: (input.product_id as unknown as string[]).map((productId) => ({ product_id: productId, sku_stock: productOf(productId).map(({ skuId }) => ({ sku_id: skuId, normal_stock_num: stock.get(skuId)!.num })) })) } })
      }
      if (endpoint === 'shop.order.get') return ok(platform.orders.get(String(input.order_id)))
      if (endpoint === 'pay.transaction.query-by-out-trade-no') {
        const order = platform.pay.get(String(input.out_trade_no))
        if (!order) return no('ORDER_NOT_EXIST', 'no such order')
        return ok({ out_trade_no: input.out_trade_no, trade_state: order.state, transaction_id: `t${String(input.out_trade_no)}`, success_time: shanghaiRfc3339(order.paidAt), amount: { total: order.totalFen, payer_total: order.totalFen, currency: 'CNY' } })
      }
      if (endpoint === 'pay.transaction.close') {
        const order = platform.pay.get(String(input.out_trade_no))
        if (order?.state === 'SUCCESS') return no('ORDERPAID', 'paid already')
        if (order) order.state = 'CLOSED'
        return ok({})
      }
      if (endpoint === 'pay.refund.create') return ok({ status: 'SUCCESS' })
      return no('404', `no endpoint ${endpoint}`)
    },
  }
  return platform
}
