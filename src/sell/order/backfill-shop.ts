import { dayMs } from '../../kernel/calendar.ts'
import type { JobHandler, Work } from '../../kernel/engine/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { ShopPlatform } from './read-shop.ts'
import { bookedRefunds, bookedVersions, openRefunds } from './store.ts'

/**
 * Back-fill (补拉): callbacks can be lost for good after some hours, so every so often the Shop is asked what changed in a window (`order/list/get` by
 * update time, at most 7 days; `getaftersalelist` by creation time) and what our book does not show is read again. An after-sale is listed by its creation only, so those that
 * are open in our book are read again every some hours: the callback of their end may have been the lost one. One job per connection; its state is
 * the instant up to which everything has been compared.
 */
export const shopBackfillKind = 'shop.backfill'

type State = { connectionId: string; doneUpTo: Instant; openReadAt?: Instant; /** How many looks in a row found nothing missing. */ calm?: number }
type Listed = { orders: Array<{ id: string; from: Instant }>; aftersales: string[]; upTo: Instant; error?: string }

const everyMs = 30 * 60_000
/** While nothing is missing the pause is this: one loss, and it is every half hour again. A merchant waits no longer than an hour for what a lost callback would have told. */
const calmMs = 3_600_000
/** The youngest minutes are left to callbacks that are still on their way (the platform retries for hours; reading early is harmless, only dearer). */
const settleMs = 10 * 60_000
const windowMs = 7 * dayMs - 60_000
const openEveryMs = 6 * 3_600_000

export function shopBackfill(platform: ShopPlatform): JobHandler {
  return {
    kind: shopBackfillKind,
    async prepare(work: Work, job): Promise<Listed> {
      const state = job.state as State
      const upTo = Math.min(work.now - settleMs, state.doneUpTo + windowMs)
      const listed: Listed = { orders: [], aftersales: [], upTo: Math.max(upTo, state.doneUpTo) }
      if (upTo <= state.doneUpTo) return listed
      // One second back: the platform counts whole seconds and both ends belong to the window.
      const from = Math.floor(state.doneUpTo / 1000) - 1
      const to = Math.floor(upTo / 1000)
      for (let key = ''; ; ) {
        const answer = await platform.call(work.tenantId, state.connectionId, 'shop.order.list', { update_time_range: { start_time: from, end_time: to }, page_size: 100, ...(key === '' ? {} : { next_key: key }) })
        if (answer.kind !== 'ok') throw new Error(`order list: ${answer.text}`)
        const page = answer.result as { order_id_list?: unknown[]; next_key?: string; has_more?: boolean }
        for (const id of page.order_id_list ?? []) listed.orders.push({ id: String(id), from: from * 1000 })
        if (!page.has_more || !page.next_key || page.next_key === key) break
        key = page.next_key
      }
      for (let key = ''; ; ) {
        const answer = await platform.call(work.tenantId, state.connectionId, 'shop.aftersale.list', { begin_create_time: from, end_create_time: to, ...(key === '' ? {} : { next_key: key }) })
        if (answer.kind !== 'ok') throw new Error(`after-sale list: ${answer.text}`)
        const page = answer.result as { after_sale_order_id_list?: unknown[]; next_key?: string; has_more?: boolean }
        for (const id of page.after_sale_order_id_list ?? []) listed.aftersales.push(String(id))
        if (!page.has_more || !page.next_key || page.next_key === key) break
        key = page.next_key
      }
      return listed
    },
    async run(work, tx, job, prepared) {
      const state = job.state as State
      const listed = prepared as Listed
      const booked = await bookedVersions(tx, work.tenantId, listed.orders.map((o) => o.id))
      // Unknown, older than the window, or not finished: read again. An order that is finished inside the window has nothing more to tell.
      const orders = listed.orders.filter((o) => {
        const known = booked.get(o.id)
        return known === undefined || known.version * 1000 < o.from || !known.final
      })
      const refunds = await bookedRefunds(tx, work.tenantId, listed.aftersales)
      const bell = (kind: string, objectId: string) => ({ connectionId: state.connectionId, kind, objectId, at: work.now, cause: 'backfill' as const })
      await work.ring(tx, [...orders.map((o) => bell('shop.order', o.id)), ...listed.aftersales.filter((id) => !refunds.has(id)).map((id) => bell('shop.aftersale', id))])
      const openReadAt = state.openReadAt ?? work.now
      const readOpen = work.now - openReadAt >= openEveryMs
      if (readOpen) await work.ring(tx, (await openRefunds(tx, work.tenantId, state.connectionId, 500)).map((id) => bell('shop.aftersale', id)))
      const behind = work.now - settleMs - listed.upTo > calmMs
      // A callback that is late looks like a lost one: what is unknown counts, what is only newer than the book does not.
      const missed = listed.orders.some((o) => !booked.has(o.id)) || listed.aftersales.some((id) => !refunds.has(id))
      const calm = missed ? 0 : Math.min(10, (state.calm ?? 0) + 1)
      const pause = Math.min(calmMs, everyMs * 2 ** calm)
      return { dueAt: behind ? work.now : work.now + pause, state: { connectionId: state.connectionId, doneUpTo: listed.upTo, openReadAt: readOpen ? work.now : openReadAt, calm } satisfies State }
    },
  }
}
