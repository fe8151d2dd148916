import { z } from 'zod'
import { accessFault, may, roles } from './kernel/access/index.ts'
import { listAudit } from './kernel/audit/index.ts'
import { defineErrors } from './kernel/errors.ts'
import { dayMs, saleDate } from './kernel/calendar.ts'
import type { Config } from './kernel/config.ts'
import { doorbellDepth, listFailedRings, retryRings } from './kernel/doorbell/index.ts'
import { deliveryDepth } from './kernel/event/index.ts'
import { route, type AnyRoute } from './kernel/http/index.ts'
import { countFacts, inboxDepth, listFailedFacts, retryFacts } from './kernel/inbox/index.ts'
import { listJobs, putJobs, settleJob } from './kernel/job/index.ts'
import { listOpenCalls, outboxDepth, retryCalls, skipCalls } from './kernel/outbox/index.ts'
import { addRoute, blocks, listBlocks } from './kernel/tenancy/index.ts'
import { findConnection, listConnections, putConnection, removeConnection, setChecks, type Connection } from './wechat/connection/index.ts'
import type { Caller } from './wechat/caller.ts'
import { WechatError } from './wechat/client/index.ts'
import { allRows } from './wechat/spec/index.ts'
import { findCode } from './acquire/channel-code/index.ts'
import type { Emulator } from './emulator/index.ts'
import { backfillJobs } from './backfills.ts'
import { missingFor, switchWithBackfill } from './block-switch.ts'
import { checkConnection, connectionGuide } from './connection-checks.ts'
import type { House } from './house.ts'
import type { Sea } from './sea.ts'

/** Routes about the installation itself: connections, blocks, system, audit, members, the sea. */

export const installationFault = defineErrors({
  'connection/not-found': { status: 404, zh: '没有这个连接（{connectionId}）。', en: 'there is no connection {connectionId}' },
  'block/unknown': { status: 404, zh: '没有叫 {block} 的积木。', en: 'there is no block {block}' },
  'block/needs': { status: 409, zh: '「{block}」要先有 {needs}。', en: 'the block {block} needs {needs} first' },
  'media/refused': { status: 409, zh: '平台没收这张图：{reason}。换一张 10 MB 以内的 JPG 或 PNG 再传。', en: 'the platform did not take the picture ({reason}); give it a JPG or PNG under 10 MB' },
  'media/no-wecom': { status: 409, zh: '还没有连企业微信，图片没处放。', en: 'no WeCom account is connected, so pictures have nowhere to go' },
  'sea/no-code': { status: 409, zh: '这张活码还没生效，扫不了。等它变成“在用”再扫。', en: 'the code is not live yet and cannot be scanned' },
  'sea/absent': { status: 409, zh: '这个商家不在模拟海里，时钟是真实的，不能调。', en: 'this merchant is not in a simulated sea; its clock is real' },
})

const lineNames = ['wecom', 'official-account', 'mini-program', 'shop', 'channels', 'pay'] as const

export type Installation = { house: House; sea: Sea | undefined; caller: Caller; config: Config; emulator?: Emulator; emulatorUrl: () => string | undefined }

