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

  let router: Router
  const wx = createWx({ root, router: () => router, missing })
  Object.assign(globalThis, { wx })

  const space = new glassEasel.ComponentSpace()
  space.updateComponentOptions({ writeIdToDOM: true })
  const template = (path: string): unknown => ({ content: program.templates[path], groupList: program.templates })
  registerBase(space, template('wx/slot'), template('wx/none'))

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
      return run(full in program.modules ? full : `${full}.js` in program.modules ? `${full}.js` : `${full}/index.js`)
    }
    body(require, module, module.exports, wx, App, Page, Component, Behavior, () => app, () => router.stack())
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
    pages: program.pages, tabs: program.app.tabBar?.list ?? [], windowOf: (path) => ({ ...program.app.window, ...program.components[path]?.json }), create, root,
  })

  bridgeTaps(root)
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
