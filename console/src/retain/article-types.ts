/** Answers of the desk of articles as its pages use them. */
export type Block =
  | { type: 'text'; html: string }
  | { type: 'image'; sha256: string; alt: string; source: string; licence: string }
  | { type: 'case'; caseId: string }
  | { type: 'playbook'; playbookId: string }
  | { type: 'quiz'; key: string; question: string; options: string[]; right: number; section: number }
  | { type: 'product'; productId: string }
  | { type: 'mini'; title: string; path: string; appid: string; sha256: string | null }
  | { type: 'contact'; text: string }
  | { type: 'paywall' }
export type Piece = Exclude<Block, { type: 'text' }>
export type PieceType = Piece['type']
export type VersionState = 'draft' | 'held' | 'submitted' | 'rejected' | 'approved' | 'scheduled' | 'published' | 'superseded'
export type ArticleState = 'unpublished' | 'published' | 'withdrawn' | 'removed' | 'deleted'
export type Dropped = { what: 'script' | 'style' | 'image' | 'frame' | 'vector' | 'form' | 'link' | 'handler'; count: number }

export type DeskRow = {
  articleId: string; slug: string; title: string; state: ArticleState; author: string; latestVersion: number; version: number | null; latestState: VersionState; scheduledAt: number | null; submittedAt: number | null; publishedAt: number | null; updatedAt: number
  keptReads: number; comments: number; rating: number; ratings: number; sales: number; priceFeathers: number | null; priceFen: number | null
}
export type Desk = { rows: DeskRow[]; next: { at: number; id: string } | null; totals: { published: number; waiting: number; scheduled: number; drafts: number; keptReads: number } }
export type Version = { version: number; state: VersionState; title: string; writtenBy: string; writtenAt: number; decidedAt: number | null; decidedBy: string | null; reason: string | null; rule: string | null; scheduledAt: number | null; publishedAt: number | null; characters: number }
export type Push = { pushId: string; version: number; state: 'images' | 'draft' | 'publishing' | 'published' | 'failed' | 'taken-down'; url: string | null; detail: string | null; code: string | null; createdAt: number; updatedAt: number }
export type Latest = { version: number; state: VersionState; title: string; summary: string; cover: string | null; topics: string[]; blocks: Block[]; priceFeathers: number | null; priceFen: number | null; reason: string | null; rule: string | null; scheduledAt: number | null }
export type Detail = {
  article: { articleId: string; slug: string; state: ArticleState; latestVersion: number; version: number | null; publishedAt: number | null; authorReaderId: string }
  author: { readerId: string; name: string } | undefined; counts: { reads: number; keptReads: number; comments: number; favourites: number; shares: number; sales: number; ratings: number; rating: number; ratingWeight: number }
  latest: Latest; versions: Version[]; pushes: Push[]; sold: number; home: string; canPush: boolean
}
export const versionTone: Record<VersionState, string> = { draft: 'hollow', held: 'warn', submitted: 'warn', rejected: 'danger', approved: '', scheduled: 'acquire', published: 'ok', superseded: 'hollow' }
export const articleTone: Record<ArticleState, string> = { unpublished: 'hollow', published: 'ok', withdrawn: 'hollow', removed: 'danger', deleted: 'hollow' }

/** A mean needs three full votes to be called one. */
export const enoughVotes = 3_000
