import type { FactHandler, JobHandler, ReplyHandler, Subscriber } from './kernel/engine/index.ts'
import type { AnyPublicRoute, AnyRoute } from './kernel/http/index.ts'
import { randomText } from './kernel/random.ts'
import type { StageContext } from './house.ts'
import { lockMallOrders, type MallAccounts, type PriceRule } from './sell/checkout/index.ts'
import { expireBills, moveBills, openBill, paidBillsOf, refundBill, refundedOf, requestRefund, subMerchant, type PaymentPlatform } from './sell/payment/index.ts'
import { depositBills, endDeposits, endGroups, groupHolds, notePayCoupons, promotionMallRoutes, promotionPriceRule, promotionRoutes, promotionSubscriber, tenderOf, topUpBills, type PromotionPorts } from './sell/promotion/index.ts'
import { fetchStatements, pollTransfers, readShopFunds, returnShares, runShares, settlementMallRoutes, settlementRoutes, shareReply, sharingPort, transferNotices, transferReply } from './sell/settlement/index.ts'
import { changeStock } from './sell/stock/index.ts'
import { articleBills } from './retain/article/index.ts'

/** Money wired (钱的接线): payment, plays and settlement know each other by ports only; here they meet. */
export type Money = {
  payment: PaymentPlatform
  priceRule: PriceRule
  facts: FactHandler[]
  jobs: JobHandler[]
  replies: ReplyHandler[]
  subscribers: Subscriber[]
  routes: AnyRoute[]
  publicRoutes: AnyPublicRoute[]
}

export function createMoney(context: StageContext, accounts: (tenantId: number) => MallAccounts | undefined): Money {
  const connectionOf = (tenantId: number, connectionId: string) => context.connectionsOf(tenantId).find((one) => one.connectionId === connectionId)
  let nonces = 0
  const payment: PaymentPlatform = {
    call: context.call, accountOf: context.accountOf, db: context.db,
    merchantKey: (tenantId, connectionId) => connectionOf(tenantId, connectionId)?.secrets.merchantPrivateKey ?? '',
    notifyUrl: (tenantId, connectionId) => `${context.publicUrl()}/notify/${connectionOf(tenantId, connectionId)?.routeKey ?? ''}`,
    nonce: () => randomText(context.random, 32, 'payment sheet', nonces++),
    modeOf(tenantId, connectionId) {
      const { subMchid, spAppid } = connectionOf(tenantId, connectionId)?.secrets ?? {}
      return subMchid === undefined || spAppid === undefined ? { kind: 'direct' } : { kind: 'provider', subMchid, spAppid }
    },
    holds: groupHolds,
    payCoupons: notePayCoupons,
  }
  const ports: PromotionPorts = {
    async refundWhole(tx, work, orderId, reason) {
      const order = (await lockMallOrders(tx, work.tenantId, [orderId])).get(orderId)
      const left = order === undefined ? 0 : order.totalFen - ((await refundedOf(tx, work.tenantId, [orderId])).get(orderId) ?? 0)
      if (order && left > 0) await requestRefund(tx, work, payment, order, { amountFen: left, skuId: null, quantity: 0, reason })
    },
    async refundPart(tx, work, orderId, wish) {
      const order = (await lockMallOrders(tx, work.tenantId, [orderId])).get(orderId)
      const outcome = order && (await requestRefund(tx, work, payment, order, { ...wish, quantity: 0 }))
      return outcome?.kind === 'requested' ? { refundId: outcome.refundId } : undefined
    },
    async unsell(tx, work, orderId, lines) {
      for (const line of lines) {
        const restored = await changeStock(tx, work.tenantId, line.skuId, { kind: 'restore', quantity: line.quantity }, `unsold/${orderId}/${line.skuId}`, work.now, work.ids)
        if (restored.kind === 'done') await changeStock(tx, work.tenantId, line.skuId, { kind: 'transfer', from: 'reserve', to: 'mall', quantity: line.quantity }, `unsold/${orderId}/${line.skuId}/mall`, work.now, work.ids)
      }
    },
    refundBill: (tx, work, billId, amountFen, reason, refundId) => refundBill(tx, work, payment, billId, amountFen, reason, refundId),
    async topUpsOf(tx, tenantId, personId) {
      const bills = await paidBillsOf(tx, tenantId, personId, 'top-up')
      const back = await refundedOf(tx, tenantId, bills.map((bill) => bill.billId))
      return bills.map((bill) => ({ billId: bill.billId, leftFen: bill.amountFen - (back.get(bill.billId) ?? 0) }))
    },
  }
  const settlement = {
    ...payment, subMerchant: (tenantId: number, connectionId: string) => subMerchant(payment, tenantId, connectionId), accounts, connectionsOf: context.connectionsOf, seal: context.seal,
  }
  payment.sharing = sharingPort()
  payment.beforeRefund = (tx, work, order, refundedFen, lane) => returnShares(tx, work, settlement, order, refundedFen, lane)
  payment.tender = tenderOf(ports)
  payment.bills = { 'top-up': topUpBills, deposit: depositBills(ports), article: articleBills(payment) }
  const emit = context.emit
  const follow = promotionSubscriber(ports)
  return {
    payment,
    priceRule: promotionPriceRule({ ids: context.ids }),
    facts: [transferNotices],
    jobs: [expireBills(payment), endGroups(ports), endDeposits, fetchStatements(settlement), readShopFunds(settlement), runShares(settlement), pollTransfers(settlement)],
    replies: [shareReply, transferReply],
    subscribers: [{
      ...follow,
      // Without a mall nothing of ours was promised: a Shop's orders pass by.
      on: (tenantId) => context.blockOn(tenantId, 'mall'),
      async handle(work, tx, events) {
        await follow.handle(work, tx, events)
        for (const event of events) if (event.name === 'person.merged') await moveBills(tx, work.tenantId, (event.payload as { gone: string }).gone, (event.payload as { kept: string }).kept)
      },
    }],
    routes: [...promotionRoutes({ ports, emit }), ...settlementRoutes(settlement)],
    publicRoutes: [...promotionMallRoutes({ seal: context.seal, emit, accounts, ports, openBill }), ...settlementMallRoutes(settlement)],
  }
}
