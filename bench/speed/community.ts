import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { systemClock, systemTimers } from '../../src/kernel/clock.ts'
import { readConfig } from '../../src/kernel/config.ts'
import { migrate, openDb, readMigrations, startPostgres } from '../../src/kernel/db/index.ts'
import { uuidIds } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { seededRandom, systemRandom } from '../../src/kernel/random.ts'
import { createSeal } from '../../src/kernel/seal.ts'
import { createTenant, switchBlock } from '../../src/kernel/tenancy/index.ts'
import { createHouse } from '../../src/house.ts'
import { resolvePersons } from '../../src/book/person/index.ts'
import { acceptConvention, houseReader, openSession, registerReader, trustPhone, type CommunityWork } from '../../src/retain/reader/index.ts'
import { personAccount, pointsUnit, walletOf } from '../../src/retain/points/index.ts'
import { packageRoot } from '../../src/root.ts'
import { createServer } from '../../src/server.ts'
import { stages } from '../../src/stages.ts'
import { peakRssMb, type Bench, type BenchReport, type BenchRow } from '../harness.ts'

/**
 * The community on a durable database behind the real server: article pages for 500 readers who each open one every five seconds, the most pages a
 * second, answers of questions and ratings a second, and afterwards every wallet against what was earned. The readers are a process of their own.
 * Anchor in the same run: one `select` of the same article by its key, through the same driver and as many connections; no page can cost less.
 */
const sizes: Record<string, { articles: number; comments: number; seconds: number }> = {
  small: { articles: 2_000, comments: 20_000, seconds: 6 }, default: { articles: 100_000, comments: 1_000_000, seconds: 60 },
}
const readers = 500
const everyMs = 5_000
const connections = 12
const round = (value: number): number => Number(value.toPrecision(4))

type Sent = { method?: string; path: string; headers: Record<string, string>; body?: string }
type Load = { tookMs: number; count: number; perSecond: number; p50: number; p95: number; p99: number; bytes: number; statuses: Record<string, number> }

