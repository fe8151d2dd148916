/**
 * Work for one thread: a question over some blocks of persons. A task holds typed arrays and plain values only, so it can be posted to a worker
 * (make the log with `shared: true`, else posting copies whole buffers); `runTouchTask` gives the part, the log joins the parts in task order.
 * Joining is concatenation or integer addition, so the answer does not depend on how many tasks there were or who ran them.
 */
import type { Column } from './columns.ts'
import { distinctPart, type DistinctPart } from './distinct.ts'
import { funnelPart, type FunnelPart } from './funnel.ts'
import { pathsPart } from './paths.ts'
import type { Planes } from './planes.ts'
import { pressurePart } from './pressure.ts'
import type { PathsAnswer, Query, SegmentsAnswer, TailsAnswer } from './query.ts'
import { segmentsPart } from './segments.ts'
import { tailsPart } from './tails.ts'

/** Sorted rows of a stretch of persons. Person i of the block is `who ? who[i] : firstPerson + i`; skip[i] = 1 leaves it out. */
export type Block = {
  firstPerson: number
  persons: number
  offsets: Uint32Array
  seconds: Uint32Array
  type: Uint8Array
  columns: Record<string, Column>
  who: Uint32Array | null
  skip: Uint8Array | null
  /** Bit planes of the types, indexed by row as `type`; null = read the bytes. */
  planes: Planes | null
}
/** What the log knows about all of its rows; bounds only, they may be wider than the truth. */
export type LogBounds = { firstSecond: number; lastSecond: number; types: number[] }
export type TouchTask = { query: Query; blocks: Block[]; from: number; to: number; bounds: LogBounds }
export type TouchPart =
  | { kind: 'funnel'; part: FunnelPart } | { kind: 'distinct'; part: DistinctPart } | { kind: 'segments'; part: SegmentsAnswer }
  | { kind: 'pressure'; part: Float64Array } | { kind: 'tails'; part: TailsAnswer } | { kind: 'paths'; part: PathsAnswer }
/** Runs tasks, in any order and anywhere, and returns their parts in the order of the tasks. */
export type Parallel = (tasks: readonly TouchTask[]) => Promise<readonly TouchPart[]> | readonly TouchPart[]

export function runTouchTask(task: TouchTask): TouchPart {
  const { query } = task
  switch (query.kind) {
    case 'funnel': return { kind: 'funnel', part: funnelPart(query, task) }
    case 'distinct': return { kind: 'distinct', part: distinctPart(query, task) }
    case 'segments': return { kind: 'segments', part: segmentsPart(query, task) }
    case 'pressure': return { kind: 'pressure', part: pressurePart(query, task) }
    case 'tails': return { kind: 'tails', part: tailsPart(query, task) }
    default: return { kind: 'paths', part: pathsPart(query, task) }
  }
}
