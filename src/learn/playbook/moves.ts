import { z } from 'zod'
import { readSetting, writeSetting } from '../../kernel/tenancy/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { canonicalJson } from '../../kernel/json.ts'
import { insertJourney, listJourneys, switchJourney, triggers } from '../../retain/journey/index.ts'
import { messageKinds, messageText, welcomeSetting } from '../../retain/outbound/index.ts'
import { compileRule, deleteSegment, listSegments, ruleSchema, saveSegment, type SegmentField } from '../../retain/segment/index.ts'
import { dosageSettingsSchema, readDosageSettings, settingsKey } from '../../restrain/experiment/index.ts'
import { policyKey, pressurePolicySchema, readPolicy } from '../../restrain/pressure/index.ts'

/**
 * What a playbook can carry. Each move is a piece of configuration that means the same at another merchant: no person, no member, no account, no
 * amount of goods. What depends on the merchant (margin, today's habit, how many messages a member confirms) stays where it is.
 */
export const moveSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('block'), block: z.string().max(40), on: z.literal(true) }),
  z.strictObject({ kind: z.literal('pressure'), set: pressurePolicySchema.pick({ halfLifeDays: true, pressureMax: true, perWeekMax: true, quietFromMinute: true, quietToMinute: true }) }),
  z.strictObject({ kind: z.literal('dosage'), set: dosageSettingsSchema.pick({ epochDays: true, doseMax: true }) }),
  z.strictObject({ kind: z.literal('welcome'), text: messageText }),
  z.strictObject({ kind: z.literal('segment'), name: z.string().min(1).max(60), rules: ruleSchema }),
  z.strictObject({ kind: z.literal('journey'), name: z.string().min(1).max(60), trigger: z.enum(triggers), waitMs: z.number().int().min(0).max(365 * 86_400_000), rules: ruleSchema.nullable(), messageKind: z.enum(messageKinds), text: messageText }),
])
export type Move = z.output<typeof moveSchema>

export type MovePorts = {
  fields: ReadonlyMap<string, SegmentField>
  wecomOf(tenantId: number): { connectionId: string; corpId: string } | undefined
  /** What a block needs that is not there, in words; empty: it can be switched on. */
  missingFor(tx: Tx, tenantId: number, block: string, alsoOn: readonly string[]): Promise<string[]>
  isOn(tx: Tx, tenantId: number, block: string): Promise<boolean>
  switchBlock(tx: Tx, tenantId: number, block: string, on: boolean, now: Instant): Promise<void>
}

/** One line of a dry run: what is there, what would be, whether anything changes, and what stands in the way. */
export type Step = { move: Move; before: unknown; after: unknown; change: boolean; obstacle: string | null }
/** What undoing came to for one step: restored, left because somebody changed it since, or nothing to do. */
export type Undone = { move: Move; result: 'restored' | 'kept' | 'nothing'; found?: unknown }

type Made = { id: string } | null

