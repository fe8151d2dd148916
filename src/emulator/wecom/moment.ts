import { z } from 'zod'
import { dayMs, monthOf, saleDate, startOfDay } from '../../kernel/calendar.ts'
import {
  momentCancel,
  momentComments,
  momentCreate,
  momentCustomers,
  momentJob,
  momentJobByPost,
  momentList,
  momentShown,
  momentTasks,
} from '../../wechat/spec/wecom/index.ts'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act } from '../core/registry.ts'
import type { PendingTask } from './broadcast.ts'
import { limitOf, listAtMost, page, wecom } from './call.ts'
import { momentContentOf } from './content.ts'
import {
  arrive,
  corpOf,
  customerOf,
  followerOf,
  isFriend,
  peopleBehind,
  relationsOf,
  seconds,
  type CorpState,
  type Moment,
  type MomentTask,
  type Reaction,
} from './state.ts'

const runningMax = 20

function momentOf(corp: CorpState, id: string | undefined): Moment {
  if (!id) throw new PlatformError(41059, 'missing moment_id')
  const moment = corp.moments[id]
  if (!moment) throw new PlatformError(41060, 'invalid moment_id')
  return moment
}

function handedOut(ns: Namespace, corp: CorpState, moment: Moment): Moment {
  if (ns.now < moment.createdAt + corp.settings.dispatchMs) throw new PlatformError(41079, 'the moment is being dispatched')
  return moment
}

function taskOf(moment: Moment, userid: string | undefined): MomentTask {
  const task = moment.tasks[userid ?? '']
  if (!task) throw new PlatformError(41061, "the moment is not this user's")
  return task
}

const emptyTask = (customers: string[]): MomentTask => ({ publishedAt: 0, customers, shown: [], likes: [], comments: [] })

function shownMoment(moment: Moment) {
  const blocks: Record<string, unknown> = {}
  for (const attachment of moment.content.attachments) {
    const block = attachment[attachment.msgtype as string]
    if (attachment.msgtype === 'image') blocks.image = [...((blocks.image as unknown[] | undefined) ?? []), block]
    else blocks[attachment.msgtype as string] = block
  }
  return {
    moment_id: moment.id,
    ...(moment.creator === undefined ? {} : { creator: moment.creator }),
    create_time: seconds(moment.createdAt),
    create_type: moment.createType,
    visible_type: moment.visibleType,
    ...(moment.content.text === undefined ? {} : { text: { content: moment.content.text } }),
    ...blocks,
  }
}

function job({ ns, corp, input }: { ns: Namespace; corp: CorpState; input: { jobid?: string } }) {
  const found = corp.momentJobs[input.jobid ?? '']
  if (!found || found.expiresAt <= ns.now) throw new PlatformError(40058, 'invalid parameter: jobid')
  if (ns.now < found.doneAt) return { status: 2, type: 'add_moment_task', result: { errcode: 0, errmsg: 'ok' } }
  return {
    status: 3,
    type: 'add_moment_task',
    result: {
      errcode: 0,
      errmsg: 'ok',
      moment_id: found.momentId,
      invalid_sender_list: { user_list: found.invalidUsers, department_list: found.invalidDepartments },
      invalid_external_contact_list: { tag_list: found.invalidTags },
    },
  }
}

const shownReaction = ({ externalUserid, userid, at }: Reaction) => ({
  ...(externalUserid === undefined ? { userid } : { external_userid: externalUserid }),
  create_time: seconds(at),
})

