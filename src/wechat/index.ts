/**
 * The wire (微信接口): `spec` is the one table of endpoints, a namespace a line; `codec` seals and opens; `client` calls. No business here.
 * Use: `wechat.call(shop.orderGet, { order_id }, { account })`.
 */
export * from './codec/index.ts'
export * from './client/index.ts'
export {
  endpoint,
  lines,
  type Cap,
  type Credential,
  type EndpointRow,
  type KnownError,
  type Line,
  type Repeat,
  type RequestOf,
  type ResponseOf,
  type Retry,
  type Verified,
} from './spec/endpoint.ts'
export { allRows } from './spec/index.ts'
export * as weixin from './spec/tokens.ts'
export * as component from './spec/component.ts'
export * as provider from './spec/provider.ts'
export * as officialAccount from './spec/official-account/index.ts'
export * as miniProgram from './spec/mini-program/index.ts'
export * as pay from './spec/pay/index.ts'
export * as wecom from './spec/wecom/index.ts'
export * as shop from './spec/shop/index.ts'
export * as channels from './spec/channels/index.ts'
