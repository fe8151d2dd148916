import type { Emulator } from '../../emulator/index.ts'

/** All that checkers may look at: what the product wrote, what the platform knows, what was said between them. */
export type Outputs = {
  tenantId: number
  emulator: Emulator
  world: string
  /** Reads the book as its owner, past row-level security. */
  rows<R>(text: string, params?: readonly unknown[]): Promise<R[]>
  /** Deliveries that the house said it has taken. */
  acknowledged: Map<string, { event: string; account: string; digest: string }>
  calls: { made: number; limited: number }
}

/** `checked`: how many things were looked at; 0 says that there was nothing of the kind. `violations`: a sentence each, at most 20 kept. */
export type CheckReport = { checked: number; violations: string[] }
export type Checker = { name: string; run(outputs: Outputs): Promise<CheckReport> }

export const maxViolations = 20

/** Collects findings. */
export function findings(): { report: CheckReport; check(good: boolean, sentence: () => string): void } {
  const report: CheckReport = { checked: 0, violations: [] }
  return {
    report,
    check(good, sentence) {
      report.checked++
      if (!good && report.violations.length < maxViolations) report.violations.push(sentence())
    },
  }
}
