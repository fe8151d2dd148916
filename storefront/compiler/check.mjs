/*
 * `npm run check:mini-program [-- FOLDER]`: the folder through WeChat's own compiler (miniprogram-ci), without an account. What an upload would send is
 * compiled here and thrown away; the one question that the compiler asks WeChat first, how large the packages of this appid may be, is answered with the
 * documented limits. Then the same folder, broken in five ways, must be refused each time: a check that lets everything pass is worth nothing.
 * Exit codes: 0 accepted, and every broken copy refused; 1 not so; 2 could not be tried.
 */
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const storefront = dirname(here)
const stop = (text) => {
  process.stderr.write(`${text}\n`)
  process.exit(2)
}
const run = (command, args, cwd) => {
  const { status, stderr, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', shell: process.platform === 'win32' && command === 'npm' })
  if (status !== 0) stop(`${command} ${args.join(' ')} did not succeed in ${cwd}: ${String(stderr || error).slice(-600)}`)
}
const install = (folder, sign) => {
  if (existsSync(join(folder, 'node_modules', sign))) return
  const started = Date.now()
  process.stdout.write(`installing the packages of ${folder}\n`)
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'], folder)
  process.stdout.write(`  ${Math.round((Date.now() - started) / 1000)} s\n`)
}

install(here, 'miniprogram-ci')
const base = mkdtempSync(join(tmpdir(), 'qz-mini-program-'))
process.on('exit', () => rmSync(base, { recursive: true, force: true }))
let folder = process.argv[2]
if (folder === undefined) {
  install(storefront, 'glass-easel')
  // Into a folder of its own: a server may be reading storefront/dist.
  run(process.execPath, [join(storefront, 'build.mjs'), '--out', join(base, 'built')], storefront)
  folder = join(base, 'built/miniprogram')
}
folder = resolve(folder)
if (!existsSync(join(folder, 'app.json'))) stop(`${folder} is no mini program: app.json is missing`)

// The compiler leaves folders where it runs.
process.chdir(base)
// The compiler narrates what it does, and asks for a list on the network that it can do without.
console.log = console.info = console.warn = console.error = () => {}
const ci = createRequire(import.meta.url)('miniprogram-ci')
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' })
// As platform-wide limits stood in November 2026: 2 MB a package, 20 MB in all, 2 to 5 tabs with icons of 40 kB.
const attr = { platform: false, appType: 0, isSandbox: false, released: true, setting: { MaxCodeSize: 2, MaxSubpackageSubCodeSize: 2, MaxSubpackageFullCodeSize: 20, NavigateMiniprogramLimit: 10, MaxSubPackageLimit: 100, MinTabbarCount: 2, MaxTabbarCount: 5, MaxTabbarIconSize: 40 } }

async function compile(projectPath) {
  const project = new ci.Project({ appid: 'wx0123456789abcdef', type: 'miniProgram', projectPath, privateKey, ignores: ['node_modules/**/*'] })
  project.attr = async () => attr
  try {
    return { files: Object.entries(await ci.getCompiledResult({ project, setting: { es6: true, minify: true } })) }
  } catch (error) {
    return { refused: String(error?.message ?? error).trim().split('\n').find((line) => line.trim() !== '') ?? 'no reason given' }
  }
}

const say = (line) => process.stdout.write(`${line}\n`)
const { files, refused } = await compile(folder)
if (refused !== undefined) {
  say(`refused by miniprogram-ci: ${refused}`)
  process.exit(1)
}
const bytes = files.reduce((sum, [, content]) => sum + Buffer.byteLength(content), 0)
say(`accepted by miniprogram-ci: ${files.length} files, ${Math.round(bytes / 1000)} kB of ${attr.setting.MaxCodeSize} MB`)

let passed = bytes <= attr.setting.MaxCodeSize * 2 ** 20
const { pages } = JSON.parse(readFileSync(join(folder, 'app.json'), 'utf8'))
const page = pages[pages.length - 1]
const broken = [
  ['a tag that is not closed', (copy) => appendFileSync(join(copy, `${page}.wxml`), '<view><text></view>')],
  ['a style that is not closed', (copy) => appendFileSync(join(copy, `${page}.wxss`), '.a { color: ')],
  ['a script that is none', (copy) => appendFileSync(join(copy, `${page}.js`), 'const = ;')],
  ['a component that is not there', (copy) => writeFileSync(join(copy, `${page}.json`), '{ "usingComponents": { "x": "/nowhere/x" } }')],
  ['a page without its template', (copy) => rmSync(join(copy, `${page}.wxml`))],
]
for (const [n, [what, spoil]] of broken.entries()) {
  const copy = join(base, String(n))
  cpSync(folder, copy, { recursive: true })
  spoil(copy)
  const answer = await compile(copy)
  if (answer.refused === undefined) passed = false
  say(answer.refused === undefined ? `NOT refused: ${what}` : `refused, as it must be: ${what} (${answer.refused.replaceAll(copy, '').slice(0, 110)})`)
}
// The compiler's helper process would keep this one.
process.exit(passed ? 0 : 1)
