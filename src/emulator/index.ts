/**
 * The emulator (模拟平台): WeChat as far as a merchant's server sees it, stateful and deterministic, for building and testing without an account.
 *
 * It is not WeChat: figures that no source confirms are parameters, audits always pass unless told otherwise, nobody is charged, and what is
 * not in docs/wechat-coverage.md answers the platform's own "no such address".
 *
 * `startEmulator` is the whole thing behind an HTTP port; `createEmulator` the engine without a port, for tests and simulation.
 * docs/emulator.md says how to use it, docs/emulator-admin.md is the contract of its admin API.
 */
export { createEmulator, openEmulator, type CallRecord, type DeliveryRecord, type Emulator, type EmulatorOptions, type WorldClock } from './core/emulator.ts'
export { type Account } from './core/account.ts'
export { memoryJournal, type Command, type Journal, type JournalEntry } from './core/journal.ts'
export { httpSend } from './core/deliverer.ts'
export { serveHttp } from './core/server.ts'
export { type FaultPlan } from './core/faults.ts'
export { type Send, type Sealed, type WireAnswer, type WireRequest } from './core/wire.ts'
export { type Act, type LineModule } from './core/registry.ts'
export { emulatorFault } from './core/errors.ts'
export { serveMiniProgram, type MiniProgramHost } from './mini-program/index.ts'
export { emulatorLines } from './lines.ts'
export { makeTlsFront, tlsFrontServes, type TlsFront } from './core/certificate.ts'
export { exportEnv, platformHosts, startEmulator, type RunningEmulator, type StartOptions } from './start.ts'
