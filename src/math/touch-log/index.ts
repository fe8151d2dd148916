/**
 * Touch log: every touch of every person as sorted columns, and the questions a shop asks of them.
 *
 * Rows are a multiset of (person, seconds, type, columns), five bytes each without columns. They are sorted by person and time, in partitions of
 * persons; new rows go to a small delta per partition and are visible at once; `step(budget)` merges in the background. Bytes in and out
 * (`snapshot`, `openTouchLog`, `encodeBatch`, `readJournal`), threads by the `Parallel` port; no files, clocks or random numbers here.
 *
 * Invariants
 * - Answers depend on the rows alone: not on arrival order, ids, merges, snapshots, partitions or the number of tasks.
 * - Distinct counts, funnels and segments of disjoint ranges of persons add up.
 * - A damaged snapshot is never opened as if it were whole.
 */
export { TouchLog, openTouchLog, type AppendResult, type MergeProgress, type OpenResult, type TailRow, type TouchLogOptions } from './log.ts'
export type { Column, ColumnKind, ColumnSpec } from './columns.ts'
export type { TouchRows } from './rows.ts'
export type { Damage } from './snapshot.ts'
export { encodeBatch, readJournal, type JournalRead } from './journal.ts'
export { runTouchTask, type Parallel, type TouchPart, type TouchTask } from './task.ts'
export { decayPressure, histogram, nearestRank, secondsUntilAllowed } from './pressure.ts'
export type {
  AnswerTo, DistinctAnswer, DistinctQuery, FunnelAnswer, FunnelQuery, PathsAnswer, PathsQuery, PersonRange, PressureQuery, Query, SegmentsAnswer, SegmentsQuery, TailsAnswer,
  TailsQuery,
} from './query.ts'
