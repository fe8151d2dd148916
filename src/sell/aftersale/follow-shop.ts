import type { Instant } from '../../kernel/clock.ts'
import type { ObjectReader } from '../../kernel/engine/index.ts'
import { findOrder, listOrderLines, shopAftersaleReader, type ShopPlatform } from '../order/index.ts'
import { ended, stateOfPlatform, type Kind } from './aftersale.ts'
import { appendAftersaleFacts, findAftersales, upsertAftersales, type Aftersale, type AftersaleFact } from './store.ts'

type Loose = Record<string, unknown>
const object = (value: unknown): Loose => (value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Loose) : {})
const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')
const integer = (value: unknown): number => (Number.isSafeInteger(Number(value)) ? Number(value) : 0)

export type ShopAftersale = Pick<Aftersale, 'aftersaleId' | 'orderId' | 'kind' | 'state' | 'platformState' | 'skuId' | 'quantity' | 'amountFen' | 'reason' | 'description' | 'back' | 'refuseReason' | 'askedAt' | 'changedAt'> & { deadlineSeconds: number | null; endedAt: Instant | null }

/** An after-sale as the platform tells it; undefined when its state is none that the sheet knows: the refund is booked, the work list leaves it out. */
export function readPlatformAftersale(body: unknown): ShopAftersale | undefined {
  const order = object(object(body).after_sale_order)
  const platformState = text(order.status)
  const state = stateOfPlatform(platformState)
  const aftersaleId = text(order.after_sale_order_id)
  if (state === undefined || aftersaleId === '') return undefined
  const product = object(order.product_info)
  const back = object(order.return_info)
  const type = text(order.type)
  const kind: Kind = type === 'RETURN' ? 'return' : type === 'REFUND' || type === '' ? 'refund' : 'exchange'
  const changedAt = integer(order.update_time) * 1000
  return {
    aftersaleId, orderId: text(order.order_id), kind, state, platformState, skuId: text(product.sku_id), quantity: integer(product.count), amountFen: integer(object(order.refund_info).amount), reason: text(order.reason), description: text(object(order.details).desc),
    back: text(back.waybill_id) === '' ? null : { company: text(back.delivery_name) || text(back.delivery_id), trackingNo: text(back.waybill_id) }, refuseReason: text(object(order.merchant_upload_info).reject_reason) || null,
    askedAt: integer(order.create_time) * 1000, changedAt, deadlineSeconds: integer(order.deadline) > 0 ? integer(order.deadline) : null, endedAt: ended.has(state) ? integer(order.complete_time) * 1000 || changedAt : null,
  }
}

/** Reads an after-sale of the Shop again: its money goes to the order book, its state and deadline to the work list. */
export function aftersaleReader(platform: ShopPlatform): ObjectReader {
  const book = shopAftersaleReader(platform)
  return {
    ...book,
    async save(work, tx, reads) {
      await book.save(work, tx, reads)
      const { tenantId, now, ids } = work
      const told = reads.flatMap((read) => {
        const one = readPlatformAftersale(read.body)
        return one ? [{ one, connectionId: read.ring.connectionId }] : []
      })
      if (told.length === 0) return
      const before = new Map((await findAftersales(tx, tenantId, 'shop', told.map(({ one }) => one.aftersaleId))).map((row) => [row.aftersaleId, row]))
      const rows: Aftersale[] = []
      const facts: AftersaleFact[] = []
      for (const { one, connectionId } of told) {
        const was = before.get(one.aftersaleId)
        // Reads may come out of order; within a second the later read counts.
        if (was && was.changedAt > one.changedAt) continue
        const order = was ? undefined : await findOrder(tx, tenantId, 'shop', one.orderId)
        const line = was ? undefined : (await listOrderLines(tx, tenantId, 'shop', one.orderId)).find((row) => row.skuId === one.skuId)
        const { deadlineSeconds, ...rest } = one
        rows.push({
          ...rest, shelf: 'shop', connectionId, personId: was?.personId ?? order?.personId ?? null, buyer: null, lineNo: was?.lineNo ?? line?.lineNo ?? null, title: was?.title ?? line?.title ?? '', media: [], again: null, refundId: one.aftersaleId,
          restocked: was?.restocked ?? 0, asking: was?.platformState === one.platformState ? (was?.asking ?? null) : null, askingError: was?.platformState === one.platformState ? (was?.askingError ?? null) : null,
          deadlineAt: deadlineSeconds === null || one.endedAt !== null ? null : now + deadlineSeconds * 1000,
        })
        if (was?.platformState !== one.platformState) facts.push({ factId: ids.next(), shelf: 'shop', aftersaleId: one.aftersaleId, at: one.changedAt, act: was ? 'follow' : 'ask', by: 'platform', state: one.state, detail: { platformState: one.platformState } })
      }
      await upsertAftersales(tx, tenantId, rows)
      appendAftersaleFacts(tx, tenantId, facts)
    },
  }
}
