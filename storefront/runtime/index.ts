import * as glassEasel from 'glass-easel'
import { registerBase } from './base-components.ts'
import { createRouter, type PageInstance, type Router } from './router.ts'
import { createWx } from './wx.ts'

/** What the build made of a mini program's folder. */
export type Program = {
  app: { pages: string[]; window?: Record<string, string>; tabBar?: { list: Array<{ pagePath: string; text: string }> } }
  pages: string[]
  components: Record<string, { json: Record<string, any>; using: Record<string, string> }>
  /** Compiled templates by path, as the template compiler prints them. */
  templates: Record<string, unknown>
  /** What the build could not make sense of. */
  problems: string[]
  /** Tags that nothing here draws. */
  absent: string[]
  modules: Record<string, (require: (path: string) => unknown, module: { exports: unknown }, exports: unknown, ...globals: unknown[]) => void>
}
type Options = Record<string, any>

export function start(program: Program): void {
  const root = document.getElementById('app')!
  const missing = new Set(program.problems)
  const report = (error: unknown): void => {
    const box = document.createElement('pre')
    box.className = 'wx-missing'
    box.textContent = [`页面出错：${error instanceof Error ? error.message : String(error)}`, ...(missing.size > 0 ? ['', '这个运行环境还没有：', ...missing] : [])].join('\n')
    root.append(box)
  }
  Object.assign(globalThis, { missingOfRuntime: missing })
  // A page that fails says so in its place; what WeChat's own runtime would only log does not stop the rest.
  addEventListener('unhandledrejection', (event) => console.warn('rejected and not handled', event.reason))

  let router: Router
  const wx = createWx({ root, router: () => router, missing })
  Object.assign(globalThis, { wx })

  const space = new glassEasel.ComponentSpace()
  space.updateComponentOptions({ writeIdToDOM: true })
  const template = (path: string): unknown => ({ content: program.templates[path], groupList: program.templates })
  registerBase(space, template('wx/slot'), template('wx/none'), program.absent)

  // ---- modules: CommonJS, each run once, when first asked for ----
  let app: Options = {}
  const definitions = new Map<string, Options & { kind: 'page' | 'component' }>()
  let running = ''
  const loaded = new Map<string, { exports: unknown }>()
  const App = (options: Options): void => void (app = options)
  const Page = (options: Options): void => void definitions.set(running, { ...options, kind: 'page' })
  const Component = (options: Options): void => void definitions.set(running, { ...options, kind: 'component' })
  const Behavior = (options: Options): unknown => space.defineBehavior(options as never)
  function run(path: string): unknown {
    const known = loaded.get(path)
    if (known) return known.exports
    const body = program.modules[path]
    if (!body) throw new Error(`module ${path} is missing`)
    const module = { exports: {} as unknown }
    loaded.set(path, module)
    const before = running
    running = path.replace(/\.js$/, '')
    const require = (target: string): unknown => {
      const full = new URL(target, `http://x/${path}`).pathname.slice(1)
      const names = [full, `${full}.js`, `${full}/index.js`, ...(/^[./]/.test(target) ? [] : [`miniprogram_npm/${target}.js`, `miniprogram_npm/${target}/index.js`])]
      const found = names.find((name) => name in program.modules)
      if (found === undefined) missing.add(`${path}: module ${target}`)
      return run(found ?? full)
    }
    // Sub-packages are all here: what is asked for later is there at once.
    require.async = async (target: string): Promise<unknown> => require(target)
    body(require, module, module.exports, wx, App, Page, Component, Behavior, () => app, () => router.stack(), globalThis)
    running = before
    return module.exports
  }

  // ---- components ----
  const known = new Map<string, unknown>()
  function define(path: string): unknown {
    if (known.has(path)) return known.get(path)
    const { using } = program.components[path] ?? { using: {} }
    known.set(path, undefined)
    run(`${path}.js`)
    const options = definitions.get(path) ?? { kind: 'component' as const }
    const usingComponents = Object.fromEntries(Object.entries(using).map(([tag, target]) => [tag, define(target)]))
    const common = { is: `/${path}`, using: usingComponents, template: template(path), data: options.data ?? {} }
    let definition: unknown
    if (options.kind === 'page') {
      const methods = Object.fromEntries(Object.entries(options).filter(([key, value]) => typeof value === 'function' && key !== 'kind'))
      definition = space.defineComponent({ ...common, ...given(options, ['behaviors']), methods } as never)
    } else {
      definition = space.defineComponent({
        ...common, ...given(options, ['properties', 'methods', 'observers', 'behaviors', 'relations', 'externalClasses', 'options']), lifetimes: { ...given(options, ['created', 'attached', 'ready', 'moved', 'detached']), ...options.lifetimes },
      } as never)
    }
    known.set(path, definition)
    return definition
  }

  const backend = new glassEasel.CurrentWindowBackendContext()
  function create(path: string): PageInstance {
    const definition = define(path)
    const page = glassEasel.Component.createWithContext('page', definition as never, backend as never) as unknown as PageInstance
    const options = definitions.get(path) ?? { kind: 'page' }
    for (const [key, value] of Object.entries(options)) if (typeof value !== 'function' && key !== 'data' && key !== 'kind' && options.kind === 'page') page[key] = structuredClone(value)
    const set = page.setData.bind(page)
    page.setData = (data: object, done?: () => void) => {
      set(data)
      done?.call(page)
    }
    return page
  }

  router = createRouter({
    share: (page) => void wx.__share(page).catch(() => {}),
    pages: program.pages, tabs: program.app.tabBar?.list ?? [], windowOf: (path) => ({ ...program.app.window, ...program.components[path]?.json }), create, root,
  })

  bridgeTaps(root)
  bridgeTouches(root)
  if ('qzHost' in globalThis) showLacks(root, missing)
  glassEasel.addGlobalErrorListener((error: unknown) => {
    report(error)
    return true
  })
  try {
    run('app.js')
    app.onLaunch?.({ path: program.pages[0], query: {}, scene: 1001 })
    app.onShow?.({ path: program.pages[0], query: {}, scene: 1001 })
    router.start()
  } catch (error) {
    report(error)
    throw error
  }
}

