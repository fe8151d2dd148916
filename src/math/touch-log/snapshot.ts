/**
 * The snapshot: one run of bytes, little-endian, every part of it under a checksum.
 *
 * header   64 B   magic, version, byte order, person/row counts, the book's sequence number, total length, checksum of the header
 * section  32 B + payload (padded to 8)   tag, index, payload length, checksum of both
 * Sections: 1 columns, 2 one per partition with rows, 3 ids (if kept). Columns inside a partition are 8-byte aligned, so that opening makes views
 * on the bytes and copies nothing: the cold start is reading the file plus one pass of the checksum.
 */
import { bytesOf, viewColumn, type ColumnKind, type ColumnSpec } from './columns.ts'
import { checksum, hex } from './checksum.ts'
import { pad8, readIds, writeIds, type IdSet } from './id-set.ts'
import type { Partition } from './partition.ts'

export type SnapshotState = {
  partitionPersons: number
  personCount: number
  spec: ColumnSpec
  partitions: Array<Partition | undefined>
  ids: IdSet | null
  /** Bounds of the seconds and the types seen, as the log keeps them. */
  firstSecond: number
  lastSecond: number
  seq: number
  rows: number
}

/** What is wrong with a snapshot, and where. Byte positions are from the start of the file, `byteTo` exclusive. */
export type Damage = {
  kind: 'not-a-snapshot' | 'other-version' | 'torn' | 'flipped' | 'too-long'
  section: string
  byteFrom: number
  byteTo: number
  found: string
  expected: string
  /** Persons whose rows the damaged part holds; null when the damage is not in a partition. */
  persons: { from: number; to: number } | null
}

const magic = [0x515a544f, 0x5543480a]
const version = 1
const headerBytes = 64
const sectionBytes = 32
const kinds: readonly ColumnKind[] = ['u8', 'u16', 'u32', 'f32', 'f64']

function section(tag: number, index: number, payload: Uint8Array, into: Uint8Array, at: number): number {
  const view = new DataView(into.buffer, into.byteOffset)
  view.setUint32(at, tag, true)
  view.setUint32(at + 4, index, true)
  view.setFloat64(at + 8, payload.length, true)
  into.set(payload, at + sectionBytes)
  seal(into, at)
  return at + sectionBytes + payload.length
}

/** The checksum covers the first 16 bytes of the section header and the payload: both are hashed, the two results are hashed together. */
function sealOf(bytes: Uint8Array, at: number, payloadBytes: number): Uint32Array {
  const both = new Uint32Array(8)
  both.set(checksum(bytes.subarray(at, at + 16)))
  both.set(checksum(bytes.subarray(at + sectionBytes, at + sectionBytes + payloadBytes)), 4)
  // The payload's lanes stay readable in the sum: a change of one word changes exactly one of them.
  return Uint32Array.from({ length: 4 }, (_, i) => both[i + 4] ^ ((both[i] << 7) | (both[i] >>> 25)))
}
function seal(bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const lanes = sealOf(bytes, at, view.getFloat64(at + 8, true))
  lanes.forEach((lane, i) => view.setUint32(at + 16 + i * 4, lane, true))
}

function columnsPayload(state: SnapshotState): Uint8Array {
  const entries = Object.entries(state.spec)
  const text = entries.map(([name, kind]) => `${name}:${kind}`).join(',')
  const bytes = new Uint8Array(pad8(4 + text.length))
  new DataView(bytes.buffer).setUint32(0, text.length, true)
  for (let i = 0; i < text.length; i++) bytes[4 + i] = text.charCodeAt(i)
  return bytes
}

function partitionBytes(partition: Partition, spec: readonly ColumnKind[]): number {
  const rows = partition.base.seconds.length
  return 16 + pad8((partition.persons + 1) * 4) + pad8(rows * 4) + pad8(rows) + spec.reduce((sum, kind) => sum + pad8(rows * bytesOf[kind]), 0)
}

