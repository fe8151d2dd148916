import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { makeEvent } from '../../events.ts'
import { stopped, type Actor, type CommunityWork, type ConductGate, type NotNow } from '../reader/index.ts'
import { splitAtWall } from './blocks.ts'
import { hasBought } from './sale-store.ts'
import { findArticle, findVersion, lockQuiz, saveQuiz } from './store.ts'

export type QuizAnswered = { kind: 'right'; first: boolean } | { kind: 'wrong'; wrong: Array<{ key: string; section: number }>; retryAt: Instant } | { kind: 'too-soon'; retryAt: Instant } | { kind: 'no-quiz' } | { kind: 'locked' } | NotNow

/** How long after a wrong answer the next one may come, in minutes. */
export const quizRetrySetting = 'community.quizRetryMinutes'
const defaultRetryMinutes = 10

/**
 * Answers all questions of an article at once. Right once is right for ever, for the person and not for the account; after a wrong answer the place to read
 * again is named, never the right option.
 */
export async function answerQuiz(tx: Tx, work: CommunityWork, parts: { gate: ConductGate }, actor: Actor, wish: { articleId: string; answers: Record<string, number> }): Promise<QuizAnswered> {
  const { tenantId, now, ids } = work
  const stop = await stopped(tx, work, parts.gate, actor, 'quiz')
  if (stop) return stop
  const article = await findArticle(tx, tenantId, wish.articleId)
  const row = article?.version === null || article?.state !== 'published' ? undefined : await findVersion(tx, tenantId, wish.articleId, article.version)
  const questions = row?.blocks.filter((block) => block.type === 'quiz') ?? []
  if (!article || !row || questions.length === 0) return { kind: 'no-quiz' }
  const { paid } = splitAtWall(row.blocks)
  if (paid.some((block) => block.type === 'quiz') && article.authorReaderId !== actor.readerId && !(await hasBought(tx, tenantId, wish.articleId, actor.personId))) return { kind: 'locked' }
  const before = await lockQuiz(tx, tenantId, { articleId: wish.articleId, personId: actor.personId, readerId: actor.readerId, version: row.version, surface: actor.surface, now })
  if (before.passedAt !== null) return { kind: 'right', first: false }
  if (before.retryAt !== null && before.retryAt > now) return { kind: 'too-soon', retryAt: before.retryAt }
  const wrong = questions.filter((quiz) => wish.answers[quiz.key] !== quiz.right).map((quiz) => ({ key: quiz.key, section: quiz.section }))
  const facts = { tries: before.tries + 1, lastAt: now, version: row.version, readerId: actor.readerId, surface: actor.surface }
  if (wrong.length > 0) {
    const minutes = (await readSetting<number>(tx, tenantId, quizRetrySetting)) ?? defaultRetryMinutes
    const retryAt = now + minutes * 60_000
    saveQuiz(tx, tenantId, wish.articleId, actor.personId, { ...facts, retryAt, passedAt: null })
    return { kind: 'wrong', wrong, retryAt }
  }
  saveQuiz(tx, tenantId, wish.articleId, actor.personId, { ...facts, retryAt: null, passedAt: now })
  await work.emit(tx, [makeEvent(ids, now, 'quiz.passed', `article/${wish.articleId}`, now, { articleId: wish.articleId, readerId: actor.readerId, personId: actor.personId, surface: actor.surface })])
  return { kind: 'right', first: true }
}
