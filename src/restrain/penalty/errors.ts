import { defineErrors } from '../../kernel/errors.ts'

export const penaltyFault = defineErrors({
  'penalty/not-found': { status: 404, zh: '没有这条处罚（{penaltyId}）。', en: 'there is no penalty {penaltyId}' },
  'penalty/over': { status: 409, zh: '这条处罚已经结束，不能再改。', en: 'penalty {penaltyId} is over and cannot be changed' },
  'penalty/appealed': { status: 409, zh: '有人在等这条处罚的申诉结果：申诉定下以前，只能减轻或撤下，不能加重。', en: 'an appeal against penalty {penaltyId} waits; until it is decided the penalty can only become lighter' },
  'penalty/no-rule': { status: 400, zh: '公约第 {version} 版没有「{rule}」这一条，不能按它处罚。', en: 'version {version} of the convention has no rule {rule}, so nobody can be punished by it' },
  'appeal/not-found': { status: 404, zh: '没有这次申诉（{appealId}）。', en: 'there is no appeal {appealId}' },
  'appeal/already': { status: 409, zh: '这次申诉已经定了。', en: 'appeal {appealId} is decided' },
  'appeal/changed': { status: 409, zh: '你看的时候，处罚改过了。请看过现在的处罚再定。', en: 'the penalty was changed since you looked at it; look at it as it is now and decide again' },
  'appeal/same-reviewer': { status: 409, zh: '第一次是你定的，要由另一位来看；现在还有 {others} 位可以。', en: 'you decided first, so another reviewer has to look; there are {others}' },
  'appeal/cooling': { status: 409, zh: '店里只有你一位审核人：{from} 之后你可以再看一次，结果会公开注明。', en: 'you are the only reviewer: you may look again from {from} on, and that will be said in public' },
  'appeal/not-lighter': { status: 400, zh: '减轻要比现在轻。', en: 'a reduction has to be lighter than the penalty is now' },
})
