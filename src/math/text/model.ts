import { character, kinds, kindStep, soundLimit, sounds, type Kind } from './features.ts'

/** What a trained classifier knows. Weights are quantised to 255 levels when encoded. */
export type Model = {
  /** kind · 2³² + key of the n-gram → weight of one occurrence, before division by √(number of n-grams of the text). */
  kept: Map<number, number>
  bias: number
  /** logit = slope · margin + offset. */
  slope: number
  offset: number
  /** Share of offending texts in training: the probability holds where the share is this. */
  baseRate: number
  /** Calibration error and macro-F1 (as shares) on texts of training that the judging model had not seen. */
  heldOut: { calibrationError: number; macroF1: number }
  texts: number
  seed: number
  source: string
  /** Mark of the table of sounds it was trained with. */
  soundMark: number
}
/** The same with weights as whole levels of `step`. */
export type DecodedModel = Omit<Model, 'kept'> & { step: number; levels: Array<{ kind: Kind; key: number; level: number }> }
const magic = 0x325a5154 // "TQZ2" read as little-endian 32 bits

/**
 * File: magic, length of the header, header (JSON), then for each kind the n-grams in order of their keys: the difference to the previous key
 * (7 bits a byte, low first) and one signed byte of weight.
 */
export function encodeModel(model: Model): Uint8Array {
  const { kept, ...rest } = model
  let step = 0
  for (const weight of kept.values()) step = Math.max(step, Math.abs(weight) / 127)
  const body: number[] = []
  const counts = kinds.map(() => 0)
  for (const kind of kinds.keys()) {
    let previous = 0
    for (const [id, weight] of [...kept.entries()].filter(([id]) => Math.floor(id / kindStep) === kind).sort((a, b) => a[0] - b[0])) {
      const key = id - kind * kindStep
      let gap = key - previous
      previous = key
      counts[kind]++
      while (gap > 127) {
        body.push((gap % 128) | 128)
        gap = Math.floor(gap / 128)
      }
      body.push(gap, (step === 0 ? 0 : Math.round(weight / step)) & 255)
    }
  }
  const header = new TextEncoder().encode(JSON.stringify({ counts, step, ...rest }))
  const bytes = new Uint8Array(8 + header.length + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, header.length, true)
  bytes.set(header, 8)
  bytes.set(body, 8 + header.length)
  return bytes
}

/** Errors: RangeError when the bytes are no model, are cut off, or have bytes left over. */
export function decodeModel(bytes: Uint8Array): DecodedModel {
  const refuse = (why: string): never => { throw new RangeError(`cannot read the moderation model: ${why}; train it again`) }
  if (bytes.length < 8) refuse(`it has ${bytes.length} bytes, expected at least 8`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== magic) refuse('it does not begin with the mark of a model')
  const headerLength = view.getUint32(4, true)
  if (8 + headerLength > bytes.length) refuse(`its header needs ${headerLength} bytes, found ${bytes.length - 8}`)
  const { counts, ...header } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength))) as Omit<DecodedModel, 'levels'> & { counts: number[] }
  for (const name of ['step', 'bias', 'slope', 'offset', 'baseRate', 'soundMark'] as const) if (!Number.isFinite(header[name])) refuse(`its header has no number ${name}`)
  if (!Array.isArray(counts) || counts.length !== kinds.length) refuse(`its header has no count for each of ${kinds.length} kinds of n-grams`)
  const levels: DecodedModel['levels'] = []
  let at = 8 + headerLength
  for (const [kind, count] of counts.entries()) {
    let key = 0
    for (let i = 0; i < count; i++) {
      let gap = 0
      for (let scale = 1; ; scale *= 128) {
        if (at + 1 >= bytes.length) refuse(`it ends after ${i} of ${count} n-grams of kind ${kinds[kind]}`)
        const byte = bytes[at++]
        gap += (byte & 127) * scale
        if (byte < 128) break
        if (scale > 2 ** 28) refuse(`n-gram ${i} of kind ${kinds[kind]} has a key of more than 32 bits`)
      }
      key += gap
      const bound = kind === character ? 0x10000 : kind === sounds ? soundLimit * 0x10000 : kind === sounds - 1 ? soundLimit : kindStep
      if (key >= bound) refuse(`n-gram ${i} of kind ${kinds[kind]} has key ${key}, expected below ${bound}`)
      levels.push({ kind: kind as Kind, key, level: view.getInt8(at++) })
    }
  }
  if (at !== bytes.length) refuse(`${bytes.length - at} bytes are left over`)
  return { ...header, levels }
}
