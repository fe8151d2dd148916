/**
 * A dictionary of code sequences as one double array (Aoe 1989), with failure links on request (Aho & Corasick 1975).
 *
 * State s goes to t = base[s] + code when check[t] = s. Base and check lie side by side, so a step touches one cache line.
 */
export type DoubleArray = {
  /** [2·(size + codes + 1)] base[s] · 2 + (a pattern ends in s), then check[s]. */
  readonly cells: Int32Array
  /** [codes] the state after one code from the root; the root itself when no word starts so. */
  readonly enter: Int32Array
  /** [size] first pattern that ends exactly in s, or −1. */
  readonly ends: Int32Array
  /** [patterns] the next pattern with the same codes, or −1. */
  readonly sameEnd: Int32Array
  /** [states] every state, the root first, shorter prefixes before longer ones. */
  readonly order: Int32Array
  readonly states: number
}
export const root = 1

/**
 * Builds the array from `patterns`, each a non-empty sequence of codes from 1 to `codes` − 1.
 * Patterns are sorted by radix, so a state is a range of them; free cells are a linked list, so placing a state
 * costs a few probes. 100,000 words take a fraction of a second.
 */
export function buildDoubleArray(patterns: ReadonlyArray<ArrayLike<number>>, codes: number): DoubleArray {
  // All codes in one array: building reads them by the million and in no order.
  const begins = new Int32Array(patterns.length + 1)
  for (let i = 0; i < patterns.length; i++) begins[i + 1] = begins[i] + patterns[i].length
  const total = begins[patterns.length] + 1
  const flat = new Uint16Array(total)
  for (let i = 0; i < patterns.length; i++) flat.set(patterns[i], begins[i])
  const order = sorted(flat, begins, codes)
  let size = Math.max(1024, codes * 2 + 2)
  while (size < total * 1.1) size *= 2
  let base = new Int32Array(size)
  let check = new Int32Array(size)
  let next = new Int32Array(size)
  let previous = new Int32Array(size)
  let ends = new Int32Array(size).fill(-1)
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

  // Each queued state with its range of sorted patterns; its depth is read off where a level of the queue ends.
  const queue = new Int32Array(total)
  const from = new Int32Array(total)
  const to = new Int32Array(total)
  queue[0] = root
  to[0] = patterns.length
  check[root] = -1
  const children = new Uint16Array(codes)
  const starts = new Int32Array(codes + 1)
  let states = 1
  let level = 0
  for (let head = 0, levelEnd = 1; head < states; head++) {
    if (head === levelEnd) {
      level++
      levelEnd = states
    }
    const state = queue[head]
    let row = from[head]
    const end = to[head]
    while (row < end && begins[order[row] + 1] - begins[order[row]] === level) {
      sameEnd[order[row]] = ends[state]
      ends[state] = order[row++]
    }
    let count = 0
    for (let last = 0; row < end; row++) {
      const code = flat[begins[order[row]] + level]
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
      queue[states] = child
      from[states] = starts[i]
      to[states++] = starts[i + 1]
    }
  }

  const cells = new Int32Array(2 * (size + codes + 1))
  for (let head = 0; head < states; head++) {
    const state = queue[head]
    cells[2 * state] = base[state] * 2 + (ends[state] >= 0 ? 1 : 0)
    cells[2 * state + 1] = check[state]
  }
  const enter = new Int32Array(codes).fill(root)
  for (let code = 1; code < codes; code++) if (check[base[root] + code] === root) enter[code] = base[root] + code
  return { cells, enter, ends, sameEnd, order: queue.subarray(0, states), states }
}

/** [size] for every state the longest proper suffix that is itself a state. */
export function failureLinks({ cells, enter, ends, order }: DoubleArray): Int32Array {
  const fail = new Int32Array(ends.length).fill(root)
  for (let head = 1; head < order.length; head++) {
    const state = order[head]
    const parent = cells[2 * state + 1]
    if (parent === root) continue
    const code = state - (cells[2 * parent] >> 1)
    let suffix = fail[parent]
    while (suffix !== root && cells[2 * ((cells[2 * suffix] >> 1) + code) + 1] !== suffix) suffix = fail[suffix]
    fail[state] = suffix === root ? enter[code] : (cells[2 * suffix] >> 1) + code
  }
  return fail
}

/** Numbers of the patterns in the order of their codes, equal ones by number: radix sort from the last code to the first, a shorter pattern joining where it ends. */
function sorted(flat: Uint16Array, begins: Int32Array, codes: number): Int32Array {
  const count = begins.length - 1
  const lengthOf = (pattern: number): number => begins[pattern + 1] - begins[pattern]
  let longest = 0
  for (let i = 0; i < count; i++) longest = Math.max(longest, lengthOf(i))
  const byLength = new Int32Array(count)
  const lengthStarts = new Int32Array(longest + 2)
  for (let i = 0; i < count; i++) lengthStarts[lengthOf(i) + 1]++
  for (let length = 0; length <= longest; length++) lengthStarts[length + 1] += lengthStarts[length]
  const fill = lengthStarts.slice()
  for (let i = 0; i < count; i++) byLength[fill[lengthOf(i)]++] = i
  let list = new Int32Array(0)
  const starts = new Int32Array(codes + 1)
  for (let level = longest - 1; level >= 0; level--) {
    const joining = byLength.subarray(lengthStarts[level + 1], lengthStarts[level + 2])
    const both = new Int32Array(joining.length + list.length)
    both.set(joining)
    both.set(list, joining.length)
    starts.fill(0)
    for (let i = 0; i < both.length; i++) starts[flat[begins[both[i]] + level] + 1]++
    for (let code = 0; code < codes; code++) starts[code + 1] += starts[code]
    list = new Int32Array(both.length)
    for (let i = 0; i < both.length; i++) list[starts[flat[begins[both[i]] + level]]++] = both[i]
  }
  return list
}
