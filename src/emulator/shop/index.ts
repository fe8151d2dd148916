/**
 * WeChat Shop (微信小店) of the emulated platform: products, stock, orders, shipping, after-sale, coupons, funds, and the buyer's door.
 * `shopLine` is the module for `createEmulator`. State lives in the slice `shop`, one entry per shop appid; times and rates that no source
 * confirms are parameters (`shop.setParameters`).
 */
export { shopLine } from './line.ts'
export { shopState, type Order, type OrderHead, type OrderLine, type ShopParameters, type ShopState } from './state.ts'
