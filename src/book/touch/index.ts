/**
 * Touches (触点): every message that reached a person and every sign of life from one, as rows that only grow, with a derived columnar index.
 *
 * Owns: touch, touch_head.  Publishes: v_touch.
 *
 * Invariants
 * - A reference is recorded once; rows are never changed or deleted.
 * - `seq` follows the order of commits: reading `seq > n` misses nothing. `recordTouches` therefore comes last in a transaction.
 * - The index answers what the rows say; it can be thrown away at any time.
 */
export { touchKinds, type Touch, type StoredTouch, type TouchKind } from './touch.ts'
export { recordTouches, touchesOf, standIns, countTouches } from './store.ts'
export { createTouchIndex, type TouchIndex } from './touch-index.ts'
