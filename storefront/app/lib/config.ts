/** Where the shop's server is. In WeChat: the merchant's own https address, which must be among the request domains of the mini program. */
const own = 'https://example.com/mall/tea/api'

/** In a browser the runtime says it; a mini program made for many merchants gets it from ext.json. */
export const api: string = wx.getExtConfigSync().api || own
