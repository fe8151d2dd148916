import { findings, type Checker, type Outputs } from './outputs.ts'
import { payTruth, refundedStates, shopTruth } from './platform-truth.ts'

const settledKey = 'shop-fund/'
/** The wallet is read once a day, the bill of a day at noon of the next; a slow house adds hours. */
const readWithinMs = 36 * 3_600_000
const billWithinMs = 54 * 3_600_000

/** Money (钱): every posting balances, an order's money is the platform's (the Shop's, and for the mall WeChat Pay's), in its row and in the ledger alike; the Shop's wallet is, flow by flow. */
export const money: Checker = {
  name: 'money',
  async run(outputs) {
    const { report, check } = findings()
    const { tenantId, rows } = outputs
    const postings = await rows<{ key: string; unit: string; off: number }>(
      `select p.key, e.unit, sum(e.amount)::bigint as off from posting p left join entry e on e.tenant_id = p.tenant_id and e.posting_id = p.posting_id
       where p.tenant_id = $1 and coalesce(e.unit, 'fen') = 'fen' group by p.key, e.unit order by 1, 2`,
      [tenantId],
    )
    // An account that was opened with nothing on it says so without entries.
    for (const { key, unit, off } of postings) check(unit === null ? key.startsWith('opening/') : off === 0, () => (unit === null ? `posting ${key} has no entries` : `posting ${key} is out of balance by ${off} ${unit}`))
    const booked = new Map(
      (await rows<{ id: string; paid: number; refunded: number; lines: number }>(
        `select order_id as id, paid_fen as paid, refunded_fen as refunded, (select coalesce(sum(l.paid_fen), 0)::bigint from order_line l where l.tenant_id = o.tenant_id and l.shelf = o.shelf and l.order_id = o.order_id) as lines
         from shop_order o where tenant_id = $1 and shelf = 'shop'`,
        [tenantId],
      )).map((row) => [row.id, row]),
    )
    const till = new Map(
      (await rows<{ key: string; amount: number }>(
        `select p.key, sum(e.amount)::bigint as amount from posting p join entry e on e.tenant_id = p.tenant_id and e.posting_id = p.posting_id
         where p.tenant_id = $1 and e.account = 'till:shop' and e.unit = 'fen' group by p.key`,
        [tenantId],
      )).map((row) => [row.key, row.amount]),
    )
    const truth = shopTruth(outputs)
    const refunded = new Map<string, number>()
    let expected = 0
    for (const item of truth.aftersales) {
      if (!refundedStates.has(item.status)) continue
      refunded.set(item.orderId, (refunded.get(item.orderId) ?? 0) + item.amountFen)
      expected -= item.amountFen
      const key = `refund/shop/${item.id}`
      check(till.get(key) === -item.amountFen, () => `refund ${item.id}: the platform paid back ${item.amountFen} fen, the ledger says ${String(till.get(key))}`)
    }
    for (const order of truth.orders) {
      const paid = order.paidAt === undefined ? 0 : order.lines.reduce((sum, line) => sum + line.realFen, order.freightFen)
      expected += paid
      const row = booked.get(order.id)
      // That the order is there at all is the book checker's question.
      if (!row) continue
      const back = refunded.get(order.id) ?? 0
      check(row.paid === paid, () => `order ${order.id}: ${paid} fen were paid, the book says ${row.paid}`)
      check(row.refunded === back, () => `order ${order.id}: ${back} fen went back, the book says ${row.refunded}`)
      if (paid > 0) {
        check(row.lines + order.freightFen === paid, () => `order ${order.id}: the lines add up to ${row.lines} of ${paid} fen`)
        const key = `order/shop/${order.id}/paid`
        check(till.get(key) === paid, () => `order ${order.id}: ${paid} fen were paid, the ledger says ${String(till.get(key))}`)
      }
    }
    // What the platform settled went from the till to the wallet.
    const total = [...till].reduce((sum, [key, amount]) => sum + (key.startsWith(settledKey) ? 0 : amount), 0)
    check(total === expected, () => `the till took ${total} fen, the platform's orders and refunds come to ${expected}`)
    const wallet = new Map(
      (await rows<{ key: string; amount: number }>(
        `select p.key, sum(e.amount)::bigint as amount from posting p join entry e on e.tenant_id = p.tenant_id and e.posting_id = p.posting_id
         where p.tenant_id = $1 and e.account = 'wallet:shop' and e.unit = 'fen' group by p.key`,
        [tenantId],
      )).map((row) => [row.key.slice(row.key.lastIndexOf('/') + 1), row.amount]),
    )
    const now = outputs.emulator.namespace(outputs.world).now
    for (const flow of truth.funds) {
      const amount = flow.direction === 1 ? flow.amountFen : -flow.amountFen
      const booked = wallet.get(flow.id) ?? 0
      wallet.delete(flow.id)
      if (booked !== 0 || flow.at < now - readWithinMs) check(booked === amount, () => `flow ${flow.id} of the Shop's wallet: ${amount} fen, the ledger says ${booked}`)
    }
    for (const [id, amount] of wallet) check(false, () => `the ledger has ${amount} fen for a flow ${id} that the Shop's wallet does not have`)
    await mall(outputs, check)
    return report
  },
}

