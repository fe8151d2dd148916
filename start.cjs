#!/usr/bin/env node
/*
 * The way in: `npm start`, `npm test`, `npm run qz`. The only JavaScript file of the project, in old syntax and without dependencies, so that an
 * old Node gets a sentence instead of a stack trace. It installs what is missing, builds the console, and hands over to src/main.ts.
 */
var fs = require('fs')
var path = require('path')
var crypto = require('crypto')
var childProcess = require('child_process')

var root = __dirname
var command = process.argv[2] || 'start'
var rest = process.argv.slice(3)

function fail(zh, en) {
  process.stderr.write('\n' + zh + '\n' + en + '\n\n')
  process.exit(1)
}

var version = process.versions.node.split('.').map(Number)
if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  fail('轻舟需要 Node 20.19 或更高，现在是 ' + process.versions.node + '。请到 nodejs.org 装一个新的，再运行 npm start。',
    'Qingzhou needs Node 20.19 or later, this is ' + process.versions.node + '. Install a newer one from nodejs.org and run npm start again.')
}

var env = Object.assign({}, process.env, { npm_config_loglevel: 'error', npm_config_fund: 'false', npm_config_audit: 'false' })
function say(text) {
  if (command !== 'qz') process.stdout.write(text + '\n')
  else if (process.stderr.isTTY) process.stderr.write(text + '\n')
}
function hash(file) {
  return fs.existsSync(file) ? crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex') : 'none'
}

/* One install at a time, also when two terminals start together. A lock of a dead process is taken over. */
function withLock(work) {
  var lock = path.join(root, '.install.lock')
  var announced = false
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') {
        fail('不能写入文件夹 ' + root + '：' + error.message + '。请换一个可写的位置，或改它的权限。', 'The folder ' + root + ' cannot be written: ' + error.message + '. Move the project or change its permissions.')
      }
      var owner = Number(fs.readFileSync(lock, 'utf8'))
      var alive = true
      try { process.kill(owner, 0) } catch (e) { alive = e.code === 'EPERM' }
      if (!owner || !alive) {
        try { fs.unlinkSync(lock) } catch (e) { /* another start took it over first */ }
        continue
      }
      if (!announced) say('另一个进程正在安装，等它装完… / waiting for another install (pid ' + owner + ')')
      announced = true
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    }
  }
  function release() { try { fs.unlinkSync(lock) } catch (e) { /* gone */ } }
  process.once('exit', release) // a failing install ends the process right there
  try { return work() } finally {
    process.removeListener('exit', release)
    release()
  }
}

/* The marker is written last: an install that was cut short has none and is done again. */
function install(folder, label, optional) {
  var lockfile = path.join(folder, 'package-lock.json')
  if (!fs.existsSync(lockfile)) return false
  var marker = path.join(folder, 'node_modules', '.qingzhou-installed')
  var wanted = hash(lockfile) + ' node ' + version[0]
  if (fs.existsSync(marker) && fs.readFileSync(marker, 'utf8') === wanted) return false
  var started = Date.now()
  say('安装' + label + '… / installing ' + (path.relative(root, folder) + ' packages').trim())
  var result = childProcess.spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder, env: env, stdio: ['ignore', 'ignore', 'pipe'], shell: process.platform === 'win32' })
  if (result.status !== 0 && optional) return false
  if (result.status !== 0) {
    fail('安装没有成功（' + folder + '）：\n' + String(result.stderr || result.error).slice(-1500) + '\n网络通了以后再运行一次，会从头装好。',
      'The install did not succeed. Run the command again once the registry can be reached; it starts over cleanly.')
  }
  fs.writeFileSync(marker, wanted)
  say('  ' + Math.round((Date.now() - started) / 1000) + ' s')
  return true
}

function newestChange(folder) {
  var newest = 0
  ;(function walk(at) {
    fs.readdirSync(at, { withFileTypes: true }).forEach(function (entry) {
      if (entry.name === 'node_modules' || entry.name === 'dist') return
      var full = path.join(at, entry.name)
      if (entry.isDirectory()) walk(full)
      else newest = Math.max(newest, fs.statSync(full).mtimeMs)
    })
  })(folder)
  return newest
}

function buildConsole() {
  var folder = path.join(root, 'console')
  if (!fs.existsSync(path.join(folder, 'package.json'))) return
  var built = path.join(folder, 'dist', 'index.html')
  if (fs.existsSync(built) && fs.statSync(built).mtimeMs >= newestChange(folder)) return
  install(folder, '控制台')
  say('生成控制台… / building the console')
  var result = childProcess.spawnSync(process.execPath, [path.join(folder, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'error'], { cwd: folder, env: env, stdio: ['ignore', 'ignore', 'pipe'] })
  if (result.status !== 0) fail('控制台没有生成：\n' + String(result.stderr).slice(-1500), 'The console could not be built.')
}

/* The storefront is worth having, not worth failing for: without it everything else runs. */
function buildStorefront() {
  try {
    var folder = path.join(root, 'storefront')
    if (!fs.existsSync(path.join(folder, 'package.json'))) return
    var built = path.join(folder, 'dist', 'index.html')
    if (fs.existsSync(built) && fs.statSync(built).mtimeMs >= newestChange(folder)) return
    install(folder, '小店', true)
    childProcess.spawnSync(process.execPath, [path.join(folder, 'build.mjs')], { cwd: folder, env: env, stdio: 'ignore' })
  } catch (error) { /* no shop page then */ }
}

function run(args, extra) {
  var tsx = path.join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs')
  // A server answers callbacks, and a larger young generation makes its pauses longer. A long replay has nobody waiting: garbage is collected before the heap is many times what
  // lives, half the memory for a few percent of the time.
  var heap = args.indexOf('replay') !== -1 ? ['--max-semi-space-size=32', '--heap-growing-percent=60'] : []
  var child = childProcess.spawn(process.execPath, heap.concat(tsx).concat(args), { cwd: process.cwd(), env: Object.assign({}, env, extra || {}), stdio: 'inherit' })
  ;['SIGINT', 'SIGTERM'].forEach(function (signal) {
    process.on(signal, function () { if (signal === 'SIGTERM') child.kill(signal) })
  })
  child.on('exit', function (code, signal) { process.exit(signal ? 1 : code) })
}

withLock(function () {
  install(root, '程序')
  if (command === 'start' || command === 'test') buildConsole()
  if (command === 'start' || command === 'test') buildStorefront()
  if (command === 'test') {
    install(path.join(root, 'tests', 'clients'), '真实客户端')
    install(path.join(root, 'console'), '控制台')
  }
})

if (command === 'test') {
  var quick = rest.indexOf('--quick') >= 0
  var args = rest.filter(function (arg) { return arg !== '--quick' })
  var vitest = childProcess.spawn(process.execPath, [path.join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run'].concat(quick ? ['--exclude', 'tests/**'] : [], args), { cwd: root, env: env, stdio: 'inherit' })
  vitest.on('exit', function (code) { process.exit(code === null ? 1 : code) })
} else {
  run([path.join(root, 'src', 'main.ts')].concat(command === 'qz' ? rest : [command].concat(rest)))
}
