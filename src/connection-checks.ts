import type { Clock } from './kernel/clock.ts'
import type { Config } from './kernel/config.ts'
import type { Caller } from './wechat/caller.ts'
import { WechatError } from './wechat/client/index.ts'
import type { Connection } from './wechat/connection/index.ts'

/**
 * The steps to connect each line, in order, each with how it is checked and what only the platform can grant (with how long that takes).
 * `grant: platform` steps are never shown as done by us: they are checked by what becomes possible.
 */
export type GuideStep = { key: string; zh: string; en: string; where: { zh: string; en: string }; grant: 'you' | 'platform'; takes: { zh: string; en: string } }

const now = { zh: '马上', en: 'at once' }
const step = (key: string, zh: string, en: string, whereZh: string, whereEn: string, grant: 'you' | 'platform' = 'you', takes = now): GuideStep => ({ key, zh, en, where: { zh: whereZh, en: whereEn }, grant, takes })

const trustedIp = step('ip', '可信 IP', 'trusted IP', '后台 › 开发 › IP 白名单，填这台服务器的出口地址', 'console > development > IP allow list: the address this server leaves from', 'you', { zh: '约 1 分钟生效', en: 'about a minute' })
const openPlatform = step('unionid', '绑到开放平台', 'Open Platform binding', '微信开放平台 › 管理中心 › 绑定；不绑就没有 unionid，两个货架的同一个人认不出来', 'Open Platform > bind: without it no unionid comes and the same person on two shelves cannot be recognised', 'platform', { zh: '绑定当天起的数据才有 unionid', en: 'only data after the binding carries it' })

export const connectionGuide: Record<string, GuideStep[]> = {
  wecom: [
    step('token', '填企业 ID 和客户联系 Secret', 'corp id and customer-contact secret', '企业微信后台 › 客户与上下游 › 客户联系 › API', 'WeCom admin > customer contact > API'),
    step('callback', '回调地址', 'callback address', '同一页 › 接收事件服务器，复制地址、Token 和 EncodingAESKey', 'same page > event server'),
    { ...trustedIp, where: { zh: '企业微信后台 › 应用 › 企业可信 IP', en: 'WeCom admin > app > trusted IP' } },
    step('licence', '客户联系接口许可', 'interface licence', '企业微信后台；认证企业才有完整额度', 'WeCom admin; verified companies have the full quota', 'platform', { zh: '认证 1～3 个工作日', en: '1 to 3 working days for verification' }),
  ],
  shop: [
    step('token', '填 AppID 和密钥', 'AppID and secret', '小店后台 › 服务市场 › 经营工具 › 自研', 'Shop back end > service market > self-development'),
    step('callback', '回调地址', 'callback address', '同一页 › 消息推送；只有安全模式 JSON', 'same page > message push; secure mode, JSON only'),
    trustedIp, openPlatform,
  ],
  'mini-program': [
    step('token', '填 AppID 和密钥', 'AppID and secret', '小程序后台 › 开发管理 › 开发设置', 'Mini Program console > development settings'),
    step('callback', '消息推送地址', 'message push address', '同一页 › 消息推送', 'same page > message push'),
    trustedIp, openPlatform,
    step('review', '小程序审核', 'release review', '上传后由平台审核', 'reviewed by the platform after upload', 'platform', { zh: '通常 1～7 天', en: 'usually 1 to 7 days' }),
  ],
  'official-account': [
    step('token', '填 AppID 和密钥', 'AppID and secret', '公众平台 › 设置与开发 › 基本配置', 'Official Account console > basic configuration'),
    step('callback', '服务器地址', 'server address', '同一页 › 服务器配置，选安全模式', 'same page > server configuration, secure mode'),
    trustedIp, openPlatform,
  ],
  channels: [
    step('token', '填 AppID 和密钥', 'AppID and secret', '视频号助手 › 开放能力', 'Channels assistant > open abilities'),
    step('scene', '打开开放场景', 'open scene switch', '视频号助手 › 开放能力 › 开放场景；不开会报 48001', 'Channels assistant > open scene; 48001 until it is on', 'platform', now),
  ],
  pay: [
    step('key', '填商户号、证书序列号、私钥和 APIv3 密钥', 'merchant id, certificate serial, private key, APIv3 key', '商户平台 › 账户中心 › API 安全', 'merchant platform > API security'),
    step('answer', '验一次签名应答', 'one signed answer', '不用做什么，我们会查一个不存在的订单来验签', 'nothing to do: we ask for an order that does not exist and verify the answer'),
    step('activate', '开通 JSAPI 支付', 'JSAPI product', '商户平台 › 产品中心', 'merchant platform > products', 'platform', { zh: '签约 1～5 个工作日', en: '1 to 5 working days' }),
  ],
}

