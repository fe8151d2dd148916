import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  hash,
  privateDecrypt,
  publicEncrypt,
  sign,
  verify,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { parseJson } from '../../kernel/json.ts'
import { CodecError } from './codec-error.ts'

/**
 * WeChat Pay API v3 (微信支付): signatures are RSA-2048 with SHA-256 (PKCS#1 v1.5) over lines ended by LF, contents travel in AES-256-GCM
 * under the merchant's APIv3 key, personal fields in RSA-OAEP under the platform's key. Times in headers are the wire clock's.
 */

/** A signature older or younger than this is refused, by the platform and by us. */
export const paySkewMs = 5 * 60_000

/** The platform sends messages with such a signature to see whether merchants verify at all (签名探测). */
export const signatureProbePrefix = 'WECHATPAY/SIGNTEST/'

const scheme = 'WECHATPAY2-SHA256-RSA2048'

export type PaySigner = {
  mchid: string
  /** Serial number of the merchant's API certificate, hex. */
  serial: string
  privateKey: KeyObject
}

export function payPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new CodecError('key', 'the private key is not PEM text of an RSA key (apiclient_key.pem)', cause)
  }
}

export type PayCertificate = { serial: string; publicKey: KeyObject; effectiveAt: Instant; expiresAt: Instant; pem: string }

/** @returns the certificate's serial number (upper-case hex), key and validity. */
export function readCertificate(pem: string): PayCertificate {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch (cause) {
    throw new CodecError('key', 'the text is not a PEM certificate', cause)
  }
  return {
    serial: certificate.serialNumber.toUpperCase(),
    publicKey: certificate.publicKey,
    effectiveAt: Date.parse(certificate.validFrom),
    expiresAt: Date.parse(certificate.validTo),
    pem,
  }
}

/** A platform key we accept: a platform certificate (平台证书) by its serial, or the WeChat Pay public key (微信支付公钥) by its `PUB_KEY_ID_…`. */
export type PayPlatformKey = { serial: string; publicKey: KeyObject; effectiveAt?: Instant; expiresAt?: Instant }

/** Keys by serial, found without regard to case. Several are valid at once while the platform rotates or the merchant changes modes. */
export type PayPlatformKeys = { find(serial: string): PayPlatformKey | undefined; all(): PayPlatformKey[] }

export function payPlatformKeys(keys: readonly PayPlatformKey[]): PayPlatformKeys {
  const bySerial = new Map(keys.map((key) => [key.serial.toUpperCase(), key]))
  return { find: (serial) => bySerial.get(serial.toUpperCase()), all: () => [...bySerial.values()] }
}

export function platformCertificate(pem: string): PayPlatformKey {
  const { serial, publicKey, effectiveAt, expiresAt } = readCertificate(pem)
  return { serial, publicKey, effectiveAt, expiresAt }
}

/** @param id `PUB_KEY_ID_` and digits, shown beside the key in the merchant console. */
export function platformPublicKey(id: string, pem: string): PayPlatformKey {
  try {
    return { serial: id, publicKey: createPublicKey(pem) }
  } catch (cause) {
    throw new CodecError('key', `the public key ${id} is not PEM text`, cause)
  }
}

/** RSA-SHA256, base64. */
export function paySign(message: string | Buffer, privateKey: KeyObject): string {
  return sign('sha256', typeof message === 'string' ? Buffer.from(message, 'utf8') : message, privateKey).toString('base64')
}

export function payVerify(message: string | Buffer, signature: string, publicKey: KeyObject): boolean {
  return verify('sha256', typeof message === 'string' ? Buffer.from(message, 'utf8') : message, publicKey, Buffer.from(signature, 'base64'))
}

export type PayRequestParts = {
  method: string
  /** Path and query as they stand on the wire, without host. */
  path: string
  /** Seconds. */
  timestamp: number | string
  nonce: string
  /** The JSON text; empty for GET; of an upload the JSON of its `meta` part. */
  body: string
}

export function payRequestMessage(parts: PayRequestParts): string {
  return `${parts.method.toUpperCase()}\n${parts.path}\n${parts.timestamp}\n${parts.nonce}\n${parts.body}\n`
}

