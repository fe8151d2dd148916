import { createDecipheriv } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CodecError, callbackSignature, decryptMessage, encryptMessage, openCallback, openEcho, openReply, readXml, sealCallback, sealEcho, sealReply, writeXml, xmlList } from './index.ts'
import type { CallbackKeys } from './index.ts'

const keys: CallbackKeys = { token: 'pamtest', aesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG', receiveId: 'wxb11529c136998cb6' }
const random16 = Buffer.from('aaaabbbbccccdddd')

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
  test('the signature of an address check is the SHA-1 of the sorted token, timestamp and nonce', () => {
    expect(callbackSignature('AAAAA', '1714036504', '1514711492')).toBe('f464b24fc39322e44b38aa78f5edd27bd1441696')
  })

  test('the WxJava vector encrypts to the published text and decrypts back', () => {
    const sealed = 'jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=='
    expect(encryptMessage(keys, '我是中文abcd123', random16)).toBe(sealed)
    expect(decryptMessage(keys, sealed).toString()).toBe('我是中文abcd123')
  })
})

test('padding goes up to 32 bytes, in blocks of 32 and not of 16', () => {
  // 20 + 2 + 18 bytes: blocks of 32 need 24 more, blocks of 16 would stop at 8.
  const sealed = Buffer.from(encryptMessage(keys, 'ab', random16), 'base64')
  const key = Buffer.from(`${keys.aesKey}=`, 'base64')
  const plain = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false).update(sealed)
  expect(plain.length).toBe(64)
  expect(plain[63]).toBe(24)
  expect(decryptMessage(keys, sealed.toString('base64')).toString()).toBe('ab')
})

test('any text survives the envelope in both flavours and formats, and every retry has the same digest', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('wecom' as const, 'weixin' as const), fc.constantFrom('xml' as const, 'json' as const), (text, flavour, format) => {
      const plain = format === 'json' ? JSON.stringify({ text }) : writeXml({ text })
      const options = { flavour, format, timestamp: 1714036504, nonce: '1514711492', toUserName: 'gh_1', agentId: '1000002' }
      const first = sealCallback(keys, plain, { ...options, random16 })
      const retry = sealCallback(keys, plain, { ...options, timestamp: 1714036604, random16: Buffer.alloc(16, 7) })
      const opened = openCallback(keys, first, flavour)
      expect(opened.message).toBe(plain)
      expect(opened.format).toBe(format)
      if (format === 'json') expect(opened.value).toEqual({ text })
      expect(openCallback(keys, { ...retry, body: Buffer.from(retry.body) }, flavour).digest).toBe(opened.digest)
      expect(retry.body).not.toBe(first.body)
    }),
    { numRuns: 200, seed: 1 },
  )
})

describe('what was changed on the way is refused', () => {
  const sealed = sealCallback(keys, '{"Event":"x"}', { flavour: 'weixin', format: 'json', timestamp: 1, nonce: 'n', random16, toUserName: 'gh_1' })
  const encrypted = (JSON.parse(sealed.body) as { Encrypt: string }).Encrypt

  test('the untouched message opens (control)', () => {
    expect(openCallback(keys, sealed, 'weixin').value).toEqual({ Event: 'x' })
  })
  test('another byte in the ciphertext, timestamp, nonce or signature', () => {
    const flipped = sealed.body.replace(encrypted, (encrypted[0] === 'A' ? 'B' : 'A') + encrypted.slice(1))
    expect(kindOf(() => openCallback(keys, { ...sealed, body: flipped }, 'weixin'))).toBe('signature')
    for (const name of ['timestamp', 'nonce', 'msg_signature']) {
      expect(kindOf(() => openCallback(keys, { ...sealed, query: { ...sealed.query, [name]: `${sealed.query[name]}0` } }, 'weixin'))).toBe('signature')
    }
  })
  test('a message without signature, without Encrypt, in plain mode, or in no known form', () => {
    expect(kindOf(() => openCallback(keys, { query: {}, body: sealed.body }, 'weixin'))).toBe('missing-signature')
    expect(kindOf(() => openCallback(keys, { query: sealed.query, body: '{"Event":"x"}' }, 'weixin'))).toBe('missing-signature')
    expect(kindOf(() => openCallback(keys, { query: { ...sealed.query, encrypt_type: 'raw' }, body: sealed.body }, 'weixin'))).toBe('missing-signature')
    expect(kindOf(() => openCallback(keys, { query: sealed.query, body: 'hello' }, 'weixin'))).toBe('malformed')
    expect(kindOf(() => openCallback(keys, { query: sealed.query, body: '' }, 'weixin'))).toBe('malformed')
  })
  test('a message for another receiver, although its signature is right', () => {
    const other = { ...keys, receiveId: 'wx0000000000000000' }
    expect(kindOf(() => openCallback(other, sealed, 'weixin'))).toBe('receive-id')
    expect(openCallback({ ...other, alsoReceiveIds: [keys.receiveId] }, sealed, 'weixin').message).toBe('{"Event":"x"}')
  })
  test('a message under another EncodingAESKey, although the token is right', () => {
    const other = { ...keys, aesKey: 'bbcdefghijklmnopqrstuvwxyz0123456789ABCDEFG' }
    expect(['padding', 'malformed', 'receive-id']).toContain(kindOf(() => openCallback(other, sealed, 'weixin')))
    expect(kindOf(() => openCallback({ ...keys, aesKey: 'short' }, sealed, 'weixin'))).toBe('key')
  })
  test('a signed text that is not encrypted with anything', () => {
    const signed = (text: string) => ({ query: { timestamp: '1', nonce: 'n', msg_signature: callbackSignature(keys.token, '1', 'n', text) }, body: `<xml><Encrypt>${text}</Encrypt></xml>` })
    expect(kindOf(() => openCallback(keys, signed('AAAA'), 'wecom'))).toBe('malformed')
    expect(['padding', 'malformed', 'receive-id']).toContain(kindOf(() => openCallback(keys, signed(Buffer.alloc(64).toString('base64')), 'wecom')))
  })
})

