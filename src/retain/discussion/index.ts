/**
 * Discussion (互动): what readers do with an article: comment in threads, rate, keep, follow its author, share by a token of their own, read to the end, report.
 *
 * Owns: article_comment, article_rating, favourite, reader_follow, article_share, kept_read, piece_report.
 * Emits: comment.decided, article.read, piece.reported.  Hears: piece.decided.
 *
 * Invariants
 * - A comment is shown only after it was decided; a reader has one rating of an article and counts once in every figure, however many act at once.
 * - Ratings of accounts that belong together weigh as one, those of the author's own as nothing.
 * - A read is kept once for each who reads, and only after a time in which a person can read it.
 */
export { type DiscussionParts, type CommentState, type CommentRow, type CommentView } from './discussion.ts'
export { comment, decideComments, listComments, listThread, discussionSubscriber, plainText, commentSteps, longestComment, commentsSetting, type Commented, type Decision } from './comments.ts'
export { rate, weighAgain, ripenRatings, type Rated } from './rate.ts'
export { weightOf, shrunkenMean, enoughVotes, priorStars, priorVotes } from './rating-mean.ts'
export { mineOf, favourite, favouritesOf, follow, followingOf, friendsRead, share, openShare, report, reportReasons, type Favourited, type Followed, type Shared, type Reported, type ReportReason } from './keep.ts'
export { beginRead, finishRead, type Finished } from './read.ts'
export { discussionRoutes } from './routes.ts'
export { leaveCommunity, forgetReader } from './leave.ts'
export { commentsOf, findComment, followersOf, reportsOf, ratingSums, type CommentFull } from './store.ts'
