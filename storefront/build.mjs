/*
 * `node storefront/build.mjs [folder] [--out folder]`: runs any native mini program in a browser. First the TypeScript of the folder becomes JavaScript
 * (out/miniprogram: what the WeChat developer tools open); then templates, styles, JSON and modules are bundled with the runtime (index.html, app.js, app.css).
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const { TmplGroup } = createRequire(import.meta.url)('glass-easel-template-compiler')
const here = dirname(fileURLToPath(import.meta.url))
const args = process.argv.slice(2)
const outAt = args.indexOf('--out')
const out = resolve(outAt >= 0 ? args[outAt + 1] : join(here, 'dist'))
const given = resolve(args.find((arg, n) => !arg.startsWith('--') && (outAt < 0 || n !== outAt + 1)) ?? join(here, 'app'))
// A project of the developer tools says where its program lies.
const source = !existsSync(join(given, 'app.json')) && existsSync(join(given, 'project.config.json')) ? join(given, JSON.parse(readFileSync(join(given, 'project.config.json'), 'utf8')).miniprogramRoot ?? '') : given
// Built beside and moved into place, so that a server never reads half a build.
const building = `${out}.building`
const program = join(building, 'miniprogram')

const stop = (text) => {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
if (!existsSync(join(source, 'app.json'))) stop(`${source} is no mini program: app.json is missing`)

const filesBelow = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)])
const posixPath = (file, root) => relative(root, file).split(sep).join('/')

/** What this runtime cannot make sense of; the page shows it when something fails. */
const problems = []

// ---- 1. the folder as WeChat takes it ----
rmSync(building, { recursive: true, force: true })
mkdirSync(program, { recursive: true })
const sources = filesBelow(source)
for (const file of sources) {
  if (file.endsWith('.d.ts')) continue
  const to = join(program, relative(source, file))
  mkdirSync(dirname(to), { recursive: true })
  if (file.endsWith('.ts') || file.endsWith('.js')) {
    const name = posixPath(file, source)
    let code = ''
    try {
      code = esbuild.transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'cjs', target: 'es2018', sourcefile: name, platform: 'neutral', logLevel: 'silent' }).code
    } catch (error) {
      problems.push(`${name}: ${String(error.message).split('\n')[1] ?? error.message}`)
    }
    writeFileSync(to.replace(/\.ts$/, '.js'), code.replace(/require\("(\.[^"]+)\.ts"\)/g, 'require("$1.js")'))
  } else cpSync(file, to)
}

// ---- 2. the same folder in a browser ----
const files = filesBelow(program).map((file) => posixPath(file, program))
const read = (path) => readFileSync(join(program, path), 'utf8')
const readJson = (path) => {
  if (!files.includes(path)) return {}
  try {
    return JSON.parse(read(path))
  } catch (error) {
    return stop(`${path} is no JSON: ${error.message}`)
  }
}
const app = readJson('app.json')
const pages = [...(app.pages ?? []), ...(app.subPackages ?? app.subpackages ?? []).flatMap((pack) => pack.pages.map((page) => posix.join(pack.root, page)))]
const resolveFrom = (owner, target) => (target.startsWith('/') ? target.slice(1) : posix.normalize(posix.join(posix.dirname(owner), target)))

