import type { Tx } from '../../kernel/db/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { balances } from '../../book/account/index.ts'
import { findOrder } from '../../sell/order/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { makeEvent } from '../../events.ts'
import type { PointsWork } from './earn.ts'
import { feathersOf, personAccount } from './points.ts'
import { ruleOf, termsOf } from './rules.ts'
import { addLots, allLots, findGrants, insertReversals, listBalances, lotsByKey, moveLines, moveLots, openWallets, rulesAt, saveGrants, saveWallets, type Grant } from './store.ts'
import { credit, emptyAccount, reverse, reversible, settle, type Lot, type Reversal, type Wallet } from './wallet.ts'

/** Feathers per yuan of a merchant that never had rules of its own; the rule `order` holds it since. */
export const rateSetting = 'points.perYuan'

/** Brings what each order has earned to what it is worth now: heard twice it changes nothing. */
export async function grantOrders(tx: Tx, work: PointsWork, orders: ReadonlyArray<{ shelf: string; orderId: string }>): Promise<void> {
  if (orders.length === 0) return
  const { tenantId, now, ids } = work
  const { version, set } = await rulesAt(tx, tenantId, now)
  const rule = ruleOf(set, 'order')
  const perYuan = rule?.on === false ? 0 : ((version === 0 ? await readSetting<number>(tx, tenantId, rateSetting) : undefined) ?? rule?.feathers ?? 0)
  const named = new Map(orders.map((order) => [`${order.shelf}/${order.orderId}`, order]))
  const grants = await findGrants(tx, tenantId, [...named.values()])
  const write: Grant[] = []
  const changes: Array<{ key: string; personId: string; change: number; n: number }> = []
  for (const [key, { shelf, orderId }] of named) {
    const order = await findOrder(tx, tenantId, shelf, orderId)
    // A refund heard before its order: the payment's own event will find it.
    if (!order || order.paidAt === null) continue
    const before = grants.get(key) ?? { shelf, orderId, personId: order.personId, feathers: 0, postings: 0 }
    const change = feathersOf(order.paidFen, order.refundedFen, perYuan) - before.feathers
    if (change === 0) continue
    write.push({ ...before, feathers: before.feathers + change, postings: before.postings + 1 })
    changes.push({ key, personId: before.personId, change, n: before.postings + 1 })
  }
  if (changes.length === 0) return
  const wallets = await openWallets(tx, tenantId, changes.map((one) => one.personId), now)
  const falling = changes.filter((one) => one.change < 0)
  if (falling.length > 0) addLots(wallets, await lotsByKey(tx, tenantId, 'order', falling.flatMap((one) => Array.from({ length: one.n }, (_, n) => `${one.key}/${n}`))))
  for (const wallet of wallets.values()) settle(wallet, work)
  const reversals: Reversal[] = []
  for (const { key, personId, change, n } of changes) {
    const wallet = wallets.get(personId)!
    const postingKey = `points/order/${key}/${n}`
    if (change > 0) credit(wallet, work, { rule: 'order', key: `${key}/${n}`, feathers: change, occurredAt: now, version, ...termsOf(rule ?? { vestHours: 0, expireDays: null }, now) }, undefined, 'earned', null, postingKey)
    else reversals.push(...takeBack(wallet, work, key, -change, n))
  }
  insertReversals(tx, tenantId, reversals)
  await saveWallets(tx, tenantId, wallets.values())
  await saveGrants(tx, tenantId, write)
  const told: DomainEvent[] = changes.map((one) => makeEvent(ids, now, 'points.granted', `person/${one.personId}`, now, { personId: one.personId, feathers: one.change, reason: `order/${one.key}` }))
  await work.emit?.(tx, told)
}

/** From the lots of the order, newest first; what was given before lots were kept, from whatever there is. */
function takeBack(wallet: Wallet, work: PointsWork, key: string, feathers: number, n: number): Reversal[] {
  const lots: Lot[] = [...wallet.lots.values()].filter((lot) => lot.rule === 'order' && lot.key.startsWith(`${key}/`)).sort((a, b) => (a.lotId > b.lotId ? -1 : 1))
  const rest = [...wallet.lots.values()].filter((lot) => lot.rule === 'opening')
  const reversals: Reversal[] = []
  let left = feathers
  for (const lot of [...lots, ...rest]) {
    if (left === 0) break
    const reversal = reverse(wallet, work, lot, { cause: 'refund', causeId: key, code: 'refund' }, left, reversals.length === 0 ? `points/order/${key}/${n}` : undefined)
    if (!reversal) continue
    left -= reversal.feathers
    reversals.push(reversal)
  }
  return reversals
}

