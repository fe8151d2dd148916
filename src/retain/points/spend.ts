import { assert } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { bookedKeys } from '../../book/account/index.ts'
import type { PointsWork } from './earn.ts'
import { spentAccount } from './points.ts'
import { ruleOf, termsOf } from './rules.ts'
import { addLots, findLots, findSpend, insertReversals, insertSpend, linesOf, lookAtWallet, lotsByKey, markGivenBack, openWallets, rulesAt, saveWallets, sumOfLines } from './store.ts'
import { credit, reverse, settle, take, untake } from './wallet.ts'
import { kinds, wordsOf } from './words.ts'

export type SpendWish = { personId: string; feathers: number; key: string; reason: string; /** Who gets a share of it: the author. */ payee?: { personId: string; feathers: number } }
export type WayToEarn = { rule: string; feathers: number; zh: string; en: string }
export type Spent = { ok: true } | { ok: false; balance: number; short: number; waysToEarn: WayToEarn[] }

/** Spends feathers once per key; never more than there are, however many ask at once. */
export async function spend(tx: Tx, work: PointsWork, wish: SpendWish): Promise<Spent> {
  const { tenantId, now } = work
  assert(Number.isSafeInteger(wish.feathers) && wish.feathers >= 0, `feathers to spend must be a whole number, got ${wish.feathers}`)
  assert(wish.payee === undefined || wish.payee.feathers <= wish.feathers, `the payee of ${wish.key} would get more than is paid`)
  const payee = wish.payee !== undefined && wish.payee.feathers > 0 ? wish.payee : undefined
  const wallets = await openWallets(tx, tenantId, payee ? [wish.personId, payee.personId] : [wish.personId], now)
  // Under the lock of the account: of two at once with one key the second sees the first.
  if ((await findSpend(tx, tenantId, wish.key)) !== undefined) return { ok: true }
  const wallet = wallets.get(wish.personId)!
  for (const one of wallets.values()) settle(one, work)
  const parts = take(wallet, work, wish.feathers, `points/${wish.key}`, wish.reason)
  if (parts === undefined) {
    await saveWallets(tx, tenantId, wallets.values())
    return { ok: false, balance: wallet.account.balance, short: wish.feathers - wallet.account.balance, waysToEarn: await waysToEarn(tx, tenantId, now) }
  }
  insertSpend(tx, tenantId, { key: wish.key, personId: wish.personId, feathers: wish.feathers, parts, payeePersonId: payee?.personId ?? null, payeeFeathers: payee?.feathers ?? 0, reason: wish.reason, spentAt: now })
  if (payee) {
    const { set, version } = await rulesAt(tx, tenantId, now)
    const terms = termsOf(ruleOf(set, 'sale') ?? { vestHours: 0, expireDays: null }, now)
    credit(wallets.get(payee.personId)!, work, { rule: 'sale', key: wish.key, feathers: payee.feathers, occurredAt: now, version, causePersonId: wish.personId, ...terms }, spentAccount, 'received', wish.reason)
  }
  await saveWallets(tx, tenantId, wallets.values())
  return { ok: true }
}

/** Gives back what was spent under a key, into the lots it came from, and takes it from who received it. Again: changes nothing. */
export async function giveBack(tx: Tx, work: PointsWork, key: string, reason: string): Promise<void> {
  const { tenantId, now } = work
  const spent = await findSpend(tx, tenantId, key)
  assert(spent, `nothing was spent under ${key}`)
  const wallets = await openWallets(tx, tenantId, spent.payeePersonId === null ? [spent.personId] : [spent.personId, spent.payeePersonId], now)
  if (!(await markGivenBack(tx, tenantId, key, reason, now))) return
  const income = spent.payeePersonId === null ? undefined : (await lotsByKey(tx, tenantId, 'sale', [key])).find((lot) => lot.personId === spent.payeePersonId)
  addLots(wallets, [...(await findLots(tx, tenantId, spent.parts.map((part) => part.lotId))), ...(income ? [income] : [])])
  for (const one of wallets.values()) settle(one, work)
  untake(wallets.get(spent.personId)!, work, spent, `points/${key}/given-back`, reason)
  if (income) {
    const payee = wallets.get(income.personId)!
    const reversal = reverse(payee, work, payee.lots.get(income.lotId)!, { cause: 'sale', causeId: key, code: 'sale-refunded', note: reason }, Infinity, undefined, spentAccount)
    if (reversal) insertReversals(tx, tenantId, [reversal])
  }
  await saveWallets(tx, tenantId, wallets.values())
}

