import { assert } from '../../kernel/assert.ts'
import { trusted, type Markup } from '../../kernel/http/index.ts'

/**
 * QR codes (二维码) of addresses, drawn here so that no picture of a link is asked of anybody else: byte mode, correction level M, versions 1 to 15
 * (ISO/IEC 18004). Returns rows of dark modules without the quiet zone.
 */
type Version = { size: number; ecc: number; groups: Array<[count: number, data: number]>; align: number[] }
// Level M: correction words per block, blocks as [count, data words], centres of the alignment patterns.
const table: Array<[ecc: number, groups: Array<[number, number]>, align: number[]]> = [
  [10, [[1, 16]], []], [16, [[1, 28]], [6, 18]], [26, [[1, 44]], [6, 22]], [18, [[2, 32]], [6, 26]], [24, [[2, 43]], [6, 30]],
  [16, [[4, 27]], [6, 34]], [18, [[4, 31]], [6, 22, 38]], [22, [[2, 38], [2, 39]], [6, 24, 42]], [22, [[3, 36], [2, 37]], [6, 26, 46]], [26, [[4, 43], [1, 44]], [6, 28, 50]],
  [30, [[1, 50], [4, 51]], [6, 30, 54]], [22, [[6, 36], [2, 37]], [6, 32, 58]], [22, [[8, 37], [1, 38]], [6, 34, 62]], [24, [[4, 40], [5, 41]], [6, 26, 46, 66]], [24, [[5, 41], [5, 42]], [6, 26, 48, 70]],
]
const versionOf = (n: number): Version => ({ size: 17 + 4 * n, ecc: table[n - 1][0], groups: table[n - 1][1], align: table[n - 1][2] })
const capacity = (v: Version): number => v.groups.reduce((sum, [count, data]) => sum + count * data, 0)

function field(): { exp: Uint8Array; log: Uint8Array } {
  const exp = new Uint8Array(512)
  const log = new Uint8Array(256)
  for (let n = 0, x = 1; n < 255; n++) {
    exp[n] = exp[n + 255] = x
    log[x] = n
    x = (x << 1) ^ (x & 128 ? 0x11d : 0)
  }
  return { exp, log }
}

