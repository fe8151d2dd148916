import { assert } from '../../kernel/assert.ts'
import { dayNumber } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Entry, Posting } from '../../book/account/index.ts'
import { adjustedAccount, expiredAccount, frozenAccount, issuedAccount, personAccount, pointsUnit, spentAccount, vestingAccount } from './points.ts'

/**
 * The wallet (羽毛袋) of one person, as pure moves on a locked copy: what is earned is a lot; lots vest, are taken oldest expiry first, expire, are
 * taken back and restored. Every move keeps: balance, vesting, frozen and owed are never below zero; live lots add up to balance + frozen, vesting
 * lots to vesting; and writes what the ledger and the statement say of it.
 */
export type Account = { personId: string; balance: number; vesting: number; frozen: number; owed: number; earned: number; spent: number; expired: number; holds: number; frozenSince: Instant | null; joinedAt: Instant }
export type Lot = {
  lotId: string; personId: string; rule: string; key: string; articleId: string | null; surface: string | null; causePersonId: string | null
  feathers: number; remaining: number; reversed: number; expired: number; state: 'vesting' | 'live'; earnedAt: Instant; day: number; vestsAt: Instant; expiresAt: Instant | null; version: number
}
export type LineKind = 'earned' | 'vested' | 'spent' | 'received' | 'given-back' | 'expired' | 'frozen' | 'unfrozen' | 'reversed' | 'restored' | 'adjusted' | 'merged' | 'opening'
export type Line = { lineId: string; personId: string; at: Instant; kind: LineKind; feathers: number; rule: string | null; articleId: string | null; code: string | null; note: string | null }
export type Part = { lotId: string; feathers: number }
export type Wallet = { account: Account; lots: Map<string, Lot>; /** Lots to write. */ touched: Set<string>; postings: Posting[]; lines: Line[]; /** The account's sums changed without a lot. */ dirty: boolean }
export type Desk = { now: Instant; ids: Ids }

export const emptyAccount = (personId: string, now: Instant): Account => ({ personId, balance: 0, vesting: 0, frozen: 0, owed: 0, earned: 0, spent: 0, expired: 0, holds: 0, frozenSince: null, joinedAt: now })
export const walletFrom = (account: Account, lots: readonly Lot[]): Wallet => ({ account, lots: new Map(lots.map((lot) => [lot.lotId, lot])), touched: new Set(), postings: [], lines: [], dirty: false })

const held = (personId: string): Record<'live' | 'frozen' | 'vesting', string> => ({ live: personAccount(personId), frozen: frozenAccount(personId), vesting: vestingAccount(personId) })
const move = (from: string, to: string, amount: number): Entry[] => [{ account: from, unit: pointsUnit, amount: -amount }, { account: to, unit: pointsUnit, amount }]

function post(w: Wallet, desk: Desk, key: string, reason: string, entries: Entry[], occurredAt = desk.now): void {
  if (entries.length > 0) w.postings.push({ postingId: desk.ids.next(), key, occurredAt, recordedAt: desk.now, reason, entries })
}
function tell(w: Wallet, desk: Desk, line: Partial<Line> & Pick<Line, 'kind' | 'feathers'>): void {
  w.lines.push({ lineId: desk.ids.next(), personId: w.account.personId, at: desk.now, rule: null, articleId: null, code: null, note: null, ...line })
}

/** Lots that can be taken from, oldest expiry first, then the oldest. */
export function takingOrder(lots: Iterable<Lot>): Lot[] {
  return [...lots].filter((lot) => lot.state === 'live' && lot.remaining > 0)
    .sort((a, b) => (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity) || a.earnedAt - b.earnedAt || (a.lotId < b.lotId ? -1 : 1))
}

/** Takes up to `feathers` from live lots. The account's own sums are the caller's to move. */
function drain(w: Wallet, feathers: number): Part[] {
  const parts: Part[] = []
  let left = feathers
  for (const lot of takingOrder(w.lots.values())) {
    if (left === 0) break
    const taken = Math.min(left, lot.remaining)
    lot.remaining -= taken
    left -= taken
    w.touched.add(lot.lotId)
    parts.push({ lotId: lot.lotId, feathers: taken })
  }
  assert(left === 0, `lots of person ${w.account.personId} hold ${left} feathers less than the account says`)
  return parts
}

