import { X509Certificate } from 'node:crypto'
import { request } from 'node:https'
import { expect, test } from 'vitest'
import { systemClock, systemTimers } from '../kernel/clock.ts'
import { makeTlsFront, platformHosts, startEmulator, tlsFrontServes } from './index.ts'

const now = Date.parse('2026-11-20T00:00:00Z')
const day = 86_400_000
const hosts = platformHosts()

test('the authority signs one certificate for the hosts of all lines; it serves until shortly before its end, and for no other host', () => {
  const front = makeTlsFront(hosts, now)
  const [authority, leaf] = [new X509Certificate(front.caCertificate), new X509Certificate(front.certificate)]
  expect([authority.ca, leaf.ca, leaf.checkIssued(authority), leaf.verify(authority.publicKey)]).toEqual([true, false, true, true])
  for (const host of ['api.weixin.qq.com', 'qyapi.weixin.qq.com', 'api.mch.weixin.qq.com', 'localhost']) expect(leaf.checkHost(host), host).toBe(host)
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(leaf.checkHost('example.com')).toBeUndefined()
  expect(tlsFrontServes(front, hosts, now)).toBe(true)
  expect(tlsFrontServes(front, hosts, now + 392 * day)).toBe(false)
  expect(tlsFrontServes(front, [...hosts, 'example.com'], now)).toBe(false)
  // Renewed by the same authority: whoever trusts it still does.
  const renewed = makeTlsFront(hosts, now + 392 * day, front)
  expect(renewed.caCertificate).toBe(front.caCertificate)
  expect(tlsFrontServes(renewed, hosts, now + 392 * day)).toBe(true)
  expect(tlsFrontServes({ ...front, caCertificate: makeTlsFront(hosts, now).caCertificate }, hosts, now)).toBe(false)
})

test('a client with https hosts written into it is served when it trusts the authority; control: without it, it refuses', async () => {
  const front = makeTlsFront(hosts, systemClock.now())
  const running = await startEmulator({ port: 0, seed: 'tls', clock: systemClock, timers: systemTimers, tls: { port: 0, ...front } })
  try {
    // As after an entry in the hosts file: the client asks for its own host name and lands here.
    const get = (host: string, path: string, ca?: string) => new Promise<Record<string, unknown>>((resolve, reject) => {
      const call = request({ host, path, port: running.tlsPort, ca, agent: false, lookup: (_name, options, done) => (options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)) }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => { text += part }).on('end', () => resolve(JSON.parse(text) as Record<string, unknown>))
      })
      call.on('error', reject).end()
    })
    const { WECHAT_SHOP_APPID: appid, WECHAT_SHOP_SECRET: secret, WECOM_CORP_ID: corp } = running.env
    expect(await get('api.weixin.qq.com', `/cgi-bin/token?grant_type=client_credential&appid=${appid}&secret=${secret}`, front.caCertificate)).toMatchObject({ expires_in: 7200 })
    expect(await get('qyapi.weixin.qq.com', `/cgi-bin/gettoken?corpid=${corp}&corpsecret=wrong`, front.caCertificate)).toMatchObject({ errcode: 40001 })
    expect(await get('api.mch.weixin.qq.com', '/v3/certificates', front.caCertificate)).toMatchObject({ code: 'SIGN_ERROR' })
    await expect(get('api.weixin.qq.com', '/')).rejects.toThrow(/certificate/)
    await expect(get('example.com', '/', front.caCertificate)).rejects.toThrow(/altnames/)
  } finally {
    await running.close()
  }
})
