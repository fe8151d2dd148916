import { existsSync, readFileSync } from 'node:fs'
import { dayMs } from './kernel/calendar.ts'
import type { Instant } from './kernel/clock.ts'
import type { Tx } from './kernel/db/index.ts'
import { createAccess, may } from './kernel/access/index.ts'
import type { JobHandler, ReplyHandler, Subscriber } from './kernel/engine/index.ts'
import type { AnyRoute } from './kernel/http/index.ts'
import type { StageContext } from './house.ts'
import { findPerson } from './book/person/index.ts'
import { blockMedia } from './kernel/media/index.ts'
import { createClassifier, type Classifier } from './math/text/index.ts'
import { textCheck, type ContentGate, type TextCheck } from './retain/outbound/index.ts'
import { acceptedConvention, closeReader, linkedReaders, listReaders, readerOf, readerOfPerson, reopenReader, type CommunityWork, type ConductGate } from './retain/reader/index.ts'
import { counterNotice, feedbackRoutes, feedbackSubscriber, forgetTickets, ticketDue, ticketFigures, ticketRetention, ticketsWaiting, type FeedbackParts } from './restrain/feedback/index.ts'
import { conductGate, contentGate, createConventions, forgetPieces, moderationRoutes, moderationSubscriber, platformSaid, rescanOld, retention, settleCases, type Desk, type ModerationParts } from './restrain/moderation/index.ts'
import { appealDue, clearAppealTexts, defaultLadder, emptyExcerpts, penaltyEnd, type Readers } from './restrain/penalty/index.ts'

/** Conduct wired (公约的接线): moderation, penalties, appeals and feedback know readers and members by ports only; here they meet. */
export type Conduct = {
  gate: ConductGate
  content: ContentGate
  checkText: TextCheck
  desk: Desk
  feedback: FeedbackParts
  jobs: JobHandler[]
  subscribers: Subscriber[]
  replies: ReplyHandler[]
  routes: AnyRoute[]
  /** What is kept of somebody's words, when somebody is forgotten. */
  forget(tx: Tx, tenantId: number, personId: string, now: Instant): Promise<void>
}

/** @param modelFile where `qz train moderation` of the merchant's own put its model; absent: lists and people only, which is how it is delivered. */
export function createConduct(context: StageContext, workOf: (tenantId: number) => CommunityWork, modelFile?: string): Conduct {
  const readers: Readers = {
    linked: linkedReaders,
    reader: readerOf,
    accepted: acceptedConvention,
    close: (tx, work, readerId) => closeReader(tx, work, readerId, 'closed'),
    async reopen(tx, tenantId, readerId) {
      // Who has left for good stays away.
      if ((await readerOf(tx, tenantId, readerId))?.state === 'closed') await reopenReader(tx, tenantId, readerId)
    },
  }
  let classifier: Classifier | undefined
  let looked = false
  const parts: ModerationParts = {
    readers,
    async names(tx, tenantId) {
      const tenant = context.tenants().find((one) => one.tenantId === tenantId)
      const houses = (await listReaders(tx, tenantId, { limit: 200 })).filter((one) => one.kind === 'house').map((one) => one.name)
      return [...new Set([tenant?.name ?? '', ...houses])].filter((name) => name.length >= 2)
    },
    blockMedia,
    async platform(tx, tenantId, personId) {
      const mini = context.connectionsOf(tenantId).find((one) => one.line === 'mini-program')
      const openid = mini && (await findPerson(tx, tenantId, personId))?.identities.find((one) => one.kind === 'openid' && one.scope === mini.accountId)?.value
      return mini && openid !== undefined ? { connectionId: mini.connectionId, openid } : undefined
    },
    classifier() {
      if (!looked) {
        looked = true
        // Few texts of a community offend; the model was trained at one in two.
        if (modelFile !== undefined && existsSync(modelFile)) classifier = createClassifier(readFileSync(modelFile), { baseRate: 0.02 })
      }
      return classifier
    },
  }
  const conventions = createConventions(parts)
  const desk: Desk = { parts, conventions }
  const feedback: FeedbackParts = { seal: context.seal, conventions }
  const access = createAccess(context.db, context.processClock, context.random, context.ids)
  const reviewersOf = async (tenantId: number, what: 'cases' | 'appeals'): Promise<string[]> =>
    (await access.membersOf(tenantId)).filter((one) => may(one.role, what === 'cases' ? 'moderation.decide' : 'appeals.decide')).map((one) => one.login)
  const ownHosts = (): string[] => {
    try {
      return [new URL(context.publicUrl()).hostname]
    } catch {
      return []
    }
  }
  const content = contentGate(conventions, ownHosts)
  return {
    gate: conductGate(parts, conventions), content, checkText: textCheck(content), desk, feedback,
    jobs: [settleCases(desk), rescanOld(desk), retention(desk), penaltyEnd(readers), appealDue(defaultLadder.answerDays * dayMs), ticketDue, counterNotice, ticketRetention],
    replies: [platformSaid],
    subscribers: [moderationSubscriber(desk, context.blockOn), feedbackSubscriber(context.blockOn)],
    routes: [...moderationRoutes({ desk, workOf, processClock: context.processClock, reviewersOf, ticketFigures, ticketsWaiting }), ...feedbackRoutes({ workOf, seal: context.seal })],
    async forget(tx, tenantId, personId, now) {
      // Pieces may still name a person who turned out to be this one: the accounts find them.
      const reader = await readerOfPerson(tx, tenantId, personId)
      const accounts = reader ? await linkedReaders(tx, tenantId, reader.readerId) : []
      await forgetPieces(tx, tenantId, personId, accounts, now)
      await emptyExcerpts(tx, tenantId, { personId })
      await forgetTickets(tx, tenantId, personId, now)
      if (accounts.length > 0) await clearAppealTexts(tx, tenantId, accounts)
    },
  }
}
