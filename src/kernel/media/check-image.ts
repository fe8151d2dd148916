import { crc32, inflateSync } from 'node:zlib'
import { scanJpeg } from './scan-jpeg.ts'

/**
 * Looks at an image before it is kept (查图): what it is by its first bytes, whatever its name says; whether all of it can be decoded; and writes it again with
 * nothing but the picture, so that no place of recording, no comment and no second file behind the end comes along.
 */
export type ImageType = 'image/jpeg' | 'image/png' | 'image/gif'
export type CheckedImage = { contentType: ImageType; width: number; height: number; body: Buffer }
export type ImageProblem =
  | { kind: 'empty' }
  | { kind: 'too-big'; bytes: number; most: number }
  | { kind: 'too-many-pixels'; width: number; height: number; most: number }
  | { kind: 'vector' }
  | { kind: 'other-type'; found: string }
  | { kind: 'lying'; claimed: string; found: ImageType }
  | { kind: 'broken'; found: ImageType; how: string }

export const maxImageBytes = 4 * 1024 * 1024
export const maxPixels = 16_000_000

/** What cannot be decoded says so with this. */
export class BrokenImage extends Error {}
const broken = (how: string): never => {
  throw new BrokenImage(how)
}

/** What the first bytes say. */
export function sniff(bytes: Buffer): ImageType | 'vector' | string {
  if (bytes.length >= 3 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg'
  if (bytes.subarray(0, 8).equals(pngSignature)) return 'image/png'
  const head = bytes.subarray(0, 16).toString('latin1')
  if (/^GIF8[79]a/.test(head)) return 'image/gif'
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'WebP'
  if (head.slice(4, 8) === 'ftyp') return /avif/.test(head) ? 'AVIF' : /hei|mif1/.test(head) ? 'HEIC' : 'MP4'
  if (head.startsWith('BM')) return 'BMP'
  if (head.startsWith('II*\0') || head.startsWith('MM\0*')) return 'TIFF'
  if (head.startsWith('%PDF')) return 'PDF'
  if (head.startsWith('PK')) return 'ZIP'
  const text = bytes.subarray(0, 4096).toString('utf8').replace(/^\ufeff/, '').trimStart()
  if (/<svg[\s>/]/i.test(text) || /^<\?xml/i.test(text)) return 'vector'
  if (/^<(!doctype|html|script|body|head)/i.test(text)) return 'HTML'
  return '?'
}

/** @param claimed the content type that came with it; undefined: nothing was claimed. */
export function checkImage(bytes: Buffer, claimed?: string): { ok: true; image: CheckedImage } | { ok: false; problem: ImageProblem } {
  const no = (problem: ImageProblem): { ok: false; problem: ImageProblem } => ({ ok: false, problem })
  if (bytes.length === 0) return no({ kind: 'empty' })
  if (bytes.length > maxImageBytes) return no({ kind: 'too-big', bytes: bytes.length, most: maxImageBytes })
  const found = sniff(bytes)
  if (found === 'vector') return no({ kind: 'vector' })
  if (found !== 'image/jpeg' && found !== 'image/png' && found !== 'image/gif') return no({ kind: 'other-type', found })
  const said = claimed?.split(';')[0].trim().toLowerCase().replace('image/jpg', 'image/jpeg')
  if (said !== undefined && said !== '' && said !== 'application/octet-stream' && said !== found) return no({ kind: 'lying', claimed: said, found })
  try {
    const image = found === 'image/png' ? readPng(bytes) : found === 'image/gif' ? readGif(bytes) : scanJpeg(bytes, maxPixels)
    return { ok: true, image: { contentType: found, ...image } }
  } catch (error) {
    if (error instanceof TooManyPixels) return no({ kind: 'too-many-pixels', width: error.width, height: error.height, most: maxPixels })
    if (error instanceof BrokenImage || error instanceof RangeError || (error as { code?: string }).code?.startsWith('Z_') || (error as { code?: string }).code?.startsWith('ERR_')) return no({ kind: 'broken', found, how: (error as Error).message })
    throw error
  }
}

export class TooManyPixels extends Error {
  readonly width: number
  readonly height: number
  constructor(width: number, height: number) {
    super('too many pixels')
    this.width = width
    this.height = height
  }
}
export function checkSize(width: number, height: number, most = maxPixels): void {
  if (width === 0 || height === 0) broken('it has no width or no height')
  if (width * height > most) throw new TooManyPixels(width, height)
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const channels: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const depths: Record<number, readonly number[]> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] }
/** Start and step of the seven passes of an interlaced PNG: x0, y0, dx, dy. */
const adam7: ReadonlyArray<readonly [number, number, number, number]> = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]]

