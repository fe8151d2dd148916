/**
 * The set of row ids already taken. Pages of 65,536 ids: sorted shorts while sparse, a bit map when dense (after Chambi, Lemire, Kaser, Godin:
 * "Better bitmap performance with Roaring bitmaps", Software: Practice and Experience 46, 2016). Dense ids cost about an eighth of a byte each.
 */
const pageIds = 65_536
const sparseMax = 4_096

type Page = { count: number; sparse: Uint16Array | null; bits: Uint32Array | null }
export type IdSet = { add(id: number): boolean; has(id: number): boolean; readonly size: number; bytes(): number; pages(): Map<number, Page> }

export function makeIdSet(from?: Map<number, Page>): IdSet {
  const pages = from ?? new Map<number, Page>()
  let size = 0
  for (const page of pages.values()) size += page.count
  // Ids mostly come in order, so the last page is tried first.
  let lastNumber = -1
  let lastPage: Page | null = null
  const find = (values: Uint16Array, count: number, low: number): number => {
    let from = 0
    let to = count
    if (count > 0 && values[count - 1] < low) return count
    while (from < to) {
      const mid = (from + to) >> 1
      if (values[mid] < low) from = mid + 1
      else to = mid
    }
    return from
  }
  return {
    add(id: number): boolean {
      const number = Math.floor(id / pageIds)
      const low = id - number * pageIds
      let page = number === lastNumber ? lastPage : pages.get(number)
      if (!page) {
        page = { count: 0, sparse: new Uint16Array(16), bits: null }
        pages.set(number, page)
      }
      lastNumber = number
      lastPage = page
      if (page.bits) {
        const bit = 1 << (low & 31)
        if (page.bits[low >>> 5] & bit) return false
        page.bits[low >>> 5] |= bit
      } else {
        let values = page.sparse as Uint16Array
        const at = find(values, page.count, low)
        if (at < page.count && values[at] === low) return false
        if (page.count === sparseMax) {
          const bits = new Uint32Array(pageIds / 32)
          for (let i = 0; i < page.count; i++) bits[values[i] >>> 5] |= 1 << (values[i] & 31)
          bits[low >>> 5] |= 1 << (low & 31)
          page.bits = bits
          page.sparse = null
        } else {
          if (page.count === values.length) {
            const grown = new Uint16Array(values.length * 2)
            grown.set(values)
            page.sparse = values = grown
          }
          values.copyWithin(at + 1, at, page.count)
          values[at] = low
        }
      }
      page.count++
      size++
      return true
    },
    has(id: number): boolean {
      const number = Math.floor(id / pageIds)
      const low = id - number * pageIds
      const page = pages.get(number)
      if (!page) return false
      if (page.bits) return (page.bits[low >>> 5] & (1 << (low & 31))) !== 0
      const values = page.sparse as Uint16Array
      const at = find(values, page.count, low)
      return at < page.count && values[at] === low
    },
    get size() { return size },
    bytes(): number {
      let total = 0
      for (const page of pages.values()) total += 64 + (page.bits ? page.bits.byteLength : (page.sparse as Uint16Array).byteLength)
      return total
    },
    pages: () => pages,
  }
}

/** Little-endian payload: per page f64 number, u32 count, u32 isBits, then shorts (padded to 8) or bits. Pages in ascending order. */
export function writeIds(ids: IdSet): Uint8Array {
  const pages = [...ids.pages()].sort((a, b) => a[0] - b[0])
  let total = 8
  for (const [, page] of pages) total += 16 + (page.bits ? 8192 : pad8(page.count * 2))
  const bytes = new Uint8Array(total)
  const view = new DataView(bytes.buffer)
  view.setFloat64(0, pages.length, true)
  let at = 8
  for (const [number, page] of pages) {
    view.setFloat64(at, number, true)
    view.setUint32(at + 8, page.count, true)
    view.setUint32(at + 12, page.bits ? 1 : 0, true)
    at += 16
    if (page.bits) {
      new Uint32Array(bytes.buffer, at, 2048).set(page.bits)
      at += 8192
    } else {
      new Uint16Array(bytes.buffer, at, page.count).set((page.sparse as Uint16Array).subarray(0, page.count))
      at += pad8(page.count * 2)
    }
  }
  return bytes
}

export function readIds(bytes: Uint8Array): IdSet {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pages = new Map<number, Page>()
  const count = view.getFloat64(0, true)
  let at = 8
  for (let p = 0; p < count; p++) {
    const number = view.getFloat64(at, true)
    const size = view.getUint32(at + 8, true)
    const isBits = view.getUint32(at + 12, true) === 1
    at += 16
    if (isBits) {
      pages.set(number, { count: size, sparse: null, bits: new Uint32Array(bytes.slice(at, at + 8192).buffer) })
      at += 8192
    } else {
      const sparse = new Uint16Array(Math.max(16, size))
      sparse.set(new Uint16Array(bytes.slice(at, at + size * 2).buffer))
      pages.set(number, { count: size, sparse, bits: null })
      at += pad8(size * 2)
    }
  }
  return makeIdSet(pages)
}

export function pad8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
