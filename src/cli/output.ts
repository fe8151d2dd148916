import { Fault } from '../kernel/errors.ts'

/** One JSON object on stdout with --json; else the given lines. Progress goes to stderr, so that stdout stays the answer. */
export function report(json: boolean | undefined, value: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`)
}

/** A bar on a terminal, a plain line now and then elsewhere. */
export function progress(label: string): { at(done: number, total: number | undefined, note?: string): void; end(): void } {
  const terminal = process.stderr.isTTY === true
  let lastLine = -1
  return {
    at(done, total, note = '') {
      if (terminal) {
        const width = 24
        const share = total ? Math.min(1, done / total) : 0
        const bar = total ? `${'█'.repeat(Math.round(share * width)).padEnd(width, '░')} ${Math.round(share * 100)}%` : String(done)
        process.stderr.write(`\r\u001b[2K${label} ${bar} ${note}`)
      } else {
        const tenth = total ? Math.floor((done / total) * 10) : Math.floor(done / 5000)
        if (tenth !== lastLine) process.stderr.write(`${label}: ${done}${total ? ` of ${total}` : ''} ${note}\n`)
        lastLine = tenth
      }
    },
    end() {
      if (terminal) process.stderr.write('\r\u001b[2K')
    },
  }
}

/** Ends the process with a sentence instead of a stack: faults say what to do; anything else is our bug and shows where. */
export function bugExit(error: unknown): never {
  if (error instanceof Fault) process.stderr.write(`${error.zh}\n${error.message} [${error.code}]\n`)
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exit(2)
}
