/** Replay (重放): a real order history through the real protocols, into the book. */
export { replayOrders, type ReplayOptions, type ReplayReport } from './replay-orders.ts'
export { createLedger, type Ledger } from './ledger.ts'
export { planInvoice, readLine, type Planned, type SourceLine } from './history.ts'
export { readHistory } from './read-history.ts'
