import { member, orders, type Member, type Trouble } from '../../lib/api.ts'
import { when } from '../../lib/time.ts'

Page({
  data: { feathers: 0, earned: [] as Array<Member['earned'][number] & { when: string }>, counts: [] as Array<{ key: string; name: string; n: number }>, off: false, loading: true, trouble: '' },

  onShow() {
    void this.load()
  },
  async load() {
    try {
      const { orders: mine } = await orders()
      const n = (state: string): number => mine.filter((one) => one.state === state).length
      this.setData({ counts: [{ key: 'unpaid', name: '待付款', n: n('unpaid') }, { key: 'paid', name: '待发货', n: n('paid') }, { key: 'shipped', name: '待收货', n: n('shipped') }], trouble: '' })
      const { feathers, earned } = await member()
      this.setData({ feathers, earned: earned.map((one) => ({ ...one, when: when(one.placedAt) })), off: false })
    } catch (error) {
      // A shop without members has no such answer.
      if ((error as Trouble).status === 404) this.setData({ off: true })
      else this.setData({ trouble: (error as Trouble).message })
    }
    this.setData({ loading: false })
  },
  all() {
    wx.switchTab({ url: '/pages/orders/orders' })
  },
})
