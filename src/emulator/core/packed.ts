import { deflateRawSync, inflateRawSync } from 'node:zlib'

/**
 * State that would be large as objects is kept as bytes. What a snapshot shows does not depend on what is packed: `plain` is JSON-able data, and
 * two worlds that did the same are equal whatever they hold as objects. `packed` is for restarts: the same in a small text.
 */
export abstract class Packed {
  abstract plain(): unknown
  abstract packed(): unknown
  toJSON(): unknown {
    return this.plain()
  }
}

/** A deep copy of state in which everything packed stays packed (as base64). */
export function copyPacked(value: unknown): unknown {
  if (value instanceof Packed) return value.packed()
  if (Array.isArray(value)) return value.map(copyPacked)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyPacked(item)]))
}

/** Shown to readers of packed things: a change to it would be lost, so it is an error. */
function frozen<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    for (const item of Object.values(value)) frozen(item)
    Object.freeze(value)
  }
  return value
}

const blockItems = 64
/** Items younger than this many stay objects: they are read and changed most. */
const youngItems = 768
const annalsBlock = 256

const squeeze = (text: string | Buffer): Buffer => deflateRawSync(text, { level: 1 })

/** JSON texts side by side, deflated. Numbers say where each begins and ends in the inflated bytes. */
type Block = { bytes: Buffer; left: number }
type Kept<H> = { block: Block; from: number; to: number; head: H }

/**
 * Many things under their ids (货架), in the order in which they were added. Those that are done are packed, a few dozen to a block, and come back
 * when somebody opens them; of each a small head stays at hand for lists.
 */
export class Shelf<T extends { id: string }, H> extends Packed {
  readonly #items = new Map<string, T | Kept<H>>()
  readonly #live = new Map<string, T>()
  readonly #headOf: (item: T) => H
  readonly #isDone: (item: T) => boolean
  #opened: { block: Block; bytes: Buffer } | undefined
  #sinceSweep = 0

  readonly #young: number

  /**
   * @param isDone nothing is expected to happen to the item any more; if it does after all, `open` brings it back.
   * @param young so many of the newest stay objects whatever they are.
   */
  constructor(headOf: (item: T) => H, isDone: (item: T) => boolean, young = youngItems) {
    super()
    this.#headOf = headOf
    this.#isDone = isDone
    this.#young = young
  }

  get size(): number {
    return this.#items.size
  }

  /** How many are held as objects. */
  get liveSize(): number {
    return this.#live.size
  }

