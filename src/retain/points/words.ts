/** Why something earned nothing, or was taken back. */
export const reasons = {
  already: { zh: '这件事已经给过了', en: 'given before' },
  'rule-off': { zh: '这条规则没有开', en: 'the rule is off' },
  surface: { zh: '在这里做不给羽毛', en: 'not rewarded on this surface' },
  'cap-article': { zh: '这篇文章已经给满', en: 'the article has given all it gives' },
  'cap-day': { zh: '今天已经给满', en: "today's limit is reached" },
  'cap-all': { zh: '今天总共已经给满', en: "today's limit for everybody is reached" },
  'not-registered': { zh: '读的人没有登录，不计', en: 'the reader has no account' },
  'not-kept': { zh: '没有读完，不计', en: 'not read to the end' },
  'read-before': { zh: '读的人早就读过这篇', en: 'the reader had read it before' },
  'self-read': { zh: '自己读自己的分享', en: "one's own share read by oneself" },
  'own-article': { zh: '自己的文章', en: "one's own article" },
  'linked-account': { zh: '读的人和分享的人是同一人的几个账号', en: 'reader and sharer are accounts of one person' },
  'same-person': { zh: '同一人的另一个账号已经得过', en: 'another account of the same person got it' },
  'shared-device': { zh: '和别的账号用同一台设备', en: 'done on a device that many accounts use' },
  ring: { zh: '几个人互相读，圈外没有人读', en: 'a closed group that reads each other' },
  farm: { zh: '读的人只读这一个人的分享', en: 'read only by accounts that read nobody else' },
  pace: { zh: '读得比人能读的快', en: 'read faster than people read' },
  'around-the-clock': { zh: '一天里几乎每个小时都在读', en: 'read around the clock' },
  'comment-removed': { zh: '评论后来被移除', en: 'the comment was removed later' },
  penalty: { zh: '因处罚收回', en: 'taken back by a penalty' },
  refund: { zh: '订单退款', en: 'the order was refunded' },
  'sale-refunded': { zh: '文章退款', en: 'the article was refunded' },
  hand: { zh: '人工更正', en: 'corrected by hand' },
} as const satisfies Record<string, { zh: string; en: string }>
export type ReasonCode = keyof typeof reasons

export const kinds = {
  earned: { zh: '得到', en: 'earned' }, vested: { zh: '可以用了', en: 'can be spent now' }, spent: { zh: '用掉', en: 'spent' }, received: { zh: '收入', en: 'income' },
  'given-back': { zh: '退回', en: 'given back' }, expired: { zh: '到期', en: 'expired' }, frozen: { zh: '冻结', en: 'frozen' }, unfrozen: { zh: '解冻', en: 'unfrozen' },
  reversed: { zh: '收回', en: 'taken back' }, restored: { zh: '恢复', en: 'restored' }, adjusted: { zh: '更正', en: 'adjusted' }, merged: { zh: '并入', en: 'merged' }, opening: { zh: '原有', en: 'held before' },
} as const

export const wordsOf = (code: string | null): { zh: string; en: string } | null => (code !== null && code in reasons ? reasons[code as ReasonCode] : null)