function readPng(bytes: Buffer): Omit<CheckedImage, 'contentType'> {
  const kept: Buffer[] = [pngSignature]
  const data: Buffer[] = []
  let header: { width: number; height: number; depth: number; colour: number; interlaced: boolean } | undefined
  let ended = false
  for (let at = 8; !ended; ) {
    if (at + 12 > bytes.length) broken('it ends before its end mark')
    const length = bytes.readUInt32BE(at)
    if (at + 12 + length > bytes.length) broken('it is cut off in the middle')
    const type = bytes.toString('latin1', at + 4, at + 8)
    const body = bytes.subarray(at + 8, at + 8 + length)
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== bytes.readUInt32BE(at + 8 + length)) broken(`the part ${type} is damaged`)
    if (header === undefined && type !== 'IHDR') broken('its header is missing')
    if (type === 'IHDR') {
      if (header !== undefined || length !== 13) broken('its header is wrong')
      header = { width: body.readUInt32BE(0), height: body.readUInt32BE(4), depth: body[8], colour: body[9], interlaced: body[12] === 1 }
      if (!depths[header.colour]?.includes(header.depth) || body[10] !== 0 || body[11] !== 0 || body[12] > 1) broken('its header is wrong')
      checkSize(header.width, header.height)
    }
    if (type === 'IDAT') data.push(body)
    if (['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'gAMA', 'sRGB', 'cHRM', 'pHYs'].includes(type)) kept.push(bytes.subarray(at, at + 12 + length))
    if (type === 'IEND') ended = true
    at += 12 + length
  }
  const { width, height, depth, colour, interlaced } = header!
  const lines = (w: number, h: number): Array<{ bytes: number; count: number }> => (w === 0 || h === 0 ? [] : [{ bytes: 1 + Math.ceil((w * depth * channels[colour]) / 8), count: h }])
  const passes = interlaced ? adam7.flatMap(([x0, y0, dx, dy]) => lines(Math.ceil((width - x0) / dx), Math.ceil((height - y0) / dy))) : lines(width, height)
  const expected = passes.reduce((sum, pass) => sum + pass.bytes * pass.count, 0)
  const raw = inflateSync(Buffer.concat(data), { maxOutputLength: expected })
  if (raw.length !== expected) broken('part of the picture is missing')
  let at = 0
  for (const pass of passes) for (let line = 0; line < pass.count; line++, at += pass.bytes) if (raw[at] > 4) broken('a line of the picture is unreadable')
  return { width, height, body: Buffer.concat(kept) }
}

function readGif(bytes: Buffer): Omit<CheckedImage, 'contentType'> {
  const width = bytes.readUInt16LE(6)
  const height = bytes.readUInt16LE(8)
  checkSize(width, height)
  const table = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  const kept: Buffer[] = []
  let at = 13 + table(bytes[10])
  kept.push(bytes.subarray(0, at))
  const skipBlocks = (from: number): number => {
    let next = from
    for (;;) {
      if (next >= bytes.length) broken('it is cut off in the middle')
      const size = bytes[next]
      next += 1 + size
      if (size === 0) return next
    }
  }
  let pixels = 0
  let frames = 0
  for (;;) {
    if (at >= bytes.length) broken('it ends before its end mark')
    const mark = bytes[at]
    if (mark === 0x3b) break
    if (mark === 0x21) {
      const end = skipBlocks(at + 2)
      const label = bytes[at + 1]
      // Timing and looping belong to the picture; comments and plain text do not.
      if (label === 0xf9 || (label === 0xff && bytes.toString('latin1', at + 3, at + 14) === 'NETSCAPE2.0')) kept.push(bytes.subarray(at, end))
      at = end
    } else if (mark === 0x2c) {
      if (at + 10 > bytes.length) broken('it is cut off in the middle')
      const [w, h] = [bytes.readUInt16LE(at + 5), bytes.readUInt16LE(at + 7)]
      if (w === 0 || h === 0 || bytes.readUInt16LE(at + 1) + w > width || bytes.readUInt16LE(at + 3) + h > height) broken('a frame lies outside the picture')
      pixels += w * h
      if (pixels > 4 * maxPixels) throw new TooManyPixels(width, height)
      const start = at + 10 + table(bytes[at + 9])
      const end = skipBlocks(start + 1)
      if (unpackLzw(bytes, start, end, w * h) !== w * h) broken('part of the picture is missing')
      kept.push(bytes.subarray(at, end))
      at = end
      frames++
    } else broken('a part of it is unreadable')
  }
  if (frames === 0) broken('it has no picture')
  kept.push(Buffer.from([0x3b]))
  return { width, height, body: Buffer.concat(kept) }
}

/** @returns how many pixels came out, at most `most`. Lengths of the strings are enough: nobody looks at the colours here. */
function unpackLzw(bytes: Buffer, start: number, end: number, most: number): number {
  const rootSize = bytes[start]
  if (rootSize < 1 || rootSize > 11) broken('its code size is wrong')
  const clear = 1 << rootSize
  const length = new Int32Array(4096).fill(1)
  let [next, size, previous, count, bits, held, at] = [clear + 2, rootSize + 1, -1, 0, 0, 0, start + 1]
  let left = bytes[at++]
  while (count < most) {
    while (bits < size) {
      if (left === 0) {
        if (at >= end) return count
        left = bytes[at++]
        if (left === 0) return count
      }
      held |= bytes[at++] << bits
      bits += 8
      left--
    }
    const code = held & ((1 << size) - 1)
    held >>>= size
    bits -= size
    if (code === clear) [next, size, previous] = [clear + 2, rootSize + 1, -1]
    else if (code === clear + 1) return count
    else {
      if (code > next || (code === next && previous < 0) || (previous < 0 && code >= clear)) broken('a code of it has no meaning')
      const run = code < next ? length[code] : length[previous] + 1
      if (previous >= 0 && next < 4096) {
        length[next++] = length[previous] + 1
        if (next === 1 << size && size < 12) size++
      }
      count += code < clear ? 1 : run
      previous = code
    }
  }
  return Math.min(count, most)
}
