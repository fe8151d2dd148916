import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import type { FactHandler, JobHandler, PlatformAnswer, ReplyHandler, Work } from '../../kernel/engine/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { enqueueCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import { book } from '../../book/account/index.ts'
import { openidOf } from '../checkout/index.ts'
import { raiseAlarm } from '../payment/index.ts'
import { insertTransfer, lockTransfer, updateTransfer, type Transfer } from './store.ts'

/**
 * Transfers to a person (商家转账): rewards and commission in cash. The person confirms in WeChat within a day, else the money returns. The number is never changed: an
 * unknown answer is asked about, not repeated under another (pay sheet 9).
 */
export const transferJobKind = 'pay.transfer'
export const transferReplyKind = 'pay.transfer'

/** At least 0.1 yuan; from 2,000 yuan the receiver's name must be sent, which is not kept here. */
export const leastTransferFen = 10
export const mostTransferFen = 199_999

/** Scenes and what must be reported with them (pay sheet 9). Others are UNCONFIRMED and not offered. */
const scenes = {
  reward: { id: '1000', perception: '活动奖励', reports: (remark: string) => [{ info_type: '活动名称', info_content: '会员回馈' }, { info_type: '奖励说明', info_content: clip(remark) }] },
  commission: { id: '1005', perception: undefined, reports: (remark: string) => [{ info_type: '岗位类型', info_content: '推广员' }, { info_type: '报酬说明', info_content: clip(remark) }] },
} as const
const clip = (text: string): string => [...text].slice(0, 32).join('')

export type TransferPlatform = { db: Db; call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>; accountOf(tenantId: number, connectionId: string): string; notifyUrl(tenantId: number, connectionId: string): string }
export type TransferWish = Pick<Transfer, 'clientKey' | 'personId' | 'payConnectionId' | 'miniConnectionId' | 'kind' | 'amountFen' | 'remark' | 'actor'>
export type TransferOutcome = { kind: 'made'; transfer: Transfer } | { kind: 'bad-amount' } | { kind: 'no-openid' }

/** The same key again is the same transfer. */
export async function makeTransfer(tx: Tx, tenantId: number, platform: TransferPlatform, wish: TransferWish, now: Instant, ids: Ids): Promise<TransferOutcome> {
  if (wish.amountFen < leastTransferFen || wish.amountFen > mostTransferFen) return { kind: 'bad-amount' }
  const appid = platform.accountOf(tenantId, wish.miniConnectionId)
  const openid = await openidOf(tx, tenantId, wish.personId, appid)
  if (openid === undefined) return { kind: 'no-openid' }
  const { transfer, fresh } = await insertTransfer(tx, tenantId, { ...wish, transferId: ids.next().replaceAll('-', ''), state: 'made', platformNo: '', package: '', error: null, madeAt: now, confirmBy: null, finishedAt: null })
  if (!fresh) return { kind: 'made', transfer }
  const scene = scenes[wish.kind]
  await enqueueCalls(tx, tenantId, [{
    outboxId: ids.next(), connectionId: wish.payConnectionId, endpoint: 'pay.transfer.create', lane: null, dueAt: now, createdAt: now, reply: { kind: transferReplyKind, transferId: transfer.transferId },
    request: {
      appid, out_bill_no: transfer.transferId, transfer_scene_id: scene.id, openid, transfer_amount: wish.amountFen, transfer_remark: clip(wish.remark), notify_url: platform.notifyUrl(tenantId, wish.payConnectionId),
      ...(scene.perception === undefined ? {} : { user_recv_perception: scene.perception }), transfer_scene_report_infos: scene.reports(wish.remark),
    },
  }])
  return { kind: 'made', transfer }
}

export async function cancelTransfer(tx: Tx, tenantId: number, transferId: string, now: Instant, ids: Ids): Promise<'asked' | 'not-open' | 'unknown'> {
  const transfer = await lockTransfer(tx, tenantId, transferId)
  if (!transfer) return 'unknown'
  if (transfer.state !== 'wait-confirm') return 'not-open'
  await enqueueCalls(tx, tenantId, [{ outboxId: ids.next(), connectionId: transfer.payConnectionId, endpoint: 'pay.transfer.cancel', lane: null, dueAt: now, createdAt: now, reply: { kind: transferReplyKind, transferId }, request: { out_bill_no: transferId } }])
  return 'asked'
}

/** What the platform says of a transfer, from an answer, a notice or a query. A finished one stays as it is. */
export async function settleTransfer(tx: Tx, work: Pick<Work, 'tenantId' | 'now' | 'ids'>, transferId: string, said: { state: string; billNo?: string; package?: string; reason?: string }): Promise<Transfer | undefined> {
  const { tenantId, now, ids } = work
  const transfer = await lockTransfer(tx, tenantId, transferId)
  if (!transfer || transfer.finishedAt !== null) return transfer
  const ended = said.state === 'SUCCESS' ? ('done' as const) : said.state === 'FAIL' ? ('failed' as const) : said.state === 'CANCELLED' ? ('cancelled' as const) : undefined
  const state = ended ?? (said.state === 'WAIT_USER_CONFIRM' ? ('wait-confirm' as const) : transfer.state === 'unknown' ? ('made' as const) : transfer.state)
  const after: Transfer = {
    ...transfer, state, platformNo: said.billNo ?? transfer.platformNo, package: ended ? '' : (said.package ?? transfer.package), error: said.reason ?? transfer.error, confirmBy: state === 'wait-confirm' ? (transfer.confirmBy ?? now + dayMs) : transfer.confirmBy, finishedAt: ended ? now : null,
  }
  await updateTransfer(tx, tenantId, after)
  const posting = (key: string, from: string, to: string) => ({ postingId: ids.next(), key: `transfer/${transferId}/${key}`, occurredAt: now, recordedAt: now, reason: transfer.kind, entries: [{ account: from, unit: 'fen', amount: 0 - transfer.amountFen }, { account: to, unit: 'fen', amount: transfer.amountFen }] })
  const cost = transfer.kind === 'commission' ? 'commission:transfer' : 'cost:reward'
  // The money leaves the account when the transfer is taken, and comes back when it fails.
  await book(tx, tenantId, [posting('sent', 'till:pay', 'transfer:pending'), ...(ended === 'done' ? [posting('done', 'transfer:pending', cost)] : ended ? [posting('back', 'transfer:pending', 'till:pay')] : [])])
  if (ended === 'failed') await raiseAlarm(tx, tenantId, { key: `transfer-failed/${transferId}`, kind: 'transfer-failed', number: transferId, detail: { fen: transfer.amountFen, reason: said.reason ?? '' } }, now, ids)
  return after
}

