/**
 * WeCom (企业微信) emulated: corps with members, customers, tags, contact ways, groups, welcome messages, mass sends, Moments, transfers,
 * statistics and acquisition links, from the WeCom sheet.
 *
 * People act by `wecom.*` acts; what they do is told to the corp's apps by callbacks, what the API does is not. Members confirm mass
 * sends and Moments themselves (`wecom.confirmBroadcast`, `wecom.publishMoment`), may be late or never do it.
 *
 * Not emulated: member tags of the address book, chat archive, WeChat customer service, product albums, rule groups, media bytes.
 */
export { arrivals, pendingTasks, wecomLine } from './module.ts'
export type { Published } from './moment.ts'
export type { PendingTask, Sent } from './broadcast.ts'
export type { AddResult, Who } from './relation.ts'
export type { Joined } from './group-chat-acts.ts'
export type { Arrival } from './state.ts'
