'use strict'
const WxPay = require('wechatpay-node-v3')
const { account, act, assert, check, identity, pump, receiver, refused, run, tamper } = require('../kit.cjs')

let merchant
let pay
let inbox
const notices = []

/** As the package's own instructions for notices say: headers in lower case, the body as it came. */
async function open({ headers, body }) {
  const good = await pay.verifySign({
    timestamp: headers['wechatpay-timestamp'], nonce: headers['wechatpay-nonce'], serial: headers['wechatpay-serial'], signature: headers['wechatpay-signature'], body, apiSecret: merchant.apiV3Key,
  })
  if (!good) throw new Error('wrong signature')
  const { event_type, resource } = JSON.parse(body)
  return { event_type, content: pay.decipher_gcm(resource.ciphertext, resource.associated_data, resource.nonce, merchant.apiV3Key) }
}

check('set-up: the serial number is read from the certificate, in lower case, and the emulator takes it', async () => {
  merchant = await account('pay')
  pay = new WxPay({
    appid: (await account('mini-program')).id, mchid: merchant.id, publicKey: Buffer.from(merchant.merchantCertificate), privateKey: Buffer.from(merchant.merchantPrivateKey), key: merchant.apiV3Key,
  })
  assert.equal(pay.serial_no, merchant.merchantSerial.toLowerCase())
  inbox = await receiver(async (request) => {
    notices.push(await open(request))
    return ''
  })
})
check('certificates download and decrypt', async () => {
  const [first] = await pay.get_certificates(merchant.apiV3Key)
  assert.equal(first.serial_no, identity.platform.serial)
  assert.match(first.publicKey, /BEGIN PUBLIC KEY/)
})
check('success: native and H5 orders, query, close', async () => {
  const native = await pay.transactions_native({ description: '茶', out_trade_no: 'NODEV3-001', notify_url: inbox.url, amount: { total: 88 } })
  assert.equal(native.status, 200)
  assert.match(native.data.code_url, /^weixin:/)
  const h5 = await pay.transactions_h5({ description: '茶', out_trade_no: 'NODEV3-002', notify_url: inbox.url, amount: { total: 1 }, scene_info: { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap' } } })
  assert.equal(h5.status, 200)
  assert.match(h5.data.h5_url, /^https:/)
  const openid = (await act('miniProgram.login', { person: 'buyer-2' })).openid
  const jsapi = await pay.transactions_jsapi({ description: '茶', out_trade_no: 'NODEV3-003', notify_url: inbox.url, amount: { total: 1 }, payer: { openid } })
  assert.match(jsapi.data.package, /^prepay_id=/)
  const app = await pay.transactions_app({ description: '茶', out_trade_no: 'NODEV3-004', notify_url: inbox.url, amount: { total: 1 } })
  assert.ok(app.data.prepayid)
  const query = await pay.query({ out_trade_no: 'NODEV3-001' })
  assert.equal(query.data.trade_state, 'NOTPAY')
  assert.equal((await pay.close('NODEV3-002')).status, 204)
})
check('business error with its code', async () => {
  const answer = await pay.query({ out_trade_no: 'NODEV3-NONE' })
  assert.equal(answer.status, 404)
  assert.match(JSON.parse(answer.error).code, /^ORDER_?NOT_?EXIST$/)
})
check('a request signed with another key is refused', async () => {
  const other = new WxPay({ appid: 'wx', mchid: merchant.id, publicKey: Buffer.from(merchant.merchantCertificate), privateKey: Buffer.from(identity.publicKey.privateKey), key: merchant.apiV3Key })
  const answer = await other.query({ out_trade_no: 'NODEV3-001' })
  assert.equal(answer.status, 401)
  assert.equal(JSON.parse(answer.error).code, 'SIGN_ERROR')
})
check('the notice of a payment is accepted', async () => {
  await act('pay.payOrder', { out_trade_no: 'NODEV3-001', person: 'buyer-2' })
  await pump()
  assert.equal(notices.at(-1).content.out_trade_no, 'NODEV3-001')
  assert.equal(notices.at(-1).content.trade_state, 'SUCCESS')
})
check('tampered notices and signature probes are refused', async () => {
  const before = notices.length
  await act('pay.repeatNotice', { out_trade_no: 'NODEV3-001', probe: true })
  await pump()
  assert.match(inbox.seen.at(-1).error, /wrong signature/)
  await tamper('push')
  await act('pay.repeatNotice', { out_trade_no: 'NODEV3-001' })
  await pump()
  assert.match(inbox.seen.at(-1).error, /wrong signature/)
  assert.equal(notices.length, before)
})
check('a tampered answer: broken text gives no order', async () => {
  await tamper('json')
  const answer = await pay.query({ out_trade_no: 'NODEV3-001' })
  assert.equal(answer.data, undefined)
})
check('refund and its query', async () => {
  const refund = await pay.refunds({ out_trade_no: 'NODEV3-001', out_refund_no: 'NODEV3-R1', amount: { refund: 8, total: 88, currency: 'CNY' } })
  assert.equal(refund.status, 200)
  const found = await pay.find_refunds('NODEV3-R1')
  assert.equal(found.data.amount.refund, 8)
  await refused(async () => {
    const answer = await pay.refunds({ out_trade_no: 'NODEV3-001', out_refund_no: 'NODEV3-R2', amount: { refund: 89, total: 88, currency: 'CNY' } })
    if (answer.status >= 400) throw new Error(answer.error)
    return answer
  })
})

void run()
