import type { Db } from '../../kernel/db/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { memoryTokenStore, type StoredToken, type TokenStore } from '../client/index.ts'

/** Tokens of one connection, sealed in the database and kept at hand: a restart does not fetch new ones, which on some lines would end the old. */
export function connectionTokenStore(db: Db, seal: Seal, tenantId: number, connectionId: string): TokenStore {
  const near = memoryTokenStore()
  const scope = { role: 'app', tenantId } as const
  const purpose = `token ${tenantId} ${connectionId}`
  return {
    async get(key) {
      const known = await near.get(key)
      if (known) return known
      const [row] = await db.tx(scope, (tx) => tx.query<{ sealed: Buffer }>(`select sealed from wechat_token where tenant_id = $1 and connection_id = $2 and kind = $3`, [tenantId, connectionId, key]))
      if (!row) return undefined
      const token = JSON.parse(seal.open(row.sealed, purpose).toString('utf8')) as StoredToken
      await near.put(key, token)
      return token
    },
    async put(key, token) {
      await near.put(key, token)
      await db.tx(scope, (tx) => tx.run(
        `insert into wechat_token (tenant_id, connection_id, kind, sealed, expires_at) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, connection_id, kind) do update set sealed = excluded.sealed, expires_at = excluded.expires_at`,
        [tenantId, connectionId, key, seal.seal(JSON.stringify(token), purpose), token.expiresAt],
      ))
    },
    lock: (key, work) => near.lock(key, work),
  }
}
