import { csvFile, csvLine } from '../../kernel/csv.ts'
import { z } from 'zod'
import { fenToYuan } from '../../kernel/money.ts'
import { saleDate } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { readFields } from '../../book/person/index.ts'
import { listOrderLines } from '../order/index.ts'
import { listInvoices, type InvoiceRow } from './store.ts'

/** What an invoice needs of a buyer (发票抬头). Kept as a sealed field of the person: erased with them. */
export const invoiceTitle = z.object({
  titleKind: z.enum(['person', 'company']), title: z.string().trim().min(1).max(100), taxNo: z.string().trim().regex(/^[0-9A-Z]{15,20}$/, '15 to 20 digits and capitals').optional(), email: z.email().max(100).optional(),
}).refine((one) => one.titleKind === 'person' || one.taxNo !== undefined, 'a company has a tax number')
export type InvoiceTitle = z.output<typeof invoiceTitle>
export const invoiceField = (orderId: string): string => `invoice ${orderId}`

/** Open requests as a file for the invoicing program: one line for each line of an order. What was refunded is taken off. */
export async function invoiceFile(tx: Tx, tenantId: number, seal: Seal): Promise<{ csv: string; orderIds: string[] }> {
  const rows = await listInvoices(tx, tenantId, true, 1000)
  const lines: string[] = [csvLine(['订单号', '申请日期', '抬头类型', '抬头', '税号', '邮箱', '商品', '规格编码', '数量', '金额（元）', '订单开票金额（元）'])]
  const orderIds: string[] = []
  for (const row of rows) {
    const asked = titleOf(await readFields(tx, tenantId, row.personId, seal), row)
    if (asked === undefined) continue // erased since
    const goods = (await listOrderLines(tx, tenantId, 'mall', row.orderId)).map((line) => ({ ...line, netFen: line.paidFen - line.refundedFen })).filter((line) => line.netFen > 0)
    const whole = goods.reduce((sum, line) => sum + line.netFen, 0)
    for (const line of goods) {
      lines.push(csvLine([row.orderId, saleDate(row.askedAt), row.titleKind === 'company' ? '单位' : '个人', asked.title, asked.taxNo ?? '', asked.email ?? '', line.title, line.skuCode, String(line.quantity - line.refundedQuantity), fenToYuan(line.netFen), fenToYuan(whole)]))
    }
    orderIds.push(row.orderId)
  }
  return { csv: csvFile(lines), orderIds }
}

function titleOf(fields: Record<string, string>, row: InvoiceRow): InvoiceTitle | undefined {
  const text = fields[invoiceField(row.orderId)]
  return text === undefined ? undefined : (JSON.parse(text) as InvoiceTitle)
}
