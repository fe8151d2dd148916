import { z } from 'zod'
import { callbackRetryMs, callbackTimeoutMs } from '../../wechat/spec/wecom/index.ts'
import { textKey } from '../core/faults.ts'
import type { Corp } from '../core/account.ts'
import { makePush } from '../core/core-module.ts'
import { nextNumber, randomOf, type Namespace } from '../core/namespace.ts'
import { act, type EncodeContext, type LineModule, type Outcome } from '../core/registry.ts'
import { jsonAnswer, type WireAnswer } from '../core/wire.ts'
import { acquisitionActs, acquisitionRoutes } from './acquisition.ts'
import { broadcastActs, broadcastRoutes, pendingBroadcasts, type PendingTask } from './broadcast.ts'
import { contactActs } from './contact-acts.ts'
import { contactRoutes } from './contact.ts'
import { contactWayRoutes } from './contact-way.ts'
import { groupActs } from './group-chat-acts.ts'
import { groupRoutes } from './group-chat.ts'
import { identityRoutes } from './identity.ts'
import { addMember, memberActs, memberRoutes } from './member.ts'
import { messageRoutes } from './message.ts'
import { momentActs, momentRoutes, pendingMoments } from './moment.ts'
import { corpOf, makeCorpState, type Arrival } from './state.ts'
import { statisticsRoutes } from './statistics.ts'
import { tagActs, tagRoutes } from './tag.ts'
import { tokenActs, tokenRoutes } from './token.ts'
import { transferActs, transferRoutes } from './transfer.ts'
import { welcomeRoutes } from './welcome.ts'

const corpid = z.string().optional()

const corpActs = [
  act({
    name: 'wecom.configure',
    en: 'Change limits and habits of the corp that the console or the platform sets: send rule, capacities, trusted IPs, dispatch time, bound developer account',
    args: z.object({
      corpid,
      openPlatform: z.string().nullable().optional(),
      sendRule: z.enum(['month-days', 'week-7', 'day-1']).optional(),
      contactMax: z.int().positive().optional(),
      tagMax: z.int().positive().optional(),
      peopleMax: z.int().positive().optional(),
      contactWayMax: z.int().positive().optional(),
      linkMax: z.int().positive().optional(),
      groupSizeMax: z.int().positive().optional(),
      memberMax: z.int().positive().optional(),
      corpMomentsAMonth: z.int().nonnegative().optional(),
      memberMomentsADay: z.int().nonnegative().optional(),
      dispatchMs: z.int().nonnegative().optional(),
      apiCallbacks: z.boolean().optional(),
      trustedIps: z.array(z.string()).nullable().optional(),
      closed: z.boolean().optional(),
      verified: z.boolean().optional(),
    }),
    run(ns, { corpid: id, openPlatform, ...settings }) {
      const { corp } = corpOf(ns, id)
      if (openPlatform !== undefined) corp.openPlatform = openPlatform
      for (const [name, value] of Object.entries(settings)) if (value !== undefined) Object.assign(corp.settings, { [name]: value })
      return { openPlatform: corp.openPlatform, ...corp.settings }
    },
  }),
  act({
    name: 'wecom.pendingTasks',
    en: 'Mass-send tasks and Moments that members have yet to confirm (changes nothing)',
    args: z.object({ corpid, userid: z.string().optional() }),
    run(ns, args) {
      return { tasks: pendingTasks(ns, args.userid, args.corpid) }
    },
  }),
  act({
    name: 'wecom.arrivals',
    en: 'What reached customers and members lately: welcome messages, mass sends, Moments, app messages (changes nothing)',
    args: z.object({ corpid, to: z.string().optional(), after: z.int().optional() }),
    run(ns, args) {
      return { arrivals: arrivals(ns, args) }
    },
  }),
]

/** What members have yet to confirm, oldest first; reads only. */
export function pendingTasks(ns: Namespace, userid?: string, corpId?: string): PendingTask[] {
  const { corp } = corpOf(ns, corpId)
  return [...pendingBroadcasts(corp, userid), ...pendingMoments(corp, userid)].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
}

/** What arrived after number `after`; the newest one or two thousand are kept. */
export function arrivals(ns: Namespace, filter: { corpid?: string; to?: string; after?: number } = {}): Arrival[] {
  return corpOf(ns, filter.corpid).corp.arrivals.filter(
    (arrival) => arrival.n > (filter.after ?? 0) && (filter.to === undefined || arrival.to === filter.to),
  )
}

