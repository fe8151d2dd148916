import { expect, test } from 'vitest'
import type { SuiteAccount, SuiteCorpAccount } from '../../wechat/client/index.ts'
import { thirdPartyStart as start, thirdPartyWorld } from '../../../tests/setup/third-party.ts'
import { adminList, authInfo, customizedAuthUrl, permanentCode, sessionInfoSet, suitePreAuthCode } from '../../wechat/spec/provider.ts'
import { apiDomainIp } from '../../wechat/spec/wecom/token.ts'
import { serve, type LineModule } from '../core/registry.ts'
import { providerModule } from './index.ts'

// A corp with one endpoint, so that this test needs no other line: the answer names the app that asks.
const corpModule: LineModule = {
  line: 'wecom',
  routes: [serve(apiDomainIp, ({ app }) => ({ ip_list: [app?.agentId ?? ''] }))],
  acts: [],
  prepare(ns) {
    ns.accounts.push({ kind: 'wecom', id: 'wwcorp', name: '公司', apps: [] })
  },
}

async function world() {
  const base = await thirdPartyWorld('provider', [providerModule, corpModule])
  const suite: SuiteAccount = { kind: 'suite', suiteId: base.own.id, secret: base.own.secret, ticket: async () => (await base.told()).findLast((message) => message.InfoType === 'suite_ticket')?.SuiteTicket }
  return { ...base, suite }
}

test('ticket, suite token, installation, permanent code, corp token: the suite then calls the corp’s endpoints', async () => {
  const { emulator, wechat, suite, told, errcode } = await world()
  expect(await errcode(wechat.call(suitePreAuthCode, {}, { account: suite }))).toBe('no-ticket')
  await emulator.act('main', 'provider.pushTicket')
  const { pre_auth_code } = await wechat.call(suitePreAuthCode, {}, { account: suite })
  await wechat.call(sessionInfoSet, { pre_auth_code, session_info: { auth_type: 1 } }, { account: suite })
  const installed = (await emulator.act('main', 'provider.install', { corpId: 'wwcorp', preAuthCode: pre_auth_code, state: 's1' })) as { authCode: string; agentId: string }
  expect((await told()).at(-1)).toMatchObject({ InfoType: 'create_auth', AuthCode: installed.authCode, State: 's1' })

  const answer = await wechat.call(permanentCode, { auth_code: installed.authCode }, { account: suite })
  expect(answer.auth_corp_info).toMatchObject({ corpid: 'wwcorp', corp_name: '公司' })
  expect(await errcode(wechat.call(permanentCode, { auth_code: installed.authCode }, { account: suite }))).toBe(40086)

  const corp: SuiteCorpAccount = { kind: 'suite-corp', corpId: 'wwcorp', permanentCode: answer.permanent_code, suite }
  expect((await wechat.call(apiDomainIp, {}, { account: corp })).ip_list).toEqual([installed.agentId])
  expect((await wechat.call(adminList, { auth_corpid: 'wwcorp', agentid: installed.agentId }, { account: suite })).admin).toEqual([{ userid: 'admin', auth_type: 1 }])
  expect((await wechat.call(authInfo, { auth_corpid: 'wwcorp', permanent_code: answer.permanent_code }, { account: suite })).auth_info?.agent[0].agentid).toBe(Number(installed.agentId))

  await emulator.act('main', 'core.expireTokens')
  expect((await wechat.call(apiDomainIp, {}, { account: corp })).ip_list).toEqual([installed.agentId])

  await emulator.act('main', 'provider.uninstall', { corpId: 'wwcorp' })
  expect(await errcode(wechat.call(apiDomainIp, {}, { account: corp }))).toBe(48004)
  expect((await told()).at(-1)).toMatchObject({ InfoType: 'cancel_auth', AuthCorpId: 'wwcorp' })
})

test('wrong secrets, old tickets and foreign codes are refused with WeCom’s codes', async () => {
  const { emulator, wechat, suite, errcode, own } = await world()
  const { ticket } = (await emulator.act('main', 'provider.pushTicket')) as { ticket: string }
  expect(await errcode(wechat.token({ ...suite, secret: 'x' }))).toBe(40080)
  expect(await errcode(wechat.token({ ...suite, suiteId: 'wwother' }))).toBe(40083)
  expect(await errcode(wechat.token({ ...suite, ticket: async () => 'x' }))).toBe(40085)
  expect(await errcode(wechat.token({ kind: 'provider', corpId: own.corpId, secret: 'x' }))).toBe(40001)
  expect(await errcode(wechat.token({ kind: 'provider', corpId: 'wwother', secret: own.providerSecret }))).toBe(40013)
  expect(await errcode(wechat.token({ kind: 'suite-corp', corpId: 'wwcorp', permanentCode: 'x', suite }))).toBe(40084)
  await emulator.advanceTo(start + 1_800_000)
  await emulator.act('main', 'core.expireTokens')
  // The suite's kept token is refused as expired, and the old ticket brings no new one.
  expect(await errcode(wechat.call(suitePreAuthCode, {}, { account: { ...suite, ticket: async () => ticket } }))).toBe(40085)
})

test('the provider’s own token opens the provider’s endpoints and not the suite’s', async () => {
  const { wechat, emulator, own } = await world()
  const provider = { kind: 'provider', corpId: own.corpId, secret: own.providerSecret } as const
  expect((await wechat.call(customizedAuthUrl, { state: 'a', templateid_list: ['dk1'] }, { account: provider })).expires_in).toBe(864_000)
  const token = await wechat.token(provider)
  const get = async (query: string) => JSON.parse((await emulator.handle({ method: 'GET', url: `/cgi-bin/service/get_pre_auth_code${query}`, headers: {}, body: Buffer.alloc(0), ip: '' })).body.toString()) as { errcode: number }
  expect((await get(`?suite_access_token=${token}`)).errcode).toBe(40082)
  expect((await get('')).errcode).toBe(41001)
})
