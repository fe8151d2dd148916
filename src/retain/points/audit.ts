import { dayMs, dayNumber } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { makeEvent } from '../../events.ts'
import { auditLots, type KeptRead } from './abuse.ts'
import type { PointsWork } from './earn.ts'
import { linkedPersons } from './linked.ts'
import { restoreAll } from './penalty.ts'
import { startOfDayNumber } from './rules.ts'
import { addLots, authorsOf, dropReads, findLots, findReversal, insertAudit, insertReversals, lotsSince, openWallets, pardonedLots, personsDue, readsSince, rulesAt, saveWallets, suspectsSince } from './store.ts'
import { reverse, settle, type Reversal } from './wallet.ts'
import type { ReasonCode } from './words.ts'

export const nightJobKind = 'points.night'
/** Ten past three in Shanghai: before what was earned by sharing the day before can be spent. */
export const nextFeatherNight = (now: Instant): Instant => {
  const at = startOfDayNumber(dayNumber(now)) + 3 * 3_600_000 + 600_000
  return at > now ? at : at + dayMs
}

/** What readers' acts may have earned; purchases and income are not audited here. */
export const auditedRules = ['quiz', 'recommend', 'comment', 'share-read'] as const
export type AuditReport = { days: number; reads: number; lots: number; reversed: number; feathers: number; persons: number; reasons: Partial<Record<ReasonCode, { lots: number; feathers: number }>> }

/** Looks at the window again and takes back what slipped through, each grant with its reason. */
export async function auditFeathers(tx: Tx, work: PointsWork): Promise<AuditReport> {
  const { tenantId, now } = work
  const { set } = await rulesAt(tx, tenantId, now)
  const since = now - set.audit.windowDays * dayMs
  const reads = (await readsSince(tx, tenantId, since)) as KeptRead[]
  const lots = await lotsSince(tx, tenantId, dayNumber(since), auditedRules)
  const pardoned = await pardonedLots(tx, tenantId, lots.map((lot) => lot.lotId))
  const persons = [...new Set([...lots.flatMap((lot) => [lot.personId, ...(lot.causePersonId === null ? [] : [lot.causePersonId])])])].sort()
  const findings = auditLots({
    reads, lots, rules: set.audit, suspects: (await suspectsSince(tx, tenantId, now - set.audit.probationDays * dayMs)) as Map<string, ReasonCode>, linked: persons.length === 0 ? new Map() : await linkedPersons(tx, tenantId, persons),
    authors: await authorsOf(tx, tenantId, [...new Set(lots.flatMap((lot) => (lot.articleId === null ? [] : [lot.articleId])))]),
  }).filter((one) => !pardoned.has(one.lotId))
  const byLot = new Map(lots.map((lot) => [lot.lotId, lot]))
  const report: AuditReport = { days: set.audit.windowDays, reads: reads.length, lots: lots.length, reversed: 0, feathers: 0, persons: 0, reasons: {} }
  const auditId = work.ids.next()
  const hit = [...new Set(findings.map((one) => byLot.get(one.lotId)!.personId))]
  if (hit.length > 0) {
    const wallets = await openWallets(tx, tenantId, hit, now)
    // Read again under the lock: what was spent since is owed.
    addLots(wallets, await findLots(tx, tenantId, findings.map((one) => one.lotId)))
    for (const wallet of wallets.values()) settle(wallet, work)
    const reversals: Reversal[] = []
    for (const { lotId, code } of findings) {
      const wallet = wallets.get(byLot.get(lotId)!.personId)!
      const lot = wallet.lots.get(lotId)
      const reversal = lot && reverse(wallet, work, lot, { cause: 'audit', causeId: auditId, code })
      if (!reversal) continue
      reversals.push(reversal)
      const sum = (report.reasons[code] ??= { lots: 0, feathers: 0 })
      sum.lots++
      sum.feathers += reversal.feathers
      report.reversed++
      report.feathers += reversal.feathers
    }
    report.persons = new Set(reversals.map((one) => one.personId)).size
    insertReversals(tx, tenantId, reversals)
    await saveWallets(tx, tenantId, wallets.values())
    await work.emit?.(tx, reversals.map((one) => makeEvent(work.ids, now, 'points.granted', `person/${one.personId}`, now, { personId: one.personId, feathers: -one.feathers, reason: `audit/${one.code}` })))
  }
  insertAudit(tx, tenantId, auditId, report, now)
  dropReads(tx, tenantId, now - 2 * Math.max(set.audit.windowDays, 30) * dayMs)
  return report
}

const settleBatch = 2000

/** Books what vested and what ran out. @returns persons whose books moved. */
export async function settleDue(tx: Tx, work: PointsWork): Promise<number> {
  const due = await personsDue(tx, work.tenantId, work.now, settleBatch)
  const wallets = await openWallets(tx, work.tenantId, due, work.now)
  for (const wallet of wallets.values()) settle(wallet, work)
  await saveWallets(tx, work.tenantId, wallets.values())
  return due.length
}

/** A person looks at what the audit took and gives it back; the audit leaves it alone from then on. */
export async function pardon(tx: Tx, work: PointsWork, reversalId: string, note: string): Promise<'restored' | 'unknown' | 'restored-before'> {
  const seen = await findReversal(tx, work.tenantId, reversalId)
  if (!seen) return 'unknown'
  const wallets = await openWallets(tx, work.tenantId, [seen.personId], work.now)
  const reversal = (await findReversal(tx, work.tenantId, reversalId))!
  if (reversal.restoredAt !== null) return 'restored-before'
  for (const wallet of wallets.values()) settle(wallet, work)
  await restoreAll(tx, work, wallets, [reversal], note)
  await saveWallets(tx, work.tenantId, wallets.values())
  return 'restored'
}

/** Every night: what is due vests and runs out, then the audit. */
export function featherNight(blockOn: (tenantId: number, block: 'points') => boolean): JobHandler {
  return {
    kind: nightJobKind,
    async run(work, tx) {
      if (!blockOn(work.tenantId, 'points')) return { dueAt: nextFeatherNight(work.now) }
      // The audit first: what is taken back never vests.
      await auditFeathers(tx, work)
      while ((await settleDue(tx, work)) === settleBatch);
      return { dueAt: nextFeatherNight(work.now) }
    },
  }
}
