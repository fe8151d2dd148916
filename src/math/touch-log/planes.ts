/**
 * Which rows are of the wanted types, 32 rows to a word.
 *
 * The types of a partition, numbered 0 … 15 in ascending order, are kept a second time as four bit planes: bit r of plane p is bit p of the number of
 * row r (half a byte per row, derived from the type bytes at any time). The rows of any set of types are then a few logical operations per
 * 32 rows, so a question visits the rows it wants and steps over all others. Where there are more than 16 types, or no planes (few fresh rows), the
 * same words are made from the bytes.
 */
import { makeColumn } from './columns.ts'

/** words[4 · w + p] is plane p of rows 32 · w … 32 · w + 31; `codes` are the type codes by number. */
export type Planes = { codes: Uint8Array; words: Uint32Array }
const planeCount = 4
export const planeTypes = 1 << planeCount

/** @returns null when the rows have more than 16 types */
export function makePlanes(type: Uint8Array, shared: boolean): Planes | null {
  const rows = type.length
  const present = new Uint8Array(256)
  for (let r = 0; r < rows; r++) present[type[r]] = 1
  const codes = Uint8Array.from(present.keys()).filter(code => present[code] === 1)
  if (codes.length > planeTypes) return null
  const numberOf = new Uint32Array(256)
  codes.forEach((code, number) => { numberOf[code] = number })
  const words = makeColumn('u32', Math.ceil(rows / 32) * planeCount, shared) as Uint32Array
  const whole = rows & ~31
  for (let r = 0, w = 0; r < whole; w += planeCount) {
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let shift = 0; shift < 32; shift += 4, r += 4) {
      // Four numbers in the four bytes of a word; the multiplication gathers one bit of each into the top byte.
      const four = numberOf[type[r]] | (numberOf[type[r + 1]] << 8) | (numberOf[type[r + 2]] << 16) | (numberOf[type[r + 3]] << 24)
      a |= (Math.imul(four & 0x01010101, 0x01020408) >>> 24) << shift
      b |= (Math.imul((four >>> 1) & 0x01010101, 0x01020408) >>> 24) << shift
      c |= (Math.imul((four >>> 2) & 0x01010101, 0x01020408) >>> 24) << shift
      d |= (Math.imul((four >>> 3) & 0x01010101, 0x01020408) >>> 24) << shift
    }
    words[w] = a
    words[w + 1] = b
    words[w + 2] = c
    words[w + 3] = d
  }
  for (let r = whole, w = (whole >>> 5) * planeCount; r < rows; r++) {
    for (let p = 0; p < planeCount; p++) words[w + p] |= ((numberOf[type[r]] >>> p) & 1) << (r & 31)
  }
  return { codes, words }
}

type Typed = { offsets: Uint32Array; type: Uint8Array; persons: number; planes: Planes | null }
/** Bit r & 31 of bits[(r >>> 5) − firstWord] tells whether row r is wanted. Bits of rows outside of the block mean nothing. */
export type Mask = { bits: Uint32Array; firstWord: number }

/** Memory for the masks of one task, used again for every block. */
export function makeMask(): Mask {
  return { bits: new Uint32Array(0), firstWord: 0 }
}

/** Fills `mask` for the rows of a block. @param wanted 1 for each wanted type code, else 0 */
export function markRows(block: Typed, wanted: Uint8Array, mask: Mask): void {
  const from = block.offsets[0]
  const to = block.offsets[block.persons]
  const first = from >>> 5
  const count = to > from ? ((to - 1) >>> 5) - first + 1 : 0
  if (mask.bits.length < count) mask.bits = new Uint32Array(count + (count >>> 2))
  mask.firstWord = first
  if (block.planes === null) marksFromBytes(block.type, from, to, wanted, mask.bits)
  else marksFromPlanes(block.planes, first, count, wanted, mask.bits)
}

function marksFromBytes(type: Uint8Array, from: number, to: number, wanted: Uint8Array, bits: Uint32Array): void {
  for (let r = from, w = 0; r < to; w++) {
    const end = Math.min(to, (r | 31) + 1)
    let word = 0
    for (; r < end; r++) word |= wanted[type[r]] << (r & 31)
    bits[w] = word
  }
}

function marksFromPlanes(planes: Planes, first: number, count: number, wanted: Uint8Array, bits: Uint32Array): void {
  const { codes, words } = planes
  const numbers: number[] = []
  codes.forEach((code, number) => { if (wanted[code] === 1) numbers.push(number) })
  if (numbers.length === 0) bits.fill(0, 0, count)
  else if (numbers.length === codes.length) bits.fill(-1, 0, count)
  for (let i = 0; i < numbers.length && numbers.length < codes.length; i++) {
    const number = numbers[i]
    // A plane is taken as it is where the number has a 1, inverted where it has a 0.
    const a = (number & 1) - 1
    const b = ((number >>> 1) & 1) - 1
    const c = ((number >>> 2) & 1) - 1
    const d = (number >>> 3) - 1
    if (i === 0) for (let w = 0, at = first * planeCount; w < count; w++, at += planeCount) bits[w] = (words[at] ^ a) & (words[at + 1] ^ b) & (words[at + 2] ^ c) & (words[at + 3] ^ d)
    else for (let w = 0, at = first * planeCount; w < count; w++, at += planeCount) bits[w] |= (words[at] ^ a) & (words[at + 1] ^ b) & (words[at + 2] ^ c) & (words[at + 3] ^ d)
  }
}

/** The newest wanted row in from … limit − 1, or −1. */
export function newestIn(bits: Uint32Array, firstWord: number, from: number, limit: number): number {
  if (limit <= from) return -1
  const last = limit - 1
  let w = (last >>> 5) - firstWord
  const lowest = (from >>> 5) - firstWord
  let word = bits[w] & (-1 >>> (31 - (last & 31)))
  while (word === 0) {
    if (--w < lowest) return -1
    word = bits[w]
  }
  const row = ((w + firstWord) << 5) + 31 - Math.clz32(word)
  return row >= from ? row : -1
}

/** The oldest wanted row in from … limit − 1, or −1. */
export function nextIn(bits: Uint32Array, firstWord: number, from: number, limit: number): number {
  if (limit <= from) return -1
  let w = (from >>> 5) - firstWord
  const highest = ((limit - 1) >>> 5) - firstWord
  let word = bits[w] & (-1 << (from & 31))
  while (word === 0) {
    if (++w > highest) return -1
    word = bits[w]
  }
  const row = ((w + firstWord) << 5) + 31 - Math.clz32(word & -word)
  return row < limit ? row : -1
}

/** Number of wanted rows in from … to − 1. */
export function countIn(bits: Uint32Array, firstWord: number, from: number, to: number): number {
  if (to <= from) return 0
  const first = (from >>> 5) - firstWord
  const last = ((to - 1) >>> 5) - firstWord
  let count = 0
  for (let w = first; w <= last; w++) {
    let word = bits[w] | 0
    if (w === first) word &= -1 << (from & 31)
    if (w === last) word &= -1 >>> (31 - ((to - 1) & 31))
    word -= (word >>> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}

/** First row of from … to − 1 later than `second`; `to` if there is none. */
export function firstAfter(seconds: Uint32Array, from: number, to: number, second: number): number {
  // Halves of a fixed number of steps: a row moves the start or does not, and the loop itself is predictable.
  let left = to - from
  if (left <= 0) return from
  while (left > 1) {
    const half = left >>> 1
    from += seconds[from + half - 1] <= second ? half : 0
    left -= half
  }
  return seconds[from] <= second ? from + 1 : from
}
