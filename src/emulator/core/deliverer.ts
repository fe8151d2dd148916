import { Agent, request as httpRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { Timers } from '../../kernel/clock.ts'
import type { Sealed, Send } from './wire.ts'

/** Carries pushes over HTTP with connections kept open. Rejects when the time limit passes or the connection fails. */
export function httpSend(timers: Timers, options: { sockets?: number } = {}): Send & { close(): void } {
  const settings = { keepAlive: true, maxSockets: options.sockets ?? 64, scheduling: 'lifo' as const }
  const agent = new Agent(settings)
  const secureAgent = new SecureAgent(settings)

  const attempt = (push: Sealed, timeLimitMs: number): Promise<{ status: number; body: string; reused?: boolean }> =>
    new Promise((resolve, reject) => {
      const secure = push.url.startsWith('https:')
      const length = Buffer.byteLength(push.body)
      const headers = push.method === 'POST' ? { ...push.headers, 'content-length': String(length) } : push.headers
      const outgoing = (secure ? secureRequest : httpRequest)(push.url, { method: push.method, headers, agent: secure ? secureAgent : agent }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => {
          cancel()
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') })
        })
        incoming.on('error', fail)
      })
      const cancel = timers.after(timeLimitMs, () => outgoing.destroy(new Error(`no answer within ${timeLimitMs} ms`)))
      function fail(error: Error): void {
        cancel()
        reject(outgoing.reusedSocket ? Object.assign(error, { reused: true }) : error)
      }
      outgoing.on('error', fail)
      outgoing.end(push.method === 'POST' ? push.body : undefined)
    })

  const send: Send = async (push, timeLimitMs) => {
    try {
      return await attempt(push, timeLimitMs)
    } catch (error) {
      // A kept connection that the receiver closed meanwhile is not a failed push: the platform would have opened a new one.
      if ((error as { reused?: boolean; code?: string }).reused && (error as { code?: string }).code === 'ECONNRESET') return attempt(push, timeLimitMs)
      throw error
    }
  }
  return Object.assign(send, {
    close() {
      agent.destroy()
      secureAgent.destroy()
    },
  })
}
