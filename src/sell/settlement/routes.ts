import { z } from 'zod'
import { saleDate, dayMs, startOfDay } from '../../kernel/calendar.ts'
import { FileAnswer, publicRoute, route, type AnyPublicRoute, type AnyRoute } from '../../kernel/http/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { readSession, type MallAccounts } from '../checkout/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { settlementFault } from './errors.ts'
import { mostShareBp } from './share.ts'
import { shopFundsJob, shopFundsJobKind } from './shop-funds.ts'
import { readyAt, statementJob, statementJobKind } from './statements.ts'
import { reportFile, reportWords, settlementReport, spanOf } from './report.ts'
import { cancelTransfer, leastTransferFen, makeTransfer, mostTransferFen, type TransferPlatform } from './transfer.ts'
import { listPartners, listShares, listTransfers, putPartner, setDifference, statementRows, transfersOf } from './store.ts'

const relations = ['STORE', 'STAFF', 'STORE_OWNER', 'PARTNER', 'HEADQUARTER', 'BRAND', 'DISTRIBUTOR', 'USER', 'SUPPLIER', 'SERVICE_PROVIDER'] as const

export type SettlementParts = TransferPlatform & { accounts(tenantId: number): MallAccounts | undefined; connectionsOf(tenantId: number): ReadonlyArray<{ connectionId: string; line: string; createdAt: number }>; seal: Seal }

