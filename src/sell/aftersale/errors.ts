import { defineErrors } from '../../kernel/errors.ts'

export const aftersaleFault = defineErrors({
  'aftersale/not-found': { status: 404, zh: '没有这张售后单：{aftersaleId}。', en: 'there is no after-sale {aftersaleId}' },
  'aftersale/no-line': { status: 404, zh: '订单 {orderId} 没有第 {lineNo} 行商品。', en: 'order {orderId} has no line {lineNo}' },
  'aftersale/wrong-state': { status: 409, zh: '没有办成：售后单 {aftersaleId} 现在是「{state}」，不能「{act}」。请刷新再看。', en: 'not done: after-sale {aftersaleId} is {state} and cannot {act}; look at it again' },
  'aftersale/not-paid': { status: 409, zh: '还没付款的订单不用售后，取消就行。', en: 'an order that is not paid needs no after-sale; cancel it' },
  'aftersale/not-shipped': { status: 409, zh: '货还没发，没有东西可退可换；可以只退款。', en: 'nothing was sent yet, so nothing can come back; ask for the money only' },
  'aftersale/too-many': { status: 409, zh: '这一行还能申请 {left} 件，申请了 {found} 件。', en: '{left} pieces of the line are left, {found} were asked for' },
  'aftersale/too-much': { status: 409, zh: '这一行最多还能退 {left} 元，申请了 {found} 元。', en: 'at most {left} yuan of the line can go back, {found} were asked for' },
  'aftersale/refund-refused': { status: 409, zh: '退款没发起：{reason}。', en: 'the refund was not started: {reason}' },
  'aftersale/asking': { status: 409, zh: '正在等平台答复上一步（{asking}），请稍等再点。', en: 'the platform has not answered the last step ({asking}) yet; wait a moment' },
  'aftersale/on-platform': { status: 409, zh: '小店的这一步由平台或买家来走，这里只能同意或拒绝。', en: 'this step of a Shop after-sale is taken by the platform or the buyer; here it can only be accepted or refused' },
})

export const stateWords: Readonly<Record<string, { zh: string; en: string }>> = {
  asked: { zh: '等你决定', en: 'waits for your decision' }, 'awaiting-buyer': { zh: '等买家答复', en: 'waits for the buyer' }, 'awaiting-return': { zh: '等买家寄回', en: 'waits for the goods' }, returning: { zh: '寄回来了，等你收', en: 'on the way back' },
  'awaiting-exchange': { zh: '等你换发', en: 'waits for the exchange' }, 'exchange-sent': { zh: '换货已发', en: 'exchange sent' }, refunding: { zh: '退款中', en: 'refunding' }, 'refund-stuck': { zh: '退款卡住', en: 'refund stuck' }, refused: { zh: '已拒绝', en: 'refused' },
  arbitration: { zh: '等平台或第三方裁定', en: 'in arbitration' }, done: { zh: '办完', en: 'done' }, withdrawn: { zh: '买家撤了', en: 'withdrawn' }, closed: { zh: '关闭', en: 'closed' },
}
export const actWords: Readonly<Record<string, { zh: string; en: string }>> = {
  ask: { zh: '申请', en: 'asked' }, accept: { zh: '同意', en: 'accept' }, refuse: { zh: '拒绝', en: 'refuse' }, withdraw: { zh: '撤销', en: 'withdraw' }, 'send-back': { zh: '寄回', en: 'send back' }, receive: { zh: '收到退货', en: 'receive' }, 'refuse-return': { zh: '拒收退货', en: 'refuse the return' }, 'send-exchange': { zh: '换发', en: 'send the exchange' },
  confirm: { zh: '确认收到', en: 'confirm' }, escalate: { zh: '申请裁定', en: 'escalate' }, 'rule-buyer': { zh: '裁定退款', en: 'rule for the buyer' }, 'rule-shop': { zh: '裁定不退', en: 'rule for the shop' }, 'paid-back': { zh: '退款到账', en: 'paid back' }, 'pay-failed': { zh: '退款失败', en: 'refund failed' }, 'pay-again': { zh: '再退一次', en: 'refund again' },
  expire: { zh: '到时自动', en: 'time is over' }, follow: { zh: '平台告知', en: 'told by the platform' },
}
