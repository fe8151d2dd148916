import { describe, expect, test } from 'vitest'
import { wecomRows } from '../../wechat/spec/wecom/index.ts'
import { hour, type Json, world } from './fixtures/world.ts'
import { wecomLine } from './index.ts'

describe('tokens', () => {
  test('gettoken answers one token per app until it ends, and the codes of WeCom', async () => {
    const { call, corp, emulator, after, setToken } = await world()
    const contact = corp().apps[0]
    const path = `gettoken?corpid=${corp().id}&corpsecret=${contact.secret}`
    const first = await call(path)
    expect(first).toMatchObject({ errcode: 0, expires_in: 7200 })
    expect((await call(path)).access_token).toBe(first.access_token)
    expect((await call(`gettoken?corpid=${corp().id}&corpsecret=${corp().apps[1].secret}`)).access_token).not.toBe(first.access_token)
    expect((await call(`gettoken?corpid=wwno&corpsecret=x`)).errcode).toBe(40013)
    const wrong = await call(`gettoken?corpid=${corp().id}&corpsecret=x`)
    expect(wrong.errcode).toBe(40001)
    expect(wrong.errmsg).toMatch(/hint: \[\d+\], from ip: 10\.0\.0\.1, more info at https:\/\/open\.work\.weixin\.qq\.com\/devtool\/query\?e=40001$/)
    setToken('nonsense')
    expect((await call('externalcontact/get_follow_user_list')).errcode).toBe(40014)
    setToken('')
    expect((await call('externalcontact/get_follow_user_list')).errcode).toBe(41001)
    setToken(first.access_token)
    await after(2 * hour)
    expect((await call('externalcontact/get_follow_user_list')).errcode).toBe(42001)
    expect((await call(path)).access_token).not.toBe(first.access_token)
    await emulator.act('main', 'wecom.configure', { trustedIps: ['10.0.0.2'] })
    setToken((await call(path)).access_token)
    expect((await call('externalcontact/get_follow_user_list')).errcode).toBe(60020)
  })

  test('each row of the spec is served, and every read row changes nothing', async () => {
    const served = new Set(wecomLine.routes.map(({ endpoint }) => endpoint.name))
    expect(wecomRows.filter(({ name }) => !served.has(name)).map(({ name }) => name)).toEqual([])
    const { emulator, call } = await world()
    for (const row of wecomRows.filter(({ effect }) => effect === 'read')) {
      const before = emulator.stateHash()
      const request = (row.sample?.request ?? {}) as Json
      if (row.method === 'GET')
        await call(
          `${row.path.slice(9)}?${new URLSearchParams(Object.entries(request).map(([key, value]): [string, string] => [key, String(value)])).toString()}`,
        )
      else await call(row.path.slice(9), request)
      expect(emulator.stateHash(), row.name).toBe(before)
    }
  })
})
