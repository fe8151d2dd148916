import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { takeLock } from '../src/cli/control.ts'
import { childEnvironment, readConfig } from '../src/kernel/config.ts'
import { root } from './setup/source.ts'

/** The launcher on folders that look like the project, with an `npm` and a program that only write down that they were called. */
let base = ''
let folder = ''
let n = 0
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'qz-start-'))
})
afterAll(() => rmSync(base, { recursive: true, force: true }))
beforeEach(() => {
  folder = join(base, `project-${++n}`)
  mkdirSync(join(folder, 'bin'), { recursive: true })
  mkdirSync(join(folder, 'src'))
  copyFileSync(join(root, 'start.cjs'), join(folder, 'start.cjs'))
  writeFileSync(join(folder, 'package-lock.json'), '{}')
  writeFileSync(join(folder, 'src/main.ts'), '')
  // `npm ci` of this test: notes the call, leaves a tsx that prints what it was asked to run.
  writeFileSync(join(folder, 'bin/npm'), [
    '#!/bin/sh', 'echo "$@" >> npm-calls', '[ -f npm-fails ] && { echo "registry cannot be reached" >&2; exit 1; }', 'mkdir -p node_modules/tsx/dist', "echo 'console.log(\"ran \" + process.argv.slice(2).join(\" \"))' > node_modules/tsx/dist/cli.mjs",
  ].join('\n'))
  chmodSync(join(folder, 'bin/npm'), 0o755)
})

const environment = () => ({ ...childEnvironment(), PATH: `${join(folder, 'bin')}:${childEnvironment().PATH}` })
function start(args: string[], before = ''): { code: number | null; out: string; err: string } {
  const script = before === '' ? [join(folder, 'start.cjs')] : ['-e', `${before}; process.argv.splice(1, 0, 'start.cjs'); require(${JSON.stringify(join(folder, 'start.cjs'))})`]
  const result = spawnSync(process.execPath, [...script, ...args], { cwd: folder, env: environment() as NodeJS.ProcessEnv, encoding: 'utf8' })
  return { code: result.status, out: result.stdout, err: result.stderr }
}
const npmCalls = (): number => (existsSync(join(folder, 'npm-calls')) ? readFileSync(join(folder, 'npm-calls'), 'utf8').trim().split('\n').length : 0)

