import type { Instant } from '../../kernel/clock.ts'
import type { Seal } from '../../kernel/seal.ts'
import type { ConductGate, ReaderCard } from '../reader/index.ts'

/** What the use cases of this module need of the house. */
export type DiscussionParts = { gate: ConductGate; seal: Seal }

export type CommentState = 'pending' | 'approved' | 'rejected' | 'removed' | 'erased'
export type CommentRow = {
  commentId: string
  articleId: string
  /** The comment it answers; null for one of its own. `rootId` is the first of its thread. */
  parentId: string | null
  rootId: string
  readerId: string
  personId: string
  surface: string
  state: CommentState
  text: string
  rule: string | null
  caseId: string | null
  createdAt: Instant
  decidedAt: Instant | null
}
export type CommentView = { commentId: string; parentId: string | null; rootId: string; author: ReaderCard; text: string; state: CommentState; mine: boolean; createdAt: Instant; replies: number; answers: ReaderCard | null }
