/**
 * Adjustments (调整): money and goods that no platform order can hold: write-offs, samples, bad debt, fees, refunds without an order. Posted by an
 * operator or an import with a reason and the place it came from; the same key again changes nothing.
 *
 * Owns: adjustment.
 */
export { postAdjustments, adjustmentKinds, type NewAdjustment } from './post-adjustments.ts'
export { adjustmentRoutes } from './routes.ts'
export { adjustmentTotals, listAdjustments, sourceRefs, adjustedPersons } from './store.ts'
