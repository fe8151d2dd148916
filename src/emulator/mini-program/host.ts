import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'
import { z } from 'zod'
import type { Emulator } from '../core/emulator.ts'
import { PlatformError } from '../core/platform-error.ts'

/**
 * A mini program in the browser (小程序宿主): serves what storefront/build.mjs made of any native project, plays the phone for it (login, pay sheet, phone
 * number) through the emulator's acts, and passes `wx.request` on to the merchant's server, which knows nothing of browsers' cross-origin rules.
 * Only pages served here may ask it: a request of another origin is refused.
 */
export type MiniProgramHost = {
  url: string
  /** What the build and the running pages asked for and this runtime does not have. */
  missing(): string[]
  close(): Promise<void>
}

const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json', '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.gif': 'image/gif', '.svg': 'image/svg+xml', '.webp': 'image/webp' }
const bodyLimit = 4 * 1024 * 1024
const visitor = z.string().regex(/^visitor-[0-9a-f]{16}$/)
const sheet = z.object({ appId: z.string(), timeStamp: z.string(), nonceStr: z.string(), package: z.string(), signType: z.string(), paySign: z.string() })
const bodies = {
  login: z.object({ visitor }), here: z.object({ visitor }), phone: z.object({ visitor }), sheet: z.object({ visitor, sheet }), pay: z.object({ visitor, sheet }),
  request: z.object({ url: z.url({ protocol: /^https?$/ }), method: z.string().max(10), headers: z.record(z.string(), z.string()), body: z.string().optional() }), missing: z.array(z.string().max(400)).max(5000),
}

/** What was tried, what came back, what to do: the page says it to whoever runs the mini program. */
function noAnswer(url: string, method: string, error: unknown): string {
  const { origin, pathname } = new URL(url)
  const cause = (error as { cause?: { code?: string; message?: string } }).cause
  const why = cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error))
  return `${origin} 没有服务器回答（试了 ${method} ${pathname}，${why}）。先在那里把小店的服务起起来；小店在别的地址，就加 --ext '{"api":"http://127.0.0.1:端口/mall/店名/api"}' 再起模拟器`
}

export async function serveMiniProgram(emulator: Emulator, options: { folder: string; port: number; host?: string; /** What `wx.getExtConfigSync` answers: a mini program made for many merchants reads its server's address there. */ ext?: Record<string, unknown>; log?: (line: string) => void }): Promise<MiniProgramHost> {
  const { folder } = options
  const known = new Set(JSON.parse(await readFile(join(folder, 'missing.json'), 'utf8').catch(() => '[]')) as string[])
  const appId = emulator.namespace('main').accounts.find((account) => account.kind === 'mini-program')?.id ?? ''
  const settings = JSON.stringify({ emulated: '/_mini', proxy: '/_mini/request', appId, ext: options.ext ?? {} })
  const silent = new Set<string>()

  async function phone(what: string, input: unknown): Promise<unknown> {
    const act = async (name: string, args: unknown): Promise<Record<string, unknown>> => (await emulator.act('main', name, args)) as Record<string, unknown>
    if (what === 'login') return { code: (await act('miniProgram.login', { person: bodies.login.parse(input).visitor })).js_code }
    if (what === 'phone') return { code: (await act('miniProgram.authorisePhone', { person: bodies.phone.parse(input).visitor })).code }
    if (what === 'sheet') {
      const { totalFen, description } = await act('pay.openSheet', bodies.sheet.parse(input).sheet)
      return { totalFen, description }
    }
    if (what === 'pay') {
      const { visitor: person, sheet: shown } = bodies.pay.parse(input)
      await act('pay.payOrder', { prepay_id: (await act('pay.openSheet', shown)).prepay_id, person })
    }
    return { ok: true }
  }

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url ?? '/', 'http://host')
    const give = (status: number, type: string, body: string | Buffer): void => void outgoing.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    const json = (status: number, value: unknown): void => give(status, 'application/json', JSON.stringify(value))
    if (pathname.startsWith('/_mini/')) {
      const what = pathname.slice('/_mini/'.length)
      if (incoming.method === 'GET' && what === 'missing') return json(200, [...known])
      if (incoming.method !== 'POST' || !(what in bodies)) return json(404, { error: { message: `there is no ${what} here` } })
      if (incoming.headers.origin !== `http://${incoming.headers.host}`) return json(403, { error: { message: 'only the mini program served here may ask' } })
      const input = JSON.parse((await read(incoming)) || '{}') as unknown
      if (what === 'missing') {
        for (const one of bodies.missing.parse(input)) {
          if (!known.has(one)) options.log?.(`asked for and not in this runtime: ${one}`)
          known.add(one)
        }
        return json(200, {})
      }
      if (what === 'request') {
        const { url, method, headers, body } = bodies.request.parse(input)
        const got = await fetch(url, { method, headers, body: method === 'GET' ? undefined : body, redirect: 'follow' }).catch((error: unknown) => noAnswer(url, method, error))
        if (typeof got === 'string') {
          const { origin } = new URL(url)
          if (!silent.has(origin)) options.log?.(`no server answers at ${origin}, which the mini program asks: start it there, or give its address to a mini program that reads one (--ext)`)
          silent.add(origin)
          return json(502, { error: { code: 'no-server', message: got } })
        }
        return give(got.status, got.headers.get('content-type') ?? 'text/plain', Buffer.from(await got.arrayBuffer()))
      }
      return json(200, await phone(what, input))
    }
    // Pages, and whatever file of the program they name (pictures).
    if (pathname === '/') return give(200, types['.html'], (await readFile(join(folder, 'index.html'), 'utf8')).replace('<body>', `<body><script>window.qzHost=${settings}</script>`))
    const path = normalize(decodeURIComponent(pathname))
    for (const place of [folder, join(folder, 'miniprogram')]) {
      const file = join(place, path)
      const content = file.startsWith(place + sep) ? await readFile(file).catch(() => undefined) : undefined
      if (content) return give(200, types[extname(file).toLowerCase()] ?? 'application/octet-stream', content)
    }
    give(404, 'text/plain; charset=utf-8', `${path} is not in the mini program`)
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      const status = error instanceof z.ZodError || error instanceof SyntaxError ? 400 : error instanceof PlatformError ? 409 : 502
      const message = error instanceof Error ? error.message : String(error)
      if (!outgoing.headersSent) outgoing.writeHead(status, { 'content-type': 'application/json' })
      outgoing.end(JSON.stringify({ error: { message } }))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host ?? '127.0.0.1', () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  return {
    url: `http://${options.host === undefined || options.host === '0.0.0.0' ? '127.0.0.1' : options.host}:${(server.address() as AddressInfo).port}/`,
    missing: () => [...known],
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyLimit) throw new SyntaxError('the body is larger than 4 MB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