/**
 * Two persons are one: the lots move to the one that is kept. What both were given for the same thing was given twice to one person, so the second is
 * taken back.
 */
export async function mergeBalances(tx: Tx, work: PointsWork, merges: ReadonlyArray<{ kept: string; gone: string }>): Promise<void> {
  const { tenantId, now } = work
  for (const { kept, gone } of merges) {
    const wallets = await openWallets(tx, tenantId, [kept, gone], now)
    addLots(wallets, await allLots(tx, tenantId, [kept, gone]))
    const [into, from] = [wallets.get(kept)!, wallets.get(gone)!]
    if (from.lots.size === 0 && from.account.earned === 0 && from.account.spent === 0 && from.account.holds === 0 && from.account.owed === 0) {
      moveLines(tx, tenantId, gone, kept)
      continue
    }
    for (const wallet of wallets.values()) settle(wallet, work)
    const has = new Map([...into.lots.values()].map((lot) => [`${lot.rule}/${lot.key}`, lot]))
    const reversals: Reversal[] = []
    const moves = [...from.lots.values()].map((lot) => {
      const twin = has.get(`${lot.rule}/${lot.key}`)
      if (twin && lot.articleId !== null && reversible(lot) > 0 && reversible(twin) > 0) {
        const reversal = reverse(from, work, lot, { cause: 'merge', causeId: gone, code: 'same-person' })
        if (reversal) reversals.push(reversal)
      }
      return { lotId: lot.lotId, personId: kept, key: twin ? `${lot.key}/of/${gone}` : lot.key }
    })
    insertReversals(tx, tenantId, reversals)
    pourInto(into, from, work)
    await saveWallets(tx, tenantId, wallets.values())
    moveLots(tx, tenantId, moves)
    moveLines(tx, tenantId, gone, kept)
  }
}

/** All sums of an account go to another; holds too, so what is frozen stays frozen. */
function pourInto(into: Wallet, from: Wallet, work: PointsWork): void {
  const [a, b] = [into.account, from.account]
  const sums = { ...b }
  Object.assign(from.account, { ...emptyAccount(b.personId, b.joinedAt) })
  // Lines move with the lots, so a statement needs none of this; the ledger does.
  const entries = (['balance', 'vesting', 'frozen', 'owed'] as const).flatMap((state) => {
    const name = (personId: string): string => (state === 'vesting' ? `points:vesting:${personId}` : state === 'frozen' ? `points:frozen:${personId}` : personAccount(personId))
    const amount = state === 'owed' ? -sums.owed : sums[state]
    return amount === 0 ? [] : [{ account: name(b.personId), unit: 'feather', amount: -amount }, { account: name(a.personId), unit: 'feather', amount }]
  })
  if (entries.length > 0) into.postings.push({ postingId: work.ids.next(), key: `points/merge/${b.personId}/${work.ids.next()}`, occurredAt: work.now, recordedAt: work.now, reason: 'two persons are one', entries })
  a.balance += sums.balance
  a.vesting += sums.vesting
  a.frozen += sums.frozen
  a.owed += sums.owed
  a.earned += sums.earned
  a.spent += sums.spent
  a.expired += sums.expired
  if (a.holds + sums.holds > 0) {
    a.frozenSince = Math.min(a.frozenSince ?? Infinity, sums.frozenSince ?? Infinity)
    a.holds += sums.holds
    if (a.balance > 0) {
      into.postings.push({ postingId: work.ids.next(), key: `points/freeze/${work.ids.next()}`, occurredAt: work.now, recordedAt: work.now, reason: 'frozen', entries: [{ account: personAccount(a.personId), unit: 'feather', amount: -a.balance }, { account: `points:frozen:${a.personId}`, unit: 'feather', amount: a.balance }] })
      a.frozen += a.balance
      a.balance = 0
    }
  }
  into.dirty = from.dirty = true
}

/** Persons whose balance is not the sum of their entries: always empty. What is owed is below zero in the ledger and beside the balance in the account. */
export async function checkPoints(tx: Tx, tenantId: number): Promise<Array<{ personId: string; balance: number; ledger: number }>> {
  const ledger = new Map((await balances(tx, tenantId, 'points:person:')).map((row) => [row.account, Number(row.amount)]))
  const kept = new Map((await listBalances(tx, tenantId, 10_000_000)).map((row) => [personAccount(row.personId), row.balance - row.owed]))
  return [...new Set([...ledger.keys(), ...kept.keys()])].sort().flatMap((account) => {
    const [balance, sum] = [kept.get(account) ?? 0, ledger.get(account) ?? 0]
    return balance === sum ? [] : [{ personId: account.slice('points:person:'.length), balance, ledger: sum }]
  })
}
