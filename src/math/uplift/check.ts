import { requireEqualLength, requireFinite } from '../special/index.ts'

/** Columns of a table: [p][n], all finite. */
export type Columns = readonly Float64Array[]

export function requireBinary(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) if (values[i] !== 0 && values[i] !== 1) throw new RangeError(`cannot compute: ${name}[${i}] is ${values[i]}, expected 0 or 1`)
}
export function requireColumns(x: Columns, rows: number): void {
  for (const [column, values] of x.entries()) {
    requireEqualLength(`x[${column}]`, values, rows, 'one per person')
    requireFinite(`x[${column}]`, values)
  }
}
/** Both arms present, arrays as long as each other. */
export function requireArms(treated: ArrayLike<number>, y: ArrayLike<number>): { treated: number; control: number } {
  requireEqualLength('treated', treated, y.length, 'one per person')
  requireBinary('treated', treated)
  let ones = 0
  for (let i = 0; i < treated.length; i++) ones += treated[i]
  if (ones === 0 || ones === treated.length) throw new RangeError(`cannot compute: ${ones} of ${treated.length} persons are treated, expected some of both arms`)
  return { treated: ones, control: treated.length - ones }
}
