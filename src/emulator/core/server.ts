import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Emulator } from './emulator.ts'
import type { WireAnswer } from './wire.ts'

const bodyLimit = 32 * 1024 * 1024

/**
 * The HTTP front (前门) of the emulator: everything goes through `emulator.handle`. An answer with status 0 is not sent: the connection is
 * cut, which is what a caller sees of a platform that worked and then fell silent.
 * @param port 0 takes a free one.
 * @param tls certificate and key as PEM: then it speaks https.
 */
export async function serveHttp(
  emulator: Emulator, options: { port: number; host?: string; log?: (line: string) => void; tls?: { certificate: string; key: string } },
): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const settings = { keepAlive: true, keepAliveTimeout: 65_000 }
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    take(emulator, incoming).then(
      (answer) => give(answer, outgoing),
      (error: unknown) => {
        options.log?.(`request ${incoming.method} ${incoming.url?.split('?')[0]} could not be answered: ${error instanceof Error ? error.stack : String(error)}`)
        if (!outgoing.headersSent) outgoing.writeHead(500, { 'content-type': 'application/json' })
        outgoing.end(JSON.stringify({ error: { code: 'emulator/bug', zh: '模拟平台自身出错，详见日志。', en: error instanceof Error ? error.message : String(error) } }))
      },
    )
  }
  const server = options.tls ? createSecureServer({ ...settings, cert: options.tls.certificate, key: options.tls.key }, listener) : createServer(settings, listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host ?? '127.0.0.1', () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `${options.tls ? 'https' : 'http'}://${options.host === undefined || options.host === '0.0.0.0' ? '127.0.0.1' : options.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function take(emulator: Emulator, incoming: IncomingMessage): Promise<WireAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyLimit) return { status: 413, headers: {}, body: Buffer.alloc(0) }
    chunks.push(chunk)
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  return emulator.handle({
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    headers,
    body: chunks.length === 1 ? chunks[0] : Buffer.concat(chunks),
    ip: (headers['x-forwarded-for']?.split(',')[0] ?? incoming.socket.remoteAddress ?? '').trim(),
  })
}

function give(answer: WireAnswer, outgoing: ServerResponse): void {
  if (answer.status === 0) {
    outgoing.socket?.destroy()
    return
  }
  const bodyless = answer.status === 204 || answer.status === 304
  outgoing.writeHead(answer.status, bodyless ? answer.headers : { ...answer.headers, 'content-length': String(answer.body.length) })
  outgoing.end(bodyless ? undefined : answer.body)
}
