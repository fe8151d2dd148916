import { saleDate } from '../../kernel/calendar.ts'
import {
  blackListAdd,
  blackListGet,
  blackListRemove,
  qrCreate,
  qrPicture,
  shortKeyCreate,
  shortKeyGet,
  tagAttach,
  tagCreate,
  tagDelete,
  tagDetach,
  tagList,
  tagsOfUser,
  tagUpdate,
  tagUsers,
  userCumulate,
  userGet,
  userInfo,
  userInfoBatch,
  userRemark,
  userSummary,
} from '../../wechat/spec/official-account/index.ts'
import type { WeixinAccount } from '../core/account.ts'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { BinaryAnswer, serve, type Route } from '../core/registry.ts'
import { unionidOf } from '../core/people.ts'
import { codePicture } from '../mini-program/index.ts'
import { followerOf, knownOpenid, officialCaller, officialState, readOfficial, type Follower, type OfficialState } from './state.ts'

const ok = { errcode: 0, errmsg: 'ok' }
const pageSize = 10_000
const maxTags = 100
const maxTagsOfUser = 20
const systemTags = 100

/** Openids in order of following, a page after `after`. */
function page(
  list: Follower[],
  after: string | undefined,
  size = pageSize,
): { total: number; count: number; data?: { openid: string[] }; next_openid: string } {
  const sorted = list.sort((a, b) => a.n - b.n).map((follower) => follower.openid)
  let start = 0
  if (after) {
    const at = sorted.indexOf(after)
    if (at < 0) throw new PlatformError(40003, 'invalid openid')
    start = at + 1
  }
  const openid = sorted.slice(start, start + size)
  return { total: sorted.length, count: openid.length, ...(openid.length > 0 ? { data: { openid } } : {}), next_openid: openid.at(-1) ?? '' }
}

function subscribed(state: OfficialState): Follower[] {
  return Object.values(state.followers).filter((follower) => follower.subscribed)
}

function info(ns: Namespace, account: WeixinAccount, openid: string, lang = 'zh_CN') {
  knownOpenid(ns, account, openid)
  const follower = followerOf(ns, account, openid)
  if (!follower?.subscribed) return { subscribe: 0, openid }
  const unionid = unionidOf(ns, account, follower.person)
  return {
    subscribe: 1,
    openid,
    language: lang,
    subscribe_time: Math.floor(follower.followedAt / 1000),
    ...(unionid === undefined ? {} : { unionid }),
    remark: follower.remark,
    groupid: follower.tagIds[0] ?? 0,
    tagid_list: follower.tagIds,
    subscribe_scene: follower.subscribeScene,
    qr_scene: follower.qrScene,
    qr_scene_str: follower.qrSceneStr,
  }
}

function tagName(state: OfficialState, name: string, self?: number): string {
  const trimmed = name.trim()
  if (trimmed === '') throw new PlatformError(40097, 'invalid args')
  if ([...trimmed].length > 30) throw new PlatformError(45158, 'tag name too long')
  if (Object.values(state.tags).some((tag) => tag.name === trimmed && tag.id !== self)) throw new PlatformError(45157, 'invalid tag name')
  return trimmed
}

function ownTag(state: OfficialState, id: number): { id: number; name: string } {
  const tag = state.tags[id]
  if (!tag && id < systemTags && id >= 0 && id <= 2) throw new PlatformError(45058, "can't modify sys tag")
  if (!tag) throw new PlatformError(45159, 'invalid tag id')
  return tag
}

function members(ns: Namespace, account: WeixinAccount, openids: string[], limit: number): Follower[] {
  if (openids.length === 0 || openids.length > limit) throw new PlatformError(40032, 'invalid openid list size')
  return openids.map((openid) => {
    const follower = followerOf(ns, account, openid)
    if (!follower) throw new PlatformError(40003, 'invalid openid')
    return follower
  })
}

/** Days from `begin` to `end`, both included; refused when reversed, longer than 7 days, or not yet over. */
function daysOf(ns: Namespace, begin: string, end: string): string[] {
  const first = Date.parse(`${begin}T00:00:00+08:00`)
  const last = Date.parse(`${end}T00:00:00+08:00`)
  const dayMs = 86_400_000
  if (Number.isNaN(first) || Number.isNaN(last) || last < first || last - first > 6 * dayMs || end >= saleDate(ns.now))
    throw new PlatformError(61501, 'date range error')
  const days: string[] = []
  for (let at = first; at <= last; at += dayMs) days.push(saleDate(at))
  return days
}

