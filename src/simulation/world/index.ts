/**
 * The simulated world (模拟世界): product and emulator in one process over an in-memory network, one clock that jumps, one database connection behind a
 * turnstile, seeded faults at every port, restarts of the house. A failed run is replayed by one line, and shrunk.
 */
export { runWorld, replayLine, type WorldOptions, type WorldReport } from './world.ts'
export { checkPopulation } from './population-file.ts'
export { dropDatabase, makeDatabase, openCluster, type Cluster } from './cluster.ts'
export { openLanes, type Lanes, type LaneWorld } from './lanes.ts'
export { shrink, type Shrunk } from './shrink.ts'
export type { Canary } from './canary.ts'
export { createCaptain, type Captain } from './captain.ts'
