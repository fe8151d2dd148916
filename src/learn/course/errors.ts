import { defineErrors } from '../../kernel/errors.ts'

export const courseFault = defineErrors({
  'course/not-found': { status: 404, zh: '没有这门课：{courseId}。', en: 'there is no course {courseId}' },
  'course/no-article': { status: 404, zh: '课没存：没有这篇文章（{articleId}），或还没发布。换一篇再存。', en: 'the course was not saved: there is no published article {articleId}' },
  'course/no-quiz': { status: 409, zh: '课没存：《{title}》没有小测，学没学会看不出来。先给它加一道题。', en: 'the course was not saved: "{title}" has no quiz, so nobody could pass it; add a question first' },
  'course/twice': { status: 400, zh: '课没存：同一篇文章出现了两次（第 {a} 和第 {b}）。', en: 'the course was not saved: an article stands in it twice (places {a} and {b})' },
})
