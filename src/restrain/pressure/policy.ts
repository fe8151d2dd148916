import { z } from 'zod'

/** The merchant's own rules of how much is too much. The platform's caps stand beside them and cannot be raised here. */
export const pressurePolicySchema = z.object({
  /** Days after which half of a touch's pressure is gone. */
  halfLifeDays: z.number().min(1).max(90),
  /** Highest pressure one person may carry; 1 is one ordinary mass message just now. */
  pressureMax: z.number().min(0.5).max(50),
  /** Marketing messages per person within any seven days. */
  perWeekMax: z.number().int().min(1).max(7),
  /** Quiet hours of marketing in minutes of the day, Shanghai; from later than to: over midnight; equal: none. */
  quietFromMinute: z.number().int().min(0).max(1439),
  quietToMinute: z.number().int().min(0).max(1439),
  /** Which of the platform's three rules for mass messages the company has switched to (WeCom: 群发助手 › 群发规则). */
  platformRule: z.enum(['month-days', 'seven-a-week', 'one-a-day']),
  /** How long an allowed message holds its place while a colleague has not confirmed it: longer than a task lives (six days), so a late tap breaks no cap. */
  reserveDays: z.number().min(0.25).max(14),
})
export type PressurePolicy = z.output<typeof pressurePolicySchema>

/** The tightest platform rule is assumed until the merchant says otherwise: the default is disputed between two of the platform's own documents. */
export const defaultPressurePolicy: PressurePolicy = {
  halfLifeDays: 14, pressureMax: 8, perWeekMax: 2, quietFromMinute: 21 * 60 + 30, quietToMinute: 8 * 60 + 30, platformRule: 'one-a-day', reserveDays: 8,
}

export type Line = 'wecom' | 'official-account' | 'mini-program' | 'group' | 'moments'
type Weights = Readonly<Record<'help' | 'news' | 'sell', number>>

/** Intrusiveness by line and kind; 1 is a mass message that asks for an order. Defaults, not measurements. */
export const touchWeights: Readonly<Record<Line, Weights>> = {
  wecom: { help: 0.2, news: 0.7, sell: 1 },
  group: { help: 0.05, news: 0.2, sell: 0.25 },
  moments: { help: 0.05, news: 0.1, sell: 0.15 },
  'official-account': { help: 0.1, news: 0.3, sell: 0.4 },
  'mini-program': { help: 0.1, news: 0.3, sell: 0.4 },
}

/** A welcome answers the person who has just come; everything else that is not help asks for attention and is marketing. */
export function isMarketing(request: { purpose: string; messageKind: string }): boolean {
  return request.purpose !== 'welcome' && request.messageKind !== 'help'
}

export function weightOf(request: { line: Line; purpose: string; messageKind: 'help' | 'news' | 'sell' }): number {
  return request.purpose === 'welcome' ? touchWeights[request.line].help : touchWeights[request.line][request.messageKind]
}
