import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import type { ArticleCard, Cursor } from '../article/index.ts'
import type { Actor, CommunityWork, ConductGate, NotNow, PieceKind, ReaderCard, Surface } from '../reader/index.ts'
import type { CommentRow, CommentView } from './discussion.ts'

export type DiscussionParts = { gate: ConductGate; seal: Seal }
/** Every comment waits first: `pending` until somebody (or the pipeline, where the merchant lets it) decides. */
export type Commented = { kind: 'pending'; commentId: string } | { kind: 'rejected'; commentId: string; rule: string | null; zh: string; en: string } | { kind: 'gone' } | { kind: 'empty' } | { kind: 'too-long'; most: number } | NotNow
export declare function comment(tx: Tx, work: CommunityWork, parts: Pick<DiscussionParts, 'gate'>, actor: Actor, wish: { articleId: string; parentId: string | null; text: string }): Promise<Commented>
export declare function decideComments(tx: Tx, work: CommunityWork, wish: { commentIds: readonly string[]; decision: 'approve' | 'reject' | 'remove' | 'restore'; by: string; reason: string; rule?: string | null }): Promise<string[]>
/** Threads newest first, each with its first answers; the viewer's own waiting ones are among them. */
export declare function listComments(tx: Tx, tenantId: number, want: { articleId: string; viewer: string | null; after?: Cursor; limit: number; answers: number }): Promise<{ rows: Array<CommentView & { thread: CommentView[] }>; next: Cursor | null }>
export declare function listThread(tx: Tx, tenantId: number, want: { rootId: string; viewer: string | null; after?: Cursor; limit: number }): Promise<{ rows: CommentView[]; next: Cursor | null }>
export declare function commentsOf(tx: Tx, tenantId: number, readerId: string, after: Cursor | null, limit: number): Promise<CommentRow[]>
export declare function findComment(tx: Tx, tenantId: number, commentId: string): Promise<CommentRow | undefined>

export declare function rate(tx: Tx, work: CommunityWork, parts: Pick<DiscussionParts, 'gate'>, actor: Actor, wish: { articleId: string; stars: number }): Promise<{ kind: 'rated'; mine: number; rating: number; ratings: number } | { kind: 'own' } | { kind: 'gone' } | NotNow>
/** What the reader has with this article: for the page. */
export declare function mineOf(tx: Tx, tenantId: number, readerId: string, articleId: string): Promise<{ stars: number | null; favourite: boolean; follows: boolean; keptRead: boolean; reported: boolean }>
export declare function favourite(tx: Tx, work: CommunityWork, actor: Actor, wish: { articleId: string; on: boolean }): Promise<{ kind: 'done'; favourites: number } | { kind: 'gone' }>
export declare function favouritesOf(tx: Tx, tenantId: number, readerId: string, after: Cursor | null, limit: number): Promise<{ rows: ArticleCard[]; next: Cursor | null }>
export declare function follow(tx: Tx, work: CommunityWork, actor: Actor, wish: { authorId: string; on: boolean }): Promise<{ kind: 'done'; followers: number } | { kind: 'self' } | { kind: 'gone' }>
export declare function followingOf(tx: Tx, tenantId: number, readerId: string, after: Cursor | null, limit: number): Promise<ReaderCard[]>
/** What those read whom the reader follows and who follow back, and who let it be seen. */
export declare function friendsRead(tx: Tx, tenantId: number, readerId: string, limit: number): Promise<Array<ArticleCard & { by: ReaderCard[] }>>
export declare function share(tx: Tx, work: CommunityWork, parts: Pick<DiscussionParts, 'gate'>, actor: Actor, wish: { articleId: string }): Promise<{ kind: 'shared'; shareId: string; token: string } | { kind: 'gone' } | NotNow>
export declare function openShare(tx: Tx, tenantId: number, token: string): Promise<{ shareId: string; articleId: string; slug: string; readerId: string; personId: string } | undefined>
/** Begins a read; `ticket` is handed back at the end and cannot be made up. Counts one read. */
export declare function beginRead(tx: Tx, work: CommunityWork, parts: Pick<DiscussionParts, 'seal'>, wish: { articleId: string; deviceKey: string; actor: Actor | null; surface: Surface; shareToken?: string }): Promise<{ ticket: string } | undefined>
/** `depth`: how far down, 0..1. Kept: to the end, in a time that a person can read it in, once for each who reads. */
export declare function finishRead(tx: Tx, work: CommunityWork, parts: Pick<DiscussionParts, 'seal'>, wish: { ticket: string; depth: number; actor: Actor | null }): Promise<{ kept: boolean; why?: 'too-fast' | 'not-to-the-end' | 'again' | 'own' | 'stale' }>
export declare function report(tx: Tx, work: CommunityWork, parts: Pick<DiscussionParts, 'gate'>, actor: Actor, wish: { pieceKind: Extract<PieceKind, 'article' | 'comment' | 'profile'>; pieceId: string; reason: string; detail: string }): Promise<{ kind: 'reported'; reportId: string } | { kind: 'again' } | { kind: 'gone' } | NotNow>
export declare function reportsOf(tx: Tx, tenantId: number, pieceKind: string, pieceId: string): Promise<{ count: number; newest: Array<{ reportId: string; readerId: string; reason: string; detail: string; at: Instant }> }>
