/**
 * Channels (视频号) of the emulated platform: live rooms with their dashboard, leads, and the daily compass, computed from the Shop's orders.
 * Orders name a live room by its export id in `ext_info.live_id`; whether the real platform uses one id for both is UNCONFIRMED (shop sheet 21.5).
 */
export { channelsLine } from './line.ts'