export const momentRoutes = [
  wecom(momentCreate, ({ ns, corp, input }) => {
    const content = momentContentOf(corp, ns.now, input)
    for (const [id, { expiresAt }] of Object.entries(corp.momentJobs)) if (expiresAt <= ns.now) delete corp.momentJobs[id]
    if (Object.values(corp.momentJobs).filter(({ doneAt }) => doneAt > ns.now).length >= runningMax)
      throw new PlatformError(41078, 'too many running jobs')
    const users = input.visible_range?.sender_list?.user_list ?? []
    const departments = input.visible_range?.sender_list?.department_list ?? []
    const tags = input.visible_range?.external_contact_list?.tag_list ?? []
    listAtMost(users, 100_000, 'user_list')
    const validUsers = users.filter((userid) => corp.members[userid]?.customerContact)
    const validDepartments = departments.filter((id) => corp.departments[id])
    const validTags = tags.filter((id) => corp.tags[id] && !corp.tags[id].deleted)
    const senders =
      users.length + departments.length > 0
        ? peopleBehind(corp, validUsers, validDepartments)
        : Object.values(corp.members)
            .filter((member) => member.customerContact)
            .map(({ userid }) => userid)
    const moment: Moment = {
      id: freshId(ns, 'mom', 29),
      jobId: freshId(ns, 'job', 40),
      createdAt: ns.now,
      createType: 0,
      content,
      visibleType: tags.length > 0 || users.length + departments.length > 0 ? 0 : 1,
      cancelledAt: 0,
      tasks: {},
    }
    for (const userid of senders) {
      const customers = relationsOf(corp, userid)
        .filter(([, follow]) => tags.length === 0 || validTags.some((id) => follow.tags.includes(id)))
        .map(([id]) => id)
      // With tags alone only followers of tagged customers post.
      if (customers.length > 0 || (tags.length === 0 && senders.length > 0)) moment.tasks[userid] = emptyTask(customers)
    }
    corp.moments[moment.id] = moment
    corp.momentJobs[moment.jobId] = {
      id: moment.jobId,
      doneAt: ns.now + corp.settings.dispatchMs,
      expiresAt: ns.now + dayMs,
      momentId: moment.id,
      invalidUsers: users.filter((userid) => !validUsers.includes(userid)),
      invalidDepartments: departments.filter((id) => !validDepartments.includes(id)),
      invalidTags: tags.filter((id) => !validTags.includes(id)),
    }
    return { jobid: moment.jobId }
  }),
  wecom(momentJob, job),
  wecom(momentJobByPost, job),
  wecom(momentCancel, ({ ns, corp, input }) => {
    const moment = handedOut(ns, corp, momentOf(corp, input.moment_id))
    if (moment.createType === 1) throw new PlatformError(41067, 'the moment is of the wrong type')
    if (moment.cancelledAt === 0) moment.cancelledAt = ns.now
    return {}
  }),
  wecom(momentList, ({ ns, corp, input, call }) => {
    const { start_time: from, end_time: to } = input
    if (from === undefined || to === undefined || to < from) throw new PlatformError(40058, 'invalid parameter: start_time, end_time')
    if (to - from > 30 * 86_400) throw new PlatformError(40058, 'invalid parameter: 30 days at most')
    const type = input.filter_type ?? 2
    const found = Object.values(corp.moments).filter((moment) => {
      const at = seconds(moment.createdAt)
      // An open interval.
      return (
        at > from &&
        at < to &&
        (type === 2 || moment.createType === type) &&
        (!input.creator || moment.creator === input.creator) &&
        ns.now >= moment.createdAt + corp.settings.dispatchMs
      )
    })
    const { items, next_cursor } = page(found, ({ id }) => id, input.cursor, limitOf(input.limit, 20, 20), call.faults)
    return { moment_list: items.map(shownMoment), next_cursor }
  }),
  wecom(momentTasks, ({ ns, corp, input, call }) => {
    const moment = handedOut(ns, corp, momentOf(corp, input.moment_id))
    if (moment.createType === 1) throw new PlatformError(41067, 'the moment is of the wrong type')
    const { items, next_cursor } = page(Object.keys(moment.tasks), (userid) => userid, input.cursor, limitOf(input.limit, 500, 1_000), call.faults)
    return { task_list: items.map((userid) => ({ userid, publish_status: moment.tasks[userid].publishedAt > 0 ? 1 : 0 })), next_cursor }
  }),
  wecom(momentCustomers, ({ ns, corp, input, call }) => {
    const task = taskOf(handedOut(ns, corp, momentOf(corp, input.moment_id)), input.userid)
    const userid = input.userid ?? ''
    const { items, next_cursor } = page(task.customers, (id) => id, input.cursor, limitOf(input.limit, 500, 1_000), call.faults)
    return { customer_list: items.map((id) => ({ userid, external_userid: id })), next_cursor }
  }),
  wecom(momentShown, ({ ns, corp, input, call }) => {
    const task = taskOf(handedOut(ns, corp, momentOf(corp, input.moment_id)), input.userid)
    if (task.publishedAt === 0) throw new PlatformError(41062, 'the moment is not published by the user')
    const { items, next_cursor } = page(task.shown, (id) => id, input.cursor, limitOf(input.limit, 3_000, 5_000), call.faults)
    return { customer_list: items.map((id) => ({ external_userid: id })), next_cursor }
  }),
  wecom(momentComments, ({ ns, corp, input }) => {
    const task = taskOf(handedOut(ns, corp, momentOf(corp, input.moment_id)), input.userid)
    if (task.publishedAt === 0) throw new PlatformError(41062, 'the moment is not published by the user')
    return { comment_list: task.comments.map(shownReaction), like_list: task.likes.map(shownReaction) }
  }),
]

