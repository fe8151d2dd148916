/**
 * The engine (引擎): moves facts through the house. For one tenant at a time it works what is due: callbacks, doorbells, event deliveries, jobs,
 * outbox. Stages give it handlers; it gives them transactions, batches, retries and bisection of a failing batch down to the poisonous fact.
 */
export { createEngine, type Engine, type EnginePorts } from './engine.ts'
export { listeners } from './handlers.ts'
export type { Work, FactHandler, ObjectReader, ReadResult, JobHandler, Subscriber, ReplyHandler, Handlers, PlatformAnswer } from './handlers.ts'
