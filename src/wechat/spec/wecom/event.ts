import { z } from 'zod'

/**
 * Callback events (回调事件) of a self-built app, as read from the decrypted XML: every leaf is text. Third-party apps get `SuiteId`,
 * `AuthCorpId`, `InfoType`, `TimeStamp` in place of the header. Operations made by API cause none (D96361).
 */
const header = { ToUserName: z.string(), FromUserName: z.string(), CreateTime: z.string(), MsgType: z.string(), Event: z.string() }

export const changeExternalContact = z.looseObject({
  ...header,
  ChangeType: z.string(),
  /** transfer_fail: the successor. */
  UserID: z.string().optional(),
  ExternalUserID: z.string().optional(),
  State: z.string().optional(),
  /** 20 seconds, single use. */
  WelcomeCode: z.string().optional(),
  /** del_external_contact: DELETE_BY_TRANSFER. */
  Source: z.string().optional(),
  /** transfer_fail: customer_refused or customer_limit_exceed. */
  FailReason: z.string().optional(),
})
export const externalContactChanges = [
  'add_external_contact',
  'add_half_external_contact',
  'edit_external_contact',
  'del_external_contact',
  'del_follow_user',
  'transfer_fail',
  'msg_audit_approved',
] as const

export const changeExternalChat = z.looseObject({
  ...header,
  ChatId: z.string(),
  /** create, update, dismiss (which fires no per-member events). */
  ChangeType: z.string(),
  /** add_member, del_member, change_owner, change_name, change_notice. */
  UpdateDetail: z.string().optional(),
  JoinScene: z.string().optional(),
  /** 0 does not apply, 1 left, 2 removed. */
  QuitScene: z.string().optional(),
  MemChangeCnt: z.string().optional(),
  MemChangeList: z.looseObject({ Item: z.union([z.string(), z.array(z.string())]).optional() }).optional(),
  LastMemVer: z.string().optional(),
  CurMemVer: z.string().optional(),
})
export const chatUpdates = ['add_member', 'del_member', 'change_owner', 'change_name', 'change_notice'] as const

export const changeExternalTag = z.looseObject({
  ...header,
  /** Absent on shuffle of the whole library. */ Id: z.string().optional(),
  /** tag, tag_group. */ TagType: z.string().optional(),
  StrategyId: z.string().optional(),
  /** create, update, delete, shuffle. */ ChangeType: z.string(),
})

export const customerAcquisition = z.looseObject({
  ...header,
  ChangeType: z.string(),
  LinkId: z.string().optional(),
  State: z.string().optional(),
  UserID: z.string().optional(),
  ExternalUserID: z.string().optional(),
  ExpireTime: z.string().optional(),
  ExpireQuotaNum: z.string().optional(),
})
export const acquisitionChanges = [
  'balance_low',
  'balance_exhausted',
  'link_unavailable',
  'delete_link',
  'friend_request',
  'customer_start_chat',
  'quota_expire_soon',
  'balance_increased',
  'open_profile',
] as const

export const changeContact = z.looseObject({
  ...header,
  ChangeType: z.string(),
  UserID: z.string().optional(),
  NewUserID: z.string().optional(),
  Name: z.string().optional(),
  Department: z.string().optional(),
  Id: z.string().optional(),
  ParentId: z.string().optional(),
})

export const eventSamples = {
  add: '<xml><ToUserName><![CDATA[ww0123456789abcdef]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>1403610513</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType><UserID><![CDATA[WangXiaoHe]]></UserID><ExternalUserID><![CDATA[wmQingzhou00000000000000000000AA]]></ExternalUserID><State><![CDATA[store-1]]></State><WelcomeCode><![CDATA[WELCOMECODE]]></WelcomeCode></xml>',
  chat: '<xml><ToUserName><![CDATA[ww0123456789abcdef]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>1403610513</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_chat]]></Event><ChatId><![CDATA[wrQingzhou00000000000000000000AA]]></ChatId><ChangeType><![CDATA[update]]></ChangeType><UpdateDetail><![CDATA[add_member]]></UpdateDetail><JoinScene>3</JoinScene><QuitScene>0</QuitScene><MemChangeCnt>1</MemChangeCnt><MemChangeList><Item>wmQingzhou00000000000000000000AA</Item></MemChangeList><LastMemVer>9c3f97c2ada667dfb5f6d03308d963e1</LastMemVer><CurMemVer>71217227bbd112ecfe3a49c482195cb4</CurMemVer></xml>',
} as const

/** Any 200 ends it (an empty body, or `success`); 5 seconds; three attempts in all. The spacing is not documented: 5 s is our choice. */
export const callbackTimeoutMs = 5_000
export const callbackRetryMs: readonly number[] = [5_000, 5_000]
