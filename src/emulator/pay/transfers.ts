import { createHash } from 'node:crypto'
import { z } from 'zod'
import { dayMs, shanghaiRfc3339 } from '../../kernel/calendar.ts'
import { canonicalJson } from '../../kernel/json.ts'
import { transferById, transferByNumber, transferCancel, transferCreate } from '../../wechat/spec/pay/index.ts'
import { freshDigits, randomOf, type Namespace } from '../core/namespace.ts'
import { personOf } from '../core/people.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { readSensitive, type PlatformKeys } from './keys.ts'
import { notifyTransfer } from './notices.ts'
import { actMerchant, book, merchantState, payCaller, refuse, type Transfer } from './state.ts'

const confirmMs = dayMs
const queryMs = 30 * dayMs
const leastFen = 10
const namedFromFen = 200_000

function write(transfer: Transfer) {
  return {
    mch_id: transfer.mchid,
    out_bill_no: transfer.outBillNo,
    transfer_bill_no: transfer.billNo,
    appid: transfer.appid,
    state: transfer.state,
    transfer_amount: transfer.amountFen,
    transfer_remark: transfer.remark,
    ...(transfer.failReason === null ? {} : { fail_reason: transfer.failReason }),
    openid: transfer.openid,
    create_time: shanghaiRfc3339(transfer.createdAt),
    update_time: shanghaiRfc3339(transfer.updatedAt),
  }
}

function recent(ns: Namespace, transfer: Transfer | undefined): Transfer {
  if (!transfer || ns.now - transfer.createdAt > queryMs) throw refuse('NOT_FOUND', '转账单不存在', 404)
  return transfer
}

/** Ends a transfer; what was not received goes back to the merchant. */
function end(ns: Namespace, transfer: Transfer, state: 'SUCCESS' | 'FAIL' | 'CANCELLED', reason: string | null): void {
  transfer.state = state
  transfer.failReason = reason
  transfer.updatedAt = ns.now
  if (state !== 'SUCCESS') {
    merchantState(ns, transfer.mchid).availableFen += transfer.amountFen
    book(ns, transfer.mchid, {
      business: '商家转账退回',
      kind: '收入',
      amountFen: transfer.amountFen,
      businessNo: transfer.billNo,
      voucherNo: transfer.outBillNo,
    })
  }
  notifyTransfer(ns, transfer)
}

