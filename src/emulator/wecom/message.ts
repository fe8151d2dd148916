import { dayNumber } from '../../kernel/calendar.ts'
import {
  mediaUpload,
  mediaUploadAttachment,
  mediaUploadByUrl,
  mediaUploadImage,
  messageRecall,
  messageSend,
  templateCardUpdate,
} from '../../wechat/spec/wecom/index.ts'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import type { Call } from '../core/registry.ts'
import { bytesOf, wecom } from './call.ts'
import { arrive, departmentTree, freshHex, seconds, type CorpState } from './state.ts'

const textMax: Record<string, number> = { text: 2_048, markdown: 2_048 }
const kinds = ['text', 'image', 'voice', 'video', 'file', 'textcard', 'news', 'mpnews', 'markdown', 'miniprogram_notice', 'template_card'] as const
const recallMs = 24 * 3_600_000

const split = (list: string | undefined): string[] =>
  (list ?? '')
    .split('|')
    .map((id) => id.trim())
    .filter((id) => id !== '')

// ---- media ----

/** Limits in bytes: image 10 MB, voice 2 MB, video 10 MB, file 20 MB. */
const sizeMax: Record<string, number> = { image: 10 << 20, voice: 2 << 20, video: 10 << 20, file: 20 << 20 }

function fileOf(call: Pick<Call, 'parts'>): { name: string; bytes: Uint8Array } {
  const part = call.parts.find(({ filename }) => filename !== undefined) ?? call.parts[0]
  if (!part || part.bytes.length === 0) throw new PlatformError(44001, 'empty media data')
  return { name: part.filename ?? part.name, bytes: part.bytes }
}

function keep(
  ns: Namespace,
  corp: CorpState,
  type: string | undefined,
  purpose: 'temporary' | 'attachment',
  file: { name: string; bytes: Uint8Array },
): string {
  const max = sizeMax[type ?? '']
  if (max === undefined || type === undefined) throw new PlatformError(40004, 'invalid media type')
  // Bytes are not kept: nothing in the emulator shows them.
  if (file.bytes.length > max) throw new PlatformError(45001, 'media size out of limit')
  if (file.bytes.length <= 5) throw new PlatformError(40006, 'invalid media size')
  const id = freshId(ns, purpose === 'attachment' ? 'WWCISP_' : '3', 60)
  corp.media[id] = { type, purpose, at: ns.now, name: file.name, size: file.bytes.length }
  return id
}

