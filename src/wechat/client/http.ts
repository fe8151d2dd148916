import { Agent, request } from 'undici'

export type HttpRequest = { method: string; url: string; headers: Record<string, string>; body: string | Buffer | undefined }
/** Header names in lower case. */
export type HttpAnswer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }

/** The way out. Rejects when no complete answer came: the caller then does not know whether the call had its effect. */
export type HttpPort = (request: HttpRequest) => Promise<HttpAnswer>

/**
 * The real network: one keep-alive agent for all lines (five times cheaper than global fetch).
 * @param timeoutMs limit for connecting, for the first byte and between bytes
 */
export function createHttpPort(options: { timeoutMs?: number; connections?: number } = {}): HttpPort & { close(): Promise<void> } {
  const timeoutMs = options.timeoutMs ?? 10_000
  const agent = new Agent({
    connections: options.connections ?? 64,
    keepAliveTimeout: 30_000,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs },
  })
  const port = async ({ method, url, headers, body }: HttpRequest): Promise<HttpAnswer> => {
    const answer = await request(url, { method: method as 'GET', headers, body: body ?? null, dispatcher: agent })
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) }
  }
  return Object.assign(port, { close: () => agent.close() })
}
