/**
 * Simulation (模拟): whole runs of product and emulator on one clock, judged by checkers that share no code with either. It alone may import stages and
 * emulator together.
 */
export { checkPopulation, openCluster, openLanes, replayLine, runWorld, shrink, type Canary, type Cluster, type Lanes, type LaneWorld, type Shrunk, type WorldOptions, type WorldReport } from './world/index.ts'
export { checkers, type CheckReport } from './checkers/index.ts'
