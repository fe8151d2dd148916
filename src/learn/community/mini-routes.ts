import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import type { PlatformAnswer } from '../../kernel/engine/index.ts'
import { publicRoute, type AnyPublicRoute, type PublicCall } from '../../kernel/http/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { readSession as readBuyer } from '../../sell/checkout/index.ts'
import { answerQuiz, authorPage, buy, listArticles, purchasesOf, quoteSale, readArticle, relatedArticles, topicsOf } from '../../retain/article/index.ts'
import { beginRead, comment, favourite, favouritesOf, finishRead, follow, followingOf, friendsRead, listComments, listThread, mineOf, rate, report, reportReasons, share } from '../../retain/discussion/index.ts'
import { statementOf, walletOf, waysToEarn } from '../../retain/points/index.ts'
import { acceptConvention, cardOf, endSession, openSession, readerOf, readSession, registerReader, saveProfile, trustPhone, type Actor, type CommunityWork, type Reader } from '../../retain/reader/index.ts'
import { communityFault } from './errors.ts'
import { makeEnquiry, enquiryShape } from './enquiry.ts'
import { cursorOf } from './home-pages.ts'
import type { CommunityParts } from './room.ts'

/**
 * The community for the mini program: JSON on the same use cases as the pages, so whoever is stopped there is stopped here. A reader is who the mall's
 * login says; the token it gives back is a reader session of the surface `mini`.
 */
export type MiniParts = CommunityParts & {
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  /** The merchant's mini program. */
  miniOf(tenantId: number): { connectionId: string } | undefined
}

const block = 'community'
const slug = z.string().regex(/^[0-9a-zA-Z_-]{1,80}$/)
const after = z.string().max(80).optional()
const onOff = z.object({ on: z.boolean() })

type Seat = { tx: Tx; work: CommunityWork; actor: Actor; reader: Reader }

