import type { Instant } from '../../kernel/clock.ts'

/**
 * A reader account. `house` writes in the merchant's own name: its person is its own id and owns nothing.
 * `avatar` and `contactMedia` name images of kernel/media by sha256; `contactMedia` is the author's own QR code.
 */
export type Reader = {
  readerId: string
  personId: string
  kind: 'person' | 'house'
  name: string
  bio: string
  avatar: string | null
  contactMedia: string | null
  state: 'open' | 'closed' | 'erased'
  /** When the phone was proved; null: not yet. */
  phoneAt: Instant | null
  /** Those who follow this reader back may see what was read. Off until switched on. */
  showReads: boolean
  notices: Notices
  /** How many follow this reader. */
  followers: number
  createdAt: Instant
  createdSurface: string
}
export type Notices = { replies: boolean; decisions: boolean; follows: boolean; sales: boolean }
export const defaultNotices: Notices = { replies: true, decisions: true, follows: false, sales: true }

/** What a page shows of an author or of who commented. */
export type ReaderCard = { readerId: string; name: string; bio: string; avatar: string | null; kind: 'person' | 'house'; gone: boolean }

/** A name nobody has to think of: until the reader gives one. */
export const nameOf = (readerId: string): string => `读者 ${readerId.replaceAll('-', '').slice(-6)}`
/** What stands in place of somebody who left. */
export const goneName = '已注销'

export const cardOf = (reader: Pick<Reader, 'readerId' | 'name' | 'bio' | 'avatar' | 'kind' | 'state'>): ReaderCard => {
  const gone = reader.state === 'erased'
  return { readerId: reader.readerId, kind: reader.kind, gone, name: gone ? goneName : reader.name || nameOf(reader.readerId), bio: gone ? '' : reader.bio, avatar: gone ? null : reader.avatar }
}
