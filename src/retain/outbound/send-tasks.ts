import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, PlatformAnswer, ReplyHandler, Work } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { enqueueCalls, withdrawUnsent } from '../../kernel/outbox/index.ts'
import { recordLosses } from '../contact/index.ts'
import { settleMessages } from './end-messages.ts'
import { contentOnWire, nextPollAfter, stateOfResult, targetsMax, taskLifeMs, type Message, type MessageContent, type SendResult, type TaskEnded } from './message.ts'
import type { SendGate } from './send-gate.ts'
import { changeTask, findTask, insertTasks, queuedOfTask, type TaskRow } from './store.ts'

/**
 * Mass sends (企业群发): the call makes a task for one member; contacts get it when he taps "send"; what came of it is only learned by asking
 * (wecom.md 5.7). A task waits at most six days, then it is taken back.
 */
export const taskPollKind = 'outbound.poll'
export const taskFindKind = 'outbound.find'
const createEndpoint = 'wecom.broadcast.create'
const createReply = 'outbound.task'
const cancelReply = 'outbound.cancel'
export const remindReply = 'outbound.remind'

/** The door's second half for messages that leave as tasks: one task a member and 10,000 contacts. Only queued messages leave. */
export async function sendAsTasks(tx: Tx, work: Work, send: { connectionId: string; campaign: string; content: MessageContent; messages: readonly Message[] }): Promise<string[]> {
  const { tenantId, now, ids } = work
  const byStaff = new Map<string, Message[]>()
  for (const message of send.messages) {
    if (message.state !== 'queued') continue
    const list = byStaff.get(message.staff)
    if (list) list.push(message)
    else byStaff.set(message.staff, [message])
  }
  const tasks: Array<TaskRow & { messages: Message[] }> = []
  for (const [staff, all] of [...byStaff].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (let from = 0; from < all.length; from += targetsMax) {
      const messages = all.slice(from, from + targetsMax)
      tasks.push({
        taskId: ids.next(), connectionId: send.connectionId, corpId: messages[0].corpId, staff, campaign: send.campaign, content: send.content, targets: messages.length, state: 'queued', msgid: null,
        createdAt: now, confirmedAt: null, polledAt: null, reminders: 0, error: null, messages,
      })
    }
  }
  await insertTasks(tx, tenantId, tasks, tasks.flatMap((task) => task.messages.map(({ messageId }) => ({ messageId, taskId: task.taskId }))))
  await enqueueCalls(tx, tenantId, tasks.map((task) => ({
    outboxId: ids.next(), connectionId: task.connectionId, endpoint: createEndpoint, lane: null, reply: { kind: createReply, taskId: task.taskId }, dueAt: now, createdAt: now,
    request: { chat_type: 'single', external_userid: task.messages.map((message) => message.externalUserId), sender: task.staff, allow_select: false, ...contentOnWire(task.content) },
  })))
  return tasks.map((task) => task.taskId)
}

type Acting = Pick<Work, 'tenantId' | 'now' | 'ids'>

/**
 * Takes back what members have not sent yet; nothing is recalled. A task that still lies in the outbox never leaves it; one whose making is under way, or got no answer, is
 * taken back as soon as its msgid is known (`cancelling` without one). @returns whether there was something to stop.
 */
export async function cancelTask(tx: Tx, work: Acting, task: TaskRow): Promise<boolean> {
  const { tenantId, now } = work
  if (task.state === 'queued') {
    const unsent = await withdrawUnsent(tx, tenantId, createEndpoint, { kind: createReply, taskId: task.taskId }, now)
    await changeTask(tx, tenantId, task.taskId, { state: unsent > 0 ? 'cancelled' : 'cancelling' })
    // The look at the task tells its messages and the gate.
    if (unsent > 0) await putJobs(tx, tenantId, [{ kind: taskPollKind, key: task.taskId, dueAt: now, state: {} }])
    return true
  }
  if (task.state === 'unknown') {
    await changeTask(tx, tenantId, task.taskId, { state: 'cancelling' })
    return true
  }
  if (task.state !== 'waiting' || task.msgid === null) return false
  await changeTask(tx, tenantId, task.taskId, { state: 'cancelling' })
  await takeBack(tx, work, task, task.msgid)
  return true
}

