import { defineErrors } from '../errors.ts'

export const httpFault = defineErrors({
  'http/bad-request': { status: 400, zh: '请求读不懂：{reason}', en: 'the request cannot be read: {reason}' },
  'http/bad-input': { status: 400, zh: '「{where}」填得不对：{found}，应为 {expected}。改好再提交，其余内容都还在。', en: '{where} is not right: found {found}, expected {expected}' },
  'http/not-found': { status: 404, zh: '没有这个地址：{path}', en: 'there is nothing at {path}' },
  'http/block-off': { status: 404, zh: '积木「{block}」没有打开。可以在「设置 › 积木」里打开。', en: 'the block {block} is off; it can be switched on under Settings > Blocks' },
  'http/too-many': { status: 429, zh: '来得太快了，请过一会儿再试。', en: 'too many requests from this address; try again in a minute' },
  'http/stale-form': { status: 403, zh: '这张表单不是从本页刚刚打开的，没有提交。回到上一页，刷新后再来一次。', en: 'this form was not opened from this page just now, so nothing was done; go back, reload and send it again' },
  'http/unexpected': { status: 500, zh: '没能完成（编号 {id}）。数据没有动；请再试一次，还不行就把编号发给我们。', en: 'could not be done (reference {id}); nothing was changed, try again' },
})
