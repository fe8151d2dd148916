import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type pg from 'pg'
import { types } from './db.ts'

/**
 * One connection to PostgreSQL over its own protocol (version 3), for whoever sends many short statements on a single connection: the simulator. Each
 * text is parsed and described once and afterwards only bound; everything that is asked within one turn of the event loop travels in one write with one
 * Sync, and is answered in one. Values are read and written as `pg` does it. Only a Unix socket and only trusted users: no passwords, no TLS.
 */
export type Wire = {
  /** Sent at the end of this turn, in order. */
  query(text: string, params?: readonly unknown[]): Promise<WireResult>
  /** Sent with what is asked next, at the latest by `settle` or `close`. */
  ahead(text: string): Promise<WireResult>
  /** Several statements in one text, without parameters: answered with the last one's result. */
  script(text: string): Promise<WireResult>
  /** Everything that was given has been answered. */
  settle(): Promise<void>
  close(): Promise<void>
}
export type WireResult = { rows: Record<string, unknown>[]; rowCount: number; command: string }

type Column = { name: string; oid: number; read: (text: string) => unknown }
type Statement = { name: string; known: boolean; columns: Column[] }
type Item = { statement: Statement | undefined; parses: boolean; rows: Record<string, unknown>[]; tag: string; resolve: (result: WireResult) => void; reject: (error: unknown) => void }

const chunk = 256 * 1024
const noParams: readonly unknown[] = []

