import type { Right } from '../../../src/kernel/access/roles.ts'
import type { BlockKey } from '../../../src/kernel/tenancy/blocks.ts'

/** Answers of the API as the pages use them. Money in fen, times in ms since the epoch. */
export type { Right, BlockKey }
export type Membership = { tenantId: number; slug: string; name: string; world: string; simulated: boolean; role: string; rights: Right[]; start: string; blocks: BlockKey[] }
export type Me = { login: string; name: string; csrf: string; hasPassword: boolean; tenants: Membership[] }
export type SeaState = { simulated: boolean; world: string; now: number; day: string; dayNumber: number; daySeconds: number | null; waiting: boolean }

export type OrderStatus = 'unpaid' | 'to_ship' | 'part_shipped' | 'to_receive' | 'completed' | 'cancelled' | 'refunded'
export type Order = {
  shelf: 'shop' | 'mall'; orderId: string; personId: string; buyerUnknown: boolean; status: OrderStatus; placedAt: number; paidAt: number | null; shippedAt: number | null; completedAt: number | null
  settledAt: number | null; cancelledAt: number | null; goodsFen: number; freightFen: number; discountFen: number; paidFen: number; refundedFen: number; source: { scene?: number; live_id?: string; finder_id?: string }
  lineCount: number; firstTitle: string | null
}
export type OrderPage = { rows: Order[]; total: number; /** The total is more than this. */ atLeast?: boolean; paidFen: number; refundedFen: number; page: number; pageSize: number }
export type OrderLine = { lineNo: number; productId: string; skuId: string; skuCode: string; title: string; quantity: number; unitFen: number; paidFen: number; refundedQuantity: number; refundedFen: number; note: unknown }
export type Refund = { refundId: string; lineNo: number | null; quantity: number; amountFen: number; status: string; requestedAt: number; finishedAt: number | null; reason: string }
export type Fact = { factId: string; occurredAt: number; recordedAt: number; kind: string; cause: string; detail: Record<string, unknown> }
export type OrderDetail = { order: Order; lines: OrderLine[]; refunds: Refund[]; facts: Fact[] }

export type FlowRow = { source: string; people: number; again: number; orders: number; firstFen: number; againFen: number }
export type Chain = {
  from: number; to: number
  figures: { paidOrders: number; paidFen: number; refundedFen: number; buyers: number; firstBuyers: number; repeatBuyers: number; unknownOrders: number; unknownFen: number; sources: Array<{ source: string; orders: number; buyers: number; paidFen: number }> }
  flow: FlowRow[]
  cohorts: Array<{ cohort: string; size: number; offset: number; active: number; netFen: number }>
  totals: { orders: number; lines: number; paidFen: number; refundedFen: number; buyers: number; unknownBuyers: number; refunds: number }
}
export type VoyageRow = {
  source: string; people: number; contacts: number; firstContact: number; firstDirect: number; againContact: number; againDirect: number; back: number
  leftNever: number; leftOnce: number; leftMore: number; refused: number; returned: number; firstFen: number; againFen: number; firstContactFen: number; againContactFen: number
}
export type VoyageWeek = { startsAt: number; netFen: number; came: number; left: number; messages: number }
export type VoyageRefusals = { own: number; officialAccount: number; miniProgram: number }
export type VoyageState = { from: number; to: number; rows: VoyageRow[]; refusals: VoyageRefusals; weeks: VoyageWeek[] }
export type Adjustment = { adjustmentId: string; occurredAt: number; kind: string; personId: string | null; skuCode: string | null; quantity: number; amountFen: number; reason: string; sourceRef: string; actor: string }
export type Adjustments = { rows: Adjustment[]; totals: { count: number; amountFen: number; unlinkedRefunds: number; kinds: Array<{ kind: string; count: number; amountFen: number }> } }

export type PersonRow = { personId: string; createdAt: number; identityCount: number; known: boolean }
export type Person = {
  personId: string; createdAt: number; mergedInto: string | null; erasedAt: number | null; masked: boolean; fields: Record<string, string>
  identities: Array<{ kind: string; scope: string; value: string; firstSeenAt: number; evidence: string }>
  merges: Array<{ mergeId: string; at: number; kept: string; gone: string; by: string; undoneAt: number | null }>
}

export type CheckResult = { key: string; ok: boolean | null; at: number; detail: string; en?: string }
export type Connection = {
  connectionId: string; line: string; accountId: string; name: string; simulated: boolean; status: 'draft' | 'connected' | 'broken'; checks: CheckResult[]; createdAt: number; updatedAt: number; callbackUrl: string | null; callbackPath: string; has: Record<string, boolean>
}
export type GuideStep = { key: string; zh: string; en: string; where: { zh: string; en: string }; grant: 'you' | 'platform'; takes: { zh: string; en: string } }
export type Connections = { connections: Connection[]; guide: Record<string, GuideStep[]>; simulated: boolean }
export type Block = { key: string; stage: 'acquire' | 'sell' | 'retain' | 'restrain' | 'learn'; zh: string; en: string; what: { zh: string; en: string }; needs: string[]; steps: number; onSince: number | null }
export type Members = { members: Array<{ userId: string; login: string; name: string; role: string }>; roles: Array<{ key: string; zh: string; en: string; rights: Right[] }>; mayChange: boolean }
export type SystemState = {
  now: number
  inbox: { due: number; failed: number; lagMs: number; stored: number; repeats: number }
  doorbells: { due: number; failing: number; lagMs: number }
  events: { due: number; failing: number }
  outbox: { due: number; stuck: number; lagMs: number }
  failures: {
    facts: Array<{ connectionId: string; digest: string; event: string; error: string; receivedAt: number; attempts: number }>
    rings: Array<{ connectionId: string; kind: string; objectId: string; attempts: number; error: string; dueAt: number }>
    calls: Array<{ outboxId: string; endpoint: string; state: string; lane: string | null; attempts: number; error: unknown; createdAt: number; dueAt: number }>
  }
  jobs: Array<{ kind: string; key: string; dueAt: number; state: unknown; attempts: number; error: string | null }>
  light: { processes: number; databases: number; valuesSet: number; stepsLeft: number; blocksOn: number; blocksAll: number; rssMb: number }
}
export type AuditRow = { auditId: string; at: number; actor: string; action: string; object: string; detail: Record<string, unknown> }
export type MerchantLine = {
  slug: string; name: string; simulated: boolean; role: string; now: number; orders: number; netFen: number; ordersBefore: number; lost: number; lostBefore: number
  pressure: { mean: number; over: number; pressureMax: number; contacts: number } | null; accounts: number; broken: string[]; failures: number
}
