import { expect, test } from 'vitest'
import type { AuthorizerAccount, ComponentAccount } from '../../wechat/client/index.ts'
import { thirdPartyStart as start, thirdPartyWorld } from '../../../tests/setup/third-party.ts'
import { openCallback } from '../../wechat/codec/index.ts'
import { authorizerInfo, authorizerList, preAuthCode, queryAuth } from '../../wechat/spec/component.ts'
import { endpoint } from '../../wechat/spec/endpoint.ts'
import { stableTokenPost } from '../../wechat/spec/tokens.ts'
import { z } from 'zod'
import { accountOf } from '../core/namespace.ts'
import { serve, type LineModule } from '../core/registry.ts'
import type { Sealed } from '../core/wire.ts'
import { componentModule } from './index.ts'

// A Shop endpoint of our own, so that this test needs no other line.
const whoami = endpoint({ name: 'test.whoami', line: 'shop', method: 'POST', path: '/channels/ec/test/whoami', credential: 'access_token', effect: 'read', request: z.looseObject({}), response: z.looseObject({ appid: z.string() }), repeat: 'safe', doc: 'test', verified: 'reading', zh: '测试' })
const shopModule: LineModule = { line: 'shop', routes: [serve(whoami, ({ account }) => ({ appid: account?.id ?? '' }))], acts: [] }

async function world() {
  const base = await thirdPartyWorld('component', [componentModule, shopModule])
  const shop = (await base.emulator.act('main', 'core.addAccount', { kind: 'shop', name: '小店', id: 'wxshop' })) as { id: string; secret: string }
  const component: ComponentAccount = {
    kind: 'component', appid: base.own.id, secret: base.own.secret,
    ticket: async () => (await base.told()).findLast((message) => message.InfoType === 'component_verify_ticket')?.ComponentVerifyTicket,
  }
  return { ...base, component, shop }
}

test('ticket, authorisation, code, tokens: the third party then calls the Shop’s endpoints as the Shop', async () => {
  const { emulator, wechat, component, told, shop, errcode } = await world()
  expect(await errcode(wechat.call(preAuthCode, { component_appid: component.appid }, { account: component }))).toBe('no-ticket')
  await emulator.act('main', 'component.pushTicket')
  const { pre_auth_code } = await wechat.call(preAuthCode, { component_appid: component.appid }, { account: component })
  const { authorizationCode } = (await emulator.act('main', 'component.authorize', { authorizerAppid: shop.id, preAuthCode: pre_auth_code })) as { authorizationCode: string }
  expect((await told()).at(-1)).toMatchObject({ InfoType: 'authorized', AuthorizerAppid: shop.id, AuthorizationCode: authorizationCode, PreAuthCode: pre_auth_code })

  const ask = () => wechat.call(queryAuth, { component_appid: component.appid, authorization_code: authorizationCode }, { account: component })
  const { authorization_info } = await ask()
  expect(authorization_info.func_info?.map((one) => one.funcscope_category.id)).toEqual([129, 131, 132])
  expect(await errcode(ask())).toBe(61010)

  const account: AuthorizerAccount = { kind: 'authorizer', line: 'shop', appid: shop.id, component, refreshToken: authorization_info.authorizer_refresh_token! }
  expect(await wechat.call(whoami, {}, { account })).toMatchObject({ appid: shop.id })
  expect((await wechat.call(authorizerList, { component_appid: component.appid, offset: 0, count: 10 }, { account: component })).list).toHaveLength(1)
  expect((await wechat.call(authorizerInfo, { authorizer_appid: shop.id }, { account: component })).authorizer_info.nick_name).toBe('小店')

  // All tokens end; the ticket still holds: the client recovers by itself, component first, then authoriser.
  await emulator.act('main', 'core.expireTokens')
  expect(await wechat.call(whoami, {}, { account })).toMatchObject({ appid: shop.id })

  await emulator.act('main', 'component.unauthorize', { authorizerAppid: shop.id })
  expect(await errcode(wechat.call(whoami, {}, { account }))).toBe(61003)
  expect((await told()).at(-1)).toMatchObject({ InfoType: 'unauthorized' })
})

