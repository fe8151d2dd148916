import type { Columns } from './check.ts'

/** One campaign of Hillstrom's e-mail test against no e-mail, in file order. */
export type Hillstrom = { x: Columns; names: string[]; treated: Uint8Array; visit: Float64Array; spend: Float64Array }

/**
 * Reads the file's text (comma separated, one header line) into columns: numbers as they are, each category but the first as a 0/1 column.
 * `campaign` picks the arm that counts as treated. Errors: RangeError naming the line that does not have 12 fields.
 */
export function readHillstrom(text: string, campaign: 'Womens E-Mail' | 'Mens E-Mail'): Hillstrom {
  const rows: string[][] = []
  for (const [line, row] of text.trim().split('\n').entries()) {
    // The top segment is written "7) $1,000 +": the only quoted field, and not used here.
    const fields = row.trim().replace(/"[^"]*"/g, 'quoted').split(',')
    if (fields.length !== 12) throw new RangeError(`cannot read Hillstrom's file: line ${line + 1} has ${fields.length} fields, expected 12`)
    if (line > 0 && (fields[8] === campaign || fields[8] === 'No E-Mail')) rows.push(fields)
  }
  const number = (field: number): Float64Array => Float64Array.from(rows, row => Number(row[field]))
  const is = (field: number, value: string): Float64Array => Float64Array.from(rows, row => row[field] === value ? 1 : 0)
  const columns: Array<[string, Float64Array]> = [
    ['recency', number(0)], ['history', number(2)], ['mens', number(3)], ['womens', number(4)], ['newbie', number(6)], ['urban', is(5, 'Urban')], ['rural', is(5, 'Rural')],
    ['web', is(7, 'Web')], ['multichannel', is(7, 'Multichannel')], ['logHistory', number(2).map(Math.log)],
  ]
  return {
    x: columns.map(([, values]) => values), names: columns.map(([name]) => name),
    treated: Uint8Array.from(rows, row => row[8] === campaign ? 1 : 0), visit: number(9), spend: number(11),
  }
}
