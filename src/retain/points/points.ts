/** Feathers an order is worth: one per yuan of what stayed paid, whole yuan only. */
export function feathersOf(paidFen: number, refundedFen: number, perYuan: number): number {
  return Math.floor(Math.max(0, paidFen - refundedFen) / 100) * perYuan
}

export const pointsUnit = 'feather'
/**
 * Accounts of the feather ledger: what is issued comes from `points:issued` (and goes back there when it is taken back), what is spent goes to
 * `points:spent`, what ran out to `points:expired`. `points:person:` holds what can be spent, less what is owed.
 */
export const personAccount = (personId: string): string => `points:person:${personId}`
export const vestingAccount = (personId: string): string => `points:vesting:${personId}`
export const frozenAccount = (personId: string): string => `points:frozen:${personId}`
export const issuedAccount = 'points:issued'
export const spentAccount = 'points:spent'
export const expiredAccount = 'points:expired'
export const adjustedAccount = 'points:adjusted'
