import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'

/**
 * A certificate authority of one's own (自签根证书) and one certificate for the platform's host names, for clients that have https addresses written
 * into them: X.509 v3, ECDSA P-256, written as DER here, because Node reads certificates but makes none. For test machines only.
 */
export type TlsFront = { caCertificate: string; caKey: string; certificate: string; key: string }

const dayMs = 86_400_000

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const size = body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}
const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts)
const integer = (bytes: Buffer): Buffer => der(0x02, bytes[0] & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
const octets = (bytes: Buffer): Buffer => der(0x04, bytes)
const bits = (bytes: Buffer, unused = 0): Buffer => der(0x03, Buffer.from([unused]), bytes)
function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const septets = [arc & 127]
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 127) | 128)
    bytes.push(...septets)
  }
  return der(0x06, Buffer.from(bytes))
}
const name = (text: string): Buffer => sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(text)))))
/** Before 2050 a time has two digits of year (RFC 5280, 4.1.2.5). */
function time(at: Instant): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')
  return Number(digits.slice(0, 4)) < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}
const yes = der(0x01, Buffer.from([0xff]))
const extension = (id: string, value: Buffer, must = false): Buffer => sequence(oid(id), ...(must ? [yes] : []), octets(value))
const ecdsaSha256 = sequence(oid('1.2.840.10045.4.3.2'))
const spkiOf = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' })
/** SHA-1 over the key's own bits, as RFC 5280, 4.2.1.2 suggests; for an uncompressed P-256 point these are the last 65 bytes. */
const keyId = (key: KeyObject): Buffer => createHash('sha1').update(spkiOf(key).subarray(-65)).digest()

function pem(bytes: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/(.{64})(?!$)/g, '$1\n')}\n-----END CERTIFICATE-----\n`
}

function certificate(subject: string, key: KeyObject, issuer: { name: string; key: KeyObject }, days: { from: Instant; count: number }, extensions: Buffer[]): string {
  const serial = createHash('sha256').update(spkiOf(key)).update(String(days.from)).digest().subarray(0, 16)
  serial[0] = (serial[0] & 0x3f) | 0x40 // positive, and never with a leading zero
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))), integer(serial), ecdsaSha256, name(issuer.name), sequence(time(days.from), time(days.from + days.count * dayMs)), name(subject), spkiOf(key),
    der(0xa3, sequence(extension('2.5.29.14', octets(keyId(key))), extension('2.5.29.35', sequence(der(0x80, keyId(issuer.key)))), ...extensions)),
  )
  return pem(sequence(body, ecdsaSha256, bits(sign('sha256', body, issuer.key))))
}

const authorityName = 'WeChat emulator CA'
const freshKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string

/**
 * @param hosts names the certificate is for; texts of digits and dots are IPv4 addresses.
 * @param authority an earlier authority to go on with, so that clients that trust it still do.
 */
export function makeTlsFront(hosts: readonly string[], now: Instant, authority?: { caCertificate: string; caKey: string }): TlsFront {
  const from = now - dayMs
  const caKey = authority ? createPrivateKey(authority.caKey) : freshKey()
  const issuer = { name: authorityName, key: caKey }
  const keyUsage = (byte: number, unused: number): Buffer => extension('2.5.29.15', bits(Buffer.from([byte]), unused), true)
  const caCertificate = authority?.caCertificate ?? certificate(authorityName, caKey, issuer, { from, count: 3650 }, [extension('2.5.29.19', sequence(yes), true), keyUsage(0x06, 1)]) // certificates and revocation lists
  const key = freshKey()
  const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host))))
  // Apple's clients refuse more than 825 days, some others more than 398.
  const leaf = certificate(hosts[0], key, issuer, { from, count: 397 }, [
    extension('2.5.29.19', sequence(), true), keyUsage(0x80, 7), extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))), extension('2.5.29.17', sequence(...names)),
  ])
  return { caCertificate, caKey: keyPem(caKey), certificate: leaf, key: keyPem(key) }
}

/** Whether a kept certificate still serves: of that authority, for these hosts, and not ending within a week. */
export function tlsFrontServes(front: TlsFront, hosts: readonly string[], now: Instant): boolean {
  const [leaf, authority] = [new X509Certificate(front.certificate), new X509Certificate(front.caCertificate)]
  return leaf.verify(authority.publicKey) && Date.parse(leaf.validTo) > now + 7 * dayMs && hosts.every((host) => (/^[\d.]+$/.test(host) ? leaf.checkIP(host) : leaf.checkHost(host)) !== undefined)
}
