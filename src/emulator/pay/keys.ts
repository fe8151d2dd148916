import type { KeyObject } from 'node:crypto'
import { decryptSensitive, payPrivateKey, readCertificate } from '../../wechat/codec/index.ts'
import { refuse } from './state.ts'
import { createPayIdentity, type PayIdentity } from './fixtures/identity.ts'

export type SigningKey = { serial: string; privateKey: KeyObject }

export type PlatformKeys = {
  identity: PayIdentity
  certificate: SigningKey
  certificateNext: SigningKey
  publicKey: SigningKey
  /** The registered key of a merchant certificate. */
  merchantKey(certificate: string): KeyObject
}

/** The platform's keys, parsed once on first use: a cache of constants. */
export function platformKeys(): () => PlatformKeys {
  let keys: PlatformKeys | undefined
  return () => (keys ??= parse())
}

function parse(): PlatformKeys {
  const identity = createPayIdentity()
  const merchants = new Map<string, KeyObject>()
  return {
    identity,
    certificate: { serial: identity.platform.serial, privateKey: payPrivateKey(identity.platform.privateKey) },
    certificateNext: { serial: identity.platformNext.serial, privateKey: payPrivateKey(identity.platformNext.privateKey) },
    publicKey: { serial: identity.publicKey.serial, privateKey: payPrivateKey(identity.publicKey.privateKey) },
    merchantKey(certificate) {
      let key = merchants.get(certificate)
      if (!key) merchants.set(certificate, (key = readCertificate(certificate).publicKey))
      return key
    },
  }
}

/** Personal fields (names of receivers) travel encrypted under the platform key that Wechatpay-Serial names. */
export function readSensitive(keys: PlatformKeys, headers: Record<string, string>, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const serial = headers['wechatpay-serial']?.toUpperCase()
  const key = [keys.certificate, keys.certificateNext, keys.publicKey].find((candidate) => candidate.serial.toUpperCase() === serial)
  if (!key) throw refuse('PARAM_ERROR', '缺少 Wechatpay-Serial，无法解密敏感字段')
  try {
    return decryptSensitive(text, key.privateKey)
  } catch {
    throw refuse('PARAM_ERROR', '敏感字段解密失败，请确认使用微信支付平台证书或公钥加密')
  }
}
