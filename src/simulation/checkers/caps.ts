import { corpTruth } from './platform-truth.ts'
import { findings, type Checker } from './outputs.ts'
import { dayMs } from '../../kernel/calendar.ts'

/**
 * Caps (上限): the platform never had to refuse a call because there were too many (refusals that the storm made up are subtracted), and nobody got
 * more mass messages of a member than one a day.
 */
export const caps: Checker = {
  name: 'caps',
  async run(outputs) {
    const { report, check } = findings()
    const invented = outputs.emulator.faults(outputs.world).injected['rate-limited'] ?? 0
    report.checked += outputs.calls.made
    if (outputs.calls.limited > invented) check(false, () => `the platform refused ${outputs.calls.limited - invented} of ${outputs.calls.made} calls as too many`)
    const seen = new Map<string, number>()
    for (const arrival of corpTruth(outputs)?.arrivals ?? []) {
      if (arrival.kind !== 'broadcast') continue
      const key = `${arrival.from} to ${arrival.to} on day ${Math.floor((arrival.at + 28_800_000) / dayMs)}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
    for (const [key, count] of seen) check(count <= 1, () => `${count} mass messages from ${key}`)
    return report
  },
}