export function settlementRoutes(parts: SettlementParts): AnyRoute[] {
  const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)
  const span = z.object({ from: day.optional(), to: day.optional() })
  return [
    route({
      method: 'GET', path: '/settlement', right: 'orders.read', what: 'orders, both ledgers and bills side by side: what agrees, and every difference with its explanation', query: span,
      handle: async ({ tx, tenantId, query, clock }) => settlementReport(tx, tenantId, spanOf(query, clock.now()), clock.now()),
    }),
    route({
      method: 'GET', path: '/settlement/export', right: 'orders.export', audit: 'settlement.export', what: 'the report as CSV', query: span,
      async handle({ tx, tenantId, query, clock }) {
        const report = await settlementReport(tx, tenantId, spanOf(query, clock.now()), clock.now())
        return new FileAnswer(`settlement-${report.from}-${report.to}.csv`, 'text/csv; charset=utf-8', reportFile(report, (key) => reportWords[key] ?? key))
      },
    }),
    route({
      method: 'POST', path: '/settlement/fetch', right: 'adjustments.write', audit: 'settlement.fetch', what: 'read bills and wallet flows from a day on; again for days that were read', body: z.object({ from: day.optional() }),
      async handle({ tx, tenantId, body, clock }) {
        const now = clock.now()
        const connections = parts.connectionsOf(tenantId).filter((one) => one.line === 'pay' || one.line === 'shop')
        if (connections.length === 0) throw settlementFault('settlement/no-account')
        const from = body.from ?? saleDate(Math.max(now - 3 * dayMs, ...connections.map((one) => Math.min(one.createdAt, now))))
        // The daily job of an account that has none begins here; days that were read are read again by one of their own.
        const again = (kind: string, connectionId: string, state: Record<string, unknown>) => ({ kind, key: `${connectionId} again ${from} ${now}`, dueAt: now, state: { connectionId, ...state } })
        await putJobs(tx, tenantId, connections.flatMap((one) => (one.line === 'pay'
          ? [statementJob(one.connectionId, from, Math.max(now, readyAt(from))), ...(readyAt(from) <= now ? [again(statementJobKind, one.connectionId, { day: from, until: saleDate(now) })] : [])]
          : [shopFundsJob(one.connectionId, startOfDay(from), now), again(shopFundsJobKind, one.connectionId, { doneUpTo: startOfDay(from), until: now })])))
        return { from }
      },
    }),
    route({
      method: 'GET', path: '/settlement/days/:day', right: 'orders.read', what: 'the lines of a bill', params: z.object({ day }), query: z.object({ kind: z.enum(['trade', 'fund']).default('trade') }),
      handle: async ({ tx, tenantId, params, query }) => ({ rows: (await statementRows(tx, tenantId, params.day, query.kind)).slice(0, 2000) }),
    }),
    route({
      method: 'POST', path: '/settlement/differences/settle', right: 'adjustments.write', audit: 'settlement.settle', what: 'somebody says what a difference was', body: z.object({ shelf: z.enum(['mall', 'shop']), what: z.enum(['payment', 'refund', 'balance']), number: z.string().min(1).max(100), note: z.string().trim().min(1).max(200) }),
      async handle({ tx, tenantId, body, clock, actor }) {
        if ((await setDifference(tx, tenantId, body, 'settled', body.note, actor, clock.now())) === 0) throw settlementFault('settlement/no-difference', { number: body.number })
        return { settled: true }
      },
    }),
    route({
      method: 'GET', path: '/shares', right: 'orders.read', block: 'mall', what: 'partners that orders are shared with, and what they got',
      handle: async ({ tx, tenantId }) => ({ partners: await listPartners(tx, tenantId), shares: await listShares(tx, tenantId, 100), mostBp: mostShareBp }),
    }),
    route({
      method: 'POST', path: '/shares/partners', right: 'orders.refund', block: 'mall', audit: 'share.partner', what: 'share orders with a merchant or a person; a person without a name in it is whoever brought the buyer',
      body: z.object({ name: z.string().trim().min(1).max(40), receiver: z.enum(['MERCHANT_ID', 'PERSONAL_OPENID']), account: z.string().trim().regex(/^\d{8,12}$/).optional(), personId: z.uuid().optional(), relation: z.enum(relations).default('PARTNER'), rateBp: z.number().int().min(1).max(mostShareBp), scope: z.enum(['all', 'referred']) }),
      async handle({ tx, tenantId, body, clock, ids }) {
        if (body.receiver === 'MERCHANT_ID' && body.account === undefined) throw settlementFault('settlement/bad-partner', { problem: '商户要填商户号' })
        if (body.receiver === 'PERSONAL_OPENID' && body.scope === 'all' && body.personId === undefined) throw settlementFault('settlement/bad-partner', { problem: '每单都分的个人要选是谁' })
        const partnerId = ids.next()
        await putPartner(tx, tenantId, { partnerId, name: body.name, receiver: body.receiver, account: body.receiver === 'MERCHANT_ID' ? body.account! : '', personId: body.personId ?? null, relation: body.relation, rateBp: body.rateBp, scope: body.scope, state: 'on', addedAt: null, createdAt: clock.now() })
        return { partnerId }
      },
    }),
    route({
      method: 'POST', path: '/shares/partners/:partnerId/stop', right: 'orders.refund', block: 'mall', audit: 'share.stop', what: 'share no more orders with a partner', params: z.object({ partnerId: z.uuid() }),
      async handle({ tx, tenantId, params: { partnerId } }) {
        const one = (await listPartners(tx, tenantId)).find((row) => row.partnerId === partnerId)
        if (one) await putPartner(tx, tenantId, { ...one, state: 'off' })
        return { stopped: one !== undefined }
      },
    }),
    route({ method: 'GET', path: '/transfers', right: 'orders.read', block: 'mall', what: 'transfers to people', handle: async ({ tx, tenantId }) => ({ transfers: (await listTransfers(tx, tenantId, 200)).map(({ package: _package, ...one }) => one) }) }),
    route({
      method: 'POST', path: '/transfers', right: 'orders.refund', block: 'mall', audit: 'transfer.make', what: 'pay a person a reward or commission; they confirm it in WeChat; the same key again is the same transfer',
      body: z.object({ personId: z.uuid(), kind: z.enum(['reward', 'commission']), amountFen: z.number().int(), remark: z.string().trim().min(1).max(32), key: z.string().min(8).max(64) }),
      async handle({ tx, tenantId, body, clock, ids, actor }) {
        const accounts = parts.accounts(tenantId)
        if (!accounts) throw settlementFault('settlement/no-account')
        const outcome = await makeTransfer(tx, tenantId, parts, { clientKey: body.key, personId: body.personId, payConnectionId: accounts.pay.connectionId, miniConnectionId: accounts.mini.connectionId, kind: body.kind, amountFen: body.amountFen, remark: body.remark, actor }, clock.now(), ids)
        if (outcome.kind === 'bad-amount') throw settlementFault('settlement/bad-amount', { least: leastTransferFen, most: mostTransferFen })
        if (outcome.kind === 'no-openid') throw settlementFault('settlement/no-openid', { personId: body.personId })
        return { transferId: outcome.transfer.transferId, state: outcome.transfer.state }
      },
    }),
    route({
      method: 'POST', path: '/transfers/:transferId/cancel', right: 'orders.refund', block: 'mall', audit: 'transfer.cancel', what: 'take a transfer back that was not confirmed', params: z.object({ transferId: z.string().max(32) }),
      async handle({ tx, tenantId, params: { transferId }, clock, ids }) {
        const outcome = await cancelTransfer(tx, tenantId, transferId, clock.now(), ids)
        if (outcome !== 'asked') throw settlementFault('settlement/transfer-open', { transferId, state: outcome === 'unknown' ? '没有这笔' : '已经收了或已结束' })
        return { cancelling: true }
      },
    }),
  ]
}

export function settlementMallRoutes(parts: SettlementParts): AnyPublicRoute[] {
  return [
    publicRoute({
      method: 'GET', path: '/transfers', block: 'mall', perMinute: 60, what: 'money on its way to the buyer; `pay` is what wx.requestMerchantTransfer needs while it waits to be confirmed',
      handle: (call) => call.tx(async (tx) => {
        const session = readSession(parts.seal, call.tenantId, call.bearer, call.clock.now())
        const { personIds: [personId] } = await resolvePersons(tx, call.tenantId, [{ unionid: session.unionid, local: { kind: 'openid', scope: session.appid, value: session.openid }, seenAt: call.clock.now(), evidence: 'mini program login' }], call.ids)
        return {
          transfers: (await transfersOf(tx, call.tenantId, personId)).map((one) => ({
            transferId: one.transferId, kind: one.kind, amountFen: one.amountFen, remark: one.remark, state: one.state, madeAt: one.madeAt, confirmBy: one.confirmBy, finishedAt: one.finishedAt,
            pay: one.state === 'wait-confirm' ? { mchId: parts.accountOf(call.tenantId, one.payConnectionId), appId: session.appid, package: one.package } : null,
          })),
        }
      }),
    }),
  ]
}
