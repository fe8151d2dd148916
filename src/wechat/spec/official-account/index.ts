/** Official Account (公众号 / 服务号) on api.weixin.qq.com: endpoints and pushed events as rows. */
import { jsTicket, menuCreate, menuDelete, menuGet, quotaClear, quotaGet, userCumulate, userSummary, webLogin, webLoginPage, webLoginRefresh, webUserInfo } from './account.ts'
import {
  articleImage, draftAdd, draftCount, draftDelete, draftGet, draftList, draftUpdate, materialAdd, materialCount, materialDelete, materialList,
  mediaUpload,  publishDelete, publishedArticle, publishGet, publishList, publishSubmit,
} from './article.ts'
import {
  customSend, customTyping, massDelete, massGet, massPreview, massSend, massSendAll, noticeSend, noticeTemplateAdd, noticeTemplateDelete,
  noticeTemplates, templateSend,
} from './message.ts'
import { qrCreate, qrPicture, shortKeyCreate, shortKeyGet } from './qr-code.ts'
import {
  blackListAdd, blackListGet, blackListRemove, tagAttach, tagCreate, tagDelete, tagDetach, tagList, tagsOfUser, tagUpdate, tagUsers, userGet,
  userInfo, userInfoBatch, userRemark,
} from './user.ts'

export * from './account.ts'
export * from './article.ts'
export * from './errors.ts'
export * from './events.ts'
export * from './message.ts'
export * from './qr-code.ts'
export * from './shapes.ts'
export * from './user.ts'

export const officialAccountRows = [
  userGet, userInfo, userInfoBatch, userRemark, tagCreate, tagList, tagUpdate, tagDelete, tagUsers, tagAttach, tagDetach, tagsOfUser,
  blackListGet, blackListAdd, blackListRemove,
  qrCreate, qrPicture, shortKeyCreate, shortKeyGet,
  customSend, customTyping, templateSend, noticeSend, noticeTemplates, noticeTemplateAdd, noticeTemplateDelete,
  massSendAll, massSend, massPreview, massGet, massDelete,
  draftAdd, draftGet, draftUpdate, draftDelete, draftList, draftCount, publishSubmit, publishGet, publishedArticle, publishDelete, publishList,
  articleImage, mediaUpload, materialAdd, materialDelete, materialList, materialCount,
  menuCreate, menuGet, menuDelete, jsTicket, webLoginPage, webLogin, webLoginRefresh, webUserInfo, quotaClear, quotaGet, userSummary, userCumulate,
]
