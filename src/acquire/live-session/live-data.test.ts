import { describe, expect, test } from 'vitest'
import { readLiveData } from './live-data.ts'

const blocks = {
  live_dashboard_data: { summary: { new_watch_uv: 90, new_follow_uv: 4, comment_uv: 7 }, live_duration: 3600 }, live_comparison_index: { is_living: true },
  live_ec_data_summary: { total_gmv: 19_600, total_pay_pv: 2, total_pay_uv: 1, refund_amount: 9_800, cumulative_audience_count: 120 }, live_distribution_channel: { flow_type_distribution: [{ live_dst_channel_type: 5, uv: 30, gmv: 9_800 }] },
}
const figures = { durationS: 3600, onAir: true, audience: 120, newFollowers: 4, comments: 7, orders: 2, buyers: 1, paidFen: 19_600, refundedFen: 9_800, flows: [{ flowType: 5, viewers: 30, paidFen: 9_800 }] }

describe('the live dashboard’s answer', () => {
  test('reads blocks as objects, as the documents have them', () => expect(readLiveData(blocks)).toEqual(figures))
  test('and as JSON texts, as they arrive', () => expect(readLiveData(Object.fromEntries(Object.entries(blocks).map(([key, value]) => [key, JSON.stringify(value)])))).toEqual(figures))
  test('what is absent or cannot be read is 0, and nobody is on air', () => {
    expect(readLiveData({ live_ec_data_summary: '{broken', live_dashboard_data: { summary: { new_watch_uv: 'many' } } })).toMatchObject({ audience: 0, orders: 0, paidFen: 0, onAir: false, flows: [] })
  })
})
