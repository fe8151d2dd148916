import { z } from 'zod'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { pointsFault } from './errors.ts'
import { rateSetting } from './grant-points.ts'
import { redeem } from './spend.ts'
import { balanceOf, listBalances, pointsTotals } from './store.ts'

const block = 'points'

export const pointsRoutes: AnyRoute[] = [
  route({
    method: 'GET', path: '/points', right: 'people.read', block, what: 'feathers: totals, the rate, the largest balances',
    handle: async ({ tx, tenantId }) => ({ totals: await pointsTotals(tx, tenantId), perYuan: (await readSetting<number>(tx, tenantId, rateSetting)) ?? 1, rows: await listBalances(tx, tenantId, 200) }),
  }),
  route({
    method: 'POST', path: '/points/:personId/redeem', right: 'adjustments.write', block, audit: 'points.redeem', what: 'spend feathers of a person, once per key', params: z.object({ personId: z.uuid() }),
    body: z.object({ feathers: z.number().int().min(1).max(10_000_000), key: z.string().min(1).max(80), reason: z.string().trim().min(1).max(120) }),
    async handle({ tx, tenantId, params, body, clock, ids }) {
      const result = await redeem(tx, tenantId, { personId: params.personId, ...body }, clock.now(), ids)
      if (!result.redeemed) throw pointsFault('points/not-enough', { wanted: body.feathers, balance: await balanceOf(tx, tenantId, params.personId) })
      return { balance: await balanceOf(tx, tenantId, params.personId) }
    },
  }),
]
