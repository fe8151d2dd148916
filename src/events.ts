import { z } from 'zod'
import type { Instant } from './kernel/clock.ts'
import type { DomainEvent } from './kernel/event/index.ts'
import type { Ids } from './kernel/ids.ts'

/**
 * The catalogue of domain events (领域事件), in the order of the story: a stranger comes, buys, is talked to, stays or leaves, and we learn.
 * Each row: what happened, the payload's schema, its version, who emits it, who hears it. A stored event is read for ever: a changed payload is a
 * new `v` with an upcaster, and `docs/events/<name>.v<n>.json` keeps a sample of each. All hear later, in a transaction of their own; nothing here
 * is heard in the transaction of the fact.
 */
export type EventRow<P extends z.ZodType = z.ZodType> = { v: number; zh: string; what: string; aggregate: string; emits: string; hears: readonly string[]; payload: P }

function row<P extends z.ZodType>(definition: EventRow<P>): EventRow<P> {
  return definition
}

const instant = z.int()
const fen = z.int()
const shelf = z.enum(['shop', 'mall'])
// Events are kept for ever, so they name a person by surrogate id only; who that is on an account, `v_follow` says today.
const pair = { corpId: z.string(), staff: z.string() }
const order = { shelf, orderId: z.string(), personId: z.uuid() }
const messageKind = z.enum(['help', 'news', 'sell'])
/** Where a reader was when it happened. */
const surface = z.enum(['web', 'mini', 'api', 'wecom'])

