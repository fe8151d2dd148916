import { defineErrors } from '../../kernel/errors.ts'

export const moderationFault = defineErrors({
  'moderation/not-found': { status: 404, zh: '没有这个审核单（{caseId}）。', en: 'there is no moderation case {caseId}' },
  'moderation/no-piece': { status: 404, zh: '找不到这条内容（{pieceKind} {pieceId}）：它可能还没判过，或者已经按期删了正文。', en: 'there is no judged {pieceKind} {pieceId}; it was never judged, or its text was kept long enough' },
  'moderation/over': { status: 409, zh: '这个审核单已经有人定了。', en: 'case {caseId} is decided already' },
  'moderation/taken': { status: 409, zh: '{by} 正在看这个审核单。', en: '{by} holds case {caseId}' },
  'moderation/lease-over': { status: 409, zh: '你拿着这个审核单超过 5 分钟，它已经放回队列。请重新打开再定。', en: 'case {caseId} went back to the queue after five minutes; open it again and decide' },
  'moderation/looked-before': { status: 409, zh: '你已经看过一次，第二次要由另一位来看。', en: 'you looked at case {caseId} before; somebody else has to look now' },
  'moderation/no-rule': { status: 400, zh: '公约第 {version} 版没有「{rule}」这一条，不能按它拒绝。', en: 'version {version} of the convention has no rule {rule}, so nothing can be rejected by it' },
  'moderation/too-late': { status: 409, zh: '10 秒过了，撤不回来。可以由申诉再看一次。', en: 'ten seconds are over; the decision can only be looked at again by an appeal' },
  'moderation/unknown-rule': { status: 400, zh: '没有「{at}」这一条。', en: 'there is no rule {at}' },
  'moderation/illegal-stays': { status: 400, zh: '第 1 类只能由人判，轻重也不能改：{at}。可以加词。', en: 'category 1 is decided by people and its severity is fixed ({at}); words can be added' },
  'moderation/bad-word': { status: 400, zh: '「{at}」里没有字母、数字或汉字，认不出来。', en: '"{at}" has no letter, number or ideograph and would never be found' },
  'moderation/too-soon': { status: 400, zh: '新版公约最早 1 分钟后生效：{earliest}。', en: 'a new version takes effect a minute from now at the earliest: {earliest}' },
  'moderation/raced': { status: 409, zh: '刚有人发布了另一版公约。请看过它再改。', en: 'somebody published another version just now; look at it and change that one' },
  'moderation/not-illegal': { status: 403, zh: '只有定为第 1 类的案子能导出证据交主管部门。', en: 'evidence is handed out only for cases decided as category 1; {caseId} is not' },
  'moderation/no-text': { status: 410, zh: '这个案子的正文已按期删除，没有证据可导。', en: 'the texts of case {caseId} were kept long enough and are gone' },
})
