import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { fen, outcome, shopCaps, shopErrors, shopId, unixSeconds } from './shapes.ts'

/** Called with the token of a mini program that is a related account (关联账号) of the shop, shop sheet 7. */
export const cooperationOrderGet = endpoint({
  name: 'shop.cooperation.order.get',
  line: 'mini-program',
  method: 'POST',
  path: '/channels/ec/cooperation/order/get',
  credential: 'access_token',
  caps: shopCaps,
  errors: shopErrors,
  effect: 'read',
  /** order_id is the obfuscated one of the notice; it is not the Shop's. */
  request: z.looseObject({ shop_appid: z.string(), order_id: z.string() }),
  response: outcome.extend({
    order: z
      .looseObject({
        order_id: z.string().optional(),
        status: z.int().optional(),
        create_time: unixSeconds.optional(),
        update_time: unixSeconds.optional(),
        /** The mini program's own openid of the buyer. */
        openid: z.string().optional(),
        unionid: z.string().optional(),
        order_detail: z
          .looseObject({
            product_infos: z.array(z.looseObject({ product_id: shopId, sku_id: shopId, sku_cnt: z.int(), title: z.string().optional(), sale_price: fen.optional(), real_price: fen.optional() })).optional(),
            price_info: z.looseObject({ product_price: fen.optional(), order_price: fen.optional(), freight: fen.optional() }).optional(),
          })
          .optional(),
      })
      .optional(),
  }),
  repeat: 'safe',
  doc: 'SK-X; SK-M/ECCooperation/ChannelsECCooperationOrderGetResponse.cs',
  verified: 'reading',
  zh: '获取合作小店订单详情',
})

/** Pushed to the mini program when an order was placed through it; the older name is `cooperation_shop_order`. */
export const relatedOrderEvent = z.looseObject({
  ToUserName: z.string(),
  FromUserName: z.string(),
  CreateTime: unixSeconds,
  MsgType: z.literal('event'),
  Event: z.enum(['related_shop_order_submission', 'cooperation_shop_order']),
  Data: z.looseObject({ order_id: z.string(), shop_appid: z.string() }),
})

export const cooperationRows = [cooperationOrderGet]
