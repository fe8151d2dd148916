import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse'
import { columns, readLine, type BadRow, type SourceLine } from './history.ts'

export async function fileSha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/**
 * Streams the file line by line; the header may name the columns in any order. A row that cannot be read is given as a bad row with its line
 * number; a gzip that ends early gives what came before and one bad row.
 */
export async function* readHistory(file: string): AsyncGenerator<SourceLine | BadRow> {
  const raw = createReadStream(file, { highWaterMark: 1 << 20 })
  let broken: string | undefined
  let source: NodeJS.ReadableStream = raw
  if (file.endsWith('.gz')) {
    const gunzip = createGunzip({ chunkSize: 1 << 18 })
    const safe = new Transform({ transform: (chunk, _encoding, done) => done(null, chunk) })
    gunzip.on('error', (error: Error) => {
      broken = error.message
      safe.end()
    })
    gunzip.on('data', (chunk: Buffer) => {
      if (!safe.write(chunk)) {
        gunzip.pause()
        safe.once('drain', () => gunzip.resume())
      }
    })
    gunzip.on('end', () => safe.end())
    raw.pipe(gunzip)
    source = safe
  }
  const parser = parse({ relax_column_count: true, relax_quotes: true, skip_empty_lines: true, bom: true, info: true })
  source.pipe(parser)
  let header: string[] | undefined
  let lastLine = 1
  for await (const record of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
    const { record: cells, info } = record
    lastLine = info.lines
    if (header === undefined) {
      header = cells.map((cell) => cell.trim())
      const missing = columns.filter((column) => column !== 'Description' && !header!.includes(column))
      if (missing.length > 0) {
        yield { lineNo: 1, reason: `the header lacks ${missing.join(', ')}`, content: cells.join(',').slice(0, 300) }
        return
      }
      continue
    }
    yield readLine(info.lines, Object.fromEntries(header.map((name, index) => [name, cells[index]])))
  }
  if (broken !== undefined) yield { lineNo: lastLine + 1, reason: `the compressed file ends early or is damaged: ${broken}`, content: '' }
}
