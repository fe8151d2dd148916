import { runStreamTask, type StreamPart, type StreamTask } from '../../src/math/planner/index.ts'
import { makeReader } from './stream.ts'

let read: ReturnType<typeof makeReader> | null = null

/** What a thread of the streamed bench runs: it makes its own blocks. */
export function runStreamBlock(task: StreamTask): StreamPart {
  read ??= makeReader()
  return runStreamTask(task, read)
}
