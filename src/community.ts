import { join } from 'node:path'
import type { Tx } from './kernel/db/index.ts'
import type { FactHandler, JobHandler, ReplyHandler, Subscriber } from './kernel/engine/index.ts'
import type { AnyPublicRoute, AnyRoute, PageSite } from './kernel/http/index.ts'
import { listCodes } from './acquire/channel-code/index.ts'
import { mediaRoutes } from './kernel/media/index.ts'
import type { PaymentPlatform } from './sell/payment/index.ts'
import { articleRoutes, lessonsOf, publishScheduled, pushFacts, pushJob, pushReply, type PushPlatform, type ArticleParts, type PayAccounts, type Sale, type SalePay } from './retain/article/index.ts'
import { commentsSetting, discussionRoutes, discussionSubscriber, forgetReader, ripenRatings } from './retain/discussion/index.ts'
import { createPhoneBox, readerCards, readerRoutes, readerSubscriber, type Actor, type CommunityWork, type ConductGate, type PhoneBox } from './retain/reader/index.ts'
import type { Conventions, ModerationParts } from './restrain/moderation/index.ts'
import { openTicket } from './restrain/feedback/index.ts'
import type { Readers } from './restrain/penalty/index.ts'
import { courseRoutes, courseSubscriber } from './learn/course/index.ts'
import { communitySite, forgetEnquiriesOf, enquiryRoutes, miniRoutes, type CommunityParts } from './learn/community/index.ts'
import { articleFigures } from './article-figures.ts'
import { createConduct, type Conduct } from './conduct.ts'
import type { StageContext } from './house.ts'

/**
 * The community wired (社区的接线): readers, articles and talk know the convention by the gate they declare; the pages show what all of them do. One
 * gate, one set of versions and one box of simulated phones for the whole house.
 */
export type Community = {
  conduct: Conduct
  gate: ConductGate
  conventions: Conventions
  moderation: ModerationParts
  readers: Readers
  phoneBox: PhoneBox
  article: ArticleParts
  facts: FactHandler[]
  jobs: JobHandler[]
  replies: ReplyHandler[]
  subscribers: Subscriber[]
  routes: AnyRoute[]
  publicRoutes: AnyPublicRoute[]
  pages: PageSite[]
  /** A person is erased from the house: their account and words go. */
  forget(tx: Tx, tenantId: number, personId: string): Promise<void>
}

export type CommunityPorts = {
  workOf(tenantId: number): CommunityWork
  payment: PaymentPlatform
  pay: {
    accountsOf(tenantId: number): PayAccounts | undefined
    start(tenantId: number, actor: Actor, saleId: string, now: number): Promise<SalePay>
    giveBack(tx: Tx, work: CommunityWork, sale: Sale): Promise<void>
  }
}

export function createCommunity(context: StageContext, ports: CommunityPorts): Community {
  const on = (tenantId: number): boolean => context.blockOn(tenantId, 'community')
  const tenantOf = (tenantId: number) => context.tenants().find((one) => one.tenantId === tenantId)
  const conduct = createConduct(context, ports.workOf, join(context.dataDir, 'moderation.bin'))
  const { gate, feedback } = conduct
  const { conventions, parts: moderation } = conduct.desk
  const { readers } = moderation
  const phoneBox = createPhoneBox({ emulated: (tenantId) => (tenantOf(tenantId)?.world ?? 'real') !== 'real', clockOf: context.clockOf })
  const figures = articleFigures(context.blockOn)
  const article: ArticleParts = { gate, fillers: figures }
  const push: PushPlatform = {
    db: context.db, fillers: figures, call: context.call,
    accountOfTenant: (tenantId) => (context.blockOn(tenantId, 'official-account') ? context.connectionsOf(tenantId).find((one) => one.line === 'official-account')?.connectionId : undefined),
    homeOf: (tenantId, slug) => `${context.publicUrl()}/c/${tenantOf(tenantId)?.slug ?? ''}/a/${slug}`,
  }
  const parts: CommunityParts = {
    workOf: ports.workOf, seal: context.seal, reader: { seal: context.seal, gate, codes: phoneBox }, article, discussion: { gate, seal: context.seal }, pay: ports.pay, conventions, moderation, phoneBox,
    codes: listCodes,
    // An appeal is a ticket too: it has a number, and its answer is the decision.
    async appeal(tx, work, wish) {
      const { readerId, personId, penaltyId, caseId } = wish
      const opened = await openTicket(tx, work, feedback, { kind: 'appeal', readerId, personId, contact: null, subject: '', text: wish.text, about: penaltyId === undefined ? { caseId } : { penaltyId }, parentId: null })
      if (opened.kind === 'opened') return { kind: 'made', appealId: opened.appealId!, dueAt: opened.dueAt }
      return opened.kind === 'not-appealed' ? opened.why : { kind: 'not-found' }
    },
  }
  return {
    conduct, gate, conventions, moderation, readers, phoneBox, article,
    facts: [pushFacts], replies: [pushReply(), ...conduct.replies], jobs: [publishScheduled(article), ripenRatings, pushJob(push), ...conduct.jobs],
    subscribers: [readerSubscriber(on), discussionSubscriber(article, on), courseSubscriber(context.blockOn), ...conduct.subscribers],
    routes: [
      ...courseRoutes({ emit: context.emit, articles: async (tx, tenantId, ids) => new Map((await lessonsOf(tx, tenantId, ids)).map((one) => [one.articleId, { title: one.title, hasQuiz: one.hasQuiz }])), names: async (tx, tenantId, ids) => new Map([...(await readerCards(tx, tenantId, ids))].map(([id, card]) => [id, card.name])) }),
      ...mediaRoutes, ...articleRoutes({ ...article, workOf: ports.workOf, push, payment: ports.payment, nameOf: (tenantId) => tenantOf(tenantId)?.name ?? '', commentsSetting, pieces: figures.pieces }),
      ...discussionRoutes({ workOf: ports.workOf }), ...readerRoutes({ workOf: ports.workOf, phones: phoneBox }), ...enquiryRoutes(parts), ...conduct.routes,
    ],
    async forget(tx, tenantId, personId) {
      await conduct.forget(tx, tenantId, personId, context.clockOf(tenantId).now())
      await forgetReader(tx, ports.workOf(tenantId), personId)
      await forgetEnquiriesOf(tx, tenantId, [personId])
    },
    publicRoutes: miniRoutes({ ...parts, call: context.call, miniOf: (tenantId) => context.connectionsOf(tenantId).find((one) => one.line === 'mini-program') }),
    pages: [communitySite(parts)],
  }
}
