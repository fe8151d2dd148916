import { checkout, say, type Address } from '../../lib/api.ts'
import { readCart, writeCart, yuan, type CartLine } from '../../lib/cart.ts'

Page({
  data: { lines: [] as CartLine[], address: { name: '', phone: '', region: '', detail: '' } as Address, goodsFen: 0, discountFen: 0, totalFen: 0, total: '0.00', notice: '', busy: false },
  /** One per visit of this page: pressing twice is one order. */
  key: '',
  fromCart: false,

  onLoad({ from }: { from?: string }) {
    const lines = (getApp().globalData.buying as CartLine[]) ?? []
    this.key = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`
    this.fromCart = from === 'cart'
    this.setData({ lines, address: wx.getStorageSync('address') || this.data.address })
    this.price(lines.reduce((sum, line) => sum + line.priceFen * line.quantity, 0))
  },
  /** The total adds up line by line: what the shop takes off is a line of its own. */
  price(totalFen: number) {
    const goodsFen = (this.data.lines as CartLine[]).reduce((sum, line) => sum + line.priceFen * line.quantity, 0)
    this.setData({ goodsFen, discountFen: Math.max(0, goodsFen - totalFen), totalFen, total: yuan(totalFen) })
  },
  typed({ detail, currentTarget }: WxEvent<{ value: string }>) {
    this.setData({ [`address.${currentTarget.dataset.field}`]: detail.value })
  },
  fill() {
    wx.chooseAddress({
      success: (one) => this.setData({ address: { name: one.userName, phone: one.telNumber, region: [one.provinceName, one.cityName, one.countyName].filter(Boolean).join(' '), detail: one.detailInfo } }),
      fail: () => {},
    })
  },
  async pay() {
    const { address, lines, totalFen } = this.data as { address: Address; lines: CartLine[]; totalFen: number }
    if (this.data.busy) return
    if (!address.name.trim() || !/^\d{7,15}$/.test(address.phone) || !address.detail.trim()) return say({ message: '收货人、手机号和地址都要填，好把东西送到' })
    wx.setStorageSync('address', address)
    this.setData({ busy: true, notice: '' })
    try {
      const placed = await checkout({ key: this.key, lines: lines.map(({ skuId, quantity }) => ({ skuId, quantity })), totalFen, address })
      if (placed.kind === 'placed') {
        if (this.fromCart) writeCart(readCart().filter((line) => !lines.some((bought) => bought.skuId === line.skuId)))
        getApp().globalData.paying = placed
        wx.redirectTo({ url: `/pages/pay/pay?id=${placed.order.orderId}` })
      } else if (placed.kind === 'total-changed') {
        this.price(placed.totalFen)
        this.setData({ notice: '价钱刚刚变了，请看过再付。' })
      } else if (placed.kind === 'stock-short') this.setData({ notice: placed.available > 0 ? `“${placed.title}”只剩 ${placed.available} 件，请回去改数量。` : `“${placed.title}”刚刚卖完。` })
      else this.setData({ notice: '有一件刚刚下架，请回去看看。' })
    } catch (error) {
      say(error)
    }
    this.setData({ busy: false })
  },
})
