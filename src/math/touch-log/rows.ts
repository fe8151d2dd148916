/**
 * Rows as they come in, one typed array per field, and their check.
 */
import { checkValues, type ColumnSpec } from './columns.ts'

export type TouchRows = {
  /** Person index, integer from 0 to 2^31 − 1: dense numbers given by the caller. */
  person: ArrayLike<number>
  /** Integer UTC seconds since the epoch, 0 to 2^32 − 1. */
  seconds: ArrayLike<number>
  /** Type code 0–255. */
  type: ArrayLike<number>
  /** Integer ids, 0 to 2^53 − 1; a row whose id was seen before is ignored. Absent = no de-duplication. */
  id?: ArrayLike<number>
  /** One array per declared column. */
  columns?: Readonly<Record<string, ArrayLike<number>>>
}

export const maxPerson = 2 ** 31 - 1
export const maxSeconds = 2 ** 32 - 1

function wholeIn(name: string, values: ArrayLike<number>, max: number): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (!(value >= 0 && value <= max && Number.isInteger(value))) {
      throw new RangeError(`touch log: ${name}[${row}] is ${value}, expected an integer from 0 to ${max}`)
    }
  }
}

/** @throws RangeError naming the field and the row */
export function checkRows(rows: TouchRows, spec: ColumnSpec): number {
  const count = rows.person.length
  const sameLength = (name: string, values: ArrayLike<number>): void => {
    if (values.length !== count) throw new RangeError(`touch log: ${name} has ${values.length} rows, expected ${count} like person`)
  }
  sameLength('seconds', rows.seconds)
  sameLength('type', rows.type)
  wholeIn('person', rows.person, maxPerson)
  if (!(rows.seconds instanceof Uint32Array)) wholeIn('seconds', rows.seconds, maxSeconds)
  if (!(rows.type instanceof Uint8Array)) wholeIn('type', rows.type, 255)
  if (rows.id) {
    sameLength('id', rows.id)
    if (!(rows.id instanceof Uint32Array)) wholeIn('id', rows.id, Number.MAX_SAFE_INTEGER)
  }
  for (const [name, kind] of Object.entries(spec)) {
    const values = rows.columns?.[name]
    if (!values) throw new RangeError(`touch log: the rows lack column '${name}' (${kind}), which this log declares`)
    sameLength(`columns.${name}`, values)
    checkValues(name, kind, values)
  }
  for (const name of Object.keys(rows.columns ?? {})) {
    if (!(name in spec)) throw new RangeError(`touch log: the rows have a column '${name}', which this log does not declare`)
  }
  return count
}
