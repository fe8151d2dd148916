import { z } from 'zod'
import {
  acquisitionQuota,
  acquisitionQuotaByPost,
  linkChatInfo,
  linkCreate,
  linkCustomers,
  linkDelete,
  linkGet,
  linkList,
  linkStatistic,
  linkStatisticByQuery,
  linkUpdate,
} from '../../wechat/spec/wecom/index.ts'
import { dayNumber } from '../../kernel/calendar.ts'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act } from '../core/registry.ts'
import { limitOf, page, wecom } from './call.ts'
import { tell } from './event.ts'
import { corpOf, memberOf, peopleBehind, seconds, type CorpState, type Link } from './state.ts'

type LinkInput = {
  link_name?: string
  range?: { user_list?: string[]; department_list?: number[] }
  skip_verify?: boolean
  priority_option?: { priority_type?: number; priority_userid_list?: string[] }
  mark_source?: boolean
}

function linkOf(corp: CorpState, id: string | undefined): Link {
  const link = corp.links[id ?? '']
  if (!link) throw new PlatformError(40058, 'invalid parameter: link_id')
  return link
}

function checkRange(corp: CorpState, users: string[], departments: number[]): void {
  if (users.length === 0 && departments.length === 0) throw new PlatformError(40063, 'range is empty')
  for (const userid of users) {
    const member = memberOf(corp, userid)
    if (member.status !== 1 || !member.realName || !member.customerContact) throw new PlatformError(41054, `${userid} is not activated`)
  }
  for (const id of departments) if (!corp.departments[id]) throw new PlatformError(60123, 'invalid party id')
  if (peopleBehind(corp, users, departments).length > corp.settings.peopleMax) throw new PlatformError(41041, 'too many people behind the link')
}

function change(corp: CorpState, link: Link, input: LinkInput): void {
  if (input.link_name !== undefined) {
    if (input.link_name === '' || [...input.link_name].length > 30) throw new PlatformError(40058, 'invalid parameter: link_name')
    link.name = input.link_name
  }
  if (input.range) {
    const users = input.range.user_list ?? []
    const departments = input.range.department_list ?? []
    checkRange(corp, users, departments)
    link.users = users
    link.departments = departments
  }
  if (input.skip_verify !== undefined) link.skipVerify = input.skip_verify
  if (input.mark_source !== undefined) link.markSource = input.mark_source
  if (input.priority_option)
    link.priority = { type: input.priority_option.priority_type ?? 1, users: input.priority_option.priority_userid_list ?? [] }
}

const shown = (link: Link) => ({
  link_id: link.id,
  link_name: link.name,
  url: link.url,
  create_time: seconds(link.createdAt),
  skip_verify: link.skipVerify,
  mark_source: link.markSource,
})

/** A customer who adds uses one unit (UNCONFIRMED); near the end and at it the corp is told. */
export function acquisitionSpend(
  ns: Namespace,
  corp: CorpState,
  linkId: string,
  customer: { externalUserid: string; userid: string; state: string; at: number },
): void {
  const link = corp.links[linkId]
  if (!link) return
  link.customers.push(customer)
  const before = corp.quota.balance
  corp.quota.balance = Math.max(0, before - 1)
  const low = Math.ceil(corp.quota.total / 10)
  if (before > low && corp.quota.balance <= low && corp.quota.balance > 0) tell(ns, corp, 'customer_acquisition', { ChangeType: 'balance_low' })
  if (before > 0 && corp.quota.balance === 0) {
    tell(ns, corp, 'customer_acquisition', { ChangeType: 'balance_exhausted' })
    for (const { id } of Object.values(corp.links)) tell(ns, corp, 'customer_acquisition', { ChangeType: 'link_unavailable', LinkId: id })
  }
}

const quota = ({ corp }: { corp: CorpState }) => ({
  total: corp.quota.total,
  balance: corp.quota.balance,
  quota_list: [{ expire_date: seconds(corp.quota.expiresAt), balance: corp.quota.balance }],
})

function statistic({
  ns,
  corp,
  input,
}: {
  ns: Namespace
  corp: CorpState
  input: { link_id?: string; start_time?: number | string; end_time?: number | string }
}) {
  const link = linkOf(corp, input.link_id)
  const from = Number(input.start_time)
  const to = Number(input.end_time)
  if (!(from > 0) || !(to >= from)) throw new PlatformError(40058, 'invalid parameter: start_time, end_time')
  const first = dayNumber(from * 1000)
  const last = dayNumber(to * 1000)
  if (last - first > 30 || dayNumber(ns.now) - first > 180)
    throw new PlatformError(40058, 'invalid parameter: at most 30 days a call and 180 days back')
  const within = (at: number): boolean => dayNumber(at) >= first && dayNumber(at) <= last
  return { click_link_customer_cnt: link.clicks.filter(within).length, new_customer_cnt: link.customers.filter(({ at }) => within(at)).length }
}

