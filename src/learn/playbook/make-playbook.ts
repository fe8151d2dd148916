import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Random } from '../../kernel/random.ts'
import type { Seal } from '../../kernel/seal.ts'
import { readSetting, writeSetting } from '../../kernel/tenancy/index.ts'
import { listJourneys } from '../../retain/journey/index.ts'
import { welcomeSetting } from '../../retain/outbound/index.ts'
import { listSegments, type Rule } from '../../retain/segment/index.ts'
import { readDosageSettings } from '../../restrain/experiment/index.ts'
import { readPolicy } from '../../restrain/pressure/index.ts'
import { publicCase } from '../benchmark/index.ts'
import { playbookFault } from './errors.ts'
import { moveSchema, type Move } from './moves.ts'
import { digestOf, formatVersion, publicKeyOf, signValue, signingKey, type PlaybookBody, type PlaybookFile, type StopRule } from './playbook-file.ts'
import { savePlaybook } from './store.ts'

const keySetting = 'playbook.key'
const purpose = (tenantId: number): string => `playbook key ${tenantId}`

/** The merchant's signing key; made at first use, sealed at rest. */
export async function keyOf(tx: Tx, tenantId: number, ports: { seal: Seal; random: Random }, now: Instant): Promise<ReturnType<typeof signingKey>> {
  const sealed = await readSetting<string>(tx, tenantId, keySetting)
  if (sealed !== undefined) return signingKey(ports.seal.open(Buffer.from(sealed, 'base64'), purpose(tenantId)))
  const seed = ports.random.bytes(32, 'playbook key', tenantId)
  await writeSetting(tx, tenantId, keySetting, ports.seal.seal(seed, purpose(tenantId)).toString('base64'), now)
  return signingKey(seed)
}

/** Fields whose values name a member, a code or a tag of this merchant: rules that ask for one mean nothing elsewhere and stay here. */
const ownFields = new Set(['contact.staff', 'contact.code', 'contact.tag'])

export function travels(rule: Rule | null): boolean {
  if (rule === null) return true
  if ('all' in rule) return rule.all.every(travels)
  if ('any' in rule) return rule.any.every(travels)
  return 'not' in rule ? travels(rule.not) : !ownFields.has(rule.field)
}

/** What of this merchant's present configuration can travel, for the author to choose from. `key` names a move in `makePlaybook`. */
export async function movesHere(tx: Tx, tenantId: number, blocksOn: readonly string[]): Promise<Array<{ key: string; move: Move }>> {
  const policy = await readPolicy(tx, tenantId)
  const dosage = await readDosageSettings(tx, tenantId)
  const welcome = (await readSetting<string>(tx, tenantId, welcomeSetting)) ?? ''
  const found: Array<{ key: string; move: unknown }> = [
    ...blocksOn.map((block) => ({ key: `block/${block}`, move: { kind: 'block', block, on: true } })),
    { key: 'pressure', move: { kind: 'pressure', set: { halfLifeDays: policy.halfLifeDays, pressureMax: policy.pressureMax, perWeekMax: policy.perWeekMax, quietFromMinute: policy.quietFromMinute, quietToMinute: policy.quietToMinute } } },
    { key: 'dosage', move: { kind: 'dosage', set: { epochDays: dosage.epochDays, doseMax: dosage.doseMax } } },
    ...(welcome === '' ? [] : [{ key: 'welcome', move: { kind: 'welcome', text: welcome } }]),
    ...(await listSegments(tx, tenantId)).filter((row) => travels(row.rules)).map((row) => ({ key: `segment/${row.segmentId}`, move: { kind: 'segment', name: row.name, rules: row.rules } })),
    ...(await listJourneys(tx, tenantId, true)).filter((row) => travels(row.rules)).map((row) => ({ key: `journey/${row.journeyId}`, move: { kind: 'journey', name: row.name, trigger: row.trigger, waitMs: row.waitMs, rules: row.rules, messageKind: row.messageKind, text: row.content.text } })),
  ]
  return found.flatMap(({ key, move }) => {
    const parsed = moveSchema.safeParse(move)
    return parsed.success ? [{ key, move: parsed.data }] : []
  })
}

export type MakeRequest = { title: string; note: string; caseId: string | null; moves: readonly string[]; stopRule: StopRule; royalty: number }
export type MakePorts = { seal: Seal; random: Random; ids: Ids; blocksOn(tenantId: number): readonly string[]; authorOf(tenantId: number): { name: string; home: string } }

/**
 * Signs what was chosen of the present configuration into a file. What is expected is the public side of a kept case that the merchant shows;
 * a case that is not shown gives none.
 * @throws Fault playbook/no-moves
 */
export async function makePlaybook(tx: Tx, tenantId: number, request: MakeRequest, ports: MakePorts, now: Instant, actor: string): Promise<{ playbookId: string; file: PlaybookFile; digest: string }> {
  const wanted = new Set(request.moves)
  const moves = (await movesHere(tx, tenantId, ports.blocksOn(tenantId))).filter((one) => wanted.has(one.key)).map((one) => one.move)
  if (moves.length === 0) throw playbookFault('playbook/no-moves')
  const key = await keyOf(tx, tenantId, ports, now)
  const playbookId = ports.ids.next()
  const body: PlaybookBody = {
    format: 'qingzhou-playbook', v: formatVersion, playbookId, title: request.title, note: request.note, madeAt: now, author: { ...ports.authorOf(tenantId), key: publicKeyOf(key) },
    expected: request.caseId === null ? null : ((await publicCase(tx, tenantId, request.caseId)) ?? null), stopRule: request.stopRule, royalty: request.royalty, moves,
  }
  const file: PlaybookFile = { body, signature: signValue(key, body) }
  const digest = digestOf(body)
  await savePlaybook(tx, tenantId, { playbookId, caseId: request.caseId, title: request.title, file, digest, madeAt: now, madeBy: actor })
  return { playbookId, file, digest }
}
