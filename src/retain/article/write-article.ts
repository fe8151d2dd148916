import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { randomText } from '../../kernel/random.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { makeEvent } from '../../events.ts'
import { readerOf, stopped, type Actor, type CommunityWork, type ConductGate, type NotNow, type Piece } from '../reader/index.ts'
import type { ArticleState, Block, BlockFillers, Hand, VersionState } from './article.ts'
import { readDraft, minutesOf, type DraftInput, type DraftProblem } from './blocks.ts'
import type { Dropped } from './clean.ts'
import { stepArticle, stepVersion } from './steps.ts'
import { findVersion, heatOf, insertArticle, insertVersion, lockArticle, setArticleState, setVersionState, showVersion, slugTaken, supersedeOthers, touchArticle, writeTopics, type ArticleRow, type VersionRow } from './store.ts'

export type ArticleParts = { gate: ConductGate; fillers: BlockFillers }
/** Who writes: a reader under the own name, or staff for an author. */
export type Writer = { actor: Actor } | { staff: string; authorReaderId: string }
export type WrongState = { kind: 'wrong-state'; state: VersionState | ArticleState }
export type DraftSaved = { kind: 'saved'; articleId: string; slug: string; version: number; dropped: Dropped[] } | { kind: 'wrong'; problems: DraftProblem[] } | { kind: 'changed-elsewhere'; latest: number; by: string } | { kind: 'gone' } | NotNow

/** Whether somebody of the house looks at what readers submit before it is published: 'house' (the default) or 'none'. */
export const reviewSetting = 'community.review'
export const publishJobKind = 'article.publish'
/** The same hand saving again within this time changes its last draft instead of adding a version. */
const sameDraftMs = 10 * 60_000

const handOf = (writer: Writer): string => ('actor' in writer ? `reader:${writer.actor.readerId}` : `staff:${writer.staff}`)
const authorOf = (writer: Writer): string => ('actor' in writer ? writer.actor.readerId : writer.authorReaderId)
export const handText = (hand: Hand): string => (hand.readerId === null ? `staff:${hand.name}` : `reader:${hand.readerId}`)

/** `base`: the version it was made from; null makes an article. Cleaned here, whatever the editor sent. */
export async function saveDraft(tx: Tx, work: CommunityWork, writer: Writer, input: DraftInput, base: { articleId: string; version: number } | null): Promise<DraftSaved> {
  const { tenantId, now, ids } = work
  const read = await readDraft(tx, tenantId, input)
  if (!read.ok) return { kind: 'wrong', problems: read.problems }
  const { draft } = read
  const by = handOf(writer)
  let article: Pick<ArticleRow, 'articleId' | 'slug' | 'latestVersion'> | undefined
  let version = 1
  if (base === null) {
    const articleId = ids.next()
    const slug = await freshSlug(tx, work, articleId)
    insertArticle(tx, tenantId, { articleId, slug, authorReaderId: authorOf(writer), title: draft.title, now })
    article = { articleId, slug, latestVersion: 0 }
  } else {
    const found = await lockArticle(tx, tenantId, base.articleId)
    if (!found || found.state === 'deleted' || ('actor' in writer && found.authorReaderId !== writer.actor.readerId)) return { kind: 'gone' }
    const latest = (await findVersion(tx, tenantId, base.articleId, found.latestVersion))!
    if (latest.version !== base.version) return { kind: 'changed-elsewhere', latest: latest.version, by: latest.writtenBy }
    article = found
    version = latest.state === 'draft' && latest.writtenBy === by && now - latest.writtenAt < sameDraftMs ? latest.version : latest.version + 1
    // A version under way is left behind by the one that is being written.
    if (version > latest.version) supersedeOthers(tx, tenantId, base.articleId, version, 'all')
  }
  insertVersion(tx, tenantId, {
    articleId: article.articleId, version, state: 'draft', title: draft.title, summary: draft.summary, cover: draft.cover, topics: draft.topics, blocks: draft.blocks, text: draft.text, priceFeathers: draft.price.feathers, priceFen: draft.price.fen,
    writtenBy: by, writtenAt: now, submittedAt: null, decidedAt: null, decidedBy: null, reason: null, caseId: null, rule: null, scheduledAt: null, publishedAt: null,
  })
  touchArticle(tx, tenantId, article.articleId, version, draft.title, now)
  return { kind: 'saved', articleId: article.articleId, slug: article.slug, version, dropped: draft.dropped }
}

