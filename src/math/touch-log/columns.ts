/**
 * Typed columns: the few storage kinds a touch can carry beside person, seconds and type.
 */
export type ColumnKind = 'u8' | 'u16' | 'u32' | 'f32' | 'f64'
export type Column = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array
/** Names (lower case, digits, _) and kinds; the order of the names is part of the order of rows with equal time and type. */
export type ColumnSpec = Readonly<Record<string, ColumnKind>>

export const bytesOf: Readonly<Record<ColumnKind, number>> = { u8: 1, u16: 2, u32: 4, f32: 4, f64: 8 }
const highest: Readonly<Record<ColumnKind, number>> = { u8: 255, u16: 65_535, u32: 4_294_967_295, f32: Infinity, f64: Infinity }

/** Memory for one column; shared between threads when `shared`. */
export function makeColumn(kind: ColumnKind, length: number, shared: boolean): Column {
  const bytes = length * bytesOf[kind]
  return viewColumn(kind, shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes), 0, length)
}

export function viewColumn(kind: ColumnKind, buffer: ArrayBufferLike, byteOffset: number, length: number): Column {
  switch (kind) {
    case 'u8': return new Uint8Array(buffer, byteOffset, length)
    case 'u16': return new Uint16Array(buffer, byteOffset, length)
    case 'u32': return new Uint32Array(buffer, byteOffset, length)
    case 'f32': return new Float32Array(buffer, byteOffset, length)
    case 'f64': return new Float64Array(buffer, byteOffset, length)
    default: throw new RangeError(`touch log: unknown column kind '${String(kind)}', expected u8, u16, u32, f32 or f64`)
  }
}

export function checkSpec(spec: ColumnSpec): void {
  for (const [name, kind] of Object.entries(spec)) {
    if (!/^[a-z][a-z0-9_]{0,30}$/i.test(name)) throw new RangeError(`touch log: column name '${name}' is not usable, expected a letter then up to 30 letters, digits or _`)
    if (!(kind in bytesOf)) throw new RangeError(`touch log: column '${name}' has kind '${String(kind)}', expected u8, u16, u32, f32 or f64`)
  }
}

/** Checks that every value fits its kind. @throws RangeError naming column and row */
export function checkValues(name: string, kind: ColumnKind, values: ArrayLike<number>): void {
  const max = highest[kind]
  const whole = max !== Infinity
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (whole ? !(value >= 0 && value <= max && Number.isInteger(value)) : !Number.isFinite(value)) {
      throw new RangeError(`touch log: columns.${name}[${row}] is ${value}, expected ${whole ? `an integer from 0 to ${max}` : 'a finite number'}`)
    }
  }
}
