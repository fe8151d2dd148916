import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createPayIdentity } from '../../emulator/pay/fixtures/identity.ts'
import {
  CodecError,
  decryptSensitive,
  encryptSensitive,
  openCertificates,
  openPayNotice,
  openResource,
  payPlatformKeys,
  payPrivateKey,
  payRequestMessage,
  paySign,
  payVerify,
  platformCertificate,
  platformPublicKey,
  readBill,
  readCertificate,
  readPayAuthorization,
  sealCertificate,
  sealResource,
  signApp,
  signJsapi,
  signPayMessage,
  signPayRequest,
  verifyPayMessage,
  verifyPayRequest,
  writeBill,
  type BillLine,
} from './index.ts'
import { certificateVector, officialNotice, officialPublicKey, officialSignature } from './fixtures/pay-vectors.ts'

const identity = createPayIdentity()
const merchantKey = payPrivateKey(identity.merchant.privateKey)
const certificateSigner = { serial: identity.platform.serial, privateKey: createPrivateKey(identity.platform.privateKey) }
const publicKeySigner = { serial: identity.publicKey.serial, privateKey: createPrivateKey(identity.publicKey.privateKey) }
const keys = payPlatformKeys([platformCertificate(identity.platform.certificate), platformPublicKey(identity.publicKey.serial, identity.publicKey.publicKey)])
const wireNow = 1_624_523_846_000

function kindOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof CodecError) return error.kind
    throw error
  }
  return 'none'
}

describe('the published vectors', () => {
  test('AES-GCM of the Go and Java SDKs', () => {
    const go = { algorithm: 'AEAD_AES_256_GCM', nonce: 'wCq51qZv4Yfg', associated_data: 'Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8', ciphertext: 'FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC' }
    expect(openResource('testAPIv3Key0000', go)).toBe('Hello World')
    const java = { algorithm: 'AEAD_AES_256_GCM', nonce: 'uluk4a9R25RW', associated_data: 'associatedData', ciphertext: 'ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=' }
    expect(openResource('a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb', java)).toBe('message')
    expect(sealResource('a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb', 'message', { nonce: java.nonce, associatedData: java.associated_data }).ciphertext).toBe(java.ciphertext)
    expect(kindOf(() => openResource('a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gc', java))).toBe('signature')
    expect(kindOf(() => openResource('a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb', { ...java, associated_data: 'other' }))).toBe('signature')
    expect(kindOf(() => openResource('short', java))).toBe('key')
  })

  test('RSA-SHA256 over “source” verifies with the published key, another message does not', () => {
    const key = createPublicKey({ key: Buffer.from(officialPublicKey, 'base64'), format: 'der', type: 'spki' })
    expect(createHash('sha256').update(Buffer.from(officialPublicKey, 'base64')).digest('hex')).toBe('8a5b82f18120806bb2c6b46e1a2f8687ceaa20a45bc2b649e37e6d9878336dc5')
    expect(payVerify('source', officialSignature, key)).toBe(true)
    expect(payVerify('Source', officialSignature, key)).toBe(false)
  })

  test('the full notice of the Go SDK verifies and decrypts; one changed character does not', () => {
    const { body, headers, apiV3Key } = officialNotice
    expect(Buffer.byteLength(body)).toBe(568)
    expect(createHash('sha256').update(body).digest('hex')).toBe('b6fdfc5e4afdc463950d873c4fdc3c494df05965016225c6a1e8e2e887cdc94d')
    const publicKey = createPublicKey({ key: Buffer.from(officialPublicKey, 'base64'), format: 'der', type: 'spki' })
    const known = payPlatformKeys([{ serial: 'd7ce59d1f522d701', publicKey }])
    const notice = openPayNotice({ headers, body }, known, apiV3Key, wireNow)
    expect(notice).toMatchObject({ id: '3119dfba-e649-5eec-ab1e-3412bc4d2e17', eventType: 'PAYSCORE.USER_OPEN_SERVICE', originalType: 'payscore', summary: '签约成功' })
    expect(notice.resource).toMatchObject({ mchid: '1234567890', create_time: '2020-06-30T12:12:00+08:00' })
    expect(kindOf(() => openPayNotice({ headers, body: body.replace('payscore', 'payscorE') }, known, apiV3Key, wireNow))).toBe('signature')
    expect(kindOf(() => openPayNotice({ headers, body }, known, apiV3Key, wireNow + 301_000))).toBe('stale')
  })

  test('the layouts of the canonical requests', () => {
    expect(payRequestMessage({ method: 'get', path: '/v3/certificates', timestamp: 1624523846, nonce: 'A1B2C3D4E5F6G7', body: '' })).toBe('GET\n/v3/certificates\n1624523846\nA1B2C3D4E5F6G7\n\n')
    const path = '/v3/pay/transactions/id/1217752501201407033233368018?mchid=1230000109'
    const parts = { method: 'GET', path, timestamp: 1652750623, nonce: 'eBYqCOxa0QudMnPvVilkTzOg3gHh5Z3u', body: '' }
    expect(payRequestMessage(parts)).toBe(`GET\n${path}\n1652750623\neBYqCOxa0QudMnPvVilkTzOg3gHh5Z3u\n\n`)
  })

  test('the encrypted certificate of the .NET SDK opens and its serial number is read', () => {
    const pem = openResource(certificateVector.key, { algorithm: 'AEAD_AES_256_GCM', nonce: 'aae8c2e79c5b', associated_data: 'certificate', ciphertext: certificateVector.ciphertext })
    expect(readCertificate(pem)).toMatchObject({ serial: '19936B4DC6A6C77B05489B10962DEFF42EA065EF', expiresAt: Date.parse('2025-07-31T07:35:18Z') })
  })
})

