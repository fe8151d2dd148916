import type { Instant } from '../../kernel/clock.ts'

/** Somebody seen on an account, with every identity the platform gave at that moment. */
export type Sighting = {
  unionid?: string
  /** openid or external_userid, on the account `scope` (appid or corpid). */
  local?: { kind: 'openid' | 'external_userid'; scope: string; value: string }
  phoneHash?: string
  seenAt: Instant
  /** Where we saw it, e.g. `shop order 3715…`. */
  evidence: string
}
export type KnownIdentity = { kind: string; scope: string; value: string; personId: string }
export type Resolution = {
  /** Person of each sighting, in order. */
  personIds: string[]
  newPersons: Array<{ personId: string; createdAt: Instant }>
  newIdentities: Array<KnownIdentity & { firstSeenAt: Instant; evidence: string }>
  /** `gone` turned out to be `kept`: the one known longer is kept. */
  merges: Array<{ kept: string; gone: string; at: Instant; evidence: Record<string, unknown> }>
}

const keyOf = (kind: string, scope: string, value: string): string => `${kind}\u0000${scope}\u0000${value}`

/** The identities a sighting names, strongest first. */
export function identitiesOf(sighting: Sighting): Array<{ kind: string; scope: string; value: string }> {
  const found: Array<{ kind: string; scope: string; value: string }> = []
  if (sighting.unionid) found.push({ kind: 'unionid', scope: '', value: sighting.unionid })
  if (sighting.local) found.push({ kind: sighting.local.kind, scope: sighting.local.scope, value: sighting.local.value })
  if (sighting.phoneHash) found.push({ kind: 'phone', scope: '', value: sighting.phoneHash })
  return found
}

/**
 * Decides who is who. A phone alone neither makes nor merges persons when a stronger identity disagrees: two people may share one.
 * @param known current identities among those the sightings name; @param olderOf of two persons the one known longer.
 */
export function planResolution(sightings: readonly Sighting[], known: readonly KnownIdentity[], newId: () => string, olderOf: (a: string, b: string) => string): Resolution {
  const owner = new Map(known.map((row) => [keyOf(row.kind, row.scope, row.value), row.personId]))
  const replaced = new Map<string, string>()
  const current = (personId: string): string => {
    let id = personId
    for (let next = replaced.get(id); next !== undefined; next = replaced.get(id)) id = next
    return id
  }
  const result: Resolution = { personIds: [], newPersons: [], newIdentities: [], merges: [] }
  const born = new Map<string, number>()
  for (const sighting of sightings) {
    const named = identitiesOf(sighting)
    const strong = named.filter((row) => row.kind !== 'phone')
    let personId: string | undefined
    for (const row of strong.length > 0 ? strong : named) {
      const found = owner.get(keyOf(row.kind, row.scope, row.value))
      if (found === undefined) continue
      const other = current(found)
      if (personId === undefined || personId === other) {
        personId = other
        continue
      }
      const bothBorn = born.has(personId) && born.has(other)
      const kept = bothBorn ? (born.get(personId)! <= born.get(other)! ? personId : other) : born.has(personId) ? other : born.has(other) ? personId : olderOf(personId, other)
      const gone = kept === personId ? other : personId
      replaced.set(gone, kept)
      result.merges.push({ kept, gone, at: sighting.seenAt, evidence: { by: row.kind, seen: sighting.evidence } })
      personId = kept
    }
    if (personId === undefined) {
      personId = newId()
      born.set(personId, born.size)
      result.newPersons.push({ personId, createdAt: sighting.seenAt })
    }
    for (const row of named) {
      const key = keyOf(row.kind, row.scope, row.value)
      if (owner.has(key)) continue
      owner.set(key, personId)
      result.newIdentities.push({ ...row, personId, firstSeenAt: sighting.seenAt, evidence: sighting.evidence })
    }
    result.personIds.push(personId)
  }
  result.personIds = result.personIds.map(current)
  result.newIdentities = result.newIdentities.map((row) => ({ ...row, personId: current(row.personId) }))
  return result
}
