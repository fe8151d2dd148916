/**
 * Accounts (账号) of the emulated platform: what a real merchant would own. They are part of the namespace's state.
 * Everything here can be exported for a real client (`qz emulate --print-env`).
 */

/** Where the platform pushes messages of an account, and the keys of the envelope. */
export type PushSettings = {
  /** Absolute address, or null while nothing is configured: then callbacks are recorded but not sent. */
  url: string | null
  token: string
  /** 43 characters of base64 without padding. */
  aesKey: string
  /** xml for WeCom and Official Accounts, json for the Shop (the only mode it has); mini programs may choose. */
  format: 'xml' | 'json'
  /** Who the envelope names as receiver when it is not the account itself: the third-party platform that acts for it. */
  receiveId?: string
}

export type CorpApp = {
  agentId: string
  /** 'contact' is the customer-contact secret (客户联系), 'app' a self-built app that may call it. */
  kind: 'contact' | 'app'
  secret: string
  push: PushSettings
}

export type Corp = { kind: 'wecom'; id: string; name: string; apps: CorpApp[] }
/** Official Account, mini program, Shop, Channels assistant: an appid with a secret and one push address. */
export type WeixinAccount = {
  kind: 'official-account' | 'mini-program' | 'shop' | 'channels'
  /** appid */
  id: string
  /** gh_… */
  originalId: string
  name: string
  secret: string
  push: PushSettings
  /** Open Platform account it is bound to; accounts with the same value share unionids. Null: no unionid anywhere. */
  openPlatform: string | null
}
/** A third-party platform (第三方平台): acts for Official Accounts, mini programs and Shops that authorised it. */
export type ComponentAccount = { kind: 'component'; id: string; secret: string; push: PushSettings }
/** A WeCom service provider's suite (第三方应用 / 代开发). */
export type SuiteAccount = { kind: 'provider'; id: string; corpId: string; providerSecret: string; secret: string; push: PushSettings }
/** A WeChat Pay merchant, with both key modes. Keys are PEM text. */
export type PayMerchant = {
  kind: 'pay'
  /** mchid */
  id: string
  name: string
  apiV3Key: string
  merchantCertificate: string
  merchantPrivateKey: string
  /** Hex, upper case. */
  merchantSerial: string
}
export type Account = Corp | WeixinAccount | ComponentAccount | SuiteAccount | PayMerchant
export type AccountKind = Account['kind']
