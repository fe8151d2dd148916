import type { Tx } from '../../kernel/db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { PointsWork } from './earn.ts'
import { addLots, endPenaltyRow, findLots, handOverReversals, insertEndedPenalty, insertPenalty, insertReversals, markRestored, openReversals, openWallets, penaltiesOfPerson, saveWallets } from './store.ts'
import { freeze, restore, reverse, settle, unfreeze, type Reversal } from './wallet.ts'

/** What a person bought or was paid is not a reward; a penalty does not take it. */
const kept = ['order', 'opening', 'sale', 'adjustment']

export async function startPenalty(tx: Tx, work: PointsWork, p: { penaltyId: string; personId: string; startsAt: Instant; feathers: 'none' | 'freeze' | 'reverse' }): Promise<void> {
  const { tenantId, now } = work
  const wallets = await openWallets(tx, tenantId, [p.personId], now)
  // Heard twice, or heard of its end first: nothing to do.
  if (!(await insertPenalty(tx, tenantId, { penaltyId: p.penaltyId, personId: p.personId, mode: p.feathers, startedAt: p.startsAt }))) return
  const wallet = wallets.get(p.personId)!
  settle(wallet, work)
  if (p.feathers === 'freeze') freeze(wallet, work, p.penaltyId)
  if (p.feathers === 'reverse') {
    const reversals = [...wallet.lots.values()].filter((lot) => lot.remaining > 0 && !kept.includes(lot.rule)).sort((a, b) => (a.lotId < b.lotId ? -1 : 1))
      .flatMap((lot) => reverse(wallet, work, lot, { cause: 'penalty', causeId: p.penaltyId, code: 'penalty' }, lot.remaining) ?? [])
    insertReversals(tx, tenantId, reversals)
  }
  await saveWallets(tx, tenantId, wallets.values())
}

/** Served: frozen feathers come back, taken ones stay taken. Overturned: everything is as it was. Made lighter or replaced: what another penalty still holds stays. */
export async function endPenalty(tx: Tx, work: PointsWork, p: { penaltyId: string; personId: string; why: 'expired' | 'reduced' | 'overturned' | 'replaced' }): Promise<void> {
  const { tenantId, now } = work
  const wallets = await openWallets(tx, tenantId, [p.personId], now)
  const row = await endPenaltyRow(tx, tenantId, p.penaltyId, p.why, now)
  if (!row) return insertEndedPenalty(tx, tenantId, { penaltyId: p.penaltyId, personId: p.personId, why: p.why, at: now })
  const wallet = wallets.get(p.personId)!
  if (row.mode === 'freeze') unfreeze(wallet, work, p.penaltyId)
  settle(wallet, work)
  if (p.why === 'overturned' || p.why === 'reduced' || p.why === 'replaced') {
    const other = (await penaltiesOfPerson(tx, tenantId, p.personId)).filter((one) => one.endedAt === null && one.mode === 'reverse').at(-1)
    if (p.why !== 'overturned' && other) handOverReversals(tx, tenantId, p.penaltyId, other.penaltyId)
    else if (p.why !== 'replaced') await restoreAll(tx, work, wallets, await openReversals(tx, tenantId, 'penalty', [p.penaltyId]), p.penaltyId)
  }
  await saveWallets(tx, tenantId, wallets.values())
}

/** Undoes reversals, newest first. The wallets of their persons must be open. */
export async function restoreAll(tx: Tx, work: PointsWork, wallets: Awaited<ReturnType<typeof openWallets>>, reversals: readonly Reversal[], note: string | null): Promise<void> {
  if (reversals.length === 0) return
  addLots(wallets, await findLots(tx, work.tenantId, reversals.flatMap((one) => [one.lotId, ...one.parts.map((part) => part.lotId)])))
  for (const reversal of reversals) restore(wallets.get(reversal.personId)!, work, reversal, note)
  markRestored(tx, work.tenantId, reversals.map((one) => one.reversalId), work.now)
}
