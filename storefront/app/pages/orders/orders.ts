import { cancel, orders, say, type Order, type Trouble } from '../../lib/api.ts'
import { when } from '../../lib/time.ts'

type Shown = Order & { when: string; fact: string }
const tabs = [{ key: 'all', name: '全部' }, { key: 'unpaid', name: '待付款' }, { key: 'paid', name: '待发货' }, { key: 'shipped', name: '待收货' }]
const fact = (order: Order): string => (order.state === 'shipped' ? `${when(order.shippedAt!)} 发出 ${order.shipping?.trackingNo ?? ''}` : order.state === 'unpaid' && order.payBefore ? `${when(order.payBefore)} 前付` : '')

Page({
  data: { tabs, tab: 'all', all: [] as Shown[], shown: [] as Shown[], loading: true, trouble: '' },

  onShow() {
    void this.load()
  },
  async load(before?: number) {
    this.setData({ loading: true })
    try {
      const rows = (await orders(before)).orders.map((order) => ({ ...order, when: when(order.placedAt), fact: fact(order) }))
      this.setData({ all: before === undefined ? rows : [...(this.data.all as Shown[]), ...rows], loading: false, trouble: '' })
    } catch (error) {
      this.setData({ loading: false, trouble: (error as Trouble).message })
    }
    this.sift()
  },
  sift() {
    this.setData({ shown: (this.data.all as Shown[]).filter((order) => this.data.tab === 'all' || order.state === this.data.tab) })
  },
  turn({ currentTarget }: WxEvent) {
    this.setData({ tab: currentTarget.dataset.key })
    this.sift()
  },
  onReachBottom() {
    const all = this.data.all as Shown[]
    if (!this.data.loading && all.length > 0 && all.length % 20 === 0) void this.load(all[all.length - 1].placedAt)
  },
  again() {
    void this.load()
  },
  home() {
    wx.switchTab({ url: '/pages/home/home' })
  },
  open({ currentTarget }: WxEvent) {
    wx.navigateTo({ url: `/pages/order/order?id=${currentTarget.dataset.order}` })
  },
  pay({ currentTarget }: WxEvent) {
    wx.navigateTo({ url: `/pages/pay/pay?id=${currentTarget.dataset.id}` })
  },
  async cancel({ currentTarget }: WxEvent) {
    try {
      await cancel(currentTarget.dataset.id)
      wx.showToast({ title: '取消了', icon: 'none' })
      void this.load()
    } catch (error) {
      say(error)
    }
  },
})
