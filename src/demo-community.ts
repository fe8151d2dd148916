import { dayMs } from './kernel/calendar.ts'
import type { Instant } from './kernel/clock.ts'
import { createConduct } from './conduct.ts'
import { demoArticles, demoAuthors, demoReaders, type DemoArticle } from './demo-articles.ts'
import type { House } from './house.ts'
import { resolvePersons } from './book/person/index.ts'
import { answerQuiz, listArticles, listVersions, noFillers, saveDraft, schedule, submit, type ArticleParts, type DraftInput } from './retain/article/index.ts'
import { comment, favourite, findComment, follow, rate } from './retain/discussion/index.ts'
import { defaultOffers, generateCodes, listOffers, makeOffers, putOffer } from './retain/offer/index.ts'
import { acceptConvention, houseReader, registerReader, saveProfile, trustPhone, type Actor, type CommunityWork } from './retain/reader/index.ts'
import { claimCase, decideCase } from './restrain/moderation/index.ts'

/**
 * The community of the demo merchant: authors, readers, articles, comments, answers, ratings and benefits, written through the use cases as people would,
 * each at a day of the last month. One comment is left waiting, so that the queue has something to show.
 */
export async function seedCommunity(house: House, tenantId: number, name: string): Promise<boolean> {
  const { context, ports } = house
  const now = context.clockOf(tenantId).now()
  const workAt = (at: Instant): CommunityWork => ({ tenantId, now: at, ids: ports.ids, random: ports.random, emit: (tx, events) => context.emit(tx, tenantId, events) })
  const { gate, desk } = createConduct(context, () => workAt(now))
  const article: ArticleParts = { gate, fillers: noFillers }
  const app = <T>(work: Parameters<typeof ports.db.tx<T>>[1]): Promise<T> => ports.db.tx({ role: 'app', tenantId }, work)
  if ((await app((tx) => listArticles(tx, tenantId, { order: 'newest', limit: 1 }))).rows.length > 0) return false
  const began = now - 30 * dayMs

  const people = await app(async (tx) => {
    const actors = new Map<string, Actor>()
    const all = [...demoAuthors, ...demoReaders.map((reader) => ({ name: reader, bio: '' }))]
    const { personIds } = await resolvePersons(tx, tenantId, all.map((_one, n) => ({ unionid: `demo-reader-${n}`, seenAt: began, evidence: 'demo' })), ports.ids)
    const version = (await desk.conventions.at(tx, tenantId, began)).version
    for (const [n, one] of all.entries()) {
      const { readerId } = await registerReader(tx, workAt(began), { personId: personIds[n], surface: 'web' })
      const actor: Actor = { readerId, personId: personIds[n], surface: 'web' }
      await trustPhone(tx, workAt(began), { seal: context.seal }, { readerId, phone: `1390000${String(1001 + n)}` })
      await acceptConvention(tx, workAt(began), { readerId, version, surface: 'web' })
      await saveProfile(tx, workAt(began + n * 3_600_000), { gate }, actor, { name: one.name, bio: one.bio, avatar: null })
      actors.set(one.name, actor)
    }
    const readerId = await houseReader(tx, workAt(began), name)
    actors.set(name, { readerId, personId: readerId, surface: 'web' })
    return actors
  })

  /** Somebody of the house looks at what waits and lets it pass. */
  const pass = async (caseId: string | null, at: Instant): Promise<void> => {
    if (caseId === null) return
    const who = { login: 'owner', wall: at, reviewers: ['owner'] }
    await app(async (tx) => {
      if ((await claimCase(tx, workAt(at), who, { caseId })).kind === 'claimed') await decideCase(tx, workAt(at), desk, who, { caseId, decision: 'pass', rule: null, minors: false, penalty: 'none', reason: '' })
    })
  }
  /** In a transaction of its own: what somebody says below an article, and that it is looked at half an hour later. */
  const say = async (by: string, articleId: string, parentId: string | null, text: string, at: Instant, looked: boolean): Promise<string | null> => {
    const made = await app((tx) => comment(tx, workAt(at), { gate }, people.get(by)!, { articleId, parentId, text }))
    if (made.kind !== 'pending') return null
    if (looked) await pass((await app((tx) => findComment(tx, tenantId, made.commentId)))?.caseId ?? null, at + 1_800_000)
    return made.commentId
  }

  // What the convention's queue decides takes effect ten seconds later, by a job; the next step waits for it.
  const until = async (done: () => Promise<boolean>): Promise<void> => {
    for (let turn = 0; turn < 600 && !(await done()); turn++) {
      context.wake(tenantId)
      await ports.timers.sleep(25)
    }
  }
  const dateOf = (one: DemoArticle): Instant => now - one.daysAgo * dayMs
  const drafts = new Map<string, { articleId: string; version: number }>()
  for (const one of demoArticles) {
    const at = dateOf(one) - 3 * 3_600_000
    const saved = await app((tx) => saveDraft(tx, workAt(at), { staff: 'owner', authorReaderId: people.get(one.author)!.readerId }, draftOf(one), null))
    if (saved.kind !== 'saved') throw new Error(`the demo article ${one.title} was not saved: ${JSON.stringify(saved)}`)
    drafts.set(one.title, saved)
    await app((tx) => submit(tx, workAt(at), article, { readerId: null, name: 'owner' }, saved.articleId, null))
    // Some headlines say what their text says in other words: the machine holds them, a person lets them pass.
    const [newest] = await app((tx) => listVersions(tx, tenantId, saved.articleId))
    if (newest.state === 'held') await pass(newest.caseId, at + 1_800_000)
  }
  await until(async () => (await app((tx) => Promise.all([...drafts.values()].map((draft) => listVersions(tx, tenantId, draft.articleId))))).every(([newest]) => newest.state === 'approved'))

  // Answers can only be written to what is shown, so they come in a second pass.
  const later: Array<() => Promise<unknown>> = []
  let said = 0
  for (const one of demoArticles.toSorted((a, b) => b.daysAgo - a.daysAgo)) {
    const at = dateOf(one)
    const author = people.get(one.author)!
    const { articleId, version } = drafts.get(one.title)!
    await app((tx) => schedule(tx, workAt(at), article, articleId, version, at, null))
    for (const [n, words] of one.comments.entries()) {
      const then = Math.min(now - 3_600_000, at + (n + 1) * 5 * 3_600_000)
      const commentId = await say(words.by, articleId, null, words.text, then, true)
      const { answer } = words
      if (commentId !== null) said++
      if (answer !== undefined && commentId !== null) later.push(() => say(answer.by, articleId, commentId, answer.text, Math.min(now - 1_800_000, then + 7_200_000), true))
    }
    await app(async (tx) => {
      for (const [n, stars] of one.stars.entries()) {
        const reader = people.get(demoReaders[n % demoReaders.length])!
        if (reader.readerId === author.readerId) continue
        const then = Math.min(now - 60_000, at + (n + 2) * 3_600_000)
        await rate(tx, workAt(then), { gate }, reader, { articleId, stars })
        if (one.paid === undefined && n % 2 === 0) await answerQuiz(tx, workAt(then), article, reader, { articleId, answers: { q1: one.quiz.right } })
        if (n === 0) await favourite(tx, workAt(then), reader, { articleId, on: true })
        if (n === 1) await follow(tx, workAt(then), reader, { authorId: author.readerId, on: true })
      }
    })
  }
  await app(async (tx) => {
    const work = { ...workAt(now), random: ports.random }
    if ((await listOffers(tx, tenantId)).length > 0) return
    for (const offerId of makeOffers(tx, work, defaultOffers)) {
      await generateCodes(tx, work, { seal: context.seal }, { offerId, count: 40, by: 'owner' })
      await putOffer(tx, work, offerId, 'live')
    }
  })
  await until(async () => (await app((tx) => listArticles(tx, tenantId, { order: 'newest', limit: 50 }))).rows.reduce((sum, row) => sum + row.counts.comments, 0) >= said)
  for (const work of later) await work()
  await say('老唐', (await app((tx) => listArticles(tx, tenantId, { order: 'newest', limit: 1 }))).rows[0].articleId, null, '第十五天那个对照，我打算下周就做。', now - 60_000, false)
  context.wake(tenantId)
  return true
}

function draftOf(one: DemoArticle): DraftInput {
  const blocks: DraftInput['blocks'] = [{ type: 'markdown', text: one.text }]
  if (one.paid !== undefined) blocks.push({ type: 'paywall' }, { type: 'markdown', text: one.paid })
  const quiz = { type: 'quiz' as const, key: 'q1', question: one.quiz.question, options: [...one.quiz.options], right: one.quiz.right, section: one.quiz.section }
  // The question of a sold article is about its free part, so everybody can answer it.
  if (one.paid === undefined) blocks.push(quiz)
  else blocks.splice(1, 0, quiz)
  return { title: one.title, summary: one.summary, cover: null, topics: [...one.topics], price: { feathers: one.feathers ?? null, fen: one.fen ?? null }, blocks }
}
