import type { Subscriber } from '../../kernel/engine/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { touchesOf } from '../../book/touch/index.ts'
import { payloadOf } from '../../events.ts'
import { creditOf, pathBefore, rules, type PathStep } from './path.ts'
import { insertCredits, insertTouchpoints, touchpointsOf, type Touchpoint } from './store.ts'

export const lookbackSetting = 'attribution.lookbackDays'
const defaultLookbackDays = 30

/**
 * Hears how people come and what they buy, in order: a new contact is a touchpoint of its channel; a paid order first leaves the touchpoint that the
 * platform itself reports (its scene), and is then credited to what led to it. A unionid learned later joins paths of later orders only: a credit
 * once given stands.
 */
export function attributionSubscriber(channelsOfStates: (tx: Tx, tenantId: number, corpId: string, states: readonly string[]) => Promise<Map<string, string>>): Subscriber {
  return {
    name: 'acquire/attribution',
    hears: ['contact.added', 'order.paid'],
    async handle(work, tx, events) {
      const { tenantId, ids } = work
      const added = events.filter((event) => event.name === 'contact.added').map((event) => ({ event, ...payloadOf('contact.added', event) }))
      const channels = new Map<string, Map<string, string>>()
      for (const corpId of new Set(added.map((one) => one.corpId))) {
        channels.set(corpId, await channelsOfStates(tx, tenantId, corpId, [...new Set(added.filter((one) => one.corpId === corpId && one.state !== '').map((one) => one.state))]))
      }
      const touchpoints = added.map((one): Touchpoint => ({
        touchpointId: ids.next(), key: `event/${one.event.eventId}`, personId: one.personId, occurredAt: one.addedAt,
        // A state we did not make is shown as what it is; without one only the platform's way of adding is known (0: not even that).
        channel: channels.get(one.corpId)?.get(one.state) ?? (one.state === '' ? `add-way/${one.addWay}` : `state/${one.state}`), detail: { state: one.state, addWay: one.addWay, staff: one.staff },
      }))
      const paid = events.filter((event) => event.name === 'order.paid').map((event) => ({ ...payloadOf('order.paid', event), paidAt: event.occurredAt }))
      for (const order of paid) {
        const live = order.source?.live_id
        if (order.source?.scene === undefined && live === undefined) continue
        touchpoints.push({ touchpointId: ids.next(), key: `order/${order.shelf}/${order.orderId}`, personId: order.personId, occurredAt: order.paidAt, channel: typeof live === 'string' ? `live/${live}` : `${order.shelf}/scene-${order.source!.scene}`, detail: {} })
      }
      await insertTouchpoints(tx, tenantId, touchpoints)
      if (paid.length === 0) return
      const lookbackDays = (await readSetting<number>(tx, tenantId, lookbackSetting)) ?? defaultLookbackDays
      const persons = [...new Set(paid.map((order) => order.personId))]
      const steps = await touchpointsOf(tx, tenantId, persons)
      for (const touch of await touchesOf(tx, tenantId, persons, { direction: 'outbound', since: Math.min(...paid.map((order) => order.paidAt)) - lookbackDays * 86_400_000 })) {
        steps.get(touch.personId)?.push({ channel: `message/${touch.reason.split('/')[0]}`, at: touch.occurredAt } satisfies PathStep)
      }
      await insertCredits(tx, tenantId, paid.map((order) => {
        const path = pathBefore(steps.get(order.personId) ?? [], order.paidAt, lookbackDays)
        return {
          shelf: order.shelf, orderId: order.orderId, personId: order.personId, paidAt: order.paidAt, paidFen: order.paidFen, path,
          credits: rules.flatMap((model) => creditOf(path, order.paidAt, order.paidFen, model).map((credit) => ({ model, ...credit }))),
        }
      }))
    },
  }
}
