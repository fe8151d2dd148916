import { defineErrors } from '../../kernel/errors.ts'

export const offerFault = defineErrors({
  'offer/unknown': { status: 404, zh: '没有这项权益：{id}。', en: 'there is no offer {id}' },
  'offer/no-codes': { status: 409, zh: '「{title}」一条码也没有，不能上架。先导入或生成。', en: 'offer {title} has no codes, so it cannot go live; import or generate some first' },
  'offer/no-redemption': { status: 404, zh: '没有这次兑换：{id}。', en: 'there is no redemption {id}' },
  'offer/taken-back-before': { status: 409, zh: '这次兑换已经收回过：{id}。', en: 'redemption {id} was taken back before' },
  'offer/settled': { status: 409, zh: '这次兑换已经和合作方结算，不能收回：{id}。', en: 'redemption {id} was settled with the partner and cannot be taken back' },
  'offer/nothing-to-settle': { status: 409, zh: '「{partner}」没有要结算的兑换。', en: 'there is nothing to settle with {partner}' },
})
