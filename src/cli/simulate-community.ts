import { simulateCommunity, type CommunityReport } from '../simulation/community/index.ts'
import { openCluster } from '../simulation/index.ts'
import { cliFault } from './control.ts'
import { progress, report } from './output.ts'
import type { SimulateOptions } from './simulate.ts'

/** `simulate community`: feathers among honest readers and cheaters; ends with 1 when a checker found something. */
export async function simulateCommunityCommand(options: SimulateOptions): Promise<void> {
  const [seed, days, people] = [Number(options.seed ?? 1), Number(options.days ?? 30), Number(options.people ?? 100)]
  if (![seed, days, people].every((one) => Number.isSafeInteger(one) && one >= 0) || people < 1) throw cliFault('cli/unknown', { what: '--seed, --days, --people', known: 'whole numbers' })
  const bar = progress('days')
  const cluster = await openCluster()
  try {
    const result = await simulateCommunity({ cluster, seed, days, people, onDay: (day) => bar.at(day, days) })
    bar.end()
    report(options.json, result, communityLines(result))
    if (Object.values(result.checkers).some((one) => one.violations.length > 0)) process.exitCode = 1
  } finally {
    await cluster.stop()
  }
}

function communityLines(result: CommunityReport): string[] {
  const { acts, honest } = result
  return [
    `seed ${result.seed}: ${result.days} days, ${result.people} people with ${result.accounts} accounts; ${acts.reads} reads kept, ${acts.quizzes} quizzes right, ${acts.comments} comments, ${acts.shares} shares, ${acts.redeemed} redeemed, ${acts.penalties} penalties, ${acts.refusedWhileSilenced} tries refused while silenced; ${result.hash}`,
    `feathers: ${result.issued} issued, ${result.held} held, ${result.spent} spent`,
    ...Object.entries(result.gain).map(([kind, one]) => `   ${kind.padEnd(12)} ${one.humans} people, net gain ${one.feathers} (most of one ${one.most}); was given ${one.tried} before the audit`),
    `honest grants taken back by mistake: ${honest.falseReversals} of ${honest.lots} (${(100 * honest.share).toFixed(2)}%)`,
    ...Object.entries(result.checkers).flatMap(([name, one]) => [`   ${name.padEnd(12)} ${one.checked} looked at, ${one.violations.length === 0 ? 'nothing found' : `${one.violations.length} found`}`, ...one.violations.map((sentence) => `     ${sentence}`)]),
  ]
}