/** Asks the platform to take the task from the member. */
export function takeBack(tx: Tx, work: Acting, task: Pick<TaskRow, 'taskId' | 'connectionId'>, msgid: string): Promise<void> {
  return enqueueCalls(tx, work.tenantId, [{
    outboxId: work.ids.next(), connectionId: task.connectionId, endpoint: 'wecom.broadcast.cancel', request: { msgid }, lane: null, reply: { kind: cancelReply, taskId: task.taskId }, dueAt: work.now, createdAt: work.now,
  }])
}

/** Reminds the member of a waiting task; the platform allows three reminders a task within 24 hours (D97610). */
export async function remindTask(tx: Tx, work: Pick<Work, 'tenantId' | 'now' | 'ids'>, task: TaskRow): Promise<boolean> {
  if (task.state !== 'waiting' || task.msgid === null || task.reminders >= 3) return false
  await changeTask(tx, work.tenantId, task.taskId, { reminders: task.reminders + 1 })
  await enqueueCalls(tx, work.tenantId, [{
    outboxId: work.ids.next(), connectionId: task.connectionId, endpoint: 'wecom.broadcast.remind', request: { msgid: task.msgid }, lane: null, reply: { kind: remindReply, taskId: task.taskId }, dueAt: work.now, createdAt: work.now,
  }])
  return true
}

const noted: TaskEnded = async () => {}

type Replied = { taskId: string }

/** Hears that a task was made, or not. */
export function taskMade(gate: SendGate, ended: TaskEnded = noted): ReplyHandler {
  return {
    kind: createReply,
    async handle(work, tx, call, outcome) {
      const { taskId } = call.reply as Replied
      const task = await findTask(tx, work.tenantId, taskId)
      if (outcome.kind === 'ok') {
        const { msgid, fail_list: failed = [] } = outcome.result as { msgid?: string; fail_list?: string[] }
        // Cancelled while it was on its way: it is taken back at once.
        const unwanted = task?.state === 'cancelling'
        await changeTask(tx, work.tenantId, taskId, { state: unwanted ? 'cancelling' : 'waiting', msgid: msgid ?? '' })
        if (task !== undefined && unwanted) await takeBack(tx, work, task, msgid ?? '')
        await putJobs(tx, work.tenantId, [{ kind: taskPollKind, key: taskId, dueAt: work.now + nextPollAfter(0), state: {} }])
        const out = new Set(failed)
        if (out.size === 0) return
        const messages = (await queuedOfTask(tx, work.tenantId, taskId)).filter((message) => out.has(message.externalUserId))
        await settleMessages(tx, work, gate, messages.map(({ messageId }) => ({ messageId, state: 'failed', sentAt: null, reason: 'out-of-reach' })))
        return
      }
      if (!outcome.final) return
      if (outcome.kind === 'refused') {
        await changeTask(tx, work.tenantId, taskId, { state: 'failed', error: `${outcome.code} ${outcome.text}` })
        const messages = await queuedOfTask(tx, work.tenantId, taskId)
        await settleMessages(tx, work, gate, messages.map(({ messageId }) => ({ messageId, state: 'failed', sentAt: null, reason: outcome.code })))
        if (messages.length > 0) await ended(tx, work, messages[0].campaign)
        return
      }
      // The task may stand there for the member to send: it is not made again, it is looked for.
      await changeTask(tx, work.tenantId, taskId, { state: task?.state === 'cancelling' ? 'cancelling' : 'unknown', error: outcome.text })
      await putJobs(tx, work.tenantId, [{ kind: taskFindKind, key: taskId, dueAt: work.now + 60_000, state: { outboxId: call.outboxId, looks: 0 } }])
    },
  }
}

export function taskCancelled(): ReplyHandler {
  return {
    kind: cancelReply,
    async handle(work, tx, call, outcome) {
      const { taskId } = call.reply as Replied
      if (!outcome.final) return
      // 41093: cancelled already. The member may have sent before: asked once more at once.
      const done = outcome.kind === 'ok' || (outcome.kind === 'refused' && outcome.code === '41093')
      await changeTask(tx, work.tenantId, taskId, done ? { state: 'cancelled' } : { state: 'waiting', error: (outcome as { text: string }).text })
      await putJobs(tx, work.tenantId, [{ kind: taskPollKind, key: taskId, dueAt: work.now, state: {} }])
    },
  }
}

type Polled = { task: TaskRow; confirmedAt: Instant | null; results: SendResult[] } | { task: undefined } | { task: TaskRow; dispatching: true }