/** `detail` in Chinese, `en` in English; what the platform itself said is the same in both. */
export type CheckResult = { key: string; ok: boolean | null; at: number; detail: string; en: string }

const pair = (words: [string, string]): [string, string] => words

/** Checks what can be checked now; `ok: null` means only the platform or real traffic can tell. */
export async function checkConnection(connection: Connection, ports: { caller: Caller; config: Config; world: Clock; tenantId: number }): Promise<CheckResult[]> {
  const at = ports.world.now()
  const results: CheckResult[] = []
  const put = (key: string, ok: boolean | null, detail: string, en = detail): void => void results.push({ key, ok, at, detail, en })
  if (connection.line === 'pay') {
    const complete = ['merchantPrivateKey', 'merchantSerial', 'apiV3Key'].every((key) => Boolean((connection.secrets as Record<string, string | undefined>)[key]))
    put('key', complete, ...pair(complete ? ['', ''] : ['还缺私钥、序列号或 APIv3 密钥', 'the private key, serial or APIv3 key is missing']))
    const answer = await ports.caller.call(connection, 'pay.transaction.query-by-out-trade-no', { out_trade_no: 'QZCHECK0000000000', mchid: connection.accountId }, ports.world, ports.tenantId)
    if (answer.kind === 'ok') put('answer', true, '')
    else if (answer.kind === 'refused') put('answer', /ORDER_?NOT_?EXIST|NOT_FOUND|RESOURCE_NOT_EXISTS/.test(answer.code), `${answer.code} ${answer.text}`)
    else put('answer', false, answer.text)
    put('activate', null, '')
    return results
  }
  try {
    await ports.caller.client(connection, ports.world, ports.tenantId).token(ports.caller.accountOf(connection))
    put('token', true, '能取到令牌', 'a token can be fetched')
    put('ip', true, '平台没有拒绝这台服务器的地址', 'the platform did not refuse the address of this server')
  } catch (error) {
    const code = error instanceof WechatError ? String(error.errcode) : ''
    const isIp = code === '40164' || code === '60020' || code === '61004'
    put('token', isIp ? null : false, error instanceof WechatError ? `${code} ${error.errmsg}` : String(error))
    if (isIp) put('ip', false, `${code}：这台服务器的地址不在白名单里`, `${code}: the address of this server is not on the allow list`)
  }
  const missing: [string, string] = ['还缺 Token 或 EncodingAESKey', 'the Token or EncodingAESKey is missing']
  const keys = Boolean(connection.secrets.token && connection.secrets.aesKey)
  if (connection.baseUrl !== null) put('callback', keys, ...pair(keys ? ['模拟平台会推到这里', 'the emulated platform pushes to here'] : missing))
  else if (ports.config.publicUrl === '') put('callback', false, '还没有设置 QZ_PUBLIC_URL：微信从外面敲不到这里', 'QZ_PUBLIC_URL is not set: WeChat cannot reach this server from outside')
  else put('callback', keys ? null : false, ...pair(keys ? ['等平台敲一次门（在后台点保存时会敲）', 'waiting for the platform to knock once; it does when you press save there'] : missing))
  put('unionid', null, '收到第一张带 unionid 的订单时自动变绿', 'turns green by itself with the first order that carries a unionid')
  return results
}
