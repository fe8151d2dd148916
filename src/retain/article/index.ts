/**
 * Article (文章): what is written in the community, in versions; reviewed, published to its own pages and to the Official Account; free or sold, in feathers
 * or in money, with what the author is owed kept in the ledger.
 *
 * Owns: article, article_topic, article_version, quiz_answer, article_sale, payout, article_push.  Publishes: v_article, v_quiz.
 * Emits: article.published, quiz.passed, article.sold, article.refunded.  Hears: PUBLISHJOBFINISH, and through discussion piece.decided.
 *
 * Invariants
 * - Nothing is shown that was not judged as it stands; text is cleaned by the server, whatever the editor sent.
 * - One payment is one sale, whatever is heard how often; the author's part and the house's part add up to the price.
 * - The answer of a quiz never leaves the server.
 */
export { noFillers, type Block, type ShownBlock, type CaseFigure, type Said, type PlaybookFigure, type ProductFigure, type BlockFillers, type ArticleState, type VersionState, type Price, type Counts, type ArticleCard, type ArticleView, type ArticleOrder, type Hand } from './article.ts'
export { readArticle, listArticles, relatedArticles, authorPage, fillBlocks, type Viewer, type AuthorPage } from './read-article.ts'
export { articleCards, topicsOf, findArticle, bumpCounts, countsOf, heatOf, heatWeights, heatHalfLifeMs, quizzesOf, authorsOfPlaybook, lessonsOf, listVersions, type Cursor, type ArticleRow, type CountChange } from './store.ts'
export { cleanHtml, cleanMarkdown, safeLink, type Cleaned, type Dropped } from './clean.ts'
export { limits, type DraftInput, type DraftProblem } from './blocks.ts'
export { versionSteps, articleSteps, versionNames, articleNames } from './steps.ts'
export {
  saveDraft, submit, approve, refuse, schedule, unschedule, withdraw, republish, deleteArticle, restoreVersion, decideArticle, publishScheduled, reviewSetting,
  type ArticleParts, type Writer, type DraftSaved, type Submitted, type Scheduled, type WrongState,
} from './write-article.ts'
export { diffLines, type DiffLine } from './diff.ts'
export { answerQuiz, quizRetrySetting, type QuizAnswered } from './quiz.ts'
export { quoteSale, buy, purchasesOf, refundSale, incomeOf, askPayout, decidePayout, findSale, hasBought, readTerms, termsSetting, type Quote, type Bought, type PayAccounts, type SaleRow, type RefundAnswer, type Income, type PayoutAsked, type Sale, type SaleTerms } from './sell-article.ts'
export { payForSale, requestSaleRefund, articleBills, type SalePlatform, type SalePay } from './pay-sale.ts'
export { startPush, pushJob, pushReply, pushFacts, listPushes, officialHtml, pushNames, type PushPlatform, type Push, type PushState, type PushStarted } from './push-article.ts'
export { articleRoutes, type ArticleRouteParts } from './routes.ts'
export { articleFault } from './errors.ts'
