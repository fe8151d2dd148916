import type { Handlers } from './kernel/engine/index.ts'
import type { AnyRoute } from './kernel/http/index.ts'
import { parseJson } from './kernel/json.ts'
import type { StageContext } from './house.ts'
import { bellsOfShopEvent, orderRoutes, shopAftersaleReader, shopBackfill, shopOrderReader } from './sell/order/index.ts'
import { adjustmentRoutes } from './sell/adjustment/index.ts'
import { personRoutes } from './book/person/index.ts'

export type StageParts = { handlers: Handlers; routes: AnyRoute[] }

/** Wires the stages: which callback goes where, which objects are re-read, which jobs run, which routes exist. */
export function stages(context: StageContext): StageParts {
  const platform = { call: context.call, accountOf: context.accountOf }
  return {
    handlers: {
      facts: [
        {
          line: 'shop',
          accepts: () => true,
          async handle(work, tx, facts) {
            const bells = facts.flatMap((fact) =>
              bellsOfShopEvent(fact.event, parseJson(fact.message) as Record<string, unknown>).map((bell) => ({ connectionId: fact.connectionId, kind: bell.kind, objectId: bell.objectId, at: work.now })),
            )
            await work.ring(tx, bells)
          },
        },
      ],
      readers: [shopOrderReader(platform), shopAftersaleReader(platform)],
      jobs: [shopBackfill(platform)],
      subscribers: [],
      replies: [],
    },
    routes: [...orderRoutes, ...adjustmentRoutes, ...personRoutes(context)],
  }
}