export type Published = { moment_id: string; userid: string; shown: Array<{ external_userid: string; person?: string }> }

/** Posts: shown to friends of the range who are under the display limits (4 corp-made a month, 3 member-made a day: UNCONFIRMED). */
function publish(ns: Namespace, corp: CorpState, moment: Moment, userid: string, task: MomentTask): Published {
  task.publishedAt = ns.now
  const outcome: Published = { moment_id: moment.id, userid, shown: [] }
  const corpMade = moment.createType === 0
  const since = corpMade ? startOfDay(`${monthOf(ns.now)}-01`) : startOfDay(saleDate(ns.now))
  const max = corpMade ? corp.settings.corpMomentsAMonth : corp.settings.memberMomentsADay
  for (const id of task.customers) {
    const customer = corp.customers[id]
    const follow = corp.follows[userid]?.[id]
    if (!customer || !isFriend(follow) || follow.blocked) continue
    const seen = corpMade ? customer.corpMoments : customer.memberMoments
    if (seen.filter((at) => at >= since).length >= max) continue
    while (seen.length > 0 && seen[0] < ns.now - 40 * dayMs) seen.shift()
    seen.push(ns.now)
    task.shown.push(id)
    outcome.shown.push({ external_userid: id, ...(customer.person === undefined ? {} : { person: customer.person }) })
    arrive(ns, corp, { kind: 'moment', from: userid, to: id, ref: moment.id, content: moment.content })
  }
  return outcome
}

const corpid = z.string().optional()

export const momentActs = [
  act({
    name: 'wecom.publishMoment',
    en: 'A member posts a corp-made Moment',
    args: z.object({ corpid, moment_id: z.string(), userid: z.string() }),
    run(ns, args): Published {
      const { corp } = corpOf(ns, args.corpid)
      const moment = momentOf(corp, args.moment_id)
      const task = taskOf(moment, args.userid)
      if (moment.cancelledAt > 0) throw new PlatformError(40035, 'the moment was cancelled')
      if (task.publishedAt > 0) throw new PlatformError(40035, 'the moment was posted already')
      return publish(ns, corp, moment, args.userid, task)
    },
  }),
  act({
    name: 'wecom.postMoment',
    en: 'A member posts a Moment of his own in the client (create_type 1)',
    args: z.object({ corpid, userid: z.string(), text: z.string() }),
    run(ns, args): Published {
      const { corp } = corpOf(ns, args.corpid)
      const { userid } = followerOf(corp, args.userid)
      const moment: Moment = {
        id: freshId(ns, 'mom', 29),
        jobId: '',
        createdAt: ns.now,
        createType: 1,
        creator: userid,
        content: { text: args.text, attachments: [] },
        visibleType: 1,
        cancelledAt: 0,
        tasks: { [userid]: emptyTask(relationsOf(corp, userid).map(([id]) => id)) },
      }
      corp.moments[moment.id] = moment
      return publish(ns, corp, moment, userid, moment.tasks[userid])
    },
  }),
  act({
    name: 'wecom.reactToMoment',
    en: 'A customer who saw a Moment likes or comments on it',
    args: z.object({ corpid, moment_id: z.string(), userid: z.string(), external_userid: z.string(), kind: z.enum(['like', 'comment']) }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const task = taskOf(momentOf(corp, args.moment_id), args.userid)
      const { id } = customerOf(corp, args.external_userid)
      if (!task.shown.includes(id)) throw new PlatformError(40035, `${id} did not see the moment`)
      if (args.kind === 'comment') task.comments.push({ externalUserid: id, at: ns.now })
      else if (!task.likes.some((like) => like.externalUserid === id)) task.likes.push({ externalUserid: id, at: ns.now })
      return { likes: task.likes.length, comments: task.comments.length }
    },
  }),
]

export function pendingMoments(corp: CorpState, userid?: string): PendingTask[] {
  return Object.values(corp.moments)
    .filter((moment) => moment.createType === 0 && moment.cancelledAt === 0)
    .flatMap((moment) =>
      Object.entries(moment.tasks)
        .filter(([own, task]) => task.publishedAt === 0 && corp.members[own] !== undefined && (userid === undefined || own === userid))
        .map(([own, task]) => ({
          kind: 'moment' as const,
          id: moment.id,
          userid: own,
          createdAt: moment.createdAt,
          targets: task.customers.length,
          reminders: 0,
          day: saleDate(moment.createdAt),
        })),
    )
}