/** @returns the value of the `Authorization` header. */
export function signPayRequest(parts: PayRequestParts, signer: PaySigner): string {
  const signature = paySign(payRequestMessage(parts), signer.privateKey)
  return `${scheme} mchid="${signer.mchid}",nonce_str="${parts.nonce}",timestamp="${parts.timestamp}",serial_no="${signer.serial}",signature="${signature}"`
}

export type PayAuthorization = { mchid: string; nonce: string; timestamp: string; serial: string; signature: string }

/** The platform's side: reads an `Authorization` header; the order of its five parts is free. `undefined` when it is none. */
export function readPayAuthorization(header: string | undefined): PayAuthorization | undefined {
  if (header === undefined || !header.startsWith(`${scheme} `)) return undefined
  const parts = new Map<string, string>()
  for (const [, name, value] of header.slice(scheme.length + 1).matchAll(/(\w+)="([^"]*)"/g)) parts.set(name, value)
  const [mchid, nonce, timestamp, serial, signature] = ['mchid', 'nonce_str', 'timestamp', 'serial_no', 'signature'].map((name) => parts.get(name))
  if (!mchid || !nonce || !timestamp || !serial || !signature) return undefined
  return { mchid, nonce, timestamp, serial, signature }
}

/** The platform's side: is this request signed by the merchant's key, now? */
export function verifyPayRequest(
  authorization: PayAuthorization,
  parts: { method: string; path: string; body: string },
  merchantKey: KeyObject,
  wireNow: Instant,
): 'ok' | 'stale' | 'signature' {
  if (!fresh(authorization.timestamp, wireNow)) return 'stale'
  const message = payRequestMessage({ ...parts, timestamp: authorization.timestamp, nonce: authorization.nonce })
  return payVerify(message, authorization.signature, merchantKey) ? 'ok' : 'signature'
}

function fresh(timestamp: string, wireNow: Instant): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(wireNow - Number(timestamp) * 1000) <= paySkewMs
}

export type PayHeaders = Record<string, string | string[] | undefined>

function header(headers: PayHeaders, name: string): string | undefined {
  let value = headers[name.toLowerCase()] ?? headers[name]
  if (value === undefined) {
    const lower = name.toLowerCase()
    for (const key in headers) if (key.toLowerCase() === lower) value = headers[key]
  }
  return Array.isArray(value) ? value[0] : value
}

