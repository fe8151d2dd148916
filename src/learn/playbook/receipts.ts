import type { Instant } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import { dayMs } from '../../kernel/calendar.ts'
import type { Subscriber } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Random } from '../../kernel/random.ts'
import type { Seal } from '../../kernel/seal.ts'
import { payloadOf } from '../../events.ts'
import { playbookFault } from './errors.ts'
import { keyOf } from './make-playbook.ts'
import { keyIdOf, publicKeyOf, verifyValue, type Receipt } from './playbook-file.ts'
import { findPlaybook, listApplications, saveReceipt } from './store.ts'
import { playbookWatchKind } from './watch-playbooks.ts'

/** Pays the author of the article that carries the playbook. @returns the feathers really booked; 0 when no author is known. */
export type RoyaltyPort = (tx: Tx, tenantId: number, want: { playbookId: string; feathers: number; key: string }, now: Instant) => Promise<number>

/**
 * Takes in that somebody applied a playbook of ours. Counted and paid once for each key; applying one's own earns nothing.
 * @throws Fault playbook/bad-receipt
 */
export async function receiveReceipt(tx: Tx, tenantId: number, receipt: Receipt, ports: { seal: Seal; random: Random; ids: Ids; royalty: RoyaltyPort }, now: Instant): Promise<{ counted: boolean; feathers: number }> {
  const { body } = receipt
  if (!verifyValue(body.applier.key, body, receipt.signature)) throw playbookFault('playbook/bad-receipt', { reason: '签名对不上 signature' })
  const row = await findPlaybook(tx, tenantId, body.playbookId)
  if (!row || row.digest !== body.digest) throw playbookFault('playbook/bad-receipt', { reason: row ? '不是同一份文件 digest' : '不是这里做的打法 playbookId' })
  const own = publicKeyOf(await keyOf(tx, tenantId, ports, now)) === body.applier.key
  const applier = keyIdOf(body.applier.key)
  if (!(await saveReceipt(tx, tenantId, { playbookId: body.playbookId, applier, appliedAt: body.appliedAt, receivedAt: now, feathers: own ? 0 : row.file.body.royalty }))) return { counted: false, feathers: 0 }
  const feathers = own || row.file.body.royalty === 0 ? 0 : await ports.royalty(tx, tenantId, { playbookId: body.playbookId, feathers: row.file.body.royalty, key: `${body.playbookId}/${applier}` }, now)
  return { counted: true, feathers }
}

/**
 * Hears that a playbook was applied or taken off here: blocks may have changed, and when its author is a merchant of this installation the receipt is
 * handed in at once. To another installation it is not sent by itself: its address comes out of a file that anybody could have written.
 */
export function playbookSubscriber(ports: { db: Db; seal: Seal; random: Random; ids: Ids; royalty: RoyaltyPort; refresh(tenantId: number): Promise<void>; tenants(): ReadonlyArray<{ tenantId: number; slug: string; world: string }>; nowOf(tenantId: number): Instant }): Subscriber {
  return {
    name: 'learn/playbook',
    hears: ['playbook.applied', 'playbook.undone'],
    async handle(work, tx, events) {
      await ports.refresh(work.tenantId)
      for (const event of events) {
        if (event.name !== 'playbook.applied') continue
        const { applicationId } = payloadOf('playbook.applied', event)
        await putJobs(tx, work.tenantId, [{ kind: playbookWatchKind, key: '', dueAt: work.now + dayMs, state: {} }])
        const row = (await listApplications(tx, work.tenantId)).find((one) => one.applicationId === applicationId)
        const world = ports.tenants().find((one) => one.tenantId === work.tenantId)?.world
        // Simulated use never pays for a real playbook, nor the other way round.
        const home = row && ports.tenants().find((one) => one.tenantId !== work.tenantId && row.file.body.author.home.endsWith(`/${one.slug}`) && (one.world === 'real') === (world === 'real'))
        if (!row || !home) continue
        await ports.db.tx({ role: 'app', tenantId: home.tenantId }, async (other) => {
          if ((await findPlaybook(other, home.tenantId, row.playbookId))?.digest === row.receipt.body.digest) await receiveReceipt(other, home.tenantId, row.receipt, ports, ports.nowOf(home.tenantId))
        })
      }
    },
  }
}
