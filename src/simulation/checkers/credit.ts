import { findings, type Checker } from './outputs.ts'

/** Credit (功劳): under each model an order's shares add up to one, and their money to what was paid. */
export const credit: Checker = {
  name: 'credit',
  async run(outputs) {
    const { report, check } = findings()
    const rows = await outputs.rows<{ id: string; model: string; parts: number; fen: number; least: number; paid: number }>(
      `select c.order_id as id, c.model, sum(c.billionths)::bigint as parts, sum(c.credit_fen)::bigint as fen, min(c.billionths) as least, o.paid_fen as paid
       from order_credit c join shop_order o on o.tenant_id = c.tenant_id and o.shelf = c.shelf and o.order_id = c.order_id where c.tenant_id = $1 group by c.order_id, c.model, o.paid_fen order by 1, 2`,
      [outputs.tenantId],
    )
    for (const row of rows) {
      check(row.parts === 1_000_000_000, () => `order ${row.id}, ${row.model}: the shares add up to ${row.parts} billionths`)
      check(row.least >= 0, () => `order ${row.id}, ${row.model}: a share is negative`)
      check(row.fen === row.paid, () => `order ${row.id}, ${row.model}: ${row.fen} of ${row.paid} fen are credited`)
    }
    return report
  },
}