export function qrModules(text: string): boolean[][] {
  const bytes = Buffer.from(text, 'utf8')
  let number = 1
  const header = (n: number): number => (n < 10 ? 2 : 3)
  while (number <= table.length && capacity(versionOf(number)) < bytes.length + header(number)) number++
  assert(number <= table.length, `an address of ${bytes.length} bytes is too long for a QR code`)
  const version = versionOf(number)
  const { size } = version

  // Data words: mode 0100, length, bytes, end, padding.
  const bits: number[] = []
  const put = (value: number, count: number): void => {
    for (let n = count - 1; n >= 0; n--) bits.push((value >> n) & 1)
  }
  put(4, 4)
  put(bytes.length, number < 10 ? 8 : 16)
  for (const byte of bytes) put(byte, 8)
  const total = capacity(version) * 8
  put(0, Math.min(4, total - bits.length))
  while (bits.length % 8 !== 0) bits.push(0)
  for (let pad = 0xec; bits.length < total; pad ^= 0xec ^ 0x11) put(pad, 8)
  const words = Uint8Array.from({ length: total / 8 }, (_, n) => bits.slice(n * 8, n * 8 + 8).reduce((sum, bit) => (sum << 1) | bit, 0))

  // Correction words per block: the remainder by the generator polynomial over GF(256).
  const { exp, log } = field()
  let generator = [1]
  for (let n = 0; n < version.ecc; n++) {
    const next = [...generator, 0]
    for (let k = 0; k < generator.length; k++) if (generator[k] !== 0) next[k + 1] ^= exp[log[generator[k]] + n]
    generator = next
  }
  const blocks: Array<{ data: Uint8Array; ecc: Uint8Array }> = []
  let at = 0
  for (const [count, length] of version.groups) {
    for (let n = 0; n < count; n++) {
      const data = words.subarray(at, (at += length))
      const rest = new Uint8Array(length + version.ecc)
      rest.set(data)
      for (let k = 0; k < length; k++) {
        if (rest[k] === 0) continue
        const factor = log[rest[k]]
        for (let g = 0; g < generator.length; g++) if (generator[g] !== 0) rest[k + g] ^= exp[log[generator[g]] + factor]
      }
      blocks.push({ data, ecc: rest.subarray(length) })
    }
  }
  const stream: number[] = []
  const longest = Math.max(...blocks.map((block) => block.data.length))
  for (let n = 0; n < longest; n++) for (const block of blocks) if (n < block.data.length) stream.push(block.data[n])
  for (let n = 0; n < version.ecc; n++) for (const block of blocks) stream.push(block.ecc[n])

  const dark = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
  const fixed = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
  const set = (row: number, column: number, on: boolean): void => {
    if (row < 0 || column < 0 || row >= size || column >= size) return
    dark[row][column] = on
    fixed[row][column] = true
  }
  const finder = (row: number, column: number): void => {
    for (let r = -1; r <= 7; r++) for (let c = -1; c <= 7; c++) set(row + r, column + c, r >= 0 && r <= 6 && c >= 0 && c <= 6 && (r === 0 || r === 6 || c === 0 || c === 6 || (r >= 2 && r <= 4 && c >= 2 && c <= 4)))
  }
  finder(0, 0)
  finder(0, size - 7)
  finder(size - 7, 0)
  for (const row of version.align) {
    for (const column of version.align) {
      if (fixed[row][column] && !(row === 6 || column === 6)) continue
      if ((row < 9 && column < 9) || (row < 9 && column > size - 10) || (row > size - 10 && column < 9)) continue
      for (let r = -2; r <= 2; r++) for (let c = -2; c <= 2; c++) set(row + r, column + c, Math.max(Math.abs(r), Math.abs(c)) !== 1)
    }
  }
  for (let n = 8; n < size - 8; n++) {
    if (!fixed[6][n]) set(6, n, n % 2 === 0)
    if (!fixed[n][6]) set(n, 6, n % 2 === 0)
  }
  const format = (mask: number): void => {
    const value = 0b00000 | mask
    let rest = value << 10
    for (let n = 14; n >= 10; n--) if ((rest >> n) & 1) rest ^= 0x537 << (n - 10)
    const code = ((value << 10) | rest) ^ 0x5412
    for (let n = 0; n < 15; n++) {
      const on = ((code >> n) & 1) === 1
      set(n < 6 ? n : n < 8 ? n + 1 : size - 15 + n, 8, on)
      set(8, n < 8 ? size - 1 - n : n < 9 ? 7 : 14 - n, on)
    }
    set(size - 8, 8, true)
  }
  format(0)
  if (number >= 7) {
    let rest = number << 12
    for (let n = 17; n >= 12; n--) if ((rest >> n) & 1) rest ^= 0x1f25 << (n - 12)
    const code = (number << 12) | rest
    for (let n = 0; n < 18; n++) {
      const on = ((code >> n) & 1) === 1
      set(Math.floor(n / 3), size - 11 + (n % 3), on)
      set(size - 11 + (n % 3), Math.floor(n / 3), on)
    }
  }

  let bit = 0
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5
    for (let step = 0; step < size; step++) {
      const row = ((right + 1) & 2) === 0 ? size - 1 - step : step
      for (const column of [right, right - 1]) {
        if (fixed[row][column]) continue
        dark[row][column] = bit < stream.length * 8 && ((stream[bit >> 3] >> (7 - (bit & 7))) & 1) === 1
        bit++
      }
    }
  }
  const masks: Array<(r: number, c: number) => boolean> = [
    (r, c) => (r + c) % 2 === 0, (r) => r % 2 === 0, (_r, c) => c % 3 === 0, (r, c) => (r + c) % 3 === 0, (r, c) => ((r >> 1) + Math.floor(c / 3)) % 2 === 0,
    (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0, (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0, (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
  ]
  const flip = (mask: number): void => {
    for (let r = 0; r < size; r++) for (let c = 0; c < size; c++) if (!fixed[r][c] && masks[mask](r, c)) dark[r][c] = !dark[r][c]
  }
  let best = { mask: 0, penalty: Infinity }
  for (let mask = 0; mask < 8; mask++) {
    flip(mask)
    format(mask)
    const penalty = penaltyOf(dark)
    if (penalty < best.penalty) best = { mask, penalty }
    flip(mask)
  }
  flip(best.mask)
  format(best.mask)
  return dark
}

/** How hard a pattern is to read: long runs, squares, things that look like a finder, too much of one colour. */
function penaltyOf(dark: boolean[][]): number {
  const size = dark.length
  let sum = 0
  let on = 0
  const looks = [0b10111010000, 0b00001011101]
  for (const turned of [false, true]) {
    for (let r = 0; r < size; r++) {
      let run = 0
      let last: boolean | undefined
      let window = 0
      for (let c = 0; c < size; c++) {
        const value = turned ? dark[c][r] : dark[r][c]
        if (!turned && value) on++
        run = value === last ? run + 1 : 1
        last = value
        if (run === 5) sum += 3
        else if (run > 5) sum++
        window = ((window << 1) | (value ? 1 : 0)) & 0x7ff
        if (c >= 10 && looks.includes(window)) sum += 40
      }
    }
  }
  for (let r = 1; r < size; r++) for (let c = 1; c < size; c++) if (dark[r][c] === dark[r - 1][c] && dark[r][c] === dark[r][c - 1] && dark[r][c] === dark[r - 1][c - 1]) sum += 3
  return sum + Math.floor(Math.abs((on * 20) / (size * size) - 10)) * 10
}

/** The code as one path, dark on white in both themes, with its quiet zone. */
export function qrPicture(text: string, label: string): Markup {
  const rows = qrModules(text)
  const side = rows.length + 8
  const path = rows.flatMap((row, r) => row.flatMap((on, c) => (on ? [`M${c + 4} ${r + 4}h1v1h-1z`] : []))).join('')
  const name = label.replace(/[&<>"]/g, '')
  return trusted(`<svg viewBox="0 0 ${side} ${side}" role="img" aria-label="${name}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${side}v${side}H0z"/><path fill="#000" d="${path}"/></svg>`)
}
