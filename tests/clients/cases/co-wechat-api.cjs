'use strict'
const WechatAPI = require('co-wechat-api')
const { account, act, assert, check, expireTokens, refused, run, tamper } = require('../kit.cjs')

let api
let openid

check('token', async () => {
  const { id, secret } = await account('official-account')
  api = new WechatAPI(id, secret)
  const token = await api.ensureAccessToken()
  assert.ok(token.accessToken.length > 32)
  assert.ok(token.expireTime > Date.now() + 7_000_000)
})
check('success: a fan follows, the client lists and reads him', async () => {
  openid = (await act('officialAccount.follow', { person: 'fan-1' })).openid
  const followers = await api.getFollowers()
  assert.ok(followers.data.openid.includes(openid))
  const user = await api.getUser(openid)
  assert.equal(user.openid, openid)
  assert.equal(user.subscribe, 1)
})
check('success: tags, remark, QR code', async () => {
  const { tag } = await api.createTags('老客')
  assert.equal(typeof tag.id, 'number')
  await api.batchTagging([openid], tag.id)
  await api.updateRemark(openid, '王先生')
  assert.equal((await api.getUser(openid)).remark, '王先生')
  const code = await api.createTmpQRCode(10000, 1800)
  assert.ok(code.ticket)
})
check('success: menu, tags, remarks in bulk, customer-service message, media, permanent code', async () => {
  await api.createMenu({ button: [{ type: 'view', name: '商城', url: 'https://merchant.example/' }] })
  assert.equal((await api.getMenu()).menu.button[0].name, '商城')
  await api.removeMenu()
  const { tags } = await api.getTags()
  const own = tags.find((tag) => tag.name === '老客')
  await api.updateTag(own.id, '常客')
  assert.deepEqual((await api.getUsersFromTag(own.id)).data.openid, [openid])
  assert.deepEqual((await api.getIdList(openid)).tagid_list, [own.id])
  await api.batchUnTagging([openid], own.id)
  await api.deleteTag(own.id)
  assert.equal((await api.batchGetUsers([openid])).user_info_list[0].openid, openid)
  await act('officialAccount.sendMessage', { person: 'fan-1', content: '在吗' })
  await api.sendText(openid, '在的')
  const media = await api.uploadMedia(Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'image', 'a.jpg')
  assert.ok(media.media_id)
  assert.ok((await api.createLimitQRCode(7)).ticket)
})
check('business error with its code', async () => {
  await refused(() => api.getUser('not-an-openid'), (error) => assert.equal(error.code, 40003))
})
check('recovery from an expired token', async () => {
  const before = (await api.ensureAccessToken()).accessToken
  await expireTokens()
  assert.equal((await api.getUser(openid)).openid, openid)
  assert.notEqual((await api.ensureAccessToken()).accessToken, before)
})
check('a broken answer is refused', async () => {
  await tamper('json')
  await refused(() => api.getUser(openid), (error) => assert.equal(error.name, 'WeChatAPIError'))
})

void run()
