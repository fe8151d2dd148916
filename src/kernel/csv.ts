/**
 * CSV (RFC 4180) for spreadsheets: UTF-8 with its mark, CRLF. A leading sign that a spreadsheet would run as a formula is disarmed with an apostrophe, also
 * inside quotes; a negative number stays a number.
 */
export type CsvCell = string | number | boolean | null | undefined

function disarmed(value: CsvCell): string {
  const text = String(value ?? '')
  return /^[=+@\t\r]/.test(text) || /^-[^\d.]/.test(text) ? `'${text}` : text
}
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

export function csvCell(value: CsvCell): string {
  const text = disarmed(value)
  return /[",\n\r]/.test(text) ? quoted(text) : text
}

export const csvLine = (cells: readonly CsvCell[]): string => cells.map(csvCell).join(',')
/** Every cell in quotes, for readers that take a bare long number for a number. */
export const csvQuotedLine = (cells: readonly CsvCell[]): string => cells.map((value) => quoted(disarmed(value))).join(',')

/** Lines that are CSV already, as a file. */
export const csvFile = (lines: readonly string[]): string => `\uFEFF${lines.join('\r\n')}\r\n`