describe('requests', () => {
  const parts = { method: 'POST', path: '/v3/pay/transactions/jsapi', timestamp: wireNow / 1000, nonce: 'n', body: '{"a":1}' }
  const merchant = readCertificate(identity.merchant.certificate)
  const authorization = readPayAuthorization(signPayRequest(parts, { mchid: '1900000001', serial: merchant.serial, privateKey: merchantKey }))!

  test('the platform accepts what we signed, whatever the order of the five parts', () => {
    expect(authorization).toMatchObject({ mchid: '1900000001', serial: identity.merchant.serial })
    expect(verifyPayRequest(authorization, parts, merchant.publicKey, wireNow)).toBe('ok')
    const { mchid, nonce, timestamp, serial, signature } = authorization
    const shuffled = `WECHATPAY2-SHA256-RSA2048 signature="${signature}",serial_no="${serial}",timestamp="${timestamp}",mchid="${mchid}",nonce_str="${nonce}"`
    expect(readPayAuthorization(shuffled)).toEqual(authorization)
  })
  test('another body, path, method, key or hour is refused', () => {
    expect(verifyPayRequest(authorization, { ...parts, body: '{"a":2}' }, merchant.publicKey, wireNow)).toBe('signature')
    expect(verifyPayRequest(authorization, { ...parts, path: `${parts.path}?` }, merchant.publicKey, wireNow)).toBe('signature')
    expect(verifyPayRequest(authorization, { ...parts, method: 'GET' }, merchant.publicKey, wireNow)).toBe('signature')
    expect(verifyPayRequest(authorization, parts, createPublicKey(identity.publicKey.publicKey), wireNow)).toBe('signature')
    expect(verifyPayRequest(authorization, parts, merchant.publicKey, wireNow + 300_000)).toBe('ok')
    expect(verifyPayRequest(authorization, parts, merchant.publicKey, wireNow + 300_001)).toBe('stale')
    expect(verifyPayRequest(authorization, parts, merchant.publicKey, wireNow - 300_001)).toBe('stale')
  })
  test('a header that is not such a signature reads as none', () => {
    expect(readPayAuthorization(undefined)).toBeUndefined()
    expect(readPayAuthorization('Bearer x')).toBeUndefined()
    expect(readPayAuthorization('WECHATPAY2-SHA256-RSA2048 mchid="1"')).toBeUndefined()
  })
})

