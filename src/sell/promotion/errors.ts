import { defineErrors } from '../../kernel/errors.ts'

export const promotionFault = defineErrors({
  'promotion/not-found': { status: 404, zh: '没有这个活动。', en: 'there is no play {promotionId}' },
  'promotion/bad-rule': { status: 422, zh: '“{name}”的规则写得不对：{problem}。', en: 'the rule of play {name} is wrong: {problem}' },
  'promotion/bad-time': { status: 422, zh: '“{name}”的结束时间要晚于开始时间。', en: 'play {name} ends before it starts' },
  'promotion/quota-given': { status: 409, zh: '“{name}”已经送出去的比新的份额还多，份额只能往上调。', en: 'more of play {name} was given than the new quota' },
  'promotion/running': { status: 409, zh: '“{name}”已经有人在用，只能改名、改时间、加份额或停掉；要改规则请另建一个。', en: 'play {name} is in use: its rule stands; make another' },
  'promotion/refused': { status: 409, zh: '没有办成：{text}。', en: 'refused: {reason}, shown as {text}' },
})
