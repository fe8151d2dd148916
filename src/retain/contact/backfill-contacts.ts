import type { JobHandler } from '../../kernel/engine/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { isActive } from './contact.ts'
import type { ContactPlatform } from './platform.ts'
import { contactKind } from './read-contacts.ts'
import { bookedPairs, upsertStaff } from './store.ts'

/**
 * Back-fill of contacts (补拉): who follows whom, member by member (`get_follow_user_list`, then `batch/get_by_user`, 100 members a call and 100 pairs
 * a page), compared with the book; what differs is read again. It finds lost add, edit and member-side delete callbacks. A deletion by the contact
 * leaves the pair in the list, so only its callback or a send result tells of it. One job per connection.
 */
export const contactBackfillKind = 'wecom.contact.backfill'

type State = { connectionId: string; doneAt?: Instant }
type Pair = { externalUserId: string; staff: string; followedAt: Instant; tags: string }
type Listed = { staff: string[]; pairs: Pair[] } | { off: true }

const everyMs = 6 * 3_600_000
/** The block is off: looked at again after a while. */
const offMs = 30 * 60_000
/** Callbacks of the last minutes may still be on their way. */
const settleMs = 10 * 60_000
const defaultCapacity = 5_000 // before the merchant asks for more (2026; up to 20,000 by approval)

export function contactBackfill(platform: ContactPlatform): JobHandler {
  return {
    kind: contactBackfillKind,
    async prepare(work, job): Promise<Listed> {
      const { connectionId } = job.state as State
      if (!platform.blockOn(work.tenantId, 'contacts')) return { off: true }
      const ask = async (endpoint: string, request: unknown): Promise<unknown> => {
        const answer = await platform.call(work.tenantId, connectionId, endpoint, request)
        if (answer.kind !== 'ok') throw new Error(`${endpoint}: ${answer.text}`)
        return answer.result
      }
      const staff = ((await ask('wecom.contact.follow_user_list', {})) as { follow_user?: string[] }).follow_user ?? []
      const pairs: Pair[] = []
      for (let from = 0; from < staff.length; from += 100) {
        for (let cursor = ''; ;) {
          type Page = { external_contact_list?: Array<{ external_contact: { external_userid: string }; follow_info: { userid: string; createtime: number; tag_id?: string[] } }>; next_cursor?: string }
          const page = (await ask('wecom.contact.batch_get', { userid_list: staff.slice(from, from + 100), cursor, limit: 100 })) as Page
          for (const { external_contact: contact, follow_info: info } of page.external_contact_list ?? []) {
            pairs.push({ externalUserId: String(contact.external_userid), staff: info.userid, followedAt: info.createtime * 1000, tags: [...(info.tag_id ?? [])].sort().join(',') })
          }
          if (!page.next_cursor || page.next_cursor === cursor) break
          cursor = page.next_cursor
        }
      }
      return { staff, pairs }
    },
    async run(work, tx, job, prepared) {
      const state = job.state as State
      const listed = prepared as Listed
      if ('off' in listed) return { dueAt: work.now + offMs, state }
      const corpId = platform.accountOf(work.tenantId, state.connectionId)
      await upsertStaff(tx, work.tenantId, corpId, listed.staff, (await readSetting<number>(tx, work.tenantId, 'staff.capacity')) ?? defaultCapacity, work.now)
      const wanted = differing(listed.pairs, await bookedPairs(tx, work.tenantId, corpId), listed.staff, work.now - settleMs)
      await work.ring(tx, wanted.map((objectId) => ({ connectionId: state.connectionId, kind: contactKind, objectId, at: work.now, cause: 'backfill' as const })))
      return { dueAt: work.now + everyMs, state: { connectionId: state.connectionId, doneAt: work.now } satisfies State }
    },
  }
}

/** Contacts whose pairs differ from the book: new, begun again, tagged otherwise, or no longer shown. Pairs of members who are not listed say nothing. */
export function differing(listed: readonly Pair[], booked: ReadonlyArray<Pair & { half: boolean; lostAt: Instant | null }>, staff: readonly string[], settledBefore: Instant): string[] {
  const book = new Map(booked.map((row) => [`${row.externalUserId}/${row.staff}`, row]))
  const asked = new Set(staff)
  const wanted = new Set<string>()
  const shown = new Set<string>()
  for (const pair of listed) {
    const key = `${pair.externalUserId}/${pair.staff}`
    shown.add(key)
    const row = book.get(key)
    if (row === undefined || row.half || row.followedAt !== pair.followedAt || row.tags !== pair.tags) wanted.add(pair.externalUserId)
  }
  for (const row of booked) {
    if (asked.has(row.staff) && isActive(row) && row.followedAt < settledBefore && !shown.has(`${row.externalUserId}/${row.staff}`)) wanted.add(row.externalUserId)
  }
  return [...wanted].sort()
}
