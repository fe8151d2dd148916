'use strict'
const fs = require('node:fs')
const path = require('node:path')
const { MiniApp, OfficialAccount, OpenPlatform, OpenWork, Pay, ServerRequest, Work } = require('node-easywechat')
const { account, act, assert, check, expireTokens, identity, pump, receiver, refused, run, scratch, tamper } = require('../kit.cjs')

const folder = scratch()
const cache = () => ({ file_cache: { path: `${fs.mkdtempSync(path.join(folder, 'c'))}/`, fileMode: 0o600, ext: '.cache' } })
/** The package takes a request object of its own making. */
const wrapped = ({ method, url, headers, body }) => new ServerRequest(method, url, { ...headers }, Buffer.from(body))

/** `make` gives a fresh application: the package's server keeps the first request's query in its handlers. */
async function served(make, request, listen) {
  const app = make()
  app.setRequest(wrapped(request))
  const server = app.getServer()
  listen(server)
  const response = await server.serve()
  return response.getBody().toString()
}

// ---- Official Account ----
let official
let makeOfficial
let app
let client
let openid

check('Official Account: token (stable), success', async () => {
  official = await account('official-account')
  const config = { app_id: official.id, secret: official.secret, token: official.push.token, aes_key: official.push.aesKey, use_stable_access_token: true, ...cache() }
  makeOfficial = () => new OfficialAccount(config)
  app = makeOfficial()
  client = app.getClient()
  openid = (await act('officialAccount.follow', { person: 'fan-2' })).openid
  assert.ok((await app.getAccessToken().getToken()).length > 32)
  const user = (await client.get('/cgi-bin/user/info', { params: { openid } })).toObject()
  assert.equal(user.openid, openid)
})
check('Official Account: business error with its code', async () => {
  assert.equal((await client.get('/cgi-bin/user/info', { params: { openid: 'nobody' } })).toObject().errcode, 40003)
})
check('Official Account: an expired token says 42001 and a refreshed one works', async () => {
  await expireTokens()
  const error = (await client.get('/cgi-bin/user/info', { params: { openid } })).toObject()
  assert.ok([40001, 40014, 42001].includes(error.errcode))
  await app.getAccessToken().refresh()
  assert.equal((await client.get('/cgi-bin/user/info', { params: { openid } })).toObject().openid, openid)
})
check('Official Account: pushes are accepted in secure mode and a passive reply comes back, tampered ones are refused', async () => {
  const got = []
  const inbox = await receiver((request) => served(makeOfficial, request, (server) => server.withHandler(async (message, next) => {
    got.push({ ...message.toObject() })
    return message.MsgType === 'text' ? '收到' : next(message)
  })))
  await act('core.setPush', { kind: 'official-account', id: official.id, url: inbox.url })
  await act('officialAccount.sendMessage', { person: 'fan-2', content: '你好' })
  await pump()
  assert.equal(got.at(-1).Content, '你好')
  assert.equal(inbox.seen.at(-1).ok, true)
  await tamper('push')
  await act('officialAccount.sendMessage', { person: 'fan-2', content: '再见' })
  await pump()
  assert.equal(inbox.seen.at(-1).ok, false)
  assert.ok(!got.some((message) => message.Content === '再见'))
  await act('core.setPush', { kind: 'official-account', id: official.id, url: null })
})

// ---- mini program ----
check('mini program: code to session', async () => {
  const mini = await account('mini-program')
  const miniApp = new MiniApp({ app_id: mini.id, secret: mini.secret, token: mini.push.token, aes_key: mini.push.aesKey, ...cache() })
  const { js_code: code } = await act('miniProgram.login', { person: 'visitor-1' })
  const session = await miniApp.getUtils().codeToSession(code)
  assert.ok(session.openid)
  assert.ok(session.session_key)
  await refused(() => miniApp.getUtils().codeToSession('wrong'))
})

