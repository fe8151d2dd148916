import { defineErrors } from '../../kernel/errors.ts'

export const pointsFault = defineErrors({
  'points/not-enough': { status: 409, zh: '羽毛不够：要用 {wanted}，只有 {balance}。没有扣。', en: 'not enough feathers: {wanted} asked, {balance} there; nothing was taken' },
  'points/no-draft': { status: 409, zh: '没有第 {version} 版草稿：别人已经让它生效或丢掉了。请重新打开规则。', en: 'rules version {version} is no draft: somebody put it live or dropped it; open the rules again' },
  'points/draft-changed': { status: 409, zh: '第 {version} 版草稿在你看过花费之后又改过，没有生效。请再看一遍。', en: 'draft {version} was changed after its cost was shown and did not go live; look at it again' },
  'points/over-budget': { status: 409, zh: '照这套规则 28 天约花 ¥{cost}，超过预算 ¥{budget}，没有生效。请降低给的数，或先调高预算。', en: 'these rules cost about {cost} yuan in 28 days, over the budget of {budget}; they did not go live; give less or raise the budget first' },
  'points/no-adjustment': { status: 404, zh: '没有这条更正：{id}。', en: 'there is no correction {id}' },
  'points/adjustment-decided': { status: 409, zh: '这条更正已经处理过（{state}）：{id}。', en: 'correction {id} was decided before: {state}' },
  'points/two-people': { status: 409, zh: '更正要两个人：{name} 提的，由另一位来批。', en: 'a correction takes two people: {name} asked, somebody else approves' },
  'points/cooling-off': { status: 409, zh: '只有你一个人能批，要隔 24 小时再看一遍：还有 {hours} 小时。', en: 'you are the only one who could approve, so look again after 24 hours: {hours} to go' },
  'points/no-reversal': { status: 404, zh: '没有这条收回：{id}。', en: 'there is no reversal {id}' },
  'points/restored-before': { status: 409, zh: '这条收回已经恢复过：{id}。', en: 'reversal {id} was undone before' },
})
