import { z } from 'zod'
import { dayMs } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { writeSetting } from '../../kernel/tenancy/index.ts'
import { mergedPersons } from '../../book/person/index.ts'
import { histogram } from '../../math/touch-log/index.ts'
import { gateReasons, type GateReason } from './decide-gate.ts'
import { pressureFault } from './errors.ts'
import { pressurePolicySchema } from './policy.ts'
import { policyKey, readPolicy, gateFacts, type DoseSource } from './pressure-send-gate.ts'
import { gateTotals, optedOut, pressureRows, putOptOut } from './store.ts'
import { gateWords } from './words.ts'

const bins = 12

export function pressureRoutes(ports: { dosesOf: DoseSource; contactsOf: (tx: Tx, tenantId: number) => Promise<readonly string[]> }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/pressure', right: 'chain.read', block: 'dosage', what: 'how pressure is spread over the contacts: twelve bins up to one and a half limits, median, how many are over; what the gate said lately',
      async handle({ tx, tenantId, clock, language }) {
        const now = clock.now()
        const policy = await readPolicy(tx, tenantId)
        const merged = await mergedPersons(tx, tenantId)
        const pressure = new Map<string, number>((await ports.contactsOf(tx, tenantId)).map((id) => [id, 0]))
        for (const row of await pressureRows(tx, tenantId, policy.halfLifeDays * dayMs, now)) {
          const id = merged.get(row.personId) ?? row.personId
          if (pressure.has(id)) pressure.set(id, pressure.get(id)! + row.pressure)
        }
        const values = Float64Array.from(pressure.values()).sort()
        const width = (policy.pressureMax * 1.5) / bins
        const edges = Array.from({ length: bins }, (_, i) => i * width)
        const counts = histogram(values, edges)
        const mean = values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length
        return {
          at: now, contacts: values.length, mean, median: values.length === 0 ? 0 : values[Math.ceil(values.length / 2) - 1], pressureMax: policy.pressureMax, over: values.filter((x) => x > policy.pressureMax).length,
          bins: edges.map((from, i) => ({ from, to: from + width, contacts: counts[i] })), policy,
          optedOut: (await optedOut(tx, tenantId, 'wecom', now)).size,
          gate: (await gateTotals(tx, tenantId, now - 28 * dayMs, now + 1)).map((row) => ({ ...row, words: (gateReasons as readonly string[]).includes(row.reason) ? gateWords(row.reason as GateReason, {}, null, language) : '' })),
        }
      },
    }),
    route({
      method: 'GET', path: '/pressure/:personId', right: 'people.read', block: 'dosage', what: 'one person: pressure now, what is under way, place in the epoch', params: z.object({ personId: z.uuid() }),
      async handle({ tx, tenantId, params, clock }) {
        const policy = await readPolicy(tx, tenantId)
        const facts = await gateFacts(tx, tenantId, policy, [params.personId], 'wecom', clock.now(), ports.dosesOf)
        return { ...facts.get(params.personId)!, pressureMax: policy.pressureMax }
      },
    }),
    route({
      method: 'PUT', path: '/pressure/policy', right: 'settings.write', block: 'dosage', audit: 'pressure.policy', what: "change the merchant's own limits", body: pressurePolicySchema,
      async handle({ tx, tenantId, body, clock }) {
        const quiet = (body.quietToMinute - body.quietFromMinute + 1440) % 1440
        if (quiet > 1320) throw pressureFault('pressure/half-quiet', { from: body.quietFromMinute, to: body.quietToMinute })
        await writeSetting(tx, tenantId, policyKey, body, clock.now())
        return body
      },
    }),
    route({
      method: 'PUT', path: '/opt-outs/:personId', right: 'people.personal', block: 'dosage', audit: 'pressure.opt-out', what: 'a person does not want marketing any more, or wants it again',
      params: z.object({ personId: z.uuid() }), body: z.object({ line: z.enum(['*', 'wecom', 'official-account', 'mini-program']).default('*'), on: z.boolean(), evidence: z.string().trim().min(1).max(200) }),
      async handle({ tx, tenantId, params, body, clock }) {
        const now = clock.now()
        await putOptOut(tx, tenantId, { personId: params.personId, line: body.line, since: now, until: body.on ? null : now, evidence: body.evidence })
        return { personId: params.personId, line: body.line, on: body.on }
      },
    }),
  ]
}
