/**
 * Article (文章): what is written in the community, in versions; reviewed, published to its own pages and to the Official Account; free or sold, in feathers
 * or in money, with what the author is owed kept in the ledger.
 *
 * Owns: article, article_topic, article_version, quiz_answer, article_sale, payout, article_push.  Publishes: v_article, v_quiz.
 * Emits: article.published, quiz.passed, article.sold, article.refunded.  Hears: piece.decided, notices of line pay.
 *
 * Invariants
 * - Nothing is shown that was not judged as it stands; text is cleaned by the server, whatever the editor sent.
 * - One payment is one sale, whatever is heard how often; the author's part and the house's part add up to the price.
 * - The answer of a quiz never leaves the server.
 */
export { noFillers, type Block, type ShownBlock, type CaseFigure, type PlaybookFigure, type ProductFigure, type BlockFillers, type ArticleState, type VersionState, type Price, type Counts, type ArticleCard, type ArticleView, type ArticleOrder, type Hand } from './article.ts'
export {
  readArticle, listArticles, articleCards, relatedArticles, authorPage, topicsOf, saveDraft, submit, approve, refuse, schedule, withdraw, quoteSale, buy, purchasesOf, refundSale, incomeOf, askPayout, answerQuiz,
  type ArticleParts, type Viewer, type Cursor, type DraftInput, type DraftSaved, type DraftProblem, type Buying, type Bought, type SaleRow, type QuizAnswered,
} from './pending.ts'
