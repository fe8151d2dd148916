import { order, payAgain, say, type Order, type PayParams } from '../../lib/api.ts'
import { yuan } from '../../lib/cart.ts'

Page({
  data: { order: null as Order | null, head: '正在叫出收银台…', next: '', canPay: false, total: '' },
  id: '',
  left: false,

  onLoad({ id }: { id: string }) {
    this.id = id
    const { paying } = getApp().globalData
    getApp().globalData.paying = undefined
    if (paying?.order.orderId === id) {
      this.show(paying.order)
      if (paying.pay) return void this.open(paying.pay)
    }
    void this.pay()
  },
  onUnload() {
    this.left = true
  },
  show(shown: Order) {
    this.setData({ order: shown, total: yuan(shown.totalFen) })
  },
  async pay() {
    try {
      this.open((await payAgain(this.id)).pay)
    } catch (error) {
      say(error)
      void this.look(1)
    }
  },
  open(pay: PayParams) {
    this.setData({ canPay: false })
    wx.requestPayment({
      ...pay,
      success: () => {
        this.setData({ head: '付好了', next: '正在等微信支付的回执…' })
        void this.look(20)
      },
      fail: ({ errMsg }) => {
        const cancelled = errMsg.includes('cancel')
        this.setData({ head: '钱没付成', next: cancelled ? '单子留 15 分钟，随时可以接着付。' : errMsg.replace('requestPayment:fail ', ''), canPay: true })
        // The phone says only that it failed; the order knows whether it is still there.
        if (!cancelled) void this.look(1)
      },
    })
  },
  /** The phone's "paid" is only a hint: the order says it when WeChat Pay has told the shop. */
  async look(times: number): Promise<void> {
    for (let n = 0; n < times && !this.left; n++) {
      const seen = await order(this.id).catch(() => undefined)
      if (seen) {
        this.show(seen.order)
        if (seen.order.state === 'cancelled') return this.setData({ head: '单子过期了', next: '东西放回去了，要买请重新下单。', canPay: false })
        if (seen.order.state !== 'unpaid') return this.setData({ head: '付好了', next: '小店 48 小时内发出，发出后在“订单”里看得到单号。', canPay: false })
      }
      await new Promise((resolve) => setTimeout(resolve, 700))
    }
    if (times === 1) this.setData({ canPay: this.data.order?.state === 'unpaid' })
    else this.setData({ next: '微信支付的回执还没到，到了会记在“订单”里，不用再付一次。' })
  },
  see() {
    wx.switchTab({ url: '/pages/orders/orders' })
  },
})
