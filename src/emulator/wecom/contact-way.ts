import { contactWayAdd, contactWayDelete, contactWayGet, contactWayList, contactWayUpdate, tempChatClose } from '../../wechat/spec/wecom/index.ts'
import { PlatformError } from '../core/platform-error.ts'
import { atMost, limitOf, page, wecom } from './call.ts'
import { freshHex, memberOf, peopleBehind, relationOf, type ContactWay, type CorpState } from './state.ts'

const daySeconds = 86_400

type WayInput = {
  style?: number
  remark?: string
  skip_verify?: boolean
  state?: string
  user?: string[]
  party?: number[]
  expires_in?: number
  chat_expires_in?: number
  unionid?: string
  mark_source?: boolean
  conclusions?: Record<string, unknown>
}

function checkPeople(corp: CorpState, type: number, users: string[], parties: number[]): void {
  if (type === 1 && (users.length !== 1 || parties.length > 0))
    throw new PlatformError(40058, 'invalid parameter: type 1 takes exactly one user and no party')
  if (users.length === 0 && parties.length === 0) throw new PlatformError(40063, 'user and party are both empty')
  for (const userid of users) {
    const member = memberOf(corp, userid)
    if (member.status !== 1 || !member.realName || !member.customerContact) throw new PlatformError(41054, `user ${userid} is not activated`)
  }
  for (const id of parties) if (!corp.departments[id]) throw new PlatformError(60123, 'invalid party id')
  if (peopleBehind(corp, users, parties).length > corp.settings.peopleMax) throw new PlatformError(41041, 'contact way user count exceeds limit')
}

function change(corp: CorpState, way: ContactWay, input: WayInput): void {
  atMost(input.remark, 30, 'remark')
  atMost(input.state, 30, 'state')
  for (const field of ['expires_in', 'chat_expires_in'] as const) {
    const value = input[field]
    if (value !== undefined && (value < 0 || value > 14 * daySeconds))
      throw new PlatformError(40058, `invalid parameter: ${field} is 14 days at most`)
  }
  if (input.style !== undefined && (input.style < 0 || input.style > 3)) throw new PlatformError(41042, 'invalid contact way style')
  if (input.user || input.party) {
    const user = input.user ?? (way.type === 1 ? way.user : [])
    const party = input.party ?? []
    checkPeople(corp, way.type, user, party)
    way.user = user
    way.party = party
  }
  if (input.style !== undefined) way.style = input.style
  if (input.remark !== undefined) way.remark = input.remark
  if (input.skip_verify !== undefined) way.skipVerify = input.skip_verify
  if (input.state !== undefined) way.state = input.state
  if (input.expires_in) way.expiresIn = input.expires_in
  if (input.chat_expires_in) way.chatExpiresIn = input.chat_expires_in
  if (input.unionid) way.unionid = input.unionid
  if (input.mark_source !== undefined) way.markSource = input.mark_source
  if (input.conclusions) way.conclusions = input.conclusions
}

function wayOf(corp: CorpState, id: string | undefined): ContactWay {
  if (id === undefined || id === '') throw new PlatformError(41043, 'missing config_id')
  const way = corp.contactWays[id]
  if (!way) throw new PlatformError(41044, 'invalid config_id')
  return way
}

const qrCode = (way: ContactWay): string => `https://wework.qpic.cn/wwpic/qr_${way.id}/0`

export const contactWayRoutes = [
  wecom(contactWayAdd, ({ ns, corp, input }) => {
    if (input.type === undefined) throw new PlatformError(41037, 'missing contact way type')
    if (input.scene === undefined) throw new PlatformError(41038, 'missing contact way scene')
    if (input.type !== 1 && input.type !== 2) throw new PlatformError(41039, 'invalid contact way type')
    if (input.scene !== 1 && input.scene !== 2) throw new PlatformError(41040, 'invalid contact way scene')
    // Group join ways share the quota; temporary ways do not use it.
    if (input.is_temp !== true && Object.keys(corp.contactWays).length + Object.keys(corp.joinWays).length >= corp.settings.contactWayMax)
      throw new PlatformError(41045, 'contact way count exceeds limit')
    const way: ContactWay = {
      id: freshHex(ns, 'config', 32),
      type: input.type,
      scene: input.scene,
      remark: '',
      skipVerify: true,
      state: '',
      user: [],
      party: [],
      temporary: input.is_temp === true,
      expiresIn: 7 * daySeconds,
      chatExpiresIn: daySeconds,
      exclusive: input.is_exclusive === true,
      markSource: true,
      createdAt: ns.now,
    }
    change(corp, way, { ...input, user: input.user ?? [], party: input.party ?? [] })
    corp.contactWays[way.id] = way
    return { config_id: way.id, ...(way.scene === 2 ? { qr_code: qrCode(way) } : {}) }
  }),
  wecom(contactWayGet, ({ corp, input }) => {
    const way = wayOf(corp, input.config_id)
    return {
      contact_way: {
        config_id: way.id,
        type: way.type,
        scene: way.scene,
        ...(way.style === undefined ? {} : { style: way.style }),
        remark: way.remark,
        skip_verify: way.skipVerify,
        state: way.state,
        ...(way.scene === 2 ? { qr_code: qrCode(way) } : {}),
        user: way.user,
        party: way.party,
        is_temp: way.temporary,
        ...(way.temporary ? { expires_in: way.expiresIn, chat_expires_in: way.chatExpiresIn } : {}),
        ...(way.unionid === undefined ? {} : { unionid: way.unionid }),
        is_exclusive: way.exclusive,
        mark_source: way.markSource,
        ...(way.conclusions ? { conclusions: way.conclusions } : {}),
      },
    }
  }),
  wecom(contactWayList, ({ ns, corp, input, call }) => {
    const from = input.start_time === undefined ? ns.now - 90 * daySeconds * 1000 : input.start_time * 1000
    const to = input.end_time === undefined ? ns.now : input.end_time * 1000
    const ways = Object.values(corp.contactWays).filter((way) => !way.temporary && way.createdAt >= from && way.createdAt <= to + 999)
    const { items, next_cursor } = page(ways, ({ id }) => id, input.cursor, limitOf(input.limit, 100, 1_000), call.faults)
    return { contact_way: items.map(({ id }) => ({ config_id: id })), next_cursor }
  }),
  wecom(contactWayUpdate, ({ corp, input }) => {
    change(corp, wayOf(corp, input.config_id), input)
    return {}
  }),
  wecom(contactWayDelete, ({ corp, input }) => {
    delete corp.contactWays[wayOf(corp, input.config_id).id]
    return {}
  }),
  wecom(tempChatClose, ({ corp, input }) => {
    relationOf(corp, input.userid, input.external_userid)
    return {}
  }),
]
