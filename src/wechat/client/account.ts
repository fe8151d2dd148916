import type { Line } from '../spec/endpoint.ts'

/** An app of a corp: one secret, one token. */
export type CorpAppAccount = { kind: 'wecom'; corpId: string; agentId: string; secret: string }
/** An account with an appid of its own (Official Account, mini program, Shop, Channels assistant). */
export type AppidAccount = {
  kind: 'appid'
  line: Line
  appid: string
  secret: string
  /** `stable` when absent: asking twice gives the same token and leaves other systems' tokens alone. */
  tokenMode?: 'stable' | 'classic'
}
/** A third-party platform. `ticket` gives the newest pushed component_verify_ticket. */
export type ComponentAccount = { kind: 'component'; appid: string; secret: string; ticket: () => Promise<string | undefined> }
/** An account that authorised a third-party platform. The first refresh token comes from the authorisation; newer ones live in the token store. */
export type AuthorizerAccount = { kind: 'authorizer'; line: Line; appid: string; component: ComponentAccount; refreshToken: string }
/** A WeCom service provider's suite. `ticket` gives the newest pushed suite_ticket. */
export type SuiteAccount = { kind: 'suite'; suiteId: string; secret: string; ticket: () => Promise<string | undefined> }
/** A corp that installed a suite. */
export type SuiteCorpAccount = { kind: 'suite-corp'; corpId: string; permanentCode: string; suite: SuiteAccount }
export type ProviderAccount = { kind: 'provider'; corpId: string; secret: string }
/** A WeChat Pay merchant. With `publicKey` answers are asked for under it (public key mode); platform certificates are fetched only when one signs. */
export type PayAccount = {
  kind: 'pay'
  mchid: string
  /** Serial number of the merchant's API certificate, hex. */
  serial: string
  /** PEM */
  privateKey: string
  apiV3Key: string
  /** WeChat Pay public key: its PUB_KEY_ID_… and PEM. */
  publicKey?: { id: string; pem: string }
  /** Platform certificates already at hand, PEM. */
  certificates?: readonly string[]
}

export type WechatAccount =
  | CorpAppAccount
  | AppidAccount
  | ComponentAccount
  | AuthorizerAccount
  | SuiteAccount
  | SuiteCorpAccount
  | ProviderAccount
  | PayAccount

/** Under this key the account's token is kept: equal for equal account. */
export function tokenKey(account: WechatAccount): string {
  switch (account.kind) {
    case 'wecom':
      return `wecom/${account.corpId}/${account.agentId}`
    case 'appid':
      return `appid/${account.appid}/${account.tokenMode ?? 'stable'}`
    case 'component':
      return `component/${account.appid}`
    case 'authorizer':
      return `authorizer/${account.component.appid}/${account.appid}`
    case 'suite':
      return `suite/${account.suiteId}`
    case 'suite-corp':
      return `suite-corp/${account.suite.suiteId}/${account.corpId}`
    case 'provider':
      return `provider/${account.corpId}`
    case 'pay':
      return `pay/${account.mchid}`
  }
}

/** Caps are counted for this: the corp, the appid or the merchant. */
export function capOwner(account: WechatAccount): string {
  switch (account.kind) {
    case 'wecom':
    case 'suite-corp':
    case 'provider':
      return account.corpId
    case 'suite':
      return account.suiteId
    case 'pay':
      return account.mchid
    default:
      return account.appid
  }
}
