/** A price in the shop's hand: ¥ and fen at 70 % of the figure. */
Component({
  properties: { value: { type: Number, value: 0 } },
  data: { whole: '0', fen: '00' },
  observers: {
    value(fen: number) {
      this.setData({ whole: String(Math.floor(fen / 100)), fen: String(fen % 100).padStart(2, '0') })
    },
  },
})
