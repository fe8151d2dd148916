import { paySheet } from './pay-sheet.ts'
import { promised } from './promised.ts'
import type { Router } from './router.ts'

/** The `wx.*` of a browser: what is here works, anything else fails with its name and is noted as missing. */
export type HostParts = { root: HTMLElement; router: () => Router; missing: Set<string> }

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
  const answer = await fetch(`${api}/emulated/${what}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const result = (await answer.json().catch(() => ({}))) as T & { error?: { message: string } }
  if (!answer.ok) throw new Error(answer.status === 404 ? '这一步要在微信里做：请用微信打开小店' : (result.error?.message ?? `HTTP ${answer.status}`))
  return result
}

/** A touch now and then tells the simulated sea that somebody is here, so that it does not run past the minutes that a login or an order lives. */
function tellHere(): void {
  let last = -Infinity
  let simulated = true
  const here = (): void => {
    if (!simulated || slug === '' || performance.now() - last < 10_000) return
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
        const answer = await fetch(url, {
          method, signal: control.signal, headers: { ...(method === 'GET' ? {} : { 'content-type': 'application/json' }), ...options.header },
          body: method === 'GET' ? undefined : typeof options.data === 'string' ? options.data : JSON.stringify(options.data ?? {}),
        })
        const text = await answer.text()
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
    getExtConfigSync: () => ({ api, simulated: true }),
    getAccountInfoSync: () => ({ miniProgram: { appId: '', envVersion: 'develop', version: '' } }),
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
    showModal: promised('showModal', ({ title = '', content = '', showCancel = true }: { title?: string; content?: string; showCancel?: boolean }) => {
      const confirm = showCancel ? window.confirm([title, content].filter(Boolean).join('\n')) : (window.alert([title, content].filter(Boolean).join('\n')), true)
      return { confirm, cancel: !confirm }
    }),
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
  return new Proxy(table, {
    get(target, name) {
      if (typeof name !== 'string' || name in target) return target[name as string]
      missing.add(`wx.${name}`)
      return promised(name, () => {
        throw new Error('not in this runtime')
      })
    },
  })
}
