import { describe, expect, test } from 'vitest'
import { csvCell, csvFile, csvLine } from './csv.ts'

describe('cells for spreadsheets', () => {
  test('what would be run as a formula is text, also when it must be quoted; a negative number stays one', () => {
    expect(['=1+1', '=cmd|"/c",x', '+86', '@a', '-A1', '-12.30', -3].map(csvCell)).toEqual(["'=1+1", `"'=cmd|""/c"",x"`, "'+86", "'@a", "'-A1", '-12.30', '-3'])
  })
  test('commas, quotes and lines are quoted, nothing is an empty cell', () => {
    expect(csvLine(['a,b', 'say "x"', 'two\nlines', null, undefined, true])).toBe('"a,b","say ""x""","two\nlines",,,true')
    expect(csvFile(['a', 'b'])).toBe('\uFEFFa\r\nb\r\n')
  })
})