async function freshSlug(tx: Tx, work: CommunityWork, articleId: string): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const slug = randomText(work.random, 8, 'article slug', articleId, attempt).toLowerCase()
    if (!(await slugTaken(tx, work.tenantId, slug))) return slug
  }
}

const linksIn = (blocks: readonly Block[]): string[] => [...new Set(blocks.flatMap((block) => (block.type === 'text' ? [...block.html.matchAll(/<a href="([^"]+)"/g)].map((found) => found[1].replaceAll('&amp;', '&')) : [])))]
function pieceOf(article: ArticleRow, row: VersionRow, author: { readerId: string; personId: string }, surface: Piece['surface'], now: Instant): Piece {
  const media = row.blocks.flatMap((block) => ((block.type === 'image' || block.type === 'mini') && block.sha256 !== null ? [block.sha256] : []))
  return {
    kind: 'article', id: article.articleId, version: row.version, readerId: author.readerId, personId: author.personId, surface, title: row.title, text: [row.summary, row.text].filter((one) => one !== '').join('\n'), links: linksIn(row.blocks),
    media: [...new Set([...media, ...(row.cover === null ? [] : [row.cover])])].map((sha256) => ({ sha256, contentType: 'image/*', bytes: 0 })), at: now,
  }
}

export type Submitted = { kind: 'submitted'; state: VersionState } | { kind: 'rejected'; rule: string | null; zh: string; en: string; suggestion?: string } | { kind: 'gone' } | WrongState | NotNow

/**
 * The latest version goes through the door of conduct. What passes is ready when staff wrote it; what a reader wrote waits for somebody of the house unless
 * the merchant lets it be published at once.
 */
export async function submit(tx: Tx, work: CommunityWork, parts: ArticleParts, hand: Hand, articleId: string, actor: Actor | null): Promise<Submitted> {
  const { tenantId, now } = work
  if (actor) {
    const stop = await stopped(tx, work, parts.gate, actor, 'publish')
    if (stop) return stop
  }
  const article = await lockArticle(tx, tenantId, articleId)
  if (!article || article.state === 'deleted' || (actor && article.authorReaderId !== actor.readerId)) return { kind: 'gone' }
  const row = (await findVersion(tx, tenantId, articleId, article.latestVersion))!
  if (stepVersion(row.state, 'submit') === undefined || row.state === 'held') return { kind: 'wrong-state', state: row.state }
  const author = (await readerOf(tx, tenantId, article.authorReaderId))!
  const [verdict] = await parts.gate.judge(tx, work, [pieceOf(article, row, author, actor?.surface ?? 'web', now)])
  if (verdict.outcome === 'reject') {
    setVersionState(tx, tenantId, articleId, row.version, 'rejected', { submittedAt: now, decidedAt: now, decidedBy: 'convention', reason: verdict.zh, rule: verdict.rule, caseId: verdict.caseId })
    return { kind: 'rejected', rule: verdict.rule, zh: verdict.zh, en: verdict.en, ...(verdict.suggestion === undefined ? {} : { suggestion: verdict.suggestion }) }
  }
  if (verdict.outcome === 'hold') {
    setVersionState(tx, tenantId, articleId, row.version, 'held', { submittedAt: now, caseId: verdict.caseId, rule: verdict.rule })
    return { kind: 'submitted', state: 'held' }
  }
  const state = await passed(tx, work, parts, article, row, hand.readerId !== null, now)
  return { kind: 'submitted', state }
}

/** After the convention: to the house's own eyes, or on. */
async function passed(tx: Tx, work: CommunityWork, parts: ArticleParts, article: ArticleRow, row: VersionRow, byReader: boolean, now: Instant): Promise<VersionState> {
  const review = byReader && (await readSetting<string>(tx, work.tenantId, reviewSetting)) !== 'none'
  setVersionState(tx, work.tenantId, article.articleId, row.version, review ? 'submitted' : 'approved', { submittedAt: now, ...(review ? {} : { decidedAt: now, decidedBy: 'convention' }) })
  if (review || !byReader) return review ? 'submitted' : 'approved'
  return (await publishVersion(tx, work, parts, article, { ...row, state: 'approved' })) ? 'published' : 'approved'
}

/** Somebody of the house agrees: a reader's article is published by that, one of the house is ready. */
export async function approve(tx: Tx, work: CommunityWork, parts: ArticleParts, hand: Hand, articleId: string, version: number): Promise<{ kind: 'approved'; published: boolean } | { kind: 'gone' } | WrongState> {
  const article = await lockArticle(tx, work.tenantId, articleId)
  const row = article && (await findVersion(tx, work.tenantId, articleId, version))
  if (!article || !row) return { kind: 'gone' }
  // What the convention holds is decided by its own queue, never here.
  if (row.state !== 'submitted') return { kind: 'wrong-state', state: row.state }
  setVersionState(tx, work.tenantId, articleId, version, 'approved', { decidedAt: work.now, decidedBy: handText(hand) })
  const byReader = row.writtenBy.startsWith('reader:')
  return { kind: 'approved', published: byReader && (await publishVersion(tx, work, parts, article, { ...row, state: 'approved' })) }
}

export async function refuse(tx: Tx, work: CommunityWork, hand: Hand, articleId: string, version: number, reason: string): Promise<{ kind: 'refused' } | { kind: 'gone' } | WrongState> {
  const article = await lockArticle(tx, work.tenantId, articleId)
  const row = article && (await findVersion(tx, work.tenantId, articleId, version))
  if (!row) return { kind: 'gone' }
  if (row.state !== 'submitted') return { kind: 'wrong-state', state: row.state }
  setVersionState(tx, work.tenantId, articleId, version, 'rejected', { decidedAt: work.now, decidedBy: handText(hand), reason })
  return { kind: 'refused' }
}

export type Scheduled = { kind: 'scheduled'; at: Instant } | { kind: 'published' } | { kind: 'gone' } | WrongState | NotNow

/** An approved version at its time; `at` now or past: at once. */
export async function schedule(tx: Tx, work: CommunityWork, parts: ArticleParts, articleId: string, version: number, at: Instant, actor: Actor | null): Promise<Scheduled> {
  const { tenantId, now } = work
  const article = await lockArticle(tx, tenantId, articleId)
  const row = article && (await findVersion(tx, tenantId, articleId, version))
  if (!article || !row || (actor && article.authorReaderId !== actor.readerId)) return { kind: 'gone' }
  if (actor) {
    const stop = await stopped(tx, work, parts.gate, actor, 'publish')
    if (stop) return stop
  }
  if (at <= now) return (await publishVersion(tx, work, parts, article, row)) ? { kind: 'published' } : { kind: 'wrong-state', state: row.state }
  const next = stepVersion(row.state, 'schedule')
  if (next === undefined || stepArticle(article.state, 'publish') === undefined) return { kind: 'wrong-state', state: row.state }
  setVersionState(tx, tenantId, articleId, version, next, { scheduledAt: at })
  await putJobs(tx, tenantId, [{ kind: publishJobKind, key: `${articleId}/${version}/${at}`, dueAt: at, state: { articleId, version, at } }])
  return { kind: 'scheduled', at }
}

export async function unschedule(tx: Tx, work: CommunityWork, articleId: string, version: number): Promise<{ kind: 'approved' } | { kind: 'gone' } | WrongState> {
  const article = await lockArticle(tx, work.tenantId, articleId)
  const row = article && (await findVersion(tx, work.tenantId, articleId, version))
  if (!row) return { kind: 'gone' }
  const next = stepVersion(row.state, 'unschedule')
  if (next === undefined) return { kind: 'wrong-state', state: row.state }
  setVersionState(tx, work.tenantId, articleId, version, next, { scheduledAt: null })
  return { kind: 'approved' }
}

/** The article must be locked by the caller. @returns whether it is what readers see now. */
async function publishVersion(tx: Tx, work: CommunityWork, parts: { fillers: BlockFillers }, article: ArticleRow, row: VersionRow): Promise<boolean> {
  const { tenantId, now, ids } = work
  const next = stepVersion(row.state, 'publish')
  const state = stepArticle(article.state, 'publish')
  if (next === undefined || state === undefined) return false
  const caseIds = row.blocks.flatMap((block) => (block.type === 'case' ? [block.caseId] : []))
  const cases = caseIds.length > 0 ? await parts.fillers.cases(tx, tenantId, caseIds) : new Map()
  setVersionState(tx, tenantId, article.articleId, row.version, next, { publishedAt: now })
  supersedeOthers(tx, tenantId, article.articleId, row.version, 'published')
  showVersion(tx, tenantId, row, { minutes: minutesOf(row.text), hasCase: cases.size > 0, failedCase: [...cases.values()].some((one) => one.failed) }, state, now, heatOf(1, now))
  writeTopics(tx, tenantId, article.articleId, row.topics, article.publishedAt ?? now)
  await work.emit(tx, [makeEvent(ids, now, 'article.published', `article/${article.articleId}`, now, { articleId: article.articleId, version: row.version, authorReaderId: article.authorReaderId })])
  return true
}

/** Publishes what is due. An author who may not publish at that moment waits until they may; then it is not forgotten. */
export function publishScheduled(parts: ArticleParts): JobHandler {
  return {
    kind: publishJobKind,
    async run(work, tx, job) {
      const { articleId, version, at } = job.state as { articleId: string; version: number; at: Instant }
      const article = await lockArticle(tx, work.tenantId, articleId)
      const row = article && (await findVersion(tx, work.tenantId, articleId, version))
      if (!article || row?.state !== 'scheduled' || row.scheduledAt !== at) return null
      const author = await readerOf(tx, work.tenantId, article.authorReaderId)
      if (author?.kind === 'person') {
        const answer = await parts.gate.mayAct(tx, work.tenantId, author.readerId, 'publish', 'web', work.now)
        if (!answer.ok) {
          if (answer.until !== null && answer.until > work.now) return { dueAt: answer.until, state: job.state }
          setVersionState(tx, work.tenantId, articleId, version, 'approved', { scheduledAt: null, reason: '作者现在不能发布' })
          return null
        }
      }
      await publishVersion(tx, work, parts, article, row)
      return null
    },
  }
}

export async function withdraw(tx: Tx, work: CommunityWork, articleId: string, actor: Actor | null): Promise<{ kind: 'withdrawn' } | { kind: 'gone' } | WrongState> {
  const article = await lockArticle(tx, work.tenantId, articleId)
  if (!article || (actor && article.authorReaderId !== actor.readerId)) return { kind: 'gone' }
  const next = stepArticle(article.state, 'withdraw')
  if (next === undefined) return { kind: 'wrong-state', state: article.state }
  setArticleState(tx, work.tenantId, articleId, next, work.now)
  writeTopics(tx, work.tenantId, articleId, [], work.now)
  return { kind: 'withdrawn' }
}

/** Shows again what its author took down, as it was. */
export async function republish(tx: Tx, work: CommunityWork, articleId: string, actor: Actor | null): Promise<{ kind: 'published' } | { kind: 'gone' } | WrongState> {
  const article = await lockArticle(tx, work.tenantId, articleId)
  if (!article || article.version === null || (actor && article.authorReaderId !== actor.readerId)) return { kind: 'gone' }
  if (article.state !== 'withdrawn') return { kind: 'wrong-state', state: article.state }
  await showAgain(tx, work, article)
  return { kind: 'published' }
}
async function showAgain(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now'>, article: ArticleRow): Promise<void> {
  setArticleState(tx, work.tenantId, article.articleId, 'published', work.now)
  const row = await findVersion(tx, work.tenantId, article.articleId, article.version!)
  if (row) writeTopics(tx, work.tenantId, article.articleId, row.topics, article.publishedAt ?? work.now)
}

/** Never published, or taken down: gone from every list. Sold articles stay for those who bought them, so they can only be withdrawn. */
export async function deleteArticle(tx: Tx, work: CommunityWork, articleId: string, actor: Actor | null, sold: number): Promise<{ kind: 'deleted' } | { kind: 'gone' } | { kind: 'sold'; sales: number } | WrongState> {
  const article = await lockArticle(tx, work.tenantId, articleId)
  if (!article || (actor && article.authorReaderId !== actor.readerId)) return { kind: 'gone' }
  if (sold > 0) return { kind: 'sold', sales: sold }
  const next = stepArticle(article.state, 'delete')
  if (next === undefined) return { kind: 'wrong-state', state: article.state }
  setArticleState(tx, work.tenantId, articleId, next, work.now)
  supersedeOthers(tx, work.tenantId, articleId, article.latestVersion + 1, 'all')
  return { kind: 'deleted' }
}

/** An old version becomes a new draft: nothing that was is written over. */
export async function restoreVersion(tx: Tx, work: CommunityWork, hand: Hand, articleId: string, version: number): Promise<{ kind: 'saved'; version: number } | { kind: 'gone' }> {
  const article = await lockArticle(tx, work.tenantId, articleId)
  const row = article && (await findVersion(tx, work.tenantId, articleId, version))
  if (!article || !row || article.state === 'deleted') return { kind: 'gone' }
  const next = article.latestVersion + 1
  supersedeOthers(tx, work.tenantId, articleId, next, 'all')
  insertVersion(tx, work.tenantId, { ...row, version: next, state: 'draft', writtenBy: handText(hand), writtenAt: work.now })
  touchArticle(tx, work.tenantId, articleId, next, row.title, work.now)
  return { kind: 'saved', version: next }
}

type Decided = { pieceId: string; version: number; decision: 'approve' | 'reject' | 'remove' | 'restore'; rule: string | null; caseId?: string | null }

/** What the convention's queue decided about an article. */
export async function decideArticle(tx: Tx, work: CommunityWork, parts: ArticleParts, decided: Decided): Promise<void> {
  const { tenantId, now } = work
  const article = await lockArticle(tx, tenantId, decided.pieceId)
  const row = article && (await findVersion(tx, tenantId, decided.pieceId, decided.version))
  if (!article || !row) return
  if (decided.decision === 'approve' && row.state === 'held') await passed(tx, work, parts, article, row, row.writtenBy.startsWith('reader:'), now)
  else if (decided.decision === 'reject') {
    if (stepVersion(row.state, 'reject') !== undefined) setVersionState(tx, tenantId, article.articleId, row.version, 'rejected', { decidedAt: now, decidedBy: 'convention', rule: decided.rule, caseId: decided.caseId ?? null })
  } else if (decided.decision === 'remove') {
    const next = stepArticle(article.state, 'remove')
    if (next !== undefined) {
      setArticleState(tx, tenantId, article.articleId, next, now)
      writeTopics(tx, tenantId, article.articleId, [], now)
    }
    if (row.state !== 'published' && stepVersion(row.state, 'reject') !== undefined) setVersionState(tx, tenantId, article.articleId, row.version, 'rejected', { decidedAt: now, decidedBy: 'convention', rule: decided.rule })
  } else if (decided.decision === 'restore') {
    if (article.state === 'removed') await showAgain(tx, work, article)
    else if (row.state === 'rejected' && row.version === article.latestVersion) {
      setVersionState(tx, tenantId, article.articleId, row.version, 'approved', { decidedAt: now, decidedBy: 'appeal' })
      if (row.writtenBy.startsWith('reader:')) await publishVersion(tx, work, parts, article, { ...row, state: 'approved' })
    }
  }
}