test('tickets come every ten minutes and live twelve hours; wrong ones and wrong secrets are refused', async () => {
  const { emulator, wechat, component, told, errcode, ns } = await world()
  await emulator.act('main', 'component.startTickets')
  const first = await component.ticket()
  await emulator.advanceTo(start + 3_600_000)
  expect((await told()).filter((message) => message.InfoType === 'component_verify_ticket')).toHaveLength(7)
  expect(await errcode(wechat.token({ ...component, ticket: async () => 'ticket@@@other' }))).toBe(61006)
  expect(await errcode(wechat.token({ ...component, secret: 'wrong' }))).toBe(40125)
  expect(await errcode(wechat.token({ ...component, appid: 'wxother' }))).toBe(61011)
  await emulator.advanceTo(start + 12 * 3_600_000)
  expect(await errcode(wechat.token({ ...component, ticket: async () => first }))).toBe(61006)
  expect(await errcode(wechat.token(component))).toBe(0)
  expect(ns().now).toBe(start + 12 * 3_600_000)
})

test('an account that did not authorise, a wrong refresh token and another component’s appid are refused', async () => {
  const { emulator, wechat, component, shop, errcode } = await world()
  await emulator.act('main', 'component.pushTicket')
  const account: AuthorizerAccount = { kind: 'authorizer', line: 'shop', appid: shop.id, component, refreshToken: 'x' }
  expect(await errcode(wechat.call(whoami, {}, { account }))).toBe(61003)
  await emulator.act('main', 'component.authorize', { authorizerAppid: shop.id })
  expect(await errcode(wechat.call(whoami, {}, { account }))).toBe(61023)
  expect(await errcode(wechat.call(preAuthCode, { component_appid: 'wxother' }, { account: component }))).toBe(61011)
  // The Shop's own token stays good beside the third party's, and does not open the component's endpoints.
  const own = await wechat.call(stableTokenPost, { grant_type: 'client_credential', appid: shop.id, secret: shop.secret }, { account })
  const answer = await emulator.handle({ method: 'POST', url: `/cgi-bin/component/api_create_preauthcode?component_access_token=${own.access_token}`, headers: {}, body: Buffer.from('{}'), ip: '' })
  expect(JSON.parse(answer.body.toString())).toMatchObject({ errcode: 48001 })
})

test('messages of an authorised account go to the third party under its keys, and back home afterwards', async () => {
  const { emulator, shop, sent, ns } = await world()
  await emulator.act('main', 'core.setPush', { kind: 'shop', id: shop.id, url: 'http://shop/own' })
  const own = accountOf(ns(), 'shop', shop.id)!.push
  await emulator.act('main', 'component.setMessageUrl', { url: 'http://merchant/$APPID$/callback' })
  await emulator.act('main', 'component.authorize', { authorizerAppid: shop.id })
  const say = async (text: string) => {
    await emulator.act('main', 'core.push', { kind: 'shop', id: shop.id, event: text, message: JSON.stringify({ Event: text }) })
    await emulator.pump()
    return sent.at(-1)!
  }
  const open = (push: Sealed, keys: { token: string; aesKey: string }, receiveId: string) =>
    openCallback({ token: keys.token, aesKey: keys.aesKey, receiveId }, { query: Object.fromEntries(new URL(push.url).searchParams), body: push.body }, 'weixin').value
  const away = await say('one')
  const component = accountOf(ns(), 'component')!
  expect(away.url).toContain(`http://merchant/${shop.id}/callback?`)
  expect(open(away, component.push, component.id)).toEqual({ Event: 'one' })
  expect(() => open(away, own, shop.id)).toThrow()
  await emulator.act('main', 'component.unauthorize', { authorizerAppid: shop.id })
  const home = await say('two')
  expect(home.url).toContain('http://shop/own?')
  expect(open(home, own, shop.id)).toEqual({ Event: 'two' })
})