const pollMs = 10 * 60_000

export const transferReply: ReplyHandler = {
  kind: transferReplyKind,
  async handle(work, tx, call, outcome) {
    if (!outcome.final) return
    const { transferId } = call.reply as { transferId: string }
    const cancel = call.endpoint === 'pay.transfer.cancel'
    if (outcome.kind === 'ok') {
      const body = outcome.result as { state?: string; transfer_bill_no?: string; package_info?: string }
      await settleTransfer(tx, work, transferId, { state: body.state ?? 'ACCEPTED', ...(body.transfer_bill_no === undefined ? {} : { billNo: body.transfer_bill_no }), ...(body.package_info === undefined ? {} : { package: body.package_info }) })
    } else if (outcome.kind === 'refused') {
      await withdrawCalls(tx, work.tenantId, [call.outboxId], work.now)
      const transfer = await lockTransfer(tx, work.tenantId, transferId)
      // Refused outright, nothing has left; a refused cancelling leaves the transfer as it was.
      if (!cancel && transfer?.state === 'made') {
        await updateTransfer(tx, work.tenantId, { ...transfer, state: 'failed', error: `${outcome.code} ${outcome.text}`.slice(0, 300), finishedAt: work.now })
        await raiseAlarm(tx, work.tenantId, { key: `transfer-failed/${transferId}`, kind: 'transfer-failed', number: transferId, detail: { fen: transfer.amountFen, reason: outcome.text.slice(0, 200) } }, work.now, work.ids)
      }
      return
    } else {
      const transfer = await lockTransfer(tx, work.tenantId, transferId)
      if (transfer && transfer.state === 'made') await updateTransfer(tx, work.tenantId, { ...transfer, state: 'unknown' })
    }
    await putJobs(tx, work.tenantId, [{ kind: transferJobKind, key: transferId, dueAt: work.now + pollMs, state: { transferId, asked: 0 } }])
  },
}

/** Asks how a transfer stands while no notice said so. */
export function pollTransfers(platform: Pick<TransferPlatform, 'db' | 'call'>): JobHandler {
  return {
    kind: transferJobKind,
    async prepare(work, job): Promise<unknown> {
      const { transferId } = job.state as { transferId: string }
      const transfer = await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => lockTransfer(tx, work.tenantId, transferId))
      if (!transfer || transfer.finishedAt !== null) return null
      const answer = await platform.call(work.tenantId, transfer.payConnectionId, 'pay.transfer.query-by-out-bill-no', { out_bill_no: transferId })
      if (answer.kind === 'ok') return answer.result
      if (answer.kind === 'refused' && (answer.code === 'NOT_FOUND' || answer.code === 'RESOURCE_NOT_EXISTS')) return { state: 'UNHEARD' }
      throw new Error(`transfer ${transferId}: ${answer.text}`)
    },
    async run(work, tx, job, prepared) {
      if (prepared === null) return null
      const state = job.state as { transferId: string; asked: number }
      const body = prepared as { state: string; transfer_bill_no?: string; fail_reason?: string }
      if (body.state === 'UNHEARD') {
        // Never taken: nothing has left.
        const transfer = await lockTransfer(tx, work.tenantId, state.transferId)
        if (transfer && transfer.finishedAt === null) await updateTransfer(tx, work.tenantId, { ...transfer, state: 'failed', error: 'WeChat Pay does not know it', finishedAt: work.now })
        return null
      }
      const after = await settleTransfer(tx, work, state.transferId, { state: body.state, ...(body.transfer_bill_no === undefined ? {} : { billNo: body.transfer_bill_no }), ...(body.fail_reason === undefined ? {} : { reason: body.fail_reason }) })
      return after === undefined || after.finishedAt !== null || state.asked > 20 ? null : { dueAt: work.now + pollMs * 2 ** Math.min(state.asked, 4), state: { ...state, asked: state.asked + 1 } }
    },
  }
}

export const transferNotices: FactHandler = {
  line: 'pay',
  accepts: (event) => event === 'MCHTRANSFER.BILL.FINISHED',
  async handle(work, tx, facts) {
    for (const fact of facts) {
      const body = parseJson(fact.message) as { out_bill_no?: unknown; state?: unknown; transfer_bill_no?: unknown; fail_reason?: unknown }
      await settleTransfer(tx, work, String(body.out_bill_no), { state: String(body.state), billNo: String(body.transfer_bill_no ?? ''), ...(body.fail_reason === undefined ? {} : { reason: String(body.fail_reason) }) })
    }
  },
}
