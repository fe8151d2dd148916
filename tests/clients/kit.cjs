// What the cases share: named checks run in order, one JSON line of results, and the emulator's doors.
'use strict'
const http = require('node:http')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const assert = require('node:assert/strict')

const emulator = process.env.QZ_EMULATOR
const identity = JSON.parse(process.env.QZ_IDENTITY)
const checks = []
const endings = []

function check(name, work) {
  checks.push({ name, work })
}

async function ask(method, url, body) {
  const init = { method, headers: { 'content-type': 'application/json' } }
  if (body !== undefined) init.body = JSON.stringify(body)
  const answer = await fetch(`${emulator}${url}`, init)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url}: HTTP ${answer.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

/** An act of people or of the platform. */
const act = async (name, args) => (await ask('POST', '/_emulator/acts', { act: name, args })).result
const account = async (kind) => {
  const found = (await ask('GET', '/_emulator/accounts')).accounts.find((item) => item.kind === kind)
  assert.ok(found, `the emulator has no account of kind ${kind}`)
  return found
}
/** 'answer' adds a blank to every answer (still JSON, another signature), 'json' breaks it, 'push' changes a byte of every push, 'none' nothing. */
const tamper = (what) => ask('POST', `/_test/tamper?what=${what}`)
const expireTokens = () => act('core.expireTokens', {})
const deliveries = async () => (await ask('GET', '/_emulator/deliveries')).deliveries

/**
 * A merchant's receiver. `handle(request)` is given method, url, headers and body text; what it returns is the answer's body, what it
 * throws becomes a 500. Every request is remembered with what came of it.
 */
async function receiver(handle) {
  const seen = []
  const server = http.createServer((incoming, outgoing) => {
    const chunks = []
    incoming.on('data', (chunk) => chunks.push(chunk))
    incoming.on('end', async () => {
      const request = { method: incoming.method, url: incoming.url, headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8') }
      try {
        const body = await handle(request)
        seen.push({ ok: true, request })
        outgoing.end(body === undefined ? 'success' : body)
      } catch (error) {
        seen.push({ ok: false, request, error: String(error && error.message) })
        outgoing.writeHead(500)
        outgoing.end('refused')
      }
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  endings.push(() => new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  }))
  return { url: `http://127.0.0.1:${server.address().port}`, seen }
}

/** Sends what is due and waits for the answers. */
const pump = () => ask('POST', '/_emulator/pump')

async function refused(work, expected) {
  let value
  try {
    value = await work()
  } catch (error) {
    if (expected) expected(error)
    return error
  }
  assert.fail(`should have been refused, answered ${JSON.stringify(value)}`)
}

const scratch = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qz-client-'))
  endings.push(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function run() {
  const results = []
  for (const { name, work } of checks) {
    try {
      await tamper('none')
      await work()
      results.push({ name, ok: true })
    } catch (error) {
      results.push({ name, ok: false, error: String((error && error.stack) || error).slice(0, 1500) })
    }
  }
  await tamper('none')
  for (const end of endings) await end()
  process.stdout.write(`QZ-RESULTS ${JSON.stringify(results)}\n`)
}

module.exports = { account, act, ask, assert, check, deliveries, emulator, expireTokens, identity, pump, receiver, refused, run, scratch, tamper }
