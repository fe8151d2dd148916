import type { CaseBody } from '../benchmark/index.ts'
import type { StopRule } from './playbook-file.ts'

export type StartVerdict = 'too-early' | 'goes-on' | 'stop'
export type Judged = { verdict: StartVerdict; reason: 'epochs' | 'net' | 'losses' | 'evidence' | 'fine'; epochs: number; needed: number; lowFen?: number; highFen?: number; lossesPerHundred?: number }

/**
 * Whether a playbook should stay, by the stop rule that came with it and by what was measured here since. A rule only speaks on what is sure: the
 * whole interval below nought, or the low end of the losses above the limit. `epochsBefore`: closed when it was applied.
 */
export function judgePlaybook(rule: StopRule, now: Pick<CaseBody, 'epochs' | 'effect' | 'losses'>, epochsBefore: number): Judged {
  const epochs = Math.max(0, now.epochs - epochsBefore)
  const base = { epochs, needed: rule.afterEpochs }
  if (epochs < rule.afterEpochs) return { verdict: 'too-early', reason: 'epochs', ...base }
  const { effect, losses } = now
  if (rule.lossesPerHundred !== null && losses.enough && losses.causedLow !== null && losses.treatedPersons > 0) {
    const perHundred = (100 * losses.causedLow) / losses.treatedPersons
    if (perHundred >= rule.lossesPerHundred) return { verdict: 'stop', reason: 'losses', ...base, lossesPerHundred: Math.round(perHundred * 10) / 10 }
  }
  if (!effect.enough) return { verdict: 'too-early', reason: 'evidence', ...base }
  const span = { lowFen: effect.lowFen, highFen: effect.highFen }
  if (rule.whenNetBelowZero && effect.highFen < 0) return { verdict: 'stop', reason: 'net', ...base, ...span }
  return { verdict: 'goes-on', reason: 'fine', ...base, ...span }
}