// ---- WeCom ----
check('WeCom: token, success, business error, expired token', async () => {
  const corp = await account('wecom')
  const own = corp.apps.find((one) => one.kind === 'contact')
  const work = new Work({ corp_id: corp.id, secret: own.secret, token: own.push.token, aes_key: own.push.aesKey, ...cache() })
  const api = work.getClient()
  const listed = (await api.get('/cgi-bin/externalcontact/get_follow_user_list')).toObject()
  assert.equal(listed.errcode, 0)
  assert.ok(Array.isArray(listed.follow_user))
  const error = (await api.get('/cgi-bin/externalcontact/get', { params: { external_userid: 'wmNobody' } })).toObject()
  assert.equal(error.errcode, 40096)
  await expireTokens()
  assert.ok([40014, 42001].includes((await api.get('/cgi-bin/externalcontact/get_follow_user_list')).toObject().errcode))
  await work.getAccessToken().refresh()
  assert.equal((await api.get('/cgi-bin/externalcontact/get_follow_user_list')).toObject().errcode, 0)
})
check('WeCom: callbacks are accepted, tampered ones refused', async () => {
  const corp = await account('wecom')
  const own = corp.apps.find((one) => one.kind === 'contact')
  const config = { corp_id: corp.id, secret: own.secret, token: own.push.token, aes_key: own.push.aesKey, ...cache() }
  const got = []
  const inbox = await receiver((request) => served(() => new Work(config), request, (server) => server.withHandler(async (message, next) => {
    got.push({ ...message.toObject() })
    return next(message)
  })))
  await act('core.setPush', { kind: 'wecom', id: corp.id, agentId: own.agentId, url: inbox.url })
  const text = '<xml><ToUserName><![CDATA[corp]]></ToUserName><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType></xml>'
  await act('core.push', { kind: 'wecom', id: corp.id, agentId: own.agentId, event: 'ew-good', message: text })
  await pump()
  assert.equal(got.at(-1).ChangeType, 'add_external_contact')
  const count = got.length
  await tamper('push')
  await act('core.push', { kind: 'wecom', id: corp.id, agentId: own.agentId, event: 'ew-bad', message: text })
  await pump()
  assert.equal(inbox.seen.at(-1).ok, false)
  assert.equal(got.length, count)
  await act('core.setPush', { kind: 'wecom', id: corp.id, agentId: own.agentId, url: null })
})

// ---- third-party platform ----
check('third-party platform: ticket push, component token, authorisation, a call on behalf', async () => {
  const component = await account('component')
  const config = { app_id: component.id, secret: component.secret, token: component.push.token, aes_key: component.push.aesKey, ...cache() }
  const platform = new OpenPlatform(config)
  const inbox = await receiver((request) => served(() => new OpenPlatform(config), request, () => {}))
  await act('core.setPush', { kind: 'component', url: inbox.url })
  await act('component.pushTicket', {})
  await pump()
  assert.equal(inbox.seen.at(-1).ok, true)
  assert.ok((await platform.getComponentAccessToken().getToken()).length > 32)
  assert.ok(await platform.createPreAuthorizationCode())
  const { authorizationCode } = await act('component.authorize', { authorizerAppid: official.id })
  const authorization = await platform.getAuthorization(authorizationCode)
  assert.equal(authorization.getAppId(), official.id)
  const behalf = await platform.getOfficialAccountWithRefreshToken(official.id, authorization.getRefreshToken(), cache())
  assert.equal((await behalf.getClient().get('/cgi-bin/user/info', { params: { openid } })).toObject().openid, openid)
  await tamper('push')
  await act('component.pushTicket', {})
  await pump()
  assert.equal(inbox.seen.at(-1).ok, false)
  await act('core.setPush', { kind: 'component', url: null })
})

