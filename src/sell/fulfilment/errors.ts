import { defineErrors } from '../../kernel/errors.ts'

export const fulfilmentFault = defineErrors({
  'fulfilment/no-order': { status: 404, zh: '没有这张订单：{shelf} {orderId}。', en: 'there is no order {shelf} {orderId}' },
  'fulfilment/wrong-state': { status: 409, zh: '订单 {orderId} 没发：它现在是「{state}」。', en: 'order {orderId} was not shipped: it is {state}' },
  'fulfilment/nothing-left': { status: 409, zh: '订单 {orderId} 没有要发的了：都发了或退了。', en: 'nothing of order {orderId} is left to ship' },
  'fulfilment/no-line': { status: 400, zh: '订单 {orderId} 没有第 {lineNo} 行。', en: 'order {orderId} has no line {lineNo}' },
  'fulfilment/too-many': { status: 409, zh: '订单 {orderId} 第 {lineNo} 行只剩 {left} 件没发，填了 {found} 件。', en: 'line {lineNo} of order {orderId} has {left} pieces left to ship, {found} were named' },
  'fulfilment/on-hold': { status: 409, zh: '订单 {orderId} 先别发：{why}。', en: 'order {orderId} must not leave yet: {why}' },
  'fulfilment/no-buyer': { status: 409, zh: '订单 {orderId} 的买家认不出来，发货信息报不上去。', en: 'the buyer of order {orderId} is not known, so the shipping cannot be reported' },
  'fulfilment/no-courier': { status: 400, zh: '不认识快递「{found}」。写全名或代码，比如 顺丰、SF。', en: 'no courier is called {found}; write its name or code, such as SF' },
  'fulfilment/bad-tracking': { status: 400, zh: '快递单号「{found}」不对：应为 4～40 位字母、数字或短横。', en: 'the tracking number {found} is not right: 4 to 40 letters, digits or hyphens' },
  'fulfilment/shop-method': { status: 400, zh: '小店的订单只能发快递，或作为虚拟商品发。', en: 'orders of the Shop go by courier or as virtual goods' },
  'fulfilment/bad-file': { status: 400, zh: '发货表读不了：{reason}。要有「订单号、快递、单号」三列。', en: 'the shipping file cannot be read: {reason}; it needs the columns order, courier, tracking number' },
  'fulfilment/bad-rows': { status: 409, zh: '有 {n} 行有问题，一单都没发。先改好，或选择跳过它们。', en: '{n} rows have problems and nothing was shipped; mend them, or choose to skip them' },
  'fulfilment/no-parcel': { status: 404, zh: '没有这个包裹：{parcelId}。', en: 'there is no parcel {parcelId}' },
  'fulfilment/wrong-code': { status: 409, zh: '提货码不对。让买家打开订单看 6 位数。', en: 'the pick-up code is wrong; the buyer finds six digits in the order' },
  'address/no-division': { status: 400, zh: '地址没存：行政区划代码「{found}」不在表里，要到区县。请重新选省市区。', en: 'the address was not kept: {found} is not a county-level division code; choose province, city and district again' },
  'address/unreadable': { status: 400, zh: '地址没存：「{where}」填得不对。手机号要 6～20 位，详细地址不超过 120 字。', en: 'the address was not kept: {where} is not right' },
  'address/needed': { status: 400, zh: '这一单要寄，请先填收货地址。', en: 'this order is sent by courier and needs an address' },
})
