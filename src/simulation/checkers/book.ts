import { findings, type Checker, type Outputs } from './outputs.ts'
import { payTruth, refundedStates, shopTruth } from './platform-truth.ts'

/** The book (账本): after the storm it holds the platform's orders and after-sales, all of them, in their last state, and nothing else; the mall's orders ended as at WeChat Pay. */
export const book: Checker = {
  name: 'book',
  async run(outputs) {
    const { report, check } = findings()
    const { tenantId, rows } = outputs
    type Row = { id: string; status: number; placed: number; paid: number | null; settled: number | null; lines: Array<[string, number]> }
    const booked = new Map(
      (await rows<Row>(
        `select order_id as id, platform_status as status, placed_at as placed, paid_at as paid, settled_at as settled,
           (select coalesce(jsonb_agg(jsonb_build_array(l.sku_id, l.quantity) order by l.line_no), '[]') from order_line l where l.tenant_id = o.tenant_id and l.shelf = o.shelf and l.order_id = o.order_id) as lines
         from shop_order o where tenant_id = $1 and shelf = 'shop'`,
        [tenantId],
      )).map((row) => [row.id, row]),
    )
    const inSeconds = (at: number | null | undefined): number | null => (at == null ? null : Math.floor(at / 1000))
    const truth = shopTruth(outputs)
    for (const order of truth.orders) {
      const row = booked.get(order.id)
      check(row !== undefined, () => `order ${order.id} of the platform is not in the book`)
      if (!row) continue
      booked.delete(order.id)
      check(row.status === order.status, () => `order ${order.id}: the platform says status ${order.status}, the book ${row.status}`)
      check(inSeconds(row.placed) === inSeconds(order.createdAt) && inSeconds(row.paid) === inSeconds(order.paidAt) && inSeconds(row.settled) === inSeconds(order.settledAt),
        () => `order ${order.id}: the platform has placed, paid, settled ${[order.createdAt, order.paidAt, order.settledAt].map(inSeconds).join(', ')}, the book ${[row.placed, row.paid, row.settled].map(inSeconds).join(', ')}`)
      const lines = order.lines.map((line) => [line.skuId, line.count])
      check(JSON.stringify(row.lines) === JSON.stringify(lines), () => `order ${order.id}: the platform has lines ${JSON.stringify(lines)}, the book ${JSON.stringify(row.lines)}`)
    }
    for (const id of booked.keys()) check(false, () => `order ${id} is in the book and not at the platform`)
    const refunds = new Map((await rows<{ id: string; status: string }>(`select refund_id as id, status from refund where tenant_id = $1 and shelf = 'shop'`, [tenantId])).map((row) => [row.id, row.status]))
    for (const item of truth.aftersales) {
      const expected = refundedStates.has(item.status) ? 'done' : item.completedAt === undefined ? 'pending' : 'refused'
      check(refunds.get(item.id) === expected, () => `after-sale ${item.id} is ${item.status} at the platform, ${String(refunds.get(item.id))} in the book`)
      refunds.delete(item.id)
    }
    for (const id of refunds.keys()) check(false, () => `refund ${id} is in the book and not at the platform`)
    await mall(outputs, check)
    return report
  },
}

async function mall(outputs: Outputs, check: (good: boolean, sentence: () => string) => void): Promise<void> {
  const { tenantId, rows } = outputs
  const booked = new Map((await rows<{ id: string; state: string; paid: number | null; transaction: string | null }>(
    `select order_id as id, state, paid_at as paid, transaction_id as transaction from mall_order where tenant_id = $1`, [tenantId])).map((row) => [row.id, row]))
  const listed = new Map((await rows<{ id: string; paid: number | null }>(`select order_id as id, paid_at as paid from shop_order where tenant_id = $1 and shelf = 'mall'`, [tenantId])).map((row) => [row.id, row]))
  const { orders, refunds } = payTruth(outputs)
  const known = new Map(orders.map((order) => [order.outTradeNo, order]))
  for (const order of orders) {
    const row = booked.get(order.outTradeNo)
    check(row !== undefined, () => `WeChat Pay has order ${order.outTradeNo}, the mall does not`)
    if (!row) continue
    check(row.transaction === order.transactionId, () => `mall order ${row.id}: WeChat Pay has transaction ${String(order.transactionId)}, the mall ${String(row.transaction)}`)
    check((row.paid === null) === (order.state !== 'SUCCESS'), () => `mall order ${row.id} is ${order.state} at WeChat Pay, ${row.state} here`)
  }
  for (const row of booked.values()) {
    check(row.state !== 'unpaid', () => `mall order ${row.id} still waits for its payment`)
    check(row.paid === null || known.has(row.id), () => `mall order ${row.id} is paid, and WeChat Pay does not know it`)
    check(listed.has(row.id) && listed.get(row.id)!.paid === row.paid, () => `mall order ${row.id} is not in the order book as the mall has it`)
    listed.delete(row.id)
  }
  for (const id of listed.keys()) check(false, () => `mall order ${id} is in the order book only`)
  const asked = new Map((await rows<{ id: string; status: string }>(`select refund_id as id, status from refund where tenant_id = $1 and shelf = 'mall'`, [tenantId])).map((row) => [row.id, row.status]))
  for (const refund of refunds) {
    const expected = refund.status === 'SUCCESS' ? 'done' : refund.status === 'CLOSED' ? 'refused' : 'pending'
    check(asked.get(refund.outRefundNo) === expected, () => `mall refund ${refund.outRefundNo} is ${refund.status} at WeChat Pay, ${String(asked.get(refund.outRefundNo))} here`)
    asked.delete(refund.outRefundNo)
  }
  for (const [id, status] of asked) check(status === 'refused', () => `mall refund ${id} is ${status} here, and WeChat Pay does not know it`)
}
