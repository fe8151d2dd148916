import { z } from 'zod'
import { defineErrors } from './kernel/errors.ts'
import { publicRoute, type AnyPublicRoute } from './kernel/http/index.ts'
import type { Emulator } from './emulator/index.ts'
import { listProducts } from './sell/catalog/index.ts'
import type { House } from './house.ts'
import type { Sea } from './sea.ts'

/**
 * Visitors of a simulated merchant's storefront (来逛的人): somebody in a browser is a person of the emulated world, whose phone is played here, login and
 * pay sheet. A real merchant has none of these routes: there the phone is a phone.
 */
export const visitorFault = defineErrors({
  'visitor/not-simulated': { status: 404, zh: '这一步要在微信里做：请用微信打开小店。', en: 'this shop is real: log in and pay inside WeChat' },
  'visitor/refused': { status: 409, zh: '模拟平台没有接受：{reason}。', en: 'the emulated platform refused: {reason}' },
})

/** So long the sea goes at the pace of a clock after a visitor's last sign: codes live 5 minutes and orders 15, of the world. */
const walkMs = 60_000

export function visitorRoutes(parts: { house: House; emulator: Emulator | undefined; sea: Sea | undefined }): AnyPublicRoute[] {
  const { house } = parts
  const visitor = z.string().regex(/^visitor-[0-9a-f]{16}$/)
  const sheet = z.object({ appId: z.string().max(64), timeStamp: z.string().max(20), nonceStr: z.string().max(64), package: z.string().max(200), signType: z.string().max(10), paySign: z.string().max(2000) })
  const world = (tenantId: number): { act: (name: string, args: unknown) => Promise<Record<string, unknown>>; walk: () => Promise<void> } => {
    const tenant = house.tenants().find((one) => one.tenantId === tenantId)
    const { emulator, sea } = parts
    if (tenant === undefined || tenant.world === 'real' || emulator === undefined) throw visitorFault('visitor/not-simulated')
    return {
      async act(name, args) {
        try {
          return (await emulator.act(tenant.world, name, args)) as Record<string, unknown>
        } catch (cause) {
          throw visitorFault('visitor/refused', { reason: cause instanceof Error ? cause.message : String(cause) }, cause)
        }
      },
      walk: async () => sea?.walk(tenant.world, walkMs),
    }
  }
  const block = 'mall'
  return [
    publicRoute({
      method: 'POST', path: '/emulated/login', block, perMinute: 60, what: 'simulated merchants only: the code of wx.login for a visitor in a browser', body: z.object({ visitor }),
      async handle({ tenantId, body }) {
        const { act, walk } = world(tenantId)
        await walk()
        const account = house.connectionsOf(tenantId).find((one) => one.line === 'mini-program')?.accountId
        return { code: (await act('miniProgram.login', { account, person: body.visitor })).js_code }
      },
    }),
    publicRoute({
      method: 'POST', path: '/emulated/here', block, perMinute: 60, what: 'simulated merchants only: a visitor is still looking; the sea keeps to the pace of a clock', body: z.object({ visitor }),
      async handle({ tenantId, tx }) {
        // While the world sails through its past, looking at a shop that is not open yet must not keep it from opening.
        const opening = parts.sea?.past(house.tenants().find((one) => one.tenantId === tenantId)?.world ?? '') !== undefined && (await tx((t) => listProducts(t, tenantId, { shelf: 'mall', status: 'listed' }, { offset: 0, limit: 1 }))).length === 0
        if (!opening) await world(tenantId).walk()
        return { ok: true }
      },
    }),
    publicRoute({
      method: 'GET', path: '/emulated/sea', block, perMinute: 120, what: 'simulated merchants only: whether the world still sails through its past, and for how long',
      async handle({ tenantId }) {
        world(tenantId)
        const tenant = house.tenants().find((one) => one.tenantId === tenantId)!
        const past = parts.sea?.past(tenant.world)
        return { past: past === undefined ? null : { daysLeft: Math.ceil((past.to - past.now) / 86_400_000), secondsLeft: past.leftMs === undefined ? null : Math.ceil(past.leftMs / 1000) } }
      },
    }),
    publicRoute({
      method: 'POST', path: '/emulated/phone', block, perMinute: 30, what: 'simulated merchants only: the code of a phone number that a visitor gives', body: z.object({ visitor }),
      async handle({ tenantId, body }) {
        return { code: (await world(tenantId).act('miniProgram.authorisePhone', { person: body.visitor })).code }
      },
    }),
    publicRoute({
      method: 'POST', path: '/emulated/sheet', block, perMinute: 60, what: 'simulated merchants only: what the pay sheet shows, after the phone has checked the signature', body: z.object({ visitor, sheet }),
      async handle({ tenantId, body }) {
        const { act, walk } = world(tenantId)
        await walk()
        const { totalFen, description } = await act('pay.openSheet', body.sheet)
        return { totalFen, description }
      },
    }),
    publicRoute({
      method: 'POST', path: '/emulated/pay', block, perMinute: 60, what: 'simulated merchants only: the visitor pays what the sheet shows', body: z.object({ visitor, sheet }),
      async handle({ tenantId, body }) {
        const { act, walk } = world(tenantId)
        await walk()
        const { prepay_id: prepay } = await act('pay.openSheet', body.sheet)
        await act('pay.payOrder', { prepay_id: prepay, person: body.visitor })
        return { ok: true }
      },
    }),
  ]
}
