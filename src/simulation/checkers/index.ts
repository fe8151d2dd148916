import { book } from './book.ts'
import { caps } from './caps.ts'
import { credit } from './credit.ts'
import { facts } from './facts.ts'
import { gate, holdout, welcome } from './messages.ts'
import { money } from './money.ts'
import type { Checker, CheckReport, Outputs } from './outputs.ts'
import { people } from './people.ts'
import { points } from './points.ts'
import { stock } from './stock.ts'

/**
 * Checkers (检查): judges of a finished run. They share no code with the product: they read the book by SQL, the platform's own state, and what was said
 * between the two. Each has a canary in tests/simulation that shows that it can fail.
 */
export const checkers: readonly Checker[] = [stock, money, book, points, caps, gate, welcome, facts, credit, holdout, people]

export async function check(outputs: Outputs): Promise<Record<string, CheckReport>> {
  const reports: Record<string, CheckReport> = {}
  for (const checker of checkers) reports[checker.name] = await checker.run(outputs)
  return reports
}

export type { Checker, CheckReport, Outputs } from './outputs.ts'
