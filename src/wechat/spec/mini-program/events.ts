import { z } from 'zod'

/** What a mini program pushes (JSON here; XML is the platform's other choice). Times of trade events are seconds. */
const base = { ToUserName: z.string(), FromUserName: z.string(), CreateTime: z.int(), MsgType: z.string(), Event: z.string() }
const one = z.looseObject({
  TemplateId: z.string(),
  SubscribeStatusString: z.string().optional(),
  PopupScene: z.union([z.string(), z.int()]).optional(),
})

/** subscribe_msg_popup_event, subscribe_msg_change_event, subscribe_msg_sent_event. `List` is an array, or one object when there is one. */
export const subscribeEvent = z.looseObject({ ...base, List: z.union([one, z.array(one)]) })

/** trade_manage_order_settlement: at shipping and at settlement. */
export const settlementEvent = z.looseObject({
  ...base,
  transaction_id: z.string(),
  merchant_id: z.string(),
  sub_merchant_id: z.string().optional(),
  merchant_trade_no: z.string(),
  pay_time: z.int(),
  shipped_time: z.int().optional(),
  estimated_settlement_time: z.int().optional(),
  /** 1 by itself, 2 by the user. */
  confirm_receive_method: z.int().optional(),
  confirm_receive_time: z.int().optional(),
  settlement_time: z.int().optional(),
})

/** trade_manage_remind_shipping: not shipped 48 hours after payment. */
export const remindShippingEvent = z.looseObject({
  ...base,
  transaction_id: z.string(),
  merchant_id: z.string(),
  merchant_trade_no: z.string(),
  pay_time: z.int(),
  msg: z.string(),
})

/** wxa_media_check */
export const mediaCheckEvent = z.looseObject({
  ...base,
  appid: z.string(),
  trace_id: z.string(),
  version: z.int(),
  result: z.looseObject({ suggest: z.string(), label: z.int() }),
})
