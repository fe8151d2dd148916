'use strict'
const { Wechatpay, Formatter, Rsa, Aes } = require('wechatpay-axios-plugin')
const { account, act, assert, check, identity, pump, receiver, refused, run, tamper } = require('../kit.cjs')

let merchant
let appid
let byCertificate
let byPublicKey
let inbox
const notices = []
const certs = { [identity.platform.serial]: identity.platform.certificate, [identity.publicKey.serial]: identity.publicKey.publicKey }

/** Verifies and decrypts as the package's own instructions say. */
function open({ headers, body }) {
  const timestamp = headers['wechatpay-timestamp']
  if (Math.abs(Formatter.timestamp() - Number(timestamp)) > 300) throw new Error('stale')
  const cert = certs[headers['wechatpay-serial']]
  if (!cert) throw new Error(`unknown serial ${headers['wechatpay-serial']}`)
  if (!Rsa.verify(Formatter.response(timestamp, headers['wechatpay-nonce'], body), headers['wechatpay-signature'], Rsa.from(cert, Rsa.KEY_TYPE_PUBLIC))) throw new Error('wrong signature')
  const { event_type, resource } = JSON.parse(body)
  return { event_type, content: JSON.parse(Aes.AesGcm.decrypt(resource.ciphertext, merchant.apiV3Key, resource.nonce, resource.associated_data)) }
}

const order = (number, total = 100) => ({
  appid, mchid: merchant.id, description: '乌龙茶 250g', out_trade_no: number, notify_url: inbox.url, amount: { total, currency: 'CNY' },
})

check('set-up: certificates of both modes', async () => {
  merchant = await account('pay')
  appid = (await account('mini-program')).id
  inbox = await receiver((request) => {
    notices.push(open(request))
    return ''
  })
  const config = { mchid: merchant.id, serial: merchant.merchantSerial, privateKey: merchant.merchantPrivateKey }
  byCertificate = new Wechatpay({ ...config, certs: { ...certs } })
  byPublicKey = new Wechatpay({ ...config, certs: { [identity.publicKey.serial]: identity.publicKey.publicKey }, headers: { 'Wechatpay-Serial': identity.publicKey.serial } })
})
check('the platform certificate downloads and decrypts', async () => {
  const { data } = await byCertificate.v3.certificates.get()
  const [first] = data.data
  const pem = Aes.AesGcm.decrypt(first.encrypt_certificate.ciphertext, merchant.apiV3Key, first.encrypt_certificate.nonce, first.encrypt_certificate.associated_data)
  assert.equal(pem, identity.platform.certificate)
  assert.equal(first.serial_no, identity.platform.serial)
})
check('success: a native order, its query before payment, in both key modes', async () => {
  const { data } = await byCertificate.v3.pay.transactions.native.post(order('AXIOS-0001'))
  assert.match(data.code_url, /^weixin:\/\//)
  for (const client of [byCertificate, byPublicKey]) {
    const found = await client.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params: { mchid: merchant.id }, out_trade_no: 'AXIOS-0001' })
    assert.equal(found.data.trade_state, 'NOTPAY')
  }
})
check('business error with its code', async () => {
  await refused(
    () => byCertificate.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params: { mchid: merchant.id }, out_trade_no: 'AXIOS-NONE' }),
    (error) => {
      assert.equal(error.response.status, 404)
      assert.match(error.response.data.code, /^ORDER_?NOT_?EXIST$/)
    },
  )
  await refused(() => byCertificate.v3.pay.transactions.native.post(order('AXIOS-0001', 200)), (error) => assert.equal(error.response.status, 400))
})
check('a request signed with another key is refused with SIGN_ERROR', async () => {
  const other = new Wechatpay({ mchid: merchant.id, serial: merchant.merchantSerial, privateKey: identity.publicKey.privateKey, certs: { ...certs } })
  await refused(() => other.v3.certificates.get(), (error) => {
    assert.equal(error.response.status, 401)
    assert.equal(error.response.data.code, 'SIGN_ERROR')
  })
})
check('a tampered answer is refused', async () => {
  await tamper('answer')
  await refused(
    () => byCertificate.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params: { mchid: merchant.id }, out_trade_no: 'AXIOS-0001' }),
    (error) => assert.match(String(error.code), /EV3_RES_HEADER_SIGNATURE_DIGEST/),
  )
})
check('the notice of a payment is accepted, the content is the order’s', async () => {
  await act('pay.payOrder', { out_trade_no: 'AXIOS-0001', person: 'buyer-1' })
  await pump()
  assert.equal(notices.at(-1).event_type, 'TRANSACTION.SUCCESS')
  assert.equal(notices.at(-1).content.out_trade_no, 'AXIOS-0001')
  assert.equal(notices.at(-1).content.amount.total, 100)
})
check('a notice under the public key is accepted by its serial', async () => {
  await act('pay.setKeys', { noticeShare: 1 })
  await act('pay.repeatNotice', { out_trade_no: 'AXIOS-0001' })
  await pump()
  await act('pay.setKeys', { noticeShare: 0 })
  assert.equal(inbox.seen.at(-1).ok, true)
  assert.equal(inbox.seen.at(-1).request.headers['wechatpay-serial'], identity.publicKey.serial)
})
check('tampered notices and signature probes are refused', async () => {
  const before = notices.length
  await act('pay.repeatNotice', { out_trade_no: 'AXIOS-0001', probe: true })
  await pump()
  assert.match(inbox.seen.at(-1).error, /wrong signature/)
  await tamper('push')
  await act('pay.repeatNotice', { out_trade_no: 'AXIOS-0001' })
  await pump()
  assert.match(inbox.seen.at(-1).error, /wrong signature/)
  assert.equal(notices.length, before)
})
check('refund, and closing another order: 204 with a verified signature', async () => {
  const refund = await byCertificate.v3.refund.domestic.refunds.post({ out_trade_no: 'AXIOS-0001', out_refund_no: 'AXIOS-R1', amount: { refund: 40, total: 100, currency: 'CNY' } })
  assert.ok(['PROCESSING', 'SUCCESS'].includes(refund.data.status))
  await byCertificate.v3.pay.transactions.native.post(order('AXIOS-0002'))
  const closed = await byCertificate.v3.pay.transactions.outTradeNo.$out_trade_no$.close.post({ mchid: merchant.id }, { out_trade_no: 'AXIOS-0002' })
  assert.equal(closed.status, 204)
})
check('JSAPI: the front-end signature verifies with the merchant certificate', async () => {
  const openid = (await act('miniProgram.login', { person: 'buyer-1' })).openid
  const { data } = await byCertificate.v3.pay.transactions.jsapi.post({ ...order('AXIOS-0003'), payer: { openid } })
  assert.ok(data.prepay_id)
  const text = Formatter.joinedByLineFeed(appid, '1', 'n', `prepay_id=${data.prepay_id}`)
  const signature = Rsa.sign(text, Rsa.from(merchant.merchantPrivateKey))
  assert.ok(Rsa.verify(text, signature, Rsa.from(merchant.merchantCertificate, Rsa.KEY_TYPE_PUBLIC)))
})

void run()
