import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { Fault } from '../../kernel/errors.ts'
import type { PublicCall } from '../../kernel/http/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import type { House } from '../../house.ts'
import type { Emulator } from '../../emulator/index.ts'

/**
 * Shoppers (商城买家): guests who open the mini program and buy at the merchant's own mall, through its public routes and the pay sheet: most pay, some after
 * the notice that they cancelled, some never. What they bought is shipped, received, sometimes paid back by the captain. Draws are by (person, day).
 */
export type Shoppers = {
  day(start: Instant): void
  /** When somebody does something next. */
  nextDue(): Instant | undefined
  /** Does what is due. What fails because the house is down is tried again in a minute, by the same click. */
  run(house: House, now: Instant): Promise<void>
}

type Step = { at: Instant; who: string; tries: number; act(house: House, now: Instant): Promise<void> }
const hour = 3_600_000
const minute = 60_000
const tries = 5

export function createShoppers(emulator: Emulator, options: { seed: number; people: number; tenantId: number; slug: string; ask(house: House, method: string, path: string, body: unknown, params: Record<string, string>): Promise<unknown> }): Shoppers {
  const random = seededRandom(`shoppers ${options.seed}`)
  let steps: Step[] = []
  const add = (at: Instant, who: string, act: Step['act']): void => {
    steps.push({ at: Math.round(at), who, tries: 0, act })
    steps.sort((a, b) => a.at - b.at || (a.who < b.who ? -1 : 1))
  }

  async function mall<T>(house: House, method: string, path: string, call: { bearer?: string; body?: unknown; params?: Record<string, string> } = {}): Promise<T> {
    const route = house.publicRoutes.find((one) => one.method === method && one.path === path)!
    const { ids, db } = house.ports
    return (await route.handle({
      tenantId: options.tenantId, slug: options.slug, tenantName: options.slug, bearer: call.bearer, params: route.params?.parse(call.params ?? {}), query: route.query?.parse({}), body: route.body?.parse(call.body),
      tx: (work) => db.tx({ role: 'app', tenantId: options.tenantId }, work), clock: house.context.clockOf(options.tenantId), ids, language: 'zh',
    } satisfies PublicCall<unknown, unknown, unknown> as never)) as T
  }
  /** People try what is not possible any more. */
  async function tryAct<T>(name: string, args: unknown): Promise<T | undefined> {
    try {
      return (await emulator.act('main', name, args)) as T
    } catch (error) {
      if ((error as { code?: string }).code !== 'emulator/act-refused') throw error
      return undefined
    }
  }

  type Goods = { goods: Array<{ skus: Array<{ skuId: string; priceFen: number; soldOut: boolean }> }> }
  type Sheet = { package: string }
  type CheckedOut = { kind: string; order: { orderId: string; totalFen: number; lines: Array<{ skuId: string; quantity: number; paidFen: number }> }; pay: Sheet | null }

  function visit(person: string, day: number, at: Instant): void {
    const u = (what: string): number => random.u(what, person, day)
    const key = `click of ${person} on ${day}`
    let token: string | undefined
    add(at, person, async (house) => {
      if (token === undefined) {
        const login = (await emulator.act('main', 'miniProgram.login', { person })) as { js_code: string }
        token = (await mall<{ token: string }>(house, 'POST', '/login', { body: { code: login.js_code } })).token
      }
      const bearer = token
      const { goods } = await mall<Goods>(house, 'GET', '/goods')
      const skus = goods.flatMap((one) => one.skus).filter((sku) => !sku.soldOut).sort((a, b) => a.priceFen - b.priceFen || (a.skuId < b.skuId ? -1 : 1))
      if (skus.length === 0) return
      const first = Math.floor(u('sku') * skus.length)
      const lines = [...new Set([first, ...(u('second') < 0.3 ? [(first + 1) % skus.length] : [])])].map((n) => ({ skuId: skus[n].skuId, quantity: 1 + Math.floor(u(`pieces ${n}`) ** 4 * 3) }))
      const placed = await mall<CheckedOut>(house, 'POST', '/checkout', { bearer, body: { key, lines } })
      if (placed.kind !== 'placed') return
      const { orderId } = placed.order
      const sheet = (placed.pay ?? undefined) && (await tryAct<{ prepay_id: string }>('pay.openSheet', placed.pay))
      const end = u('end')
      if (sheet === undefined || end > 0.92) return // never pays: the order ends by itself
      if (end > 0.84) add(house.context.clockOf(options.tenantId).now() + minute, person, async (later) => void (await mall(later, 'POST', '/orders/:id/cancel', { bearer, params: { id: orderId } })))
      // Some pay in the very last minute, some after they cancelled.
      const waits = end > 0.88 ? 2 * minute : 5_000 + 13.9 * minute * u('pay') ** 3
      add(house.context.clockOf(options.tenantId).now() + waits, person, async (_, now) => {
        const paid = await tryAct<{ transaction_id: string }>('pay.payOrder', { prepay_id: sheet.prepay_id, person })
        if (paid === undefined) return
        if (u('twice') < 0.2) await tryAct('pay.repeatNotice', { prepay_id: sheet.prepay_id })
        const looked = (await tryAct<{ transaction_id?: string }>('pay.look', { prepay_id: sheet.prepay_id }))?.transaction_id
        const shipAt = now + (5 + 30 * u('ship')) * hour
        add(shipAt, person, async (later) => void (await options.ask(later, 'POST', '/mall-orders/:orderId/ship', { company: 'SF', trackingNo: `SF${orderId.slice(0, 10)}` }, { orderId })))
        if (looked !== undefined) {
          add(shipAt + (1 + 3 * u('road')) * dayMs, person, async () => {
            await tryAct('miniProgram.confirmReceipt', { transaction_id: looked })
            await tryAct('miniProgram.settle', { transaction_id: looked })
          })
        }
        const back = u('refund')
        if (back < 0.2) {
          const line = placed.order.lines[0]
          const whole = back < 0.08
          add(shipAt + (back < 0.05 ? -2 * hour : 5 * dayMs * u('argues')), person, async (later) =>
            void (await options.ask(later, 'POST', '/mall-orders/:orderId/refund', whole ? { amountFen: placed.order.totalFen, reason: '不想要了' } : { amountFen: Math.max(1, Math.floor(line.paidFen / 3)), skuId: line.skuId, reason: '少件' }, { orderId })))
        }
      })
    })
  }

  return {
    day(start) {
      const today = Math.floor((start + 8 * hour) / dayMs)
      for (let p = 0; p < options.people; p++) {
        const person = `guest-${p}`
        if (random.u('visits', p, today) < 0.02 + 0.1 * random.u('likes', p) ** 2) visit(person, today, start + (8 + 14 * random.u('hour', p, today)) * hour)
      }
    },
    nextDue: () => steps.at(0)?.at,
    async run(house, now) {
      while (steps.length > 0 && steps[0].at <= now) {
        const step = steps.shift()!
        try {
          await step.act(house, now)
        } catch (error) {
          if (error instanceof Fault) {
            // Wechat was silent, or somebody is too late: the page says so, and the silent one is tried again.
            if (error.code !== 'mall/wechat-silent') continue
          } else if (error instanceof Error && error.name === 'Fenced') {
            again(step, now)
            return
          } else if (!(error instanceof Error && error.name === 'CommitLost')) throw error
          again(step, now)
        }
      }
    },
  }

  function again(step: Step, now: Instant): void {
    if (step.tries + 1 >= tries) return
    steps.push({ ...step, at: now + minute, tries: step.tries + 1 })
    steps.sort((a, b) => a.at - b.at || (a.who < b.who ? -1 : 1))
  }
}