  add(item: T): void {
    this.#items.set(item.id, item)
    this.#live.set(item.id, item)
    if (++this.#sinceSweep >= blockItems) this.#sweep()
  }

  has(id: string): boolean {
    return this.#items.has(id)
  }

  /** To read: the item, or a frozen copy of it. */
  get(id: string): Readonly<T> | undefined {
    const live = this.#live.get(id)
    if (live) return live
    const kept = this.#items.get(id) as Kept<H> | undefined
    return kept && frozen(JSON.parse(this.#textOf(kept)) as T)
  }

  /** To change: the item itself. */
  open(id: string): T | undefined {
    const live = this.#live.get(id)
    if (live) return live
    const kept = this.#items.get(id) as Kept<H> | undefined
    if (!kept) return undefined
    const item = JSON.parse(this.#textOf(kept)) as T
    // The bytes of a block go when the last of its items has left.
    kept.block.left--
    this.#items.set(id, item)
    this.#live.set(id, item)
    return item
  }

  /** Only if it is not packed, that is, if something is still expected to happen to it. */
  pending(id: string): T | undefined {
    return this.#live.get(id)
  }

  *ids(): Iterable<string> {
    yield* this.#items.keys()
  }

  *heads(): Iterable<{ id: string } & H> {
    for (const [id, item] of this.#items) yield { id, ...(this.#live.has(id) ? this.#headOf(item as T) : (item as Kept<H>).head) }
  }

  /** All of them, to read. */
  *values(): Iterable<Readonly<T>> {
    for (const id of this.#items.keys()) yield this.get(id)!
  }

  find(wanted: (item: Readonly<T>) => boolean): Readonly<T> | undefined {
    for (const item of this.values()) if (wanted(item)) return item
    return undefined
  }

  plain(): Record<string, T> {
    const all: Record<string, T> = {}
    for (const [id, item] of this.#items) all[id] = this.#live.get(id) ?? (JSON.parse(this.#textOf(item as Kept<H>)) as T)
    return all
  }

  packed(): { shelf: string[] } {
    const shelf: string[] = []
    let texts: string[] = []
    const seal = (): void => {
      if (texts.length > 0) shelf.push(squeeze(`[${texts.join(',')}]`).toString('base64'))
      texts = []
    }
    for (const [id, item] of this.#items) {
      texts.push(this.#live.has(id) ? JSON.stringify(item) : this.#textOf(item as Kept<H>))
      if (texts.length >= blockItems) seal()
    }
    seal()
    return { shelf }
  }

  /** Takes in what `plain` or `packed` gave. */
  fill(state: Record<string, T> | { shelf: string[] }): this {
    if (Array.isArray(state.shelf)) for (const text of state.shelf) for (const item of JSON.parse(inflateRawSync(Buffer.from(text, 'base64')).toString('utf8')) as T[]) this.add(item)
    else for (const item of Object.values(state as Record<string, T>)) this.add(item)
    return this
  }

  #textOf(kept: Kept<H>): string {
    if (this.#opened?.block !== kept.block) this.#opened = { block: kept.block, bytes: inflateRawSync(kept.block.bytes) }
    return this.#opened.bytes.toString('utf8', kept.from, kept.to)
  }

  #sweep(): void {
    this.#sinceSweep = 0
    let old = this.#live.size - this.#young
    let ready: T[] = []
    for (const item of this.#live.values()) {
      if (old-- <= 0) break
      if (!this.#isDone(item)) continue
      ready.push(item)
      if (ready.length < blockItems) continue
      this.#pack(ready)
      ready = []
    }
  }

  #pack(items: readonly T[]): void {
    const texts = items.map((item) => Buffer.from(JSON.stringify(item)))
    const block: Block = { bytes: squeeze(Buffer.concat(texts)), left: items.length }
    let from = 0
    for (const [n, item] of items.entries()) {
      const to = from + texts[n].length
      this.#items.set(item.id, { block, from, to, head: this.#headOf(item) })
      this.#live.delete(item.id)
      from = to
    }
  }
}

/** A list that only grows (流水): entries older than the last few hundred are packed. */
export class Annals<T extends object> extends Packed implements Iterable<Readonly<T>> {
  readonly #blocks: Buffer[] = []
  #young: T[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  push(...entries: T[]): void {
    for (const entry of entries) {
      this.#young.push(entry)
      this.#length++
      if (this.#young.length < annalsBlock * 2) continue
      this.#blocks.push(squeeze(JSON.stringify(this.#young.slice(0, annalsBlock))))
      this.#young = this.#young.slice(annalsBlock)
    }
  }

  *[Symbol.iterator](): Iterator<Readonly<T>> {
    for (const block of this.#blocks) yield* JSON.parse(inflateRawSync(block).toString('utf8')) as T[]
    yield* this.#young
  }

  filter(keep: (entry: Readonly<T>) => boolean): Array<Readonly<T>> {
    const kept: Array<Readonly<T>> = []
    for (const entry of this) if (keep(entry)) kept.push(entry)
    return kept
  }

  find(wanted: (entry: Readonly<T>) => boolean): Readonly<T> | undefined {
    for (const entry of this) if (wanted(entry)) return entry
    return undefined
  }

  plain(): T[] {
    return [...this] as T[]
  }

  packed(): { annals: string[]; young: T[] } {
    return { annals: this.#blocks.map((block) => block.toString('base64')), young: this.#young }
  }

  fill(state: readonly T[] | { annals: string[]; young: T[] }): this {
    if ('annals' in state) {
      for (const text of state.annals) this.#blocks.push(Buffer.from(text, 'base64'))
      this.#length += state.annals.length * annalsBlock
      this.push(...state.young)
    } else this.push(...state)
    return this
  }
}