test('an old message still verifies, because this protocol has no freshness', () => {
  const old = sealCallback(keys, '{}', { flavour: 'weixin', format: 'json', timestamp: 1, nonce: 'n', random16, toUserName: 'gh_1' })
  expect(openCallback(keys, old, 'weixin').message).toBe('{}')
})

test('64-bit ids in a pushed JSON keep every digit', () => {
  const sealed = sealCallback(keys, '{"order_info":{"order_id":3705115058471208928,"n":5}}', { flavour: 'weixin', format: 'json', timestamp: 1, nonce: 'n', random16, toUserName: '' })
  expect(openCallback(keys, sealed, 'weixin').value).toEqual({ order_info: { order_id: '3705115058471208928', n: 5 } })
})

test('encoders that escape slashes are understood', () => {
  const sealed = sealCallback(keys, '{}', { flavour: 'weixin', format: 'json', timestamp: 1, nonce: 'n', random16, toUserName: 'gh' })
  expect(openCallback(keys, { ...sealed, body: sealed.body.replaceAll('/', '\\/') }, 'weixin').message).toBe('{}')
})

describe('the check of an address', () => {
  const options = { timestamp: 1714036504, nonce: '1514711492', random16 }
  test('WeCom wants the decrypted text, the others the text unchanged', () => {
    const wecom = sealEcho(keys, '4521', { ...options, flavour: 'wecom' })
    expect(wecom.query.echostr).not.toBe('4521')
    expect(openEcho(keys, wecom.query, 'wecom')).toBe('4521')
    const weixin = sealEcho(keys, '4521', { ...options, flavour: 'weixin' })
    expect(openEcho(keys, weixin.query, 'weixin')).toBe('4521')
  })
  test('a check with a wrong signature is refused', () => {
    for (const flavour of ['wecom', 'weixin'] as const) {
      const { query } = sealEcho(keys, '4521', { ...options, flavour })
      expect(kindOf(() => openEcho({ ...keys, token: 'other' }, query, flavour))).toBe('signature')
      expect(kindOf(() => openEcho(keys, { echostr: query.echostr }, flavour))).toBe('missing-signature')
      expect(kindOf(() => openEcho(keys, {}, flavour))).toBe('malformed')
    }
  })
})

test('a passive reply opens on the platform’s side, a changed one does not', () => {
  for (const format of ['xml', 'json'] as const) {
    const plain = format === 'xml' ? writeXml({ MsgType: 'text', Content: '你好' }) : '{"Content":"你好"}'
    const reply = sealReply(keys, plain, { format, timestamp: 5, nonce: 'n', random16 })
    expect(openReply(keys, reply.body).message).toBe(plain)
    expect(kindOf(() => openReply({ ...keys, token: 'other' }, reply.body))).toBe('signature')
  }
})

describe('XML', () => {
  test('text, CDATA, entities, repeated and empty elements read as text; long numbers keep their digits', () => {
    const read = readXml('<?xml version="1.0"?>\n<xml>\n <A><![CDATA[ a<b>&amp; ]]></A><B>x &lt;&amp;</B><C></C><D>\n<E>1</E><E>2</E>\n</D><N>12345678901234567890</N></xml>')
    expect(read).toEqual({ A: ' a<b>&amp; ', B: 'x <&', C: '', D: { E: ['1', '2'] }, N: '12345678901234567890' })
    expect(xmlList((read.D as { E: string[] }).E)).toEqual(['1', '2'])
    expect(xmlList('1')).toEqual(['1'])
    expect(xmlList(undefined)).toEqual([])
    expect(readXml('<xml></xml>')).toEqual({})
  })
  test('what is written reads back, even text that looks like markup', () => {
    const content = { A: ']]>x', B: '<!DOCTYPE a>', C: [{ d: '1' }, { d: ']]>' }], n: 5 }
    expect(readXml(writeXml(content))).toEqual({ ...content, n: '5' })
  })
  test('document types, unclosed elements, other roots and prototype names are refused', () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><t>&b;</t></xml>'
    for (const bad of [bomb, '<xml><a></xml>', '<foo/>', 'text', '', '<xml>text</xml>', '<xml><__proto__><x>1</x></__proto__></xml>', '<xml><![CDATA[</xml>']) {
      expect(kindOf(() => readXml(bad))).toBe('malformed')
    }
    expect(kindOf(() => writeXml({ 'a b': '1' }))).toBe('malformed')
  })
})
