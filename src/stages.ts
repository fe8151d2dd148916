import type { Tx } from './kernel/db/index.ts'
import { ringDoorbells } from './kernel/doorbell/index.ts'
import type { Handlers, Work } from './kernel/engine/index.ts'
import type { AnyPublicRoute, AnyRoute, PageSite } from './kernel/http/index.ts'
import { forgetObjects } from './kernel/doorbell/index.ts'
import { parseJson } from './kernel/json.ts'
import type { StageContext } from './house.ts'
import { createCommunity } from './community.ts'
import { createMoney } from './money.ts'
import { blocks } from './kernel/tenancy/index.ts'
import { bellsOfShopEvent, connectionOfOrder, orderRoutes, ordersFollowMerges, returnOrders, shopBackfill, shopOrderReader } from './sell/order/index.ts'
import { aftersaleProbe, aftersaleReader, aftersaleReply, aftersaleRoutes, aftersaleSubscriber, aftersaleTick, buyerAftersaleRoutes, type RefundPort } from './sell/aftersale/index.ts'
import { buyerFulfilmentRoutes, deliveryProbe, deliveryReply, findParcel, forgetAddresses, fulfilmentRoutes, readAddress, readDivisions, saveAddress, type Address, type FulfilmentParts } from './sell/fulfilment/index.ts'
import { adjustmentRoutes } from './sell/adjustment/index.ts'
import { auditFacts, catalogRoutes, productBackfill, productRoutes, shopCategoriesJob, shopProductReader, submitFind, submitJob, submitReply, type ProductPorts } from './sell/catalog/index.ts'
import { changeStock, mallAvailable, moveReply, openStock, rebalanceByClock, stockFacts, stockFlow, stockHearsOrders, stockReconcile, stockRoutes } from './sell/stock/index.ts'
import { followBatch, mallRoutes, type MallAccounts } from './sell/checkout/index.ts'
import { expireOrders, payNotices, requestRefund, payParams, paymentRoutes, buyerPaymentRoutes, refundPoll, refundReply, settlementFacts, shippingProbe, shippingReply } from './sell/payment/index.ts'
import { personRoutes, type AlsoForget } from './book/person/index.ts'
import { channelsOfStates, codeChanged, codeFind, codeMade, codeRoutes, welcomeTextsOf } from './acquire/channel-code/index.ts'
import { attributionRoutes, attributionSubscriber } from './acquire/attribution/index.ts'
import { liveRead, liveRoutes } from './acquire/live-session/index.ts'
import { referralRoutes } from './acquire/referral/index.ts'
import { contactBackfill, contactFacts, contactKind, contactReader, contactRoutes, forgetContacts } from './retain/contact/index.ts'
import { tagFacts, tagMarked, tagRoutes, tagSync } from './retain/tag/index.ts'
import { fieldsOf, houseFacts, segmentRoutes, type FactSource } from './retain/segment/index.ts'
import { forgetMessagesTo, outboundRoutes, taskCancelled, taskFind, taskMade, taskPoll, welcomeFacts, welcomeSent, type SendGate } from './retain/outbound/index.ts'
import { broadcastClose, broadcastDispatch, broadcastRoutes, broadcastTaskEnded, broadcastsSaying } from './retain/broadcast/index.ts'
import { journeyRoutes, journeySubscriber, journeyTick } from './retain/journey/index.ts'
import { payForSale, requestSaleRefund } from './retain/article/index.ts'
import { featherNight, memberRoutes, pointsRoutes, pointsSubscriber } from './retain/points/index.ts'
import { offerCosts, offerRoutes, offersFollowMerges } from './retain/offer/index.ts'
import { pressureFacts, pressureRoutes, pressureSendGate, refusalFacts } from './restrain/pressure/index.ts'
import { epochJob, epochJobKind, experimentRoutes, nightStarter, placesAt, reachable } from './restrain/experiment/index.ts'
import { handJob, planJob, planJobKind, planRoutes, plannedWithText, worthOfOneMessage } from './restrain/planner/index.ts'
import { capacityRoutes } from './restrain/capacity/index.ts'
import { lossRoutes, removalTicker } from './restrain/loss/index.ts'
import { lightRoutes } from './learn/meter/index.ts'
import { caseRoutes, createTeachers, measureCase } from './learn/benchmark/index.ts'
import { payRoyalty, playbookPublicRoutes, playbookRoutes, playbookSubscriber, playbookWatch, type PlaybookPorts, type RoyaltyPort } from './learn/playbook/index.ts'
import { voyageRoutes } from './learn/voyage/index.ts'
import { blockIsOn, missingFor, switchWithBackfill } from './block-switch.ts'

