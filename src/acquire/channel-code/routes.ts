import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { touchpointCounts } from '../attribution/index.ts'
import { codeFault } from './errors.ts'
import { closeCode, editCode, makeCode } from './make-code.ts'
import { findCode, listCodes } from './store.ts'

const block = 'codes'
const staff = z.array(z.string().min(1).max(64)).min(1).max(100) // 100 people behind one code (D96348)
const welcome = z.string().trim().max(1_300)

/** Throws when a welcome text may not leave; asked here, answered by restrain and wired in the composition root. */
export type WelcomeCheck = (tx: Tx, tenantId: number, texts: readonly string[], now: Instant) => Promise<void>

export function codeRoutes(context: { wecomOf(tenantId: number): { connectionId: string; corpId: string } | undefined; checkText?: WelcomeCheck }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/codes', right: 'people.read', block, what: 'channel codes with how many people came by each',
      async handle({ tx, tenantId, clock }) {
        const came = new Map((await touchpointCounts(tx, tenantId, 0, clock.now() + 1)).flatMap((row) => (row.state === null || row.state === '' ? [] : [[row.state, row.persons] as const])))
        return { rows: (await listCodes(tx, tenantId)).map((code) => ({ ...code, people: came.get(code.state) ?? 0 })) }
      },
    }),
    route({
      method: 'POST', path: '/codes', right: 'broadcasts.write', block, audit: 'code.create', what: 'make a channel code; it is live when the platform has answered',
      body: z.object({ name: z.string().trim().min(1).max(30), channel: z.string().trim().min(1).max(40), staff, skipVerify: z.boolean().default(true), welcomeText: welcome.optional() }),
      async handle({ tx, tenantId, body, clock, ids, actor }) {
        const wecom = context.wecomOf(tenantId)
        if (!wecom) throw codeFault('code/no-connection')
        if (body.welcomeText !== undefined) await context.checkText?.(tx, tenantId, [body.welcomeText], clock.now())
        return makeCode(tx, { tenantId, now: clock.now(), ids }, { ...wecom, ...body, welcomeText: body.welcomeText ?? null, createdBy: actor })
      },
    }),
    route({
      method: 'PUT', path: '/codes/:codeId', right: 'broadcasts.write', block, audit: 'code.edit', what: 'change name, members or welcome text of a live code', params: z.object({ codeId: z.uuid() }),
      body: z.object({ name: z.string().trim().min(1).max(30).optional(), staff: staff.optional(), welcomeText: welcome.optional() }),
      async handle({ tx, tenantId, params, body, clock, ids }) {
        const code = await findCode(tx, tenantId, params.codeId)
        if (!code) throw codeFault('code/not-found', params)
        if (code.status !== 'live') throw codeFault('code/not-live', { name: code.name, status: code.status })
        if (body.welcomeText !== undefined) await context.checkText?.(tx, tenantId, [body.welcomeText], clock.now())
        await editCode(tx, { tenantId, now: clock.now(), ids }, code, body)
      },
    }),
    route({
      method: 'DELETE', path: '/codes/:codeId', right: 'broadcasts.write', block, audit: 'code.close', what: 'close a code; people who scan it later cannot add anybody', params: z.object({ codeId: z.uuid() }),
      async handle({ tx, tenantId, params, clock, ids }) {
        const code = await findCode(tx, tenantId, params.codeId)
        if (!code) throw codeFault('code/not-found', params)
        if (code.status === 'closed' || code.status === 'closing') return
        await closeCode(tx, { tenantId, now: clock.now(), ids }, code)
      },
    }),
  ]
}
