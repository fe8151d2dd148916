import { canonicalJson } from '../../kernel/json.ts'
import { saleDate } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Random } from '../../kernel/random.ts'
import type { Seal } from '../../kernel/seal.ts'
import { stateAt, type CaseBody } from '../benchmark/index.ts'
import { playbookFault } from './errors.ts'
import { judgePlaybook } from './judge-playbook.ts'
import { keyOf } from './make-playbook.ts'
import { applyStep, dryRun, undoStep, type MovePorts, type Step, type Undone } from './moves.ts'
import { digestOf, openPlaybook, publicKeyOf, signValue, type PlaybookFile, type Receipt } from './playbook-file.ts'
import { listApplications, lockApplication, markUndone, openApplicationOf, putVerdict, saveApplication, type ApplicationRow, type MadeStep } from './store.ts'
import { moveName } from './words.ts'

export type ApplyPorts = MovePorts & { seal: Seal; random: Random; ids: Ids; nameOf(tenantId: number): string; measure(tx: Tx, tenantId: number, now: Instant): Promise<CaseBody> }
export type Tried = { file: PlaybookFile; digest: string; steps: Step[]; /** Of what the dry run saw; an apply names it. */ seen: string; inUse: Instant | null }

const seenOf = (steps: readonly Step[]): string => digestOf(steps.map((step) => [step.move.kind, step.before ?? null, step.obstacle]))

/** What a file would change here. Nothing is written. @throws Fault as openPlaybook */
export async function tryPlaybook(tx: Tx, tenantId: number, input: unknown, ports: MovePorts): Promise<Tried> {
  const file = openPlaybook(input)
  const steps = await dryRun(tx, tenantId, file.body.moves, ports)
  return { file, digest: digestOf(file.body), steps, seen: seenOf(steps), inUse: (await openApplicationOf(tx, tenantId, file.body.playbookId))?.appliedAt ?? null }
}

/**
 * Applies all of it in the caller's transaction, or nothing. `seen` is the dry run that the operator decided on: if what is here changed since, nothing is applied.
 * @throws Fault playbook/changed-since, playbook/blocked, playbook/already-applied and those of openPlaybook
 */
export async function applyPlaybook(tx: Tx, tenantId: number, input: unknown, seen: string, ports: ApplyPorts, now: Instant, actor: string): Promise<{ applicationId: string; receipt: Receipt; steps: MadeStep[] }> {
  const { file, digest, steps, seen: found, inUse } = await tryPlaybook(tx, tenantId, input, ports)
  const { body } = file
  if (inUse !== null) throw playbookFault('playbook/already-applied', { title: body.title, when: saleDate(inUse) })
  const blocked = steps.filter((step) => step.obstacle !== null)
  if (blocked.length > 0) throw playbookFault('playbook/blocked', { title: body.title, reasons: blocked.map((step) => `${moveName(step.move, 'zh')}：${step.obstacle}`).join('；') })
  if (found !== seen) throw playbookFault('playbook/changed-since', { moves: steps.filter((step) => step.change).map((step) => moveName(step.move, 'zh')).join('、') })
  const here = await ports.measure(tx, tenantId, now)
  const startState = { ...(await stateAt(tx, tenantId, now)), epochs: here.epochs }
  const made: MadeStep[] = []
  for (const step of steps) made.push({ ...step, made: await applyStep(tx, tenantId, step, ports, now, ports.ids) })
  const key = await keyOf(tx, tenantId, ports, now)
  const receiptBody: Receipt['body'] = { playbookId: body.playbookId, digest, appliedAt: now, applier: { name: ports.nameOf(tenantId), key: publicKeyOf(key) } }
  const receipt: Receipt = { body: receiptBody, signature: signValue(key, receiptBody) }
  const applicationId = ports.ids.next()
  const judged = judgePlaybook(body.stopRule, here, here.epochs)
  const saved = await saveApplication(tx, tenantId, { applicationId, playbookId: body.playbookId, title: body.title, file, state: 'applied', steps: made, startState, appliedAt: now, appliedBy: actor, undoneAt: null, undoneBy: null, verdict: judged.verdict, verdictAt: now, detail: judged, receipt })
  if (!saved) throw playbookFault('playbook/already-applied', { title: body.title, when: saleDate(now) })
  return { applicationId, receipt, steps: made }
}

/** Takes back what still stands as it was written, newest first; what somebody changed since is left and said. */
export async function undoApplication(tx: Tx, tenantId: number, applicationId: string, ports: MovePorts, now: Instant, actor: string): Promise<Undone[]> {
  const row = await lockApplication(tx, tenantId, applicationId)
  if (row === undefined) throw playbookFault('playbook/no-application', { applicationId })
  if (row.state === 'undone') throw playbookFault('playbook/already-undone', { when: saleDate(row.undoneAt ?? now) })
  const undone: Undone[] = []
  for (const step of [...row.steps].reverse()) undone.push(await undoStep(tx, tenantId, step, ports, now))
  await markUndone(tx, tenantId, applicationId, now, actor)
  return undone.reverse()
}

/** Judges every playbook in use by its stop rule, on what was measured here. @returns those whose verdict changed. */
export async function judgeApplications(tx: Tx, tenantId: number, ports: Pick<ApplyPorts, 'measure'>, now: Instant): Promise<ApplicationRow[]> {
  const open = (await listApplications(tx, tenantId)).filter((row) => row.state === 'applied')
  if (open.length === 0) return []
  const here = await ports.measure(tx, tenantId, now)
  const changed: ApplicationRow[] = []
  for (const row of open) {
    const judged = judgePlaybook(row.file.body.stopRule, here, Number(row.startState.epochs ?? 0))
    if (judged.verdict === row.verdict && canonicalJson(judged) === canonicalJson(row.detail)) continue
    await putVerdict(tx, tenantId, row.applicationId, judged.verdict, judged, now)
    if (judged.verdict !== row.verdict) changed.push({ ...row, verdict: judged.verdict, detail: judged })
  }
  return changed
}
