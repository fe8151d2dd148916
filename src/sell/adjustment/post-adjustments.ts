import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { book } from '../../book/account/index.ts'
import { insertAdjustments } from './store.ts'

export const adjustmentKinds = ['refund-unlinked', 'write-off', 'sample', 'bad-debt', 'fee', 'discount', 'other'] as const
export type NewAdjustment = {
  key: string
  occurredAt: Instant
  kind: (typeof adjustmentKinds)[number]
  personId: string | null
  skuCode: string | null
  quantity: number
  /** Added to the shop's net income: a refund is negative. */
  amountFen: number
  reason: string
  /** Where it came from, e.g. `file line 1234` or the operator's note. */
  sourceRef: string
}

/** @returns how many were new. */
export async function postAdjustments(tx: Tx, tenantId: number, adjustments: readonly NewAdjustment[], actor: string, now: Instant, ids: Ids): Promise<number> {
  if (adjustments.length === 0) return 0
  const fresh = new Set(await insertAdjustments(tx, tenantId, adjustments.map((a) => ({ ...a, adjustmentId: ids.next() })), actor, now))
  await book(tx, tenantId, adjustments.filter((a) => fresh.has(a.key) && a.amountFen !== 0).map((a) => ({
    postingId: ids.next(), key: `adjustment/${a.key}`, occurredAt: a.occurredAt, recordedAt: now, reason: a.kind,
    entries: [{ account: 'till:adjustment', unit: 'fen', amount: a.amountFen }, { account: `adjustment:${a.kind}`, unit: 'fen', amount: 0 - a.amountFen }],
  })))
  return fresh.size
}