/** Asks what became of a task. One job per task, until the member has sent it or it was taken back. */
export function taskPoll(platform: { call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>; read<T>(tenantId: number, work: (tx: Tx) => Promise<T>): Promise<T> }, gate: SendGate, ended: TaskEnded = noted): JobHandler {
  return {
    kind: taskPollKind,
    async prepare(work, job): Promise<Polled> {
      const task = await platform.read(work.tenantId, (tx) => findTask(tx, work.tenantId, job.key))
      // Cancelled before it was ever made: nothing to ask.
      if (task !== undefined && task.state === 'cancelled' && task.msgid === null) return { task, confirmedAt: null, results: [] }
      if (task === undefined || task.msgid === null || !['waiting', 'cancelling', 'cancelled'].includes(task.state)) return { task: undefined }
      const pages = async <T>(endpoint: string, list: string, request: Record<string, unknown>): Promise<T[] | 'dispatching' | 'cancelled'> => {
        const found: T[] = []
        for (let cursor = ''; ;) {
          const answer = await platform.call(work.tenantId, task.connectionId, endpoint, { ...request, ...(cursor === '' ? {} : { cursor }) })
          if (answer.kind === 'refused' && answer.code === '41063') return 'dispatching'
          if (answer.kind === 'refused' && answer.code === '41093') return 'cancelled'
          if (answer.kind !== 'ok') throw new Error(`${endpoint}: ${answer.text}`)
          const page = answer.result as Record<string, unknown> & { next_cursor?: string }
          found.push(...((page[list] ?? []) as T[]))
          if (!page.next_cursor || page.next_cursor === cursor) return found
          cursor = page.next_cursor
        }
      }
      const tasks = await pages<{ userid: string; status: number; send_time?: number }>('wecom.broadcast.tasks', 'task_list', { msgid: task.msgid, limit: 1000 })
      if (tasks === 'dispatching') return { task, dispatching: true }
      const mine = tasks === 'cancelled' ? undefined : tasks.find((row) => row.userid === task.staff)
      // 2 is sent; an official sample shows 1 for it: both are read so.
      if (mine === undefined || mine.status === 0) return { task, confirmedAt: null, results: [] }
      const results = await pages<{ external_userid?: string; status: number; send_time?: number }>('wecom.broadcast.results', 'send_list', { msgid: task.msgid, userid: task.staff, limit: 1000 })
      if (typeof results === 'string') return { task, dispatching: true }
      const confirmedAt = mine.send_time === undefined ? work.now : mine.send_time * 1000
      return { task, confirmedAt, results: results.map((row) => ({ externalUserId: String(row.external_userid ?? ''), status: row.status, sentAt: row.status === 1 ? (row.send_time === undefined ? confirmedAt : row.send_time * 1000) : null })) }
    },
    async run(work, tx, _job, prepared) {
      const polled = prepared as Polled
      if (polled.task === undefined) return null
      const { task } = polled
      if ('dispatching' in polled) return { dueAt: work.now + 60_000 }
      await changeTask(tx, work.tenantId, task.taskId, { polledAt: work.now })
      if (polled.confirmedAt === null) {
        if (task.state === 'cancelled') {
          const left = await queuedOfTask(tx, work.tenantId, task.taskId)
          await settleMessages(tx, work, gate, left.map(({ messageId }) => ({ messageId, state: 'cancelled', sentAt: null })))
          await ended(tx, work, task.campaign)
          return null
        }
        const age = work.now - task.createdAt
        if (age >= taskLifeMs && task.state === 'waiting') await cancelTask(tx, work, task)
        return { dueAt: work.now + nextPollAfter(age) }
      }
      await changeTask(tx, work.tenantId, task.taskId, { state: 'confirmed', confirmedAt: polled.confirmedAt })
      const results = new Map(polled.results.map((result) => [result.externalUserId, result]))
      const queued = await queuedOfTask(tx, work.tenantId, task.taskId)
      // Result 2, "not a friend", is the only sign of a deletion whose callback was lost.
      const gone = queued.filter((message) => results.get(message.externalUserId)?.status === 2)
      await recordLosses(tx, work, gone.map((message) => ({ corpId: message.corpId, externalUserId: message.externalUserId, staff: message.staff, lostAt: polled.confirmedAt!, by: 'contact' as const, evidence: 'send-result' as const })))
      await settleMessages(tx, work, gate, queued.map((message) => {
        const result = results.get(message.externalUserId)
        return { messageId: message.messageId, state: stateOfResult(result?.status ?? 0), sentAt: result?.sentAt ?? null }
      }))
      await ended(tx, work, task.campaign)
      return null
    },
  }
}
