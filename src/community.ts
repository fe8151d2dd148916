import type { Tx } from './kernel/db/index.ts'
import type { JobHandler, Subscriber } from './kernel/engine/index.ts'
import type { AnyPublicRoute, AnyRoute, PageSite } from './kernel/http/index.ts'
import { listCodes } from './acquire/channel-code/index.ts'
import { noFillers, publishScheduled, type ArticleParts, type PayAccounts, type Sale, type SalePay } from './retain/article/index.ts'
import { discussionSubscriber, ripenRatings } from './retain/discussion/index.ts'
import { acceptedConvention, closeReader, createPhoneBox, linkedReaders, readerOf, readerSubscriber, reopenReader, type Actor, type CommunityWork, type ConductGate, type PhoneBox } from './retain/reader/index.ts'
import { conductGate, createConventions, type Conventions, type ModerationParts } from './restrain/moderation/index.ts'
import { appeal, type Readers } from './restrain/penalty/index.ts'
import { communitySite, enquiryRoutes, miniRoutes, type CommunityParts } from './learn/community/index.ts'
import type { StageContext } from './house.ts'

/**
 * The community wired (社区的接线): readers, articles and talk know the convention by the gate they declare; the pages show what all of them do. One
 * gate, one set of versions and one box of simulated phones for the whole house.
 */
export type Community = {
  gate: ConductGate
  conventions: Conventions
  moderation: ModerationParts
  readers: Readers
  phoneBox: PhoneBox
  article: ArticleParts
  jobs: JobHandler[]
  subscribers: Subscriber[]
  routes: AnyRoute[]
  publicRoutes: AnyPublicRoute[]
  pages: PageSite[]
}

export type CommunityPorts = {
  workOf(tenantId: number): CommunityWork
  pay: {
    accountsOf(tenantId: number): PayAccounts | undefined
    start(tenantId: number, actor: Actor, saleId: string, now: number): Promise<SalePay>
    giveBack(tx: Tx, work: CommunityWork, sale: Sale): Promise<void>
  }
}

export function createCommunity(context: StageContext, ports: CommunityPorts): Community {
  const on = (tenantId: number): boolean => context.blockOn(tenantId, 'community')
  const tenantOf = (tenantId: number) => context.tenants().find((one) => one.tenantId === tenantId)
  const readers: Readers = {
    linked: linkedReaders, reader: readerOf, accepted: acceptedConvention, reopen: reopenReader,
    close: (tx, work, readerId) => closeReader(tx, work, readerId, 'closed'),
  }
  const moderation: ModerationParts = { readers, names: async (_tx, tenantId) => [tenantOf(tenantId)?.name ?? ''].filter((name) => name !== '') }
  const conventions = createConventions(moderation)
  const gate = conductGate(moderation, conventions)
  const phoneBox = createPhoneBox({ emulated: (tenantId) => (tenantOf(tenantId)?.world ?? 'real') !== 'real', clockOf: context.clockOf })
  const article: ArticleParts = { gate, fillers: noFillers }
  const parts: CommunityParts = {
    workOf: ports.workOf, seal: context.seal, reader: { seal: context.seal, gate, codes: phoneBox }, article, discussion: { gate, seal: context.seal }, pay: ports.pay, conventions, phoneBox,
    codes: listCodes,
    async appeal(tx, work, wish) {
      const { ladder } = await conventions.at(tx, work.tenantId, work.now)
      if (wish.penaltyId === undefined) return { kind: 'not-found' }
      return appeal(tx, work, ladder, { readerId: wish.readerId, text: wish.text, ticketId: null, against: { penaltyId: wish.penaltyId } })
    },
  }
  return {
    gate, conventions, moderation, readers, phoneBox, article,
    jobs: [publishScheduled(article), ripenRatings],
    subscribers: [readerSubscriber(on), discussionSubscriber(article, on)],
    routes: enquiryRoutes(parts),
    publicRoutes: miniRoutes({ ...parts, call: context.call, miniOf: (tenantId) => context.connectionsOf(tenantId).find((one) => one.line === 'mini-program') }),
    pages: [communitySite(parts)],
  }
}
