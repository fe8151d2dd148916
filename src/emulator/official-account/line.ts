import { accountOf, type Namespace } from '../core/namespace.ts'
import { makeWeixinAccount } from '../core/core-module.ts'
import { PlatformError } from '../core/platform-error.ts'
import type { LineModule, PushPolicy } from '../core/registry.ts'
import { peopleActs } from './acts.ts'
import { articleActs, articleRoutes } from './articles.ts'
import { loginRoutes } from './login.ts'
import { messageActs, messageRoutes } from './messages.ts'
import { takeReply } from './replies.ts'
import { officialState } from './state.ts'
import { userRoutes } from './users.ts'

/** The default account of every namespace. */
export const officialAppid = 'wx51a0c0ffee000001'

/** 5 s, then the connection is dropped and the push sent again, three times in all; `success`, an empty body or a reply stops it. */
export const weixinPushPolicy: PushPolicy = {
  timeLimitMs: 5_000,
  retryMs: [0, 0],
  acknowledged: (status, body) => status === 200 && (body.trim() === '' || body.trim() === 'success' || /^\s*[<{]/.test(body)),
}

function prepare(ns: Namespace): void {
  if (accountOf(ns, 'official-account', officialAppid)) return
  ns.accounts.push(makeWeixinAccount(ns, 'official-account', '轻舟服务号', 'main', officialAppid))
  const state = officialState(ns, officialAppid)
  state.templates['TM00001-order-paid-notice-000000000000000000'] = { title: '订单支付成功通知', keys: ['thing1', 'amount2'] }
  state.templates['TM00002-order-shipped-notice-0000000000000000'] = { title: '订单发货通知', keys: ['thing1', 'character_string2'] }
  state.noticeTemplates['NT00001-new-arrival-notice-000000000000000000'] = { title: '上新通知', content: '{{thing1.DATA}}\n{{time2.DATA}}', type: 2 }
}

export const officialAccountLine: LineModule = {
  line: 'official-account',
  routes: [...userRoutes, ...messageRoutes, ...articleRoutes, ...loginRoutes],
  acts: [...peopleActs, ...messageActs, ...articleActs],
  hooks: {
    hosts: ['api.weixin.qq.com', 'mp.weixin.qq.com', 'open.weixin.qq.com'],
    push: { kinds: ['official-account'], policy: weixinPushPolicy },
    onReply: takeReply,
    errors: { badInput: (detail) => new PlatformError(47001, `data format error: ${detail}`) },
  },
  prepare,
  env: (ns): Record<string, string> => {
    const account = accountOf(ns, 'official-account')
    if (!account) return {}
    return {
      WECHAT_OFFICIAL_APPID: account.id,
      WECHAT_OFFICIAL_SECRET: account.secret,
      WECHAT_OFFICIAL_ORIGINAL_ID: account.originalId,
      WECHAT_OFFICIAL_TOKEN: account.push.token,
      WECHAT_OFFICIAL_AES_KEY: account.push.aesKey,
    }
  },
}
