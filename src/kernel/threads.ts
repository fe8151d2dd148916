import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { buildSync } from 'esbuild'

/**
 * Worker threads (线程): the one place that makes them. A thread runs one pure function of a module, `(input) => output`; what goes in and out is posted,
 * so it must be plain values and typed arrays. Views on a SharedArrayBuffer are seen by both sides without a copy; all other arrays of an answer are handed over.
 */
export type Threads = {
  readonly count: number
  /** Runs every input in some thread; the outputs come in the order of the inputs. Rejects with the first failure. */
  run<I, O>(inputs: readonly I[]): Promise<O[]>
  close(): Promise<void>
}

type Job = { number: number; input: unknown; resolve: (output: unknown) => void; reject: (error: Error) => void }
type Answer = { number: number; output?: unknown; error?: string }

/**
 * Starts `count` threads for the function `name` exported by the TypeScript file `module`. It is bundled first: threads load no TypeScript.
 * Threads do not keep the process alive.
 */
export function startThreads(module: URL, name: string, count: number): Threads {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`threads: the count is ${count}, expected an integer ≥ 1`)
  const code = bundle(module, name)
  const waiting: Job[] = []
  const free: Worker[] = []
  const busy = new Map<Worker, Job>()
  let broken: Error | undefined
  const fail = (error: Error): void => {
    broken ??= error
    for (const job of [...busy.values(), ...waiting.splice(0)]) job.reject(error)
    busy.clear()
  }
  const next = (): void => {
    while (free.length > 0 && waiting.length > 0) {
      const worker = free.pop() as Worker
      const job = waiting.shift() as Job
      busy.set(worker, job)
      worker.postMessage({ number: job.number, input: job.input })
    }
  }
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(code, { eval: true })
    worker.unref()
    worker.on('message', ({ output, error }: Answer) => {
      const job = busy.get(worker)
      busy.delete(worker)
      free.push(worker)
      if (error === undefined) job?.resolve(output)
      else job?.reject(new Error(error))
      next()
    })
    worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => fail(new Error(`threads: a thread of ${name} has ended; start them again`)))
    free.push(worker)
    return worker
  })
  return {
    count,
    async run<I, O>(inputs: readonly I[]): Promise<O[]> {
      if (broken) throw broken
      const outputs = inputs.map((input, number) => new Promise<O>((resolve, reject) => waiting.push({ number, input, resolve: resolve as (output: unknown) => void, reject })))
      // While an answer is awaited the process must stay.
      workers.forEach((worker) => worker.ref())
      next()
      try {
        return await Promise.all(outputs)
      } finally {
        if (busy.size === 0 && waiting.length === 0) workers.forEach((worker) => worker.unref())
      }
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

function bundle(module: URL, name: string): string {
  const path = fileURLToPath(module)
  const contents = `import { parentPort } from 'node:worker_threads'
import { ${name} as work } from ${JSON.stringify(path)}
const owned = (value) => ArrayBuffer.isView(value) ? (value.buffer instanceof ArrayBuffer ? [value.buffer] : []) : value && typeof value === 'object' ? Object.values(value).flatMap(owned) : []
parentPort.on('message', ({ number, input }) => {
  try {
    const output = work(input)
    parentPort.postMessage({ number, output }, [...new Set(owned(output))])
  } catch (error) {
    parentPort.postMessage({ number, error: String(error?.stack ?? error) })
  }
})`
  return buildSync({ stdin: { contents, resolveDir: fileURLToPath(new URL('.', module)), loader: 'js' }, bundle: true, platform: 'node', format: 'cjs', write: false, logLevel: 'silent' }).outputFiles[0].text
}