async function mall(outputs: Outputs, check: (good: boolean, sentence: () => string) => void): Promise<void> {
  const { tenantId, rows } = outputs
  const booked = new Map((await rows<{ id: string; paid: number; refunded: number }>(`select order_id as id, paid_fen as paid, refunded_fen as refunded from shop_order where tenant_id = $1 and shelf = 'mall'`, [tenantId])).map((row) => [row.id, row]))
  const till = new Map((await rows<{ key: string; amount: number }>(
    `select p.key, sum(e.amount)::bigint as amount from posting p join entry e on e.tenant_id = p.tenant_id and e.posting_id = p.posting_id where p.tenant_id = $1 and e.account = 'till:pay' and e.unit = 'fen' group by p.key`,
    [tenantId],
  )).map((row) => [row.key, row.amount]))
  const { orders, refunds } = payTruth(outputs)
  const back = new Map<string, number>()
  let expected = 0
  for (const refund of refunds) {
    if (refund.status !== 'SUCCESS') continue
    back.set(refund.outTradeNo, (back.get(refund.outTradeNo) ?? 0) + refund.refundFen)
    expected -= refund.refundFen
    const amount = till.get(`refund/mall/${refund.outRefundNo}`)
    check(amount === -refund.refundFen, () => `mall refund ${refund.outRefundNo}: WeChat Pay paid back ${refund.refundFen} fen, the ledger says ${String(amount)}`)
  }
  for (const order of orders) {
    const paid = order.state === 'SUCCESS' ? order.totalFen : 0
    expected += paid
    const row = booked.get(order.outTradeNo)
    if (!row) continue
    check(row.paid === paid, () => `mall order ${order.outTradeNo}: ${paid} fen were paid, the book says ${row.paid}`)
    check(row.refunded === (back.get(order.outTradeNo) ?? 0), () => `mall order ${order.outTradeNo}: ${back.get(order.outTradeNo) ?? 0} fen went back, the book says ${row.refunded}`)
    if (paid > 0) check(till.get(`order/mall/${order.outTradeNo}/paid`) === paid, () => `mall order ${order.outTradeNo}: ${paid} fen were paid, the ledger says ${String(till.get(`order/mall/${order.outTradeNo}/paid`))}`)
  }
  // Fees are known from the bill of the next day only.
  const now = outputs.emulator.namespace(outputs.world).now
  for (const order of orders) {
    const fee = till.get(`fee/payment/${order.outTradeNo}`)
    const owed = order.paidAt === undefined ? 0 : -order.feeFen
    if (fee !== undefined || (owed !== 0 && order.paidAt! < now - billWithinMs)) check(fee === owed, () => `mall order ${order.outTradeNo}: the fee is ${0 - owed} fen, the ledger says ${String(fee)}`)
  }
  const known = new Set([...orders.map((order) => `fee/payment/${order.outTradeNo}`), ...refunds.map((refund) => `fee/refund/${refund.outRefundNo}`)])
  for (const [key, amount] of till) if (key.startsWith('fee/')) check(known.has(key), () => `the ledger has a fee of ${0 - amount} fen for ${key.slice('fee/'.length)}, which WeChat Pay does not know`)
  const total = [...till].reduce((sum, [key, amount]) => sum + (key.startsWith('fee/') ? 0 : amount), 0)
  check(total === expected, () => `the till of the mall took ${total} fen, payments and refunds at WeChat Pay come to ${expected}`)
}
