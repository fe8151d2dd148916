// Node preload: requests to the platform's hosts go to the emulator instead, over plain HTTP and with the Host header they had, so that
// clients with hard-coded https addresses run unchanged:  QZ_EMULATOR=http://127.0.0.1:8700 node --require ./rewrite-hosts.cjs app.js
'use strict'
const http = require('node:http')
const https = require('node:https')

const target = new URL(process.env.QZ_EMULATOR || 'http://127.0.0.1:8700')
const hosts = new Set(['api.weixin.qq.com', 'api2.weixin.qq.com', 'mp.weixin.qq.com', 'file.api.weixin.qq.com', 'qyapi.weixin.qq.com', 'api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com'])
const plainRequest = http.request

/** request(url[, options][, callback]) and request(options[, callback]) → options as plain HTTP to the emulator, or undefined for other hosts. */
function redirected(first, second) {
  const url = typeof first === 'string' ? new URL(first) : first instanceof URL ? first : undefined
  const given = url ? { ...(typeof second === 'object' ? second : {}) } : { ...first }
  const host = url ? url.hostname : given.hostname || String(given.host || '').replace(/:\d+$/, '')
  if (!hosts.has(host)) return undefined
  const headers = Array.isArray(given.headers) ? given.headers : { ...given.headers }
  if (!Array.isArray(headers)) {
    for (const name of Object.keys(headers)) if (name.toLowerCase() === 'host') delete headers[name]
    headers.host = host
  }
  return {
    ...given,
    ...(url ? { path: `${url.pathname}${url.search}` } : {}),
    headers,
    protocol: 'http:',
    host: target.hostname,
    hostname: target.hostname,
    port: target.port,
    agent: undefined,
    agents: undefined,
    defaultPort: undefined,
    servername: undefined,
  }
}

function patch(module) {
  const { request } = module
  module.request = function (first, second, third) {
    const options = redirected(first, second)
    if (!options) return request.call(module, first, second, third)
    const callback = typeof second === 'function' ? second : third
    return plainRequest.call(http, options, callback)
  }
  module.get = function (first, second, third) {
    const made = module.request(first, second, third)
    made.end()
    return made
  }
}
patch(https)
patch(http)
