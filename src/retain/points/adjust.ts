import { assert } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { PointsWork } from './earn.ts'
import { pointsFault } from './errors.ts'
import { adjustedAccount } from './points.ts'
import { decideAdjustment, insertAdjustment, lockAdjustment, openWallets, saveWallets, type Adjustment } from './store.ts'
import { adjustDown, credit, settle } from './wallet.ts'

/** Who corrects alone looks again after a day, and the row says that it was one person both times. */
export const coolingOffMs = 24 * 3_600_000

export type Corrector = { userId: string; name: string }

/** Asks for a correction of somebody's feathers: nothing moves until it is approved. */
export function askAdjustment(tx: Tx, work: PointsWork, wish: { personId: string; feathers: number; reason: string; by: Corrector }): string {
  assert(wish.feathers !== 0 && Number.isSafeInteger(wish.feathers), 'a correction moves at least one whole feather')
  const adjustmentId = work.ids.next()
  insertAdjustment(tx, work.tenantId, { adjustmentId, personId: wish.personId, feathers: wish.feathers, reason: wish.reason, askedBy: wish.by.userId, askedName: wish.by.name, askedAt: work.now })
  return adjustmentId
}

/** Whether somebody may approve: another person at any time; the one who asked only where nobody else could, and a day later. */
export function mayApprove(adjustment: Pick<Adjustment, 'askedBy' | 'askedAt'>, by: Corrector, others: number, now: Instant): { ok: true; alone: boolean } | { ok: false; why: 'two-people' | 'cooling-off'; at: Instant } {
  if (by.userId !== adjustment.askedBy) return { ok: true, alone: false }
  if (others > 0) return { ok: false, why: 'two-people', at: adjustment.askedAt }
  const at = adjustment.askedAt + coolingOffMs
  return now >= at ? { ok: true, alone: true } : { ok: false, why: 'cooling-off', at }
}

/**
 * Approves, refuses or (by who asked) withdraws, once.
 * @param others how many other people of this merchant may approve.
 */
export async function settleAdjustment(tx: Tx, work: PointsWork, wish: { adjustmentId: string; decision: 'approve' | 'refuse' | 'withdraw'; by: Corrector; others: number }): Promise<Adjustment> {
  const { tenantId, now } = work
  const row = await lockAdjustment(tx, tenantId, wish.adjustmentId)
  if (!row) throw pointsFault('points/no-adjustment', { id: wish.adjustmentId })
  if (row.state !== 'waiting') throw pointsFault('points/adjustment-decided', { id: wish.adjustmentId, state: row.state })
  const decided = { adjustmentId: row.adjustmentId, decidedBy: wish.by.userId, decidedName: wish.by.name, decidedAt: now }
  if (wish.decision !== 'approve') {
    const state = wish.decision === 'withdraw' || wish.by.userId === row.askedBy ? 'withdrawn' as const : 'refused' as const
    decideAdjustment(tx, tenantId, { ...decided, state, note: null })
    return { ...row, ...decided, state, note: null }
  }
  const may = mayApprove(row, wish.by, wish.others, now)
  if (!may.ok) throw may.why === 'two-people' ? pointsFault('points/two-people', { name: row.askedName }) : pointsFault('points/cooling-off', { hours: Math.ceil((may.at - now) / 3_600_000) })
  const wallets = await openWallets(tx, tenantId, [row.personId], now)
  const wallet = wallets.get(row.personId)!
  settle(wallet, work)
  if (row.feathers > 0) credit(wallet, work, { rule: 'adjustment', key: row.adjustmentId, feathers: row.feathers, occurredAt: now, vestsAt: now, expiresAt: null, version: 0 }, adjustedAccount, 'adjusted', row.reason)
  else if (!adjustDown(wallet, work, -row.feathers, `points/adjust/${row.adjustmentId}`, row.reason)) throw pointsFault('points/not-enough', { wanted: -row.feathers, balance: wallet.account.balance })
  await saveWallets(tx, tenantId, wallets.values())
  const note = may.alone ? 'alone' : null
  decideAdjustment(tx, tenantId, { ...decided, state: 'approved', note })
  return { ...row, ...decided, state: 'approved', note }
}
