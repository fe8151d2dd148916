/**
 * Simulation of stock (库存模拟): the product's own stock, checkout, payment and engine on PostgreSQL, against two shelves that misbehave by seed: late, lost and
 * repeated callbacks, audits that block, answers that lie or get lost, a flow that lags, refunds that give nothing back, buyers at once, orders that are
 * never paid, and a process that dies between any two acts. A truth that shares no code with the product says what was sold and where every unit is.
 */
export { simulateStock, type StockRun, type StockOptions, type StockControl } from './run.ts'
export { createPlatform, type Platform } from './platform.ts'
