import { makeWeixinAccount } from '../core/core-module.ts'
import { accountOf, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import type { LineModule } from '../core/registry.ts'
import { peopleActs } from './acts.ts'
import { codeRoutes } from './codes.ts'
import { figureRoutes } from './figures.ts'
import { loginRoutes } from './login.ts'
import { messageActs, messageRoutes } from './messages.ts'
import { shippingActs, shippingRoutes } from './shipping.ts'
import { miniState } from './state.ts'

/** The default mini program of every namespace. */
export const miniAppid = 'wx51a0c0ffee000002'

function prepare(ns: Namespace): void {
  if (accountOf(ns, 'mini-program', miniAppid)) return
  ns.accounts.push(makeWeixinAccount(ns, 'mini-program', '轻舟商城', 'main', miniAppid))
  const { templates } = miniState(ns, miniAppid)
  templates['SM00001-order-shipped-0000000000000000000000'] = {
    title: '订单发货提醒',
    content: '{{thing1.DATA}}\n{{character_string2.DATA}}',
    type: 2,
  }
  templates['SM00002-back-in-stock-0000000000000000000000'] = { title: '到货通知', content: '{{thing1.DATA}}\n{{amount2.DATA}}', type: 2 }
}

export const miniProgramLine: LineModule = {
  line: 'mini-program',
  routes: [...loginRoutes, ...codeRoutes, ...messageRoutes, ...shippingRoutes, ...figureRoutes],
  acts: [...peopleActs, ...messageActs, ...shippingActs],
  hooks: {
    hosts: ['api.weixin.qq.com'],
    push: {
      kinds: ['mini-program'],
      // 5 s, three times in all; `success` or an empty body stops it.
      policy: {
        timeLimitMs: 5_000,
        retryMs: [0, 0],
        acknowledged: (status, body) => status === 200 && (body.trim() === '' || body.trim() === 'success' || /^\s*[<{]/.test(body)),
      },
    },
    errors: { badInput: (detail) => new PlatformError(47001, `data format error: ${detail}`) },
  },
  prepare,
  env: (ns): Record<string, string> => {
    const account = accountOf(ns, 'mini-program')
    if (!account) return {}
    return {
      WECHAT_MINI_APPID: account.id,
      WECHAT_MINI_SECRET: account.secret,
      WECHAT_MINI_ORIGINAL_ID: account.originalId,
      WECHAT_MINI_TOKEN: account.push.token,
      WECHAT_MINI_AES_KEY: account.push.aesKey,
    }
  },
}
