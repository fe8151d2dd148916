/**
 * Doorbells (门铃): an id-only callback marks its object as wanted; the worker reads `wanted`, re-reads the object from the platform,
 * stores the version and sets `done` to what it had read. A ring in between leaves the object dirty, so no change is missed and
 * many rings cost one read.
 *
 * Owns: doorbell, object_version.
 */
export {
  ringDoorbells, claimRings, settleRings, failRings, doorbellDepth, storeVersions, listFailedRings, retryRings, listVersions, forgetVersions, forgetObjects, countRecovered, type Ring, type Bell, type ObjectVersion,
} from './store.ts'