export function installationRoutes(parts: Installation): AnyRoute[] {
  const { house, sea, caller, config } = parts
  const { seal } = house.ports
  const worldOf = (tenantId: number): string => house.tenant(tenantId)?.world ?? 'real'
  const shown = (c: Connection) => ({
    connectionId: c.connectionId, line: c.line, accountId: c.accountId, name: c.name, simulated: c.baseUrl !== null, status: c.status, checks: c.checks, createdAt: c.createdAt, updatedAt: c.updatedAt,
    callbackUrl: config.publicUrl ? `${config.publicUrl}/callback/${c.routeKey}` : null, callbackPath: `/callback/${c.routeKey}`,
    has: Object.fromEntries(Object.entries(c.secrets).map(([key, value]) => [key, value !== undefined && value !== ''])),
  })
  return [
    route({
      method: 'GET', path: '/connections', right: 'connections.read', what: 'the WeChat accounts, what is connected, and the guide of steps for each line',
      handle: async ({ tx, tenantId }) => ({ connections: (await listConnections(tx, tenantId, seal)).map(shown), guide: connectionGuide, simulated: worldOf(tenantId) !== 'real' }),
    }),
    route({
      method: 'POST', path: '/connections', right: 'connections.write', audit: 'connection.put', what: 'add or change an account; secrets that are left out stay as they are',
      body: z.object({
        connectionId: z.uuid().optional(), line: z.enum(lineNames), accountId: z.string().trim().min(3).max(64), name: z.string().trim().min(1).max(60),
        secrets: z.record(z.enum(['secret', 'token', 'aesKey', 'agentId', 'appSecret', 'apiV3Key', 'merchantPrivateKey', 'merchantSerial', 'payPublicKeyId', 'payPublicKey']), z.string().max(8000)).default({} as never),
      }),
      async handle({ tx, tenantId, body, ids, clock }) {
        const before = body.connectionId === undefined ? undefined : await findConnection(tx, tenantId, body.connectionId, seal)
        if (body.connectionId !== undefined && !before) throw installationFault('connection/not-found', { connectionId: body.connectionId })
        const now = clock.now()
        const connection: Connection = {
          connectionId: before?.connectionId ?? ids.next(), line: body.line, accountId: body.accountId, name: body.name, baseUrl: worldOf(tenantId) === 'real' ? null : (parts.emulatorUrl() ?? null),
          routeKey: before?.routeKey ?? ids.next().replaceAll('-', ''), status: before?.status ?? 'draft', checks: before?.checks ?? [], createdAt: before?.createdAt ?? now, updatedAt: now,
          secrets: { ...before?.secrets, ...Object.fromEntries(Object.entries(body.secrets).filter(([, value]) => value !== '')) },
        }
        await putConnection(tx, tenantId, connection, seal)
        const on = new Set((await listBlocks(tx, tenantId)).filter((row) => row.onSince !== null).map((row) => row.block))
        await putJobs(tx, tenantId, backfillJobs(connection.line, connection.connectionId, now, connection.createdAt, (block) => on.has(block)))
        house.ports.timers.after(0, () => void linkRoute(house, tenantId, connection))
        return shown(connection)
      },
    }),
    route({
      method: 'POST', path: '/connections/:connectionId/check', right: 'connections.write', what: 'live checks of one account, step by step', params: z.object({ connectionId: z.uuid() }),
      async handle({ tx, tenantId, params, clock }) {
        const connection = await findConnection(tx, tenantId, params.connectionId, seal)
        if (!connection) throw installationFault('connection/not-found', params)
        const checks = await checkConnection(connection, { caller, config, world: clock, tenantId })
        const status = checks.every((c) => c.ok === true || c.ok === null) ? 'connected' : checks[0]?.ok === true ? 'draft' : 'broken'
        await setChecks(tx, tenantId, params.connectionId, checks, status, clock.now())
        return { checks, status }
      },
    }),
    route({
      method: 'DELETE', path: '/connections/:connectionId', right: 'connections.write', audit: 'connection.remove', what: 'disconnect an account', params: z.object({ connectionId: z.uuid() }),
      async handle({ tx, tenantId, params }) {
        const connection = await findConnection(tx, tenantId, params.connectionId, seal)
        for (const job of connection === undefined ? [] : backfillJobs(connection.line, connection.connectionId, 0, 0, () => true)) await settleJob(tx, tenantId, { ...job, attempts: 0 }, null, null)
        await removeConnection(tx, tenantId, params.connectionId)
        house.ports.timers.after(0, () => void house.refresh(tenantId))
        return { removed: true }
      },
    }),
    route({
      method: 'GET', path: '/blocks', right: 'chain.read', what: 'all blocks, which are on, what each needs',
      async handle({ tx, tenantId }) {
        const on = new Map((await listBlocks(tx, tenantId)).map((row) => [row.block, row.onSince]))
        return { blocks: blocks.map((b) => ({ ...b, onSince: on.get(b.key) ?? null })) }
      },
    }),
    route({
      method: 'PUT', path: '/blocks/:block', right: 'blocks.write', audit: 'block.switch', what: 'switch a block on or off', params: z.object({ block: z.string() }), body: z.object({ on: z.boolean() }),
      async handle({ tx, tenantId, params, body, clock }) {
        const block = blocks.find((b) => b.key === params.block)
        if (!block) throw installationFault('block/unknown', params)
        if (body.on) {
          const missing = await missingFor(tx, tenantId, params.block, seal)
          if (missing.length > 0) throw installationFault('block/needs', { block: block.zh, needs: missing.join('、') })
        }
        await switchWithBackfill(tx, tenantId, params.block, body.on, seal, clock.now())
        house.ports.timers.after(0, () => void house.refresh(tenantId))
        return { block: params.block, on: body.on }
      },
    }),
    route({
      method: 'GET', path: '/system', right: 'system.read', what: 'depth, lag and failures of inbox, doorbells, events and outbox; jobs; the light meter',
      async handle({ tx, tenantId, clock }) {
        const now = clock.now()
        const [inbox, bells, deliveries, outbox] = [await inboxDepth(tx, tenantId), await doorbellDepth(tx, tenantId), await deliveryDepth(tx, tenantId), await outboxDepth(tx, tenantId)]
        const lag = (at: number | null): number => (at === null ? 0 : Math.max(0, now - at))
        const on = (await listBlocks(tx, tenantId)).filter((row) => row.onSince !== null)
        const connections = await listConnections(tx, tenantId, seal)
        return {
          now, inbox: { ...inbox, lagMs: lag(inbox.oldestDueAt), ...(await countFacts(tx, tenantId)) }, doorbells: { ...bells, lagMs: lag(bells.oldestDueAt) }, events: deliveries, outbox: { ...outbox, lagMs: lag(outbox.oldestDueAt) },
          failures: { facts: await listFailedFacts(tx, tenantId, 50), rings: await listFailedRings(tx, tenantId, 50), calls: await listOpenCalls(tx, tenantId, ['unknown', 'failed'], 50) },
          jobs: await listJobs(tx, tenantId),
          light: { processes: 1, databases: 1, valuesSet: connections.reduce((sum, c) => sum + Object.keys(c.secrets).length + 1, 0), stepsLeft: blocks.filter((b) => on.some((row) => row.block === b.key)).length === 0 ? 1 : 0, blocksOn: on.length, blocksAll: blocks.length, rssMb: Math.round(process.memoryUsage().rss / 1048576) },
        }
      },
    }),
    route({
      method: 'POST', path: '/system/retry', right: 'system.retry', audit: 'system.retry', what: 'try failed callbacks, reads or calls again; or skip calls',
      body: z.object({ facts: z.array(z.string()).max(500).default([]), rings: z.array(z.string()).max(500).default([]), calls: z.array(z.uuid()).max(500).default([]), skip: z.array(z.uuid()).max(500).default([]) }),
      async handle({ tx, tenantId, body, clock }) {
        const now = clock.now()
        return { facts: await retryFacts(tx, tenantId, body.facts, now), rings: await retryRings(tx, tenantId, body.rings, now), calls: await retryCalls(tx, tenantId, body.calls, now), skipped: await skipCalls(tx, tenantId, body.skip, now) }
      },
    }),
    route({
      method: 'GET', path: '/audit', right: 'audit.read', what: 'the audit trail, newest first', query: z.object({ before: z.coerce.number().int().optional(), limit: z.coerce.number().int().min(1).max(200).default(50) }),
      handle: async ({ tx, tenantId, query }) => ({ rows: await listAudit(tx, tenantId, query.before ?? Number.MAX_SAFE_INTEGER, query.limit) }),
    }),
    route({
      method: 'GET', path: '/members', right: 'connections.read', what: 'colleagues and their roles',
      handle: async ({ tenantId, role }) => ({ members: await house.access.membersOf(tenantId), roles: Object.entries(roles).map(([key, value]) => ({ key, zh: value.zh, en: value.en, rights: value.rights })), mayChange: may(role, 'members.write') }),
    }),
    route({
      method: 'POST', path: '/members', right: 'members.write', audit: 'member.put', what: 'add a colleague or change a role; answers with a one-time login link for a new one',
      body: z.object({ login: z.string().trim().min(2).max(60), name: z.string().trim().min(1).max(40), role: z.enum(Object.keys(roles) as [string, ...string[]]) }),
      async handle({ tenantId, body }) {
        const known = await house.access.findUser(body.login)
        const members = await house.access.membersOf(tenantId)
        const owners = members.filter((m) => m.role === 'owner')
        if (body.role !== 'owner' && owners.length === 1 && owners[0].login === body.login) throw accessFault('access/last-owner')
        const userId = known?.userId ?? (await house.access.createUser(body.login, body.name, null))
        await house.access.addMember(tenantId, userId, body.role)
        return { userId, link: known?.hasPassword ? null : `/login/link/${await house.access.createLink(userId)}` }
      },
    }),
    route({
      method: 'GET', path: '/sea', right: 'chain.read', what: 'the clock of this merchant\'s world',
      async handle({ tenantId, clock }) {
        const world = worldOf(tenantId)
        const now = clock.now()
        const born = house.tenant(tenantId)?.createdAt ?? now
        return { simulated: world !== 'real', world, now, day: saleDate(now), dayNumber: Math.max(1, Math.floor((now - born) / dayMs) + 1), daySeconds: sea?.pace(world) ?? null, waiting: sea?.waiting(world) ?? false }
      },
    }),
    route({
      method: 'PUT', path: '/sea', right: 'sea.control', what: 'pause the sea or set its pace (real seconds for a day)', body: z.object({ daySeconds: z.number().min(0.5).max(86_400).nullable() }),
      async handle({ tenantId, body }) {
        const world = worldOf(tenantId)
        if (world === 'real' || sea === undefined) throw installationFault('sea/absent')
        sea.setPace(world, body.daySeconds)
        return { daySeconds: body.daySeconds }
      },
    }),
    route({
      method: 'POST', path: '/sea/scan', right: 'sea.control', audit: 'sea.scan', what: 'simulated merchants only: somebody of the sea scans a channel code', body: z.object({ codeId: z.uuid() }),
      async handle({ tx, tenantId, body }) {
        const world = worldOf(tenantId)
        if (world === 'real' || parts.emulator === undefined) throw installationFault('sea/absent')
        const code = await findCode(tx, tenantId, body.codeId)
        if (code === undefined || code.status !== 'live' || code.configId === null) throw installationFault('sea/no-code')
        const person = `guest-${house.ports.ids.next().slice(-12)}`
        const answer = (await parts.emulator.act(world, 'wecom.scanContactWay', { corpid: code.corpId, config_id: code.configId, person, name: '扫码的客人' })) as { added: boolean; external_userid?: string }
        return { added: answer.added }
      },
    }),
    route({
      method: 'POST', path: '/media', right: 'broadcasts.write', what: 'give the platform a picture for a message; its id is good for three days', body: z.object({ name: z.string().trim().min(1).max(80), base64: z.string().max(7_000_000) }),
      async handle({ tx, tenantId, body, clock }) {
        const wecom = (await listConnections(tx, tenantId, seal)).find((one) => one.line === 'wecom')
        if (wecom === undefined) throw installationFault('media/no-wecom')
        try {
          const answer = (await caller.client(wecom, clock, tenantId).call(allRows.get('wecom.media.upload')!, { type: 'image' } as never, {
            account: caller.accountOf(wecom), parts: [{ name: 'media', filename: body.name, contentType: /\.png$/i.test(body.name) ? 'image/png' : 'image/jpeg', bytes: Buffer.from(body.base64, 'base64') }],
          })) as { media_id: string }
          return { mediaId: answer.media_id, until: clock.now() + 3 * dayMs }
        } catch (error) {
          if (error instanceof WechatError) throw installationFault('media/refused', { reason: `${error.errcode} ${error.errmsg}` }, error)
          throw error
        }
      },
    }),
  ]
}

/** A callback address exists as soon as the connection does. */
async function linkRoute(house: House, tenantId: number, connection: Connection): Promise<void> {
  await house.ports.db.tx({ role: 'auth' }, (tx) => addRoute(tx, { routeKey: connection.routeKey, tenantId, connectionId: connection.connectionId }))
  await house.refresh(tenantId)
}
