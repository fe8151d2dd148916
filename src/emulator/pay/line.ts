import { z } from 'zod'
import { sealCertificate } from '../../wechat/codec/index.ts'
import { certificatesGet } from '../../wechat/spec/pay/index.ts'
import { accountOf, randomOf, type Namespace } from '../core/namespace.ts'
import { act, serve, type Act, type LineModule, type Route } from '../core/registry.ts'
import { isSettlementBlocked } from '../mini-program/index.ts'
import { billRoutes } from './bills.ts'
import { payHooks } from './hooks.ts'
import { platformKeys, type PlatformKeys } from './keys.ts'
import { splitActs, splitRoutes } from './profit-sharing.ts'
import { refundActs, refundRoutes } from './refunds.ts'
import { actMerchant, book, merchantState, payCaller, refuse } from './state.ts'
import { couponActs, couponRoutes } from './coupons.ts'
import { partnerRoutes, transactionActs, transactionRoutes } from './transactions.ts'
import { transferActs, transferRoutes } from './transfers.ts'

/** The default merchant of every namespace. */
export const payMchid = '1900000109'

function certificateRoute(keys: () => PlatformKeys): Route {
  return serve(certificatesGet, ({ ns, account, wireNow }) => {
    const merchant = payCaller(account)
    const state = merchantState(ns, merchant.id)
    if (state.keyMode === 'public-key')
      throw refuse(
        'RESOURCE_NOT_EXISTS',
        '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。可查看指引https://pay.weixin.qq.com/docs/merchant/products/platform-certificate/wxp-pub-key-guide.html',
        404,
      )
    const { platform, platformNext } = keys().identity
    const nonce = (which: string): string => randomOf(ns).bytes(6, 'certificate-nonce', which, wireNow).toString('hex')
    const data = [sealCertificate(merchant.apiV3Key, platform.certificate, nonce('now'))]
    if (state.rotated) data.unshift(sealCertificate(merchant.apiV3Key, platformNext.certificate, nonce('next')))
    return { data }
  })
}