export function miniRoutes(parts: MiniParts): AnyPublicRoute[] {
  type AnyCall = PublicCall<unknown, unknown, unknown>
  /** A reader by the session token; nobody without one. */
  const seat = async (tx: Tx, call: AnyCall): Promise<Seat | undefined> => {
    const work = parts.workOf(call.tenantId)
    const session = await readSession(tx, call.tenantId, call.bearer, work.now)
    const reader = session && (await readerOf(tx, call.tenantId, session.readerId))
    return reader && session && { tx, work, reader, actor: { readerId: session.readerId, personId: session.personId, surface: session.surface === 'api' ? 'api' : 'mini' } }
  }
  const mine = async (tx: Tx, call: AnyCall): Promise<Seat> => {
    const found = await seat(tx, call)
    if (found === undefined) throw communityFault('community/signed-out')
    return found
  }
  const articleOf = async (tx: Tx, tenantId: number, name: string, actor: Actor | null) => {
    const article = await readArticle(tx, tenantId, { slug: name }, actor, parts.article)
    if (article === undefined || (article.state !== 'published' && !article.mine)) throw communityFault('community/no-article', { slug: name })
    return article
  }
  /** An act of a reader on an article. */
  const act = <B extends z.ZodType>(path: string, what: string, perMinute: number, body: B, work: (at: Seat & { articleId: string; authorId: string; tenantId: number }, given: z.output<B>) => Promise<unknown>): AnyPublicRoute =>
    publicRoute({
      method: 'POST', path: `/community/articles/:article/${path}`, block, what, perMinute, params: z.object({ article: slug }), body,
      handle: (call) => call.tx(async (tx) => {
        const at = await mine(tx, call)
        const article = await articleOf(tx, call.tenantId, call.params.article, at.actor)
        return work({ ...at, articleId: article.articleId, authorId: article.author.readerId, tenantId: call.tenantId }, call.body as z.output<B>)
      }),
    })

  return [
    publicRoute({
      method: 'POST', path: '/community/session', block, perMinute: 30, what: 'a reader session for who is signed in at the mall', body: z.object({ deviceKey: z.string().max(64).default('') }),
      handle: (call) => call.tx(async (tx) => {
        const work = parts.workOf(call.tenantId)
        const buyer = readBuyer(parts.seal, call.tenantId, call.bearer, work.now)
        const { personIds } = await resolvePersons(tx, call.tenantId, [{ unionid: buyer.unionid, local: { kind: 'openid', scope: buyer.appid, value: buyer.openid }, seenAt: work.now, evidence: 'mini program login' }], work.ids)
        const found = await registerReader(tx, work, { personId: personIds[0], surface: 'mini', deviceKey: call.body.deviceKey })
        const session = await openSession(tx, work, { readerId: found.readerId, surface: 'mini', deviceKey: call.body.deviceKey })
        return { ...session, fresh: found.fresh }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/community/session/end', block, perMinute: 30, what: 'sign out', body: z.object({}),
      handle: (call) => call.tx(async (tx) => void (call.bearer !== undefined && (await endSession(tx, call.tenantId, call.bearer)))),
    }),
    publicRoute({
      method: 'POST', path: '/community/phone', block, perMinute: 10, what: 'the phone that WeChat vouches for, by the code of its button', body: z.object({ code: z.string().min(1).max(200) }),
      async handle(call) {
        const mini = parts.miniOf(call.tenantId)
        if (mini === undefined) throw communityFault('community/no-phone', { reason: 'no mini program' })
        const { reader } = await call.tx((tx) => mine(tx, call))
        const answer = await parts.call(call.tenantId, mini.connectionId, 'mini-program.phone.get', { code: call.body.code })
        const info = answer.kind === 'ok' ? (answer.result as { phone_info?: { purePhoneNumber?: string; countryCode?: string | number } }).phone_info : undefined
        if (info?.purePhoneNumber === undefined) throw communityFault('community/no-phone', { reason: answer.kind })
        return call.tx(async (tx) => {
          if (!(await trustPhone(tx, parts.workOf(call.tenantId), parts.reader, { readerId: reader.readerId, phone: info.purePhoneNumber! }))) throw communityFault('community/no-phone', { reason: 'not a phone in mainland China' })
          return { proved: true }
        })
      },
    }),

    publicRoute({
      method: 'GET', path: '/community/articles', block, perMinute: 240, what: 'lists of articles',
      query: z.object({ order: z.enum(['newest', 'popular', 'rated', 'friends']).default('newest'), topic: z.string().max(40).optional(), q: z.string().max(60).optional(), author: z.uuid().optional(), after, limit: z.coerce.number().int().min(1).max(50).default(20) }),
      handle: (call) => call.tx(async (tx) => {
        const { order, topic, q, author, limit } = call.query
        if (order === 'friends') return { rows: await friendsRead(tx, call.tenantId, (await mine(tx, call)).reader.readerId, limit), next: null }
        return listArticles(tx, call.tenantId, { order, topic, search: q, authorReaderId: author, after: cursorOf(call.query.after), limit })
      }),
    }),
    publicRoute({ method: 'GET', path: '/community/topics', block, perMinute: 120, what: 'topics', handle: (call) => call.tx(async (tx) => ({ rows: await topicsOf(tx, call.tenantId, 30) })) }),
    publicRoute({
      method: 'GET', path: '/community/articles/:article', block, perMinute: 240, what: 'an article as this reader may see it', params: z.object({ article: slug }), query: z.object({ s: z.string().max(80).optional(), deviceKey: z.string().max(64).default('') }),
      handle: (call) => call.tx(async (tx) => {
        const at = await seat(tx, call)
        const article = await articleOf(tx, call.tenantId, call.params.article, at?.actor ?? null)
        const read = await beginRead(tx, parts.workOf(call.tenantId), parts.discussion, { articleId: article.articleId, deviceKey: call.query.deviceKey, surface: 'mini', shareToken: call.query.s })
        return {
          article, ticket: read?.ticket ?? null, author: await authorPage(tx, call.tenantId, article.author.readerId), related: await relatedArticles(tx, call.tenantId, article.articleId, 4),
          mine: at ? await mineOf(tx, call.tenantId, at.reader.readerId, article.articleId) : null, quote: at && article.locked ? await quoteSale(tx, at.work, { payReady: parts.pay.accountsOf(call.tenantId) !== undefined }, at.actor, article.articleId) : null,
        }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/community/articles/:article/comments', block, perMinute: 240, what: 'comments of an article', params: z.object({ article: slug }), query: z.object({ after, root: z.uuid().optional() }),
      handle: (call) => call.tx(async (tx) => {
        const at = await seat(tx, call)
        const article = await articleOf(tx, call.tenantId, call.params.article, at?.actor ?? null)
        const viewer = at?.reader.readerId ?? null
        return call.query.root === undefined ? listComments(tx, call.tenantId, { articleId: article.articleId, viewer, after: cursorOf(call.query.after), limit: 20, answers: 3 }) : listThread(tx, call.tenantId, { rootId: call.query.root, viewer, after: cursorOf(call.query.after), limit: 50 })
      }),
    }),
    publicRoute({
      method: 'POST', path: '/community/read', block, perMinute: 120, what: 'a read came to its end', body: z.object({ ticket: z.string().max(2000), depth: z.number().min(0).max(1) }),
      handle: (call) => call.tx(async (tx) => finishRead(tx, parts.workOf(call.tenantId), parts.discussion, { ...call.body, actor: (await seat(tx, call))?.actor ?? null })),
    }),
    act('quiz', 'answer the questions', 30, z.object({ answers: z.record(z.string().max(80), z.number().int().min(0).max(50)) }), ({ tx, work, actor, articleId }, { answers }) => answerQuiz(tx, work, parts.article, actor, { articleId, answers })),
    act('comments', 'comment', 20, z.object({ text: z.string().max(20_000), parentId: z.uuid().nullable().default(null) }), ({ tx, work, actor, articleId }, body) => comment(tx, work, parts.discussion, actor, { articleId, ...body })),
    act('rating', 'rate', 60, z.object({ stars: z.number().int().min(1).max(5) }), ({ tx, work, actor, articleId }, { stars }) => rate(tx, work, parts.discussion, actor, { articleId, stars })),
    act('favourite', 'keep', 60, onOff, ({ tx, work, actor, articleId }, { on }) => favourite(tx, work, actor, { articleId, on })),
    act('follow', 'follow the author', 60, onOff, ({ tx, work, actor, authorId }, { on }) => follow(tx, work, actor, { authorId, on })),
    act('share', 'a link of one’s own', 30, z.object({}), ({ tx, work, actor, articleId }) => share(tx, work, parts.discussion, actor, { articleId })),
    act('buy', 'buy', 20, z.object({ by: z.enum(['feathers', 'money']), expected: z.number().int().min(0) }), ({ tx, work, actor, articleId, tenantId }, body) => buy(tx, work, { pay: parts.pay.accountsOf(tenantId) }, actor, { articleId, ...body })),
    publicRoute({
      method: 'POST', path: '/community/sales/:sale/pay', block, perMinute: 20, what: 'what the phone pays a bought article with', params: z.object({ sale: z.uuid() }), body: z.object({}),
      async handle(call) {
        const { actor } = await call.tx((tx) => mine(tx, call))
        return parts.pay.start(call.tenantId, actor, call.params.sale, call.clock.now())
      },
    }),
    act('enquiries', 'ask the merchant', 6, enquiryShape.extend({ s: z.string().max(80).optional() }), async ({ tx, work, actor, articleId, tenantId }, { s, ...asked }) => {
      await makeEnquiry(tx, parts, { tenantId, now: work.now, enquiryId: work.ids.next(), articleId, actor, shareToken: s }, asked)
      return { asked: true }
    }),
    publicRoute({
      method: 'POST', path: '/community/reports', block, perMinute: 20, what: 'report something', body: z.object({ kind: z.enum(['article', 'comment', 'profile']), id: z.uuid(), reason: z.enum(reportReasons), detail: z.string().max(500).default('') }),
      handle: (call) => call.tx(async (tx) => {
        const { work, actor } = await mine(tx, call)
        return report(tx, work, parts.discussion, actor, { pieceKind: call.body.kind, pieceId: call.body.id, reason: call.body.reason, detail: call.body.detail })
      }),
    }),

    publicRoute({
      method: 'GET', path: '/community/me', block, perMinute: 120, what: 'who one is here: profile, wallet, penalties running',
      handle: (call) => call.tx(async (tx) => {
        const { reader, actor, work } = await mine(tx, call)
        return { reader: cardOf(reader), phoneProved: reader.phoneAt !== null, showReads: reader.showReads, wallet: await walletOf(tx, call.tenantId, actor.personId, work.now), waysToEarn: await waysToEarn(tx, call.tenantId, work.now) }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/community/me', block, perMinute: 20, what: 'save one’s profile', body: z.object({ name: z.string().trim().max(60), bio: z.string().trim().max(200) }),
      handle: (call) => call.tx(async (tx) => {
        const { work, actor, reader } = await mine(tx, call)
        return saveProfile(tx, work, parts.reader, actor, { ...call.body, avatar: reader.avatar })
      }),
    }),
    publicRoute({
      method: 'POST', path: '/community/me/convention', block, perMinute: 20, what: 'accept a version of the convention', body: z.object({ version: z.number().int().min(1) }),
      handle: (call) => call.tx(async (tx) => {
        const { work, reader } = await mine(tx, call)
        await acceptConvention(tx, work, { readerId: reader.readerId, version: call.body.version, surface: 'mini' })
        return { accepted: call.body.version }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/community/me/statement', block, perMinute: 120, what: 'every movement of one’s feathers', query: z.object({ offset: z.coerce.number().int().min(0).default(0) }),
      handle: (call) => call.tx(async (tx) => statementOf(tx, call.tenantId, (await mine(tx, call)).actor.personId, { offset: call.query.offset, limit: 40 })),
    }),
    publicRoute({
      method: 'GET', path: '/community/me/library', block, perMinute: 120, what: 'what one kept, follows and bought', query: z.object({ after }),
      handle: (call) => call.tx(async (tx) => {
        const { reader, actor } = await mine(tx, call)
        return { kept: await favouritesOf(tx, call.tenantId, reader.readerId, cursorOf(call.query.after) ?? null, 20), following: await followingOf(tx, call.tenantId, reader.readerId, null, 100), bought: await purchasesOf(tx, call.tenantId, actor.personId, null, 100) }
      }),
    }),
  ]
}