export const events = {
  // acquire: where a person comes from
  'contact.added': row({
    v: 1, zh: '加了联系人', what: 'a member and a contact follow each other, for the first time or again', aggregate: 'person/<personId>', emits: 'retain/contact',
    hears: ['acquire/attribution', 'retain/journey', 'restrain/experiment'],
    payload: z.looseObject({ ...pair, personId: z.uuid(), addedAt: instant, /** Of the channel code; '' when none. */ state: z.string(), addWay: z.int(), again: z.boolean() }),
  }),
  'person.merged': row({
    v: 1, zh: '认出是同一个人', what: 'two persons turned out to be one', aggregate: 'person/<kept>', emits: 'sell/order, retain/contact', hears: ['sell/order', 'sell/promotion', 'retain/points', 'retain/offer'],
    payload: z.looseObject({ kept: z.uuid(), gone: z.uuid() }),
  }),
  'transfer.failed': row({
    v: 1, zh: '继承失败', what: 'a contact was not handed to a colleague; `staff` is who should have got it', aggregate: 'person/<personId>', emits: 'retain/contact', hears: [],
    payload: z.looseObject({ ...pair, personId: z.uuid(), reason: z.string() }),
  }),
  'code.live': row({
    v: 1, zh: '渠道活码可用', what: 'the platform made the channel code', aggregate: 'code/<codeId>', emits: 'acquire/channel-code', hears: [],
    payload: z.looseObject({ codeId: z.uuid(), state: z.string(), configId: z.string() }),
  }),

  // sell: what a person buys
  'order.placed': row({
    v: 1, zh: '下单', what: 'an order exists', aggregate: 'order/<shelf>/<orderId>', emits: 'sell/order', hears: [],
    payload: z.looseObject({ ...order, goodsFen: fen }),
  }),
  'order.paid': row({
    v: 1, zh: '付款', what: 'an order is paid', aggregate: 'order/<shelf>/<orderId>', emits: 'sell/order',
    hears: ['acquire/attribution', 'sell/stock', 'sell/promotion', 'retain/journey', 'retain/points'],
    payload: z.looseObject({ ...order, paidFen: fen, lines: z.int(), /** What the platform says of where it came from; scene is its number. */ source: z.looseObject({ scene: z.int().optional() }).optional() }),
  }),
  'order.cancelled': row({
    v: 1, zh: '取消', what: 'an order ended before it was paid', aggregate: 'order/<shelf>/<orderId>', emits: 'sell/order', hears: ['sell/stock', 'sell/promotion'],
    payload: z.looseObject(order),
  }),
  'order.refunded': row({
    v: 1, zh: '退款', what: 'money of an order went back', aggregate: 'order/<shelf>/<orderId>', emits: 'sell/order', hears: ['sell/promotion', 'sell/aftersale', 'retain/points'],
    payload: z.looseObject({ shelf, orderId: z.string(), refundId: z.string(), amountFen: fen }),
  }),

  // retain: what we say
  'touch.sent': row({
    v: 1, zh: '触达', what: 'a message really reached the platform for this person', aggregate: 'person/<personId>', emits: 'retain/outbound', hears: [],
    payload: z.looseObject({ ...pair, personId: z.uuid(), messageId: z.uuid(), campaign: z.string(), messageKind, weight: z.number(), sentAt: instant, gateId: z.string() }),
  }),
  'touch.refused': row({
    v: 1, zh: '没发', what: 'the gate said no to a message', aggregate: 'person/<personId>', emits: 'retain/outbound', hears: [],
    payload: z.looseObject({ personId: z.uuid(), messageId: z.uuid(), campaign: z.string(), reason: z.string(), clearAt: instant.optional() }),
  }),
  'broadcast.closed': row({
    v: 1, zh: '群发结束', what: 'no member has anything left to send of a broadcast', aggregate: 'broadcast/<broadcastId>', emits: 'retain/broadcast', hears: [],
    payload: z.looseObject({ broadcastId: z.uuid(), sent: z.int(), notFriend: z.int(), overCap: z.int(), unsent: z.int() }),
  }),
  'journey.finished': row({
    v: 1, zh: '旅程走完', what: 'one enrolment came to its message, or left before', aggregate: 'person/<personId>', emits: 'retain/journey', hears: [],
    payload: z.looseObject({ journeyId: z.uuid(), personId: z.uuid(), eventId: z.uuid(), state: z.enum(['handed', 'refused', 'left']) }),
  }),
  'points.granted': row({
    v: 1, zh: '得羽毛', what: 'feathers were earned (or taken back: negative)', aggregate: 'person/<personId>', emits: 'retain/points', hears: [],
    payload: z.looseObject({ personId: z.uuid(), feathers: z.int(), reason: z.string() }),
  }),

  'offer.redeemed': row({
    v: 1, zh: '兑换', what: 'feathers were given for a code of an offer', aggregate: 'offer/<offerId>', emits: 'retain/offer', hears: [],
    payload: z.looseObject({ redemptionId: z.uuid(), offerId: z.uuid(), personId: z.uuid(), feathers: z.int() }),
  }),
  'reader.registered': row({
    v: 1, zh: '成为读者', what: 'a person opened a reader account of the community', aggregate: 'reader/<readerId>', emits: 'retain/reader', hears: [],
    payload: z.looseObject({ readerId: z.uuid(), personId: z.uuid(), surface }),
  }),
  'article.published': row({
    v: 1, zh: '文章发布', what: 'a version of an article is what readers see from now on', aggregate: 'article/<articleId>', emits: 'retain/article', hears: ['retain/points'],
    payload: z.looseObject({ articleId: z.uuid(), version: z.int(), authorReaderId: z.uuid() }),
  }),
  'quiz.passed': row({
    v: 1, zh: '答对阅读题', what: 'a reader answered the quiz of an article right, for the first time', aggregate: 'article/<articleId>', emits: 'retain/article', hears: ['retain/points'],
    payload: z.looseObject({ articleId: z.uuid(), readerId: z.uuid(), personId: z.uuid(), surface }),
  }),
  'article.read': row({
    v: 1, zh: '读完', what: 'somebody came to the end of an article; `kept` only for the first time that took a plausible time', aggregate: 'article/<articleId>', emits: 'retain/discussion', hears: ['retain/points'],
    payload: z.looseObject({ articleId: z.uuid(), readerId: z.uuid().nullable(), personId: z.uuid().nullable(), deviceKey: z.string(), shareId: z.uuid().nullable(), sharerPersonId: z.uuid().nullable(), kept: z.boolean(), surface }),
  }),
  'article.sold': row({
    v: 1, zh: '付费文章卖出', what: 'a paid article was bought and paid, in feathers or in money', aggregate: 'article/<articleId>', emits: 'retain/article', hears: [],
    payload: z.looseObject({ saleId: z.uuid(), articleId: z.uuid(), buyerPersonId: z.uuid(), authorPersonId: z.uuid(), feathers: z.int(), amountFen: fen }),
  }),
  'article.refunded': row({
    v: 1, zh: '付费文章退款', what: 'a bought article was given back, and what was paid with it', aggregate: 'article/<articleId>', emits: 'retain/article', hears: [],
    payload: z.looseObject({ saleId: z.uuid(), articleId: z.uuid(), buyerPersonId: z.uuid(), authorPersonId: z.uuid(), feathers: z.int(), amountFen: fen }),
  }),
  'comment.decided': row({
    v: 1, zh: '评论有了结果', what: 'a comment is shown, refused, taken away or put back', aggregate: 'comment/<commentId>', emits: 'retain/discussion', hears: ['retain/points', 'restrain/moderation'],
    payload: z.looseObject({ commentId: z.uuid(), articleId: z.uuid(), readerId: z.uuid(), personId: z.uuid(), state: z.enum(['approved', 'rejected', 'removed', 'restored']), surface }),
  }),
  'piece.reported': row({
    v: 1, zh: '举报', what: 'a reader reported something that others wrote', aggregate: 'piece/<pieceKind>/<pieceId>', emits: 'retain/discussion', hears: ['restrain/moderation'],
    payload: z.looseObject({ pieceKind: z.enum(['article', 'comment', 'profile']), pieceId: z.uuid(), reportId: z.uuid(), reason: z.string(), /** Who reported; absent: not known. */ readerId: z.uuid().nullable().optional() }),
  }),

  // restrain: who leaves, and what that teaches
  'contact.lost': row({
    v: 1, zh: '流失', what: 'a follow ended: the contact deleted the member, or the member the contact', aggregate: 'person/<personId>', emits: 'retain/contact',
    hears: ['retain/journey', 'restrain/capacity'],
    payload: z.looseObject({
      ...pair, personId: z.uuid(), by: z.enum(['contact', 'staff']), lostAt: instant, /** How we learned of it. */ evidence: z.enum(['event', 'read', 'send-result']),
      followedAt: instant, /** Newest first, at most five. */ lastTouches: z.array(z.looseObject({ occurredAt: instant, kind: z.string(), reason: z.string(), ref: z.string() })),
    }),
  }),
  'contact.removed': row({
    v: 1, zh: '清理', what: 'a member deleted a contact who was gone already: a place is free again', aggregate: 'person/<personId>', emits: 'retain/contact', hears: ['restrain/capacity'],
    payload: z.looseObject({ ...pair, personId: z.uuid(), removedAt: instant }),
  }),
  'epoch.started': row({
    v: 1, zh: '一轮开始', what: 'a roster was frozen and every person given a dose arm; nothing of the epoch was sent yet', aggregate: 'epoch/<epochId>', emits: 'restrain/experiment', hears: [],
    payload: z.looseObject({ epochId: z.uuid(), n: z.int(), startsAt: instant, endsAt: instant, doses: z.array(z.int()), roster: z.int() }),
  }),
  'epoch.closed': row({
    v: 1, zh: '一轮结束', what: 'an epoch is over and its outcomes are kept; `sound` is false when the arms do not match the draw', aggregate: 'epoch/<epochId>', emits: 'restrain/experiment', hears: [],
    payload: z.looseObject({ epochId: z.uuid(), n: z.int(), persons: z.int(), losses: z.int(), sound: z.boolean() }),
  }),
  'plan.approved': row({
    v: 1, zh: '批准计划', what: "somebody approved the week's plan; its messages leave when the hold is over", aggregate: 'plan/<planId>', emits: 'restrain/planner', hears: [],
    payload: z.looseObject({ planId: z.uuid(), persons: z.int(), messages: z.int(), heldUntil: instant }),
  }),

  'piece.decided': row({
    v: 1, zh: '审核有了结果', what: 'a person decided about something somebody wrote, or it was taken back: shown, refused, taken away, put back', aggregate: 'piece/<pieceKind>/<pieceId>', emits: 'restrain/moderation', hears: ['retain/discussion', 'retain/reader'],
    payload: z.looseObject({ pieceKind: z.enum(['article', 'comment', 'profile', 'media', 'outgoing']), pieceId: z.string(), version: z.int(), decision: z.enum(['approve', 'reject', 'remove', 'restore']), caseId: z.uuid().nullable(), rule: z.string().nullable() }),
  }),
  'penalty.started': row({
    v: 1, zh: '处罚开始', what: 'a reader may not put things before others for a while, or not be here at all', aggregate: 'reader/<readerId>', emits: 'restrain/penalty', hears: ['retain/points'],
    payload: z.looseObject({
      penaltyId: z.uuid(), readerId: z.uuid(), personId: z.uuid().nullable(), kind: z.enum(['silence-1', 'silence-7', 'silence-15', 'silence-forever', 'closure']), startsAt: instant, endsAt: instant.nullable(), rule: z.string(),
      caseId: z.uuid().nullable(), /** What happens to what was earned. */ feathers: z.enum(['none', 'freeze', 'reverse']),
    }),
  }),
  'penalty.ended': row({
    v: 1, zh: '处罚结束', what: 'a penalty is over: served, made lighter, overturned, or another took its place', aggregate: 'reader/<readerId>', emits: 'restrain/penalty', hears: ['retain/points'],
    payload: z.looseObject({ penaltyId: z.uuid(), readerId: z.uuid(), personId: z.uuid().nullable(), why: z.enum(['expired', 'reduced', 'overturned', 'replaced']) }),
  }),
  'appeal.decided': row({
    v: 1, zh: '申诉有了结果', what: 'another reviewer looked again; overturned restores what was taken away', aggregate: 'appeal/<appealId>', emits: 'restrain/penalty', hears: ['restrain/moderation', 'restrain/feedback'],
    payload: z.looseObject({
      appealId: z.uuid(), penaltyId: z.uuid().nullable(), caseId: z.uuid().nullable(), readerId: z.uuid(), ticketId: z.uuid().nullable(), decision: z.enum(['uphold', 'reduce', 'overturn']), reason: z.string(), publicNote: z.string().nullable(),
    }),
  }),

  // learn: what it came to
  'case.measured': row({
    v: 1, zh: '案例算出', what: 'a case was measured and kept; `enough` is false when nothing can be claimed yet', aggregate: 'case/<caseId>', emits: 'learn/benchmark', hears: [],
    payload: z.looseObject({ caseId: z.uuid(), measuredAt: instant, epochs: z.int(), enough: z.boolean() }),
  }),
  'playbook.applied': row({
    v: 1, zh: '用上打法', what: 'a playbook was applied in one transaction', aggregate: 'playbook/<playbookId>', emits: 'learn/playbook', hears: ['learn/playbook'],
    payload: z.looseObject({ applicationId: z.uuid(), playbookId: z.uuid() }),
  }),
  'playbook.undone': row({
    v: 1, zh: '撤下打法', what: 'what a playbook changed was taken back as far as it still stood', aggregate: 'application/<applicationId>', emits: 'learn/playbook', hears: ['learn/playbook'],
    payload: z.looseObject({ applicationId: z.uuid() }),
  }),
  'playbook.stopped': row({
    v: 1, zh: '打法该撤', what: 'the stop rule that came with a playbook speaks, on what was measured here', aggregate: 'application/<applicationId>', emits: 'learn/playbook', hears: [],
    payload: z.looseObject({ applicationId: z.uuid(), playbookId: z.uuid() }),
  }),
  'course.passed': row({
    v: 1, zh: '学完课程', what: 'somebody answered every quiz of a course', aggregate: 'course/<courseId>', emits: 'learn/course', hears: [],
    payload: z.looseObject({ courseId: z.uuid(), personId: z.uuid(), readerId: z.uuid(), passedAt: instant }),
  }),
} as const
export type EventName = keyof typeof events
export type PayloadOf<N extends EventName> = z.output<(typeof events)[N]['payload']>

/** Builds an event to emit; the payload is checked, since it is read for ever. */
export function makeEvent<N extends EventName>(ids: Ids, now: Instant, name: N, aggregate: string, occurredAt: Instant, payload: PayloadOf<N>): DomainEvent {
  return { eventId: ids.next(), name, v: events[name].v, aggregate, occurredAt, recordedAt: now, payload: events[name].payload.parse(payload) as Record<string, unknown> }
}

/** The payload of a heard event, checked. */
export function payloadOf<N extends EventName>(name: N, event: { name: string; payload: unknown }): PayloadOf<N> {
  return events[name].payload.parse(event.payload) as PayloadOf<N>
}
