const app = getApp()
Page({
  data: { count: 3, starred: false, form: '', answer: '', code: '', refused: '' },
  starred(event) { this.setData({ starred: event.detail.on, count: this.data.count + 1 }) },
  sent(event) { this.setData({ form: JSON.stringify(event.detail.value) }) },
  ask() {
    wx.request({ url: this.options.server, data: { a: 1 }, success: ({ data, statusCode }) => this.setData({ answer: statusCode + ' ' + data.hello + ' ' + app.globalData.from + ' ' + global.started }), fail: ({ errMsg }) => this.setData({ answer: errMsg }) })
  },
  login() { wx.login({ success: ({ code }) => this.setData({ code }) }) },
  scan() { wx.scanCode({ success: ({ result }) => wx.navigateTo({ url: '/pages/second/second?found=' + encodeURIComponent(result) }) }) },
  radio() { wx.openBluetoothAdapter({ fail: ({ errMsg }) => this.setData({ refused: errMsg }) }) },
  onShareAppMessage: () => ({ title: 'look', path: '/pages/second/second?found=shared' }),
})
