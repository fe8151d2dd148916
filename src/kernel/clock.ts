/**
 * Time (时间) is an argument. This file and the bench folder are the only places that read the process clock or make timers;
 * everything else receives a `Clock`. Business rules read the clock of their world (`clockOf(tenant)`), never this process's.
 */

/** Milliseconds since 1970-01-01T00:00:00Z, an integer. */
export type Instant = number

export type Clock = { now(): Instant }

/** The process clock: for logs, metrics, leases and worlds of kind `real`. */
export const systemClock: Clock = { now: () => Date.now() }

/** A clock that moves only when told to; it never goes back. */
export function manualClock(start: Instant): Clock & { set(to: Instant): void; advance(ms: number): void } {
  let current = start
  return {
    now: () => current,
    set(to) {
      if (to < current) throw new RangeError(`a clock cannot go back: it stands at ${current}, asked for ${to}`)
      current = to
    },
    advance(ms) {
      this.set(current + ms)
    },
  }
}

export type Cancel = () => void

/** Timers are a port too: real ones run on the event loop, simulated ones on a world's queue. */
export type Timers = {
  after(ms: number, work: () => void): Cancel
  every(ms: number, work: () => void): Cancel
  sleep(ms: number): Promise<void>
  /** Resolves at the end of the current turn of the event loop, so that waiting work can join a batch. */
  turn(): Promise<void>
}

export const systemTimers: Timers = {
  after(ms, work) {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
  every(ms, work) {
    const timer = setInterval(work, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
}

/** A monotonic reading in milliseconds for durations in logs and metrics; never for business time. */
export function monotonicMs(): number {
  return performance.now()
}
