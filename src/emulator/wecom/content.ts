import type { Instant } from '../../kernel/clock.ts'
import { PlatformError } from '../core/platform-error.ts'
import { bytesOf } from './call.ts'
import type { Content, CorpState } from './state.ts'

const mediaLifeMs = 3 * 86_400_000

type Given = { text?: { content?: string }; attachments?: Array<{ msgtype: string; [key: string]: unknown }> }
type Block = Record<string, string | undefined>

export function checkMedia(corp: CorpState, now: Instant, mediaId: string | undefined, purpose: 'temporary' | 'attachment' = 'temporary'): void {
  const media = mediaId === undefined ? undefined : corp.media[mediaId]
  if (!media || now - media.at > mediaLifeMs) throw new PlatformError(40007, 'invalid media_id')
  if (media.purpose !== purpose)
    throw new PlatformError(purpose === 'attachment' ? 41072 : 40007, purpose === 'attachment' ? 'attachment scene mismatch' : 'invalid media_id')
}

function within(value: string | undefined, max: number, field: string): void {
  if (value !== undefined && bytesOf(value) > max) throw new PlatformError(40058, `invalid parameter: ${field} is over ${max} bytes`)
}

function required(value: string | undefined, field: string): void {
  if (value === undefined || value === '') throw new PlatformError(40063, `some parameters are empty: ${field}`)
}

/** Text and attachments of a message to customers: welcome, mass send. */
export function messageOf(corp: CorpState, now: Instant, given: Given): Content {
  const text = given.text?.content
  const attachments = given.attachments ?? []
  if ((text === undefined || text === '') && attachments.length === 0) throw new PlatformError(40063, 'text and attachments are both empty')
  within(text, 4_000, 'text.content')
  if (attachments.length > 9) throw new PlatformError(41064, 'attachments exceed 9')
  for (const attachment of attachments) {
    const block = (attachment[attachment.msgtype] ?? {}) as Block
    switch (attachment.msgtype) {
      case 'image':
        if (block.media_id === undefined || block.media_id === '') required(block.pic_url, 'image.media_id or pic_url')
        else checkMedia(corp, now, block.media_id)
        break
      case 'link':
        required(block.title, 'link.title')
        required(block.url, 'link.url')
        within(block.title, 128, 'link.title')
        within(block.desc, 512, 'link.desc')
        within(block.url, 2_048, 'link.url')
        break
      case 'miniprogram':
        for (const field of ['title', 'pic_media_id', 'appid', 'page']) required(block[field], `miniprogram.${field}`)
        within(block.title, 64, 'miniprogram.title')
        checkMedia(corp, now, block.pic_media_id)
        break
      case 'video':
      case 'file':
        checkMedia(corp, now, block.media_id)
        break
      default:
        throw new PlatformError(41065, `invalid attachment type ${attachment.msgtype}`)
    }
  }
  return { ...(text ? { text } : {}), attachments: attachments.map(({ msgtype, ...rest }) => ({ msgtype, [msgtype]: rest[msgtype] })) }
}

/** A Moment: nine images, or one video, or one link; its media come from upload_attachment. */
export function momentContentOf(corp: CorpState, now: Instant, given: Given): Content {
  const text = given.text?.content
  const attachments = given.attachments ?? []
  if ((text === undefined || text === '') && attachments.length === 0) throw new PlatformError(41089, 'moment attachments and text are both empty')
  within(text, 4_000, 'text.content')
  if (text !== undefined && [...text].length > 2_000) throw new PlatformError(40058, 'invalid parameter: text.content is over 2000 characters')
  const kinds = new Set(attachments.map(({ msgtype }) => msgtype))
  for (const kind of kinds) if (!['image', 'video', 'link'].includes(kind)) throw new PlatformError(41065, `invalid attachment type ${kind}`)
  if (kinds.size > 1) throw new PlatformError(41065, 'a moment holds images, or a video, or a link')
  if (attachments.length > (kinds.has('image') ? 9 : 1)) throw new PlatformError(41064, 'too many attachments')
  for (const attachment of attachments) {
    const block = (attachment[attachment.msgtype] ?? {}) as Block
    if (attachment.msgtype === 'link') {
      required(block.url, 'link.url')
      within(block.title, 64, 'link.title')
    }
    checkMedia(corp, now, block.media_id, 'attachment')
  }
  return { ...(text ? { text } : {}), attachments: attachments.map(({ msgtype, ...rest }) => ({ msgtype, [msgtype]: rest[msgtype] })) }
}

export function contentOnWire(content: Content): { text?: { content: string }; attachments?: Array<{ msgtype: string; [key: string]: unknown }> } {
  return {
    ...(content.text ? { text: { content: content.text } } : {}),
    ...(content.attachments.length > 0 ? { attachments: content.attachments as Array<{ msgtype: string }> } : {}),
  }
}
