/**
 * Blocks (积木): every capability is on or off per merchant. Off means: no routes, no menu, no jobs, no configuration.
 * `needs` are other blocks, or accounts (`account:<line>`), without which it cannot be switched on.
 */
export type BlockRow = { key: string; stage: 'acquire' | 'sell' | 'retain' | 'restrain' | 'learn'; zh: string; en: string; what: { zh: string; en: string }; needs: readonly string[]; steps: number }

export const blocks = [
  { key: 'shop', stage: 'sell', zh: '微信小店', en: 'WeChat Shop', what: { zh: '收小店订单、售后和库存', en: 'orders, after-sale and stock of the Shop' }, needs: ['account:shop'], steps: 4 },
  { key: 'mall', stage: 'sell', zh: '小程序商城', en: 'Mini Program mall', what: { zh: '自己的商城，微信支付收款', en: 'a mall of your own, paid by WeChat Pay' }, needs: ['account:mini-program', 'account:pay'], steps: 6 },
  { key: 'contacts', stage: 'retain', zh: '企业微信联系人', en: 'WeCom contacts', what: { zh: '同步联系人、标签和欢迎语', en: 'contacts, tags and the welcome message' }, needs: ['account:wecom'], steps: 3 },
  { key: 'codes', stage: 'acquire', zh: '渠道活码', en: 'Channel codes', what: { zh: '知道联系人从哪来', en: 'know where contacts come from' }, needs: ['contacts'], steps: 1 },
  { key: 'broadcasts', stage: 'retain', zh: '群发', en: 'Broadcasts', what: { zh: '经同事确认的群发', en: 'mass messages that colleagues confirm' }, needs: ['contacts'], steps: 1 },
  { key: 'journeys', stage: 'retain', zh: '旅程', en: 'Journeys', what: { zh: '到时候自动办的事', en: 'what happens by itself when the time comes' }, needs: ['contacts'], steps: 1 },
  { key: 'points', stage: 'retain', zh: '羽毛积分', en: 'Feathers', what: { zh: '会员与积分账', en: 'membership and the points ledger' }, needs: [], steps: 1 },
  { key: 'community', stage: 'retain', zh: '社区', en: 'Community', what: { zh: '文章、评论、羽毛权益和公约', en: 'articles, comments, benefits and the convention' }, needs: [], steps: 1 },
  { key: 'dosage', stage: 'restrain', zh: '尺度', en: 'Dosage', what: { zh: '留白组、剂量、计划', en: 'holdout, dose and plan' }, needs: ['contacts'], steps: 1 },
  { key: 'official-account', stage: 'retain', zh: '公众号', en: 'Official Account', what: { zh: '粉丝、文章和消息', en: 'followers, articles and messages' }, needs: ['account:official-account'], steps: 3 },
  { key: 'live', stage: 'acquire', zh: '视频号直播', en: 'Channels live', what: { zh: '直播和罗盘数据', en: 'live sessions and compass figures' }, needs: ['account:channels'], steps: 2 },
  { key: 'cases', stage: 'learn', zh: '案例', en: 'Cases', what: { zh: '用自己的数据算一个案例', en: 'a case computed from your own voyage' }, needs: ['dosage'], steps: 0 },
] as const satisfies readonly BlockRow[]

export type BlockKey = (typeof blocks)[number]['key']