describe('the way in', () => {
  test.each(['18.20.4', '20.18.3', '16.0.0'])('Node %s is told which it is and which is needed, in both languages, before anything else', (version) => {
    const { code, err } = start(['start'], `Object.defineProperty(process.versions, 'node', { value: '${version}' })`)
    expect(code).toBe(1)
    expect(err).toContain(`轻舟需要 Node 20.19 或更高，现在是 ${version}`)
    expect(err).toContain(`Qingzhou needs Node 20.19 or later, this is ${version}`)
    expect(npmCalls()).toBe(0)
  })

  test.each(['20.19.0', '22.12.0', '24.1.0'])('Node %s goes on', (version) => {
    const { out } = start(['start'], `Object.defineProperty(process.versions, 'node', { value: '${version}' })`)
    expect(out).toContain('ran ')
  })

  test('it is written so that a very old Node still reads it', () => {
    const source = readFileSync(join(root, 'start.cjs'), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    for (const modern of [/=>/, /\?\?/, /\?\./, /`/, /\bconst\b/, /\blet\b/, /\bclass\b/, /\basync\b/, /\.\.\./, /require\('node:/]) expect(source).not.toMatch(modern)
  })

  test('the first start installs, the second does not; a changed lock file installs again', () => {
    expect(start(['start']).out).toMatch(/installing[\s\S]*ran /)
    expect(npmCalls()).toBe(1)
    expect(start(['qz', 'config']).out).toBe(`ran ${join(folder, 'src/main.ts')} config\n`)
    expect(npmCalls()).toBe(1)
    writeFileSync(join(folder, 'package-lock.json'), '{"changed":true}')
    start(['start'])
    expect(npmCalls()).toBe(2)
  })

  test('an install that was cut short is done again: the marker is written last', () => {
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    writeFileSync(join(folder, 'node_modules/half'), '')
    expect(start(['start']).out).toContain('ran ')
    expect(npmCalls()).toBe(1)
    const marker = readFileSync(join(folder, 'node_modules/.qingzhou-installed'), 'utf8')
    expect(marker).toContain(createHash('sha256').update('{}').digest('hex'))
  })

  test('an install that fails says why and what to do, leaves no lock and no marker, and works later', () => {
    writeFileSync(join(folder, 'npm-fails'), '')
    const { code, err } = start(['start'])
    expect(code).toBe(1)
    expect(err).toContain('registry cannot be reached')
    expect(err).toContain('starts over cleanly')
    expect(existsSync(join(folder, '.install.lock'))).toBe(false)
    rmSync(join(folder, 'npm-fails'))
    expect(start(['start']).out).toContain('ran ')
  })

  test.each([['of a process that is gone', '999999'], ['that is empty', '']])('a lock %s is taken over', (_what, pid) => {
    writeFileSync(join(folder, '.install.lock'), pid)
    expect(start(['start']).out).toContain('ran ')
    expect(existsSync(join(folder, '.install.lock'))).toBe(false)
  })

  test('a start waits while another installs, and says so', async () => {
    writeFileSync(join(folder, '.install.lock'), String(process.pid))
    const child = spawn(process.execPath, [join(folder, 'start.cjs'), 'start'], { cwd: folder, env: environment() as NodeJS.ProcessEnv })
    let out = ''
    const announced = new Promise<void>((done) => child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (out.includes(`waiting for another install (pid ${process.pid})`)) done()
    }))
    const ended = new Promise<number | null>((done) => child.on('exit', done))
    await announced
    expect(out).not.toContain('ran ')
    rmSync(join(folder, '.install.lock'))
    expect(await ended).toBe(0)
    expect(out).toContain('ran ')
  })

  test('what the program answers is what the command answers: its exit code and nothing of ours on its output', () => {
    start(['start'])
    writeFileSync(join(folder, 'node_modules/tsx/dist/cli.mjs'), 'process.stdout.write("{}"); process.exit(3)')
    expect(start(['qz', 'doctor', '--json'])).toMatchObject({ code: 3, out: '{}' })
  })
})

describe('the lock of a data folder', () => {
  const config = () => ({ ...readConfig({}).config, dataDir: join(folder, 'data') })
  const lock = () => join(folder, 'data/server.lock')
  const code = (work: () => void): string => {
    try {
      work()
      return 'taken'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  test('the second start is told who has it', () => {
    expect(code(() => takeLock(config()))).toBe('taken')
    expect(JSON.parse(readFileSync(lock(), 'utf8'))).toMatchObject({ pid: process.pid })
    expect(code(() => takeLock(config()))).toBe('cli/already-running')
  })
  test.each([['a process that is gone', JSON.stringify({ pid: 999999, url: 'http://x', socket: '' })], ['something unreadable', 'half a li'], ['another program that got the number since', JSON.stringify({ pid: 1, url: 'http://x', socket: '' })]])('a lock left by %s is taken over', (_what, content) => {
    mkdirSync(join(folder, 'data'))
    writeFileSync(lock(), content)
    expect(code(() => takeLock(config()))).toBe('taken')
    expect(JSON.parse(readFileSync(lock(), 'utf8')).pid).toBe(process.pid)
  })
  test('a folder that cannot be made is refused with what to do', () => {
    writeFileSync(join(folder, 'data'), '')
    expect(code(() => takeLock(config()))).toBe('db/folder-unwritable')
  })
  test('nothing but the lock is left in the folder', () => {
    symlinkSync(folder, join(folder, 'link'))
    takeLock({ ...config(), dataDir: join(folder, 'link', 'data') })
    expect(existsSync(join(folder, `data/server.lock.${process.pid}`))).toBe(false)
  })
})
