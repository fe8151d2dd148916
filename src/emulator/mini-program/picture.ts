import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'

/**
 * The picture of an emulated code: a PNG that looks like a code and carries its text in a tEXt chunk named `qz-code`
 * (a phone cannot scan it; the emulator's acts and browser scan by that text).
 */
export function codePicture(text: string, width = 430): Uint8Array {
  const modules = 29
  const scale = Math.max(1, Math.floor(Math.min(Math.max(width, 58), 1280) / modules))
  const size = modules * scale
  const bits: number[] = []
  for (let block = 0; bits.length < modules * modules; block++)
    for (const byte of createHash('sha256').update(`${text}#${block}`).digest()) for (let bit = 0; bit < 8; bit++) bits.push((byte >> bit) & 1)
  const dark = (row: number, column: number): boolean => {
    for (const [top, left] of [
      [0, 0],
      [0, modules - 7],
      [modules - 7, 0],
    ]) {
      const r = row - top
      const c = column - left
      if (r >= 0 && r < 7 && c >= 0 && c < 7) return r === 0 || r === 6 || c === 0 || c === 6 || (r > 1 && r < 5 && c > 1 && c < 5)
    }
    return bits[row * modules + column] === 1
  }
  const raw = Buffer.alloc((size + 1) * size, 255)
  for (let y = 0; y < size; y++) {
    const start = y * (size + 1)
    raw[start] = 0
    for (let x = 0; x < size; x++) if (dark(Math.floor(y / scale), Math.floor(x / scale))) raw[start + 1 + x] = 0
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 0, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('tEXt', Buffer.concat([Buffer.from('qz-code\0', 'latin1'), Buffer.from(encodeURIComponent(text), 'latin1')])),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The text of an emulated code's picture; undefined when it is none. */
export function readCodePicture(png: Uint8Array): string | undefined {
  const bytes = Buffer.from(png)
  const at = bytes.indexOf('tEXtqz-code\0', 0, 'latin1')
  if (at < 4) return undefined
  const length = bytes.readUInt32BE(at - 4)
  return decodeURIComponent(bytes.subarray(at + 4 + 8, at + 4 + length).toString('latin1'))
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body) >>> 0)
  return Buffer.concat([length, body, sum])
}
