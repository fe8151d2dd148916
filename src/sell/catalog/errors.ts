import { defineErrors } from '../../kernel/errors.ts'

export const catalogFault = defineErrors({
  'product/not-found': { status: 404, zh: '没有这个商品。它可能属于别的商家，或者还没从小店取过来。', en: 'there is no product {productId}; it may belong to another merchant or has not been fetched from the Shop yet' },
  'product/no-shop': { status: 409, zh: '还没有连接微信小店，没有可取的商品。先在「设置 › 连接」里接上。', en: 'no WeChat Shop is connected, so there are no products to fetch' },
  'product/unreadable': { status: 502, zh: '平台返回的商品 {productId} 读不懂：{found}。稍后自动重试。', en: 'the platform answered product {productId} with {found}; the read is repeated' },
})