/** Real error texts carry a hint, the caller's address and a link; nobody should read them. */
function encode(outcome: Outcome, context: EncodeContext): WireAnswer {
  if ('binary' in outcome)
    return {
      status: 200,
      headers: { 'content-type': outcome.binary.contentType, ...outcome.binary.headers },
      body: Buffer.from(outcome.binary.bytes),
    }
  if ('value' in outcome) return jsonAnswer({ errcode: 0, errmsg: 'ok', ...(outcome.value as Record<string, unknown> | undefined) })
  const { error } = outcome
  const hint = `${Math.floor(context.wireNow / 1000)}${String(textKey(context.request.url)).slice(0, 15).padStart(15, '0')}`
  const extra = error.detail !== null && typeof error.detail === 'object' ? error.detail : {}
  return jsonAnswer(
    {
      errcode: error.errcode,
      errmsg: `${error.message}, hint: [${hint}], from ip: ${context.request.ip}, more info at https://open.work.weixin.qq.com/devtool/query?e=${error.errcode}`,
      ...extra,
    },
    error.status,
  )
}

const staff = [
  { userid: 'WangXiaoHe', name: '王小禾', alias: '小王', gender: '2', position: '茶艺顾问', mobile: '13800000001' },
  { userid: 'LiMingYue', name: '李明月', alias: '小李', gender: '2', position: '茶艺顾问', mobile: '13800000002' },
  { userid: 'ChenYiFan', name: '陈一帆', alias: '小陈', gender: '1', position: '客服', mobile: '13800000003' },
]

function prepare(ns: Namespace): void {
  const n = nextNumber(ns, 'account')
  const secret = (what: string): string => randomOf(ns).bytes(33, 'corp-secret', what, n).toString('base64url').slice(0, 43)
  const corp: Corp = {
    kind: 'wecom',
    id: `ww${randomOf(ns).bytes(8, 'corpid', n).toString('hex')}`,
    name: '轻舟茶铺',
    apps: [
      { agentId: '2000003', kind: 'contact', secret: secret('contact'), push: makePush(ns, 'xml') },
      { agentId: '1000002', kind: 'app', secret: secret('app'), push: makePush(ns, 'xml') },
    ],
  }
  ns.accounts.push(corp)
  const state = makeCorpState(ns, corp.id, corp.name)
  for (const person of staff) {
    const member = addMember(state, { ...person, department: [1] })
    member.status = 1
    member.realName = true
  }
}

function env(ns: Namespace): Record<string, string> {
  const { account } = corpOf(ns)
  const contact = account.apps.find(({ kind }) => kind === 'contact')
  const app = account.apps.find(({ kind }) => kind === 'app')
  return {
    WECOM_CORP_ID: account.id,
    ...(contact ? { WECOM_CONTACT_SECRET: contact.secret, WECOM_CONTACT_TOKEN: contact.push.token, WECOM_CONTACT_AES_KEY: contact.push.aesKey } : {}),
    ...(app
      ? { WECOM_AGENT_ID: app.agentId, WECOM_APP_SECRET: app.secret, WECOM_APP_TOKEN: app.push.token, WECOM_APP_AES_KEY: app.push.aesKey }
      : {}),
  }
}

export const wecomLine: LineModule = {
  line: 'wecom',
  routes: [
    ...tokenRoutes,
    ...memberRoutes,
    ...contactRoutes,
    ...contactWayRoutes,
    ...tagRoutes,
    ...groupRoutes,
    ...welcomeRoutes,
    ...broadcastRoutes,
    ...momentRoutes,
    ...transferRoutes,
    ...statisticsRoutes,
    ...acquisitionRoutes,
    ...identityRoutes,
    ...messageRoutes,
  ],
  acts: [
    ...corpActs,
    ...tokenActs,
    ...memberActs,
    ...contactActs,
    ...tagActs,
    ...groupActs,
    ...broadcastActs,
    ...momentActs,
    ...transferActs,
    ...acquisitionActs,
  ],
  hooks: {
    hosts: ['qyapi.weixin.qq.com'],
    encode,
    push: { kinds: ['wecom'], policy: { timeLimitMs: callbackTimeoutMs, retryMs: callbackRetryMs, acknowledged: (status) => status === 200 } },
  },
  prepare,
  env,
}
