import type { PlanPart, Slice, Sweep, SweepColumns } from './sweep.ts'

/** A piece of a computation that may run anywhere: slices of persons under one sweep, their parts joined in the order of slices. */
export type Batch = { columns: SweepColumns; sweep: Sweep; slices: Slice[]; parts: PlanPart[]; units: number }

/**
 * A long computation that hands back control: yields the candidates visited since the last yield, or a batch that the driver runs (here or in
 * other threads) before it goes on. Returns its result.
 */
export type Work<T> = Generator<number | Batch, T, void>