export const transferRoutes = (keys: () => PlatformKeys): Route[] => [
  serve(transferCreate, ({ ns, account, input, headers }) => {
    const { id: mchid } = payCaller(account)
    const state = merchantState(ns, mchid)
    if (!state.transfer) throw refuse('NO_AUTH', '商户未开通商家转账', 403)
    if (!/^[0-9A-Za-z]{1,32}$/.test(input.out_bill_no)) throw refuse('PARAM_ERROR', '商户单号只能由数字、大小写字母组成，且不超过 32 个字符')
    if ([...input.transfer_remark].length > 32) throw refuse('PARAM_ERROR', '转账备注超过 32 个字符')
    if (input.transfer_amount < leastFen) throw refuse('PARAM_ERROR', '转账金额不能低于 0.1 元')
    if (input.transfer_amount >= namedFromFen && input.user_name === undefined) throw refuse('PARAM_ERROR', '转账金额达到 2000 元时收款用户姓名必填')
    readSensitive(keys(), headers, input.user_name)
    if (!state.transferScenes.includes(input.transfer_scene_id)) throw refuse('INVALID_REQUEST', '商户未开通该转账场景')
    if ((input.transfer_scene_report_infos ?? []).length === 0) throw refuse('PARAM_ERROR', '转账场景报备信息必填')
    if ((input.transfer_scene_report_infos ?? []).some((info) => [...info.info_content].length > 32))
      throw refuse('PARAM_ERROR', '转账场景报备信息超过 32 个字符')
    const owner = personOf(ns, input.openid)
    if (owner !== undefined && owner.appid !== input.appid) throw refuse('OPENID_MISMATCH', 'openid 与 appid 不匹配', 500)
    const { user_name: _, ...same } = input
    const fingerprint = createHash('sha256').update(canonicalJson(same)).digest('hex')
    const answer = (transfer: Transfer) => ({
      out_bill_no: transfer.outBillNo,
      transfer_bill_no: transfer.billNo,
      create_time: shanghaiRfc3339(transfer.createdAt),
      state: transfer.state,
      ...(transfer.state === 'WAIT_USER_CONFIRM' ? { package_info: transfer.packageInfo } : {}),
    })
    const known = state.transfers[input.out_bill_no]
    if (known) {
      if (known.fingerprint !== fingerprint) throw refuse('INVALID_REQUEST', '商户单号已存在，且参数与之前请求不一致')
      return answer(known)
    }
    if (state.availableFen < input.transfer_amount) throw refuse('NOT_ENOUGH', '商户运营账户资金不足，请充值', 403)
    const billNo = freshDigits(ns, 'pay.transfer', 32, '1330')
    const made: Transfer = {
      mchid,
      outBillNo: input.out_bill_no,
      billNo,
      appid: input.appid,
      openid: input.openid,
      sceneId: input.transfer_scene_id,
      amountFen: input.transfer_amount,
      remark: input.transfer_remark,
      fingerprint,
      notifyUrl: input.notify_url ?? null,
      packageInfo: randomOf(ns).bytes(48, 'transfer-package', billNo).toString('base64'),
      state: 'WAIT_USER_CONFIRM',
      failReason: null,
      createdAt: ns.now,
      updatedAt: ns.now,
    }
    state.availableFen -= made.amountFen
    state.transfers[made.outBillNo] = made
    book(ns, mchid, { business: '商家转账', kind: '支出', amountFen: made.amountFen, businessNo: billNo, voucherNo: made.outBillNo })
    schedule(ns, ns.now + confirmMs, 'pay.transferExpires', { mchid, out_bill_no: made.outBillNo })
    return answer(made)
  }),
  serve(transferByNumber, ({ ns, account, input }) => write(recent(ns, merchantState(ns, payCaller(account).id).transfers[input.out_bill_no]))),
  serve(transferById, ({ ns, account, input }) =>
    write(
      recent(
        ns,
        Object.values(merchantState(ns, payCaller(account).id).transfers).find((transfer) => transfer.billNo === input.transfer_bill_no),
      ),
    ),
  ),
  serve(transferCancel, ({ ns, account, input }) => {
    const transfer = recent(ns, merchantState(ns, payCaller(account).id).transfers[input.out_bill_no])
    if (transfer.state !== 'WAIT_USER_CONFIRM' && transfer.state !== 'CANCELLED') throw refuse('INVALID_REQUEST', '转账单状态不允许撤销')
    if (transfer.state === 'WAIT_USER_CONFIRM') end(ns, transfer, 'CANCELLED', null)
    return {
      out_bill_no: transfer.outBillNo,
      transfer_bill_no: transfer.billNo,
      state: transfer.state,
      update_time: shanghaiRfc3339(transfer.updatedAt),
    }
  }),
]

export const transferActs: Act[] = [
  act({
    name: 'pay.confirmTransfer',
    en: 'The receiver confirms a transfer in WeChat (wx.requestMerchantTransfer).',
    args: z.object({ mchid: z.string().optional(), out_bill_no: z.string(), openid: z.string().optional() }),
    run: (ns, args) => {
      const transfer = merchantState(ns, actMerchant(ns, args.mchid).id).transfers[args.out_bill_no]
      if (!transfer) throw refuse('NOT_FOUND', `there is no transfer ${args.out_bill_no}`, 404)
      if (args.openid !== undefined && args.openid !== transfer.openid) throw refuse('OPENID_MISMATCH', 'the transfer is for another openid')
      if (transfer.state !== 'WAIT_USER_CONFIRM') throw refuse('INVALID_REQUEST', `the transfer is ${transfer.state}`)
      end(ns, transfer, 'SUCCESS', null)
      return { state: transfer.state }
    },
  }),
  act({
    name: 'pay.transferExpires',
    en: 'A transfer that nobody confirmed for 24 hours fails and the money returns.',
    args: z.object({ mchid: z.string(), out_bill_no: z.string() }),
    run: (ns, args) => {
      const transfer = merchantState(ns, args.mchid).transfers[args.out_bill_no]
      if (transfer?.state === 'WAIT_USER_CONFIRM') end(ns, transfer, 'FAIL', 'OVERDUE_CLOSE')
    },
  }),
]
