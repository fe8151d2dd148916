import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Actor, CommunityWork, ConductGate, NotNow, ReaderCard } from '../reader/index.ts'
import type { ArticleCard, ArticleOrder, ArticleState, ArticleView, Block, BlockFillers, Hand, Price, VersionState } from './article.ts'

export type ArticleParts = { gate: ConductGate; fillers: BlockFillers }
export type Viewer = { readerId: string; personId: string }
/** The last row of the page before; a page goes on behind it. */
export type Cursor = { at: number; id: string }

export declare function readArticle(tx: Tx, tenantId: number, ref: { articleId: string } | { slug: string }, viewer: Viewer | null, parts: Pick<ArticleParts, 'fillers'>): Promise<ArticleView | undefined>
export declare function listArticles(tx: Tx, tenantId: number, want: { order: ArticleOrder; topic?: string; authorReaderId?: string; search?: string; after?: Cursor; limit: number }): Promise<{ rows: ArticleCard[]; next: Cursor | null }>
export declare function articleCards(tx: Tx, tenantId: number, articleIds: readonly string[]): Promise<Map<string, ArticleCard>>
export declare function relatedArticles(tx: Tx, tenantId: number, articleId: string, limit: number): Promise<ArticleCard[]>
export declare function authorPage(tx: Tx, tenantId: number, readerId: string): Promise<{ author: ReaderCard; contactMedia: string | null; articles: number; keptReads: number; followers: number; since: Instant } | undefined>
export declare function topicsOf(tx: Tx, tenantId: number, limit: number): Promise<Array<{ topic: string; articles: number }>>

/** What somebody wrote: text blocks as HTML or Markdown, never trusted. */
export type DraftInput = { title: string; summary: string; cover: string | null; topics: string[]; price: Price; blocks: Array<Exclude<Block, { type: 'text' }> | { type: 'text'; html: string } | { type: 'markdown'; text: string }> }
export type DraftProblem = { where: string; zh: string; en: string }
export type DraftSaved = { kind: 'saved'; articleId: string; slug: string; version: number; cleaned: string[] } | { kind: 'wrong'; problems: DraftProblem[] } | { kind: 'changed-elsewhere'; latest: number; by: string } | NotNow
/** `base`: the version it was made from; null makes an article. */
export declare function saveDraft(tx: Tx, work: CommunityWork, parts: ArticleParts, who: { actor: Actor } | { staff: string; authorReaderId: string }, draft: DraftInput, base: { articleId: string; version: number } | null): Promise<DraftSaved>
export declare function submit(tx: Tx, work: CommunityWork, parts: ArticleParts, hand: Hand, articleId: string, actor: Actor | null): Promise<{ kind: 'submitted'; state: VersionState } | { kind: 'rejected'; rule: string | null; zh: string; en: string } | { kind: 'wrong-state'; state: VersionState } | NotNow>
export declare function approve(tx: Tx, work: CommunityWork, hand: Hand, articleId: string, version: number): Promise<{ kind: 'approved' } | { kind: 'wrong-state'; state: VersionState }>
export declare function refuse(tx: Tx, work: CommunityWork, hand: Hand, articleId: string, version: number, reason: string): Promise<{ kind: 'refused' } | { kind: 'wrong-state'; state: VersionState }>
/** `at` in the past or now: at once. */
export declare function schedule(tx: Tx, work: CommunityWork, hand: Hand, articleId: string, version: number, at: Instant): Promise<{ kind: 'scheduled'; at: Instant } | { kind: 'published' } | { kind: 'wrong-state'; state: VersionState }>
export declare function withdraw(tx: Tx, work: CommunityWork, hand: Hand, articleId: string): Promise<{ kind: 'withdrawn' } | { kind: 'wrong-state'; state: ArticleState }>

export type Buying = { articleId: string; title: string; price: Price; balance: number; short: number; waysToEarn: Array<{ rule: string; feathers: number; zh: string; en: string }> }
/** What the confirm dialog says before anything is bought. */
export declare function quoteSale(tx: Tx, work: CommunityWork, actor: Actor, articleId: string): Promise<({ kind: 'quote' } & Buying) | { kind: 'bought'; saleId: string } | { kind: 'free' } | { kind: 'own' } | { kind: 'gone' }>
export type Bought = { kind: 'bought'; saleId: string } | { kind: 'pay'; saleId: string; amountFen: number; payBefore: Instant } | { kind: 'short'; balance: number; short: number; waysToEarn: Buying['waysToEarn'] } | { kind: 'price-changed'; price: Price } | { kind: 'free' } | { kind: 'own' } | { kind: 'gone' } | { kind: 'no-pay' } | NotNow
/** `expected` is what the dialog said; another price is told instead of taken. `money` answers `pay`: then `paySale` gives what the phone needs. */
export declare function buy(tx: Tx, work: CommunityWork, actor: Actor, wish: { articleId: string; by: 'feathers' | 'money'; expected: number }): Promise<Bought>
export type SaleRow = { saleId: string; articleId: string; title: string; state: 'unpaid' | 'paid' | 'refunding' | 'refunded' | 'closed'; feathers: number; amountFen: number; createdAt: Instant; paidAt: Instant | null; refundableUntil: Instant | null }
export declare function purchasesOf(tx: Tx, tenantId: number, personId: string, after: Cursor | null, limit: number): Promise<SaleRow[]>
export declare function refundSale(tx: Tx, work: CommunityWork, wish: { saleId: string; personId: string | null; reason: string; hand: string }): Promise<{ kind: 'refunded' } | { kind: 'refunding' } | { kind: 'refused'; why: 'too-late' | 'quiz-passed' | 'not-paid' | 'not-yours'; zh: string; en: string }>
export declare function incomeOf(tx: Tx, tenantId: number, personId: string, now: Instant): Promise<{ feathers: number; earnedFen: number; settlingFen: number; payableFen: number; askedFen: number; paidFen: number; rows: Array<{ saleId: string; articleId: string; title: string; at: Instant; feathers: number; amountFen: number; authorFen: number; state: string }> }>
export declare function askPayout(tx: Tx, work: CommunityWork, actor: Actor, amountFen: number): Promise<{ kind: 'asked'; payoutId: string } | { kind: 'too-much'; payableFen: number } | { kind: 'too-little'; leastFen: number }>

export type QuizAnswered = { kind: 'right'; first: boolean } | { kind: 'wrong'; wrong: Array<{ key: string; section: number }>; retryAt: Instant } | { kind: 'too-soon'; retryAt: Instant } | { kind: 'no-quiz' } | { kind: 'locked' } | NotNow
export declare function answerQuiz(tx: Tx, work: CommunityWork, parts: ArticleParts, actor: Actor, wish: { articleId: string; answers: Record<string, number> }): Promise<QuizAnswered>
