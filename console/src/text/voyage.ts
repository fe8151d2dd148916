/** Words of the Voyage page and its flow: [Chinese, English]. */
export const voyage = {
  'voyage.window.all': ['从开始到现在', 'since the beginning'], 'voyage.window.28': ['近 28 天', 'last 28 days'], 'voyage.window.90': ['近 90 天', 'last 90 days'],
  'voyage.sentence': ['{buyers} 人买过，{again} 人又来买；净收入 {net}。', '{buyers} {buyers|person|people} bought, {again} came back; net revenue {net}.'],
  'voyage.sentenceNone': ['还没有人付过款。', 'Nobody has paid yet.'],
  'voyage.why': ['付款 {paid}，退款 {refunded}。{unknown}', '{paid} paid, {refunded} refunded. {unknown}'],
  'voyage.unknown': ['{n} 张单子认不出是谁，共 {money}，不猜。', '{n} {n|order|orders} of unrecognised buyers, {money}: we do not guess.'],
  'voyage.unknownNone': ['每张单子都认得出是谁。', 'Every order has a recognised buyer.'],
  'voyage.toPlan': ['看计划', 'See the plan'], 'voyage.toToday': ['看今日 {n} 件事', 'Today: {n} {n|thing|things}'], 'voyage.allToday': ['全部', 'All'], 'voyage.left': ['近 30 天走了 {n} 位联系人', '{n} {n|contact|contacts} left in 30 days'], 'voyage.leftNone': ['近 30 天没有联系人离开', 'No contact left in 30 days'], 'voyage.and': ['，{what}', ', {what}'], 'voyage.then': ['；', '; '], 'voyage.pressure': ['人均压力 {mean}，上限 {max}', 'mean pressure {mean}, limit {max}'], 'voyage.stop': ['。', '.'], 'voyage.toOrders': ['看订单', 'See the orders'], 'voyage.toSources': ['看来源', 'See the sources'],
  'voyage.flowTitle': ['客人怎么来、怎么又来', 'How people come, and come back'], 'voyage.byPeople': ['按人数', 'By people'], 'voyage.byMoney': ['按金额', 'By money'],
  'flow.from': ['从哪来', 'From'], 'flow.first': ['下第一单', 'First order'], 'flow.again': ['又来买', 'Bought again'], 'flow.waiting': ['等下一单 {n}', 'not yet again: {n}'], 'flow.firstOnly': ['第一单的钱 {n}', 'from first orders {n}'], 'flow.earlier': ['以前的客人', 'Earlier customers'],
  'flow.unknown': ['认不出是谁', 'Not recognised'], 'flow.unknownNote': ['认不出，不知道是不是又来', 'nobody can say whether they came back'], 'flow.rest': ['其余 {n} 种', '{n} more'], 'flow.stays': ['一直在买', 'still buying'], 'flow.label': ['流向图：{sentence}', 'Flow: {sentence}'], 'flow.laterMoney': ['后来的单子', 'Later orders'], 'flow.firstMoney': ['第一单', 'First orders'],
  'flow.colSource': ['来源', 'Source'], 'flow.colPeople': ['人', 'People'], 'flow.colAgain': ['又来买', 'Bought again'], 'flow.colFirst': ['第一单净收入', 'Net of first orders'], 'flow.colLater': ['后来净收入', 'Net of later orders'],
  'voyage.moneyTitle': ['钱对得上：{paid} 付款减 {refunded} 退款', 'The money adds up: {paid} paid less {refunded} refunded'], 'voyage.paid': ['付款', 'Paid'], 'voyage.refunded': ['退款', 'Refunded'], 'voyage.net': ['净收入', 'Net revenue'], 'voyage.known': ['其中认得出的客人', 'of it from recognised people'], 'voyage.unknownMoney': ['认不出是谁的', 'of it not recognised'],
  'voyage.orders': ['{n} 张付过款的单', '{n} paid {n|order|orders}'], 'voyage.cohortTitle': ['按月看，来过的人还来不来', 'Month by month: do they come back'],
  'voyage.emptyWhat': ['第一张付款的单子到了，这里就画出客人从哪来、谁又来。', 'When the first paid order arrives, this page shows where people come from and who comes back.'],
  'scene.1': ['其他入口', 'Other entrances'], 'scene.2': ['直播间', 'Live room'], 'scene.3': ['短视频', 'Short video'], 'scene.4': ['商品分享', 'Shared product'], 'scene.5': ['橱窗主页', 'Shop window'], 'scene.6': ['公众号文章', 'Article card'], 'scene.unknown': ['平台没说', 'Not reported'], 'scene.other': ['入口 {n}', 'Entrance {n}'],
} as const
