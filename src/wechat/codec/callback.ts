import { createCipheriv, createDecipheriv, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto'
import { parseJson } from '../../kernel/json.ts'
import { CodecError } from './codec-error.ts'
import { readXml, writeXml } from './xml.ts'

/**
 * The callback envelope (回调信封) of WeCom and of api.weixin.qq.com (Official Account, mini program, Shop, component) in secure mode:
 * AES-256-CBC, key = base64(EncodingAESKey + "="), IV = its first 16 bytes, plaintext = 16 random bytes, length (4 bytes, big endian),
 * message, receiveid, PKCS#7 padding to blocks of 32. There is no freshness in this protocol: an old message verifies.
 */
export type CallbackKeys = {
  token: string
  /** EncodingAESKey: 43 characters of base64. */
  aesKey: string
  /** corpid, suite id or appid; empty for a smart bot. */
  receiveId: string
  /** Further accepted receivers, e.g. the authorised corps of a suite, whose data callbacks name the corp. */
  alsoReceiveIds?: readonly string[]
}

/** `weixin` is api.weixin.qq.com's form, with `signature` and `encrypt_type` beside `msg_signature`. */
export type CallbackFlavour = 'wecom' | 'weixin'
export type CallbackFormat = 'xml' | 'json'

export type SealOptions = {
  flavour: CallbackFlavour
  format: CallbackFormat
  /** Seconds since the epoch. */
  timestamp: number
  nonce: string
  random16: Buffer
  toUserName: string
  agentId?: string
  /** Third-party platform (第三方平台): its authorisation messages name the component's appid outside, instead of ToUserName. */
  componentAppid?: string
}

export type SealedCallback = { query: Record<string, string>; body: string; contentType: string }

export type OpenedCallback = {
  format: CallbackFormat
  /** The plaintext exactly as sent. */
  message: string
  /** XML: the content of the root, leaves as text. JSON: the object, integers beyond 2^53 as text. Parsed at first use; throws CodecError `malformed`. */
  readonly value: Record<string, unknown>
  /** SHA-256, lower-case hex, of the message without its random bytes: equal for every retry. */
  digest: string
}

type Prepared = { key: KeyObject; iv: Buffer }

// A cache, not state: the same settings object always gives the same key.
const preparedKeys = new WeakMap<CallbackKeys, Prepared>()

function prepare(keys: CallbackKeys): Prepared {
  const known = preparedKeys.get(keys)
  if (known) return known
  const bytes = Buffer.from(`${keys.aesKey}=`, 'base64')
  if (keys.aesKey.length !== 43 || bytes.length !== 32) {
    throw new CodecError('key', `an EncodingAESKey has 43 characters of base64 (32 bytes), this one has ${keys.aesKey.length} (${bytes.length} bytes)`)
  }
  const prepared = { key: createSecretKey(bytes), iv: Buffer.from(bytes.subarray(0, 16)) }
  preparedKeys.set(keys, prepared)
  return prepared
}

/** Lower-case hex SHA-1 of the parts, sorted and joined. */
export function callbackSignature(...parts: string[]): string {
  return hash('sha1', parts.sort().join(''), 'hex')
}

/** @returns base64 of the encrypted message, the `Encrypt` element. */
export function encryptMessage(keys: CallbackKeys, message: string, random16: Buffer): string {
  if (random16.length !== 16) throw new CodecError('malformed', `the random prefix has 16 bytes, got ${random16.length}`)
  const { key, iv } = prepare(keys)
  const text = Buffer.from(message, 'utf8')
  const receiver = Buffer.from(keys.receiveId, 'utf8')
  const bare = 20 + text.length + receiver.length
  const pad = 32 - (bare % 32)
  const plain = Buffer.alloc(bare + pad, pad)
  random16.copy(plain)
  plain.writeUInt32BE(text.length, 16)
  text.copy(plain, 20)
  receiver.copy(plain, 20 + text.length)
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64')
}

/** Decrypts an `Encrypt` element whose signature was already checked, and checks the receiver. @returns the message's bytes. */
export function decryptMessage(keys: CallbackKeys, encrypted: string): Buffer {
  const { key, iv } = prepare(keys)
  const sealed = Buffer.from(encrypted, 'base64')
  if (sealed.length < 32 || sealed.length % 16 !== 0) {
    throw new CodecError('malformed', `the encrypted message has ${sealed.length} bytes, expected a multiple of 16, at least 32`)
  }
  const plain = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false).update(sealed)
  const pad = plain[plain.length - 1]
  const bare = plain.length - pad
  if (pad < 1 || pad > 32 || bare < 20) throw new CodecError('padding', 'the decrypted message is not padded by blocks of 32; is the EncodingAESKey right?')
  for (let i = bare; i < plain.length; i++) {
    if (plain[i] !== pad) throw new CodecError('padding', 'the decrypted message is not padded by blocks of 32; is the EncodingAESKey right?')
  }
  const end = 20 + plain.readUInt32BE(16)
  if (end > bare) throw new CodecError('malformed', `the message claims ${end - 20} bytes, ${bare - 20} are there`)
  const receiver = plain.toString('utf8', end, bare)
  if (receiver !== keys.receiveId && !keys.alsoReceiveIds?.includes(receiver)) {
    throw new CodecError('receive-id', `the message is for ${JSON.stringify(receiver)}, expected ${JSON.stringify(keys.receiveId)}`)
  }
  return plain.subarray(20, end)
}

