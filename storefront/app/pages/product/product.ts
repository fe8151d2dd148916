import { named, product, type Goods, type Sku, type Trouble } from '../../lib/api.ts'
import { addToCart, readCart } from '../../lib/cart.ts'
import { cameBy, sharedPath } from '../../lib/referral.ts'

Page({
  data: { item: null as Goods | null, title: '', pictures: [] as string[], picture: 0, sku: {} as Partial<Sku>, quantity: 1, picking: false, then: '', inCart: 0, allGone: false, trouble: '' },

  onLoad(options: Record<string, string>) {
    const { id } = options
    cameBy(options)
    const { opening } = getApp().globalData
    if (opening?.productId === id) this.show(named(opening))
    product(id).then((item) => this.show(item), (error: Trouble) => !this.data.item && this.setData({ trouble: error.message }))
  },
  onShow() {
    this.setData({ inCart: readCart().reduce((sum, line) => sum + line.quantity, 0) })
  },
  show(item: Goods) {
    const chosen = item.skus.find((sku) => sku.skuId === this.data.sku.skuId) ?? item.skus.find((sku) => !sku.soldOut) ?? item.skus[0]
    const pictures = item.images?.length ? item.images : [item.image]
    this.setData({ item, title: item.title, pictures, sku: chosen, allGone: item.skus.every((sku) => sku.soldOut) })
    wx.setNavigationBarTitle({ title: item.title })
  },
  turned({ detail }: WxEvent<{ current: number }>) {
    this.setData({ picture: detail.current })
  },
  pick({ currentTarget }: WxEvent) {
    this.setData({ picking: true, then: currentTarget.dataset.then || 'add' })
  },
  close() {
    this.setData({ picking: false })
  },
  hold() {},
  choose({ currentTarget }: WxEvent) {
    this.setData({ sku: this.data.item.skus[currentTarget.dataset.index], quantity: 1 })
  },
  less() {
    this.setData({ quantity: Math.max(1, this.data.quantity - 1) })
  },
  more() {
    this.setData({ quantity: Math.min(this.data.sku.left ?? 99, this.data.quantity + 1) })
  },
  sure() {
    const { item, sku, quantity, then } = this.data
    const line = { skuId: sku.skuId, productId: item.productId, title: item.title, name: sku.name, image: item.image, priceFen: sku.priceFen, quantity }
    this.setData({ picking: false, quantity: 1 })
    if (then === 'buy') {
      getApp().globalData.buying = [line]
      wx.navigateTo({ url: '/pages/checkout/checkout?from=now' })
      return
    }
    addToCart(line)
    this.onShow()
    wx.showToast({ title: '加进去了', icon: 'none' })
  },
  onShareAppMessage() {
    const { item, title, pictures } = this.data
    return { title, path: sharedPath(`/pages/product/product?id=${item?.productId ?? ''}`), imageUrl: pictures[0] }
  },
  again() {
    const { id } = this.options
    this.setData({ trouble: '' })
    product(id).then((item) => this.show(item), (error: Trouble) => this.setData({ trouble: error.message }))
  },
  cart() {
    wx.switchTab({ url: '/pages/cart/cart' })
  },
})
