import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { listMessages } from '../outbound/index.ts'
import { listSegment, type SegmentField } from '../segment/index.ts'
import { campaignOf } from './broadcast.ts'
import { listBroadcasts } from './store.ts'

const bare = (text: string): string => text.replace(/\s+/g, '')
/** Older ones are over. */
const looked = 50
const most = 1_000_000

/** Broadcasts that have yet to reach somebody and say one of these texts, with whom they would reach: the segment of a draft or a held one, what is still open of one that is under way. */
export async function broadcastsSaying(tx: Tx, tenantId: number, texts: readonly string[], fields: ReadonlyMap<string, SegmentField>, now: Instant): Promise<Array<{ broadcastId: string; name: string; status: string; text: string; personIds: string[] }>> {
  const wanted = new Set(texts.map(bare).filter((text) => text !== ''))
  if (wanted.size === 0) return []
  const found = (await listBroadcasts(tx, tenantId, looked)).filter((one) => ['draft', 'held', 'sending'].includes(one.status) && wanted.has(bare(one.content.text)))
  const rows = []
  for (const { broadcastId, name, status, content, rules } of found) {
    const personIds = status === 'sending' ? (await listMessages(tx, tenantId, { campaign: campaignOf(broadcastId), state: 'queued' }, most)).map((message) => message.personId) : await listSegment(tx, tenantId, rules, fields, now)
    rows.push({ broadcastId, name, status, text: content.text, personIds })
  }
  return rows
}
