import { putJobs } from './kernel/job/index.ts'
import { addRoute, createTenant, switchBlock, type BlockKey } from './kernel/tenancy/index.ts'
import { putConnection, type Connection, type ConnectionSecrets } from './wechat/connection/index.ts'
import { backfillJobs } from './backfills.ts'
import type { Account, Emulator } from './emulator/index.ts'
import type { House } from './house.ts'

/** Makes a merchant in an emulated world and connects every account of that world to it, callbacks included. */
export type Onboarding = {
  slug: string
  name: string
  world: string
  origin: Record<string, unknown>
  blocks: readonly BlockKey[]
  /** Lines to connect; all when absent. */
  lines?: readonly string[]
  ownerId: string | undefined
  /** When back-fill begins; at once when absent. */
  backfillAt?: number
}

export async function onboard(parts: { house: House; emulator: Emulator; emulatorUrl: string; productUrl: string }, wish: Onboarding): Promise<number> {
  const { house, emulator } = parts
  const { ids, seal, db } = house.ports
  const ns = emulator.namespace(wish.world)
  const now = ns.now
  const tenantId = await db.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug: wish.slug, name: wish.name, world: wish.world, createdAt: now, origin: wish.origin }))
  if (wish.ownerId !== undefined) await house.access.addMember(tenantId, wish.ownerId, 'owner')
  await db.tx({ role: 'app', tenantId }, async (tx) => {
    for (const block of wish.blocks) await switchBlock(tx, tenantId, block, true, now)
  })
  await house.refresh(tenantId)
  const baseUrl = wish.world === 'main' ? parts.emulatorUrl : `${parts.emulatorUrl}/ns/${wish.world}`
  for (const account of ns.accounts) {
    const found = secretsOf(account)
    if (!found || (wish.lines && !wish.lines.includes(found.line))) continue
    const connection: Connection = {
      connectionId: ids.next(), line: found.line, accountId: found.accountId, name: found.name, baseUrl, routeKey: ids.next().replaceAll('-', ''), secrets: found.secrets, status: 'connected', checks: [], createdAt: now, updatedAt: now,
    }
    await db.tx({ role: 'app', tenantId }, async (tx) => {
      await putConnection(tx, tenantId, connection, seal)
      await putJobs(tx, tenantId, backfillJobs(found.line, connection.connectionId, wish.backfillAt ?? now, now, (block) => wish.blocks.includes(block)))
    })
    await db.tx({ role: 'auth' }, (tx) => addRoute(tx, { routeKey: connection.routeKey, tenantId, connectionId: connection.connectionId }))
    if (account.kind !== 'pay') await emulator.act(wish.world, 'core.setPush', { kind: account.kind, id: account.id, url: `${parts.productUrl}/callback/${connection.routeKey}` })
  }
  await house.refresh(tenantId)
  return tenantId
}

/** After a restart the product may sit on another port: the emulated accounts are told. */
export async function repoint(parts: { house: House; emulator: Emulator; emulatorUrl: string; productUrl: string }): Promise<void> {
  const { house, emulator } = parts
  for (const tenant of house.tenants()) {
    if (tenant.world === 'real' || !emulator.namespaces().includes(tenant.world)) continue
    const baseUrl = tenant.world === 'main' ? parts.emulatorUrl : `${parts.emulatorUrl}/ns/${tenant.world}`
    for (const connection of house.connectionsOf(tenant.tenantId)) {
      if (connection.baseUrl !== baseUrl) await house.ports.db.tx({ role: 'app', tenantId: tenant.tenantId }, (tx) => putConnection(tx, tenant.tenantId, { ...connection, baseUrl }, house.ports.seal))
      if (connection.line !== 'pay') await emulator.act(tenant.world, 'core.setPush', { kind: connection.line, id: connection.accountId, url: `${parts.productUrl}/callback/${connection.routeKey}` })
    }
  }
  await house.refresh()
}

function secretsOf(account: Account): { line: string; accountId: string; name: string; secrets: ConnectionSecrets } | undefined {
  switch (account.kind) {
    case 'wecom': {
      const contact = account.apps.find((app) => app.kind === 'contact') ?? account.apps[0]
      const app = account.apps.find((one) => one.kind === 'app')
      return { line: 'wecom', accountId: account.id, name: account.name, secrets: { secret: contact.secret, token: contact.push.token, aesKey: contact.push.aesKey, agentId: contact.agentId, ...(app ? { appSecret: app.secret } : {}) } }
    }
    case 'shop': case 'channels': case 'mini-program': case 'official-account':
      return { line: account.kind, accountId: account.id, name: account.name, secrets: { secret: account.secret, token: account.push.token, aesKey: account.push.aesKey } }
    case 'pay':
      return { line: 'pay', accountId: account.id, name: account.name, secrets: { apiV3Key: account.apiV3Key, merchantPrivateKey: account.merchantPrivateKey, merchantSerial: account.merchantSerial } }
    default:
      return undefined
  }
}
