import { yuanSaid } from '../../kernel/money.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { CaseFigure, Said } from '../../retain/article/index.ts'
import type { PublicCase, PublicState } from './disclose-case.ts'
import { publicSentence } from './disclose-case.ts'

/** Acts of the audit trail as a case names them; what is not here is told by its own key. */
const actNames: Readonly<Record<string, Said>> = {
  'block.switch': { zh: '开关积木', en: 'switched blocks' }, 'connection.put': { zh: '连账号', en: 'connected accounts' }, 'pressure.policy': { zh: '改打扰上限', en: 'changed the limits' }, 'dosage.settings': { zh: '改剂量设置', en: 'changed the dose' }, 'dosage.start': { zh: '开一轮剂量', en: 'started an epoch' },
  'plan.settings': { zh: '改计划限额', en: 'changed plan limits' }, 'plan.campaign': { zh: '加要说的事', en: 'added campaigns' }, 'journey.create': { zh: '建旅程', en: 'made journeys' }, 'journey.switch': { zh: '开关旅程', en: 'switched journeys' }, 'code.create': { zh: '做活码', en: 'made codes' }, 'code.close': { zh: '停活码', en: 'closed codes' },
  'staff.capacity': { zh: '设好友上限', en: 'set capacities' }, 'welcome.write': { zh: '写欢迎语', en: 'wrote the welcome' }, 'points.rate': { zh: '改羽毛比例', en: 'changed the feather rate' }, 'segment.create': { zh: '建人群', en: 'made segments' }, 'product.list': { zh: '上架', en: 'listed goods' }, 'product.unlist': { zh: '下架', en: 'unlisted goods' }, 'connection.remove': { zh: '断开账号', en: 'removed accounts' },
}

const counted = (n: number | null, zh: string, en: string): Said => ({ zh: `${n ?? '不到 10'} ${zh}`, en: `${n ?? 'under 10'} ${en}` })

function stateSaid(state: PublicState): Said {
  const [contacts, buyers] = [counted(state.contacts, '位联系人', 'contacts'), counted(state.buyers28, '人买过', 'buyers')]
  return { zh: `${contacts.zh}，28 天 ${buyers.zh}，净收入 ${yuanSaid(state.net28Fen)}`, en: `${contacts.en}, ${buyers.en} in 28 days, ${yuanSaid(state.net28Fen)} net` }
}

/** A case that its merchant shows, as the block of an article tells it. */
export function figureOfCase(one: PublicCase): CaseFigure {
  const { effect } = one
  return {
    caseId: one.caseId, title: { zh: publicSentence(one, 'zh'), en: publicSentence(one, 'en') }, measuredAt: one.measuredAt, controlled: one.badge === 'with-holdout', failed: one.outcome === 'failed', start: stateSaid(one.start),
    moves: one.moves.map(({ action, times }) => { const name = actNames[action] ?? { zh: action, en: action }; return times === 1 ? name : { zh: `${name.zh} ${times} 次`, en: `${name.en} ${times} times` } }),
    effect: 'totalFen' in effect ? { label: { zh: '比留白组多', en: 'more than the holdout:' }, value: effect.totalFen, low: effect.lowFen, high: effect.highFen, unit: 'fen' } : null,
    losses: one.losses.low === null && one.losses.high === null && one.losses.caused === null ? null : one.losses,
    costFen: one.cost.messagesFen, minutes: one.cost.minutesPerDay, weeks: one.weeks, people: 'persons' in effect ? effect.persons : one.now.contacts,
  }
}

/** Cases of blocks: only those that are shown now; the others stay empty. */
export async function caseFigures(tx: Tx, tenantId: number, caseIds: readonly string[], find: (tx: Tx, tenantId: number, caseId: string) => Promise<PublicCase | undefined>): Promise<Map<string, CaseFigure>> {
  const found = new Map<string, CaseFigure>()
  for (const caseId of new Set(caseIds)) {
    const one = await find(tx, tenantId, caseId)
    if (one) found.set(caseId, figureOfCase(one))
  }
  return found
}