/** Writes a merged state. The caller stores the bytes; a stored snapshot is the state at `seq` and nothing newer. */
export function writeSnapshot(state: SnapshotState): Uint8Array {
  const specKinds = Object.values(state.spec)
  const parts = state.partitions.filter(partition => partition !== undefined)
  const columns = columnsPayload(state)
  const ids = state.ids ? writeIds(state.ids) : null
  let total = headerBytes + sectionBytes + columns.length
  for (const partition of parts) total += sectionBytes + partitionBytes(partition, specKinds)
  if (ids) total += sectionBytes + ids.length
  const bytes = new Uint8Array(total)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic[0], true)
  view.setUint32(4, magic[1], true)
  view.setUint32(8, version, true)
  view.setUint32(12, state.partitionPersons, true)
  view.setFloat64(16, total, true)
  view.setUint32(24, state.personCount, true)
  view.setUint32(28, parts.length + 1 + (ids ? 1 : 0), true)
  view.setFloat64(32, state.seq, true)
  view.setUint32(40, state.firstSecond, true)
  view.setUint32(44, state.lastSecond, true)
  checksum(bytes.subarray(0, 48)).forEach((lane, i) => view.setUint32(48 + i * 4, lane, true))
  let at = section(1, 0, columns, bytes, headerBytes)
  for (const partition of parts) {
    const payload = partitionBytes(partition, specKinds)
    const index = partition.firstPerson / state.partitionPersons
    view.setUint32(at, 2, true)
    view.setUint32(at + 4, index, true)
    view.setFloat64(at + 8, payload, true)
    const { base, persons, firstPerson } = partition
    const rows = base.seconds.length
    let to = at + sectionBytes
    view.setUint32(to, firstPerson, true)
    view.setUint32(to + 4, persons, true)
    view.setUint32(to + 8, rows, true)
    to += 16
    new Uint32Array(bytes.buffer, to, persons + 1).set(base.offsets)
    to += pad8((persons + 1) * 4)
    new Uint32Array(bytes.buffer, to, rows).set(base.seconds)
    to += pad8(rows * 4)
    bytes.set(base.type, to)
    to += pad8(rows)
    base.columns.forEach((column, c) => {
      viewColumn(specKinds[c], bytes.buffer, to, rows).set(column)
      to += pad8(rows * bytesOf[specKinds[c]])
    })
    seal(bytes, at)
    at = to
  }
  if (ids) at = section(3, 0, ids, bytes, at)
  return bytes
}

export type Opened = { state: SnapshotState; damage: Damage[] } | { state: null; damage: Damage[] }

/**
 * Reads a snapshot and checks all of it. With damage in partitions only, `state` holds the intact partitions and `damage` says which persons to read again
 * from the source; with damage to the header, columns or ids there is no state.
 */
