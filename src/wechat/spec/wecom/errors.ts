import type { KnownError } from '../endpoint.ts'

/** Error codes every call on qyapi.weixin.qq.com may answer (WS 10, from the global table D90313). `errmsg` is never to be read. */
export const wecomErrors = {
  '-1': { retry: 'now', en: 'the platform is busy; three repeats at most' },
  '6000': { retry: 'now', en: 'two callers changed the same data at once' },
  '40013': { retry: 'never', en: 'no such corp id' },
  '40014': { retry: 'now', en: 'not a valid access token: fetch a new one' },
  '40035': { retry: 'never', en: 'a parameter is not allowed' },
  '40058': { retry: 'never', en: 'a parameter is missing, malformed or too long' },
  '40063': { retry: 'never', en: 'a required parameter is empty' },
  '41001': { retry: 'now', en: 'the access token is missing from the query' },
  '42001': { retry: 'now', en: 'the access token has expired: fetch a new one' },
  '43009': { retry: 'never', en: 'the corp is not verified' },
  '45009': { retry: 'later', en: 'called too often: blocked for 60 s, 60 min or the rest of the day by the limit hit' },
  '45033': { retry: 'later', en: 'too many calls of this endpoint at once' },
  '48002': { retry: 'never', en: 'this secret may not call this endpoint' },
  '48004': { retry: 'never', en: 'the authorisation is gone' },
  '48006': { retry: 'never', en: 'the permission was withdrawn for disuse' },
  '50003': { retry: 'never', en: 'the app is switched off' },
  '60011': { retry: 'never', en: "the member, department or tag is outside the app's scope" },
  '60020': { retry: 'never', en: "the caller's address is not on the app's trusted IP list" },
  '301002': { retry: 'never', en: 'the app may not touch this object' },
  '301007': { retry: 'never', en: 'the corp is closed' },
} as const satisfies Record<string, KnownError>

/** A call about one member. */
export const memberErrors = {
  ...wecomErrors,
  '40003': { retry: 'never', en: 'the userid is not well formed' },
  '60111': { retry: 'never', en: 'no such member' },
} as const satisfies Record<string, KnownError>

/** A call about a customer, or about one member and one customer. */
export const contactErrors = {
  ...memberErrors,
  '40096': { retry: 'never', en: 'no such external userid' },
  '84061': { retry: 'never', en: 'the member has no relation with the customer: he deleted him, or has not accepted yet' },
  '84084': { retry: 'never', en: 'the member is not a follower of the customer' },
} as const satisfies Record<string, KnownError>

export const contactWayErrors = {
  ...memberErrors,
  '41037': { retry: 'never', en: 'the type of the contact way is missing' },
  '41038': { retry: 'never', en: 'the scene of the contact way is missing' },
  '41039': { retry: 'never', en: 'the type is not 1 or 2' },
  '41040': { retry: 'never', en: 'the scene is not 1 or 2' },
  '41041': { retry: 'never', en: 'more people than a contact way may have' },
  '41042': { retry: 'never', en: 'the style is not known' },
  '41043': { retry: 'never', en: 'config_id is missing' },
  '41044': { retry: 'never', en: 'no such config_id' },
  '41045': { retry: 'never', en: 'the corp has as many contact ways as it may make' },
  '41054': { retry: 'never', en: 'the member is not activated or not verified by name' },
} as const satisfies Record<string, KnownError>

export const tagErrors = {
  ...contactErrors,
  '40068': { retry: 'never', en: 'no such tag or tag group' },
  '40071': { retry: 'never', en: 'the tag name exists or is not allowed' },
  '40126': { retry: 'never', en: 'the corp has as many tags as it may have' },
} as const satisfies Record<string, KnownError>

export const groupErrors = {
  ...memberErrors,
  '81017': { retry: 'never', en: 'too many owners in view: filter by owner' },
  '90500': { retry: 'never', en: 'the owner has not resigned' },
  '90501': { retry: 'never', en: 'not a customer group of this corp' },
  '90502': { retry: 'never', en: 'the owner has resigned' },
  '90504': { retry: 'never', en: 'the new owner is the present one' },
  '90507': { retry: 'later', en: 'the group is being handed over' },
  '90508': { retry: 'never', en: 'the group was handed over already' },
  '41091': { retry: 'never', en: 'more than five groups on one join way' },
} as const satisfies Record<string, KnownError>

