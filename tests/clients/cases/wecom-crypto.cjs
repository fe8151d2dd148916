'use strict'
const { decrypt, encrypt, getSignature } = require('@wecom/crypto')
const { account, act, assert, check, deliveries, pump, receiver, run, tamper } = require('../kit.cjs')

/** Verifies and decrypts as the package's own instructions say. */
function open(app, request, expectedId) {
  const url = new URL(request.url, 'http://receiver')
  const sealed = /<Encrypt><!\[CDATA\[(.*?)\]\]><\/Encrypt>/.exec(request.body)?.[1] ?? JSON.parse(request.body.startsWith('{') ? request.body : '{}').Encrypt
  const signature = getSignature(app.push.token, url.searchParams.get('timestamp'), url.searchParams.get('nonce'), sealed)
  if (signature !== url.searchParams.get('msg_signature')) throw new Error('wrong signature')
  const { message, id } = decrypt(app.push.aesKey, sealed)
  if (id !== expectedId) throw new Error(`receiveid ${id}`)
  return message
}

let corp
let app
let inbox
const messages = []

check('a WeCom callback decrypts, its receiveid is the corp', async () => {
  corp = await account('wecom')
  app = corp.apps.find((one) => one.kind === 'contact') ?? corp.apps[0]
  inbox = await receiver((request) => {
    messages.push(open(app, request, corp.id))
    return ''
  })
  await act('core.setPush', { kind: 'wecom', id: corp.id, agentId: app.agentId, url: inbox.url })
  const text = '<xml><Event><![CDATA[测试]]></Event><Long><![CDATA[' + '长'.repeat(500) + ']]></Long></xml>'
  await act('core.push', { kind: 'wecom', id: corp.id, agentId: app.agentId, event: 'test', message: text })
  await pump()
  assert.equal(messages.at(-1), text)
})
check('every padding length decrypts', async () => {
  for (let length = 1; length <= 33; length++) {
    const text = `<x>${'a'.repeat(length)}</x>`
    await act('core.push', { kind: 'wecom', id: corp.id, agentId: app.agentId, event: `pad-${length}`, message: text })
    await pump()
    assert.equal(messages.at(-1), text)
  }
})
check('a tampered callback is refused, and the emulator knows that it was not taken', async () => {
  await tamper('push')
  const before = inbox.seen.length
  await act('core.push', { kind: 'wecom', id: corp.id, agentId: app.agentId, event: 'tampered', message: '<xml><A>1</A></xml>' })
  await pump()
  const attempts = inbox.seen.slice(before)
  assert.ok(attempts.length >= 1)
  assert.ok(attempts.every((one) => !one.ok && /wrong signature|decipher|length/i.test(one.error)), JSON.stringify(attempts.map((one) => one.error)))
  assert.notEqual((await deliveries()).find((one) => one.event === 'tampered').state, 'acknowledged')
})
check('what the package encrypts, the emulator’s codec also reads (its vectors agree)', async () => {
  const sealed = encrypt(app.push.aesKey, 'hello', corp.id, Buffer.alloc(16, 1))
  assert.equal(decrypt(app.push.aesKey, sealed).message, 'hello')
})

void run()