export const acquisitionRoutes = [
  wecom(linkList, ({ corp, input, call }) => {
    const { items, next_cursor } = page(Object.keys(corp.links), (id) => id, input.cursor, limitOf(input.limit, 100, 100), call.faults)
    return { link_id_list: items, next_cursor }
  }),
  wecom(linkGet, ({ corp, input }) => {
    const link = linkOf(corp, input.link_id)
    return {
      link: shown(link),
      range: { user_list: link.users, department_list: link.departments },
      ...(link.priority ? { priority_option: { priority_type: link.priority.type, priority_userid_list: link.priority.users } } : {}),
    }
  }),
  wecom(linkCreate, ({ ns, corp, input }) => {
    if (!input.link_name) throw new PlatformError(40063, 'link_name is empty')
    if (Object.keys(corp.links).length >= corp.settings.linkMax) throw new PlatformError(41095, 'link count exceeds limit')
    const id = freshId(ns, 'cawcde', 12)
    const link: Link = {
      id,
      name: input.link_name,
      url: `https://work.weixin.qq.com/ca/${id}`,
      createdAt: ns.now,
      skipVerify: true,
      markSource: true,
      users: [],
      departments: [],
      customers: [],
      clicks: [],
    }
    change(corp, link, { range: {}, ...input })
    corp.links[id] = link
    return { link: shown(link) }
  }),
  wecom(linkUpdate, ({ corp, input }) => {
    change(corp, linkOf(corp, input.link_id), input)
    return {}
  }),
  wecom(linkDelete, ({ corp, input }) => {
    delete corp.links[linkOf(corp, input.link_id).id]
    return {}
  }),
  wecom(linkCustomers, ({ corp, input, call }) => {
    const link = linkOf(corp, input.link_id)
    const { items, next_cursor } = page(
      link.customers,
      ({ externalUserid, userid, at }) => `${externalUserid}/${userid}/${at}`,
      input.cursor,
      limitOf(input.limit, 1_000, 1_000),
      call.faults,
    )
    return {
      customer_list: items.map(({ externalUserid, userid, state }) => ({
        external_userid: externalUserid,
        userid,
        chat_status: corp.follows[userid]?.[externalUserid]?.spoke === true ? 1 : 0,
        state,
      })),
      next_cursor,
    }
  }),
  wecom(acquisitionQuota, quota),
  wecom(acquisitionQuotaByPost, quota),
  wecom(linkStatistic, statistic),
  wecom(linkStatisticByQuery, statistic),
  wecom(linkChatInfo, ({ corp, input }) => {
    const key = corp.chatKeys[input.chat_key ?? '']
    const follow = key && corp.follows[key.userid]?.[key.externalUserid]
    if (!key || follow?.linkId === undefined) throw new PlatformError(40058, 'invalid parameter: chat_key')
    return {
      userid: key.userid,
      external_userid: key.externalUserid,
      chat_info: { recv_msg_cnt: follow.received, link_id: follow.linkId, state: follow.state ?? '' },
    }
  }),
]

const corpid = z.string().optional()

export const acquisitionActs = [
  act({
    name: 'wecom.clickLink',
    en: 'Somebody opens an acquisition link and does not add',
    args: z.object({ corpid, link_id: z.string() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      linkOf(corp, args.link_id).clicks.push(ns.now)
      return { clicks: linkOf(corp, args.link_id).clicks.length }
    },
  }),
  act({
    name: 'wecom.buyQuota',
    en: 'The corp buys units for acquisition links (balance_increased)',
    args: z.object({ corpid, units: z.int().positive() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      corp.quota.total += args.units
      corp.quota.balance += args.units
      tell(ns, corp, 'customer_acquisition', { ChangeType: 'balance_increased' })
      return { balance: corp.quota.balance }
    },
  }),
  act({
    name: 'wecom.deleteLink',
    en: 'An administrator deletes an acquisition link in the console (delete_link)',
    args: z.object({ corpid, link_id: z.string() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      delete corp.links[linkOf(corp, args.link_id).id]
      tell(ns, corp, 'customer_acquisition', { ChangeType: 'delete_link', LinkId: args.link_id })
      return { deleted: true }
    },
  }),
]