export function openWire(config: pg.ClientConfig): Promise<Wire> {
  const statements = new Map<string, Statement>()
  // Items in the order of sending; a segment ends with a Sync, and after a failure the server skips to it.
  const sent: Array<Item | 'sync'> = []
  let first = 0
  let failure: { error: unknown } | undefined
  let lost: { error: Error } | undefined
  let settled: Array<() => void> = []
  let socket!: Socket

  // Outgoing: frames are written into a chunk that is never written twice, so that the socket may keep a part of it.
  let out = Buffer.allocUnsafe(chunk)
  let start = 0
  let at = 0
  let unsynced = false
  let scheduled = false
  const room = (bytes: number): void => {
    if (at + bytes <= out.length) return
    const kept = out.subarray(start, at)
    out = Buffer.allocUnsafe(Math.max(chunk, (kept.length + bytes) * 2))
    kept.copy(out)
    at = kept.length
    start = 0
  }
  const text = (value: string): void => {
    room(value.length * 3 + 1)
    at += out.write(value, at, 'utf8')
    out[at++] = 0
  }
  const frame = (kind: number, body: () => void): void => {
    room(16)
    out[at++] = kind
    const offset = at - start
    at += 4
    body()
    out.writeInt32BE(at - start - offset, start + offset)
  }
  const int16 = (value: number): void => void (at = out.writeInt16BE(value, at))
  const flush = (): void => {
    scheduled = false
    if (unsynced) {
      frame(0x53, () => {}) // Sync
      sent.push('sync')
      unsynced = false
    }
    if (at === start) return
    socket.write(out.subarray(start, at))
    start = at
  }
  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    process.nextTick(flush)
  }

  function bind(statement: Statement, params: readonly unknown[]): void {
    const values = params.map(asParameter)
    frame(0x42, () => {
      text('')
      text(statement.name)
      room(values.length * 6 + 8)
      int16(values.length)
      for (const value of values) int16(typeof value === 'object' && value !== null ? 1 : 0)
      int16(values.length)
      for (const value of values) {
        if (value === null) {
          room(4)
          at = out.writeInt32BE(-1, at)
        } else if (typeof value === 'string') {
          room(value.length * 3 + 4)
          const length = out.write(value, at + 4, 'utf8')
          at = out.writeInt32BE(length, at) + length
        } else {
          room(value.length + 4)
          at = out.writeInt32BE(value.length, at)
          at += value.copy(out, at)
        }
      }
      room(2)
      int16(0)
    })
  }

  function give(query: string, params: readonly unknown[]): Promise<WireResult> {
    if (lost) return Promise.reject(lost.error)
    let statement = statements.get(query)
    if (statement === undefined) statements.set(query, (statement = { name: `s${statements.size}`, known: false, columns: [] }))
    const one = statement
    const parses = !one.known
    if (parses) {
      one.known = true
      frame(0x50, () => (text(one.name), text(query), room(2), int16(0))) // Parse
      frame(0x44, () => (room(1), (out[at++] = 0x53), text(one.name))) // Describe
    }
    bind(one, params)
    frame(0x45, () => (text(''), room(4), (at = out.writeInt32BE(0, at)))) // Execute
    unsynced = true
    return new Promise((resolve, reject) => sent.push({ statement: one, parses, rows: [], tag: '', resolve, reject }))
  }

  // Incoming.
  let left: Buffer | undefined
  function receive(data: Buffer): void {
    let input = data
    if (left) {
      input = Buffer.concat([left, data])
      left = undefined
    }
    let p = 0
    while (p + 5 <= input.length) {
      const length = input.readInt32BE(p + 1)
      if (p + 1 + length > input.length) break
      message(input[p], input, p + 5, p + 1 + length)
      p += 1 + length
    }
    if (p < input.length) left = Buffer.from(input.subarray(p)) // a copy: the socket reads into the same buffer again
    if (first > 4096 || first === sent.length) {
      sent.splice(0, first)
      first = 0
    }
  }

  function message(kind: number, input: Buffer, from: number, to: number): void {
    const item = sent[first]
    switch (kind) {
      case 0x44: // DataRow
        if (item !== 'sync' && item?.statement) item.rows.push(readRow(item.statement.columns, input, from))
        return
      case 0x43: { // CommandComplete
        if (item === 'sync' || item === undefined) return
        item.tag = input.toString('latin1', from, to - 1)
        if (item.statement) finish(item)
        return
      }
      case 0x49: // EmptyQueryResponse
        if (item !== 'sync' && item?.statement) finish(item)
        return
      case 0x54: // RowDescription
        if (item !== 'sync' && item?.statement) item.statement.columns = readColumns(input, from)
        return
      case 0x31: // ParseComplete
        if (item !== 'sync' && item !== undefined) item.parses = false
        return
      case 0x45: { // ErrorResponse
        const error = readError(input, from)
        if (item === undefined) return lose(error)
        failure ??= { error }
        return
      }
      case 0x52: // Authentication
        if (input.readInt32BE(from) !== 0) lose(new Error('the database asks for a password; this connection knows none'))
        return
      case 0x5a: // ReadyForQuery
        ready()
        return
      default: // BindComplete, NoData, ParameterDescription, ParameterStatus, notices
    }
  }

  function finish(item: Item): void {
    first++
    item.resolve({ rows: item.rows, rowCount: Number(/\d+$/.exec(item.tag)?.[0] ?? 0), command: /^\S*/.exec(item.tag)![0] })
  }

  /** A segment is over: what the server skipped in it after a failure has failed with it. */
  function ready(): void {
    for (; first < sent.length; first++) {
      const item = sent[first]
      if (item === 'sync') {
        first++
        break
      }
      if (failure === undefined) {
        finish(item) // a script, whose end is this message
        first--
      } else {
        if (item.statement && item.parses) item.statement.known = false
        item.reject(failure.error)
      }
      if (item.statement === undefined) {
        first++
        break
      }
    }
    failure = undefined
    if (first === sent.length) for (const done of settled.splice(0)) done()
  }

  function lose(error: Error): void {
    lost ??= { error: (failure?.error as Error | undefined) ?? error } // the server says why before it goes
    for (const item of sent.splice(0)) if (item !== 'sync') item.reject(lost.error)
    first = 0
    for (const done of settled.splice(0)) done()
  }

  const wire: Wire = {
    query(query, params = noParams) {
      const answer = give(query, params)
      schedule()
      return answer
    },
    ahead: (query) => give(query, noParams),
    script(query) {
      if (lost) return Promise.reject(lost.error)
      if (unsynced) {
        frame(0x53, () => {})
        sent.push('sync')
        unsynced = false
      }
      frame(0x51, () => text(query)) // Query, which is its own Sync
      schedule()
      return new Promise((resolve, reject) => sent.push({ statement: undefined, parses: false, rows: [], tag: '', resolve, reject }))
    },
    async settle() {
      flush()
      if (first < sent.length && !lost) await new Promise<void>((done) => settled.push(done))
    },
    async close() {
      await wire.settle()
      if (lost) return
      lost = { error: new Error('the connection to the database was closed') }
      frame(0x58, () => {}) // Terminate
      socket.write(out.subarray(start, at))
      await new Promise<void>((done) => (socket.once('close', () => done()), socket.end()))
    },
  }

  return new Promise((resolve, reject) => {
    const incoming = Buffer.allocUnsafe(chunk)
    socket = connect({
      path: join(config.host!, `.s.PGSQL.${config.port ?? 5432}`),
      onread: { buffer: incoming, callback: (bytes) => (receive(incoming.subarray(0, bytes)), true) },
    })
    socket.on('error', (error) => (lose(error), reject(error)))
    socket.on('close', () => (lose(new Error('the database ended the connection')), reject(lost!.error)))
    socket.on('connect', () => {
      room(256)
      const offset = at
      at += 4
      at = out.writeInt32BE(196_608, at) // protocol 3.0
      // Each statement is planned once: planning again for every set of values costs more than these short statements.
      for (const part of ['user', String(config.user), 'database', String(config.database), 'client_encoding', 'UTF8', 'options', '-c plan_cache_mode=force_generic_plan', '']) text(part)
      out.writeInt32BE(at - offset, offset)
      // Answered by AuthenticationOk and, like a script, by ReadyForQuery.
      sent.push({ statement: undefined, parses: false, rows: [], tag: '', resolve: () => resolve(wire), reject })
      flush()
    })
  })
}

