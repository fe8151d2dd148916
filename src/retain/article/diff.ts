/** What changed between two versions, line by line: the longest common run of lines stays, the rest was added or removed. */
export type DiffLine = { op: 'same' | 'added' | 'removed'; text: string }

/** Lines beyond this in the middle are compared as a whole: the table would grow with their product. */
const mostCells = 4_000_000

export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const [x, y] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)]
  const same = (lines: string[]): DiffLine[] => lines.map((text) => ({ op: 'same', text }))
  return [...same(a.slice(0, head)), ...middle(x, y), ...same(a.slice(a.length - tail))]
}

function middle(x: string[], y: string[]): DiffLine[] {
  const removed = (lines: string[]): DiffLine[] => lines.map((text) => ({ op: 'removed', text }))
  const added = (lines: string[]): DiffLine[] => lines.map((text) => ({ op: 'added', text }))
  if (x.length * y.length > mostCells || x.length === 0 || y.length === 0) return [...removed(x), ...added(y)]
  const width = y.length + 1
  const length = new Uint16Array((x.length + 1) * width)
  for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) length[i * width + j] = x[i] === y[j] ? length[(i + 1) * width + j + 1] + 1 : Math.max(length[(i + 1) * width + j], length[i * width + j + 1])
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < x.length && j < y.length) {
    if (x[i] === y[j]) lines.push({ op: 'same', text: x[i++] }), j++
    else if (length[(i + 1) * width + j] >= length[i * width + j + 1]) lines.push({ op: 'removed', text: x[i++] })
    else lines.push({ op: 'added', text: y[j++] })
  }
  return [...lines, ...removed(x.slice(i)), ...added(y.slice(j))]
}