const known = new Set([...readFileSync(join(here, 'runtime/base-components.ts'), 'utf8').split('export const baseComponents')[1].matchAll(/^ {2}'?([a-z-]+)'?: (?:\{|group|choice)/gm)].map((found) => found[1]))
for (const tag of ['block', 'slot', 'template', 'import', 'include', 'wxs', 'label', 'navigation-bar']) known.add(tag)

const components = new Map()
const absent = new Set()
const collect = (path) => {
  if (components.has(path)) return
  const json = readJson(`${path}.json`)
  if (!files.includes(`${path}.wxml`)) return void problems.push(`${path}.wxml is missing`)
  if (!files.includes(`${path}.js`)) problems.push(`${path}.js is missing`)
  const using = {}
  components.set(path, { json, using })
  for (const [tag, target] of Object.entries({ ...(path === '' ? {} : app.usingComponents), ...json.usingComponents })) {
    if (/^(plugin|npm|weui)/.test(target)) problems.push(`${path}: component ${target} (plugins and packages are not supported)`)
    else {
      const near = resolveFrom(json.usingComponents?.[tag] === undefined ? 'app' : path, target)
      using[tag] = !files.includes(`${near}.wxml`) && files.includes(`miniprogram_npm/${target}.wxml`) ? `miniprogram_npm/${target}` : near
      collect(using[tag])
    }
  }
  const tags = new Set([...read(`${path}.wxml`).replace(/<!--[\s\S]*?-->|<wxs[\s\S]*?<\/wxs>/g, '').matchAll(/<([a-zA-Z][\w-]*)/g)].map((found) => found[1]))
  for (const tag of tags) {
    if (known.has(tag) || tag in using) continue
    absent.add(tag)
    problems.push(`${path}: <${tag}> has no base component`)
  }
}
pages.forEach(collect)

const group = new TmplGroup()
for (const file of files) {
  // Templates name a script without its ending, scripts name each other with it.
  if (file.endsWith('.wxs')) for (const name of [file.slice(0, -4), file]) group.addScript(name, read(file))
  if (!file.endsWith('.wxml')) continue
  for (const problem of group.addTmpl(file.slice(0, -5), read(file))) if (problem.isError ?? problem.level >= 3) problems.push(`${file}: ${problem.message ?? JSON.stringify(problem)}`)
}
// What the base components are made of: their children, or nothing.
group.addTmpl('wx/slot', '<slot/>')
group.addTmpl('wx/none', '')
const templates = group.getTmplGenObjectGroups()

/** WXSS to CSS: rpx becomes a share of the screen's width, imports are inlined, the rules of a page hold for that page only. */
function css(path, scope, seen = new Set()) {
  if (!files.includes(path) || seen.has(path)) return ''
  seen.add(path)
  let imported = ''
  const text = read(path).replace(/\/\*[\s\S]*?\*\//g, '').replace(/@import\s+['"]([^'"]+)['"];?/g, (_all, target) => ((imported += css(resolveFrom(path, target), scope, seen)), ''))
  return imported + rules(text.replace(/(-?\d*\.?\d+)rpx\b/g, (_all, n) => `calc(${n} * var(--rpx))`), scope)
}
function rules(text, scope) {
  let result = ''
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('{', at)
    if (open < 0) break
    let depth = 1
    let end = open + 1
    for (; end < text.length && depth > 0; end++) depth += text[end] === '{' ? 1 : text[end] === '}' ? -1 : 0
    const head = text.slice(at, open).trim()
    const body = text.slice(open + 1, end - 1)
    if (/^@(media|supports)/.test(head)) result += `${head}{${rules(body, scope)}}`
    else if (head.startsWith('@') || scope === '') result += `${head}{${body}}`
    else result += `${head.split(/,(?![^(]*\))/).map((selector) => `${scope} ${selector.trim()}`).join(',')}{${body}}`
    at = end
  }
  return result
}
const styles = readFileSync(join(here, 'runtime/base.css'), 'utf8') + css('app.wxss', '') +
  [...components.keys()].map((path) => css(`${path}.wxss`, pages.includes(path) ? `[data-page="${path}"]` : '')).join('\n')

const modules = files.filter((file) => file.endsWith('.js') && file !== 'project.config.js')
const entry = `import { start } from ${JSON.stringify(join(here, 'runtime/index.ts'))}
// What WXS has in place of RegExp and Date.
const getRegExp = (pattern, flags) => new RegExp(pattern, flags)
const getDate = (...parts) => new Date(...parts)
start({
  app: ${JSON.stringify(app)},
  pages: ${JSON.stringify(pages)},
  components: ${JSON.stringify(Object.fromEntries(components))},
  templates: ${templates},
  problems: ${JSON.stringify(problems)},
  absent: ${JSON.stringify([...absent])},
  modules: {${modules.map((file) => `\n${JSON.stringify(file)}(require, module, exports, wx, App, Page, Component, Behavior, getApp, getCurrentPages, global) {\n${read(file)}\n}`).join(',')}
  },
})`
try {
  esbuild.buildSync({
    stdin: { contents: entry, resolveDir: here, loader: 'js', sourcefile: 'mini-program' }, bundle: true, minify: true, format: 'iife', target: 'es2020', outfile: join(building, 'app.js'), logLevel: 'error', legalComments: 'none',
    define: { process: '{"env":{"NODE_ENV":"production"}}' },
  })
} catch (error) {
  stop(`the mini program could not be bundled: ${error.message}`)
}
writeFileSync(join(building, 'app.css'), esbuild.transformSync(styles, { loader: 'css', minify: true, target: 'es2020' }).code)
const mark = (file) => createHash('sha256').update(readFileSync(join(building, file))).digest('hex').slice(0, 12)
const base = outAt >= 0 ? './' : '/storefront/'
writeFileSync(join(building, 'index.html'), `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover"><meta name="color-scheme" content="light dark">
<title>${(app.window?.navigationBarTitleText ?? '').replace(/[<&]/g, '')}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="${base}app.css?${mark('app.css')}"></head>
<body><div id="app"></div><script src="${base}app.js?${mark('app.js')}"></script></body></html>
`)
rmSync(out, { recursive: true, force: true })
renameSync(building, out)
writeFileSync(join(out, 'missing.json'), JSON.stringify(problems))
for (const problem of problems) process.stderr.write(`missing: ${problem}\n`)
process.stdout.write(`${pages.length} pages, ${components.size - pages.length} components, ${Math.round(readFileSync(join(out, 'app.js')).length / 1000)} kB script, ${Math.round(readFileSync(join(out, 'app.css')).length / 1000)} kB style, ${problems.length} problems -> ${out}\n`)
