/**
 * Light meter (轻重表): what this merchant's system weighs, counted live. Five counts and no score.
 *
 * Owns nothing.  Reads: settings, blocks, connections, the audit trail.
 */
export { lightSentence, minutesWorked, sittingGapMs, stepsLeft, valuesIn, type Light } from './light.ts'
export { lightRoutes, readLight, type LightPorts } from './read-light.ts'
