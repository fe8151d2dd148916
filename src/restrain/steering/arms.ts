import { z } from 'zod'

/** The merchant's settings of the experiment. Doses are marketing messages per 28 days. */
export const dosageSettingsSchema = z.object({
  epochDays: z.union([z.literal(14), z.literal(28)]),
  /** No arm above this. */
  doseMax: z.number().int().min(1).max(28),
  /** What the merchant sends today: kept while there is not enough evidence. */
  habitDose: z.number().int().min(0).max(28),
  /** Share of net revenue that is left after goods and carriage. */
  margin: z.number().min(0.01).max(1),
  /** Share of a contact's expected value that goes when the contact goes; the rest still buys on a shelf. An assumption until measured. */
  relationShare: z.number().min(0).max(1),
  /** Cost of one message in fen: a colleague's tap, shared by many. */
  touchCostFen: z.number().min(0).max(10_000),
})
export type DosageSettings = z.output<typeof dosageSettingsSchema>
export const defaultDosageSettings: DosageSettings = { epochDays: 28, doseMax: 8, habitDose: 4, margin: 0.4, relationShare: 0.5, touchCostFen: 1 }

/** Below this two or three arms are enough to begin with. */
export const smallRoster = 3000

/** Doses per epoch of the arms, ascending, the holdout first, and the index of the habit among them. `informed`: other merchants' experience is at hand, so that few contacts bear more arms. */
export function armsFor(roster: number, settings: DosageSettings, informed = false): { doses: number[]; habitArm: number } {
  const perEpoch = (dose: number): number => (dose === 0 ? 0 : Math.max(1, Math.round((dose * settings.epochDays) / 28)))
  const habit = perEpoch(Math.min(settings.habitDose, settings.doseMax))
  const ladder = roster < smallRoster && !informed ? (habit <= 1 ? [1, 2] : [Math.max(1, Math.floor(habit / 2))]) : [1, 2, 4, 8].map(perEpoch)
  const max = perEpoch(settings.doseMax)
  const doses = [...new Set([0, habit, ...ladder])].filter((dose) => dose <= max).sort((a, b) => a - b)
  return { doses, habitArm: doses.indexOf(habit) }
}
