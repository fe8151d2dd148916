// Load from a process of its own: keep-alive sockets, one request at a time on each, requests built before the clock starts.
// Input (one JSON line on stdin): {host, port, connections, seconds, ratePerSecond|null, file}; `file` holds requests, each preceded by its length (4 bytes).
// Output: one JSON line {sent, ok, failed, seconds, p50, p99}.
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { readRequests } from './requests.mjs'

const input = JSON.parse(readFileSync(0, 'utf8'))
const requests = readRequests(input.file)
let next = 0
let ok = 0
let failed = 0
const latencies = []
const started = performance.now()
const end = started + input.seconds * 1000
const gap = input.ratePerSecond ? 1000 / input.ratePerSecond : 0
let slot = started

await Promise.all(Array.from({ length: input.connections }, () => new Promise((done) => {
  const socket = net.connect(input.port, input.host)
  socket.setNoDelay(true)
  let sentAt = 0
  let buffer = ''
  const send = () => {
    if (performance.now() >= end || next >= requests.length) {
      socket.end()
      done()
      return
    }
    const request = requests[next++]
    if (gap === 0) {
      sentAt = performance.now()
      socket.write(request)
      return
    }
    // Open loop: the latency counts from the planned moment, so that a slow answer is not hidden by sending less.
    slot += gap
    const planned = slot
    const wait = planned - performance.now()
    const go = () => {
      sentAt = planned
      socket.write(request)
    }
    if (wait > 1) setTimeout(go, wait)
    else go()
  }
  socket.on('connect', send)
  socket.on('data', (chunk) => {
    buffer += chunk.toString('latin1')
    if (!buffer.endsWith('success') && !buffer.includes('\r\n\r\n')) return
    const head = buffer.indexOf('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(buffer)?.[1] ?? 0)
    if (head < 0 || buffer.length < head + 4 + length) return
    if (buffer.startsWith('HTTP/1.1 200')) ok++
    else failed++
    buffer = ''
    latencies.push(performance.now() - sentAt)
    send()
  })
  socket.on('error', () => { failed++; done() })
})))
const seconds = (performance.now() - started) / 1000
latencies.sort((a, b) => a - b)
const at = (q) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? 0
process.stdout.write(JSON.stringify({ sent: next, ok, failed, seconds, p50: at(0.5), p99: at(0.99) }) + '\n')