/** What pays how much now, for somebody who is short. */
export async function waysToEarn(tx: Tx, tenantId: number, now: Instant): Promise<WayToEarn[]> {
  const { set } = await rulesAt(tx, tenantId, now)
  return set.rules.filter((rule) => rule.on && rule.feathers > 0).map(({ rule, feathers, zh, en }) => ({ rule, feathers, zh, en }))
}

export type WalletView = { balance: number; vesting: number; frozen: number; owed: number; expiring: Array<{ feathers: number; at: Instant }> }
const soonMs = 30 * 86_400_000

/** What a person holds at `now`: what is due vests and expires in the view, whether or not the books have come to it. `expiring`: within 30 days. */
export async function walletOf(tx: Tx, tenantId: number, personId: string, now: Instant): Promise<WalletView> {
  const wallet = await lookAtWallet(tx, tenantId, personId, now)
  settle(wallet, { now, ids: noIds })
  const { balance, vesting, frozen, owed } = wallet.account
  const expiring = new Map<Instant, number>()
  for (const lot of wallet.lots.values()) if (lot.state === 'live' && lot.remaining > 0 && lot.expiresAt !== null && lot.expiresAt <= now + soonMs) expiring.set(lot.expiresAt, (expiring.get(lot.expiresAt) ?? 0) + lot.remaining)
  return { balance, vesting, frozen, owed, expiring: [...expiring].sort(([a], [b]) => a - b).map(([at, feathers]) => ({ feathers, at })) }
}
/** A view is never saved, so what it would write needs no names. */
const noIds: Ids = { next: () => '' }

export type StatementLine = { lineId: string; at: Instant; kind: string; feathers: number; rule: string | null; articleId: string | null; zh: string; en: string; why: { zh: string; en: string } | null; note: string | null }

/** Every movement of a person's feathers, newest first; the feathers of all lines add up to what is held. */
export async function statementOf(tx: Tx, tenantId: number, personId: string, page: { offset: number; limit: number }): Promise<{ lines: StatementLine[]; total: number; sum: number }> {
  const { set } = await rulesAt(tx, tenantId, Number.MAX_SAFE_INTEGER)
  const { lines: total, feathers: sum } = await sumOfLines(tx, tenantId, personId)
  const lines = (await linesOf(tx, tenantId, personId, page)).map((line): StatementLine => {
    const rule = line.rule === null ? undefined : ruleOf(set, line.rule)
    const kind = kinds[line.kind]
    return {
      lineId: line.lineId, at: line.at, kind: line.kind, feathers: line.feathers, rule: line.rule, articleId: line.articleId, why: wordsOf(line.code), note: line.note,
      zh: rule ? `${kind.zh} · ${rule.zh}` : kind.zh, en: rule ? `${kind.en}: ${rule.en}` : kind.en,
    }
  })
  return { lines, total, sum }
}

export type Redeemed = { redeemed: true } | { redeemed: false; reason: 'not-enough' }

/** Spends at the counter, by hand. */
export async function redeem(tx: Tx, tenantId: number, wish: { personId: string; feathers: number; key: string; reason: string }, now: Instant, ids: Ids): Promise<Redeemed> {
  const key = `redeem/${wish.key}`
  // What was redeemed before spending was kept in rows of its own is known by its posting.
  if ((await bookedKeys(tx, tenantId, [`points/${key}`])).size > 0) return { redeemed: true }
  return (await spend(tx, { tenantId, now, ids }, { ...wish, key })).ok ? { redeemed: true } : { redeemed: false, reason: 'not-enough' }
}

