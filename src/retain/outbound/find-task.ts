import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, PlatformAnswer } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { skipCalls } from '../../kernel/outbox/index.ts'
import { settleMessages } from './end-messages.ts'
import { nextPollAfter, type TaskEnded } from './message.ts'
import { takeBack, taskFindKind, taskPollKind } from './send-tasks.ts'
import type { SendGate } from './send-gate.ts'
import { changeTask, findTask, knownMsgids, queuedOfTask, type TaskRow } from './store.ts'

/**
 * A task whose making got no answer may stand there for the member to send. It is never made again; it is looked for: among the corp's mass sends of
 * those minutes (`get_groupmsg_list_v2`), one with our text, our member, and nobody but our contacts, that is no other task of ours. Found: it goes on
 * as if the answer had come. Not there after some looks: it was not made.
 */
const looksMax = 3
const lookAgainMs = 10 * 60_000
const windowMs = 5 * 60_000

type State = { outboxId: string; looks: number }
type Found = { task: TaskRow; msgid?: string } | { task: undefined }

export function taskFind(platform: { call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>; read<T>(tenantId: number, work: (tx: Tx) => Promise<T>): Promise<T> }, gate: SendGate, ended: TaskEnded = async () => {}): JobHandler {
  return {
    kind: taskFindKind,
    async prepare(work, job): Promise<Found> {
      const { task, names } = await platform.read(work.tenantId, async (tx) => {
        const task = await findTask(tx, work.tenantId, job.key)
        return { task, names: new Set(task === undefined ? [] : (await queuedOfTask(tx, work.tenantId, job.key)).map((message) => message.externalUserId)) }
      })
      if (task === undefined || !(task.state === 'unknown' || (task.state === 'cancelling' && task.msgid === null))) return { task: undefined }
      const pages = async <T>(endpoint: string, list: string, request: Record<string, unknown>): Promise<T[]> => {
        const rows: T[] = []
        for (let cursor = ''; ;) {
          const answer = await platform.call(work.tenantId, task.connectionId, endpoint, { ...request, ...(cursor === '' ? {} : { cursor }) })
          if (answer.kind !== 'ok') throw new Error(`${endpoint}: ${answer.text}`)
          const page = answer.result as Record<string, unknown> & { next_cursor?: string }
          rows.push(...((page[list] ?? []) as T[]))
          if (!page.next_cursor || page.next_cursor === cursor) return rows
          cursor = page.next_cursor
        }
      }
      const seconds = Math.floor(task.createdAt / 1000)
      const listed = await pages<{ msgid: string; create_type: number; text?: { content?: string } }>('wecom.broadcast.list', 'group_msg_list', { chat_type: 'single', start_time: seconds - 60, end_time: seconds + windowMs / 1000, filter_type: 0, limit: 100 })
      const ours = await platform.read(work.tenantId, (tx) => knownMsgids(tx, work.tenantId, listed.map((row) => row.msgid)))
      for (const row of listed) {
        if (ours.has(row.msgid) || row.create_type !== 0 || row.text?.content !== task.content.text) continue
        const members = await pages<{ userid: string }>('wecom.broadcast.tasks', 'task_list', { msgid: row.msgid, limit: 1000 })
        if (members.length !== 1 || members[0].userid !== task.staff) continue
        const targets = await pages<{ external_userid?: string }>('wecom.broadcast.results', 'send_list', { msgid: row.msgid, userid: task.staff, limit: 1000 })
        if (targets.length > 0 && targets.every((target) => names.has(String(target.external_userid)))) return { task, msgid: row.msgid }
      }
      return { task }
    },
    async run(work, tx, job, prepared) {
      const found = prepared as Found
      if (found.task === undefined) return null
      const state = job.state as State
      const { taskId } = found.task
      // Somebody may have cancelled it while it was looked for.
      const unwanted = (await findTask(tx, work.tenantId, taskId))?.state === 'cancelling'
      if (found.msgid !== undefined) {
        await changeTask(tx, work.tenantId, taskId, { state: unwanted ? 'cancelling' : 'waiting', msgid: found.msgid })
        if (unwanted) await takeBack(tx, work, found.task, found.msgid)
        await putJobs(tx, work.tenantId, [{ kind: taskPollKind, key: taskId, dueAt: work.now + nextPollAfter(0), state: {} }])
      } else {
        if (state.looks + 1 < looksMax) return { dueAt: work.now + lookAgainMs, state: { ...state, looks: state.looks + 1 } satisfies State }
        await changeTask(tx, work.tenantId, taskId, { state: unwanted ? 'cancelled' : 'failed' })
        await settleMessages(tx, work, gate, (await queuedOfTask(tx, work.tenantId, taskId)).map(({ messageId }) => (unwanted ? { messageId, state: 'cancelled', sentAt: null } : { messageId, state: 'failed', sentAt: null, reason: 'not made' })))
        await ended(tx, work, found.task.campaign)
      }
      await skipCalls(tx, work.tenantId, [state.outboxId], work.now)
      return null
    },
  }
}
