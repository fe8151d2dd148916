import type { KeyObject } from 'node:crypto'
import { payPrivateKey, readCertificate } from '../../wechat/codec/index.ts'
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
