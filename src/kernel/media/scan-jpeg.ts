import { BrokenImage, checkSize } from './check-image.ts'

/**
 * Reads a JPEG as far as every coefficient of it (baseline and progressive, ITU-T T.81), without making a picture of them: a file that is cut off, or whose
 * data are something else, does not get through. Writes it again with what the picture needs only.
 */
type Table = { lookup: Int32Array }
type Component = { id: number; h: number; v: number; blocksWide: number; blocksHigh: number; wide: number; high: number; /** Which coefficients are known to be non-zero; progressive only. */ known: Uint8Array | undefined; dc: Table | undefined; ac: Table | undefined }

const broken = (how: string): never => {
  throw new BrokenImage(how)
}

export function scanJpeg(bytes: Buffer, maxPixels: number): { width: number; height: number; body: Buffer } {
  const kept: Buffer[] = [bytes.subarray(0, 2)]
  const tables = new Map<string, Table>()
  let components: Component[] = []
  let [width, height, restart, scans] = [0, 0, 0, 0]
  let progressive = false
  let maxH = 1
  let maxV = 1
  let orientation = 1
  let at = 2
  for (;;) {
    while (at < bytes.length && bytes[at] === 0xff && bytes[at + 1] === 0xff) at++
    if (at + 2 > bytes.length) broken('it ends before its end mark')
    if (bytes[at] !== 0xff) broken('a part of it is unreadable')
    const mark = bytes[at + 1]
    if (mark === 0xd9) break
    if (at + 4 > bytes.length) broken('it is cut off in the middle')
    const length = bytes.readUInt16BE(at + 2)
    const end = at + 2 + length
    if (length < 2 || end > bytes.length) broken('it is cut off in the middle')
    const body = bytes.subarray(at + 4, end)
    let keep = true
    if (mark === 0xe1) {
      orientation = orientationOf(body) ?? orientation
      keep = false
    } else if ((mark >= 0xe3 && mark <= 0xed) || mark === 0xef || mark === 0xfe) keep = false
    else if (mark === 0xe2) keep = body.subarray(0, 11).toString('latin1') === 'ICC_PROFILE'
    else if (mark === 0xc4) readTables(body, tables)
    else if (mark === 0xdd) restart = body.readUInt16BE(0)
    else if (mark === 0xc0 || mark === 0xc1 || mark === 0xc2) {
      if (components.length > 0) broken('it has two headers')
      progressive = mark === 0xc2
      if (body[0] !== 8) broken('it has more than 8 bits a colour')
      height = body.readUInt16BE(1)
      width = body.readUInt16BE(3)
      checkSize(width, height, maxPixels)
      const n = body[5]
      if (![1, 3, 4].includes(n) || body.length < 6 + 3 * n) broken('its header is wrong')
      const parts = Array.from({ length: n }, (_, i) => ({ id: body[6 + 3 * i], h: body[7 + 3 * i] >> 4, v: body[7 + 3 * i] & 15 }))
      if (parts.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4)) broken('its header is wrong')
      maxH = Math.max(...parts.map(({ h }) => h))
      maxV = Math.max(...parts.map(({ v }) => v))
      const [mcusWide, mcusHigh] = [Math.ceil(width / (8 * maxH)), Math.ceil(height / (8 * maxV))]
      components = parts.map(({ id, h, v }) => ({
        id, h, v, blocksWide: mcusWide * h, blocksHigh: mcusHigh * v, wide: Math.ceil((Math.ceil((width * h) / maxH)) / 8), high: Math.ceil((Math.ceil((height * v) / maxV)) / 8),
        known: progressive ? new Uint8Array(mcusWide * h * mcusHigh * v * 64) : undefined, dc: undefined, ac: undefined,
      }))
    } else if (mark >= 0xc3 && mark <= 0xcf && mark !== 0xc8 && mark !== 0xcc) broken('it is packed in a way that browsers do not read')
    if (keep) kept.push(bytes.subarray(at, end))
    at = end
    if (mark === 0xda) {
      if (components.length === 0) broken('its header is missing')
      const n = body[0]
      if (n < 1 || n > components.length || body.length < 4 + 2 * n) broken('a scan of it is wrong')
      const mine = Array.from({ length: n }, (_, i) => {
        const component = components.find((one) => one.id === body[1 + 2 * i]) ?? broken('a scan of it is wrong')
        component.dc = tables.get(`dc${body[2 + 2 * i] >> 4}`)
        component.ac = tables.get(`ac${body[2 + 2 * i] & 15}`)
        return component
      })
      const [from, to, high, low] = [body[1 + 2 * n], body[2 + 2 * n], body[3 + 2 * n] >> 4, body[3 + 2 * n] & 15]
      const stop = readScan(bytes, at, mine, { progressive, from, to, high, low, restart, mcusWide: Math.ceil(width / (8 * maxH)), mcusHigh: Math.ceil(height / (8 * maxV)) })
      kept.push(bytes.subarray(at, stop))
      at = stop
      scans++
    }
  }
  if (scans === 0) broken('it has no picture')
  kept.push(Buffer.from([0xff, 0xd9]))
  if (orientation !== 1) kept.splice(1, 0, orientationPart(orientation))
  return { width, height, body: Buffer.concat(kept) }
}

