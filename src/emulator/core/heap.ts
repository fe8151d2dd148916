/** A binary heap kept in a plain array, so that it can be part of JSON state. The smallest item is at index 0. */
export function pushDue<T>(heap: T[], item: T, order: (a: T, b: T) => number): void {
  heap.push(item)
  let child = heap.length - 1
  while (child > 0) {
    const parent = (child - 1) >> 1
    if (order(heap[parent], heap[child]) <= 0) break
    ;[heap[parent], heap[child]] = [heap[child], heap[parent]]
    child = parent
  }
}

export function popDue<T>(heap: T[], order: (a: T, b: T) => number): T | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (heap.length === 0 || last === undefined) return top
  heap[0] = last
  let parent = 0
  for (;;) {
    let child = parent * 2 + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && order(heap[child + 1], heap[child]) < 0) child++
    if (order(heap[parent], heap[child]) <= 0) break
    ;[heap[parent], heap[child]] = [heap[child], heap[parent]]
    parent = child
  }
  return top
}
