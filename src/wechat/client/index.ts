/**
 * The client (客户端) of every line: `createWechat(...).call(row, input, { account })`. It knows tokens, caps, signatures and errors, and no
 * business. Where it talks to, how, and by which clocks are arguments.
 */
export { realBaseUrls, createWechat, type CallOptions, type UploadPart, type Wechat, type WechatOptions } from './wechat.ts'
export { WechatError, type ClientErrorCode, type WechatErrorDetails } from './wechat-error.ts'
export { createHttpPort, type HttpAnswer, type HttpPort, type HttpRequest } from './http.ts'
export { memoryTokenStore, type StoredToken, type TokenStore } from './token-store.ts'
export { decideCap, memoryCapStore, type CapCount, type CapStore } from './caps.ts'
export {
  capOwner,
  tokenKey,
  type AppidAccount,
  type AuthorizerAccount,
  type ComponentAccount,
  type CorpAppAccount,
  type PayAccount,
  type ProviderAccount,
  type SuiteAccount,
  type SuiteCorpAccount,
  type WechatAccount,
} from './account.ts'