describe('answers and notices', () => {
  const message = { body: '{"code_url":"weixin://x"}', timestamp: wireNow / 1000, nonce: 'abc' }

  test('both key modes are accepted at once, serials without regard to case', () => {
    for (const signer of [certificateSigner, publicKeySigner]) {
      const headers = signPayMessage(message, signer)
      expect(verifyPayMessage({ headers, body: message.body, status: 200 }, keys, wireNow)).toEqual({ signed: true, serial: signer.serial })
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), name === 'Wechatpay-Serial' ? value.toLowerCase() : value]))
      expect(verifyPayMessage({ headers: lower, body: Buffer.from(message.body), status: 200 }, keys, wireNow).signed).toBe(true)
    }
  })
  test('a new certificate is unknown until it is fetched, then both verify', () => {
    const next = { serial: identity.platformNext.serial, privateKey: createPrivateKey(identity.platformNext.privateKey) }
    const headers = signPayMessage(message, next)
    expect(kindOf(() => verifyPayMessage({ headers, body: message.body, status: 200 }, keys, wireNow))).toBe('unknown-key')
    const list = [identity.platform.certificate, identity.platformNext.certificate].map((pem, i) => sealCertificate(identity.apiV3Key, pem, `nonce000000${i}`))
    const fetched = payPlatformKeys(openCertificates(identity.apiV3Key, list))
    expect(verifyPayMessage({ headers, body: message.body, status: 200 }, fetched, wireNow).serial).toBe(next.serial)
    expect(verifyPayMessage({ headers: signPayMessage(message, certificateSigner), body: message.body }, fetched, wireNow).signed).toBe(true)
    expect(list[0]).toMatchObject({ serial_no: identity.platform.serial, effective_time: '2000-01-01T08:00:00+08:00' })
    expect(kindOf(() => openCertificates(identity.apiV3Key, [{ ...list[0], serial_no: 'AB' }]))).toBe('malformed')
  })
  test('an empty body (204) is signed and verified too', () => {
    const headers = signPayMessage({ ...message, body: '' }, certificateSigner)
    expect(verifyPayMessage({ headers, body: '', status: 204 }, keys, wireNow).signed).toBe(true)
    expect(kindOf(() => verifyPayMessage({ headers, body: ' ', status: 204 }, keys, wireNow))).toBe('signature')
  })
  test('no signature is forged on 2xx and on a notice, and tolerated on an error answer', () => {
    expect(kindOf(() => verifyPayMessage({ headers: {}, body: '{}', status: 200 }, keys, wireNow))).toBe('missing-signature')
    expect(kindOf(() => verifyPayMessage({ headers: {}, body: '' }, keys, wireNow))).toBe('missing-signature')
    expect(verifyPayMessage({ headers: {}, body: '{}', status: 404 }, keys, wireNow)).toEqual({ signed: false, serial: null })
  })
  test('probes, old and changed messages are refused', () => {
    const headers = signPayMessage(message, certificateSigner)
    expect(kindOf(() => verifyPayMessage({ headers: { ...headers, 'Wechatpay-Signature': `WECHATPAY/SIGNTEST/${headers['Wechatpay-Signature']}` }, body: message.body }, keys, wireNow))).toBe('probe')
    expect(kindOf(() => verifyPayMessage({ headers, body: message.body }, keys, wireNow - 300_001))).toBe('stale')
    expect(kindOf(() => verifyPayMessage({ headers, body: `${message.body} ` }, keys, wireNow))).toBe('signature')
    expect(kindOf(() => verifyPayMessage({ headers: { ...headers, 'Wechatpay-Nonce': 'abd' }, body: message.body }, keys, wireNow))).toBe('signature')
    expect(kindOf(() => verifyPayMessage({ headers: { ...headers, 'Wechatpay-Timestamp': 'NaN' }, body: message.body }, keys, wireNow))).toBe('stale')
    expect(kindOf(() => verifyPayMessage({ headers: { ...headers, 'Wechatpay-Serial': identity.publicKey.serial }, body: message.body }, keys, wireNow))).toBe('signature')
  })
  test('a notice sealed by the emulated platform opens, and its retry has the same digest', () => {
    const plaintext = JSON.stringify({ out_trade_no: 'T1', amount: { total: 1 } })
    const notice = (nonce: string) => {
      const resource = sealResource(identity.apiV3Key, plaintext, { nonce, associatedData: 'transaction', originalType: 'transaction' })
      const body = JSON.stringify({ id: 'EV-1', create_time: '', event_type: 'TRANSACTION.SUCCESS', resource_type: 'encrypt-resource', summary: '支付成功', resource })
      return openPayNotice({ headers: signPayMessage({ ...message, body }, publicKeySigner), body }, keys, identity.apiV3Key, wireNow)
    }
    expect(notice('nonce0000001').resource).toEqual({ out_trade_no: 'T1', amount: { total: 1 } })
    expect(notice('nonce0000001').digest).toBe(notice('nonce0000002').digest)
  })
})