function payMessage(timestamp: string | number, nonce: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`, 'utf8'), body, Buffer.from('\n')])
}

/**
 * The platform's side: signs an answer (also of 204, body empty) or a notice.
 * @param timestamp seconds of the wire clock
 */
export function signPayMessage(
  message: { body: string | Buffer; timestamp: number; nonce: string },
  platform: { serial: string; privateKey: KeyObject },
): Record<string, string> {
  const body = typeof message.body === 'string' ? Buffer.from(message.body, 'utf8') : message.body
  return {
    'Wechatpay-Timestamp': String(message.timestamp),
    'Wechatpay-Nonce': message.nonce,
    'Wechatpay-Serial': platform.serial,
    'Wechatpay-Signature': paySign(payMessage(message.timestamp, message.nonce, body), platform.privateKey),
    'Wechatpay-Signature-Type': scheme,
  }
}

export type PayMessage = {
  headers: PayHeaders
  /** The raw bytes, before any parsing. */
  body: string | Buffer
  /** HTTP status of an answer; leave out for a notice. */
  status?: number
}

/**
 * Checks an answer or a notice. Both key modes: the key is the one `Wechatpay-Serial` names.
 * An error answer (not 2xx) without signature headers passes as `unsigned`: the platform does not always sign those; believe no amount in it.
 * @throws CodecError `missing-signature`, `probe`, `stale`, `unknown-key` (fetch the platform certificates, then try once more), `signature`
 */
export function verifyPayMessage(message: PayMessage, keys: PayPlatformKeys, wireNow: Instant): { signed: boolean; serial: string | null } {
  const timestamp = header(message.headers, 'Wechatpay-Timestamp')
  const nonce = header(message.headers, 'Wechatpay-Nonce')
  const serial = header(message.headers, 'Wechatpay-Serial')
  const signature = header(message.headers, 'Wechatpay-Signature')
  if (timestamp === undefined || nonce === undefined || serial === undefined || signature === undefined) {
    if (message.status !== undefined && (message.status < 200 || message.status > 299) && signature === undefined) return { signed: false, serial: null }
    throw new CodecError('missing-signature', 'the message carries no complete WeChat Pay signature; treat it as forged')
  }
  if (signature.startsWith(signatureProbePrefix)) throw new CodecError('probe', 'the platform is probing whether signatures are verified; refuse the message')
  if (!fresh(timestamp, wireNow)) throw new CodecError('stale', `the message was signed at ${timestamp} s, more than 5 minutes from now`)
  const key = keys.find(serial)
  if (key === undefined) throw new CodecError('unknown-key', `no platform certificate or public key ${serial} is known`)
  const body = typeof message.body === 'string' ? Buffer.from(message.body, 'utf8') : message.body
  if (!payVerify(payMessage(timestamp, nonce, body), signature, key.publicKey)) {
    throw new CodecError('signature', `the signature does not match the message under the platform key ${serial}`)
  }
  return { signed: true, serial: key.serial }
}

/** An encrypted part of a notice or of the certificate list. */
export type PayResource = { algorithm: string; ciphertext: string; nonce: string; associated_data?: string; original_type?: string }

// 32 bytes are AES-256, the only length the console accepts. The official test material also has 16-byte keys.
function gcm(apiV3Key: string): { key: Buffer; algorithm: 'aes-256-gcm' | 'aes-128-gcm' } {
  const key = Buffer.from(apiV3Key, 'utf8')
  if (key.length === 32) return { key, algorithm: 'aes-256-gcm' }
  if (key.length === 16) return { key, algorithm: 'aes-128-gcm' }
  throw new CodecError('key', `an APIv3 key has 32 bytes, this one has ${key.length}`)
}

/** @param nonce 12 characters */
export function sealResource(apiV3Key: string, plain: string, options: { nonce: string; associatedData?: string; originalType?: string }): PayResource {
  const { key, algorithm } = gcm(apiV3Key)
  const cipher = createCipheriv(algorithm, key, Buffer.from(options.nonce, 'utf8'))
  if (options.associatedData) cipher.setAAD(Buffer.from(options.associatedData, 'utf8'))
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return {
    ...(options.originalType === undefined ? {} : { original_type: options.originalType }),
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: sealed.toString('base64'),
    ...(options.associatedData === undefined ? {} : { associated_data: options.associatedData }),
    nonce: options.nonce,
  }
}

/** @returns the plaintext. @throws CodecError `signature` when the text was changed or the key is another merchant's. */
export function openResource(apiV3Key: string, resource: PayResource): string {
  if (resource.algorithm !== 'AEAD_AES_256_GCM') throw new CodecError('malformed', `the algorithm is ${resource.algorithm}, expected AEAD_AES_256_GCM`)
  const { key, algorithm } = gcm(apiV3Key)
  const sealed = Buffer.from(resource.ciphertext, 'base64')
  if (sealed.length < 16) throw new CodecError('malformed', 'the ciphertext is shorter than its tag')
  try {
    const decipher = createDecipheriv(algorithm, key, Buffer.from(resource.nonce, 'utf8'))
    if (resource.associated_data) decipher.setAAD(Buffer.from(resource.associated_data, 'utf8'))
    decipher.setAuthTag(sealed.subarray(-16))
    return decipher.update(sealed.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8')
  } catch (cause) {
    throw new CodecError('signature', 'the content cannot be decrypted: it was changed, or the APIv3 key is not this merchant’s', cause)
  }
}

export type PayNotice = {
  /** Same on every retry. */
  id: string
  eventType: string
  originalType: string
  createTime: string
  summary: string
  /** Decrypted content: exact text and, lossless, its object. */
  plaintext: string
  resource: Record<string, unknown>
  /** SHA-256 hex of the notice's id and plaintext: equal for every retry. */
  digest: string
}

/** Verifies and decrypts a notice (回调通知). @throws CodecError; answer it with a status that is not 2xx then. */
export function openPayNotice(message: { headers: PayHeaders; body: string | Buffer }, keys: PayPlatformKeys, apiV3Key: string, wireNow: Instant): PayNotice {
  verifyPayMessage({ headers: message.headers, body: message.body }, keys, wireNow)
  const envelope = object(typeof message.body === 'string' ? message.body : message.body.toString('utf8'), 'the notice')
  const resource = envelope.resource as PayResource | undefined
  if (typeof resource !== 'object' || resource === null || typeof resource.ciphertext !== 'string' || typeof resource.nonce !== 'string') {
    throw new CodecError('malformed', 'the notice has no encrypted resource')
  }
  const plaintext = openResource(apiV3Key, resource)
  const id = String(envelope.id ?? '')
  return {
    id,
    eventType: String(envelope.event_type ?? ''),
    originalType: String(resource.original_type ?? ''),
    createTime: String(envelope.create_time ?? ''),
    summary: String(envelope.summary ?? ''),
    plaintext,
    resource: object(plaintext, 'the notice’s content'),
    digest: hash('sha256', `${id}\n${plaintext}`, 'hex'),
  }
}

function object(text: string, what: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (cause) {
    throw new CodecError('malformed', `${what} is not JSON`, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CodecError('malformed', `${what} is not a JSON object`)
  return value as Record<string, unknown>
}

/** One entry of `GET /v3/certificates`. */
export type SealedCertificate = { serial_no: string; effective_time: string; expire_time: string; encrypt_certificate: PayResource }

/** The platform's side. @param nonce 12 characters */
export function sealCertificate(apiV3Key: string, pem: string, nonce: string): SealedCertificate {
  const { serial, effectiveAt, expiresAt } = readCertificate(pem)
  return {
    serial_no: serial,
    effective_time: shanghaiRfc3339(effectiveAt),
    expire_time: shanghaiRfc3339(expiresAt),
    encrypt_certificate: sealResource(apiV3Key, pem, { nonce, associatedData: 'certificate' }),
  }
}

/** Decrypts the answer of `GET /v3/certificates`; the first such answer cannot be verified otherwise than by decrypting it. */
export function openCertificates(apiV3Key: string, entries: readonly SealedCertificate[]): PayPlatformKey[] {
  return entries.map((entry) => {
    const key = platformCertificate(openResource(apiV3Key, entry.encrypt_certificate))
    if (key.serial !== entry.serial_no.toUpperCase()) {
      throw new CodecError('malformed', `the certificate's serial number is ${key.serial}, the list says ${entry.serial_no}`)
    }
    return key
  })
}