/** What is owed is paid by what became spendable. Both stand in one account of the ledger, so nothing is posted. */
function payOwed(w: Wallet): void {
  const { account } = w
  const paid = Math.min(account.owed, account.balance)
  if (paid <= 0) return
  drain(w, paid)
  account.balance -= paid
  account.owed -= paid
}

/** Brings the wallet to `now`: what is due vests, what is over expires. While frozen nothing expires. */
export function settle(w: Wallet, desk: Desk): void {
  const { account } = w
  const names = held(account.personId)
  for (const lot of [...w.lots.values()].sort((a, b) => (a.lotId < b.lotId ? -1 : 1))) {
    if (lot.state === 'vesting' && lot.vestsAt <= desk.now) {
      lot.state = 'live'
      w.touched.add(lot.lotId)
      if (lot.remaining > 0) {
        account.vesting -= lot.remaining
        if (account.holds > 0) account.frozen += lot.remaining
        else account.balance += lot.remaining
        post(w, desk, `points/vest/${lot.lotId}/${desk.now}`, 'vested', move(names.vesting, account.holds > 0 ? names.frozen : names.live, lot.remaining), lot.vestsAt)
        tell(w, desk, { kind: 'vested', feathers: 0, rule: lot.rule, articleId: lot.articleId, at: lot.vestsAt, note: String(lot.remaining) })
      }
    }
    if (lot.state === 'live' && lot.remaining > 0 && lot.expiresAt !== null && lot.expiresAt <= desk.now && account.holds === 0) {
      const gone = lot.remaining
      lot.remaining = 0
      lot.expired += gone
      w.touched.add(lot.lotId)
      account.balance -= gone
      account.expired += gone
      post(w, desk, `points/expire/${lot.lotId}/${desk.now}`, 'expired', move(names.live, expiredAccount, gone), lot.expiresAt)
      tell(w, desk, { kind: 'expired', feathers: -gone, rule: lot.rule, articleId: lot.articleId, at: lot.expiresAt })
    }
  }
  payOwed(w)
}

export type Grant = Pick<Lot, 'rule' | 'key' | 'feathers' | 'vestsAt' | 'expiresAt' | 'version'> & { articleId?: string | null; surface?: string | null; causePersonId?: string | null; occurredAt: Instant }

/** Adds a lot. `from` is the account it comes out of. */
export function credit(w: Wallet, desk: Desk, grant: Grant, from = issuedAccount, kind: LineKind = 'earned', note: string | null = null, postingKey?: string): Lot {
  const { account } = w
  const lot: Lot = {
    lotId: desk.ids.next(), personId: account.personId, rule: grant.rule, key: grant.key, articleId: grant.articleId ?? null, surface: grant.surface ?? null, causePersonId: grant.causePersonId ?? null,
    feathers: grant.feathers, remaining: grant.feathers, reversed: 0, expired: 0, state: grant.vestsAt > desk.now ? 'vesting' : 'live', earnedAt: grant.occurredAt, day: dayNumber(grant.occurredAt),
    vestsAt: grant.vestsAt, expiresAt: grant.expiresAt, version: grant.version,
  }
  w.lots.set(lot.lotId, lot)
  w.touched.add(lot.lotId)
  account.earned += lot.feathers
  const into = lot.state === 'vesting' ? 'vesting' : account.holds > 0 ? 'frozen' : 'live'
  account[into === 'live' ? 'balance' : into] += lot.feathers
  post(w, desk, postingKey ?? `points/earn/${lot.lotId}`, `${kind} ${grant.rule}`, move(from, held(account.personId)[into], lot.feathers), grant.occurredAt)
  tell(w, desk, { kind, feathers: lot.feathers, rule: lot.rule, articleId: lot.articleId, at: desk.now, note })
  payOwed(w)
  return lot
}

/** Spends when there is enough. The posting goes to `points:spent`, and to the payee what is theirs. */
export function take(w: Wallet, desk: Desk, feathers: number, key: string, reason: string): Part[] | undefined {
  const { account } = w
  if (account.balance < feathers) return undefined
  const parts = drain(w, feathers)
  account.balance -= feathers
  account.spent += feathers
  post(w, desk, key, reason, move(personAccount(account.personId), spentAccount, feathers))
  tell(w, desk, { kind: 'spent', feathers: -feathers, note: reason })
  return parts
}

