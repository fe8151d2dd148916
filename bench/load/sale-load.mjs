// Buyers as a process of their own: keep-alive sockets, one request at a time on each, requests built before the clock starts, every buyer from an address
// of their own (the proxy header the server believes on loopback). Input (one JSON line on stdin): {host, port, connections, file}; `file` holds requests, each
// preceded by its length (4 bytes). Output: one JSON line; latencies apart for those who got an order and those who were refused.
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { readRequests } from './requests.mjs'

const input = JSON.parse(readFileSync(0, 'utf8'))
const requests = readRequests(input.file)
let next = 0
let lastPlaced = 0
const kinds = {}
const got = []
const refused = []
const others = []
const started = performance.now()
await Promise.all(Array.from({ length: input.connections }, () => new Promise((done) => {
  const socket = net.connect(input.port, input.host)
  socket.setNoDelay(true)
  let sentAt = 0
  let buffer = ''
  const send = () => {
    if (next >= requests.length) {
      socket.end()
      done()
      return
    }
    sentAt = performance.now()
    socket.write(requests[next++])
  }
  socket.on('connect', send)
  socket.on('data', (chunk) => {
    buffer += chunk.toString('latin1')
    const head = buffer.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = Number(/content-length: (\d+)/i.exec(buffer)?.[1] ?? 0)
    if (buffer.length < head + 4 + length) return
    const kind = /"kind":"([a-z-]+)"/.exec(buffer)?.[1] ?? /"code":"([a-z/-]+)"/.exec(buffer)?.[1] ?? buffer.slice(9, 12)
    kinds[kind] = (kinds[kind] ?? 0) + 1
    buffer = ''
    const now = performance.now()
    if (kind === 'placed') {
      lastPlaced = now
      got.push(now - sentAt)
    } else (kind === 'stock-short' ? refused : others).push(now - sentAt)
    send()
  })
  socket.on('error', () => {
    kinds.broken = (kinds.broken ?? 0) + 1
    done()
  })
})))
const seconds = (performance.now() - started) / 1000
const at = (list, q) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))] ?? 0
process.stdout.write(`${JSON.stringify({ sent: next, kinds, seconds, saleSeconds: (lastPlaced - started) / 1000, placed: got.length, p50Ms: at(got, 0.5), p99Ms: at(got, 0.99), refusedP50Ms: at(refused, 0.5), refusedP99Ms: at(refused, 0.99) })}\n`)