/** A personal field (敏感字段): RSA-OAEP with SHA-1, base64; name the key in the request's `Wechatpay-Serial`. */
export function encryptSensitive(text: string, publicKey: KeyObject): string {
  return publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, Buffer.from(text, 'utf8')).toString('base64')
}

export function decryptSensitive(text: string, privateKey: KeyObject): string {
  try {
    return privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, Buffer.from(text, 'base64')).toString('utf8')
  } catch (cause) {
    throw new CodecError('key', 'the field was not encrypted with this key', cause)
  }
}

/** What a page or mini program hands to the payment call (调起支付). `signType` itself is not signed. */
export type JsapiPayParams = { appId: string; timeStamp: string; nonceStr: string; package: string; signType: 'RSA'; paySign: string }

/** @param at seconds */
export function signJsapi(order: { appid: string; prepayId: string; timestamp: number; nonce: string }, privateKey: KeyObject): JsapiPayParams {
  const timeStamp = String(order.timestamp)
  const packed = `prepay_id=${order.prepayId}`
  return {
    appId: order.appid,
    timeStamp,
    nonceStr: order.nonce,
    package: packed,
    signType: 'RSA',
    paySign: paySign(`${order.appid}\n${timeStamp}\n${order.nonce}\n${packed}\n`, privateKey),
  }
}

export type AppPayParams = { appid: string; partnerid: string; prepayid: string; package: 'Sign=WXPay'; noncestr: string; timestamp: string; sign: string }

export function signApp(order: { appid: string; mchid: string; prepayId: string; timestamp: number; nonce: string }, privateKey: KeyObject): AppPayParams {
  const timestamp = String(order.timestamp)
  return {
    appid: order.appid,
    partnerid: order.mchid,
    prepayid: order.prepayId,
    package: 'Sign=WXPay',
    noncestr: order.nonce,
    timestamp,
    sign: paySign(`${order.appid}\n${timestamp}\n${order.nonce}\n${order.prepayId}\n`, privateKey),
  }
}