/** Takes what was too much, by hand, when it is there. */
export function adjustDown(w: Wallet, desk: Desk, feathers: number, key: string, reason: string): boolean {
  if (w.account.balance < feathers) return false
  drain(w, feathers)
  w.account.balance -= feathers
  w.account.earned -= feathers
  post(w, desk, key, reason, move(personAccount(w.account.personId), adjustedAccount, feathers))
  tell(w, desk, { kind: 'adjusted', feathers: -feathers, note: reason })
  return true
}

/** Puts feathers back into the lots they came from; a lot that ran out meanwhile lives on for as long as it could not be used. */
function refill(w: Wallet, desk: Desk, parts: readonly Part[], since: Instant): { live: number; vesting: number } {
  const sums = { live: 0, vesting: 0 }
  for (const part of parts) {
    const lot = w.lots.get(part.lotId)
    assert(lot, `lot ${part.lotId} of person ${w.account.personId} is not loaded`)
    lot.remaining += part.feathers
    if (lot.expiresAt !== null && lot.expiresAt <= desk.now) lot.expiresAt += desk.now - since
    w.touched.add(lot.lotId)
    sums[lot.state] += part.feathers
  }
  return sums
}

function putLive(w: Wallet, feathers: number): string {
  const names = held(w.account.personId)
  if (w.account.holds > 0) w.account.frozen += feathers
  else w.account.balance += feathers
  return w.account.holds > 0 ? names.frozen : names.live
}

export function untake(w: Wallet, desk: Desk, spent: { parts: readonly Part[]; spentAt: Instant; feathers: number }, key: string, reason: string): void {
  const { live } = refill(w, desk, spent.parts, spent.spentAt)
  assert(live === spent.feathers, `what was spent under ${key} came from lots that were not live`)
  const into = putLive(w, live)
  w.account.spent -= spent.feathers
  post(w, desk, key, reason, move(spentAccount, into, spent.feathers))
  tell(w, desk, { kind: 'given-back', feathers: spent.feathers, note: reason })
  payOwed(w)
}

export type Reversal = { reversalId: string; personId: string; lotId: string; cause: string; causeId: string; code: string; note: string; feathers: number; parts: Part[]; owed: number; reversedAt: Instant; restoredAt: Instant | null }

/** What of a lot can still be taken back: what was given, less what was taken back or expired already. */
export const reversible = (lot: Lot): number => lot.feathers - lot.reversed - lot.expired

/**
 * Takes a lot back, up to `most`: first what is left of it, then from the person's other lots, and what is not there any more is owed.
 * @returns undefined when there is nothing to take back.
 */
export function reverse(w: Wallet, desk: Desk, lot: Lot, why: { cause: string; causeId: string; code: string; note?: string }, most = Infinity, postingKey?: string, backTo = issuedAccount): Reversal | undefined {
  const { account } = w
  const wanted = Math.min(most, reversible(lot))
  if (wanted <= 0) return undefined
  const names = held(account.personId)
  const frozen = account.holds > 0
  const own = Math.min(wanted, lot.remaining)
  const ownState = lot.state
  const parts: Part[] = own > 0 ? [{ lotId: lot.lotId, feathers: own }] : []
  lot.remaining -= own
  lot.reversed += wanted
  w.touched.add(lot.lotId)
  if (ownState === 'vesting') account.vesting -= own
  else if (frozen) account.frozen -= own
  else account.balance -= own
  const rest = wanted - own
  const there = Math.min(rest, frozen ? account.frozen : account.balance)
  if (there > 0) {
    parts.push(...drain(w, there))
    if (frozen) account.frozen -= there
    else account.balance -= there
  }
  const owed = rest - there
  account.owed += owed
  account.earned -= wanted
  const entries: Entry[] = [{ account: backTo, unit: pointsUnit, amount: wanted }]
  const out = (name: string, amount: number): void => void (amount > 0 && entries.push({ account: name, unit: pointsUnit, amount: -amount }))
  out(names.vesting, ownState === 'vesting' ? own : 0)
  const live = wanted - owed - (ownState === 'vesting' ? own : 0)
  out(names.frozen, frozen ? live : 0)
  out(names.live, (frozen ? 0 : live) + owed)
  const reversalId = desk.ids.next()
  post(w, desk, postingKey ?? `points/reverse/${reversalId}`, `taken back: ${why.code}`, entries)
  tell(w, desk, { kind: 'reversed', feathers: -wanted, rule: lot.rule, articleId: lot.articleId, code: why.code, note: why.note ?? null })
  return { reversalId, personId: account.personId, lotId: lot.lotId, cause: why.cause, causeId: why.causeId, code: why.code, note: why.note ?? '', feathers: wanted, parts, owed, reversedAt: desk.now, restoredAt: null }
}

