/** Feathers an order is worth: one per yuan of what stayed paid, whole yuan only. */
export function feathersOf(paidFen: number, refundedFen: number, perYuan: number): number {
  return Math.floor(Math.max(0, paidFen - refundedFen) / 100) * perYuan
}

export const pointsUnit = 'feather'
/** Accounts of the feather ledger: what is issued comes from `points:issued`, what is spent goes to `points:spent`. */
export const personAccount = (personId: string): string => `points:person:${personId}`
export const issuedAccount = 'points:issued'
export const spentAccount = 'points:spent'