export type StageParts = { handlers: Handlers; routes: AnyRoute[]; publicRoutes?: AnyPublicRoute[]; pages?: PageSite[] }

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
  const catalog = { ...platform, track: openStock }
  const shelves = { mallAvailable, openStock, shopConnections: (tenantId: number) => context.connectionsOf(tenantId).filter((one) => one.line === 'shop').map((one) => one.connectionId) }
  const goods: ProductPorts = {
    ...shelves, shops: (tenantId) => context.connectionsOf(tenantId).filter((one) => one.line === 'shop').map((one) => ({ connectionId: one.connectionId, account: one.accountId })),
    async receive(tx, tenantId, units, now, ids) {
      await openStock(tx, tenantId, units.map((one) => one.skuId), now)
      for (const one of units) await changeStock(tx, tenantId, one.skuId, { kind: 'receive', quantity: one.quantity, reason: 'import' }, one.key, now, ids)
    },
  }
  const mallAccounts = (tenantId: number): MallAccounts | undefined => {
    const [mini, pay] = ['mini-program', 'pay'].map((line) => context.connectionsOf(tenantId).find((one) => one.line === line))
    return mini && pay && { mini: { connectionId: mini.connectionId, appid: mini.accountId, secret: mini.secrets.secret ?? '' }, pay: { connectionId: pay.connectionId, mchid: pay.accountId } }
  }
  const money = createMoney(context, mallAccounts)
  const payment = { ...money.payment, emit: context.emit, seal: context.seal, random: context.random }
  const refund: RefundPort = (tx, work, order, wish) => requestRefund(tx, work, payment, order, wish)
  const divisions = readDivisions()
  let nonces = 0
  const fulfilment: FulfilmentParts = {
    ...payment, seal: context.seal, divisions, connectionOf: (tx, tenantId, orderId) => connectionOfOrder(tx, tenantId, 'shop', orderId),
    pickupCode: () => String(Math.floor(context.random.u('pick-up code', nonces++) * 1_000_000)).padStart(6, '0'),
  }
  const alsoForget: AlsoForget = async (tx, tenantId, values, personId) => {
    await forgetAddresses(tx, tenantId, personId)
    await community.forget(tx, tenantId, personId)
    await forgetContacts(tx, tenantId, values)
    await forgetObjects(tx, tenantId, contactKind, values)
    await forgetMessagesTo(tx, tenantId, values)
  }
  const gate: SendGate = pressureSendGate({ dosesOf: placesAt })
  const sources: FactSource[] = [houseFacts, pressureFacts]
  // What routes need to act as the engine does.
  const workOf = (tenantId: number): Work => ({
    tenantId, now: context.clockOf(tenantId).now(), clock: context.clockOf(tenantId), ids: context.ids, random: context.random,
    emit: (tx, events) => context.emit(tx, tenantId, events), ring: (tx, bells) => ringDoorbells(tx, tenantId, bells),
  })
  const community = createCommunity(context, {
    workOf, payment: money.payment,
    pay: {
      accountsOf(tenantId) {
        const accounts = mallAccounts(tenantId)
        return accounts && { payConnectionId: accounts.pay.connectionId, miniConnectionId: accounts.mini.connectionId }
      },
      start: (tenantId, actor, saleId, now) => payForSale({ ...money.payment, ids: context.ids }, tenantId, actor, saleId, now),
      giveBack: (tx, work, sale) => requestSaleRefund(tx, work, money.payment, sale),
    },
  })
  // What is said to many passes the same door as what readers write.
  const speaking = { ...wecom, checkText: community.conduct.checkText }
  const light = {
    processes: context.processes,
    accountsOf: (tenantId: number) => context.connectionsOf(tenantId).map((one) => ({ line: one.line, values: 1 + Object.keys(one.secrets).length, openChecks: one.checks.filter((check) => check.ok === false).length })),
  }
  const fields = fieldsOf(sources)
  const prior = createTeachers(context)
  const royalty: RoyaltyPort = (tx, tenantId, want, now) => payRoyalty(tx, { ...workOf(tenantId), now }, want)
  const merchant = (tenantId: number) => context.tenants().find((one) => one.tenantId === tenantId)
  const playbooks: PlaybookPorts = {
    ...context, fields, royalty, wecomOf: wecom.wecomOf, measure: (tx, tenantId, now) => measureCase(tx, tenantId, now, { ...light, prior }),
    missingFor: (tx, tenantId, block, alsoOn) => missingFor(tx, tenantId, block, context.seal, alsoOn), isOn: blockIsOn,
    switchBlock: (tx, tenantId, block, on, now) => switchWithBackfill(tx, tenantId, block, on, context.seal, now),
    blocksOn: (tenantId) => blocks.filter((row) => context.blockOn(tenantId, row.key)).map((row) => row.key),
    nameOf: (tenantId) => merchant(tenantId)?.name ?? '', authorOf: (tenantId) => ({ name: merchant(tenantId)?.name ?? '', home: `${context.publicUrl()}/c/${merchant(tenantId)?.slug ?? ''}` }),
  }
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
        payNotices(payment), ...money.facts, settlementFacts, stockFacts, auditFacts, ...refusalFacts(platform), ...community.facts,
      ],
      readers: [shopOrderReader(platform), aftersaleReader(platform), shopProductReader(catalog), contactReader(wecom)],
      jobs: [
        aftersaleTick(refund), aftersaleProbe(platform), deliveryProbe(platform, async (tx, tenantId, parcelId) => (await findParcel(tx, tenantId, parcelId))?.trackingNo ?? ''),
        shopBackfill(platform),
        productBackfill(platform), submitJob({ db: context.db, call: context.call }), submitFind({ db: context.db, call: context.call }), shopCategoriesJob({ call: context.call }), stockFlow({ ...platform, db: context.db }), stockReconcile({ ...platform, db: context.db }), rebalanceByClock, followBatch, expireOrders(payment), refundPoll(payment), shippingProbe(payment), ...money.jobs, ...community.jobs,
        codeFind(wecom), liveRead(wecom), contactBackfill(wecom), tagSync(wecom),
        taskPoll(wecom, gate, broadcastTaskEnded), taskFind(wecom, gate, broadcastTaskEnded), broadcastDispatch(gate, fields), broadcastClose(), journeyTick(gate, fields), featherNight(context.blockOn),
        epochJob({ ...context, prior }), planJob({ ...context, prior }), playbookWatch(playbooks), handJob({ gate, connectionOf: (tenantId, corpId) => context.connectionsOf(tenantId).find((one) => one.line === 'wecom' && one.accountId === corpId)?.connectionId }),
      ],
      subscribers: [
        ordersFollowMerges, aftersaleSubscriber, attributionSubscriber(channelsOfStates), stockHearsOrders, ...money.subscribers, ...community.subscribers,
        journeySubscriber(context.blockOn), pointsSubscriber(context.blockOn), offersFollowMerges,
        nightStarter([epochJobKind, planJobKind]), removalTicker,
        playbookSubscriber({ ...context, royalty, nowOf: (tenantId) => context.clockOf(tenantId).now() }),
      ],
      replies: [submitReply, aftersaleReply, deliveryReply, moveReply, refundReply(payment), shippingReply, ...money.replies, ...community.replies, codeMade, codeChanged, welcomeSent(gate), taskMade(gate, broadcastTaskEnded), taskCancelled(), tagMarked],
    },
    routes: [
      ...orderRoutes, ...productRoutes(goods), ...catalogRoutes(shelves), ...stockRoutes, ...paymentRoutes(payment), ...money.routes, ...community.routes, ...adjustmentRoutes, ...aftersaleRoutes({ ...context, refund }), ...fulfilmentRoutes(fulfilment), ...personRoutes({ ...context, alsoForget, alsoSplit: (tx, tenantId, { gone, under }) => returnOrders(tx, tenantId, gone, under) }),
      ...codeRoutes(speaking), ...attributionRoutes, ...liveRoutes, ...referralRoutes,
      ...contactRoutes(context), ...tagRoutes(wecom), ...segmentRoutes(sources), ...outboundRoutes(community.conduct.content), ...broadcastRoutes(speaking, sources, worthOfOneMessage, plannedWithText), ...journeyRoutes(speaking, sources), ...pointsRoutes({ costs: offerCosts, workOf }), ...offerRoutes({ seal: context.seal, workOf }),
      ...pressureRoutes({ dosesOf: placesAt, contactsOf: async (tx, tenantId) => (await reachable(tx, tenantId)).map((one) => one.personId) }), ...experimentRoutes({ workOf, prior }), ...planRoutes({ workOf, prior, checkText: community.conduct.checkText, saidElsewhere: (tx, tenantId, texts) => broadcastsSaying(tx, tenantId, texts, fields, context.clockOf(tenantId).now()) }), ...capacityRoutes, ...lossRoutes({ prior }),
      ...lightRoutes(light), ...caseRoutes({ ...light, prior, emit: context.emit }), ...playbookRoutes(playbooks), ...voyageRoutes({ channelsOfStates }),
    ],
    pages: community.pages,
    publicRoutes: [...community.publicRoutes, ...mallRoutes({
      db: context.db, ids: context.ids, random: context.random, seal: context.seal, clockOf: context.clockOf, call: context.call, emit: context.emit, accounts: mallAccounts,
      address: { read: (input) => readAddress(input, divisions), keep: (tx, tenantId, order, address, now) => saveAddress(tx, tenantId, order, address as Address, { seal: context.seal, divisions }, now) },
      payParams: (tenantId, order, openid) => payParams(payment, tenantId, order, openid, workOf(tenantId)),
      priceRule: money.priceRule,
    }), ...buyerPaymentRoutes(payment), ...buyerAftersaleRoutes({ ...context, refund }), ...buyerFulfilmentRoutes(fulfilment), ...money.publicRoutes, ...memberRoutes({ seal: context.seal }), ...playbookPublicRoutes(playbooks)],
  }
}