test('personal fields travel in RSA-OAEP and open only with the right key', () => {
  const sealed = encryptSensitive('张三', readCertificate(identity.platform.certificate).publicKey)
  expect(decryptSensitive(sealed, certificateSigner.privateKey)).toBe('张三')
  expect(['key', 'none']).toContain(kindOf(() => decryptSensitive(sealed, merchantKey)))
  expect(decryptOrNull(sealed)).not.toBe('张三')
})

function decryptOrNull(sealed: string): string | null {
  try {
    return decryptSensitive(sealed, merchantKey)
  } catch {
    return null
  }
}

test('the front-end signature covers appid, time, nonce and prepay_id', () => {
  const publicKey = readCertificate(identity.merchant.certificate).publicKey
  const params = signJsapi({ appid: 'wx1', prepayId: 'wx201', timestamp: 1414561699, nonce: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS' }, merchantKey)
  expect(params).toMatchObject({ appId: 'wx1', timeStamp: '1414561699', package: 'prepay_id=wx201', signType: 'RSA' })
  expect(payVerify('wx1\n1414561699\n5K8264ILTKCH16CQ2502SI8ZNMTM67VS\nprepay_id=wx201\n', params.paySign, publicKey)).toBe(true)
  expect(payVerify('wx1\n1414561699\n5K8264ILTKCH16CQ2502SI8ZNMTM67VS\nprepay_id=wx202\n', params.paySign, publicKey)).toBe(false)
  const app = signApp({ appid: 'wx1', mchid: '19', prepayId: 'p', timestamp: 1, nonce: 'n' }, merchantKey)
  expect(app).toMatchObject({ partnerid: '19', package: 'Sign=WXPay' })
  expect(payVerify('wx1\n1\nn\np\n', app.sign, publicKey)).toBe(true)
  expect(paySign('x', merchantKey)).toHaveLength(344)
})

describe('bills', () => {
  const text = writeBill(['交易时间', '商品名称', '订单金额'], [['2026-02-19 05:01:46', '茶, 250g', '39.00'], ['2026-02-19 05:02:00', '', '0.01']], ['总交易单数', '订单总金额'], ['2.0', '39.01'])
  const read = async (chunks: Iterable<Uint8Array | string>): Promise<BillLine[]> => {
    const lines: BillLine[] = []
    for await (const line of readBill(chunks)) lines.push(line)
    return lines
  }

  test('rows and the summary are told apart, commas inside cells stay, chunks may cut anywhere', async () => {
    const bytes = Buffer.from(text)
    const pieces = Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1))
    for (const chunks of [[text], pieces, [text.replaceAll('\r\n', '\n')]]) {
      expect(await read(chunks)).toEqual([
        { kind: 'row', line: 2, cells: { 交易时间: '2026-02-19 05:01:46', 商品名称: '茶, 250g', 订单金额: '39.00' } },
        { kind: 'row', line: 3, cells: { 交易时间: '2026-02-19 05:02:00', 商品名称: '', 订单金额: '0.01' } },
        { kind: 'summary', line: 5, cells: { 总交易单数: '2.0', 订单总金额: '39.01' } },
      ])
    }
  })
  test('a line that does not fit is listed and stops nothing; a cut-off file is refused at its end', async () => {
    const lines = text.split('\r\n')
    expect((await read([[lines[0], '`only one', ...lines.slice(1)].join('\r\n')])).map((line) => line.kind)).toEqual(['bad', 'row', 'row', 'summary'])
    await expect(read([lines.slice(0, 3).join('\r\n')])).rejects.toThrow('without its summary')
  })
})
