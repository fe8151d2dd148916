import { accountOf } from '../../emulator/core/namespace.ts'
import { shopState } from '../../emulator/shop/state.ts'
import { findings, type Checker } from './outputs.ts'
import { payTruth } from './platform-truth.ts'

/**
 * Stock (库存): the pieces of a SKU are all somewhere, in the table and in the ledger; our idea of what the Shop can still sell is never below what it can; what the
 * mall reserved is for orders that wait, and what it sold is what WeChat Pay was paid for.
 */
export const stock: Checker = {
  name: 'stock',
  async run(outputs) {
    const { report, check } = findings()
    const { tenantId, rows, emulator, world } = outputs
    const skus = await rows<{ sku: string; received: number; places: number; least: number }>(
      `select s.sku_id as sku, s.received, s.mall + s.reserved + s.reserve + s.moving + s.sold - s.restored - s.unbacked + coalesce((select sum(f.shop + f.held) from stock_shelf f where f.tenant_id = s.tenant_id and f.sku_id = s.sku_id), 0)::bigint as places,
         least(s.mall, s.reserved, s.reserve, s.moving) as least
       from stock s where s.tenant_id = $1 order by 1`,
      [tenantId],
    )
    for (const row of skus) {
      check(row.places === row.received, () => `sku ${row.sku}: ${row.received} pieces were received, ${row.places} are accounted for`)
      check(row.least >= 0, () => `sku ${row.sku}: a place holds ${row.least} pieces`)
    }
    for (const { unit, off } of await rows<{ unit: string; off: number }>(`select unit, sum(amount)::bigint as off from entry where tenant_id = $1 and unit like 'sku:%' group by unit order by 1`, [tenantId]))
      check(off === 0, () => `the ledger of ${unit} is out of balance by ${off}`)
    const account = accountOf(emulator.namespace(world), 'shop')
    const truth = account ? shopState(emulator.namespace(world), account.id).stock : {}
    for (const row of await rows<{ sku: string; shop: number; bound: number; open: number }>(
      `select f.platform_sku_id as sku, f.shop - f.elsewhere as shop, f.shop + f.held + (select s.moving from stock s where s.tenant_id = f.tenant_id and s.sku_id = f.sku_id) as bound, (select count(*) from stock_move m where m.tenant_id = f.tenant_id and m.sku_id = f.sku_id and m.state in ('planned', 'sent', 'unknown')) as open
       from stock_shelf f where f.tenant_id = $1 order by 1`,
      [tenantId],
    )) {
      const num = truth[row.sku]?.num
      if (num === undefined) continue
      check(row.bound >= num, () => `sku ${row.sku}: the Shop can sell ${num}, we think at most ${row.bound}`)
      if (row.open === 0) check(row.shop === num, () => `sku ${row.sku}: all is quiet, the Shop has ${num}, the book ${row.shop}`)
    }
    // Units of the mall, order by order: held while it waits, sold once it is paid at WeChat Pay, else released.
    const paid = new Set(payTruth(outputs).orders.filter((order) => order.state === 'SUCCESS').map((order) => order.outTradeNo))
    const held = new Map<string, number>()
    for (const row of await rows<{ id: string; sku: string; state: string; units: number; wanted: number; order: string; cancelled: number | null }>(
      `select r.order_id as id, r.sku_id as sku, r.state, r.quantity as units, m.state as "order", m.cancelled_at as cancelled,
         (select coalesce(sum((l->>'quantity')::bigint), 0)::bigint from jsonb_array_elements(m.lines) l where l->>'skuId' = r.sku_id::text) as wanted
       from reservation r join mall_order m on m.tenant_id = r.tenant_id and m.order_id = r.order_id where r.tenant_id = $1 order by 1, 2`,
      [tenantId],
    )) {
      if (row.state === 'held') held.set(row.sku, (held.get(row.sku) ?? 0) + row.units)
      // An order that was cancelled before its payment came gives its units back and its money.
      const expected = row.order === 'unpaid' ? 'held' : row.cancelled !== null || !paid.has(row.id) ? 'released' : 'sold'
      check(row.state === expected && row.units === row.wanted, () => `mall order ${row.id} wants ${row.wanted} of sku ${row.sku} ${expected}, they are ${row.units} ${row.state}`)
    }
    for (const row of await rows<{ sku: string; reserved: number }>(`select sku_id as sku, reserved from stock where tenant_id = $1 order by 1`, [tenantId]))
      check(row.reserved === (held.get(row.sku) ?? 0), () => `sku ${row.sku}: ${row.reserved} pieces are reserved, orders that wait want ${held.get(row.sku) ?? 0}`)
    return report
  },
}
