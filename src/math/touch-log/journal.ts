/**
 * The journal frame: a batch of rows as bytes with a checksum, for a file that is appended to and synced between two snapshots.
 *
 * After a crash the last frame may be torn: `readJournal` returns all whole frames before it and says where the good bytes end, which is where the
 * writer goes on. Rows carry ids, so replaying frames that a snapshot already holds changes nothing.
 */
import { bytesOf, viewColumn, type ColumnKind, type ColumnSpec } from './columns.ts'
import { checksum, hex } from './checksum.ts'
import { pad8 } from './id-set.ts'
import { checkRows, type TouchRows } from './rows.ts'

const frameMagic = 0x515a4a31
const frameHeader = 64
export type JournalRead = {
  batches: Array<{ seq: number; rows: TouchRows }>
  /** Bytes up to here are whole frames. */
  goodBytes: number
  /** null = the journal ends with a whole frame. `torn`: the file ends inside a frame; `flipped`: a frame does not match its checksum. */
  damage: { kind: 'torn' | 'flipped'; byteFrom: number; found: string; expected: string } | null
}

function layoutOf(spec: ColumnSpec, count: number, hasIds: boolean): { name: string; kind: ColumnKind; at: number }[] {
  const fields: Array<{ name: string; kind: ColumnKind }> = [{ name: 'person', kind: 'u32' }, { name: 'seconds', kind: 'u32' }, { name: 'type', kind: 'u8' }]
  if (hasIds) fields.push({ name: 'id', kind: 'f64' })
  for (const [name, kind] of Object.entries(spec)) fields.push({ name: `.${name}`, kind })
  let at = frameHeader
  return fields.map(field => {
    const place = { ...field, at }
    at += pad8(count * bytesOf[field.kind])
    return place
  })
}

/** One frame. `seq` = number of the last source row in it. */
export function encodeBatch(rows: TouchRows, spec: ColumnSpec, seq: number): Uint8Array {
  const count = checkRows(rows, spec)
  const fields = layoutOf(spec, count, rows.id !== undefined)
  const last = fields[fields.length - 1]
  const bytes = new Uint8Array(last.at + pad8(count * bytesOf[last.kind]))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, frameMagic, true)
  view.setUint32(4, count, true)
  view.setFloat64(8, bytes.length, true)
  view.setFloat64(16, seq, true)
  view.setUint32(24, rows.id ? 1 : 0, true)
  view.setUint32(28, Object.keys(spec).length, true)
  for (const field of fields) {
    const values = field.name.startsWith('.') ? (rows.columns as Record<string, ArrayLike<number>>)[field.name.slice(1)] : (rows[field.name as 'person'] as ArrayLike<number>)
    viewColumn(field.kind, bytes.buffer, field.at, count).set(values)
  }
  // The header has a checksum of its own: only then can a wrong length be told from a file that ends early.
  checksum(bytes.subarray(frameHeader)).forEach((lane, i) => view.setUint32(32 + i * 4, lane, true))
  checksum(bytes.subarray(0, 48)).forEach((lane, i) => view.setUint32(48 + i * 4, lane, true))
  return bytes
}

export function readJournal(bytes: Uint8Array, spec: ColumnSpec): JournalRead {
  const batches: JournalRead['batches'] = []
  let at = 0
  while (at < bytes.length) {
    const damage = (kind: 'torn' | 'flipped', found: string, expected: string): JournalRead => ({ batches, goodBytes: at, damage: { kind, byteFrom: at, found, expected } })
    if (at + frameHeader > bytes.length) return damage('torn', `${bytes.length - at} bytes`, `at least ${frameHeader} bytes`)
    const head = new DataView(bytes.buffer, bytes.byteOffset + at, frameHeader)
    const length = head.getFloat64(8, true)
    const headFound = checksum(bytes.slice(at, at + 48))
    if (head.getUint32(0, true) !== frameMagic || !headFound.every((lane, i) => lane === head.getUint32(48 + i * 4, true))) {
      return damage('flipped', `header checksum ${hex(headFound)}`, 'the header as written')
    }
    if (at + length > bytes.length) return damage('torn', `${bytes.length - at} bytes`, `${length} bytes`)
    const frame = bytes.slice(at, at + length)
    const view = new DataView(frame.buffer)
    const stored = Uint32Array.from({ length: 4 }, (_, i) => view.getUint32(32 + i * 4, true))
    const found = checksum(frame.subarray(frameHeader))
    if (!found.every((lane, i) => lane === stored[i])) return damage('flipped', hex(found), hex(stored))
    const count = view.getUint32(4, true)
    const hasIds = view.getUint32(24, true) === 1
    if (view.getUint32(28, true) !== Object.keys(spec).length) return damage('flipped', `${view.getUint32(28, true)} columns`, `${Object.keys(spec).length} columns`)
    const columns: Record<string, ArrayLike<number>> = {}
    const rows: Record<string, ArrayLike<number>> = {}
    for (const field of layoutOf(spec, count, hasIds)) {
      const values = viewColumn(field.kind, frame.buffer, field.at, count)
      if (field.name.startsWith('.')) columns[field.name.slice(1)] = values
      else rows[field.name] = values
    }
    batches.push({ seq: view.getFloat64(16, true), rows: { person: rows.person, seconds: rows.seconds, type: rows.type, ...(hasIds ? { id: rows.id } : {}), columns } })
    at += length
  }
  return { batches, goodBytes: at, damage: null }
}