const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null)
const pick = (value: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> => Object.fromEntries(keys.map((key) => [key, value[key]]))

/** How things stand for a move: what it would replace. `made`: what this move made before, if it did. */
async function present(tx: Tx, tenantId: number, move: Move, ports: MovePorts, made: Made): Promise<unknown> {
  switch (move.kind) {
    case 'block':
      return ports.isOn(tx, tenantId, move.block)
    case 'pressure':
      return pick(await readPolicy(tx, tenantId), Object.keys(move.set))
    case 'dosage':
      return pick(await readDosageSettings(tx, tenantId), Object.keys(move.set))
    case 'welcome':
      return (await readSetting<string>(tx, tenantId, welcomeSetting)) ?? ''
    case 'segment': {
      const found = (await listSegments(tx, tenantId)).find((row) => (made ? row.segmentId === made.id : row.name === move.name))
      return found ? { name: found.name, rules: found.rules } : null
    }
    case 'journey': {
      const found = (await listJourneys(tx, tenantId)).find((row) => (made ? row.journeyId === made.id : row.status === 'on' && same(journeyBody(row), wantedJourney(move))))
      return found && found.status === 'on' ? journeyBody(found) : null
    }
  }
}

const journeyBody = (row: { name: string; trigger: string; waitMs: number; rules: unknown; messageKind: string; content: { text: string } }): Record<string, unknown> => ({ name: row.name, trigger: row.trigger, waitMs: row.waitMs, rules: row.rules, messageKind: row.messageKind, text: row.content.text })
const wantedJourney = ({ kind: _, ...body }: Extract<Move, { kind: 'journey' }>): Record<string, unknown> => body

function wanted(move: Move): unknown {
  switch (move.kind) {
    case 'block': return move.on
    case 'pressure': case 'dosage': return move.set
    case 'welcome': return move.text
    case 'segment': return { name: move.name, rules: move.rules }
    case 'journey': return wantedJourney(move)
  }
}

/** What would change, move by move; nothing is written. */
export async function dryRun(tx: Tx, tenantId: number, moves: readonly Move[], ports: MovePorts): Promise<Step[]> {
  const alsoOn = moves.flatMap((move) => (move.kind === 'block' ? [move.block] : []))
  const steps: Step[] = []
  for (const move of moves) {
    const before = await present(tx, tenantId, move, ports, null)
    const after = wanted(move)
    const change = !same(before, after)
    let obstacle: string | null = null
    if (change && move.kind === 'block') {
      const missing = await ports.missingFor(tx, tenantId, move.block, alsoOn)
      if (missing.length > 0) obstacle = missing.join('、')
    }
    if ((move.kind === 'segment' || move.kind === 'journey') && move.rules !== null) {
      try {
        compileRule(move.rules, ports.fields, 3)
      } catch (error) {
        obstacle = (error as { zh?: string }).zh ?? String(error)
      }
    }
    if (move.kind === 'journey' && ports.wecomOf(tenantId) === undefined) obstacle = '企业微信'
    steps.push({ move, before, after, change, obstacle })
  }
  return steps
}

/** Writes one step. @returns what was made, for undoing. */
export async function applyStep(tx: Tx, tenantId: number, step: Step, ports: MovePorts, now: Instant, ids: Ids): Promise<Made> {
  if (!step.change) return null
  const { move } = step
  switch (move.kind) {
    case 'block':
      await ports.switchBlock(tx, tenantId, move.block, true, now)
      return null
    case 'pressure':
      await writeSetting(tx, tenantId, policyKey, { ...(await readPolicy(tx, tenantId)), ...move.set }, now)
      return null
    case 'dosage':
      await writeSetting(tx, tenantId, settingsKey, { ...(await readDosageSettings(tx, tenantId)), ...move.set }, now)
      return null
    case 'welcome':
      await writeSetting(tx, tenantId, welcomeSetting, move.text, now)
      return null
    case 'segment': {
      // One of that name stays as it is under its name; ours stands beside it.
      const segmentId = ids.next()
      await saveSegment(tx, tenantId, { segmentId, name: step.before === null ? move.name : `${move.name.slice(0, 56)}（打法）`, rules: move.rules }, now)
      return { id: segmentId }
    }
    case 'journey': {
      const wecom = ports.wecomOf(tenantId)!
      const journeyId = ids.next()
      await insertJourney(tx, tenantId, { ...wecom, journeyId, name: move.name, trigger: move.trigger, rules: move.rules, waitMs: move.waitMs, messageKind: move.messageKind, content: { text: move.text }, status: 'on', createdAt: now, changedAt: now })
      return { id: journeyId }
    }
  }
}

/** Takes one step back, unless somebody changed the thing since: then it is left, and said. */
export async function undoStep(tx: Tx, tenantId: number, step: Step & { made: Made }, ports: MovePorts, now: Instant): Promise<Undone> {
  const { move } = step
  if (!step.change) return { move, result: 'nothing' }
  const found = await present(tx, tenantId, move, ports, step.made)
  const ours = move.kind === 'segment' && step.before !== null ? { ...(step.after as object), name: `${move.name.slice(0, 56)}（打法）` } : step.after
  if (found === null) return { move, result: 'nothing' }
  if (!same(found, ours)) return { move, result: 'kept', found }
  switch (move.kind) {
    case 'block':
      await ports.switchBlock(tx, tenantId, move.block, false, now)
      break
    case 'pressure':
      await writeSetting(tx, tenantId, policyKey, { ...(await readPolicy(tx, tenantId)), ...(step.before as object) }, now)
      break
    case 'dosage':
      await writeSetting(tx, tenantId, settingsKey, { ...(await readDosageSettings(tx, tenantId)), ...(step.before as object) }, now)
      break
    case 'welcome':
      await writeSetting(tx, tenantId, welcomeSetting, step.before, now)
      break
    case 'segment':
      await deleteSegment(tx, tenantId, step.made!.id)
      break
    case 'journey':
      await switchJourney(tx, tenantId, step.made!.id, 'off', now)
      break
  }
  return { move, result: 'restored' }
}
