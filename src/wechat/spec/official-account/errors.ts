import type { KnownError } from '../endpoint.ts'
import { weixinErrors } from '../tokens.ts'

/** Error codes of the Official Account (official-account sheet 1); those marked UNCONFIRMED there say so here. */
export const officialErrors = {
  ...weixinErrors,
  '40003': { retry: 'never', en: 'not an openid of this account' },
  '40004': { retry: 'never', en: 'no such media type' },
  '40007': { retry: 'never', en: 'no such media_id' },
  '40008': { retry: 'never', en: 'no such message type' },
  '40032': { retry: 'never', en: 'the list of openids is empty or too long' },
  '40052': { retry: 'never', en: 'no such action_name' },
  '40053': { retry: 'never', en: 'the scene is missing, too long or out of range' },
  '40097': { retry: 'never', en: 'a parameter is invalid' },
  '43004': { retry: 'never', en: 'the user must follow the account' },
  '44004': { retry: 'never', en: 'the content is empty' },
  '50002': { retry: 'never', en: 'the user is restricted' },
} as const satisfies Record<string, KnownError>

export const tagErrors = {
  ...officialErrors,
  '45056': { retry: 'never', en: 'too many tags: 100 for one account' },
  '45057': { retry: 'never', en: 'the tag has more than 100,000 followers (UNCONFIRMED)' },
  '45058': { retry: 'never', en: 'tags 0, 1 and 2 belong to the system' },
  '45059': { retry: 'never', en: 'the user has 20 tags already' },
  '45157': { retry: 'never', en: 'the tag name exists' },
  '45158': { retry: 'never', en: 'the tag name is longer than 30' },
  '45159': { retry: 'never', en: 'no such tag' },
} as const satisfies Record<string, KnownError>

export const messageErrors = {
  ...officialErrors,
  '40037': { retry: 'never', en: 'no such template_id' },
  '43101': { retry: 'never', en: 'the user refused the message or no consent is left' },
  '40059': { retry: 'never', en: 'no such mass message' },
  '40130': { retry: 'never', en: 'fewer than 2 or more than 10,000 openids' },
  '40132': { retry: 'never', en: 'no such receiver' },
  '45015': { retry: 'never', en: 'the reply window is closed' },
  '45028': { retry: 'later', en: 'the mass-send quota is used up (UNCONFIRMED)' },
  '45047': { retry: 'later', en: 'the count of customer-service messages is used up' },
  '45065': { retry: 'never', en: 'this clientmsgid was sent before' },
  '45066': { retry: 'later', en: 'this clientmsgid was tried less than a minute ago' },
  '45067': { retry: 'never', en: 'clientmsgid is too long' },
  '47003': { retry: 'never', en: 'a template parameter is invalid' },
  '200012': { retry: 'never', en: 'too many private templates' },
  '200014': { retry: 'never', en: 'a template has 2 to 5 keywords' },
} as const satisfies Record<string, KnownError>

export const articleErrors = {
  ...officialErrors,
  '40005': { retry: 'never', en: 'the file type is not allowed' },
  '40009': { retry: 'never', en: 'the picture is larger than 1 MB' },
  '40114': { retry: 'never', en: 'no such article in the draft' },
  '41005': { retry: 'never', en: 'the file is missing' },
  '45001': { retry: 'never', en: 'the library is full' },
  '45003': { retry: 'never', en: 'the title is longer than 64' },
  '53600': { retry: 'never', en: 'no such publish_id or article_id' },
  '53503': { retry: 'never', en: 'the draft did not pass the check before publishing' },
  '53504': { retry: 'never', en: 'the draft must be published in the console' },
  '53505': { retry: 'never', en: 'the draft must be saved again by hand before publishing' },
} as const satisfies Record<string, KnownError>
