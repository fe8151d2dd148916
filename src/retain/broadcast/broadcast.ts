/**
 * A broadcast's way: draft → held (approved, still editable, half an hour) → sending (tasks wait for members) → done; cancelled from any of the first
 * three. While sending, cancelling stops members who have not sent; nothing is recalled.
 */
export const broadcastStatuses = ['draft', 'held', 'sending', 'done', 'cancelled'] as const
export type BroadcastStatus = (typeof broadcastStatuses)[number]
export type BroadcastAct = 'edit' | 'approve' | 'dispatch' | 'cancel' | 'close' | 'remind'

const moves: Readonly<Record<BroadcastAct, Partial<Record<BroadcastStatus, BroadcastStatus>>>> = {
  edit: { draft: 'draft', held: 'held' },
  approve: { draft: 'held' },
  dispatch: { held: 'sending' },
  cancel: { draft: 'cancelled', held: 'cancelled', sending: 'sending' },
  close: { sending: 'done' },
  remind: { sending: 'sending' },
}

/** The status after an act, or undefined when the act is not possible now. */
export function after(status: BroadcastStatus, act: BroadcastAct): BroadcastStatus | undefined {
  return moves[act][status]
}

/** An approved batch is held this long, so that a slip can be taken back before anybody has read it. */
export const holdMs = 30 * 60_000

export const campaignOf = (broadcastId: string): string => `broadcast/${broadcastId}`