export function readSnapshot(input: Uint8Array): Opened {
  // Views need 8-byte alignment; bytes read from a file into their own buffer have it.
  const bytes = input.byteOffset % 8 === 0 ? input : input.slice()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const damage: Damage[] = []
  const add = (kind: Damage['kind'], name: string, byteFrom: number, byteTo: number, found: unknown, expected: unknown, persons: Damage['persons'] = null): void => {
    damage.push({ kind, section: name, byteFrom, byteTo, found: String(found), expected: String(expected), persons })
  }
  if (bytes.length < headerBytes) {
    add('torn', 'header', 0, headerBytes, `${bytes.length} bytes`, `at least ${headerBytes} bytes`)
    return { state: null, damage }
  }
  const wanted = checksum(bytes.subarray(0, 48))
  const stored = Uint32Array.from({ length: 4 }, (_, i) => view.getUint32(48 + i * 4, true))
  const headerOk = wanted.every((lane, i) => lane === stored[i])
  if (view.getUint32(0, true) !== magic[0] || view.getUint32(4, true) !== magic[1]) {
    add(headerOk ? 'not-a-snapshot' : 'flipped', 'header', 0, 8, hex(Uint32Array.of(view.getUint32(0, true), view.getUint32(4, true))), hex(Uint32Array.from(magic)))
    return { state: null, damage }
  }
  if (!headerOk) {
    add('flipped', 'header', 0, headerBytes, hex(wanted), hex(stored))
    return { state: null, damage }
  }
  if (view.getUint32(8, true) !== version) {
    add('other-version', 'header', 8, 12, view.getUint32(8, true), version)
    return { state: null, damage }
  }
  const total = view.getFloat64(16, true)
  const partitionPersons = view.getUint32(12, true)
  const sections = view.getUint32(28, true)
  if (bytes.length > total) add('too-long', 'end of file', total, bytes.length, `${bytes.length} bytes`, `${total} bytes`)
  const state: SnapshotState = {
    partitionPersons, personCount: view.getUint32(24, true), spec: {}, partitions: [], ids: null,
    firstSecond: view.getUint32(40, true), lastSecond: view.getUint32(44, true), seq: view.getFloat64(32, true), rows: 0,
  }
  let specKinds: ColumnKind[] = []
  let at = headerBytes
  let usable = bytes.length <= total
  let next = 0
  const personsFrom = (partition: number): Damage['persons'] => ({ from: partition * partitionPersons, to: state.personCount })
  for (let s = 0; s < sections; s++) {
    const name = s === 0 ? 'columns' : `section ${s}`
    const lost = (): void => { add('torn', name, at, total, `end at byte ${bytes.length}`, `${total} bytes`, s === 0 ? null : personsFrom(next)) }
    if (at + sectionBytes > bytes.length) { lost(); if (s === 0) usable = false; break }
    const tag = view.getUint32(at, true)
    const index = view.getUint32(at + 4, true)
    const length = view.getFloat64(at + 8, true)
    const label = tag === 1 ? 'columns' : tag === 2 ? `partition ${index}` : tag === 3 ? 'ids' : name
    const sane = tag >= 1 && tag <= 3 && Number.isInteger(length) && length >= 0 && length % 8 === 0 && at + sectionBytes + length <= total
    if (!sane) {
      // The length cannot be trusted, so nothing after it can be found.
      add('flipped', label, at, at + sectionBytes, `tag ${tag}, length ${length}`, 'a known tag and a length inside the file', s === 0 ? null : personsFrom(next))
      usable = usable && s > 0
      break
    }
    const end = at + sectionBytes + length
    if (end > bytes.length) {
      add('torn', label, at, end, `end at byte ${bytes.length}`, `byte ${end}`, tag === 2 ? personsFrom(index) : null)
      if (tag !== 2) usable = false
      break
    }
    const found = sealOf(bytes, at, length)
    const kept = Uint32Array.from({ length: 4 }, (_, i) => view.getUint32(at + 16 + i * 4, true))
    if (!found.every((lane, i) => lane === kept[i])) {
      // The index may be what flipped, so the persons are bounded by the intact neighbours: the one before here, the one after below.
      add('flipped', label, at, end, hex(found), hex(kept), tag === 2 ? personsFrom(next) : null)
      if (tag !== 2) usable = false
    } else if (tag === 1) {
      const text = String.fromCharCode(...bytes.subarray(at + sectionBytes + 4, at + sectionBytes + 4 + view.getUint32(at + sectionBytes, true)))
      state.spec = Object.fromEntries(text === '' ? [] : text.split(',').map(part => part.split(':') as [string, ColumnKind]))
      specKinds = Object.values(state.spec)
      if (!specKinds.every(kind => kinds.includes(kind))) usable = false
    } else if (tag === 2) {
      let from = at + sectionBytes
      const firstPerson = view.getUint32(from, true)
      const persons = view.getUint32(from + 4, true)
      const rows = view.getUint32(from + 8, true)
      const base = bytes.byteOffset
      from += 16
      const offsets = new Uint32Array(bytes.buffer, base + from, persons + 1)
      from += pad8((persons + 1) * 4)
      const seconds = new Uint32Array(bytes.buffer, base + from, rows)
      from += pad8(rows * 4)
      const type = new Uint8Array(bytes.buffer, base + from, rows)
      from += pad8(rows)
      const columns = specKinds.map(kind => {
        const column = viewColumn(kind, bytes.buffer, base + from, rows)
        from += pad8(rows * bytesOf[kind])
        return column
      })
      state.partitions[index] = { firstPerson, persons, base: { offsets, seconds, type, columns }, delta: null, overlay: null }
      state.rows += rows
      for (const one of damage) if (one.persons && one.persons.to > firstPerson) one.persons.to = firstPerson
      next = index + 1
    } else {
      state.ids = readIds(bytes.subarray(at + sectionBytes, end))
    }
    at = end
  }
  return usable ? { state, damage } : { state: null, damage }
}