/** Codes of at most 16 bits, as one table of 65,536: (length << 8) | value; 0: no such code. */
function readTables(body: Buffer, tables: Map<string, Table>): void {
  let at = 0
  while (at < body.length) {
    if (at + 17 > body.length) broken('a code table of it is cut off')
    const kind = `${body[at] >> 4 === 0 ? 'dc' : 'ac'}${body[at] & 15}`
    const counts = body.subarray(at + 1, at + 17)
    const lookup = new Int32Array(65_536)
    let code = 0
    let value = at + 17
    for (let length = 1; length <= 16; length++) {
      for (let i = 0; i < counts[length - 1]; i++, code++, value++) {
        const first = code << (16 - length)
        const span = 1 << (16 - length)
        if (value >= body.length || first + span > 65_536) broken('a code table of it is wrong')
        lookup.fill((length << 8) | body[value], first, first + span)
      }
      code <<= 1
    }
    tables.set(kind, { lookup })
    at = value
  }
}

type Scan = { progressive: boolean; from: number; to: number; high: number; low: number; restart: number; mcusWide: number; mcusHigh: number }

/** @returns where the data of the scan end: at the next mark. */
function readScan(bytes: Buffer, start: number, components: Component[], scan: Scan): number {
  let at = start
  let held = 0
  let bits = 0
  let endOfBand = 0
  const need = (count: number): void => {
    while (bits < count) {
      if (at >= bytes.length) broken('it is cut off in the middle')
      let byte = bytes[at]
      if (byte === 0xff) {
        if (bytes[at + 1] !== 0x00) broken('part of the picture is missing')
        at++
        byte = 0xff
      }
      at++
      held = ((held << 8) | byte) & 0xffffff
      bits += 8
    }
  }
  const bit = (): number => {
    need(1)
    bits--
    return (held >> bits) & 1
  }
  const take = (count: number): void => {
    for (let left = count; left > 0; ) {
      const some = Math.min(left, 8)
      need(some)
      bits -= some
      left -= some
    }
  }
  const value = (count: number): number => {
    let found = 0
    for (let i = 0; i < count; i++) found = (found << 1) | bit()
    return found
  }
  const symbol = (table: Table | undefined): number => {
    if (table === undefined) return broken('a code table of it is missing')
    // As many bits as there are before a mark; the code must end within them.
    while (bits < 16 && at < bytes.length && (bytes[at] !== 0xff || bytes[at + 1] === 0x00)) need(bits + 1)
    const peek = bits >= 16 ? (held >> (bits - 16)) & 0xffff : (held << (16 - bits)) & 0xffff
    const entry = table.lookup[peek]
    const length = entry >> 8
    if (length === 0 || length > bits) broken('part of the picture is missing')
    bits -= length
    return entry & 0xff
  }

  const block = (component: Component, index: number): void => {
    if (!scan.progressive) {
      take(atMost(symbol(component.dc), 15))
      for (let k = 1; k < 64; ) {
        const rs = symbol(component.ac)
        const [run, size] = [rs >> 4, rs & 15]
        if (size === 0) {
          if (run < 15) break
          k += 16
        } else {
          k += run + 1
          if (k > 64) broken('part of the picture is wrong')
          take(size)
        }
      }
      return
    }
    const base = index * 64
    const known = component.known!
    if (scan.from === 0) {
      if (scan.high === 0) take(atMost(symbol(component.dc), 15))
      else bit()
      return
    }
    if (scan.high === 0) {
      if (endOfBand > 0) {
        endOfBand--
        return
      }
      for (let k = scan.from; k <= scan.to; ) {
        const rs = symbol(component.ac)
        const [run, size] = [rs >> 4, rs & 15]
        if (size === 0) {
          if (run < 15) {
            endOfBand = (1 << run) - 1 + value(run)
            break
          }
          k += 16
        } else {
          k += run
          if (k > 63) broken('part of the picture is wrong')
          take(size)
          known[base + k++] = 1
        }
      }
      return
    }
    // A later scan that refines: one bit for each coefficient that is known, and new ones between them.
    let k = scan.from
    if (endOfBand === 0) {
      for (; k <= scan.to; k++) {
        const rs = symbol(component.ac)
        let run = rs >> 4
        const size = rs & 15
        if (size === 0) {
          if (run < 15) {
            endOfBand = (1 << run) + value(run)
            break
          }
        } else bit()
        for (; k <= scan.to; k++) {
          if (known[base + k] === 1) bit()
          else if (run-- === 0) {
            if (size !== 0) known[base + k] = 1
            break
          }
        }
      }
    }
    if (endOfBand > 0) {
      for (; k <= scan.to; k++) if (known[base + k] === 1) bit()
      endOfBand--
    }
  }

  const single = components.length === 1
  const [only] = components
  const total = single ? only.wide * only.high : scan.mcusWide * scan.mcusHigh
  for (let mcu = 0; mcu < total; mcu++) {
    if (scan.restart > 0 && mcu > 0 && mcu % scan.restart === 0) {
      bits = 0
      endOfBand = 0
      if (bytes[at] !== 0xff || bytes[at + 1] < 0xd0 || bytes[at + 1] > 0xd7) broken('part of the picture is missing')
      at += 2
    }
    if (single) block(only, Math.floor(mcu / only.wide) * only.blocksWide + (mcu % only.wide))
    else {
      const [mx, my] = [mcu % scan.mcusWide, Math.floor(mcu / scan.mcusWide)]
      for (const component of components) {
        for (let y = 0; y < component.v; y++) for (let x = 0; x < component.h; x++) block(component, (my * component.v + y) * component.blocksWide + mx * component.h + x)
      }
    }
  }
  // Some writers pad; what follows must be a mark all the same.
  while (at < bytes.length && !(bytes[at] === 0xff && bytes[at + 1] !== 0x00 && (bytes[at + 1] < 0xd0 || bytes[at + 1] > 0xd7))) {
    if (at - start > bytes.length) break
    at++
  }
  return at
}

function atMost(size: number, most: number): number {
  return size > most ? broken('part of the picture is wrong') : size
}

/** Which way up, from the camera's notes (EXIF tag 274). */
function orientationOf(body: Buffer): number | undefined {
  if (body.subarray(0, 6).toString('latin1') !== 'Exif\0\0') return undefined
  const tiff = body.subarray(6)
  try {
    const little = tiff.toString('latin1', 0, 2) === 'II'
    const u16 = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
    const first = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
    for (let i = 0; i < u16(first); i++) if (u16(first + 2 + 12 * i) === 274) return u16(first + 10 + 12 * i) >= 1 && u16(first + 10 + 12 * i) <= 8 ? u16(first + 10 + 12 * i) : undefined
  } catch {
    // Notes that cannot be read are dropped like the others.
  }
  return undefined
}

function orientationPart(orientation: number): Buffer {
  const tiff = Buffer.from([0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0])
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff])
  const head = Buffer.alloc(4)
  head.writeUInt16BE(0xffe1, 0)
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}
