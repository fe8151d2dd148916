import { z } from 'zod'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { FileAnswer, publicRoute, route, type AnyPublicRoute, type AnyRoute } from '../../kernel/http/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { makeEvent } from '../../events.ts'
import { publicSentence } from '../benchmark/index.ts'
import { royaltyNow } from './community-side.ts'
import { applyPlaybook, judgeApplications, tryPlaybook, undoApplication, type ApplyPorts } from './apply-playbook.ts'
import { playbookFault } from './errors.ts'
import { makePlaybook, movesHere, type MakePorts } from './make-playbook.ts'
import { keyIdOf, receiptSchema, stopRuleSchema, type PlaybookFile } from './playbook-file.ts'
import { receiveReceipt, type RoyaltyPort } from './receipts.ts'
import { findPlaybook, listApplications, listPlaybooks } from './store.ts'
import type { Judged } from './judge-playbook.ts'
import { moveName, verdictSentence } from './words.ts'

export type PlaybookPorts = ApplyPorts & MakePorts & { royalty: RoyaltyPort; emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void> }

const block = 'cases'
const fileBody = z.object({ file: z.unknown() })

const about = ({ body }: PlaybookFile, language: 'zh' | 'en') => ({
  playbookId: body.playbookId, title: body.title, note: body.note, madeAt: body.madeAt, author: body.author.name, keyId: keyIdOf(body.author.key), home: body.author.home, stopRule: body.stopRule, royalty: body.royalty,
  expected: body.expected, expectedSentence: body.expected === null ? null : publicSentence(body.expected, language), moves: body.moves.map((move) => ({ name: moveName(move, language), move })),
})

export function playbookRoutes(ports: PlaybookPorts): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/playbooks', right: 'chain.read', block, what: 'playbooks made here with receipts of their use, and those in use here, judged by their stop rules',
      async handle({ tx, tenantId, clock, language }) {
        await judgeApplications(tx, tenantId, ports, clock.now())
        return {
          made: (await listPlaybooks(tx, tenantId)).map(({ file, ...row }) => ({ ...row, ...about(file, language) })),
          used: (await listApplications(tx, tenantId)).map((row) => ({
            applicationId: row.applicationId, state: row.state, appliedAt: row.appliedAt, appliedBy: row.appliedBy, undoneAt: row.undoneAt, undoneBy: row.undoneBy, verdict: row.verdict, startState: row.startState, receipt: row.receipt,
            sentence: verdictSentence(row.detail as Judged, language), ...about(row.file, language), steps: row.steps.map((step) => ({ name: moveName(step.move, language), change: step.change, before: step.before, after: step.after })),
          })),
        }
      },
    }),
    route({
      method: 'GET', path: '/playbooks/moves', right: 'settings.write', block, what: 'what of the present configuration can travel in a playbook',
      handle: async ({ tx, tenantId, language }) => ({ moves: (await movesHere(tx, tenantId, ports.blocksOn(tenantId))).map(({ key, move }) => ({ key, name: moveName(move, language), move })) }),
    }),
    route({
      method: 'POST', path: '/playbooks', right: 'settings.write', block, audit: 'playbook.make', what: 'sign chosen pieces of the present configuration into a playbook file',
      body: z.object({ title: z.string().trim().min(1).max(60), note: z.string().trim().max(500).default(''), caseId: z.uuid().nullable().default(null), moves: z.array(z.string().max(80)).max(60), stopRule: stopRuleSchema, royalty: z.boolean().default(true) }),
      handle: async ({ tx, tenantId, body, clock, actor }) => makePlaybook(tx, tenantId, { ...body, royalty: body.royalty ? await royaltyNow(tx, tenantId, clock.now()) : 0 }, ports, clock.now(), actor),
    }),
    route({
      method: 'GET', path: '/playbooks/:playbookId/file', right: 'settings.write', block, audit: 'playbook.download', what: 'the signed file', params: z.object({ playbookId: z.uuid() }),
      async handle({ tx, tenantId, params }) {
        const row = await findPlaybook(tx, tenantId, params.playbookId)
        if (!row) throw playbookFault('playbook/not-found', params)
        return new FileAnswer(`${row.title}.playbook.json`, 'application/json; charset=utf-8', JSON.stringify(row.file, null, 2))
      },
    }),
    route({
      method: 'POST', path: '/playbooks/try', right: 'chain.read', block, what: 'what a playbook file would change here; nothing is written', body: fileBody,
      async handle({ tx, tenantId, body, language }) {
        const { file, digest, steps, seen, inUse } = await tryPlaybook(tx, tenantId, body.file, ports)
        return { ...about(file, language), digest, seen, inUse, steps: steps.map((step) => ({ name: moveName(step.move, language), kind: step.move.kind, before: step.before, after: step.after, change: step.change, obstacle: step.obstacle })) }
      },
    }),
    route({
      method: 'POST', path: '/playbooks/apply', right: 'settings.write', block, audit: 'playbook.apply', what: 'apply all of a playbook in one transaction, as its dry run showed it', body: fileBody.extend({ seen: z.string().length(64) }),
      async handle({ tx, tenantId, body, clock, actor, ids }) {
        const now = clock.now()
        const done = await applyPlaybook(tx, tenantId, body.file, body.seen, ports, now, actor)
        await ports.emit(tx, tenantId, [makeEvent(ids, now, 'playbook.applied', `playbook/${done.receipt.body.playbookId}`, now, { applicationId: done.applicationId, playbookId: done.receipt.body.playbookId })])
        return { applicationId: done.applicationId }
      },
    }),
    route({
      method: 'POST', path: '/playbooks/used/:applicationId/undo', right: 'settings.write', block, audit: 'playbook.undo', what: 'take a playbook off: what still stands as it was written goes back, what was changed since is left and said', params: z.object({ applicationId: z.uuid() }),
      async handle({ tx, tenantId, params, clock, actor, language, ids }) {
        const now = clock.now()
        const undone = await undoApplication(tx, tenantId, params.applicationId, ports, now, actor)
        await ports.emit(tx, tenantId, [makeEvent(ids, now, 'playbook.undone', `application/${params.applicationId}`, now, { applicationId: params.applicationId })])
        return { steps: undone.map((step) => ({ name: moveName(step.move, language), result: step.result })) }
      },
    }),
    route({
      method: 'POST', path: '/playbooks/receipts', right: 'settings.write', block, audit: 'playbook.receipt', what: 'take in a signed receipt of somebody who applied a playbook of ours', body: z.object({ receipt: receiptSchema }),
      handle: async ({ tx, tenantId, body, clock, ids }) => receiveReceipt(tx, tenantId, body.receipt, { ...ports, ids }, clock.now()),
    }),
  ]
}

/** Where another installation hands in the receipt of a playbook that it applied. */
export function playbookPublicRoutes(ports: Pick<PlaybookPorts, 'royalty' | 'seal' | 'random' | 'ids'>): AnyPublicRoute[] {
  return [
    publicRoute({
      method: 'POST', path: '/community/playbook-receipt', block: 'community', perMinute: 20, what: 'a signed receipt: a playbook of this merchant was applied', body: z.object({ receipt: receiptSchema }),
      handle: async (call) => call.tx((tx) => receiveReceipt(tx, call.tenantId, call.body.receipt, ports, call.clock.now())),
    }),
  ]
}