// ---- WeCom service provider ----
check('WeCom provider: ticket push, suite token, installation, a call on behalf of the corp', async () => {
  const suite = await account('provider')
  const config = {
    corp_id: suite.corpId, provider_secret: suite.providerSecret, suite_id: suite.id, suite_secret: suite.secret, token: suite.push.token, aes_key: suite.push.aesKey, ...cache(),
  }
  const provider = new OpenWork(config)
  const told = []
  const inbox = await receiver((request) => served(() => new OpenWork(config), request, (server) => server.withHandler(async (message, next) => {
    told.push({ ...message.toObject() })
    return next(message)
  })))
  await act('core.setPush', { kind: 'provider', id: suite.id, url: inbox.url })
  await act('provider.pushTicket', {})
  await pump()
  assert.equal(inbox.seen.at(-1).ok, true, inbox.seen.at(-1).error)
  assert.ok((await provider.getProviderAccessToken().getToken()).length > 32)
  assert.ok((await provider.getSuiteAccessToken().getToken()).length > 32)
  assert.equal((await provider.createPreAuthorizationCode()).expires_in, 1200)
  const corp = await account('wecom')
  const { authCode } = await act('provider.install', { corpId: corp.id })
  await pump()
  assert.equal(told.at(-1).InfoType, 'create_auth')
  assert.equal(told.at(-1).AuthCode, authCode)
  const params = { suite_access_token: await provider.getSuiteAccessToken().getToken() }
  const permanent = (await provider.getClient().post('/cgi-bin/service/get_permanent_code', { params, json: { auth_code: authCode } })).toObject()
  assert.equal(permanent.auth_corp_info.corpid, corp.id)
  assert.equal((await provider.getAuthorization(corp.id, permanent.permanent_code)).toObject().auth_corp_info.corpid, corp.id)
  const behalf = await provider.getAuthorizerClient(corp.id, permanent.permanent_code)
  assert.equal((await behalf.get('/cgi-bin/externalcontact/get_follow_user_list')).toObject().errcode, 0)
  await tamper('push')
  await act('provider.pushTicket', {})
  await pump()
  assert.equal(inbox.seen.at(-1).ok, false)
  await act('provider.uninstall', { corpId: corp.id })
  await act('core.setPush', { kind: 'provider', id: suite.id, url: null })
})

// ---- WeChat Pay ----
let merchant
let pay
let payConfig
check('Pay: order, query, business error', async () => {
  merchant = await account('pay')
  const file = (name, text) => {
    fs.writeFileSync(path.join(folder, name), text)
    return path.join(folder, name)
  }
  payConfig = {
    mch_id: merchant.id, certificate: file('cert.pem', merchant.merchantCertificate), private_key: file('key.pem', merchant.merchantPrivateKey), secret_key: merchant.apiV3Key, v2_secret_key: '',
    platform_certs: [file('platform.pem', identity.platform.certificate)], ...cache(),
  }
  pay = new Pay(payConfig)
  const mini = await account('mini-program')
  const made = await pay.getClient().post('/v3/pay/transactions/native', { data: { appid: mini.id, mchid: merchant.id, description: '茶', out_trade_no: 'EASY-0001', notify_url: 'https://merchant.example/notify', amount: { total: 5 } } })
  assert.match(made.toObject().code_url, /^weixin:/)
  await pay.getValidator().validate(made.toMessage ? made.toMessage() : messageOf(made))
  const none = await pay.getClient().get('/v3/pay/transactions/out-trade-no/EASY-NONE', { params: { mchid: merchant.id } })
  assert.match(none.toObject().code, /^ORDER_?NOT_?EXIST$/)
})
/** What its validator needs of an answer: the headers and the raw text. */
function messageOf(response) {
  const headers = response.getHeaders()
  const find = (name) => Object.entries(headers).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
  return { hasHeader: (name) => find(name) !== undefined, getHeader: (name) => String(find(name)), getBody: () => response.toString() }
}
check('Pay: a tampered answer fails its validator', async () => {
  await tamper('answer')
  const found = await pay.getClient().get('/v3/pay/transactions/out-trade-no/EASY-0001', { params: { mchid: merchant.id } })
  await refused(() => pay.getValidator().validate({ ...messageOf(found), getBody: () => `${JSON.stringify(found.toObject())} ` }), (error) => assert.match(error.message, /Invalid Signature/))
})
check('Pay: notices are accepted, tampered ones refused', async () => {
  const got = []
  const inbox = await receiver(async (request) => {
    const fresh = new Pay(payConfig)
    fresh.setRequest(wrapped(request))
    await fresh.getValidator().validate(fresh.getRequest())
    const server = fresh.getServer()
    server.handlePaid(async (message, next) => {
      got.push(message.out_trade_no)
      return next(message)
    })
    return (await server.serve()).getBody().toString()
  })
  const mini = await account('mini-program')
  await pay.getClient().post('/v3/pay/transactions/native', { data: { appid: mini.id, mchid: merchant.id, description: '茶', out_trade_no: 'EASY-0002', notify_url: inbox.url, amount: { total: 5 } } })
  await act('pay.payOrder', { out_trade_no: 'EASY-0002', person: 'buyer-3' })
  await pump()
  assert.ok(got.includes('EASY-0002'))
  const count = got.length
  await tamper('push')
  await act('pay.repeatNotice', { out_trade_no: 'EASY-0002' })
  await pump()
  assert.equal(inbox.seen.at(-1).ok, false)
  assert.equal(got.length, count)
})

void run()