const accountActs: Act[] = [
  act({
    name: 'pay.setKeys',
    en: 'How the platform signs for the merchant: certificate, both, or public-key (new merchants: no certificates); the share of notices moved to the public key; the next certificate.',
    args: z.object({
      mchid: z.string().optional(),
      mode: z.enum(['certificate', 'both', 'public-key']).optional(),
      noticeShare: z.number().min(0).max(1).optional(),
      rotated: z.boolean().optional(),
    }),
    run: (ns, args) => {
      const state = merchantState(ns, actMerchant(ns, args.mchid).id)
      if (args.mode !== undefined) state.keyMode = args.mode
      if (args.noticeShare !== undefined) state.noticeShare = args.noticeShare
      if (args.rotated !== undefined) state.rotated = args.rotated
      return { mode: state.keyMode, noticeShare: state.noticeShare, rotated: state.rotated }
    },
  }),
  act({
    name: 'pay.configure',
    en: 'What the merchant opened in the console: bound appids, products, rates, how refunds end, the address for sharing notices.',
    args: z.object({
      mchid: z.string().optional(),
      appids: z.array(z.string()).optional(),
      feeRate: z.int().min(0).max(1000).optional(),
      profitSharing: z.boolean().optional(),
      splitMax: z.int().min(0).max(10_000).optional(),
      transfer: z.boolean().optional(),
      transferScenes: z.array(z.string()).optional(),
      refunds: z.enum(['auto', 'manual']).optional(),
      splitNotifyUrl: z.string().nullable().optional(),
      subMerchants: z.array(z.string()).optional(),
    }),
    run: (ns, { mchid, ...changes }) => {
      const state = merchantState(ns, actMerchant(ns, mchid).id)
      for (const [name, value] of Object.entries(changes)) if (value !== undefined) Object.assign(state, { [name]: value })
      return { ...changes }
    },
  }),
  act({
    name: 'pay.topUp',
    en: 'The merchant puts money into the account (available at once).',
    args: z.object({ mchid: z.string().optional(), amountFen: z.int().positive() }),
    run: (ns, args) => {
      const { id } = actMerchant(ns, args.mchid)
      const state = merchantState(ns, id)
      state.availableFen += args.amountFen
      book(ns, id, { business: '充值', kind: '收入', amountFen: args.amountFen, businessNo: '', voucherNo: '' })
      return { availableFen: state.availableFen }
    },
  }),
  act({
    name: 'pay.settleFunds',
    en: 'The platform settles: unsettled money becomes available, except of mini-program orders whose shipping is not reported and received.',
    args: z.object({ mchid: z.string().optional() }),
    run: (ns, args) => {
      const { id } = actMerchant(ns, args.mchid)
      const state = merchantState(ns, id)
      let settledFen = 0
      let blocked = 0
      for (const order of Object.values(state.orders)) {
        if (order.held !== 'unsettled' || order.transactionId === null) continue
        if (isSettlementBlocked(ns, order.appid, order.transactionId)) {
          blocked++
          continue
        }
        const amount = Math.min(order.heldFen, state.unsettledFen)
        state.unsettledFen -= amount
        state.availableFen += amount
        settledFen += amount
        order.held = 'settled'
        order.heldFen = 0
      }
      return { settledFen, blocked, unsettledFen: state.unsettledFen, availableFen: state.availableFen }
    },
  }),
  act({
    name: 'pay.funds',
    en: "The merchant's money on the platform: unsettled, frozen for sharing, available, and their sum.",
    args: z.object({ mchid: z.string().optional() }),
    run: (ns, args) => {
      const state = merchantState(ns, actMerchant(ns, args.mchid).id)
      const frozenFen = Object.values(state.orders).reduce((sum, order) => sum + (order.held === 'frozen' ? order.heldFen : 0), 0)
      return { unsettledFen: state.unsettledFen, frozenFen, availableFen: state.availableFen, balanceFen: state.balanceFen }
    },
  }),
]

function createPayLine(): LineModule {
  const keys = platformKeys()
  function prepare(ns: Namespace): void {
    if (accountOf(ns, 'pay', payMchid)) return
    const { identity } = keys()
    ns.accounts.push({
      kind: 'pay',
      id: payMchid,
      name: '轻舟商户',
      apiV3Key: identity.apiV3Key,
      merchantCertificate: identity.merchant.certificate,
      merchantPrivateKey: identity.merchant.privateKey,
      merchantSerial: identity.merchant.serial,
    })
    merchantState(ns, payMchid)
  }
  return {
    line: 'pay',
    routes: [certificateRoute(keys), ...transactionRoutes, ...partnerRoutes, ...couponRoutes, ...refundRoutes, ...billRoutes, ...splitRoutes(keys), ...transferRoutes(keys)],
    acts: [...accountActs, ...transactionActs(keys), ...refundActs, ...splitActs, ...transferActs, ...couponActs],
    hooks: payHooks(keys),
    prepare,
    env: (ns): Record<string, string> => {
      const merchant = accountOf(ns, 'pay')
      if (!merchant) return {}
      const { platform, publicKey } = keys().identity
      return {
        WECHAT_PAY_MCHID: merchant.id,
        WECHAT_PAY_SERIAL: merchant.merchantSerial,
        WECHAT_PAY_PRIVATE_KEY: merchant.merchantPrivateKey,
        WECHAT_PAY_CERTIFICATE: merchant.merchantCertificate,
        WECHAT_PAY_APIV3_KEY: merchant.apiV3Key,
        WECHAT_PAY_PLATFORM_CERTIFICATE: platform.certificate,
        WECHAT_PAY_PLATFORM_SERIAL: platform.serial,
        WECHAT_PAY_PUBLIC_KEY: publicKey.publicKey,
        WECHAT_PAY_PUBLIC_KEY_ID: publicKey.serial,
      }
    },
  }
}

export const payLine: LineModule = createPayLine()
