import { goods, past, shop, type Goods, type Trouble } from '../../lib/api.ts'
import { cameBy, sharedPath } from '../../lib/referral.ts'

const seenKey = 'home'
/** So many goods are found by looking. */
const few = 10
const lookAgainMs = 2_000

Page({
  data: { goods: [] as Goods[], search: '', searched: '', loading: true, trouble: '', sailing: '', many: false, page: 1, more: false },

  onLoad(options: Record<string, string>) {
    cameBy(options)
    // What was seen last is there at once; the network replaces it in place.
    const seen = wx.getStorageSync(seenKey) as Goods[]
    if (seen) this.setData({ goods: seen })
    shop().then(({ name }) => wx.setNavigationBarTitle({ title: name }), () => {})
    void this.load(1)
  },
  async load(page: number) {
    const search = this.data.search as string
    this.setData({ loading: true })
    try {
      const answer = await goods({ search, page })
      if (search !== this.data.search) return
      const all = page === 1 ? answer.goods : [...(this.data.goods as Goods[]), ...answer.goods]
      this.setData({ goods: all, page, more: answer.more, searched: search, trouble: '', loading: false })
      if (search === '') this.setData({ many: all.length > few || answer.more })
      if (page === 1 && search === '') wx.setStorageSync(seenKey, all)
      if (all.length === 0 && search === '') void this.wait()
    } catch (error) {
      this.setData({ trouble: (error as Trouble).message, loading: false })
    }
  },
  /** The shop of a simulated merchant opens on the fourth day of its world; until then the page says how far the world is. */
  async wait() {
    if (!wx.getExtConfigSync().simulated) return
    try {
      const { past: sailing } = await past()
      this.setData({ sailing: sailing === null ? '' : `模拟海正在驶过过去的日子，还有 ${sailing.daysLeft} 天${sailing.secondsLeft === null ? '' : `，约 ${sailing.secondsLeft} 秒`}` })
      if (sailing !== null) setTimeout(() => void this.load(1), lookAgainMs)
    } catch {
      // A real merchant has no such thing.
    }
  },
  scan() {
    wx.scanCode({
      success: ({ result, path }) => {
        const page = /pages\/product\/product\?.*id=[\w-]+/.exec(path || result)?.[0]
        if (page) wx.navigateTo({ url: `/${page}` })
        else wx.showToast({ title: '这不是这家小店的码', icon: 'none' })
      },
    })
  },
  onShareAppMessage() {
    return { path: sharedPath('/pages/home/home') }
  },
  onReachBottom() {
    if (this.data.more && !this.data.loading) void this.load(this.data.page + 1)
  },
  typed({ detail }: WxEvent<{ value: string }>) {
    this.setData({ search: detail.value.trim() })
  },
  find() {
    void this.load(1)
  },
  clear() {
    this.setData({ search: '' })
    void this.load(1)
  },
  /** The card is what the product page shows until its own answer is there. */
  open({ currentTarget }: WxEvent) {
    getApp().globalData.opening = (this.data.goods as Goods[]).find((one) => one.productId === currentTarget.dataset.id)
  },
})
