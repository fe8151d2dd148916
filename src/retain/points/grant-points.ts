import { assert } from '../../kernel/assert.ts'
import type { Subscriber, Work } from '../../kernel/engine/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/clock.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { balances, book, bookedKeys, type Posting } from '../../book/account/index.ts'
import { findOrder } from '../../sell/order/index.ts'
import { makeEvent, payloadOf } from '../../events.ts'
import { feathersOf, issuedAccount, personAccount, pointsUnit, spentAccount } from './points.ts'
import { balanceOf, findGrants, listBalances, moveBalances, saveGrants, takeIfEnough, type Grant } from './store.ts'

export const rateSetting = 'points.perYuan'

/** Hears payments and refunds, and brings what each order has earned to what it is worth now: heard twice it changes nothing. */
export function pointsSubscriber(blockOn: (tenantId: number, block: 'points') => boolean): Subscriber {
  return {
    name: 'retain/points',
    hears: ['order.paid', 'order.refunded', 'person.merged'],
    on: (tenantId) => blockOn(tenantId, 'points'),
    async handle(work, tx, events) {
      const { tenantId, now, ids } = work
      if (!blockOn(tenantId, 'points')) return
      await mergeBalances(tx, work, events.filter((event) => event.name === 'person.merged').map((event) => payloadOf('person.merged', event)))
      const perYuan = (await readSetting<number>(tx, tenantId, rateSetting)) ?? 1
      const named = new Map(events.filter((event) => event.name !== 'person.merged').map((event) => [`${String(event.payload.shelf)}/${String(event.payload.orderId)}`, { shelf: String(event.payload.shelf), orderId: String(event.payload.orderId) }]))
      const grants = await findGrants(tx, tenantId, [...named.values()])
      const write: Grant[] = []
      const postings: Posting[] = []
      const moves: Array<{ personId: string; feathers: number; spent: number; orderId: string }> = []
      for (const [key, { shelf, orderId }] of named) {
        const order = await findOrder(tx, tenantId, shelf, orderId)
        // A refund heard before its order: the payment's own event will find it.
        if (!order || order.paidAt === null) continue
        const before = grants.get(key) ?? { shelf, orderId, personId: order.personId, feathers: 0, postings: 0 }
        const change = feathersOf(order.paidFen, order.refundedFen, perYuan) - before.feathers
        if (change === 0) continue
        write.push({ ...before, feathers: before.feathers + change, postings: before.postings + 1 })
        postings.push({
          postingId: ids.next(), key: `points/order/${key}/${before.postings + 1}`, occurredAt: now, recordedAt: now, reason: change > 0 ? 'feathers of an order' : 'feathers taken back for a refund',
          entries: [{ account: personAccount(before.personId), unit: pointsUnit, amount: change }, { account: issuedAccount, unit: pointsUnit, amount: -change }],
        })
        moves.push({ personId: before.personId, feathers: change, spent: 0, orderId: key })
      }
      await book(tx, tenantId, postings)
      await saveGrants(tx, tenantId, write)
      await moveBalances(tx, tenantId, moves, now)
      await work.emit(tx, moves.map((move) => makeEvent(ids, now, 'points.granted', `person/${move.personId}`, now, { personId: move.personId, feathers: move.feathers, reason: `order/${move.orderId}` })))
    },
  }
}

/** Two persons are one: the balance moves to the one that is kept, as a posting of its own. */
async function mergeBalances(tx: Tx, work: Work, merges: ReadonlyArray<{ kept: string; gone: string }>): Promise<void> {
  for (const { kept, gone } of merges) {
    const balance = await balanceOf(tx, work.tenantId, gone)
    if (balance === 0) continue
    await book(tx, work.tenantId, [{
      postingId: work.ids.next(), key: `points/merge/${gone}/${work.ids.next()}`, occurredAt: work.now, recordedAt: work.now, reason: 'two persons are one',
      entries: [{ account: personAccount(gone), unit: pointsUnit, amount: -balance }, { account: personAccount(kept), unit: pointsUnit, amount: balance }],
    }])
    await moveBalances(tx, work.tenantId, [{ personId: gone, feathers: -balance, spent: 0 }, { personId: kept, feathers: balance, spent: 0 }], work.now)
  }
}

export type Redeemed = { redeemed: true } | { redeemed: false; reason: 'not-enough' }

/** Spends feathers once per key; never more than there are. */
export async function redeem(tx: Tx, tenantId: number, wish: { personId: string; feathers: number; key: string; reason: string }, now: Instant, ids: Ids): Promise<Redeemed> {
  const key = `points/redeem/${wish.key}`
  if ((await bookedKeys(tx, tenantId, [key])).has(key)) return { redeemed: true }
  if (!(await takeIfEnough(tx, tenantId, wish.personId, wish.feathers))) return { redeemed: false, reason: 'not-enough' }
  const fresh = await book(tx, tenantId, [{
    postingId: ids.next(), key, occurredAt: now, recordedAt: now, reason: wish.reason,
    entries: [{ account: personAccount(wish.personId), unit: pointsUnit, amount: -wish.feathers }, { account: spentAccount, unit: pointsUnit, amount: wish.feathers }],
  }])
  assert(fresh.length === 1, `feathers of ${key} were spent twice at once`)
  return { redeemed: true }
}

/** Persons whose balance is not the sum of their entries: always empty. */
export async function checkPoints(tx: Tx, tenantId: number): Promise<Array<{ personId: string; balance: number; ledger: number }>> {
  const ledger = new Map((await balances(tx, tenantId, 'points:person:')).map((row) => [row.account, Number(row.amount)]))
  const kept = new Map((await listBalances(tx, tenantId, 10_000_000)).map((row) => [personAccount(row.personId), row.balance]))
  return [...new Set([...ledger.keys(), ...kept.keys()])].sort().flatMap((account) => {
    const [balance, sum] = [kept.get(account) ?? 0, ledger.get(account) ?? 0]
    return balance === sum ? [] : [{ personId: account.slice('points:person:'.length), balance, ledger: sum }]
  })
}
