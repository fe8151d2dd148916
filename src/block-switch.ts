import type { Tx } from './kernel/db/index.ts'
import type { Instant } from './kernel/clock.ts'
import { putJobs } from './kernel/job/index.ts'
import type { Seal } from './kernel/seal.ts'
import { blocks, listBlocks, switchBlock } from './kernel/tenancy/index.ts'
import { listConnections } from './wechat/connection/index.ts'
import { backfillJobs } from './backfills.ts'

const lineNames: Record<string, string> = { wecom: '企业微信', 'official-account': '公众号', 'mini-program': '小程序', shop: '微信小店', channels: '视频号', pay: '微信支付' }

function needName(need: string): string {
  return need.startsWith('account:') ? `已连接的${lineNames[need.slice(8)] ?? need}` : `积木「${blocks.find((b) => b.key === need)?.zh ?? need}」`
}

export async function blockIsOn(tx: Tx, tenantId: number, key: string): Promise<boolean> {
  return (await listBlocks(tx, tenantId)).some((row) => row.block === key && row.onSince !== null)
}

/** What a block needs that is not there, in words for the screen; empty: it can be switched on. `alsoOn`: blocks that will be switched on with it. */
export async function missingFor(tx: Tx, tenantId: number, key: string, seal: Seal, alsoOn: readonly string[] = []): Promise<string[]> {
  const block = blocks.find((row) => row.key === key)
  if (!block) return [`积木「${key}」（这个版本没有）`]
  const lines = new Set((await listConnections(tx, tenantId, seal)).map((connection) => connection.line as string))
  const on = new Set([...(await listBlocks(tx, tenantId)).filter((row) => row.onSince !== null).map((row) => row.block), ...alsoOn])
  return (block.needs as readonly string[]).filter((need) => (need.startsWith('account:') ? !lines.has(need.slice(8)) : !on.has(need))).map(needName)
}

/** Switches a block; what it looks after may have changed while it was off, so its back-fills start a moment later. The house must be refreshed afterwards. */
export async function switchWithBackfill(tx: Tx, tenantId: number, key: string, on: boolean, seal: Seal, now: Instant): Promise<void> {
  await switchBlock(tx, tenantId, key, on, now)
  if (on) for (const one of await listConnections(tx, tenantId, seal)) await putJobs(tx, tenantId, backfillJobs(one.line, one.connectionId, now + 1_000, now, (other) => other === key))
}
