import type { Instant } from '../../kernel/clock.ts'
import type { ReaderCard } from '../reader/index.ts'

/**
 * What an article is made of. Text is HTML that the server has cleaned; figures of other modules are references and are filled when shown, never typed.
 * Everything behind `paywall` is the paid part; there is at most one. `key` tells quiz questions of one article apart.
 */
export type Block =
  | { type: 'text'; html: string }
  | { type: 'image'; sha256: string; alt: string; source: string; licence: string }
  | { type: 'case'; caseId: string }
  | { type: 'playbook'; playbookId: string }
  | { type: 'quiz'; key: string; question: string; options: string[]; right: number; /** Number of the section (its h2) that answers it; 0: none named. */ section: number }
  | { type: 'product'; productId: string }
  | { type: 'mini'; title: string; path: string; appid: string; sha256: string | null }
  | { type: 'contact'; text: string }
  | { type: 'paywall' }

/** A block as somebody may see it: references filled, quiz without its answer. `filled` null: what it refers to is not there (any more). */
export type ShownBlock =
  | { type: 'text'; html: string }
  | { type: 'image'; sha256: string; alt: string; source: string; licence: string; width: number; height: number }
  | { type: 'case'; caseId: string; filled: CaseFigure | null }
  | { type: 'playbook'; playbookId: string; filled: PlaybookFigure | null }
  | { type: 'quiz'; key: string; question: string; options: string[]; section: number }
  | { type: 'product'; productId: string; filled: ProductFigure | null }
  | { type: 'mini'; title: string; path: string; appid: string; sha256: string | null }
  | { type: 'contact'; text: string; sha256: string | null }

/** In both languages: a block is filled once and read in either. */
export type Said = { zh: string; en: string }
/** The figures of a kept case that its merchant shows, computed by the module that keeps it. Estimates carry their interval; a count that is withheld is null. */
export type CaseFigure = {
  caseId: string
  title: Said
  measuredAt: Instant
  /** Compared with people who got nothing (true), or only before and after (false). */
  controlled: boolean
  /** Did not do what was hoped. */
  failed: boolean
  start: Said
  moves: Said[]
  effect: { label: Said; value: number; low: number | null; high: number | null; unit: 'fen' | 'people' | 'percent' } | null
  /** Contacts that messages drove away, with its interval. */
  losses: { caused: number | null; low: number | null; high: number | null } | null
  costFen: number | null
  minutes: number | null
  /** From the first measured day to the measuring. */
  weeks: number
  people: number | null
}
export type PlaybookFigure = { playbookId: string; title: string; steps: number; /** Name and short form of the key. */ signedBy: string; /** Feathers for the author each time somebody applies it. */ royalty: number }
export type ProductFigure = { productId: string; title: string; image: string; fromFen: number; soldOut: boolean }

/** Fills references; wired in the composition root. A module that is off fills nothing. */
export type BlockFillers = {
  cases(tx: import('../../kernel/db/index.ts').Tx, tenantId: number, caseIds: readonly string[]): Promise<Map<string, CaseFigure>>
  playbooks(tx: import('../../kernel/db/index.ts').Tx, tenantId: number, playbookIds: readonly string[]): Promise<Map<string, PlaybookFigure>>
  products(tx: import('../../kernel/db/index.ts').Tx, tenantId: number, productIds: readonly string[]): Promise<Map<string, ProductFigure>>
}
export const noFillers: BlockFillers = { cases: async () => new Map(), playbooks: async () => new Map(), products: async () => new Map() }

/** Where the whole article stands. */
export type ArticleState = 'unpublished' | 'published' | 'withdrawn' | 'removed' | 'deleted'
/** Where one version stands. */
export type VersionState = 'draft' | 'held' | 'submitted' | 'rejected' | 'approved' | 'scheduled' | 'published' | 'superseded'

export type Price = { feathers: number | null; fen: number | null }
/** `ratingWeight` in thousandths of a full vote; `rating` is the shrunken mean in thousandths of a star. */
export type Counts = { reads: number; keptReads: number; comments: number; favourites: number; shares: number; sales: number; ratings: number; rating: number; ratingWeight: number }

export type ArticleCard = {
  articleId: string
  slug: string
  title: string
  summary: string
  cover: string | null
  topics: string[]
  author: ReaderCard
  publishedAt: Instant
  minutes: number
  /** It holds a case whose figures are measured; `failedCase`: one that did not work. */
  hasCase: boolean
  failedCase: boolean
  price: Price | null
  counts: Counts
}
export type ArticleView = ArticleCard & {
  version: number
  updatedAt: Instant
  blocks: ShownBlock[]
  /** What of it is not shown to this viewer. */
  locked: { blocks: number; words: number; price: Price } | null
  bought: boolean
  mine: boolean
  quiz: { questions: number; passedAt: Instant | null; retryAt: Instant | null; locked: boolean } | null
  state: ArticleState
}
export type ArticleOrder = 'newest' | 'popular' | 'rated'
/** What staff wrote it down as, or a reader. */
export type Hand = { readerId: string | null; name: string }
