import { saleDate } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'

/** How light the boat is: five plain counts, no score. */
export type Light = {
  /** Programs that must run for this merchant: the product and its database. */
  processes: number
  /** Values somebody had to find and type: settings changed from their defaults, and what the connected accounts needed. */
  valuesSet: number
  /** Steps that stand between now and everything that is switched on working. */
  stepsLeft: number
  blocksOn: number
  blocksTotal: number
  /** Minutes of people's work on a day on which anybody worked here, from the audit trail; null: nobody has yet. */
  minutesPerDay: number | null
  daysWorked: number
}

/** Acts closer than this belong to one sitting; a sitting lasts at least a minute. */
export const sittingGapMs = 5 * 60_000

/** Time people spent, from the instants of their acts: sittings of each person, added up by day. Reading leaves no trace, so this is a lower bound. */
export function minutesWorked(acts: ReadonlyArray<{ at: Instant; actor: string }>): { minutesPerDay: number | null; daysWorked: number } {
  const byActor = new Map<string, Instant[]>()
  for (const { at, actor } of acts) {
    const list = byActor.get(actor)
    if (list) list.push(at)
    else byActor.set(actor, [at])
  }
  const byDay = new Map<string, number>()
  for (const times of byActor.values()) {
    times.sort((a, b) => a - b)
    let first = times[0]
    let last = times[0]
    const close = (): void => {
      const day = saleDate(first)
      byDay.set(day, (byDay.get(day) ?? 0) + (last - first) / 60_000 + 1)
    }
    for (const at of times.slice(1)) {
      if (at - last > sittingGapMs) {
        close()
        first = at
      }
      last = at
    }
    close()
  }
  if (byDay.size === 0) return { minutesPerDay: null, daysWorked: 0 }
  return { minutesPerDay: [...byDay.values()].reduce((sum, x) => sum + x, 0) / byDay.size, daysWorked: byDay.size }
}

/** Leaves of a setting's value: what somebody had to decide. */
export function valuesIn(value: unknown): number {
  if (value === null || value === undefined) return 0
  if (Array.isArray(value)) return value.length === 0 ? 0 : 1
  if (typeof value === 'object') return Object.values(value).reduce((sum: number, item) => sum + valuesIn(item), 0)
  return 1
}

/** Steps left: those of blocks that are on while something they need is missing, and failed or open checks of connected accounts. */
export function stepsLeft(blocks: ReadonlyArray<{ key: string; needs: readonly string[]; steps: number }>, on: ReadonlySet<string>, lines: ReadonlySet<string>, openChecks: number): number {
  const missing = (need: string): boolean => (need.startsWith('account:') ? !lines.has(need.slice(8)) : !on.has(need))
  return openChecks + blocks.filter((block) => on.has(block.key) && block.needs.some(missing)).reduce((sum, block) => sum + block.steps, 0)
}

export function lightSentence(light: Light, language: 'zh' | 'en'): string {
  const minutes = light.minutesPerDay === null ? null : Math.round(light.minutesPerDay)
  if (language === 'zh') return `${light.processes} 个进程、${light.valuesSet} 个填过的值、${light.blocksOn} 块积木${light.stepsLeft === 0 ? '' : `，还差 ${light.stepsLeft} 步`}；${minutes === null ? '还没有人动过手' : `动手的日子一天约 ${minutes} 分钟`}。`
  return `${light.processes} processes, ${light.valuesSet} values set, ${light.blocksOn} blocks${light.stepsLeft === 0 ? '' : `, ${light.stepsLeft} step${light.stepsLeft === 1 ? '' : 's'} left`}; ${minutes === null ? 'nobody has done anything yet' : `about ${minutes} minutes on a day of work`}.`
}
