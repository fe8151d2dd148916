import { aftersale, cancel, order, say, type Order, type Refund, type Trouble } from '../../lib/api.ts'
import { when } from '../../lib/time.ts'

const reasons = ['不想要了', '拍错了', '地址填错了', '和想的不一样', '其他']
type Step = { name: string; at: string }
const stepsOf = (one: Order & { receivedAt?: number | null; cancelledAt?: number | null }): Step[] => [
  { name: '下单', at: one.placedAt }, { name: '付款', at: one.paidAt }, { name: '发出', at: one.shippedAt }, { name: '收到', at: one.receivedAt ?? null }, { name: '取消', at: one.cancelledAt ?? null },
].flatMap(({ name, at }) => (at ? [{ name, at: when(at) }] : []))

Page({
  data: { id: '', order: null as Order | null, steps: [] as Step[], refunds: [] as Array<Refund & { word: string }>, trouble: '', note: '', canRefund: false, asked: false, busy: false },

  onLoad({ id }: { id: string }) {
    this.setData({ id })
  },
  onShow() {
    void this.load()
  },
  async load() {
    try {
      const { order: one, refunds } = await order(this.data.id)
      this.setData({
        order: one, steps: stepsOf(one), trouble: '', refunds: refunds.map((refund) => ({ ...refund, word: refund.finishedAt ? '已退回' : '正在退回原来的付款方式' })),
        canRefund: (one.state === 'paid' || one.state === 'shipped') && refunds.length === 0 && !this.data.asked,
      })
    } catch (error) {
      this.setData({ trouble: (error as Trouble).message })
    }
  },
  copy() {
    wx.setClipboardData({ data: this.data.order.shipping?.trackingNo ?? '' })
  },
  pay() {
    wx.navigateTo({ url: `/pages/pay/pay?id=${this.data.id}` })
  },
  async cancel() {
    try {
      await cancel(this.data.id)
      wx.showToast({ title: '取消了', icon: 'none' })
      void this.load()
    } catch (error) {
      say(error)
    }
  },
  refund() {
    wx.showActionSheet({ alertText: '为什么退', itemList: reasons, success: ({ tapIndex }) => void this.ask(reasons[tapIndex]), fail: () => {} })
  },
  async ask(reason: string) {
    if (this.data.busy) return
    this.setData({ busy: true })
    try {
      const { kind } = await aftersale(this.data.id, reason)
      this.setData({ asked: true, note: kind === 'refunding' ? '还没发出，钱会退回原来的付款方式。' : '东西已经发出：请在微信里联系店家，收到 7 天内可退。' })
      await this.load()
    } catch (error) {
      say(error)
    }
    this.setData({ busy: false })
  },
})
