import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { MessageContent, MessageKind } from '../outbound/index.ts'
import type { Rule } from '../segment/index.ts'
import type { BroadcastStatus } from './broadcast.ts'

export type Broadcast = {
  broadcastId: string; connectionId: string; corpId: string; name: string; messageKind: MessageKind; rules: Rule; content: MessageContent; status: BroadcastStatus
  createdAt: Instant; createdBy: string; approvedAt: Instant | null; approvedBy: string | null; heldUntil: Instant | null; closedAt: Instant | null
}
const columns = `broadcast_id as "broadcastId", connection_id as "connectionId", corp_id as "corpId", name, message_kind as "messageKind", rules, content, status, created_at as "createdAt", created_by as "createdBy",
  approved_at as "approvedAt", approved_by as "approvedBy", held_until as "heldUntil", closed_at as "closedAt"`

export async function insertBroadcast(tx: Tx, tenantId: number, row: Broadcast): Promise<void> {
  tx.write(
    `insert into broadcast (tenant_id, broadcast_id, connection_id, corp_id, name, message_kind, rules, content, status, created_at, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [tenantId, row.broadcastId, row.connectionId, row.corpId, row.name, row.messageKind, JSON.stringify(row.rules), JSON.stringify(row.content), row.status, row.createdAt, row.createdBy],
  )
}

export async function changeBroadcast(tx: Tx, tenantId: number, broadcastId: string, change: Partial<Pick<Broadcast, 'name' | 'messageKind' | 'rules' | 'content' | 'status' | 'approvedAt' | 'approvedBy' | 'heldUntil' | 'closedAt'>>): Promise<void> {
  tx.write(
    `update broadcast set name = coalesce($3, name), message_kind = coalesce($4, message_kind), rules = coalesce($5, rules), content = coalesce($6, content), status = coalesce($7, status), approved_at = coalesce($8, approved_at),
       approved_by = coalesce($9, approved_by), held_until = coalesce($10, held_until), closed_at = coalesce($11, closed_at) where tenant_id = $1 and broadcast_id = $2`,
    [tenantId, broadcastId, change.name ?? null, change.messageKind ?? null, change.rules === undefined ? null : JSON.stringify(change.rules), change.content === undefined ? null : JSON.stringify(change.content), change.status ?? null,
      change.approvedAt ?? null, change.approvedBy ?? null, change.heldUntil ?? null, change.closedAt ?? null],
  )
}

/** Locked until the transaction ends: approval, cancelling and handing over exclude each other. */
export async function findBroadcast(tx: Tx, tenantId: number, broadcastId: string): Promise<Broadcast | undefined> {
  const [row] = await tx.query<Broadcast>(`select ${columns} from broadcast where tenant_id = $1 and broadcast_id = $2 for update`, [tenantId, broadcastId])
  return row
}

export function listBroadcasts(tx: Tx, tenantId: number, limit: number): Promise<Broadcast[]> {
  return tx.query<Broadcast>(`select ${columns} from broadcast where tenant_id = $1 order by created_at desc, broadcast_id limit $2`, [tenantId, limit])
}
