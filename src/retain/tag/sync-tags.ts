import type { FactHandler, JobHandler, ReplyHandler, Work } from '../../kernel/engine/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { enqueueCalls } from '../../kernel/outbox/index.ts'
import { contactKind, type ContactPlatform, type Sender } from '../contact/index.ts'
import { replaceTags, type TagRow } from './store.ts'

/** The corp's tag library (企业标签库): read whole after a `change_external_tag` callback and once a day. */
export const tagSyncKind = 'wecom.tag.sync'
const everyMs = 86_400_000
const markReply = 'tag.mark'

type State = { connectionId: string }
type Group = { group_id: string; group_name: string; deleted?: boolean; tag: Array<{ id: string; name: string; order: number; deleted?: boolean }> }

export function tagSync(platform: ContactPlatform): JobHandler {
  return {
    kind: tagSyncKind,
    async prepare(work, job): Promise<Group[] | undefined> {
      if (!platform.blockOn(work.tenantId, 'contacts')) return undefined
      const answer = await platform.call(work.tenantId, (job.state as State).connectionId, 'wecom.tag.list', {})
      if (answer.kind !== 'ok') throw new Error(`tag list: ${answer.text}`)
      return (answer.result as { tag_group?: Group[] }).tag_group ?? []
    },
    async run(work, tx, job, prepared) {
      if (prepared === undefined) return { dueAt: work.now + everyMs }
      const corpId = platform.accountOf(work.tenantId, (job.state as State).connectionId)
      const tags = (prepared as Group[]).filter((group) => group.deleted !== true).flatMap((group) => group.tag.filter((tag) => tag.deleted !== true).map((tag): TagRow => ({
        corpId, tagId: tag.id, groupId: group.group_id, groupName: group.group_name, name: tag.name, sort: Math.trunc(tag.order),
      })))
      await replaceTags(tx, work.tenantId, corpId, tags, work.now)
      return { dueAt: work.now + everyMs }
    },
  }
}

export const tagFacts: FactHandler = {
  line: 'wecom',
  accepts: (event) => event.startsWith('change_external_tag/'),
  async handle(work, tx, facts) {
    const connections = [...new Set(facts.map((fact) => fact.connectionId))]
    await putJobs(tx, work.tenantId, connections.map((connectionId) => ({ kind: tagSyncKind, key: connectionId, dueAt: work.now, state: { connectionId } })))
  },
}

/** Adds and takes tags of contacts. Calls fire no callback (D96361), so the contact is read again when the platform has said yes. */
export async function markTags(tx: Tx, work: Pick<Work, 'tenantId' | 'now' | 'ids'>, connectionId: string, pairs: readonly Sender[], change: { add: readonly string[]; remove: readonly string[] }): Promise<void> {
  await enqueueCalls(tx, work.tenantId, pairs.map((pair) => ({
    outboxId: work.ids.next(), connectionId, endpoint: 'wecom.tag.mark', lane: `wecom.tag/${pair.personId}/${pair.staff}`, dueAt: work.now, createdAt: work.now,
    request: { userid: pair.staff, external_userid: pair.externalUserId, ...(change.add.length > 0 ? { add_tag: change.add } : {}), ...(change.remove.length > 0 ? { remove_tag: change.remove } : {}) },
    reply: { kind: markReply, externalUserId: pair.externalUserId },
  })))
}

export const tagMarked: ReplyHandler = {
  kind: markReply,
  async handle(work, tx, call, outcome) {
    if (outcome.kind !== 'ok') return
    await work.ring(tx, [{ connectionId: call.connectionId, kind: contactKind, objectId: (call.reply as { externalUserId: string }).externalUserId, at: work.now, cause: 'own' }])
  },
}
