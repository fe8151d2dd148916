import { defineErrors } from '../errors.ts'

export const mediaFault = defineErrors({
  'media/not-usable': { status: 422, zh: '这张图没有收下：{why}。{todo}', en: 'the image was not taken: {whyEn} ({why}); {todoEn} ({todo})' },
  'media/no-source': { status: 422, zh: '这张图没有收下：没写来源。写上是谁拍的或从哪来，再传一次。', en: 'the image was not taken: its source is missing; say who made it or where it is from' },
  'media/not-there': { status: 404, zh: '没有这张图，或它已经停用：{sha256}', en: 'there is no such image, or it is not shown any more: {sha256}' },
})