export const messageRoutes = [
  wecom(messageSend, ({ ns, corp, app, input }) => {
    if (input.agentid === undefined || String(input.agentid) !== app.agentId) throw new PlatformError(40056, 'invalid agentid')
    const users = split(input.touser)
    const parties = split(input.toparty)
    const tags = split(input.totag)
    if (users.length + parties.length + tags.length === 0) throw new PlatformError(82001, 'no receiver')
    if (users.length > 1_000) throw new PlatformError(40032, 'invalid userid list size')
    if (parties.length > 100) throw new PlatformError(82002, 'invalid party list size')
    if (tags.length > 100) throw new PlatformError(82003, 'invalid tag list size')
    const kind = kinds.find((name) => name === input.msgtype)
    if (!kind) throw new PlatformError(40008, 'invalid message type')
    const body = input[kind]
    if (body === undefined) throw new PlatformError(82004, `invalid message content: ${kind} is missing`)
    const text = (body as { content?: string }).content
    if ((kind === 'text' || kind === 'markdown') && (text === undefined || text === '')) throw new PlatformError(44004, 'empty content')
    if (text !== undefined && bytesOf(text) > (textMax[kind] ?? Infinity)) throw new PlatformError(45002, 'content size out of limit')
    if (['image', 'voice', 'video', 'file'].includes(kind)) {
      const media = corp.media[(body as { media_id?: string }).media_id ?? '']
      if (!media || media.type !== kind || ns.now - media.at > 3 * 86_400_000) throw new PlatformError(40007, 'invalid media_id')
    }
    const everyone = users.length === 1 && users[0] === '@all'
    const active = (userid: string): boolean => corp.members[userid]?.status === 1
    const receivers = new Set(everyone ? Object.keys(corp.members).filter(active) : users.filter(active))
    const badUsers = everyone ? [] : users.filter((userid) => !corp.members[userid])
    const badParties = parties.filter((id) => !corp.departments[id])
    for (const id of parties) {
      if (!corp.departments[id]) continue
      const tree = departmentTree(corp, Number(id))
      for (const member of Object.values(corp.members))
        if (member.status === 1 && member.department.some((own) => tree.has(own))) receivers.add(member.userid)
    }
    // Member tags of the address book are not emulated: all are unknown.
    if (receivers.size === 0) throw new PlatformError(81013, 'user & party & tag all invalid')
    if (input.enable_duplicate_check === 1) {
      const key = `${app.agentId}|${JSON.stringify([input.touser, input.toparty, input.totag, kind, body])}`
      const interval = Math.min(input.duplicate_check_interval ?? 1_800, 14_400) * 1000
      for (const [old, until] of Object.entries(corp.duplicates)) if (until <= ns.now) delete corp.duplicates[old]
      const repeated = corp.duplicates[key] !== undefined
      corp.duplicates[key] ??= ns.now + interval
      if (repeated)
        return { invaliduser: badUsers.join('|'), invalidparty: badParties.join('|'), invalidtag: tags.join('|'), msgid: freshId(ns, 'am', 40) }
    }
    const day = dayNumber(ns.now)
    if (corp.appSends.day !== day) corp.appSends = { day, count: {} }
    // The account cap × 200 person-times per app per day.
    const used = corp.appSends.count[app.agentId] ?? 0
    if (used + receivers.size > corp.settings.memberMax * 200) throw new PlatformError(45009, 'api freq out of limit')
    corp.appSends.count[app.agentId] = used + receivers.size
    const id = freshId(ns, 'am', 40)
    const got: string[] = []
    for (const userid of receivers) {
      // 30 a minute and 1,000 an hour for one member; the excess is dropped without a word.
      const recent = (corp.memberSends[userid] ?? []).filter((at) => at > ns.now - 3_600_000)
      if (recent.length < 1_000 && recent.filter((at) => at > ns.now - 60_000).length < 30) {
        recent.push(ns.now)
        got.push(userid)
        arrive(ns, corp, { kind: 'app', from: app.agentId, to: userid, ref: id, content: { text: text ?? kind, attachments: [] } })
      }
      corp.memberSends[userid] = recent
    }
    for (const [old, { at }] of Object.entries(corp.appMessages)) {
      if (at > ns.now - 3 * recallMs) break
      delete corp.appMessages[old]
    }
    corp.appMessages[id] = { agentId: app.agentId, at: ns.now, to: got, recalled: false }
    const responseCode = kind === 'template_card' ? freshHex(ns, 'response-code', 40) : undefined
    if (responseCode !== undefined) corp.responseCodes[responseCode] = { agentId: app.agentId, at: ns.now, used: false }
    return {
      invaliduser: badUsers.join('|'),
      invalidparty: badParties.join('|'),
      invalidtag: tags.join('|'),
      msgid: id,
      ...(responseCode === undefined ? {} : { response_code: responseCode }),
    }
  }),
  wecom(messageRecall, ({ ns, corp, app, input }) => {
    const message = corp.appMessages[input.msgid ?? '']
    if (!message || message.agentId !== app.agentId) throw new PlatformError(41047, 'invalid msgid')
    if (ns.now - message.at > recallMs) throw new PlatformError(42052, 'msgid expired')
    message.recalled = true
    return {}
  }),
  wecom(templateCardUpdate, ({ ns, corp, app, input }) => {
    const code = corp.responseCodes[input.response_code ?? '']
    // 72 hours in one copy of the page, 24 in another: the longer one is used.
    if (!code || code.used || ns.now - code.at > 72 * 3_600_000) throw new PlatformError(40058, 'invalid parameter: response_code')
    if (code.agentId !== app.agentId) throw new PlatformError(42015, 'the app did not send the card')
    code.used = true
    return { invaliduser: (input.userids ?? []).filter((userid) => !corp.members[userid]) }
  }),
  wecom(mediaUpload, ({ ns, corp, input, call }) => ({
    type: input.type,
    media_id: keep(ns, corp, input.type, 'temporary', fileOf(call)),
    created_at: String(seconds(ns.now)),
  })),
  wecom(mediaUploadImage, ({ ns, corp, call }) => {
    const file = fileOf(call)
    if (file.bytes.length > 2 << 20) throw new PlatformError(45001, 'media size out of limit')
    return { url: `https://wework.qpic.cn/wwpic/${corp.id}/${freshHex(ns, 'picture', 40)}/0` }
  }),
  wecom(mediaUploadAttachment, ({ ns, corp, input, call }) => {
    if (!['1', '2'].includes(String(input.attachment_type))) throw new PlatformError(40058, 'invalid parameter: attachment_type')
    return { type: input.media_type, media_id: keep(ns, corp, input.media_type, 'attachment', fileOf(call)), created_at: seconds(ns.now) }
  }),
  wecom(mediaUploadByUrl, ({ ns, input }) => {
    if (!input.url || !/^https?:\/\//.test(input.url)) throw new PlatformError(40058, 'invalid parameter: url')
    return { jobid: freshId(ns, 'job', 40) }
  }),
]
