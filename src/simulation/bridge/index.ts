/**
 * The bridge (桥): the same people under the same dosage, once through the full stack and once through the policy harness. What the harness says about dosage
 * is worth something only as far as the two agree on touches, orders and losses.
 */
export { crossBridge, agreement, bounds, type BridgeRates, type BridgeReport } from './bridge.ts'
