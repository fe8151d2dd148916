import { goods, shop, type Goods, type Trouble } from '../../lib/api.ts'

const seenKey = 'home'

Page({
  data: { goods: [] as Goods[], search: '', searched: '', loading: true, trouble: '', page: 1, more: false },

  onLoad() {
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
      if (page === 1 && search === '') wx.setStorageSync(seenKey, all)
    } catch (error) {
      this.setData({ trouble: (error as Trouble).message, loading: false })
    }
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
