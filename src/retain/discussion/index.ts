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
export { type CommentState, type CommentRow, type CommentView } from './discussion.ts'
export {
  comment, decideComments, listComments, listThread, commentsOf, findComment, rate, mineOf, favourite, favouritesOf, follow, followingOf, friendsRead, share, openShare, beginRead, finishRead, report, reportsOf, type DiscussionParts, type Commented,
} from './pending.ts'