/** The engine takes an absent part and not an undefined one. */
const given = (options: Options, keys: readonly string[]): Options => Object.fromEntries(keys.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]))

/** Clicks of mouse, finger and keyboard become `tap` at the innermost element; it bubbles from there as in WeChat. */
function bridgeTaps(root: HTMLElement): void {
  type Node = HTMLElement & { __wxElement?: unknown }
  root.addEventListener('click', (event) => {
    let node = event.target as Node | null
    while (node && !node.__wxElement) node = node.parentElement as Node | null
    if (!node || (node as unknown as { disabled?: boolean }).disabled === true) return
    glassEasel.triggerEvent(node.__wxElement as never, 'tap', { x: event.clientX, y: event.clientY }, { bubbles: true, composed: true, capturePhase: true })
  })
}

/** Fingers: `touchstart` to `touchend` with their touches, `longpress` after 350 ms without moving. */
function bridgeTouches(root: HTMLElement): void {
  let held = 0
  const point = (touch: Touch) => ({ identifier: touch.identifier, pageX: touch.pageX, pageY: touch.pageY, clientX: touch.clientX, clientY: touch.clientY })
  const tell = (name: string, event: TouchEvent): void => {
    let node = event.target as (HTMLElement & { __wxElement?: unknown }) | null
    while (node && !node.__wxElement) node = node.parentElement
    if (!node) return
    const fired = new glassEasel.Event(name, { x: event.changedTouches[0]?.clientX, y: event.changedTouches[0]?.clientY }, { bubbles: true, composed: true, capturePhase: true })
    Object.assign(fired, { touches: [...event.touches].map(point), changedTouches: [...event.changedTouches].map(point) })
    glassEasel.Event.dispatchEvent(node.__wxElement as never, fired as never)
  }
  for (const name of ['touchstart', 'touchmove', 'touchend', 'touchcancel'] as const) {
    root.addEventListener(name, (event) => {
      clearTimeout(held)
      if (name === 'touchstart') held = window.setTimeout(() => tell('longpress', event), 350)
      tell(name, event)
    }, { passive: true })
  }
}

/** For whoever runs somebody's mini program in the emulator: what it asked for and this runtime does not have, on the page itself. */
function showLacks(root: HTMLElement, missing: Set<string>): void {
  const button = Object.assign(document.createElement('button'), { className: 'wx-lacks' })
  const list = Object.assign(document.createElement('div'), { className: 'wx-lacks-list', hidden: true })
  root.append(button, list)
  let seen = -1
  const refresh = (): void => {
    if (missing.size === seen) return
    seen = missing.size
    button.hidden = seen === 0
    button.textContent = `缺 ${seen} 项`
    const kinds: Array<[string, string[]]> = [['接口', []], ['组件', []], ['文件与其他', []]]
    for (const one of missing) kinds[one.startsWith('wx.') ? 0 : /component|^<|<[a-z]/.test(one) ? 1 : 2][1].push(one)
    list.replaceChildren(...kinds.filter(([, rows]) => rows.length > 0).flatMap(([title, rows]) => [
      Object.assign(document.createElement('h2'), { textContent: `${title} ${rows.length}` }), ...rows.map((row) => Object.assign(document.createElement('p'), { textContent: row })),
    ]))
    void fetch('/_mini/missing', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([...missing]) }).catch(() => {})
  }
  button.addEventListener('click', () => (list.hidden = !list.hidden))
  refresh()
  setInterval(refresh, 500)
}
