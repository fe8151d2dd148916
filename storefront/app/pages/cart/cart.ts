import { product } from '../../lib/api.ts'
import { readCart, writeCart, type CartLine } from '../../lib/cart.ts'

Page({
  data: { lines: [] as CartLine[], totalFen: 0, pieces: 0 },

  onShow() {
    this.put(readCart())
    void this.refresh()
  },
  put(lines: CartLine[]) {
    const taken = lines.filter((line) => line.chosen && !line.gone)
    this.setData({ lines, totalFen: taken.reduce((sum, line) => sum + line.priceFen * line.quantity, 0), pieces: taken.reduce((sum, line) => sum + line.quantity, 0) })
    writeCart(lines)
  },
  /** Prices and what is gone, as they are now. */
  async refresh() {
    const ids = [...new Set(readCart().map((line) => line.productId))]
    const found = new Map<string, { priceFen: number; soldOut: boolean } | undefined>()
    await Promise.all(ids.map((id) => product(id).then(
      (item) => item.skus.forEach((sku) => found.set(sku.skuId, sku)),
      (error: { status: number }) => error.status === 404 && readCart().filter((line) => line.productId === id).forEach((line) => found.set(line.skuId, undefined)),
    )))
    this.put(readCart().map((line) => {
      if (!found.has(line.skuId)) return line
      const now = found.get(line.skuId)
      return { ...line, gone: now === undefined || now.soldOut, priceFen: now?.priceFen ?? line.priceFen }
    }))
  },
  change(index: number, by: (line: CartLine) => CartLine | null) {
    const lines = readCart()
    const next = by(lines[index])
    this.put(next === null ? lines.filter((_, n) => n !== index) : lines.map((line, n) => (n === index ? next : line)))
  },
  toggle({ currentTarget }: WxEvent) {
    this.change(currentTarget.dataset.index, (line) => ({ ...line, chosen: !line.chosen }))
  },
  less({ currentTarget }: WxEvent) {
    this.change(currentTarget.dataset.index, (line) => (line.quantity > 1 ? { ...line, quantity: line.quantity - 1 } : null))
  },
  more({ currentTarget }: WxEvent) {
    this.change(currentTarget.dataset.index, (line) => ({ ...line, quantity: Math.min(99, line.quantity + 1) }))
  },
  other() {
    wx.switchTab({ url: '/pages/home/home' })
  },
  settle() {
    getApp().globalData.buying = readCart().filter((line) => line.chosen && !line.gone)
    wx.navigateTo({ url: '/pages/checkout/checkout?from=cart' })
  },
})
