import { listAudit } from '../../kernel/audit/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { blocks, listBlocks, listSettings } from '../../kernel/tenancy/index.ts'
import { lightSentence, minutesWorked, stepsLeft, valuesIn, type Light } from './light.ts'

export type LightPorts = {
  processes: number
  /** Connected accounts of the merchant: line, values that were typed in, checks that are open or failed. */
  accountsOf(tenantId: number): ReadonlyArray<{ line: string; values: number; openChecks: number }>
}

/** Keys the system makes for itself. */
const ownKeys = /\.key$/
const actsLooked = 5000

export async function readLight(tx: Tx, tenantId: number, ports: LightPorts): Promise<Light> {
  const on = new Set((await listBlocks(tx, tenantId)).filter((row) => row.onSince !== null).map((row) => row.block))
  const accounts = ports.accountsOf(tenantId)
  const settings = (await listSettings(tx, tenantId)).filter((row) => !ownKeys.test(row.key))
  const acts = await listAudit(tx, tenantId, Number.MAX_SAFE_INTEGER, actsLooked)
  return {
    processes: ports.processes,
    valuesSet: settings.reduce((sum, row) => sum + valuesIn(row.value), 0) + accounts.reduce((sum, account) => sum + account.values, 0),
    stepsLeft: stepsLeft(blocks, on, new Set(accounts.map((account) => account.line)), accounts.reduce((sum, account) => sum + account.openChecks, 0)),
    blocksOn: on.size, blocksTotal: blocks.length,
    ...minutesWorked(acts.filter((act) => act.actor !== 'system')),
  }
}

export function lightRoutes(ports: LightPorts): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/light', right: 'chain.read', what: 'how light this merchant is: processes, values set, steps left, blocks on, minutes a day',
      async handle({ tx, tenantId, language }) {
        const light = await readLight(tx, tenantId, ports)
        return { ...light, sentence: lightSentence(light, language) }
      },
    }),
  ]
}