export function sealCallback(keys: CallbackKeys, plain: string, options: SealOptions): SealedCallback {
  const timestamp = String(options.timestamp)
  const encrypted = encryptMessage(keys, plain, options.random16)
  const signature = callbackSignature(keys.token, timestamp, options.nonce, encrypted)
  const query: Record<string, string> =
    options.flavour === 'wecom'
      ? { msg_signature: signature, timestamp, nonce: options.nonce }
      : {
          signature: callbackSignature(keys.token, timestamp, options.nonce),
          timestamp,
          nonce: options.nonce,
          encrypt_type: 'aes',
          msg_signature: signature,
        }
  if (options.format === 'json') {
    const body = options.flavour === 'wecom' ? { encrypt: encrypted } : { ToUserName: options.toUserName, Encrypt: encrypted }
    return { query, body: JSON.stringify(body), contentType: 'application/json' }
  }
  if (options.componentAppid !== undefined) return { query, body: writeXml({ AppId: options.componentAppid, Encrypt: encrypted }), contentType: 'text/xml' }
  const content = { ToUserName: options.toUserName, AgentID: options.flavour === 'wecom' ? (options.agentId ?? '') : undefined, Encrypt: encrypted }
  return { query, body: writeXml(content), contentType: 'text/xml' }
}

/**
 * Verifies, then decrypts a pushed message. Nothing of the body but the `Encrypt` text is looked at before the signature is checked.
 * @param flavour both flavours sign the same way today; it is asked for because the URL check differs and forms may part.
 * @throws CodecError
 */
export function openCallback(
  keys: CallbackKeys,
  push: { query: Record<string, string | undefined>; body: string | Buffer },
  flavour: CallbackFlavour,
): OpenedCallback {
  // Outside the ciphertext nothing is read, and that is ASCII: Latin-1 is the cheapest way from bytes to text.
  const body = typeof push.body === 'string' ? push.body : push.body.toString('latin1')
  const format = formatOf(body)
  if (flavour === 'weixin' && push.query.encrypt_type !== undefined && push.query.encrypt_type !== 'aes') {
    throw new CodecError('missing-signature', `encrypt_type is ${JSON.stringify(push.query.encrypt_type)}; choose the secure mode (安全模式) at the platform`)
  }
  const encrypted = format === 'xml' ? encryptedOfXml(body) : encryptedOfJson(body)
  if (encrypted === undefined) throw new CodecError('missing-signature', 'the body has no Encrypt part; choose the secure mode (安全模式) at the platform')
  checkSignature(keys, push.query, encrypted, push.query.msg_signature)
  const bytes = decryptMessage(keys, encrypted)
  return opened(bytes, format)
}

function opened(bytes: Buffer, format: CallbackFormat): OpenedCallback {
  const message = bytes.toString('utf8')
  // A sender may wrap JSON in an XML envelope or the reverse; what was decrypted decides.
  return new Opened(message, formatOf(message, format), hash('sha256', bytes, 'hex'))
}

