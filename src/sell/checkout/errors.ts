import { defineErrors } from '../../kernel/errors.ts'

export const checkoutFault = defineErrors({
  'mall/not-open': { status: 409, zh: '商城还不能收款：要先接上小程序和微信支付。', en: 'the mall cannot take orders yet: a mini program and a WeChat Pay merchant must be connected' },
  'mall/signed-out': { status: 401, zh: '登录过期了，重新进一次小程序就好。', en: 'the buyer is not signed in, or the sign-in has expired' },
  'mall/login-failed': { status: 401, zh: '微信没有认这次登录（{code}），请再试一次。', en: 'WeChat refused the login code ({code})' },
  'mall/wechat-silent': { status: 502, zh: '微信没有回应，单子还在，等一下再付。', en: 'WeChat did not answer; the order is kept and can be paid again in a moment' },
  'mall/pay-refused': { status: 409, zh: '微信支付没有接这一单（{code}）：{text}。单子还在，换个方式或联系商家。', en: 'WeChat Pay refused order {orderId} ({code}): {text}' },
  'mall/no-order': { status: 404, zh: '没有这一单。', en: 'there is no order {orderId} of this buyer' },
  'mall/no-goods': { status: 404, zh: '这件商品不在商城里了。', en: 'product {productId} is not on the mall' },
  'mall/wrong-state': { status: 409, zh: '这一单现在是「{state}」，不能{act}。', en: 'order {orderId} is {state}, so it cannot {act}' },
  'mall/no-buyer': { status: 409, zh: '这位买家的身份已经删除，没法把发货告诉微信。', en: 'the buyer of order {orderId} has been erased, so WeChat cannot be told of the shipping' },
})
export const stateNames: Record<string, string> = { unpaid: '未付款', paid: '待发货', part_shipped: '部分发货', shipped: '待收货', received: '已收货', cancelled: '已取消', refunded: '已退款' }