export const bench: Bench = {
  name: 'community',
  what: 'article pages for 500 readers at once, answers and ratings a second, wallets to the feather; a plain select as the ceiling',
  sizes: ['small', 'default'],
  async run({ size = 'default', seed, log }): Promise<BenchReport> {
    const plan = sizes[size]
    if (plan === undefined) throw new Error(`bench community: unknown size '${size}', expected small or default`)
    const folder = mkdtempSync(join(tmpdir(), 'qz-bench-community-'))
    const postgres = await startPostgres({ folder: join(folder, 'postgres'), profile: 'durable' })
    const rows: BenchRow[] = []
    try {
      await migrate(postgres.config('postgres'), readMigrations(join(packageRoot, 'migrations')), systemClock.now())
      const db = openDb({ ...postgres.config('postgres', 'qz_service'), max: connections })
      const random = seededRandom(seed)
      const ids = uuidIds(systemClock, systemRandom)
      const seal = createSeal(Buffer.alloc(32, 7), systemRandom)
      const tenantId = await db.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug: 'bench', name: '书房', world: 'real', createdAt: 0, origin: {} }))
      await db.tx({ role: 'app', tenantId }, async (tx) => {
        for (const block of ['community', 'points']) await switchBlock(tx, tenantId, block, true, systemClock.now())
      })
      const house = await createHouse({
        config: readConfig({}).config, db, processClock: systemClock, worldClock: () => systemClock, timers: systemTimers, random: systemRandom, ids, log: silentLog, seal, stages, repeatOf: () => 'safe',
        call: async () => ({ kind: 'no-answer', text: 'nobody is asked in this bench' }),
      })
      const app = await createServer({ house, routes: [], metrics: async () => '', ready: () => true, secure: false })
      // Server time of pages and acts: from the first byte in to the last byte out, as the server sees it.
      let times: number[] = []
      const began = new WeakMap<object, number>()
      app.addHook('onRequest', async (request) => void began.set(request, performance.now()))
      app.addHook('onResponse', async (request) => void times.push(performance.now() - began.get(request)!))
      await app.listen({ port: 0, host: '127.0.0.1' })
      const { port } = app.server.address() as AddressInfo

      const work = (): CommunityWork => ({ tenantId, now: systemClock.now(), ids, random: systemRandom, emit: (tx, events) => house.context.emit(tx, tenantId, events) })
      const people = await db.tx({ role: 'app', tenantId }, async (tx) => {
        const author = await houseReader(tx, work(), '书房')
        const { personIds } = await resolvePersons(tx, tenantId, Array.from({ length: readers }, (_, n) => ({ unionid: `u${n}`, seenAt: systemClock.now(), evidence: 'bench' })), ids)
        const list: Array<{ readerId: string; personId: string; token: string }> = []
        for (const [n, personId] of personIds.entries()) {
          const { readerId } = await registerReader(tx, work(), { personId, surface: 'web' })
          await trustPhone(tx, work(), { seal }, { readerId, phone: `138${String(10_000_000 + n)}` })
          await acceptConvention(tx, work(), { readerId, version: 1, surface: 'web' })
          const { token } = await openSession(tx, work(), { readerId, surface: 'web', deviceKey: `bench-${n}` })
          list.push({ readerId, personId, token })
        }
        // The readers write, too: a community has many authors, and none of them has written all of it.
        await fill(tx.query.bind(tx), tenantId, { house: author, authors: list.map((one) => one.readerId) }, plan, systemClock.now())
        return list
      })
      const owner = new pg.Client(postgres.config('postgres'))
      await owner.connect()
      await owner.query('vacuum analyze')
      await owner.end()
      log(`${plan.articles.toLocaleString('en')} articles, ${plan.comments.toLocaleString('en')} comments, ${readers} readers`)

      // Popular articles are read more: Zipf over all of them.
      const pick = (what: string, n: number): number => Math.min(plan.articles - 1, Math.floor(plan.articles ** random.u(what, n)) - 1)
      const headers = (n: number): Record<string, string> => ({ cookie: `qz_reader=${people[n % readers].token}; qz_device=${String(n % readers).padStart(22, 'd')}`, 'x-forwarded-for': `10.${(n >> 8) % 250}.${n % 250}.1` })
      const pages = (count: number, what: string): Sent[] => Array.from({ length: count }, (_, n) => ({ path: `/c/bench/a/a${pick(what, n)}`, headers: headers(n) }))
      const load = (job: object): Promise<Load> => new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [join(packageRoot, 'bench/load/reader-load.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
        let out = ''
        child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)))
        child.on('close', (code) => (code === 0 ? resolve(JSON.parse(out) as Load) : reject(new Error(`the readers stopped with ${code}`))))
        child.stdin.end(`${JSON.stringify({ port, ...job })}\n`)
      })
      const measured = async (job: object): Promise<{ load: Load; server: number[] }> => {
        times = []
        const result = await load(job)
        return { load: result, server: times.toSorted((a, b) => a - b) }
      }
      const ok = (statuses: Record<string, number>, ...codes: number[]): boolean => Object.keys(statuses).every((code) => codes.includes(Number(code)))
      const at = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

      await measured({ mode: 'flat', connections: 8, requests: pages(200, 'warm') })
      const paced = await measured({ mode: 'pace', readers, everyMs, requests: pages(Math.round((plan.seconds * 1000 * readers) / everyMs), 'paced') })
      rows.push({ case: `article page, ${readers} readers at once, p95 server time`, own: round(at(paced.server, 0.95)), anchor: 'published', anchorValue: 100, unit: 'ms', ratio: null, agrees: ok(paced.load.statuses, 200), goal: 'under 100 ms', note: `p50 ${round(at(paced.server, 0.5))} ms, p99 ${round(at(paced.server, 0.99))} ms; ${round(paced.load.perSecond)} pages a second asked for; ${Math.round(paced.load.bytes / 1024)} kB a page` })
      log(`pages for ${readers} readers: p50 ${round(at(paced.server, 0.5))} ms, p95 ${round(at(paced.server, 0.95))} ms, p99 ${round(at(paced.server, 0.99))} ms; answers ${JSON.stringify(paced.load.statuses)}`)

      // The ceiling: the same article by its key, nothing else, by the same driver.
      const ceiling = async (count: number): Promise<number> => {
        let next = 0
        const start = performance.now()
        await Promise.all(Array.from({ length: connections }, async () => {
          while (next < count) {
            const n = next++
            await db.tx({ role: 'app', tenantId }, (tx) => tx.query(`select v.blocks from article a join article_version v on v.tenant_id = a.tenant_id and v.article_id = a.article_id and v.version = a.version where a.tenant_id = $1 and a.slug = $2`, [tenantId, `a${pick('flat', n)}`]))
          }
        }))
        return (count / (performance.now() - start)) * 1000
      }
      const flatCount = plan.seconds * 40
      const flat = await measured({ mode: 'flat', connections: 32, requests: pages(flatCount, 'flat') })
      const most = await ceiling(flatCount * 4)
      rows.push({ case: 'article pages, as many as go', own: round(flat.load.perSecond), anchor: 'select', anchorValue: round(most), unit: '1/s', ratio: { median: round(flat.load.perSecond / most), min: round(flat.load.perSecond / most), max: round(flat.load.perSecond / most) }, agrees: ok(flat.load.statuses, 200), note: 'a page asks for session, article, comments, author, related, wallet and begins a read; the anchor reads one row' })
      log(`pages flat out ${round(flat.load.perSecond)} a second; plain select ${round(most)} a second`)

      const api = (n: number, path: string, body: object): Sent => ({ method: 'POST', path: `/mall/bench/api/community${path}`, headers: { 'content-type': 'application/json', authorization: `Bearer ${people[n % readers].token}`, 'x-forwarded-for': `10.9.${n % 250}.${(n >> 8) % 250}` }, body: JSON.stringify(body) })
      // No two answers are of one article, and nobody answers what they wrote.
      const answers = plan.seconds * 40
      const quiz = await measured({ mode: 'flat', connections: 32, requests: Array.from({ length: answers }, (_, n) => api(n, `/articles/a${(n * 7 + 1) % plan.articles}/quiz`, { answers: { q1: 1 } })) })
      rows.push({ case: 'questions answered', own: round(quiz.load.perSecond), anchor: 'select', anchorValue: round(most), unit: '1/s', ratio: { median: round(quiz.load.perSecond / most), min: round(quiz.load.perSecond / most), max: round(quiz.load.perSecond / most) }, agrees: ok(quiz.load.statuses, 200), note: `p95 server time ${round(at(quiz.server, 0.95))} ms` })
      const rate = await measured({ mode: 'flat', connections: 32, requests: Array.from({ length: answers }, (_, n) => api(n, `/articles/a${pick('rate', n)}/rating`, { stars: 1 + (n % 5) })) })
      rows.push({ case: 'ratings', own: round(rate.load.perSecond), anchor: 'select', anchorValue: round(most), unit: '1/s', ratio: { median: round(rate.load.perSecond / most), min: round(rate.load.perSecond / most), max: round(rate.load.perSecond / most) }, agrees: ok(rate.load.statuses, 200), note: `p95 server time ${round(at(rate.server, 0.95))} ms` })
      log(`answers ${round(quiz.load.perSecond)} a second ${JSON.stringify(quiz.load.statuses)}, ratings ${round(rate.load.perSecond)} a second`)

      // The events are worked, then every wallet is held against the answers that were right, and the ledger against the wallets.
      while ((await house.engine.tick(tenantId)) > 0);
      const passed = await db.tx({ role: 'app', tenantId }, (tx) => tx.query<{ personId: string; n: number }>(`select person_id as "personId", count(*)::int as n from quiz_answer where tenant_id = $1 and passed_at is not null group by person_id order by person_id`, [tenantId]))
      const right = new Map(passed.map((row) => [row.personId, row.n]))
      let wrong = 0
      let held = 0
      await db.tx({ role: 'app', tenantId }, async (tx) => {
        for (const one of people) {
          const wallet = await walletOf(tx, tenantId, one.personId, systemClock.now())
          held += wallet.balance + wallet.vesting + wallet.frozen
          // Five feathers an answer, at most a hundred a day.
          if (wallet.balance + wallet.vesting + wallet.frozen !== Math.min(100, 5 * (right.get(one.personId) ?? 0))) wrong++
        }
      })
      const ledger = await db.tx({ role: 'app', tenantId }, (tx) => tx.query<{ sum: number }>(`select coalesce(sum(amount), 0)::bigint as sum from entry where tenant_id = $1 and unit = $2 and account = any($3)`, [tenantId, pointsUnit, people.map((one) => personAccount(one.personId))]))
      const answered = passed.reduce((sum, row) => sum + row.n, 0)
      rows.push({ case: `wallets that are not right to the feather, of ${readers}`, own: wrong, anchor: 'published', anchorValue: 0, unit: 'wallets', ratio: null, agrees: wrong === 0 && ledger[0].sum === held && answered === answers, goal: '0', note: `${answered} answers right of ${answers}; ${held} feathers held, ${ledger[0].sum} in the ledger's accounts of these persons` })
      log(`${wrong} wallets wrong; ${answered} of ${answers} answers right; ${held} feathers held, ${ledger[0].sum} in the ledger`)
      await app.close()
      await house.close()
      await db.close()
      return { bench: 'community', size, rows, peakRssMb: peakRssMb(), skipped: [] }
    } finally {
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** An id that is the same in every run and a UUID by its form: the house refuses others. */
const uuid = (of: string): string => `overlay(overlay(md5(${of}) placing '7' from 13) placing '8' from 17)::uuid`

/** Articles and comments of a community that is years old, written straight into the tables: nobody waits for a million comments to be judged. */
async function fill(query: (sql: string, values: unknown[]) => Promise<unknown>, tenantId: number, by: { house: string; authors: readonly string[] }, plan: { articles: number; comments: number }, now: number): Promise<void> {
  const paragraph = '<p>把话说少一点，把数看准一点。留一小群人不打扰，过两个月再比；没有对照，改完了也不知道是对是错。账要一笔一笔记，货要一件一件数，客人要一位一位认。</p>'
  const blocks = JSON.stringify([{ type: 'text', html: [1, 2, 3].map((n) => `<h2>第 ${n} 节</h2>${paragraph.repeat(4)}`).join('') }, { type: 'quiz', key: 'q1', question: '为什么要留一小群人不打扰？', options: ['省钱', '有个对照', '好玩'], right: 1, section: 1 }])
  await query(
    `insert into article (tenant_id, article_id, slug, author_reader_id, state, latest_version, version, title, summary, cover, topics, minutes, has_case, failed_case, price_feathers, price_fen, published_at, created_at, updated_at, reads, kept_reads, comments, favourites, shares, sales, ratings, rating_weight, rating_sum, rating, heat)
     select $1, ${uuid("'article ' || n")}, 'a' || n, ($2::uuid[])[1 + n % cardinality($2::uuid[])], 'published', 1, 1, '第 ' || n || ' 篇：少说一点，看准一点', '留一小群人不打扰，过两个月再比。', null, array['话题' || n % 40], 4, false, false, null, null, $3::bigint - n::bigint * 60000, $3::bigint - n::bigint * 60000, $3::bigint - n::bigint * 60000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (n % 1000)::double precision / 100
     from generate_series(0, $4::int - 1) n`, [tenantId, by.authors, now, plan.articles])
  await query(`insert into article_topic (tenant_id, topic, article_id, published_at) select $1, '话题' || n % 40, ${uuid("'article ' || n")}, $2::bigint - n::bigint * 60000 from generate_series(0, $3::int - 1) n`, [tenantId, now, plan.articles])
  await query(
    `insert into article_version (tenant_id, article_id, version, state, title, summary, cover, topics, blocks, body_text, written_by, written_at, published_at)
     select $1, ${uuid("'article ' || n")}, 1, 'published', '第 ' || n || ' 篇：少说一点，看准一点', '留一小群人不打扰，过两个月再比。', null, array['话题' || n % 40], $2::jsonb, '把话说少一点，把数看准一点。', 'house', $3::bigint, $3::bigint - n::bigint * 60000 from generate_series(0, $4::int - 1) n`, [tenantId, blocks, now, plan.articles])
  // A few articles have thousands of comments, most have a handful; one comment in four answers the one before it on the same article.
  await query(
    `insert into article_comment (tenant_id, comment_id, article_id, parent_id, root_id, reader_id, person_id, surface, state, body, replies, created_at, decided_at, decided_by)
     select $1, ${uuid("'comment ' || n")}, ${uuid("'article ' || a")}, null, ${uuid("'comment ' || n")}, $2, $2, 'web', 'approved', '试过，' || n || ' 天以后看得出差别。', 0, $3::bigint - n::bigint * 1000, $3::bigint, 'house'
     from (select n, least($4::int - 1, floor(power($4::double precision, (n * 0.6180339887) - floor(n * 0.6180339887)))::int - 1) as a from generate_series(1, $5::int) n) r where a >= 0`, [tenantId, by.house, now, plan.articles, plan.comments])
  await query(`update article a set comments = c.n from (select article_id, count(*) as n from article_comment where tenant_id = $1 group by article_id) c where a.tenant_id = $1 and c.article_id = a.article_id`, [tenantId])
}
