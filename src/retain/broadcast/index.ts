/**
 * Broadcasts (群发): one message to a segment, approved by a person, held for half an hour, handed to members as tasks which each must send.
 *
 * Owns: broadcast.  Emits: broadcast.closed.
 *
 * Invariants
 * - Nothing leaves before approval and hold; the segment is chosen when the hold is over, not when it was written.
 * - A person gets one message of a broadcast, from the member who follows them since last.
 */
export { broadcastDispatch, broadcastClose, broadcastTaskEnded, dispatchKind, closeKind } from './dispatch.ts'
export { broadcastRoutes, type PlannedSource, type WorthSource } from './routes.ts'
export { after, broadcastStatuses, campaignOf, holdMs, type BroadcastStatus, type BroadcastAct } from './broadcast.ts'
export { listBroadcasts, findBroadcast, insertBroadcast, changeBroadcast, type Broadcast } from './store.ts'
export { broadcastsSaying } from './saying.ts'
