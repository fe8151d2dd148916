/** One member's places; contacts who deleted the member still take one. */
export type Load = { corpId: string; staff: string; capacity: number; held: number; friends: number; oneSided: number; added: number; freed: number }
export type Forecast = Load & {
  share: number
  /** Places taken a day, net of those freed, with the 95% interval that counts of this size allow. */
  perDay: number
  perDayLow: number
  perDayHigh: number
  /** Days until full: expected, and the span; null: not foreseeable. 0: full. */
  fullInDays: number | null
  fullInDaysLow: number | null
  fullInDaysHigh: number | null
}

/** The limit from which the pages speak of it. */
export const watchShare = 0.7

/** When each member is full, from what came and went in the last `days` days. Counts are taken as Poisson: their spread is their root. */
export function forecast(loads: readonly Load[], days: number): Forecast[] {
  return loads.map((load) => {
    const net = load.added - load.freed
    const spread = 1.96 * Math.sqrt(load.added + load.freed + 1)
    const [perDay, perDayLow, perDayHigh] = [net / days, (net - spread) / days, (net + spread) / days]
    const room = load.capacity - load.held
    const until = (rate: number): number | null => (room <= 0 ? 0 : rate > 0 && room / rate < 3650 ? Math.ceil(room / rate) : null)
    return { ...load, share: load.capacity > 0 ? load.held / load.capacity : 1, perDay, perDayLow, perDayHigh, fullInDays: until(perDay), fullInDaysLow: until(perDayHigh), fullInDaysHigh: until(perDayLow) }
  })
}

export function capacitySentence(rows: readonly Forecast[], language: 'zh' | 'en'): string {
  const full = rows.filter((row) => row.fullInDays === 0)
  if (full.length > 0) return language === 'zh' ? `${full.map((row) => row.staff).join('、')} 已满，加不进新联系人；可以分给同事，或清理单删。` : `${full.map((row) => row.staff).join(', ')} full: no new contacts come in; hand some to a colleague or clear the one-sided ones.`
  const next = rows.filter((row) => row.fullInDays !== null).sort((a, b) => a.fullInDays! - b.fullInDays!)[0]
  if (next === undefined) return language === 'zh' ? '照现在的速度，没有人会加满。' : 'At the present pace nobody fills up.'
  const span = next.fullInDaysHigh === null ? (language === 'zh' ? `最快 ${next.fullInDaysLow} 天` : `${next.fullInDaysLow} at the earliest`) : `${next.fullInDaysLow}～${next.fullInDaysHigh}`
  return language === 'zh' ? `${next.staff} 约 ${next.fullInDays} 天后加满（${span}），现在 ${next.held} / ${next.capacity}。` : `${next.staff} is full in about ${next.fullInDays} days (${span}): ${next.held} of ${next.capacity} now.`
}
