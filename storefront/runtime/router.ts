import * as glassEasel from 'glass-easel'
import { promised } from './promised.ts'

/** The page stack (页面栈): frames one over the other, each with its own scroll, so that going back finds the page as it was left. */
export type PageInstance = glassEasel.GeneralComponent & Record<string, any> & { route: string; options: Record<string, string> }
export type RouterParts = {
  pages: readonly string[]
  tabs: ReadonlyArray<{ pagePath: string; text: string }>
  windowOf(page: string): { navigationBarTitleText?: string; navigationStyle?: string }
  /** Makes a page that is not yet in the document. */
  create(page: string): PageInstance
  root: HTMLElement
  /** The menu of a page that can be shared. */
  share(page: PageInstance): void
}
type Frame = { page: PageInstance; element: HTMLElement; title: HTMLElement; ready: boolean }

export function createRouter(parts: RouterParts) {
  const { root } = parts
  const stack: Frame[] = []
  /** Tab pages stay alive while other tabs are looked at. */
  const kept = new Map<string, Frame>()
  const tabBar = document.createElement('nav')
  tabBar.className = 'wx-tabs'
  const isTab = (route: string): boolean => parts.tabs.some((tab) => tab.pagePath === route)
  const top = (): Frame | undefined => stack[stack.length - 1]

  function split(url: string): { route: string; query: Record<string, string> } {
    const [path, search = ''] = url.split('?')
    const here = top()?.page.route ?? ''
    const route = path.startsWith('/') ? path.slice(1) : new URL(path, `http://x/${here}`).pathname.slice(1)
    if (!parts.pages.includes(route)) throw new Error(`page "${path}" is not found`)
    return { route, query: Object.fromEntries(search.split('&').filter(Boolean).map((pair) => pair.split('=').map((part) => decodeURIComponent(part)) as [string, string])) }
  }

  function open(route: string, query: Record<string, string>): Frame {
    const page = parts.create(route)
    page.route = route
    page.options = query
    const element = document.createElement('section')
    element.className = 'wx-frame'
    element.dataset.page = route
    const bar = document.createElement('header')
    bar.className = 'wx-bar'
    const title = document.createElement('span')
    title.textContent = parts.windowOf(route).navigationBarTitleText ?? ''
    bar.append(title)
    bar.hidden = parts.windowOf(route).navigationStyle === 'custom'
    if (stack.length > 0 && !isTab(route)) {
      const back = document.createElement('button')
      back.textContent = '‹'
      back.setAttribute('aria-label', '返回')
      back.addEventListener('click', () => history.back())
      bar.prepend(back)
    }
    if (typeof page.onShareAppMessage === 'function') {
      const menu = Object.assign(document.createElement('button'), { className: 'share' })
      menu.setAttribute('aria-label', '转发')
      menu.addEventListener('click', () => parts.share(page))
      bar.append(menu)
    }
    const scroll = document.createElement('div')
    scroll.className = 'wx-scroll'
    let below = false
    scroll.addEventListener('scroll', () => {
      const reached = scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 50
      if (reached && !below) page.onReachBottom?.()
      below = reached
      page.onPageScroll?.({ scrollTop: scroll.scrollTop })
    }, { passive: true })
    // What is fixed is fixed to the room between the bars, as in WeChat.
    const body = document.createElement('div')
    body.className = 'wx-body'
    body.append(scroll)
    element.append(bar, body)
    const place = document.createElement('page')
    scroll.append(place)
    page.onLoad?.(query)
    root.append(element)
    glassEasel.Element.replaceDocumentElement(page as never, scroll as never, place as never)
    return { page, element, title, ready: false }
  }

  function show(frame: Frame): void {
    for (const other of [...stack, ...kept.values()]) other.element.hidden = other !== frame
    const { route } = frame.page
    if (isTab(route)) {
      frame.element.append(tabBar)
      tabBar.replaceChildren(...parts.tabs.map((tab) => {
        const link = document.createElement('a')
        link.textContent = tab.text
        link.dataset.tab = tab.pagePath
        if (tab.pagePath === route) link.setAttribute('aria-current', 'page')
        link.addEventListener('click', () => void switchTab({ url: `/${tab.pagePath}`, fail: () => {} }))
        return link
      }))
    }
    document.title = frame.title.textContent ?? ''
    frame.page.onShow?.()
    if (!frame.ready) {
      frame.ready = true
      frame.page.onReady?.()
    }
  }
  function remove(frame: Frame): void {
    frame.page.onUnload?.()
    glassEasel.Element.pretendDetached(frame.page as never)
    frame.element.remove()
  }
  const address = (frame: Frame): string => {
    const query = Object.entries(frame.page.options).map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')
    return `#/${frame.page.route}${query === '' ? '' : `?${query}`}`
  }
  const note = (act: 'pushState' | 'replaceState'): void => history[act]({ depth: stack.length }, '', address(top()!))

  function pop(count: number): void {
    for (let n = 0; n < count && stack.length > 1; n++) remove(stack.pop()!)
    show(top()!)
  }
  /** What the stack becomes when all of it is left: a kept tab page or a new one. */
  function restart(route: string, query: Record<string, string>, keepTabs: boolean): void {
    for (const frame of stack.splice(0).reverse()) {
      if (keepTabs && isTab(frame.page.route)) {
        frame.page.onHide?.()
        kept.set(frame.page.route, frame)
      } else remove(frame)
    }
    if (!keepTabs) {
      for (const frame of kept.values()) remove(frame)
      kept.clear()
    }
    const frame = kept.get(route) ?? open(route, query)
    stack.push(frame)
    if (isTab(route)) kept.set(route, frame)
    show(frame)
    note('replaceState')
  }

  const navigateTo = promised('navigateTo', ({ url }: { url: string }) => {
    const { route, query } = split(url)
    if (isTab(route)) throw new Error('can not navigateTo a tabbar page')
    if (stack.length >= 10) throw new Error('webview count limit exceed')
    top()!.page.onHide?.()
    stack.push(open(route, query))
    show(top()!)
    note('pushState')
    return {}
  })
  const redirectTo = promised('redirectTo', ({ url }: { url: string }) => {
    const { route, query } = split(url)
    if (isTab(route)) throw new Error('can not redirectTo a tabbar page')
    const gone = stack.pop()
    if (gone) isTab(gone.page.route) ? kept.set(gone.page.route, gone) : remove(gone)
    stack.push(open(route, query))
    show(top()!)
    note('replaceState')
    return {}
  })
  const switchTab = promised('switchTab', ({ url }: { url: string }) => {
    const { route } = split(url)
    if (!isTab(route)) throw new Error('can not switch to no-tabBar page')
    restart(route, {}, true)
    return {}
  })
  const reLaunch = promised('reLaunch', ({ url }: { url: string }) => {
    const { route, query } = split(url)
    restart(route, query, false)
    return {}
  })
  const navigateBack = promised('navigateBack', ({ delta = 1 }: { delta?: number }) => {
    pop(delta)
    note('replaceState')
    return {}
  })
  addEventListener('popstate', (event) => {
    const depth = (event.state as { depth?: number } | null)?.depth ?? 1
    if (depth < stack.length) pop(stack.length - depth)
    // An address of a stack that is gone (a tab was switched since): stay, and say where we are.
    if (stack.length > 0) note('replaceState')
  })

  return {
    start(): void {
      const wished = location.hash.replace(/^#/, '')
      let first = { route: parts.pages[0], query: {} as Record<string, string> }
      try {
        if (wished !== '') first = split(wished)
      } catch {
        // An address from an older version of the shop: its home.
      }
      restart(first.route, first.query, false)
    },
    stack: () => stack.map((frame) => frame.page),
    setTitle(title: string): void {
      const frame = top()
      if (!frame) return
      frame.title.textContent = title
      document.title = title
    },
    scrollTo: (y: number): void => void top()?.element.querySelector('.wx-scroll')?.scrollTo({ top: y }),
    acts: { navigateTo, redirectTo, switchTab, reLaunch, navigateBack },
  }
}
export type Router = ReturnType<typeof createRouter>
