import { paySheet } from './pay-sheet.ts'
import { openTypes } from './base-components.ts'
import { promised } from './promised.ts'
import type { PageInstance, Router } from './router.ts'
import { ask } from './sheet.ts'

/** The `wx.*` of a browser: what is here works, anything else fails with its name and is noted as missing. */
export type HostParts = { root: HTMLElement; router: () => Router; missing: Set<string> }

/** Set by the page when the emulator serves a mini program by itself: where the played phone answers, and that calls to other servers go through it. */
const host = (globalThis as { qzHost?: { emulated: string; proxy: string; appId: string; ext?: Record<string, unknown> } }).qzHost

/** The merchant's slug from `/shop/<slug>/`; empty when the folder is opened elsewhere. */
const slug = /\/shop\/([^/]+)/.exec(location.pathname)?.[1] ?? ''
const api = `${location.origin}/mall/${slug}/api`

/** Who visits, as the emulated world calls them: made once per browser. */
export function visitor(): string {
  const known = localStorage.getItem('qz-visitor')
  if (known !== null) return known
  const fresh = `visitor-${[...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
  localStorage.setItem('qz-visitor', fresh)
  return fresh
}

/** Asks the merchant's simulated sea; a real merchant's server has no such route. */
export async function emulated<T>(what: string, body: unknown): Promise<T> {
  const answer = await fetch(`${host?.emulated ?? `${api}/emulated`}/${what}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const result = (await answer.json().catch(() => ({}))) as T & { error?: { message: string } }
  if (!answer.ok) throw new Error(answer.status === 404 ? '这一步要在微信里做：请用微信打开小店' : (result.error?.message ?? `HTTP ${answer.status}`))
  return result
}

/** A touch now and then tells the simulated sea that somebody is here, so that it does not run past the minutes that a login or an order lives. */
function tellHere(): void {
  let last = -Infinity
  let simulated = true
  const here = (): void => {
    if (!simulated || (slug === '' && host === undefined) || performance.now() - last < 10_000) return
    last = performance.now()
    emulated('here', { visitor: visitor() }).catch(() => (simulated = false))
  }
  addEventListener('pointerdown', here, { passive: true })
  addEventListener('keydown', here, { passive: true })
}