/** As text; bytes as they are. */
function asParameter(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value !== 'object') return String(value)
  if (Buffer.isBuffer(value)) return value
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return Array.isArray(value) ? arrayText(value) : JSON.stringify(value)
}

function arrayText(values: readonly unknown[]): string {
  let text = '{'
  for (let n = 0; n < values.length; n++) {
    const value = values[n]
    if (n > 0) text += ','
    if (value === null || value === undefined) text += 'NULL'
    else if (typeof value === 'number') text += String(value)
    else if (Array.isArray(value)) text += arrayText(value)
    else {
      const one = asParameter(value)!
      text += typeof one === 'string' ? `"${/["\\]/.test(one) ? one.replace(/["\\]/g, '\\$&') : one}"` : `\\\\x${one.toString('hex')}`
    }
  }
  return `${text}}`
}

function readColumns(input: Buffer, from: number): Column[] {
  const count = input.readInt16BE(from)
  const columns: Column[] = []
  let p = from + 2
  for (let n = 0; n < count; n++) {
    const end = input.indexOf(0, p)
    const name = input.toString('utf8', p, end)
    const oid = input.readUInt32BE(end + 7)
    columns.push({ name, oid, read: types.getTypeParser(oid, 'text') as (text: string) => unknown })
    p = end + 19
  }
  return columns
}

function readRow(columns: readonly Column[], input: Buffer, from: number): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  let p = from + 2
  for (const { name, oid, read } of columns) {
    const length = input.readInt32BE(p)
    p += 4
    if (length < 0) {
      row[name] = null
      continue
    }
    const end = p + length
    if ((oid === 20 || oid === 23 || oid === 21) && length < 16) row[name] = readInteger(input, p, end)
    else if (oid === 25 || oid === 2950) row[name] = input.toString('utf8', p, end)
    else if (oid === 16) row[name] = input[p] === 0x74
    else row[name] = read(input.toString('utf8', p, end))
    p = end
  }
  return row
}

function readInteger(input: Buffer, from: number, to: number): number {
  const negative = input[from] === 0x2d
  let value = 0
  for (let p = negative ? from + 1 : from; p < to; p++) value = value * 10 + input[p] - 0x30
  return negative ? -value : value
}

const errorFields: Record<string, string> = { S: 'severity', C: 'code', M: 'message', D: 'detail', H: 'hint', P: 'position', W: 'where', s: 'schema', t: 'table', c: 'column', d: 'dataType', n: 'constraint', R: 'routine' }

function readError(input: Buffer, from: number): Error {
  const fields: Record<string, string> = {}
  for (let p = from; input[p] !== 0; ) {
    const end = input.indexOf(0, p)
    const name = errorFields[String.fromCharCode(input[p])]
    if (name !== undefined) fields[name] = input.toString('utf8', p + 1, end)
    p = end + 1
  }
  const { message, ...rest } = fields
  return Object.assign(new Error(message), { name: 'error' }, rest)
}