/** A class only because a getter on a prototype costs nothing per message. */
class Opened implements OpenedCallback {
  readonly format: CallbackFormat
  readonly message: string
  readonly digest: string
  #value: Record<string, unknown> | undefined
  constructor(message: string, format: CallbackFormat, digest: string) {
    this.message = message
    this.format = format
    this.digest = digest
  }
  get value(): Record<string, unknown> {
    return (this.#value ??= this.format === 'xml' ? readXml(this.message) : readJsonObject(this.message))
  }
}

function readJsonObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (cause) {
    throw new CodecError('malformed', 'the decrypted message is not JSON', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CodecError('malformed', 'the decrypted message is not a JSON object')
  return value as Record<string, unknown>
}

/** Answers the platform's check of a callback address. @returns what to write as the whole body, plain text. */
export function openEcho(keys: CallbackKeys, query: Record<string, string | undefined>, flavour: CallbackFlavour): string {
  const echo = query.echostr
  if (echo === undefined) throw new CodecError('malformed', 'the check of the address has no echostr')
  if (flavour === 'wecom') {
    checkSignature(keys, query, echo, query.msg_signature)
    return decryptMessage(keys, echo).toString('utf8')
  }
  checkSignature(keys, query, undefined, query.signature)
  return echo
}

/** The platform's side of the check of an address: the query to send and the answer to expect. */
export function sealEcho(
  keys: CallbackKeys,
  echo: string,
  options: { flavour: CallbackFlavour; timestamp: number; nonce: string; random16: Buffer },
): { query: Record<string, string>; expected: string } {
  const timestamp = String(options.timestamp)
  const { nonce } = options
  if (options.flavour === 'weixin') {
    return { query: { signature: callbackSignature(keys.token, timestamp, nonce), timestamp, nonce, echostr: echo }, expected: echo }
  }
  const echostr = encryptMessage(keys, echo, options.random16)
  return { query: { msg_signature: callbackSignature(keys.token, timestamp, nonce, echostr), timestamp, nonce, echostr }, expected: echo }
}

/** A passive reply (被动回复) in the answer to a push, encrypted like the push. @returns the answer's body. */
export function sealReply(
  keys: CallbackKeys,
  plain: string,
  options: { format: CallbackFormat; timestamp: number; nonce: string; random16: Buffer },
): { body: string; contentType: string } {
  const encrypted = encryptMessage(keys, plain, options.random16)
  const signature = callbackSignature(keys.token, String(options.timestamp), options.nonce, encrypted)
  const content = { Encrypt: encrypted, MsgSignature: signature, TimeStamp: options.timestamp, Nonce: options.nonce }
  if (options.format === 'json') return { body: JSON.stringify(content), contentType: 'application/json' }
  return { body: writeXml(content), contentType: 'text/xml' }
}

/** The platform's side of a passive reply. */
export function openReply(keys: CallbackKeys, body: string): OpenedCallback {
  const format = formatOf(body)
  const content = format === 'xml' ? readXml(body) : readJsonObject(body)
  const text = (name: string): string => {
    const value = content[name]
    if (typeof value !== 'string' && typeof value !== 'number') throw new CodecError('malformed', `the reply has no ${name}`)
    return String(value)
  }
  const encrypted = text('Encrypt')
  checkSignature(keys, { timestamp: text('TimeStamp'), nonce: text('Nonce') }, encrypted, text('MsgSignature'))
  return opened(decryptMessage(keys, encrypted), format)
}

function checkSignature(
  keys: CallbackKeys,
  query: Record<string, string | undefined>,
  encrypted: string | undefined,
  claimed: string | undefined,
): void {
  const { timestamp, nonce } = query
  if (claimed === undefined || timestamp === undefined || nonce === undefined) {
    throw new CodecError('missing-signature', 'the query lacks the signature, timestamp or nonce')
  }
  const parts = encrypted === undefined ? [keys.token, timestamp, nonce] : [keys.token, timestamp, nonce, encrypted]
  const expected = Buffer.from(callbackSignature(...parts), 'latin1')
  const found = Buffer.from(claimed.toLowerCase(), 'latin1')
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) {
    throw new CodecError('signature', 'the signature does not match the message; is the token right?')
  }
}

function formatOf(body: string, otherwise?: CallbackFormat): CallbackFormat {
  // A byte-order mark may stand in front, as one character or, read as Latin-1, as three.
  for (let i = 0; i < body.length; i++) {
    const code = body.charCodeAt(i)
    if (code === 0x3c) return 'xml'
    if (code === 0x7b) return 'json'
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09 && code !== 0xfeff && !(i < 3 && code > 0x7f)) break
  }
  if (otherwise !== undefined) return otherwise
  throw new CodecError('malformed', 'the body is neither XML nor JSON')
}

// The outer body is only searched for its one interesting text: parsing it would cost more than decrypting, and happen before the check.
function encryptedOfXml(body: string): string | undefined {
  const start = body.indexOf('<Encrypt>')
  const end = body.indexOf('</Encrypt>', start)
  if (start < 0 || end < 0) return undefined
  const text = body.slice(start + 9, end).trim()
  return text.startsWith('<![CDATA[') && text.endsWith(']]>') ? text.slice(9, -3) : text
}

const encryptMember = /"[Ee]ncrypt"\s*:\s*"([^"]*)"/

function encryptedOfJson(body: string): string | undefined {
  const found = encryptMember.exec(body)?.[1]
  // Some encoders write "/" as "\/"; base64 has no other character to escape.
  return found?.includes('\\') ? found.replaceAll('\\/', '/') : found
}
