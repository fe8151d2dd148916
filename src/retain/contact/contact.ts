import type { Instant } from '../../kernel/clock.ts'

/** A contact as `externalcontact/get` shows it. */
export type SeenContact = {
  corpId: string
  externalUserId: string
  /** 1 WeChat user, 2 WeCom user. */
  kind: number
  name: string
  avatar: string
  unionid?: string
  follows: SeenFollow[]
}
export type SeenFollow = { staff: string; followedAt: Instant; addWay: number; state: string; tagIds: string[] }

/** What the book says of a pair. `lostAt` of an earlier follow stays when the contact has come back. */
export type KnownFollow = { corpId: string; externalUserId: string; staff: string; followedAt: Instant; half: boolean; lostAt: Instant | null; lostBy: string | null }

export type LostBy = 'contact' | 'staff' | 'transfer'
export type LossEvidence = 'event' | 'read' | 'send-result'
export type Loss = { corpId: string; externalUserId: string; staff: string; lostAt: Instant; by: LostBy; evidence: LossEvidence }

type Loose = Record<string, unknown>
const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')

/** Reads the platform's answer; several pages of followers are joined by the caller. */
export function readContact(corpId: string, body: unknown): SeenContact {
  const { external_contact: contact = {}, follow_user: follows = [] } = body as { external_contact?: Loose; follow_user?: Loose[] }
  const unionid = text(contact.unionid)
  return {
    corpId, externalUserId: text(contact.external_userid), kind: Number(contact.type ?? 1), name: text(contact.name), avatar: text(contact.avatar), ...(unionid === '' ? {} : { unionid }),
    follows: follows.map((follow) => ({
      staff: text(follow.userid), followedAt: Number(follow.createtime ?? 0) * 1000, addWay: Number(follow.add_way ?? 0), state: text(follow.state),
      // Personal tags (type 2) have no id and belong to the member.
      tagIds: ((follow.tags ?? []) as Loose[]).filter((tag) => tag.type === 1).map((tag) => text(tag.tag_id)).filter((id) => id !== '').sort(),
    })),
  }
}

export const pairKey = (row: { corpId: string; externalUserId: string; staff: string }): string => `${row.corpId}/${row.externalUserId}/${row.staff}`

/** A follow holds while nothing ended it since it began. The platform counts whole seconds, so an end in the second of the beginning is its end. */
export function isActive(follow: Pick<KnownFollow, 'followedAt' | 'half' | 'lostAt'>): boolean {
  return !follow.half && (follow.lostAt === null || follow.followedAt > follow.lostAt)
}

export type FollowPlan = {
  write: Array<SeenFollow & { corpId: string; externalUserId: string }>
  /** Follows that are new to us, or begun again. */
  added: Array<SeenFollow & { corpId: string; externalUserId: string; again: boolean }>
  /** Follows that hold in the book and are no longer shown: the member deleted the contact (84061: a pair that the contact ended is still shown). */
  lost: Loss[]
}

/** Compares what the platform shows of contacts with the book. `seen` is complete for each contact in it. */
export function planFollows(seen: readonly SeenContact[], known: readonly KnownFollow[], now: Instant): FollowPlan {
  const byPair = new Map(known.map((row) => [pairKey(row), row]))
  const plan: FollowPlan = { write: [], added: [], lost: [] }
  for (const contact of seen) {
    const shown = new Set<string>()
    for (const follow of contact.follows) {
      const row = { ...follow, corpId: contact.corpId, externalUserId: contact.externalUserId }
      shown.add(follow.staff)
      plan.write.push(row)
      const before = byPair.get(pairKey(row))
      if (before === undefined || before.half || follow.followedAt > before.followedAt) plan.added.push({ ...row, again: before !== undefined && !before.half && before.followedAt > 0 })
    }
    for (const before of known) {
      if (before.corpId !== contact.corpId || before.externalUserId !== contact.externalUserId || shown.has(before.staff) || !isActive(before)) continue
      plan.lost.push({ corpId: before.corpId, externalUserId: before.externalUserId, staff: before.staff, lostAt: now, by: 'staff', evidence: 'read' })
    }
  }
  return plan
}

/** What a `change_external_contact` callback says by itself; whatever else it means is read again. */
export type ContactCallback = {
  change: string
  staff: string
  externalUserId: string
  /** The platform's time, whole seconds. */
  at: Instant
  state: string
  welcomeCode?: string
  source: string
  failReason: string
}

export function readContactCallback(message: Record<string, unknown>): ContactCallback {
  const code = text(message.WelcomeCode)
  return {
    change: text(message.ChangeType), staff: text(message.UserID), externalUserId: text(message.ExternalUserID), at: Number(text(message.CreateTime)) * 1000, state: text(message.State),
    source: text(message.Source), failReason: text(message.FailReason), ...(code === '' ? {} : { welcomeCode: code }),
  }
}

/** The end of a follow that a callback tells of, if it does. */
export function lossOf(corpId: string, callback: ContactCallback): Loss | undefined {
  const { change, staff, externalUserId, at } = callback
  if (staff === '' || externalUserId === '') return undefined
  if (change === 'del_follow_user') return { corpId, externalUserId, staff, lostAt: at, by: 'contact', evidence: 'event' }
  if (change === 'del_external_contact') return { corpId, externalUserId, staff, lostAt: at, by: callback.source === 'DELETE_BY_TRANSFER' ? 'transfer' : 'staff', evidence: 'event' }
  return undefined
}
