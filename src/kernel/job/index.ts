/**
 * Jobs (定时任务): rows with `due_at`, one per (kind, key), advanced by `tick(now)`. A handler returns when it wants to be called again, or null.
 *
 * Owns: job.
 */
export { putJobs, claimJobs, settleJob, failJob, listJobs, type Job } from './store.ts'
