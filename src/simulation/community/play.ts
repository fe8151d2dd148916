import { createHash } from 'node:crypto'
import pg from 'pg'
import { dayMs, startOfDay } from '../../kernel/calendar.ts'
import { manualClock, type Instant } from '../../kernel/clock.ts'
import { openDb, type Tx } from '../../kernel/db/index.ts'
import { ringDoorbells } from '../../kernel/doorbell/index.ts'
import type { JobHandler, Work } from '../../kernel/engine/index.ts'
import { emit, type DomainEvent } from '../../kernel/event/index.ts'
import { uuidIds } from '../../kernel/ids.ts'
import { claimJobs, listJobs, settleJob } from '../../kernel/job/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { createTenant } from '../../kernel/tenancy/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { answerQuiz, approve, noFillers, saveDraft, submit } from '../../retain/article/index.ts'
import { beginRead, comment, decideComments, finishRead, share } from '../../retain/discussion/index.ts'
import { defaultOffers, generateCodes, listOffers, makeOffers, putOffer, redeem } from '../../retain/offer/index.ts'
import { defaultRules, draftRules, featherNight, pointsSubscriber, publishRules, seenName, type RuleSet } from '../../retain/points/index.ts'
import { allowAllConductGate, closeReader, linkedReaders, readerOf, registerReader, reopenReader, trustPhone, type Actor, type ConductGate, type Surface } from '../../retain/reader/index.ts'
import { decideAct, defaultLadder, givePenalty, penaltyEnd, runningOf, type Readers } from '../../restrain/penalty/index.ts'
import { dropDatabase, makeDatabase, type Cluster } from '../world/index.ts'
import { checkCommunity, type CommunityFindings } from './check.ts'
import { castOf, cheating, type Cast, type Human } from './people.ts'

/** What is broken on purpose, so that a checker must find it. */
export type CommunityCanary = 'balance' | 'no-audit' | 'no-gate' | 'code-given' | 'over-cap' | 'harsh-audit'
export type CommunityOptions = { cluster: Cluster; seed: number; days: number; people: number; canary?: CommunityCanary; onDay?: (day: number) => void }
export type CommunityReport = {
  seed: number; days: number; people: number; accounts: number
  acts: { reads: number; quizzes: number; comments: number; shares: number; redeemed: number; refusedWhileSilenced: number; penalties: number }
  issued: number; held: number; spent: number
  /** Feathers above what the human's honest acts are worth, by kind of cheater: what they hold and what they spent. */
  gain: Record<string, { humans: number; feathers: number; most: number; /** Before the audit took back. */ tried: number }>
  honest: { lots: number; falseReversals: number; feathers: number; share: number }
  reasons: Record<string, number>
  checkers: CommunityFindings
  /** Of all lots, reversals and redemptions: the same for the same seed. */
  hash: string
}

/** What really happened, which the product is never told: by human. */
export type Truth = { cast: Cast; personOf: string[]; readerOf: string[]; /** Feathers that honest acts are worth: quizzes right and comments approved, once per human and article. */ worth: number[]; posted: number }

const start = startOfDay('2026-03-02')

