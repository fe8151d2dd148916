global.started = true
App({ globalData: { from: 'app' }, onLaunch() { if (wx.cloud) wx.cloud.init({ env: 'none' }) } })