export const userRoutes: Route[] = [
  serve(userGet, ({ ns, account, input, faults }) => {
    const list = subscribed(readOfficial(ns, officialCaller(account).id))
    return page(list, input.next_openid, faults.includes('partial') ? Math.max(1, Math.floor(Math.min(pageSize, list.length) / 2)) : pageSize)
  }),
  serve(userInfo, ({ ns, account, input }) => info(ns, officialCaller(account), input.openid, input.lang)),
  serve(userInfoBatch, ({ ns, account, input }) => {
    if (input.user_list.length === 0 || input.user_list.length > 100) throw new PlatformError(40032, 'invalid openid list size')
    return { user_info_list: input.user_list.map((user) => info(ns, officialCaller(account), user.openid, user.lang)) }
  }),
  serve(userRemark, ({ ns, account, input }) => {
    const follower = followerOf(ns, officialCaller(account), input.openid)
    if (!follower) throw new PlatformError(40003, 'invalid openid')
    if ([...input.remark].length > 30) throw new PlatformError(40097, 'invalid args')
    follower.remark = input.remark
    return ok
  }),
  serve(tagCreate, ({ ns, account, input }) => {
    const state = officialState(ns, officialCaller(account).id)
    if (Object.keys(state.tags).length >= maxTags) throw new PlatformError(45056, 'too many tags')
    const name = tagName(state, input.tag.name)
    const tag = { id: state.nextTag++, name }
    state.tags[tag.id] = tag
    return { tag }
  }),
  serve(tagList, ({ ns, account }) => {
    const state = readOfficial(ns, officialCaller(account).id)
    const counts = new Map<number, number>()
    for (const follower of subscribed(state)) for (const id of follower.tagIds) counts.set(id, (counts.get(id) ?? 0) + 1)
    return { tags: Object.values(state.tags).map((tag) => ({ ...tag, count: counts.get(tag.id) ?? 0 })) }
  }),
  serve(tagUpdate, ({ ns, account, input }) => {
    const state = officialState(ns, officialCaller(account).id)
    const tag = ownTag(state, input.tag.id)
    tag.name = tagName(state, input.tag.name, tag.id)
    return ok
  }),
  serve(tagDelete, ({ ns, account, input }) => {
    const state = officialState(ns, officialCaller(account).id)
    const { id } = ownTag(state, input.tag.id)
    const holders = Object.values(state.followers).filter((follower) => follower.tagIds.includes(id))
    if (holders.length > 100_000) throw new PlatformError(45057, 'tag has too many fans')
    for (const follower of holders) follower.tagIds = follower.tagIds.filter((held) => held !== id)
    delete state.tags[id]
    return ok
  }),
  serve(tagUsers, ({ ns, account, input }) => {
    const state = readOfficial(ns, officialCaller(account).id)
    ownTag(state, input.tagid)
    const { total: _, ...answer } = page(
      subscribed(state).filter((follower) => follower.tagIds.includes(input.tagid)),
      input.next_openid,
    )
    return answer
  }),
  serve(tagAttach, ({ ns, account, input }) => {
    const caller = officialCaller(account)
    ownTag(officialState(ns, caller.id), input.tagid)
    const chosen = members(ns, caller, input.openid_list, 50)
    if (chosen.some((follower) => !follower.tagIds.includes(input.tagid) && follower.tagIds.length >= maxTagsOfUser))
      throw new PlatformError(45059, 'user has too many tags')
    for (const follower of chosen) if (!follower.tagIds.includes(input.tagid)) follower.tagIds.push(input.tagid)
    return ok
  }),
  serve(tagDetach, ({ ns, account, input }) => {
    const caller = officialCaller(account)
    ownTag(officialState(ns, caller.id), input.tagid)
    for (const follower of members(ns, caller, input.openid_list, 50)) follower.tagIds = follower.tagIds.filter((id) => id !== input.tagid)
    return ok
  }),
  serve(tagsOfUser, ({ ns, account, input }) => {
    const follower = followerOf(ns, officialCaller(account), input.openid)
    if (!follower) throw new PlatformError(40003, 'invalid openid')
    return { tagid_list: follower.tagIds }
  }),
  serve(blackListGet, ({ ns, account, input }) =>
    page(
      Object.values(readOfficial(ns, officialCaller(account).id).followers).filter((follower) => follower.blocked),
      input.begin_openid,
    ),
  ),
  serve(blackListAdd, ({ ns, account, input }) => {
    for (const follower of members(ns, officialCaller(account), input.openid_list, 20)) follower.blocked = true
    return ok
  }),
  serve(blackListRemove, ({ ns, account, input }) => {
    for (const follower of members(ns, officialCaller(account), input.openid_list, 20)) follower.blocked = false
    return ok
  }),
  serve(qrCreate, ({ ns, account, input }) => {
    const state = officialState(ns, officialCaller(account).id)
    const { scene_id: sceneId, scene_str: sceneStr } = input.action_info.scene
    const text = input.action_name === 'QR_STR_SCENE' || input.action_name === 'QR_LIMIT_STR_SCENE'
    const permanent = input.action_name.startsWith('QR_LIMIT_')
    if (!['QR_SCENE', 'QR_STR_SCENE', 'QR_LIMIT_SCENE', 'QR_LIMIT_STR_SCENE'].includes(input.action_name))
      throw new PlatformError(40052, 'invalid action name')
    if (
      text
        ? sceneStr === undefined || sceneStr.length < 1 || sceneStr.length > 64
        : sceneId === undefined || sceneId < 1 || sceneId > (permanent ? 100_000 : 0xffffffff)
    ) {
      throw new PlatformError(40053, 'invalid action info')
    }
    const seconds = input.expire_seconds ?? 30
    if (!permanent && (seconds < 1 || seconds > 2_592_000)) throw new PlatformError(40097, 'invalid expire_seconds')
    const scene = { sceneId: text ? null : (sceneId ?? null), sceneStr: text ? (sceneStr ?? null) : null }
    const known =
      permanent &&
      Object.values(state.qr).find((code) => code.expiresAt === null && code.sceneId === scene.sceneId && code.sceneStr === scene.sceneStr)
    if (known) return { ticket: known.ticket, url: known.url }
    const ticket = freshId(ns, 'gQ', 94)
    const url = `http://weixin.qq.com/q/${freshId(ns, '0', 18)}`
    state.qr[ticket] = { ticket, ...scene, expiresAt: permanent ? null : ns.now + seconds * 1000, url }
    return { ticket, ...(permanent ? {} : { expire_seconds: seconds }), url }
  }),
  serve(qrPicture, ({ ns, input }) => {
    const states = (ns.slices['official-account'] ?? {}) as Record<string, OfficialState>
    const code = Object.values(states)
      .map((state) => state.qr[input.ticket])
      .find((found) => found !== undefined)
    if (!code) throw new PlatformError(40097, 'invalid ticket', { status: 404 })
    return new BinaryAnswer('image/png', codePicture(code.ticket))
  }),
  serve(shortKeyCreate, ({ ns, account, input }) => {
    const state = officialState(ns, officialCaller(account).id)
    const ttlS = input.expire_seconds ?? 2_592_000
    if (Buffer.byteLength(input.long_data) > 4096 || ttlS < 1 || ttlS > 2_592_000) throw new PlatformError(40097, 'invalid args')
    const key = freshId(ns, '', 15)
    state.shortKeys[key] = { data: input.long_data, createdAt: ns.now, ttlS }
    return { short_key: key }
  }),
  serve(shortKeyGet, ({ ns, account, input }) => {
    const found = readOfficial(ns, officialCaller(account).id).shortKeys[input.short_key]
    if (!found || found.createdAt + found.ttlS * 1000 <= ns.now) throw new PlatformError(40097, 'invalid short_key')
    return {
      long_data: found.data,
      create_time: Math.floor(found.createdAt / 1000),
      expire_seconds: found.ttlS - Math.floor((ns.now - found.createdAt) / 1000),
    }
  }),
  serve(userSummary, ({ ns, account, input }) => {
    const state = readOfficial(ns, officialCaller(account).id)
    return {
      list: daysOf(ns, input.begin_date, input.end_date).flatMap((day) => {
        const counted = state.days[day]
        if (!counted) return []
        const sources = Object.entries(counted.new)
        const rows = sources.length > 0 ? sources : [['0', 0] as [string, number]]
        return rows.map(([source, count], index) => ({
          ref_date: day,
          user_source: Number(source),
          new_user: count,
          cancel_user: index === 0 ? counted.cancel : 0,
        }))
      }),
    }
  }),
  serve(userCumulate, ({ ns, account, input }) => {
    const state = readOfficial(ns, officialCaller(account).id)
    const known = Object.keys(state.days).sort()
    return {
      list: daysOf(ns, input.begin_date, input.end_date).map((day) => {
        const last = known.filter((other) => other <= day).at(-1)
        return { ref_date: day, user_source: 0, cumulate_user: last === undefined ? 0 : state.days[last].total }
      }),
    }
  }),
]