/** Lives `days` in a community of its own database and looks at it with checkers of their own. Deterministic by seed. */
export async function simulateCommunity(options: CommunityOptions): Promise<CommunityReport> {
  const { cluster, seed, days, people, canary } = options
  const random = seededRandom(`community/${seed}`)
  const clock = manualClock(start)
  const ids = uuidIds(clock, random)
  const seal = createSeal(random.bytes(32, 'master key'), random)
  const database = `qz_community_${seed}_${people}_${days}_${canary ?? 'none'}`.replaceAll('-', '_')
  await makeDatabase(cluster, database)
  const db = openDb({ ...cluster.config(database, 'qz_service'), max: 1 })
  const owner = new pg.Client(cluster.config(database))
  await owner.connect()
  try {
    const tenantId = await db.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug: 'community', name: 'community', world: 'real', createdAt: start, origin: { kind: 'simulation' } }))
    const subscriber = pointsSubscriber(() => true)
    let queue: DomainEvent[] = []
    const workOf = (now: Instant): Work => ({
      tenantId, now, clock, ids, random, ring: (tx, bells) => ringDoorbells(tx, tenantId, bells),
      async emit(tx, events) {
        queue.push(...events)
        await emit(tx, tenantId, events, () => [])
      },
    })
    const readers: Readers = {
      linked: linkedReaders, accepted: async () => 1,
      async reader(tx, tenant, readerId) {
        const row = await readerOf(tx, tenant, readerId)
        return row && { personId: row.personId, phoneAt: row.phoneAt, kind: row.kind }
      },
      close: (tx, work, readerId) => closeReader(tx, work, readerId, 'closed'), reopen: reopenReader,
    }
    const gate: ConductGate = canary === 'no-gate' ? allowAllConductGate : {
      ...allowAllConductGate,
      mayAct: async (tx, tenant, readerId, act, surface, now) => decideAct(act, surface, { penalties: await runningOf(tx, tenant, readers, readerId, now), accepted: 1, convention: 1, phone: true, house: false }, now),
    }
    const jobs = new Map<string, JobHandler>([featherNight(() => canary !== 'no-audit'), penaltyEnd(readers)].map((job) => [job.kind, job]))

    /** One act in a transaction of its own; then feathers hear of it. */
    async function act<T>(at: Instant, run: (tx: Tx, work: Work) => Promise<T>): Promise<T> {
      if (at >= nextDue) await workJobs(at)
      if (at > clock.now()) clock.advance(at - clock.now())
      const result = await db.tx({ role: 'app', tenantId }, (tx) => run(tx, workOf(at)))
      await hear(at)
      return result
    }
    // Due times of jobs are looked up only when one may have come or gone.
    let nextDue: Instant = start
    async function hear(at: Instant): Promise<void> {
      const heard = queue.filter((event) => subscriber.hears.includes(event.name))
      queue = []
      if (nextDue === Infinity || heard.some((event) => event.name === 'penalty.started')) nextDue = at
      if (heard.length > 0) await db.tx({ role: 'app', tenantId }, (tx) => subscriber.handle(workOf(at), tx, heard.map((event) => ({ ...event, subscriber: subscriber.name, attempts: 0 }))))
      queue = []
    }
    async function workJobs(until: Instant): Promise<void> {
      for (;;) {
        const due = await db.tx({ role: 'app', tenantId }, async (tx) => {
          const [job] = await claimJobs(tx, tenantId, until, 1)
          if (!job) {
            nextDue = (await listJobs(tx, tenantId)).filter((one) => jobs.has(one.kind))[0]?.dueAt ?? Infinity
            return undefined
          }
          const handler = jobs.get(job.kind)
          if (job.dueAt > clock.now()) clock.advance(job.dueAt - clock.now())
          const next = handler ? await handler.run(workOf(Math.max(job.dueAt, start)), tx, job, undefined) : null
          await settleJob(tx, tenantId, job, next?.dueAt ?? null, next?.state)
          return job
        })
        if (!due) return
        await hear(due.dueAt)
      }
    }

    // ---- the stage is set ----
    const cast = castOf(random, people)
    const truth: Truth = { cast, personOf: [], readerOf: [], worth: cast.humans.map(() => 0), posted: 0 }
    const acts = { reads: 0, quizzes: 0, comments: 0, shares: 0, redeemed: 0, refusedWhileSilenced: 0, penalties: 0 }
    await act(start, async (tx, work) => {
      const { personIds } = await resolvePersons(tx, tenantId, cast.accounts.map((one) => ({ unionid: `u-${one.account}`, seenAt: start, evidence: 'simulation' })), ids)
      truth.personOf = personIds
      for (const one of cast.accounts) {
        const { readerId } = await registerReader(tx, work, { personId: personIds[one.account], surface: 'web', deviceKey: one.device, name: `读者${one.account}` })
        truth.readerOf.push(readerId)
        await trustPhone(tx, work, { seal }, { readerId, phone: one.phone })
      }
      const offers = makeOffers(tx, work, defaultOffers.map((offer) => ({ ...offer, perPerson: 0 })))
      for (const offerId of offers) {
        await generateCodes(tx, work, { seal }, { offerId, count: 20 + people * 2, by: 'simulation' })
        await putOffer(tx, work, offerId, 'live')
      }
      if (canary === 'harsh-audit') {
        const set: RuleSet = { ...defaultRules, audit: { ...defaultRules.audit, keptPerHour: 2, gapSeconds: 600, hoursPerDay: 6, personsPerDevice: 2 } }
        const version = await draftRules(tx, tenantId, { body: set, note: '', by: 'simulation' }, start)
        await publishRules(tx, tenantId, { version, seen: seenName(version, set) }, async () => [], start)
      }
    })
    const offers = await db.tx({ role: 'app', tenantId }, (tx) => listOffers(tx, tenantId))
    const actor = (account: number, surface: Surface = 'web'): Actor => ({ readerId: truth.readerOf[account], personId: truth.personOf[account], surface })
    const articles: string[] = []
    const parts = { gate, fillers: noFillers, seal }
    async function write(at: Instant, account: number): Promise<void> {
      const articleId = await act(at, async (tx, work) => {
        const saved = await saveDraft(tx, work, { actor: actor(account) }, { title: `第 ${articles.length + 1} 篇`, topics: ['复购'], blocks: [{ type: 'text', html: '<p>先看数，再动手。</p>' }, { type: 'quiz', key: 'q1', question: '先做什么', options: ['看数', '动手'], right: 0, section: 0 }] } as Parameters<typeof saveDraft>[3], null)
        if (saved.kind !== 'saved') throw new Error(`article not saved: ${JSON.stringify(saved)}`)
        await submit(tx, work, parts, { readerId: actor(account).readerId, name: '' }, saved.articleId, actor(account))
        await approve(tx, work, parts, { readerId: null, name: 'editor' }, saved.articleId, saved.version)
        return saved.articleId
      })
      articles.push(articleId)
      authorOf.set(articleId, account)
    }
    const authorOf = new Map<string, number>()
    const honest = cast.humans.filter((human) => human.kind === 'honest')
    for (let n = 0; n < 16; n++) await write(start + n * 60_000, honest[Math.floor(honest.length * random.u('author', n))].accounts[0])

    // ---- acts of people ----
    const kept = new Set<string>()
    const passed = new Set<string>()
    const said = new Set<string>()
    async function read(at: Instant, account: number, articleId: string, takesMs: number, shareToken?: string): Promise<boolean> {
      const one = cast.accounts[account]
      const begun = await act(at, (tx, work) => beginRead(tx, work, { seal }, { articleId, deviceKey: one.device, actor: actor(account), surface: 'web', ...(shareToken === undefined ? {} : { shareToken }) }))
      if (!begun) return false
      const done = await act(at + takesMs, (tx, work) => finishRead(tx, work, { seal }, { ticket: begun.ticket, depth: 1, actor: actor(account) }))
      if (done.kept) {
        acts.reads++
        kept.add(`${account}/${articleId}`)
      }
      return done.kept
    }
    async function quiz(at: Instant, account: number, articleId: string, right: boolean): Promise<void> {
      const human = cast.humans[cast.accounts[account].human]
      const done = await act(at, (tx, work) => answerQuiz(tx, work, { gate }, actor(account), { articleId, answers: { q1: right ? 0 : 1 } }))
      if (done.kind !== 'right' || !done.first) return
      acts.quizzes++
      // A program that answers has not read, and no second account of a human is another reader; nobody learns from the own article.
      const mine = `${human.human}/${articleId}`
      if (human.kind !== 'bot' && !passed.has(mine) && authorOf.get(articleId) !== account) truth.worth[human.human] += 5
      passed.add(mine)
    }
    async function say(at: Instant, account: number, articleId: string, text: string, surface: Surface = 'web'): Promise<string | undefined> {
      const done = await act(at, (tx, work) => comment(tx, work, { gate }, actor(account, surface), { articleId, parentId: null, text }))
      if (done.kind === 'not-now') acts.refusedWhileSilenced++
      if (done.kind !== 'pending') return undefined
      truth.posted++
      acts.comments++
      return done.commentId
    }
    async function send(at: Instant, account: number, articleId: string): Promise<string | undefined> {
      const done = await act(at, (tx, work) => share(tx, work, { gate }, actor(account), { articleId }))
      if (done.kind !== 'shared') return undefined
      acts.shares++
      return done.token
    }

    // ---- days ----
    type Plan = { at: Instant; who: number; run: (at: Instant) => Promise<void> }
    for (let day = 0; day < days; day++) {
      const midnight = start + day * dayMs
      const plans: Plan[] = []
      const u = (...keys: Array<string | number>): number => random.u(day, ...keys)
      const plan = (who: number, hour: number, run: Plan['run']): void => void plans.push({ at: Math.round(midnight + hour * 3_600_000), who, run })
      plan(-1, 6, async (at) => {
        await write(at, honest[Math.floor(honest.length * u('writes'))].accounts[0])
      })
      for (const human of cast.humans) planHuman(human)
      function planHuman(human: Human): void {
        const [first, ...others] = human.accounts
        const id = human.human
        const pick = (slot: string | number): string => articles[Math.max(0, articles.length - 1 - Math.floor(articles.length * u('pick', id, slot) ** 2))]
        const hour = 8 + 13 * u('hour', id)
        // Some read one after the other, quickly.
        const binge = random.u('binge', id) < 0.2
        const readsLikeAHuman = (slot: number): number => Math.round((binge ? 35 + 50 * u('takes', id, slot) : 60 + 240 * u('takes', id, slot)) * 1000)
        if (human.kind === 'honest' || human.kind === 'household' || human.kind === 'ring') {
          // For cover a ring does what everybody does, too.
          const active = u('active', id) < human.eager
          if (active) for (let k = 0; k < 1 + Math.floor((binge ? 6 : 3) * u('count', id)); k++) plan(id, hour + k * (binge ? 0.02 : 0.3), async (at) => {
            const articleId = pick(k)
            if (await read(at, first, articleId, readsLikeAHuman(k))) {
              if (u('quiz', id, k) < 0.6) await quiz(at + 400_000, first, articleId, u('right', id, k) < 0.8)
              if (u('says', id, k) < 0.15) await sayWell(at + 500_000, first, articleId, `有用，第 ${k + 1} 段我试过。`)
            }
          })
          if (human.kind !== 'ring' && u('shares', id) < 0.2 * human.eager) plan(id, hour + 1.2, async (at) => {
            const articleId = pick('share')
            const token = await send(at, first, articleId)
            if (token === undefined) return
            for (const friend of human.friends) if (u('opens', id, friend) < 0.35) {
              plans.push({ at: at + Math.round(u('later', id, friend) * 5_400_000) + 60_000, who: friend, run: async (later) => void (await read(later, cast.humans[friend].accounts[0], articleId, 90_000, token)) })
            }
          })
        }
        if (human.kind === 'ring') plan(id, hour + 2, async (at) => {
          for (let k = 0; k < 2; k++) {
            const articleId = pick(`ring-${k}`)
            const token = await send(at + k * 300_000, first, articleId)
            if (token !== undefined) for (const [n, friend] of human.friends.entries()) await read(at + k * 300_000 + (n + 1) * 40_000, cast.humans[friend].accounts[0], articleId, 25_000, token)
          }
        })
        if (human.kind === 'self-reader') plan(id, hour, async (at) => {
          const articleId = pick('self')
          await read(at, first, articleId, 60_000)
          await quiz(at + 70_000, first, articleId, true)
          const token = await send(at + 80_000, first, articleId)
          if (token === undefined) return
          await read(at + 90_000, first, articleId, 60_000, token)
          await read(at + 200_000, others[0], articleId, 60_000, token)
          await quiz(at + 300_000, others[0], articleId, true)
        })
        if (human.kind === 'bot') plan(id, hour, async (at) => {
          for (const [k, articleId] of articles.slice(-30).entries()) {
            await read(at + k * 22_000, first, articleId, 16_000)
            await quiz(at + k * 22_000 + 17_000, first, articleId, true)
          }
        })
        if (human.kind === 'farm' || human.kind === 'device-farm') plan(id, hour, async (at) => {
          for (let k = 0; k < 2; k++) {
            const articleId = pick(`farm-${k}`)
            const token = await send(at + k * 900_000, first, articleId)
            if (token !== undefined) for (const [n, other] of others.entries()) {
              await read(at + k * 900_000 + (n + 1) * 120_000, other, articleId, 40_000, token)
              if (human.kind === 'device-farm') await quiz(at + k * 900_000 + (n + 1) * 120_000 + 50_000, other, articleId, true)
            }
          }
        })
        if (human.kind === 'offender' && u('offends', id) < 0.6) plan(id, hour, async (at) => {
          const articleId = pick('spam')
          const surfaces: Surface[] = ['web', 'mini', 'api', 'wecom']
          for (const [n, account] of human.accounts.entries()) for (const [k, surface] of surfaces.entries()) {
            const commentId = await say(at + (n * 4 + k) * 60_000, account, articleId, `加微信领券 ${day}-${k}`, surface)
            if (commentId === undefined) continue
            // A moderator is quick today.
            await act(at + (n * 4 + k) * 60_000 + 20_000, async (tx, work) => {
              await decideComments(tx, work, { commentIds: [commentId], decision: 'reject', by: 'moderator', reason: '广告', rule: '3.1' })
              const rows = await givePenalty(tx, work, readers, {
                readerId: truth.readerOf[account], rule: { id: '3.1', zh: '广告', en: 'advertising', category: 3, severity: 'light' }, ladder: defaultLadder, convention: 1, caseId: null, actedAt: work.now, aggravations: [], excerpt: null, reason: '广告', by: ['moderator'],
              })
              acts.penalties += rows.length
            })
          }
        })
        // Whoever can, redeems at once: that is what cheating is for.
        const eagerness = cheating.includes(human.kind) ? 1 : 0.15
        for (const [n, account] of human.accounts.entries()) if (u('redeems', id, n) < eagerness) plan(id, 22 + 0.001 * account, async (at) => {
          const done = await act(at, (tx, work) => redeem(tx, { ...work, gate }, { personId: truth.personOf[account], readerId: truth.readerOf[account], offerId: offers[0].offerId, key: `day-${day}` }))
          if (done.ok) acts.redeemed++
        })
      }
      async function sayWell(at: Instant, account: number, articleId: string, text: string): Promise<void> {
        const commentId = await say(at, account, articleId, text)
        if (commentId === undefined) return
        await act(at + 30_000, (tx, work) => decideComments(tx, work, { commentIds: [commentId], decision: 'approve', by: 'moderator', reason: '' }))
        const mine = `${cast.accounts[account].human}/${articleId}`
        if (!said.has(mine) && authorOf.get(articleId) !== account) truth.worth[cast.accounts[account].human] += 10
        said.add(mine)
      }
      // Acts may plan more acts; the earliest is always next.
      while (plans.length > 0) {
        plans.sort((a, b) => a.at - b.at || a.who - b.who)
        const next = plans.shift()!
        await next.run(Math.max(next.at, clock.now()))
      }
      options.onDay?.(day + 1)
    }
    // Two nights more: the audit looks at the last day, and the last things vest.
    await act(start + (days + 2) * dayMs, async () => undefined)

    if (canary === 'balance') await owner.query(`update points_account set balance = balance + 1 where person_id = $1`, [truth.personOf[0]])
    if (canary === 'code-given') await owner.query(`update offer_code set state = 'issued' where code_index = (select code_index from offer_code where state = 'free' order by code_index limit 1)`)
    if (canary === 'over-cap') await owner.query(`update points_lot l set article_id = 'x' where rule = 'quiz' and person_id = (select person_id from points_lot where rule = 'quiz' and reversed = 0 group by person_id having count(*) > 1 order by count(*) desc, person_id limit 1)`)

    const rows = async <R>(text: string, params: readonly unknown[] = []): Promise<R[]> => (await owner.query({ text, values: params as unknown[], types: { getTypeParser: (oid: number) => (oid === 20 ? Number : pg.types.getTypeParser(oid, 'text')) } as pg.CustomTypesConfig })).rows as R[]
    const result = await checkCommunity({ rows, tenantId, truth })
    const [totals] = await rows<{ held: number; spent: number; issued: number }>(`select coalesce(sum(balance + vesting + frozen), 0)::bigint as held, coalesce(sum(spent), 0)::bigint as spent, (select coalesce(-sum(amount), 0)::bigint from entry where account = 'points:issued') as issued from points_account`)
    const lines = await rows<{ line: string }>(`select rule || '/' || key || '/' || feathers || '/' || remaining || '/' || reversed || '/' || earned_at as line from points_lot union all select 'r/' || code || '/' || feathers || '/' || reversed_at from points_reversal union all select 'o/' || redeemed_at || '/' || feathers from offer_redemption`)
    return { seed, days, people: cast.humans.length, accounts: cast.accounts.length, acts, ...totals, ...result, hash: createHash('sha256').update(lines.map((row) => row.line).sort().join('\n')).digest('hex').slice(0, 16) }
  } finally {
    await db.close()
    await owner.end()
    await dropDatabase(cluster, database)
  }
}
