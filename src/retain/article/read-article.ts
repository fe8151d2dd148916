import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { findMedia } from '../../kernel/media/index.ts'
import { readerOf, cardOf, type ReaderCard } from '../reader/index.ts'
import type { ArticleCard, ArticleOrder, ArticleView, Block, BlockFillers, ShownBlock } from './article.ts'
import { splitAtWall, wordsOf } from './blocks.ts'
import { hasBought } from './sale-store.ts'
import { articleCards, authorTotals, findArticle, findQuiz, listShown, priceOf, readShown, relatedCandidates, toCard, type Cursor } from './store.ts'

export type Viewer = { readerId: string; personId: string }

/** An article as this viewer may see it: without what was not bought, without the answers of its quiz, references filled. */
export async function readArticle(tx: Tx, tenantId: number, ref: { articleId: string } | { slug: string }, viewer: Viewer | null, parts: { fillers: BlockFillers }): Promise<ArticleView | undefined> {
  const row = await readShown(tx, tenantId, ref)
  if (!row || row.version === null || row.blocks === null) return undefined
  const mine = viewer !== null && viewer.readerId === row.readerId
  const bought = viewer !== null && !mine && (row.priceFeathers !== null || row.priceFen !== null || row.sales > 0) ? await hasBought(tx, tenantId, row.articleId, viewer.personId) : false
  // What was bought stays readable when the author takes the article down; what was taken away for cause is nobody's to read.
  if (row.articleState !== 'published' && !(row.articleState === 'withdrawn' && (mine || bought))) return undefined
  const price = priceOf(row)
  const { free, paid } = splitAtWall(row.blocks)
  const open = price === null || mine || bought
  const visible = open ? [...free, ...paid] : free
  const questions = row.blocks.filter((block) => block.type === 'quiz').length
  const quizLocked = !open && paid.some((block) => block.type === 'quiz')
  const quiz = questions === 0 ? undefined : viewer === null ? null : await findQuiz(tx, tenantId, row.articleId, viewer.personId)
  return {
    ...toCard(row), version: row.version, updatedAt: row.updatedAt, state: row.articleState, mine, bought,
    blocks: await fillBlocks(tx, tenantId, visible, parts.fillers, row.contactMedia),
    locked: open || price === null ? null : { blocks: paid.length, words: wordsOf(paid), price },
    quiz: quiz === undefined && questions === 0 ? null : { questions, passedAt: quiz?.passedAt ?? null, retryAt: quiz?.passedAt ? null : (quiz?.retryAt ?? null), locked: quizLocked },
  }
}

/** References filled, answers left out. */
export async function fillBlocks(tx: Tx, tenantId: number, blocks: readonly Block[], fillers: BlockFillers, contactMedia: string | null): Promise<ShownBlock[]> {
  const names = blocks.flatMap((block) => (block.type === 'image' || (block.type === 'mini' && block.sha256 !== null) ? [block.sha256!] : []))
  const ids = <K extends 'case' | 'playbook' | 'product'>(type: K) => blocks.flatMap((block) => (block.type === type ? [(block as { caseId?: string; playbookId?: string; productId?: string })[`${type}Id` as 'caseId']!] : []))
  const [media, cases, playbooks, products] = [
    await findMedia(tx, tenantId, names), ids('case').length > 0 ? await fillers.cases(tx, tenantId, ids('case')) : new Map(), ids('playbook').length > 0 ? await fillers.playbooks(tx, tenantId, ids('playbook')) : new Map(),
    ids('product').length > 0 ? await fillers.products(tx, tenantId, ids('product')) : new Map(),
  ]
  return blocks.flatMap((block): ShownBlock[] => {
    switch (block.type) {
      case 'text': return [block]
      case 'image': {
        const row = media.get(block.sha256)
        return row && row.blockedAt === null ? [{ ...block, width: row.width, height: row.height }] : []
      }
      case 'case': return [{ type: 'case', caseId: block.caseId, filled: cases.get(block.caseId) ?? null }]
      case 'playbook': return [{ type: 'playbook', playbookId: block.playbookId, filled: playbooks.get(block.playbookId) ?? null }]
      case 'product': return [{ type: 'product', productId: block.productId, filled: products.get(block.productId) ?? null }]
      case 'quiz': return [{ type: 'quiz', key: block.key, question: block.question, options: block.options, section: block.section }]
      case 'mini': return [{ type: 'mini', title: block.title, path: block.path, appid: block.appid, sha256: block.sha256 !== null && media.get(block.sha256)?.blockedAt === null ? block.sha256 : null }]
      case 'contact': return [{ type: 'contact', text: block.text, sha256: contactMedia }]
      case 'paywall': return []
    }
  })
}

export async function listArticles(tx: Tx, tenantId: number, want: { order: ArticleOrder; topic?: string; authorReaderId?: string; search?: string; after?: Cursor; limit: number }): Promise<{ rows: ArticleCard[]; next: Cursor | null }> {
  return listShown(tx, tenantId, { ...want, search: want.search?.trim() || undefined })
}

/** Shared topics first, then what is popular. */
export async function relatedArticles(tx: Tx, tenantId: number, articleId: string, limit: number): Promise<ArticleCard[]> {
  const row = await findArticle(tx, tenantId, articleId)
  const card = row && (await articleCards(tx, tenantId, [articleId])).get(articleId)
  if (!row || !card) return []
  const candidates = await relatedCandidates(tx, tenantId, { articleId, topics: card.topics, authorReaderId: row.authorReaderId })
  const shared = new Map(candidates.map((one) => [one.articleId, one.shared]))
  const cards = await articleCards(tx, tenantId, candidates.map((one) => one.articleId))
  return [...cards.values()].sort((a, b) => shared.get(b.articleId)! - shared.get(a.articleId)! || b.counts.keptReads - a.counts.keptReads || (a.articleId < b.articleId ? 1 : -1)).slice(0, limit)
}

export type AuthorPage = { author: ReaderCard; contactMedia: string | null; articles: number; keptReads: number; followers: number; since: Instant }
export async function authorPage(tx: Tx, tenantId: number, readerId: string): Promise<AuthorPage | undefined> {
  const reader = await readerOf(tx, tenantId, readerId)
  if (!reader) return undefined
  return { author: cardOf(reader), contactMedia: reader.state === 'open' ? reader.contactMedia : null, since: reader.createdAt, followers: reader.followers, ...(await authorTotals(tx, tenantId, readerId)) }
}