export function createWx({ root, router, missing }: HostParts): Record<string, any> {
  tellHere()
  let toast: { element: HTMLElement; timer: number } | undefined
  const hideToast = (): void => {
    if (!toast) return
    clearTimeout(toast.timer)
    toast.element.remove()
    toast = undefined
  }
  const say = (title: string, duration: number): void => {
    hideToast()
    const element = document.createElement('div')
    element.className = 'wx-toast'
    element.setAttribute('role', 'status')
    element.textContent = title
    root.append(element)
    toast = { element, timer: duration > 0 ? window.setTimeout(hideToast, duration) : 0 }
  }
  const store = (key: string): string => `wx:${slug}:${key}`
  const get = (key: string): unknown => {
    const raw = localStorage.getItem(store(key))
    return raw === null ? undefined : (JSON.parse(raw) as unknown)
  }
  const windowInfo = () => ({ pixelRatio: devicePixelRatio, windowWidth: root.clientWidth, windowHeight: root.clientHeight, screenWidth: screen.width, screenHeight: screen.height, statusBarHeight: 0, safeArea: { left: 0, top: 0, right: root.clientWidth, bottom: root.clientHeight, width: root.clientWidth, height: root.clientHeight } })
  const acts = new Proxy({} as Router['acts'], { get: (_none, name: keyof Router['acts']) => (options: never) => router().acts[name](options) })

  const table: Record<string, unknown> = {
    login: promised('login', async () => emulated<{ code: string }>('login', { visitor: visitor() })),
    checkSession: promised('checkSession', () => ({})),
    request(options: { url: string; method?: string; data?: unknown; header?: Record<string, string>; dataType?: string; success?(result: unknown): void; fail?(error: { errMsg: string }): void; complete?(result: unknown): void }) {
      const control = new AbortController()
      void promised('request', async () => {
        const method = (options.method ?? 'GET').toUpperCase()
        const url = new URL(options.url)
        if (method === 'GET') for (const [key, value] of Object.entries((options.data ?? {}) as Record<string, unknown>)) if (value !== undefined) url.searchParams.set(key, String(value))
        const asked = { method, headers: { ...(method === 'GET' ? {} : { 'content-type': 'application/json' }), ...options.header }, body: method === 'GET' ? undefined : typeof options.data === 'string' ? options.data : JSON.stringify(options.data ?? {}) }
        // A server made for mini programs knows nothing of browsers' cross-origin rules: it is asked by the emulator's host.
        const answer = host === undefined || url.origin === location.origin ? await fetch(url, { ...asked, signal: control.signal })
          : await fetch(host.proxy, { method: 'POST', signal: control.signal, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url: url.href, ...asked }) })
        const text = await answer.text()
        // In WeChat a server that does not answer is a failure, not a status.
        if (host !== undefined && answer.status === 502 && text.includes('"no-server"')) throw new Error((JSON.parse(text) as { error: { message: string } }).error.message)
        let data: unknown = text
        if (options.dataType === undefined || options.dataType === 'json') {
          try {
            data = JSON.parse(text)
          } catch {
            // As in WeChat: what is no JSON stays text.
          }
        }
        return { data, statusCode: answer.status, header: Object.fromEntries(answer.headers), cookies: [] }
      })({ success: options.success, fail: options.fail, complete: options.complete ?? (() => {}) } as never)
      return { abort: () => control.abort() }
    },
    requestPayment: promised('requestPayment', (options: Record<string, string>) => paySheet(root, options)),
    getExtConfigSync: () => (host === undefined ? { api, simulated: true } : (host.ext ?? {})),
    getAccountInfoSync: () => ({ miniProgram: { appId: host?.appId ?? '', envVersion: 'develop', version: '' } }),
    getStorageSync: (key: string) => get(key) ?? '',
    setStorageSync: (key: string, data: unknown) => localStorage.setItem(store(key), JSON.stringify(data)),
    removeStorageSync: (key: string) => localStorage.removeItem(store(key)),
    clearStorageSync: () => Object.keys(localStorage).filter((key) => key.startsWith(store(''))).forEach((key) => localStorage.removeItem(key)),
    getStorage: promised('getStorage', ({ key }: { key: string }) => {
      const data = get(key)
      if (data === undefined) throw new Error('data not found')
      return { data }
    }),
    setStorage: promised('setStorage', ({ key, data }: { key: string; data: unknown }) => (localStorage.setItem(store(key), JSON.stringify(data)), {})),
    removeStorage: promised('removeStorage', ({ key }: { key: string }) => (localStorage.removeItem(store(key)), {})),
    showToast: promised('showToast', ({ title, duration = 1500 }: { title: string; duration?: number }) => (say(title, duration), {})),
    hideToast: promised('hideToast', () => (hideToast(), {})),
    showLoading: promised('showLoading', ({ title }: { title: string }) => (say(title, 0), {})),
    hideLoading: promised('hideLoading', () => (hideToast(), {})),
    async showModal(options: { title?: string; content?: string; showCancel?: boolean; confirmText?: string; cancelText?: string; editable?: boolean; placeholderText?: string }) {
      return promised('showModal', async ({ title = '', content = '', showCancel = true, confirmText = '确定', cancelText = '取消', editable = false, placeholderText = '' }: typeof options) => {
        const { index, text } = await ask(root, { title, text: editable ? '' : content, ...(editable ? { field: { value: content, placeholder: placeholderText } } : {}), choices: [{ text: confirmText, kind: 'main' }, ...(showCancel ? [{ text: cancelText, kind: 'quiet' as const }] : [])] }).catch(() => ({ index: 1, text: '' }))
        return { confirm: index === 0, cancel: index !== 0, ...(editable && index === 0 ? { content: text } : {}) }
      })(options as never)
    },
    showActionSheet: promised('showActionSheet', async ({ itemList, alertText = '' }: { itemList: string[]; alertText?: string }) => ({ tapIndex: (await ask(root, { title: '', text: alertText, choices: itemList.map((text) => ({ text })) })).index })),
    scanCode: promised('scanCode', async () => {
      const { text } = await ask(root, { title: '模拟扫码', text: '没有镜头：把码里的内容贴在这里', field: { value: '', placeholder: '码里的内容' }, choices: [{ text: '扫到了', kind: 'main' }] })
      if (text === '') throw new Error('cancel')
      return { result: text, scanType: 'QR_CODE', charSet: 'utf-8', path: text.startsWith('pages/') ? text : '', rawData: btoa(unescape(encodeURIComponent(text))) }
    }),
    chooseAddress: promised('chooseAddress', async () => {
      const { text } = await ask(root, { title: '模拟的微信地址', field: { value: '王小荷 13800000000 浙江 杭州 西湖 龙井路1号', placeholder: '姓名 电话 省 市 区 地址' }, choices: [{ text: '用这个地址', kind: 'main' }] })
      const [userName = '', telNumber = '', provinceName = '', cityName = '', countyName = '', ...rest] = text.trim().split(/\s+/)
      return { userName, telNumber, provinceName, cityName, countyName, detailInfo: rest.join(' '), detailInfoNew: rest.join(' '), postalCode: '', nationalCode: '' }
    }),
    previewImage: promised('previewImage', ({ urls, current }: { urls: string[]; current?: string | number }) => {
      let at = Math.max(0, typeof current === 'number' ? current : urls.indexOf(current ?? urls[0]))
      const shade = Object.assign(document.createElement('div'), { className: 'wx-preview' })
      const image = Object.assign(document.createElement('img'), { alt: '', src: urls[at] })
      shade.append(image)
      shade.addEventListener('click', () => (++at < urls.length ? (image.src = urls[at]) : shade.remove()))
      root.append(shade)
      return {}
    }),
    shareAppMessage: promised('shareAppMessage', (message: ShareMessage) => share(message)),
    showShareMenu: promised('showShareMenu', () => ({})),
    hideShareMenu: promised('hideShareMenu', () => ({})),
    requestSubscribeMessage: promised('requestSubscribeMessage', async ({ tmplIds }: { tmplIds: string[] }) => {
      const { index } = await ask(root, { title: '允许发这些通知吗', text: tmplIds.join('、'), choices: [{ text: '允许', kind: 'main' }, { text: '不用', kind: 'quiet' }] }).catch(() => ({ index: 1 }))
      return Object.fromEntries(tmplIds.map((id) => [id, index === 0 ? 'accept' : 'reject']))
    }),
    makePhoneCall: promised('makePhoneCall', ({ phoneNumber }: { phoneNumber: string }) => (say(`拨打 ${phoneNumber}`, 1500), {})),
    createSelectorQuery: selectorQuery,
    getUpdateManager: () => ({ onCheckForUpdate() {}, onUpdateReady() {}, onUpdateFailed() {}, applyUpdate() {} }),
    getLaunchOptionsSync: () => ({ path: router().stack()[0]?.route ?? '', query: router().stack()[0]?.options ?? {}, scene: 1001, referrerInfo: {} }),
    getEnterOptionsSync: () => ({ path: router().stack()[0]?.route ?? '', query: router().stack()[0]?.options ?? {}, scene: 1001, referrerInfo: {} }),
    getNetworkType: promised('getNetworkType', () => ({ networkType: navigator.onLine ? 'wifi' : 'none' })),
    getDeviceInfo: () => ({ brand: 'browser', model: 'browser', system: 'browser', platform: 'browser' }),
    getAppBaseInfo: () => ({ SDKVersion: '3.0.0', language: 'zh_CN', version: '8.0.0', theme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light' }),
    getSystemSetting: () => ({}),
    getAppAuthorizeSetting: () => ({}),
    getMenuButtonBoundingClientRect: () => ({ width: 87, height: 32, top: 6, bottom: 38, left: root.clientWidth - 97, right: root.clientWidth - 10 }),
    getClipboardData: promised('getClipboardData', async () => ({ data: await navigator.clipboard.readText() })),
    getStorageInfoSync: () => ({ keys: Object.keys(localStorage).filter((key) => key.startsWith(store(''))).map((key) => key.slice(store('').length)), currentSize: 0, limitSize: 10_240 }),
    startPullDownRefresh: promised('startPullDownRefresh', () => (router().stack().at(-1)?.onPullDownRefresh?.(), {})),
    showNavigationBarLoading: promised('showNavigationBarLoading', () => ({})),
    hideNavigationBarLoading: promised('hideNavigationBarLoading', () => ({})),
    hideKeyboard: promised('hideKeyboard', () => ((document.activeElement as HTMLElement | null)?.blur(), {})),
    env: { USER_DATA_PATH: 'wxfile://usr' },
    setNavigationBarTitle: promised('setNavigationBarTitle', ({ title }: { title: string }) => (router().setTitle(title), {})),
    setNavigationBarColor: promised('setNavigationBarColor', () => ({})),
    pageScrollTo: promised('pageScrollTo', ({ scrollTop = 0 }: { scrollTop?: number }) => (router().scrollTo(scrollTop), {})),
    stopPullDownRefresh: promised('stopPullDownRefresh', () => ({})),
    setClipboardData: promised('setClipboardData', async ({ data }: { data: string }) => (await navigator.clipboard.writeText(data), {})),
    vibrateShort: promised('vibrateShort', () => ({})),
    getSystemInfoSync: () => ({ ...windowInfo(), platform: 'browser', language: 'zh_CN', SDKVersion: '3.0.0', theme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light' }),
    getWindowInfo: windowInfo,
    nextTick: (work: () => void) => queueMicrotask(work),
    canIUse: (name: string) => name.split('.')[0] in table,
    navigateTo: acts.navigateTo, redirectTo: acts.redirectTo, switchTab: acts.switchTab, reLaunch: acts.reLaunch, navigateBack: acts.navigateBack,
  }
  /** Friends get an address: what `onShareAppMessage` gives, opened here. */
  async function share(message: ShareMessage): Promise<object> {
    const page = router().stack().at(-1)
    const query = new URLSearchParams(page?.options ?? {}).toString()
    const path = message.path ?? `/${page?.route ?? ''}${query === '' ? '' : `?${query}`}`
    const url = `${location.href.split('#')[0]}#${path.startsWith('/') ? path : `/${path}`}`
    await ask(root, { title: message.title ?? document.title, text: '发给朋友的小程序卡片，这里是一个地址', field: { value: url, placeholder: '' }, choices: [{ text: '复制地址', kind: 'main' }] })
    await navigator.clipboard?.writeText(url).then(() => say('复制好了', 1500), () => say('请长按地址复制', 1500))
    return {}
  }
  const sharePage = async (page: PageInstance | undefined, from: 'menu' | 'button', target?: unknown): Promise<object> => {
    const message = (page?.onShareAppMessage?.({ from, target }) ?? {}) as ShareMessage
    return share({ ...message, ...(await message.promise) })
  }
  openTypes.share = (component) => sharePage(router().stack().at(-1), 'button', component)
  openTypes.getPhoneNumber = () => emulated<{ code: string }>('phone', { visitor: visitor() })
  openTypes.contact = async () => (say('客服会在微信里打开', 1500), { path: '', query: {} })
  openTypes['*'] = async (component) => void missing.add(`<button open-type="${component.data.openType}">`)
  table.__share = (page: PageInstance) => sharePage(page, 'menu')

  return new Proxy(table, {
    get(target, name) {
      if (typeof name !== 'string' || name in target) return target[name as string]
      return absent(`wx.${name}`, missing)
    },
  })
}

type ShareMessage = { title?: string; path?: string; imageUrl?: string; promise?: Promise<ShareMessage> }

/**
 * What is not here: called like any `wx.*` it fails with its name and is noted; `wx.cloud.x()` and what `createX()` would give answer the same way,
 * so that a page goes on as far as it can.
 */
function absent(path: string, missing: Set<string>): unknown {
  return new Proxy(function () {}, {
    get: (_target, name) => (typeof name !== 'string' || name === 'then' ? undefined : name === 'toString' || name === 'valueOf' ? () => '' : absent(`${path}.${name}`, missing)),
    apply(_target, _self, [options]) {
      missing.add(path)
      const name = path.replace(/^wx\./, '')
      const fail = { errMsg: `${name}:fail not in this runtime` }
      const last = name.split('.').pop()!
      if (options && typeof options === 'object' && (options.success || options.fail || options.complete)) {
        queueMicrotask(() => {
          options.fail?.(fail)
          options.complete?.(fail)
        })
        return absent(`${path}()`, missing)
      }
      if (/^(on|off)[A-Z]/.test(last)) return undefined
      if (/^create[A-Z]|Sync$|Manager$|^get.*Context$|\(\)|\./.test(name)) return absent(`${path}()`, missing)
      const refused = Promise.reject(fail)
      refused.catch(() => {})
      return refused
    },
  })
}

type Query = { selector: string; all: boolean; of(element: HTMLElement): Record<string, unknown>; done?(result: unknown): void }
/** `createSelectorQuery` for places and sizes, inside the page on top. */
function selectorQuery(): object {
  const asked: Query[] = []
  const answer = (query: Query): unknown => {
    const page = document.querySelector('.wx-frame:not([hidden])')
    const found = [...(page?.querySelectorAll<HTMLElement>(query.selector.replaceAll('>>>', ' ')) ?? [])].map((element) => query.of(element))
    return query.all ? found : (found[0] ?? null)
  }
  const place = (element: HTMLElement): Record<string, unknown> => {
    const { left, top, right, bottom, width, height } = element.getBoundingClientRect()
    return { id: element.id, dataset: { ...element.dataset }, left, top, right, bottom, width, height }
  }
  const node = (selector: string, all: boolean) => {
    const add = (of: Query['of']) => (done?: Query['done']) => (asked.push({ selector, all, of, done }), query)
    return { boundingClientRect: add(place), scrollOffset: add((element) => ({ scrollLeft: element.scrollLeft, scrollTop: element.scrollTop })), fields: (_what: object, done?: Query['done']) => add((element) => ({ ...place(element), scrollTop: element.scrollTop, node: element }))(done), node: add((element) => ({ node: element })) }
  }
  const query = {
    in: () => query, select: (selector: string) => node(selector, false), selectAll: (selector: string) => node(selector, true), selectViewport: () => node('.wx-scroll', false),
    exec(done?: (results: unknown[]) => void) {
      requestAnimationFrame(() => {
        const results = asked.map(answer)
        asked.forEach((one, n) => one.done?.(results[n]))
        done?.(results)
      })
      return query
    },
  }
  return query
}
