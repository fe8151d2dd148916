import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Seal } from '../../kernel/seal.ts'

/** All optional: each line uses its own. Never logged, never sent to the console. */
export type ConnectionSecrets = {
  secret?: string
  /** Callback envelope. */
  token?: string
  aesKey?: string
  agentId?: string
  /** WeCom: secret of the self-built app beside the customer-contact one. */
  appSecret?: string
  apiV3Key?: string
  merchantPrivateKey?: string
  merchantSerial?: string
  /** `PUB_KEY_ID_…` and PEM, when the merchant uses the public-key mode. */
  payPublicKeyId?: string
  payPublicKey?: string
  /** Service-provider mode (服务商): the account is the provider's; the money is the sub-merchant's. */
  subMchid?: string
  spAppid?: string
}
/** `detail` is Chinese; `en` is missing on checks stored by older versions. */
export type Check = { key: string; ok: boolean | null; at: Instant; detail: string; en?: string }
export type Connection = {
  connectionId: string; line: string; accountId: string; name: string; baseUrl: string | null; routeKey: string; status: 'draft' | 'connected' | 'broken'
  checks: Check[]; createdAt: Instant; updatedAt: Instant; secrets: ConnectionSecrets
}

const purpose = (tenantId: number, connectionId: string): string => `connection ${tenantId} ${connectionId}`

export async function putConnection(tx: Tx, tenantId: number, c: Connection, seal: Seal): Promise<void> {
  await tx.run(
    `insert into connection (tenant_id, connection_id, line, account_id, name, base_url, route_key, secrets, status, checks, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (tenant_id, connection_id) do update set name = excluded.name, account_id = excluded.account_id, base_url = excluded.base_url, secrets = excluded.secrets, status = excluded.status,
       checks = excluded.checks, updated_at = excluded.updated_at`,
    [tenantId, c.connectionId, c.line, c.accountId, c.name, c.baseUrl, c.routeKey, seal.seal(JSON.stringify(c.secrets), purpose(tenantId, c.connectionId)), c.status, JSON.stringify(c.checks), c.createdAt, c.updatedAt],
  )
}

type Stored = Omit<Connection, 'secrets'> & { secrets: Buffer }
const columns = `connection_id as "connectionId", line, account_id as "accountId", name, base_url as "baseUrl", route_key as "routeKey", secrets, status, checks, created_at as "createdAt", updated_at as "updatedAt"`
const opened = (tenantId: number, row: Stored, seal: Seal): Connection => ({ ...row, secrets: JSON.parse(seal.open(row.secrets, purpose(tenantId, row.connectionId)).toString('utf8')) as ConnectionSecrets })

export async function listConnections(tx: Tx, tenantId: number, seal: Seal): Promise<Connection[]> {
  const rows = await tx.query<Stored>(`select ${columns} from connection where tenant_id = $1 order by created_at, line, connection_id`, [tenantId])
  return rows.map((row) => opened(tenantId, row, seal))
}

export async function findConnection(tx: Tx, tenantId: number, connectionId: string, seal: Seal): Promise<Connection | undefined> {
  const [row] = await tx.query<Stored>(`select ${columns} from connection where tenant_id = $1 and connection_id = $2`, [tenantId, connectionId])
  return row && opened(tenantId, row, seal)
}

export async function setChecks(tx: Tx, tenantId: number, connectionId: string, checks: readonly Check[], status: Connection['status'], now: Instant): Promise<void> {
  await tx.run(`update connection set checks = $3, status = $4, updated_at = $5 where tenant_id = $1 and connection_id = $2`, [tenantId, connectionId, JSON.stringify(checks), status, now])
}

/**
 * After an import: secrets were sealed for the tenant they came from, and open only under the same master key. Those that do not open become an empty
 * draft. @returns how many could not be opened.
 */
export async function resealConnections(tx: Tx, from: number, to: number, seal: Seal): Promise<number> {
  const rows = await tx.query<{ connectionId: string; secrets: Buffer }>(`select connection_id as "connectionId", secrets from connection where tenant_id = $1 order by connection_id`, [to])
  let lost = 0
  for (const { connectionId, secrets } of rows) {
    let plain: Buffer | undefined
    try {
      plain = seal.open(secrets, purpose(from, connectionId))
    } catch {
      lost++
    }
    await tx.run(`update connection set secrets = $3, status = case when $4 then 'draft' else status end where tenant_id = $1 and connection_id = $2`, [to, connectionId, seal.seal(plain ?? '{}', purpose(to, connectionId)), plain === undefined])
  }
  return lost
}

/** A callback address belongs to one tenant: an imported connection whose address is taken gets a new one. */
export async function setRouteKey(tx: Tx, tenantId: number, connectionId: string, routeKey: string): Promise<void> {
  await tx.run(`update connection set route_key = $3 where tenant_id = $1 and connection_id = $2`, [tenantId, connectionId, routeKey])
}

export async function removeConnection(tx: Tx, tenantId: number, connectionId: string): Promise<void> {
  await tx.run(`delete from wechat_token where tenant_id = $1 and connection_id = $2`, [tenantId, connectionId])
  await tx.run(`delete from connection where tenant_id = $1 and connection_id = $2`, [tenantId, connectionId])
}