/** Undoes a reversal to the feather. All lots it names must be in the wallet. */
export function restore(w: Wallet, desk: Desk, reversal: Reversal, note: string | null = null): void {
  const { account } = w
  const lot = w.lots.get(reversal.lotId)
  assert(lot, `lot ${reversal.lotId} of person ${account.personId} is not loaded`)
  const { live, vesting } = refill(w, desk, reversal.parts, reversal.reversedAt)
  lot.reversed -= reversal.feathers
  account.earned += reversal.feathers
  account.vesting += vesting
  const stillOwed = Math.min(account.owed, reversal.owed)
  account.owed -= stillOwed
  // What was owed and has been paid since by later earnings comes back as a lot of its own.
  const paid = reversal.owed - stillOwed
  if (paid > 0) {
    const back: Lot = { ...lot, lotId: desk.ids.next(), key: `${lot.key}/restored/${reversal.reversalId}`, rule: 'restored', feathers: paid, remaining: paid, reversed: 0, expired: 0, state: 'live', earnedAt: desk.now, day: dayNumber(desk.now), vestsAt: desk.now, expiresAt: null }
    w.lots.set(back.lotId, back)
    w.touched.add(back.lotId)
  }
  const into = live + paid > 0 ? putLive(w, live + paid) : held(account.personId).live
  const names = held(account.personId)
  const entries: Entry[] = [{ account: issuedAccount, unit: pointsUnit, amount: -reversal.feathers }]
  const add = (name: string, amount: number): void => void (amount > 0 && entries.push({ account: name, unit: pointsUnit, amount }))
  add(names.vesting, vesting)
  add(into, live + paid)
  add(names.live, stillOwed)
  post(w, desk, `points/restore/${reversal.reversalId}`, 'restored', entries)
  tell(w, desk, { kind: 'restored', feathers: reversal.feathers, rule: lot.rule, articleId: lot.articleId, code: reversal.code, note })
  reversal.restoredAt = desk.now
  settle(w, desk)
}

/** Locks everything spendable away; several holds may lie on one account. */
export function freeze(w: Wallet, desk: Desk, note: string): void {
  const { account } = w
  account.holds++
  if (account.holds > 1) return
  account.frozenSince = desk.now
  const { balance } = account
  account.frozen += balance
  account.balance = 0
  const names = held(account.personId)
  if (balance > 0) post(w, desk, `points/freeze/${desk.ids.next()}`, 'frozen', move(names.live, names.frozen, balance))
  tell(w, desk, { kind: 'frozen', feathers: 0, note, code: String(balance) })
}

/** Takes one hold away; with the last one everything is back, and lives on for the time it was frozen. */
export function unfreeze(w: Wallet, desk: Desk, note: string): void {
  const { account } = w
  assert(account.holds > 0, `account of person ${account.personId} is not frozen`)
  account.holds--
  if (account.holds > 0) return
  const asleep = desk.now - (account.frozenSince ?? desk.now)
  for (const lot of w.lots.values()) {
    if (lot.remaining === 0 || lot.expiresAt === null) continue
    lot.expiresAt += asleep
    w.touched.add(lot.lotId)
  }
  account.frozenSince = null
  const { frozen } = account
  account.balance += frozen
  account.frozen = 0
  const names = held(account.personId)
  if (frozen > 0) post(w, desk, `points/unfreeze/${desk.ids.next()}`, 'unfrozen', move(names.frozen, names.live, frozen))
  tell(w, desk, { kind: 'unfrozen', feathers: 0, note, code: String(frozen) })
  payOwed(w)
}
