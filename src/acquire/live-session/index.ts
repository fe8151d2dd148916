/**
 * Live sessions (直播场次): what the platform counts of each session, beside the orders that name it. Read from the live dashboard (直播大屏), which is
 * near real time; an order names its session in `ext_info.live_id`.
 *
 * Owns: live_session.
 *
 * Whether an order's `live_id` equals the dashboard's `export_id` is UNCONFIRMED (same concept, several names): sessions whose orders do not join are
 * shown with the platform's figures alone.
 */
export { liveRead, liveReadKind, type LivePlatform } from './read-sessions.ts'
export { readLiveData, type LiveFigures } from './live-data.ts'
export { listSessions, upsertSessions, type LiveSession, type SessionRow } from './store.ts'
export { liveRoutes } from './routes.ts'
