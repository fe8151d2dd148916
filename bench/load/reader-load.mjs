// Readers as a process of their own, so that the server's thread is the server's. Input: one JSON line. `pace` readers open a page each `everyMs`
// whether or not the last one came (open loop); `flat` keeps `connections` requests under way (closed loop). Output: one JSON line with latencies.
import { Agent, request } from 'node:http'
import { createInterface } from 'node:readline'

const [line] = await new Promise((resolve) => {
  const lines = []
  createInterface({ input: process.stdin }).on('line', (one) => lines.push(one)).on('close', () => resolve(lines))
})
const job = JSON.parse(line)
const agent = new Agent({ keepAlive: true, maxSockets: 512 })

function send(one) {
  return new Promise((resolve) => {
    const started = performance.now()
    const call = request({ agent, host: '127.0.0.1', port: job.port, method: one.method ?? 'GET', path: one.path, headers: one.headers }, (answer) => {
      let bytes = 0
      answer.on('data', (chunk) => (bytes += chunk.length))
      answer.on('end', () => resolve({ status: answer.statusCode, bytes, ms: performance.now() - started }))
    })
    call.on('error', () => resolve({ status: 0, bytes: 0, ms: performance.now() - started }))
    call.end(one.body)
  })
}

const results = []
const began = performance.now()
if (job.mode === 'pace') {
  // Arrivals are spread by a fixed low-discrepancy walk: no two runs differ in when somebody comes.
  const total = job.requests.length
  const gap = job.everyMs / job.readers
  await Promise.all(job.requests.map(async (one, n) => {
    const at = (n + ((n * 0.6180339887) % 1) - 0.5) * gap
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, at)))
    results.push(await send(one))
  }))
  void total
} else {
  let next = 0
  await Promise.all(Array.from({ length: job.connections }, async () => {
    while (next < job.requests.length) results.push(await send(job.requests[next++]))
  }))
}
const took = performance.now() - began
const ms = results.map((row) => row.ms).sort((a, b) => a - b)
const at = (share) => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))]
const statuses = {}
for (const row of results) statuses[row.status] = (statuses[row.status] ?? 0) + 1
process.stdout.write(`${JSON.stringify({ tookMs: took, count: results.length, perSecond: (results.length / took) * 1000, p50: at(0.5), p95: at(0.95), p99: at(0.99), bytes: results[0]?.bytes ?? 0, statuses })}\n`)
agent.destroy()
