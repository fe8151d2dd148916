import type { Tx } from './kernel/db/index.ts'
import type { Handlers } from './kernel/engine/index.ts'
import type { AnyRoute } from './kernel/http/index.ts'
import { parseJson } from './kernel/json.ts'
import type { StageContext } from './house.ts'
import { bellsOfShopEvent, orderRoutes, shopAftersaleReader, shopBackfill, shopOrderReader } from './sell/order/index.ts'
import { adjustmentRoutes } from './sell/adjustment/index.ts'
import { personRoutes, type AlsoForget } from './book/person/index.ts'
import { channelsOfStates, codeChanged, codeMade, codeRoutes, welcomeTextsOf } from './acquire/channel-code/index.ts'
import { attributionRoutes, attributionSubscriber } from './acquire/attribution/index.ts'
import { contactBackfill, contactFacts, contactReader, contactRoutes, forgetContacts } from './retain/contact/index.ts'
import { tagFacts, tagMarked, tagRoutes, tagSync } from './retain/tag/index.ts'
import { fieldsOf, houseFacts, segmentRoutes, type FactSource } from './retain/segment/index.ts'
import { allowAllSendGate, forgetMessagesTo, outboundRoutes, taskCancelled, taskMade, taskPoll, welcomeFacts, welcomeSent, type SendGate } from './retain/outbound/index.ts'
import { broadcastClose, broadcastDispatch, broadcastRoutes } from './retain/broadcast/index.ts'
import { journeyRoutes, journeySubscriber, journeyTick } from './retain/journey/index.ts'
import { pointsRoutes, pointsSubscriber } from './retain/points/index.ts'

export type StageParts = { handlers: Handlers; routes: AnyRoute[] }

/** Wires the stages: which callback goes where, which objects are re-read, which jobs run, which routes exist. */
export function stages(context: StageContext): StageParts {
  const platform = { call: context.call, accountOf: context.accountOf }
  const wecom = {
    ...platform, blockOn: context.blockOn, seal: context.seal, random: context.random,
    read: <T>(tenantId: number, work: (tx: Tx) => Promise<T>) => context.db.tx({ role: 'app', tenantId }, work),
    wecomOf(tenantId: number) {
      const connection = context.connectionsOf(tenantId).find((one) => one.line === 'wecom')
      return connection && { connectionId: connection.connectionId, corpId: connection.accountId }
    },
  }
  const alsoForget: AlsoForget = async (tx, tenantId, values) => {
    await forgetContacts(tx, tenantId, values)
    await forgetMessagesTo(tx, tenantId, values)
  }
  const gate: SendGate = allowAllSendGate
  const sources: FactSource[] = [houseFacts]
  const fields = fieldsOf(sources)
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
        // The welcome comes before the rest: its code lives 20 seconds.
        welcomeFacts(wecom, gate, welcomeTextsOf),
        contactFacts(wecom),
        tagFacts,
      ],
      readers: [shopOrderReader(platform), shopAftersaleReader(platform), contactReader(wecom)],
      jobs: [
        shopBackfill(platform),
        contactBackfill(wecom), tagSync(wecom),
        taskPoll(wecom, gate), broadcastDispatch(gate, fields), broadcastClose(), journeyTick(gate, fields),
      ],
      subscribers: [
        attributionSubscriber(channelsOfStates),
        journeySubscriber(context.blockOn), pointsSubscriber(context.blockOn),
      ],
      replies: [codeMade, codeChanged, welcomeSent(gate), taskMade(gate), taskCancelled(), tagMarked],
    },
    routes: [
      ...orderRoutes, ...adjustmentRoutes, ...personRoutes({ ...context, alsoForget }),
      ...codeRoutes(wecom), ...attributionRoutes,
      ...contactRoutes(context), ...tagRoutes(wecom), ...segmentRoutes(sources), ...outboundRoutes, ...broadcastRoutes(wecom, sources), ...journeyRoutes(wecom, sources), ...pointsRoutes,
    ],
  }
}
