import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { TouchLog } from '../../math/touch-log/index.ts'
import { standIns, touchesAfter } from './store.ts'
import { touchKinds, type StoredTouch } from './touch.ts'

/**
 * The index (触点索引): the tenant's touches as person-sorted columns in memory, derived from the rows and rebuilt from them at any time. Each question
 * first reads what was committed since the last one. Rows are keyed by the person they were recorded for; a person's answer adds up everybody
 * merged into it, so a merge or an un-merge needs no rebuild.
 */
export type TouchIndex = {
  /**
   * Pressure of persons at an instant: Σ weight · 2^(−age / half-life) over their outbound touches up to then.
   * @returns one number per person, in order.
   */
  pressureOf(tx: Tx, tenantId: number, personIds: readonly string[], at: Instant, halfLifeDays: number): Promise<Float64Array>
  /** Pressure of everybody with a touch, by person as recorded. */
  pressureOfAll(tx: Tx, tenantId: number, at: Instant, halfLifeDays: number): Promise<Map<string, number>>
  /** The columnar log itself, caught up, with the number of each person in it: for funnels, distinct counts and tails. */
  log(tx: Tx, tenantId: number): Promise<{ log: TouchLog; numberOf: ReadonlyMap<string, number> }>
}

type Kept = { log: TouchLog; numberOf: Map<string, number>; ids: string[]; seq: number; ref: string }

/** Weight 1 for every kind: the weight of a row is in its column, and inbound rows carry 0. */
const weights = new Float64Array(256).fill(1)
const page = 20_000

export function createTouchIndex(): TouchIndex {
  const kept = new Map<number, Kept>()
  const empty = (): Kept => ({ log: new TouchLog({ columns: { weight: 'f32' }, dedupe: true }), numberOf: new Map(), ids: [], seq: 0, ref: '' })
  async function caughtUp(tx: Tx, tenantId: number): Promise<Kept> {
    let mine = kept.get(tenantId) ?? empty()
    for (;;) {
      // From the last row known, that one included: when it is not what it was, the transaction that wrote it was given up, and all is read anew.
      const rows = await touchesAfter(tx, tenantId, mine.seq - 1, page)
      if (mine.seq > 0 && (rows[0]?.seq !== mine.seq || rows[0].ref !== mine.ref)) {
        mine = empty()
        continue
      }
      take(mine, mine.seq > 0 ? rows.slice(1) : rows)
      kept.set(tenantId, mine)
      if (rows.length < page) return mine
    }
  }
  function take(mine: Kept, rows: readonly StoredTouch[]): void {
    if (rows.length === 0) return
    const numberOf = (personId: string): number => {
      let n = mine.numberOf.get(personId)
      if (n === undefined) {
        n = mine.ids.push(personId) - 1
        mine.numberOf.set(personId, n)
      }
      return n
    }
    mine.log.append({
      person: rows.map((r) => numberOf(r.personId)), seconds: rows.map((r) => Math.floor(r.occurredAt / 1000)), type: rows.map((r) => touchKinds[r.kind] ?? 0),
      id: rows.map((r) => r.seq), columns: { weight: rows.map((r) => (r.direction === 'outbound' ? r.weight : 0)) },
    })
    mine.seq = rows[rows.length - 1].seq
    mine.ref = rows[rows.length - 1].ref
  }
  const all = (mine: Kept, at: Instant, halfLifeDays: number): Float64Array =>
    mine.ids.length === 0 ? new Float64Array(0) : mine.log.pressure({ at: Math.floor(at / 1000), halfLifeDays, weights, weightColumn: 'weight' })
  return {
    async pressureOf(tx, tenantId, personIds, at, halfLifeDays) {
      const mine = await caughtUp(tx, tenantId)
      const pressures = all(mine, at, halfLifeDays)
      const names = await standIns(tx, tenantId, personIds)
      return Float64Array.from(personIds, (personId) => (names.get(personId) ?? []).reduce((sum, name) => sum + (pressures[mine.numberOf.get(name) ?? -1] ?? 0), 0))
    },
    async pressureOfAll(tx, tenantId, at, halfLifeDays) {
      const mine = await caughtUp(tx, tenantId)
      const pressures = all(mine, at, halfLifeDays)
      return new Map(mine.ids.map((id, n) => [id, pressures[n]]))
    },
    async log(tx, tenantId) {
      const { log, numberOf } = await caughtUp(tx, tenantId)
      return { log, numberOf }
    },
  }
}
