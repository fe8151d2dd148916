/** Flow types of viewers (shop sheet 17.1): 1 natural, 2 boosted, 3 ads, 4 public domain, 5 private domain. */
export type LiveFlow = { flowType: number; viewers: number; paidFen: number }
export type LiveFigures = {
  durationS: number
  onAir: boolean
  audience: number
  newFollowers: number
  comments: number
  orders: number
  buyers: number
  paidFen: number
  refundedFen: number
  flows: LiveFlow[]
}

type Loose = Record<string, any>

/** A block arrives as a JSON text in practice; the documents say object. What cannot be read is an empty block. */
function block(value: unknown): Loose {
  if (value !== null && typeof value === 'object') return value as Loose
  if (typeof value !== 'string') return {}
  try {
    const parsed: unknown = JSON.parse(value)
    return parsed !== null && typeof parsed === 'object' ? (parsed as Loose) : {}
  } catch {
    return {}
  }
}
const count = (value: unknown): number => {
  const number = Number(value ?? 0)
  return Number.isFinite(number) ? Math.max(0, Math.round(number)) : 0
}

/** Figures of one session out of the dashboard's blocks; what is absent is 0. Money is in fen on the wire. */
export function readLiveData(answer: unknown): LiveFigures {
  const body = answer as Loose
  const board = block(body.live_dashboard_data)
  const summary = (board.summary ?? {}) as Loose
  const sales = block(body.live_ec_data_summary)
  const channels = block(body.live_distribution_channel)
  return {
    durationS: count(board.live_duration), onAir: block(body.live_comparison_index).is_living === true,
    audience: count(sales.cumulative_audience_count ?? summary.new_watch_uv), newFollowers: count(sales.new_follow_count ?? summary.new_follow_uv), comments: count(sales.new_comment_count ?? summary.comment_uv),
    orders: count(sales.total_pay_pv), buyers: count(sales.total_pay_uv), paidFen: count(sales.total_gmv), refundedFen: count(sales.refund_amount),
    flows: ((channels.flow_type_distribution ?? []) as Loose[]).map((flow) => ({ flowType: count(flow.live_dst_channel_type), viewers: count(flow.uv), paidFen: count(flow.gmv) })),
  }
}
