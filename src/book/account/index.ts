/**
 * Accounts (账户): one balanced, idempotent way to book stock, money and points. A posting's entries add up to zero for each unit;
 * the same key books once; a correction is a new posting; nothing is updated or deleted.
 *
 * Owns: posting, entry.
 */
export { book, balances, checkBalanced, unitHistory, bookedKeys, amountsByKey, accountSums, type Posting, type Entry } from './store.ts'
