import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { authorsOfPlaybook, type PlaybookFigure } from '../../retain/article/index.ts'
import { earn, liveRules, type PointsWork } from '../../retain/points/index.ts'
import { keyIdOf } from './playbook-file.ts'
import { findPlaybook } from './store.ts'

/** Playbooks of blocks, as an article shows them before anybody has the file. */
export async function playbookFigures(tx: Tx, tenantId: number, playbookIds: readonly string[]): Promise<Map<string, PlaybookFigure>> {
  const found = new Map<string, PlaybookFigure>()
  for (const playbookId of new Set(playbookIds)) {
    const row = await findPlaybook(tx, tenantId, playbookId)
    if (row) found.set(playbookId, { playbookId, title: row.title, steps: row.file.body.moves.length, signedBy: `${row.file.body.author.name} ${keyIdOf(row.file.body.author.key)}`, royalty: row.file.body.royalty })
  }
  return found
}

/** What the rules of the community give an author for each application now. */
export async function royaltyNow(tx: Tx, tenantId: number, now: Instant): Promise<number> {
  const rule = (await liveRules(tx, tenantId, now)).set.rules.find((one) => one.rule === 'playbook')
  return rule?.on ? rule.feathers : 0
}

/**
 * Pays the author of the first published article that carries the playbook, by the rule `playbook` of the feathers and under its caps.
 * @returns what was booked; 0 while no article carries it
 */
export async function payRoyalty(tx: Tx, work: PointsWork, want: { playbookId: string; key: string }): Promise<number> {
  const [author] = await authorsOfPlaybook(tx, work.tenantId, want.playbookId)
  if (!author) return 0
  const [paid] = await earn(tx, work, [{ rule: 'playbook', key: want.key, personId: author.personId, surface: 'api', occurredAt: work.now }])
  return paid.feathers
}
