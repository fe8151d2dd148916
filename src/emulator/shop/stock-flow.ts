import { Packed } from '../core/packed.ts'

export type FlowEntry = { at: number; op: number; amount: number; before: number; after: number; orderId: string }
type FlowRow = [at: number, op: number, amount: number, before: number, after: number, orderId: string]

/** What `plain` and `packed` give. */
export type FlowForms = readonly FlowRow[] | ReturnType<StockFlow['packed']>

const longOrderId = /^\d{19}$/

/**
 * The stock flow of one SKU, about 15 bytes an entry: a year of a shop with half a million order lines would be 100 MB as objects. Numbers are
 * written as differences, seven bits to a byte; the 19 digits of an order id as two numbers.
 */
export class StockFlow extends Packed {
  #bytes: Buffer = Buffer.alloc(0)
  #used = 0
  #length = 0
  #lastAt = 0
  #lastAfter = 0

  get length(): number {
    return this.#length
  }

  push(at: number, op: number, amount: number, before: number, after: number, orderId: string): void {
    const other = orderId === '' || longOrderId.test(orderId) ? undefined : Buffer.from(orderId)
    const needed = this.#used + 60 + (other?.length ?? 0)
    if (needed > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#used)], Math.max(needed + 196, Math.ceil(this.#used * 1.25)))
    this.#signed(at - this.#lastAt)
    this.#unsigned(op)
    this.#signed(amount)
    this.#signed(before - this.#lastAfter)
    this.#signed(after - before)
    if (orderId === '') this.#bytes[this.#used++] = 0
    else if (other === undefined) {
      this.#bytes[this.#used++] = 1
      this.#used = this.#bytes.writeUInt32BE(Number(orderId.slice(0, 9)), this.#used)
      this.#used = this.#bytes.writeUIntBE(Number(orderId.slice(9)), this.#used, 5)
    } else {
      this.#bytes[this.#used++] = 2
      this.#unsigned(other.length)
      this.#used += other.copy(this.#bytes, this.#used)
    }
    this.#lastAt = at
    this.#lastAfter = after
    this.#length++
  }

  /** Oldest first. */
  entries(): FlowEntry[] {
    const bytes = this.#bytes
    const entries: FlowEntry[] = []
    let place = 0
    const unsigned = (): number => {
      let value = 0
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes[place++]
        value += (byte & 127) * scale
        if (byte < 128) return value
      }
    }
    const signed = (): number => {
      const value = unsigned()
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    for (let at = 0, after = 0; place < this.#used; ) {
      at += signed()
      const op = unsigned()
      const amount = signed()
      const before = after + signed()
      after = before + signed()
      let orderId = ''
      const kind = bytes[place++]
      if (kind === 1) {
        orderId = String(bytes.readUInt32BE(place)).padStart(9, '0') + String(bytes.readUIntBE(place + 4, 5)).padStart(10, '0')
        place += 9
      } else if (kind === 2) {
        const length = unsigned()
        orderId = bytes.toString('utf8', place, place + length)
        place += length
      }
      entries.push({ at, op, amount, before, after, orderId })
    }
    return entries
  }

  plain(): FlowRow[] {
    return this.entries().map(({ at, op, amount, before, after, orderId }) => [at, op, amount, before, after, orderId])
  }

  packed(): { flow: string; length: number; lastAt: number; lastAfter: number } {
    return { flow: this.#bytes.toString('base64', 0, this.#used), length: this.#length, lastAt: this.#lastAt, lastAfter: this.#lastAfter }
  }

  /** Takes in what `plain` or `packed` gave; only once, at the start. */
  fill(state: FlowForms): this {
    if ('flow' in state) {
      this.#bytes = Buffer.from(state.flow, 'base64')
      this.#used = this.#bytes.length
      this.#length = state.length
      this.#lastAt = state.lastAt
      this.#lastAfter = state.lastAfter
    } else for (const row of state) this.push(...row)
    return this
  }

  #unsigned(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#used++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#used++] = rest
  }

  /** Stock of two thousand million pieces times two still fits: differences stay below 2^52. */
  #signed(value: number): void {
    this.#unsigned(value < 0 ? -value * 2 - 1 : value * 2)
  }
}
