import { createChance, slot, uniformAt } from './chance.ts'
import type { Common } from './parameters.ts'
import type { Quantile } from './quantile.ts'
import { springFestival } from './season.ts'
import { dayMs, saleDate } from '../../kernel/calendar.ts'

/**
 * Does this member send the n-th task of the day, and when? Minutes after midnight of `day`, or undefined: never. Late in the evening it waits for
 * the morning. `reminded` adds half of the missing chance, as a draw of its own.
 */
export type StaffTask = { seed: number; merchantId: number; staff: number; day: number; minute: number; nth: number; reminded: boolean }

const opens = 9 * 60 + 30
const closes = 21 * 60 + 30

export function confirmsAt(task: StaffTask, common: Common, diligence: Quantile): number | undefined {
  const chance = createChance()
  const { seed, merchantId, staff, day, nth } = task
  const spring = springFestival(Number(saleDate(day * dayMs).slice(0, 4)))
  if (day >= spring - 1 && day <= spring + 4) return undefined
  const own = diligence(uniformAt(chance, seed, merchantId, staff, 0, slot.diligence))
  const bad = uniformAt(chance, seed, merchantId, staff, Math.floor(day / 7), slot.badWeek) < common.badWeek
  let willing = own * (bad ? 0.5 : 1) * (nth > 0 ? common.secondTask : 1)
  if (task.reminded) willing *= common.reminderGain
  // A reminder asks those who did not, so it is a draw of its own; k tells the two apart.
  if (uniformAt(chance, seed, merchantId, staff, day, slot.confirm, nth * 2 + (task.reminded ? 1 : 0)) >= willing) return undefined
  const delay = (-Math.log(uniformAt(chance, seed, merchantId, staff, day, slot.confirmDelay, nth * 2 + (task.reminded ? 1 : 0))) * common.confirmMedianHours * 60) / Math.LN2
  let minute = Math.max(task.minute, opens) + delay
  // Minutes after closing run on from the next opening.
  while (minute % 1440 >= closes || minute % 1440 < opens) minute += minute % 1440 >= closes ? 1440 - closes + opens : opens - (minute % 1440)
  return Math.round(minute)
}