export const welcomeErrors = {
  ...wecomErrors,
  '40007': { retry: 'never', en: 'no such media' },
  '41048': { retry: 'never', en: 'nobody to send to' },
  '41049': { retry: 'never', en: 'welcome_code is missing' },
  '41050': { retry: 'never', en: 'the welcome code is unknown or older than 20 seconds' },
  '41051': { retry: 'never', en: 'the chat has begun, or another call used the code' },
  '41053': { retry: 'never', en: 'the customer has not agreed to chat archive' },
  '41055': { retry: 'never', en: 'the corp has 100 group welcome templates' },
  '41058': { retry: 'never', en: 'the template was made by another app' },
  '41064': { retry: 'never', en: 'more than nine attachments' },
  '41065': { retry: 'never', en: 'an attachment type that is not allowed here' },
  '41096': { retry: 'later', en: 'the welcome message is being sent' },
} as const satisfies Record<string, KnownError>

export const broadcastErrors = {
  ...contactErrors,
  '40007': welcomeErrors['40007'],
  '40201': { retry: 'never', en: 'the content was stopped by anti-spam' },
  '41046': { retry: 'never', en: 'msgid is missing' },
  '41047': { retry: 'never', en: 'no such msgid' },
  '41048': welcomeErrors['41048'],
  '41063': { retry: 'later', en: 'the task is still being handed out' },
  '41064': welcomeErrors['41064'],
  '41065': welcomeErrors['41065'],
  '41093': { retry: 'never', en: 'the task was cancelled' },
  '41094': { retry: 'later', en: 'three reminders within 24 hours were made' },
} as const satisfies Record<string, KnownError>

export const momentErrors = {
  ...memberErrors,
  '40007': welcomeErrors['40007'],
  '40068': tagErrors['40068'],
  '41059': { retry: 'never', en: 'moment_id is missing' },
  '41060': { retry: 'never', en: 'no such moment_id' },
  '41061': { retry: 'never', en: "the Moment is not this member's" },
  '41062': { retry: 'later', en: 'the member has not posted the Moment yet' },
  '41064': welcomeErrors['41064'],
  '41065': welcomeErrors['41065'],
  '41067': { retry: 'never', en: 'the Moment is of the other kind (corp-made, member-made)' },
  '41072': { retry: 'never', en: 'the media was uploaded for another purpose: use upload_attachment' },
  '41078': { retry: 'later', en: 'too many Moment jobs are running' },
  '41079': { retry: 'later', en: 'the Moment is still being handed out' },
  '41089': { retry: 'never', en: 'text and attachments are both empty' },
} as const satisfies Record<string, KnownError>

export const transferErrors = {
  ...contactErrors,
  '40097': { retry: 'never', en: 'the member has not resigned' },
  '40098': { retry: 'never', en: 'the member is not verified by name' },
  '40099': { retry: 'never', en: 'the successor holds as many customers as he may' },
  '40100': { retry: 'later', en: 'the customer is in a transfer' },
  '40128': { retry: 'later', en: 'the customer was transferred twice within 90 days' },
  '40129': { retry: 'later', en: 'the customer is being transferred' },
  '40130': { retry: 'never', en: 'old and new member are the same' },
  '40131': { retry: 'never', en: 'handover_userid is not a follower of the customer' },
  '40143': { retry: 'never', en: 'a member in the transfer is banned' },
} as const satisfies Record<string, KnownError>

export const acquisitionErrors = {
  ...memberErrors,
  '41041': contactWayErrors['41041'],
  '41054': contactWayErrors['41054'],
  '41095': { retry: 'never', en: 'the corp has as many acquisition links as it may have' },
} as const satisfies Record<string, KnownError>

export const messageErrors = {
  ...wecomErrors,
  '40007': welcomeErrors['40007'],
  '40032': { retry: 'never', en: 'too many userids' },
  '40056': { retry: 'never', en: "the agentid is not this app's" },
  '44004': { retry: 'never', en: 'the text is empty' },
  '45002': { retry: 'never', en: 'the message is too long' },
  '81013': { retry: 'never', en: 'no receiver is valid' },
  '82001': { retry: 'never', en: 'no receiver is named' },
  '82002': { retry: 'never', en: 'more than 100 departments' },
  '82003': { retry: 'never', en: 'more than 100 tags' },
  '42052': { retry: 'never', en: 'the message is too old to be recalled' },
} as const satisfies Record<string, KnownError>

export const mediaErrors = {
  ...wecomErrors,
  '40007': welcomeErrors['40007'],
  '44001': { retry: 'never', en: 'the file is empty' },
  '45001': { retry: 'never', en: 'the file is too large' },
} as const satisfies Record<string, KnownError>

export const identityErrors = {
  ...contactErrors,
  '41056': { retry: 'never', en: 'the external contact is not a WeChat user' },
  '610014': { retry: 'never', en: 'the unionid is not valid' },
  '610015': { retry: 'never', en: 'the open platform account of the app is not verified' },
  '610016': { retry: 'never', en: 'the corp is not verified' },
  '610017': { retry: 'never', en: "the app's owner is not the corp's owner" },
  '610018': { retry: 'never', en: 'openid and unionid are not of one open platform account' },
} as const satisfies Record<string, KnownError>
