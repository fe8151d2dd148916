import type { Tx } from '../../kernel/db/index.ts'
import type { PlanHead } from './store.ts'

/** Somebody about to hear the same thing twice: once by the plan, once by a broadcast. Counted in persons; nobody is kept from anything by it. */
export type SaidTwice = { campaignId: string; campaign: string; people: number }

/** Words are the same when nothing but white space differs. */
const sameWords = `regexp_replace(c.content->>'text', '\\s+', '', 'g')`
const bare = (text: string): string => text.replace(/\s+/g, '')

/** Of these people, who has a message with these words still to come from the newest plan (drafts included), by campaign. */
export async function plannedWithText(tx: Tx, tenantId: number, text: string, personIds: readonly string[]): Promise<SaidTwice[]> {
  if (bare(text) === '' || personIds.length === 0) return []
  return tx.query<SaidTwice>(
    `select c.campaign_id as "campaignId", c.name as campaign, count(distinct r.person_id) as people
     from plan p join plan_row r on r.tenant_id = p.tenant_id and r.plan_id = p.plan_id join plan_campaign c on c.tenant_id = p.tenant_id and c.campaign_id = r.campaign_id
     where p.tenant_id = $1 and p.status in ('draft', 'held', 'sending') and r.chosen and r.state = 'planned' and ${sameWords} = $2 and r.person_id = any($3)
     group by 1, 2 order by 3 desc, 1`,
    [tenantId, bare(text), personIds],
  )
}

/** Broadcasts that would say the same; asked here, answered by retain and wired in the composition root. */
export type SaidElsewhere = (tx: Tx, tenantId: number, texts: readonly string[]) => Promise<Array<{ broadcastId: string; name: string; status: string; text: string; personIds: string[] }>>
export type PlanTwice = SaidTwice & { broadcastId: string; broadcast: string; status: string }

/** Of the people of a plan, who would hear a campaign's words from a broadcast too. */
export async function saidTwice(tx: Tx, tenantId: number, plan: Pick<PlanHead, 'planId' | 'status'>, elsewhere: SaidElsewhere): Promise<PlanTwice[]> {
  if (!['draft', 'held', 'sending'].includes(plan.status)) return []
  const texts = await tx.query<{ text: string }>(
    `select distinct c.content->>'text' as text from plan_row r join plan_campaign c on c.tenant_id = r.tenant_id and c.campaign_id = r.campaign_id
     where r.tenant_id = $1 and r.plan_id = $2 and r.chosen and r.state = 'planned' order by 1`,
    [tenantId, plan.planId],
  )
  const found: PlanTwice[] = []
  for (const { broadcastId, name, status, text, personIds } of await elsewhere(tx, tenantId, texts.map((row) => row.text))) {
    for (const one of await plannedWithText(tx, tenantId, text, personIds)) found.push({ ...one, broadcastId, broadcast: name, status })
  }
  return found
}
