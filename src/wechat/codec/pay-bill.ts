import { CodecError } from './codec-error.ts'

/**
 * Bill files (账单): CSV with a byte-order mark, a header line, one line per entry whose every cell starts with a back-tick, then a summary
 * header and one summary line. Amounts are yuan with decimals. Cells may hold commas: the separator is comma and back-tick.
 */
export type BillLine =
  | { kind: 'row'; line: number; cells: Record<string, string> }
  | { kind: 'summary'; line: number; cells: Record<string, string> }
  /** A line that does not fit its header; the others are still good. */
  | { kind: 'bad'; line: number; reason: string; text: string }

/** Streams a bill: memory holds one line. Ends with a CodecError `malformed` when the summary is missing (the file was cut off). */
export async function* readBill(chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): AsyncGenerator<BillLine> {
  let header: string[] | undefined
  let summaryHeader: string[] | undefined
  let summarised = false
  let line = 0
  for await (const text of textLines(chunks)) {
    line++
    if (text === '') continue
    if (!text.startsWith('`')) {
      const names = text.split(',')
      if (header === undefined) header = names
      else if (summaryHeader === undefined) summaryHeader = names
      else yield { kind: 'bad', line, reason: 'a third header line', text }
      continue
    }
    const names = summaryHeader ?? header
    if (names === undefined) throw new CodecError('malformed', 'the bill does not begin with a header line')
    const values = text.slice(1).split(',`')
    if (values.length !== names.length) {
      yield { kind: 'bad', line, reason: `${values.length} cells, the header has ${names.length}`, text }
      continue
    }
    const cells = Object.fromEntries(names.map((name, index) => [name, values[index]]))
    if (summaryHeader === undefined) yield { kind: 'row', line, cells }
    else {
      summarised = true
      yield { kind: 'summary', line, cells }
    }
  }
  if (!summarised) throw new CodecError('malformed', `the bill ends after line ${line} without its summary; download it again`)
}

async function* textLines(chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8')
  let rest = ''
  for await (const chunk of chunks) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    let start = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      yield clean(rest.slice(start, end))
      start = end + 1
    }
    rest = rest.slice(start)
  }
  rest += decoder.decode()
  if (rest !== '') yield clean(rest)
}

function clean(line: string): string {
  return line.replace(/^\uFEFF/, '').replace(/\r$/, '')
}

/** The platform's side: writes a bill. Rows must have as many cells as their header. */
export function writeBill(header: readonly string[], rows: Iterable<readonly string[]>, summaryHeader: readonly string[], summary: readonly string[]): string {
  const cells = (values: readonly string[]): string => values.map((value) => `\`${value}`).join(',')
  let text = `\uFEFF${header.join(',')}\r\n`
  for (const row of rows) text += `${cells(row)}\r\n`
  return `${text}${summaryHeader.join(',')}\r\n${cells(summary)}\r\n`
}
