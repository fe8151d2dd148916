/**
 * A dictionary of code sequences as one double array with failure links (Aho & Corasick 1975; Aoe 1989).
 *
 * State s goes to t = base[s] + code when check[t] = s. Base and check lie side by side, so a step touches one cache line; the lowest bit of
 * base says that something ends in s or in one of its suffixes, so most steps read nothing else.
 */
export type DoubleArray = {
  /** [2·size] base[s] · 2 + (something ends here), then check[s]. */
  readonly cells: Int32Array
  /** [size] the longest proper suffix of s that is itself a state. */
  readonly fail: Int32Array
  /** [codes] the state after one code from the root; the root itself when no word starts so. */
  readonly enter: Int32Array
  /** [size] first pattern that ends exactly in s, or −1. */
  readonly ends: Int32Array
  /** [patterns] the next pattern with the same codes, or −1. */
  readonly sameEnd: Int32Array
  /** [size] the nearest suffix state in which a pattern ends, or 0. */
  readonly shorter: Int32Array
  readonly states: number
}
export const root = 1

/**
 * Builds the array from `patterns`, each a non-empty sequence of codes from 1 to `codes` − 1.
 * Patterns are sorted, so a state is a range of them; free cells are a linked list, so placing a state
 * costs a few probes. 100,000 words take well under a second.
 */
export function buildDoubleArray(patterns: readonly Uint16Array[], codes: number): DoubleArray {
  const order = Int32Array.from(patterns.keys())
  order.sort((a, b) => compare(patterns[a], patterns[b]) || a - b)
  let size = Math.max(1024, codes * 2 + 2)
  let base = new Int32Array(size)
  let check = new Int32Array(size)
  let next = new Int32Array(size)
  let previous = new Int32Array(size)
  let ends = new Int32Array(size).fill(-1)
  let fail = new Int32Array(size)
  const sameEnd = new Int32Array(patterns.length).fill(-1)
  // Cell 0 is the head of the free list and nobody's state. Cells below `codes` + 2 are left to the root, because base may not be negative.
  const firstCell = codes + 2
  let tail = 0
  const link = (from: number, to: number): void => {
    for (let cell = from; cell < to; cell++) {
      next[tail] = cell
      previous[cell] = tail
      tail = cell
    }
    next[tail] = 0
    previous[0] = tail
  }
  const grow = (needed: number): void => {
    if (needed < size) return
    const from = size
    while (size <= needed) size *= 2
    const wider = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const wide = new Int32Array(size)
      wide.set(old)
      return wide
    }
    base = wider(base)
    check = wider(check)
    next = wider(next)
    previous = wider(previous)
    fail = wider(fail)
    const wideEnds = new Int32Array(size).fill(-1)
    wideEnds.set(ends)
    ends = wideEnds
    link(from, size)
  }
  const take = (cell: number): void => {
    if (cell < firstCell) return
    next[previous[cell]] = next[cell]
    if (next[cell] === 0) tail = previous[cell]
    previous[next[cell]] = previous[cell]
  }
  link(firstCell, size)
  // States with one child fill the holes from the head of the list; states with several search from a cursor, which moves on where cells have become scarce.
  let cursor = firstCell
  const placeFor = (children: Uint16Array, count: number): number => {
    const first = children[0]
    const last = children[count - 1]
    if (count === 1) {
      if (next[0] === 0) grow(size)
      return next[0] - first
    }
    while (cursor < size && check[cursor] !== 0) cursor++
    if (cursor >= size) grow(size)
    let cell = cursor
    for (let tries = 0; ; tries++) {
      const at = cell - first
      grow(at + last + 1)
      let free = true
      for (let i = 1; i < count; i++) if (check[at + children[i]] !== 0) {
        free = false
        break
      }
      if (free) {
        if (tries > 32) cursor = cell
        return at
      }
      if (next[cell] === 0) grow(size)
      cell = next[cell]
    }
  }

  const queue: number[] = [root]
  const from: number[] = [0]
  const to: number[] = [patterns.length]
  const depth: number[] = [0]
  check[root] = -1
  const children = new Uint16Array(codes)
  const starts = new Int32Array(codes + 1)
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head]
    const level = depth[head]
    let row = from[head]
    const end = to[head]
    while (row < end && patterns[order[row]].length === level) {
      sameEnd[order[row]] = ends[state]
      ends[state] = order[row++]
    }
    let count = 0
    for (let last = 0; row < end; row++) {
      const code = patterns[order[row]][level]
      if (code !== last) {
        children[count] = code
        starts[count++] = row
        last = code
      }
    }
    if (count === 0) continue
    starts[count] = end
    const at = state === root ? 1 : placeFor(children, count)
    base[state] = at
    for (let i = 0; i < count; i++) {
      const child = at + children[i]
      take(child)
      check[child] = state
      queue.push(child)
      from.push(starts[i])
      to.push(starts[i + 1])
      depth.push(level + 1)
    }
  }

  const shorter = new Int32Array(size)
  const cells = new Int32Array(2 * (size + codes + 1))
  const enter = new Int32Array(codes).fill(root)
  for (let code = 1; code < codes; code++) if (check[base[root] + code] === root) enter[code] = base[root] + code
  fail[root] = root
  cells[2 * root] = base[root] * 2
  for (let head = 1; head < queue.length; head++) {
    const state = queue[head]
    const parent = check[state]
    const code = state - base[parent]
    if (parent === root) fail[state] = root
    else {
      let suffix = fail[parent]
      while (suffix !== root && check[base[suffix] + code] !== suffix) suffix = fail[suffix]
      fail[state] = suffix === root ? enter[code] : base[suffix] + code
    }
    shorter[state] = ends[fail[state]] >= 0 ? fail[state] : shorter[fail[state]]
    cells[2 * state] = base[state] * 2 + (ends[state] >= 0 || shorter[state] !== 0 ? 1 : 0)
    cells[2 * state + 1] = parent
  }
  return { cells, fail, enter, ends, sameEnd, shorter, states: queue.length }
}

function compare(a: Uint16Array, b: Uint16Array): number {
  const common = Math.min(a.length, b.length)
  for (let i = 0; i < common; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return a.length - b.length
}
