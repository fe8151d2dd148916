import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { CallbackAnswer, House } from './house.ts'

/**
 * The door for callbacks: they come in storms, carry no cookie and want one word back, so they do not pass through the router, hooks and cookies of the
 * console's API. Everything else goes to `otherwise`.
 */
export function callbackServer(house: Pick<House, 'receive' | 'ports'>, otherwise: RequestListener): Server {
  return createServer({ keepAlive: true, keepAliveTimeout: 72_000 }, (request, response) => {
    const url = request.url ?? ''
    if (!url.startsWith('/callback/')) {
      otherwise(request, response)
      return
    }
    take(house, request, url).then(
      (answer) => give(response, answer),
      (error: unknown) => {
        house.ports.log.error({ error: String(error) }, 'a callback could not be stored; the platform will send it again')
        give(response, { status: 500, contentType: 'text/plain', body: 'not stored' })
      },
    )
  })
}

/** A callback is a few kilobytes; more is not one. */
const bodyLimit = 1024 * 1024

async function take(house: Pick<House, 'receive'>, request: IncomingMessage, url: string): Promise<CallbackAnswer> {
  const mark = url.indexOf('?')
  const routeKey = url.slice('/callback/'.length, mark < 0 ? undefined : mark)
  const query = mark < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(mark + 1)))
  let body = ''
  if (request.method === 'POST') {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > bodyLimit) return { status: 413, contentType: 'text/plain', body: 'too large' }
      chunks.push(chunk)
    }
    body = (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)).toString('utf8')
  } else if (request.method !== 'GET') return { status: 405, contentType: 'text/plain', body: 'GET or POST' }
  return house.receive(routeKey, request.method, query, body)
}

function give(response: ServerResponse, answer: CallbackAnswer): void {
  response.writeHead(answer.status, { 'content-type': answer.contentType, 'content-length': Buffer.byteLength(answer.body), 'x-content-type-options': 'nosniff' })
  response.end(answer.body)
}
