import type { Tx } from '../../kernel/db/index.ts'
import type { Subscriber } from '../../kernel/engine/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { makeEvent } from '../../events.ts'
import { articleCards, bumpCounts, decideArticle, findArticle, heatOf, heatWeights, type ArticleParts, type Cursor } from '../article/index.ts'
import { readerCards, stopped, type Actor, type CommunityWork, type ConductGate, type NotNow, type ReaderCard } from '../reader/index.ts'
import type { CommentState, CommentView } from './discussion.ts'
import { addReplies, authorsOf, findComment, holdComment, insertComment, listAnswers, listRoots, listThreadRows, lockComments, setComment, type CommentFull } from './store.ts'

export const longestComment = 1000
/** 'queue' (the default): somebody looks at every comment; 'convention': what passes the convention is shown at once. */
export const commentsSetting = 'community.comments'

export type Commented = { kind: 'pending'; commentId: string } | { kind: 'approved'; commentId: string } | { kind: 'rejected'; commentId: string; rule: string | null; zh: string; en: string } | { kind: 'gone' } | { kind: 'empty' } | { kind: 'too-long'; most: number } | NotNow

/** Text of a comment: line breaks stay, at most one empty line; nothing invisible, nothing that turns the text around. Markup is text. */
export function plainText(text: string): string {
  return text.normalize('NFC').replace(/\r\n?/g, '\n').replace(/[\p{Cf}\p{Co}\p{Cn}\u2028\u2029]|(?!\n)\p{Cc}/gu, '').replace(/[^\S\n]+/g, ' ').replace(/ *\n */g, '\n').replace(/\n{3,}/g, '\n\n').trim()
}
const linksIn = (text: string): string[] => text.match(/https?:\/\/[^\s<>"，。！？）]+/gi) ?? []

/** Every comment waits first. The convention is asked at once, so that what it refuses is told at once, and what it holds is in its queue. */
export async function comment(tx: Tx, work: CommunityWork, parts: { gate: ConductGate }, actor: Actor, wish: { articleId: string; parentId: string | null; text: string }): Promise<Commented> {
  const { tenantId, now, ids } = work
  const stop = await stopped(tx, work, parts.gate, actor, 'comment')
  if (stop) return stop
  if (wish.text.length > 20 * longestComment) return { kind: 'too-long', most: longestComment }
  const text = plainText(wish.text)
  if (text === '') return { kind: 'empty' }
  if ([...text].length > longestComment) return { kind: 'too-long', most: longestComment }
  const article = await findArticle(tx, tenantId, wish.articleId)
  if (!article || article.state !== 'published') return { kind: 'gone' }
  const parent = wish.parentId === null ? undefined : await findComment(tx, tenantId, wish.parentId)
  if (wish.parentId !== null && (!parent || parent.articleId !== wish.articleId || (parent.state !== 'approved' && parent.readerId !== actor.readerId))) return { kind: 'gone' }
  const commentId = ids.next()
  const [verdict] = await parts.gate.judge(tx, work, [{
    kind: 'comment', id: commentId, version: 1, readerId: actor.readerId, personId: actor.personId, surface: actor.surface, title: '', text, links: linksIn(text), media: [], at: now,
  }])
  const state: CommentState = verdict.outcome === 'reject' ? 'rejected' : 'pending'
  insertComment(tx, tenantId, { commentId, articleId: wish.articleId, parentId: parent?.commentId ?? null, rootId: parent?.rootId ?? commentId, readerId: actor.readerId, personId: actor.personId, surface: actor.surface, state, text, rule: verdict.rule, caseId: verdict.caseId, createdAt: now })
  if (state === 'rejected') {
    await tellDecided(tx, work, [{ commentId, articleId: wish.articleId, readerId: actor.readerId, personId: actor.personId, surface: actor.surface }], 'rejected')
    return { kind: 'rejected', commentId, rule: verdict.rule, zh: verdict.zh, en: verdict.en }
  }
  if (verdict.outcome === 'pass' && (await readSetting<string>(tx, tenantId, commentsSetting)) === 'convention') {
    await decideComments(tx, work, { commentIds: [commentId], decision: 'approve', by: 'convention', reason: '' })
    return { kind: 'approved', commentId }
  }
  return { kind: 'pending', commentId }
}

export type Decision = 'approve' | 'reject' | 'remove' | 'restore'
/** What a decision makes of a comment where it stands; what is missing changes nothing. */
export const commentSteps: Record<CommentState, Partial<Record<Decision, CommentState>>> = {
  pending: { approve: 'approved', reject: 'rejected', remove: 'removed' },
  approved: { remove: 'removed', reject: 'removed' },
  rejected: { approve: 'approved', restore: 'approved' },
  removed: { restore: 'approved', approve: 'approved' },
  erased: {},
}

type Told = Pick<CommentFull, 'commentId' | 'articleId' | 'readerId' | 'personId' | 'surface'>
async function tellDecided(tx: Tx, work: CommunityWork, rows: readonly Told[], state: 'approved' | 'rejected' | 'removed' | 'restored'): Promise<void> {
  await work.emit(tx, rows.map((row) => makeEvent(work.ids, work.now, 'comment.decided', `comment/${row.commentId}`, work.now, { commentId: row.commentId, articleId: row.articleId, readerId: row.readerId, personId: row.personId, state, surface: row.surface as Actor['surface'] })))
}

/** Decides comments; told twice it changes nothing, and two who decide at once are one after the other. @returns those it changed. */
export async function decideComments(tx: Tx, work: CommunityWork, wish: { commentIds: readonly string[]; decision: Decision; by: string; reason: string; rule?: string | null }): Promise<string[]> {
  const { tenantId, now } = work
  const changed: string[] = []
  const counts = new Map<string, number>()
  for (const row of await lockComments(tx, tenantId, wish.commentIds)) {
    const next = commentSteps[row.state][wish.decision]
    if (next === undefined) continue
    setComment(tx, tenantId, row.commentId, { state: next, by: wish.by, at: now, reason: wish.reason || null, rule: wish.rule ?? null })
    const shown = (next === 'approved' ? 1 : 0) - (row.state === 'approved' ? 1 : 0)
    if (shown !== 0) counts.set(row.articleId, (counts.get(row.articleId) ?? 0) + shown)
    if (shown !== 0 && row.parentId !== null) addReplies(tx, tenantId, row.rootId, shown)
    await tellDecided(tx, work, [row], next === 'approved' ? (row.state === 'pending' ? 'approved' : 'restored') : next === 'removed' && row.state === 'approved' ? 'removed' : 'rejected')
    changed.push(row.commentId)
  }
  for (const [articleId, by] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) bumpCounts(tx, tenantId, articleId, { comments: by }, by > 0 ? heatOf(heatWeights.comment * by, now) : null)
  return changed
}

const gone: ReaderCard = { readerId: '', name: '', bio: '', avatar: null, kind: 'person', gone: true }
async function view(tx: Tx, tenantId: number, rows: readonly CommentFull[], viewer: string | null): Promise<CommentView[]> {
  const answered = await authorsOf(tx, tenantId, rows.flatMap((row) => (row.parentId !== null && row.parentId !== row.rootId ? [row.parentId] : [])))
  const cards = await readerCards(tx, tenantId, [...rows.map((row) => row.readerId), ...answered.values()])
  return rows.map((row) => {
    const hidden = row.state === 'removed' || row.state === 'erased'
    const to = row.parentId === null ? undefined : answered.get(row.parentId)
    return {
      commentId: row.commentId, parentId: row.parentId, rootId: row.rootId, author: cards.get(row.readerId) ?? gone, text: hidden ? '' : row.text, state: row.state, mine: row.readerId === viewer, createdAt: row.createdAt, replies: row.replies,
      answers: to === undefined ? null : (cards.get(to) ?? null),
    }
  })
}

/** Threads newest first, each with its first answers; the viewer's own waiting ones are among them. */
export async function listComments(tx: Tx, tenantId: number, want: { articleId: string; viewer: string | null; after?: Cursor; limit: number; answers: number }): Promise<{ rows: Array<CommentView & { thread: CommentView[] }>; next: Cursor | null }> {
  const found = await listRoots(tx, tenantId, { ...want, limit: want.limit + 1 })
  const roots = found.slice(0, want.limit)
  const answers = await listAnswers(tx, tenantId, roots.map((row) => row.commentId), want.viewer, want.answers)
  const shown = await view(tx, tenantId, [...roots, ...answers], want.viewer)
  const last = found.length > want.limit ? roots[roots.length - 1] : undefined
  return {
    rows: shown.slice(0, roots.length).map((root) => ({ ...root, thread: shown.slice(roots.length).filter((one) => one.rootId === root.commentId) })),
    next: last ? { at: last.createdAt, id: last.commentId } : null,
  }
}
export async function listThread(tx: Tx, tenantId: number, want: { rootId: string; viewer: string | null; after?: Cursor; limit: number }): Promise<{ rows: CommentView[]; next: Cursor | null }> {
  const found = await listThreadRows(tx, tenantId, { ...want, limit: want.limit + 1 })
  const rows = found.slice(0, want.limit)
  const last = found.length > want.limit ? rows[rows.length - 1] : undefined
  return { rows: await view(tx, tenantId, rows, want.viewer), next: last ? { at: last.createdAt, id: last.commentId } : null }
}

/** Titles for a list of comments. */
export const titlesOf = async (tx: Tx, tenantId: number, articleIds: readonly string[]): Promise<Map<string, { title: string; slug: string }>> =>
  new Map([...(await articleCards(tx, tenantId, articleIds))].map(([id, card]) => [id, { title: card.title, slug: card.slug }]))

type Decided = { pieceKind: string; pieceId: string; version: number; decision: Decision; caseId: string | null; rule: string | null }

/** Hears what the convention decided, about comments and about articles (which discussion passes on, so that one order holds for both). */
export function discussionSubscriber(parts: ArticleParts, on: (tenantId: number) => boolean): Subscriber {
  return {
    name: 'retain/discussion',
    hears: ['piece.decided'],
    on,
    async handle(work, tx, events) {
      for (const event of events) {
        const decided = event.payload as Decided
        if (decided.pieceKind === 'article') await decideArticle(tx, work, parts, decided)
        else if (decided.pieceKind === 'comment') {
          holdComment(tx, work.tenantId, decided.pieceId, decided.caseId, decided.rule)
          await decideComments(tx, work, { commentIds: [decided.pieceId], decision: decided.decision, by: 'convention', reason: '', rule: decided.rule })
        }
      }
    },
  }
}
