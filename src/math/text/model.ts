import { keyBits } from './features.ts'

/** What a trained classifier knows. Weights are quantised to 255 levels when encoded. */
export type Model = {
  /** n-gram key → weight of one occurrence, before division by √(number of n-grams of the text). */
  kept: Map<number, number>
  bias: number
  /** logit = slope · margin + offset. */
  slope: number
  offset: number
  /** Share of offending texts in training: the probability holds where the share is this. */
  baseRate: number
  texts: number
  seed: number
  source: string
}
const magic = 0x315a5154 // "TQZ1" read as little-endian 32 bits

/**
 * File: magic, length of the header, header (JSON), then per n-gram in order of its key the difference to the previous key (7 bits a byte, low first) and one signed byte of weight.
 */
export function encodeModel(model: Model): Uint8Array {
  const rows = [...model.kept.entries()].sort((a, b) => a[0] - b[0])
  let step = 0
  for (const [, weight] of rows) step = Math.max(step, Math.abs(weight) / 127)
  const body: number[] = []
  let previous = 0
  let features = 0
  for (const [key, weight] of rows) {
    const level = step === 0 ? 0 : Math.round(weight / step)
    if (level === 0) continue
    let gap = key - previous
    previous = key
    features++
    while (gap > 127) {
      body.push((gap & 127) | 128)
      gap >>>= 7
    }
    body.push(gap, level & 255)
  }
  const header = new TextEncoder().encode(JSON.stringify({
    features, step, bias: model.bias, slope: model.slope, offset: model.offset, baseRate: model.baseRate, texts: model.texts, seed: model.seed, source: model.source,
  }))
  const bytes = new Uint8Array(8 + header.length + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, header.length, true)
  bytes.set(header, 8)
  bytes.set(body, 8 + header.length)
  return bytes
}

/** Errors: RangeError when the bytes are no model, are cut off, or have bytes left over. */
export function decodeModel(bytes: Uint8Array): Model {
  const refuse = (why: string): never => { throw new RangeError(`cannot read the moderation model: ${why}; train it again`) }
  if (bytes.length < 8) refuse(`it has ${bytes.length} bytes, expected at least 8`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== magic) refuse('it does not begin with the mark of a model')
  const headerLength = view.getUint32(4, true)
  if (8 + headerLength > bytes.length) refuse(`its header needs ${headerLength} bytes, found ${bytes.length - 8}`)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength))) as Omit<Model, 'kept'> & { features: number; step: number }
  for (const name of ['features', 'step', 'bias', 'slope', 'offset', 'baseRate'] as const) if (!Number.isFinite(header[name])) refuse(`its header has no number ${name}`)
  const kept = new Map<number, number>()
  let at = 8 + headerLength
  let key = 0
  for (let i = 0; i < header.features; i++) {
    let gap = 0
    for (let shift = 0; ; shift += 7) {
      if (at + 1 >= bytes.length) refuse(`it ends after ${i} of ${header.features} n-grams`)
      const byte = bytes[at++]
      gap |= (byte & 127) << shift
      if (byte < 128) break
      if (shift > 14) refuse(`n-gram ${i} has a key of more than ${keyBits} bits`)
    }
    key += gap
    if (key >= 2 ** keyBits) refuse(`n-gram ${i} has key ${key}, expected below 2^${keyBits}`)
    kept.set(key, view.getInt8(at++) * header.step)
  }
  if (at !== bytes.length) refuse(`${bytes.length - at} bytes are left over`)
  return { kept, bias: header.bias, slope: header.slope, offset: header.offset, baseRate: header.baseRate, texts: header.texts, seed: header.seed, source: header.source }
}
