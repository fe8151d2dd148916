import { defineErrors } from '../../kernel/errors.ts'

export const articleFault = defineErrors({
  'article/not-there': { status: 404, zh: '没有这篇文章，或它已经拿掉：{article}', en: 'there is no such article, or it was taken away: {article}' },
  'article/wrong': { status: 422, zh: '没存：{where}，{why}', en: 'not saved: {where} ({why}), {whyEn}' },
  'article/changed-elsewhere': { status: 409, zh: '没存：你改的时候，{by} 存了第 {latest} 版。先看那一版，再把你的改动放上去。', en: 'not saved: version {latest} was saved by {by} meanwhile' },
  'article/wrong-state': { status: 409, zh: '现在不能这样做：这一版是「{state}」。', en: 'this cannot be done now: the version is {state}' },
  'article/no-account': { status: 409, zh: '还没连公众号。先在「设置 › 连接」里连上，再发布。', en: 'no Official Account is connected' },
})
