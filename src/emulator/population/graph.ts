import { createChance, slot, uniformAt } from './chance.ts'
import type { Common } from './parameters.ts'
import { normalAt, poissonAt } from './quantile.ts'

/** Who knows whom: rows of neighbours, `neighbours[start[i] … start[i + 1])`, sorted. Ties are mutual. */
export type Graph = { start: Int32Array; neighbours: Int32Array }

/**
 * Group-union graph: everybody joins 1 + Poisson groups (family, class, work, yard) of log-normal size, inside which two know each other with a
 * fixed chance; a few hubs have many random ties. Calibrated to SNAP's ego-Facebook (degree, clustering).
 * `scale` multiplies group sizes: smaller for large populations.
 */
export function makeGraph(size: number, common: Common, seed: number, merchantId: number, scale = 1): Graph {
  const chance = createChance()
  const seats: number[] = []
  for (let i = 0; i < size; i++) {
    const groups = 1 + poissonAt(uniformAt(chance, seed, merchantId, i, 0, slot.group), common.groupsMore)
    for (let g = 0; g < groups; g++) seats.push(i)
  }
  // Seats in a drawn order, cut into groups of drawn sizes.
  const key = Float64Array.from(seats, (person, at) => uniformAt(chance, seed, merchantId, person, at, slot.group, 1))
  const order = Uint32Array.from({ length: seats.length }, (_, n) => n).sort((x, y) => key[x] - key[y] || x - y)
  const pairs: number[] = []
  let at = 0
  for (let group = 0; at < order.length; group++) {
    const wanted = Math.exp(Math.log(common.groupMedian * scale) + common.groupSd * normalAt(uniformAt(chance, seed, merchantId, group, 0, slot.groupSize)))
    const members = Math.min(order.length - at, Math.max(3, Math.min(250, Math.round(wanted))))
    for (let x = 0; x < members; x++) {
      for (let y = 0; y < x; y++) {
        const one = seats[order[at + x]]
        const two = seats[order[at + y]]
        if (one === two) continue
        const low = Math.min(one, two)
        const high = Math.max(one, two)
        if (uniformAt(chance, seed, merchantId, low, high, slot.know) < common.knowInside) pairs.push(low * size + high)
      }
    }
    at += members
  }
  for (let i = 0; i < size; i++) {
    if (uniformAt(chance, seed, merchantId, i, 0, slot.hub) >= common.hubShare) continue
    const ties = Math.min(common.hubTies, Math.floor(size / 10))
    for (let n = 0; n < ties; n++) {
      const other = Math.floor(uniformAt(chance, seed, merchantId, i, n, slot.hub, 1) * size)
      if (other !== i) pairs.push(Math.min(i, other) * size + Math.max(i, other))
    }
  }
  const sorted = Float64Array.from(pairs).sort()
  const degree = new Int32Array(size + 1)
  let last = -1
  for (const pair of sorted) {
    if (pair === last) continue
    last = pair
    degree[Math.floor(pair / size)]++
    degree[pair % size]++
  }
  const start = new Int32Array(size + 1)
  for (let i = 0; i < size; i++) start[i + 1] = start[i] + degree[i]
  const neighbours = new Int32Array(start[size])
  const fill = start.slice()
  last = -1
  for (const pair of sorted) {
    if (pair === last) continue
    last = pair
    const low = Math.floor(pair / size)
    const high = pair % size
    neighbours[fill[low]++] = high
    neighbours[fill[high]++] = low
  }
  for (let i = 0; i < size; i++) neighbours.subarray(start[i], start[i + 1]).sort()
  return { start, neighbours }
}

export type View = { person: number; /** −1: shown by recommendation or as a follower; else the friend whose like showed it. */ by: number; depth: number; delayHours: number; liked: boolean }

/**
 * How a video travels: roots see it by following or recommendation; who likes it shows it to acquaintances, of whom some watch. Nobody is shown
 * a follower count. Every person sees it once, by the first way that reached them. `likes(person)`: the chance by taste.
 */
export function spread(graph: Graph, roots: readonly number[], common: Common, likes: (person: number) => number, seed: number, merchantId: number, video: number, most = 100_000): View[] {
  const chance = createChance()
  const seen = new Set<number>()
  const views: View[] = []
  for (const person of roots) {
    if (seen.has(person)) continue
    seen.add(person)
    views.push({ person, by: -1, depth: 0, delayHours: 0, liked: false })
  }
  for (let at = 0; at < views.length && views.length < most; at++) {
    const view = views[at]
    view.liked = uniformAt(chance, seed, merchantId, view.person, video, slot.like) < likes(view.person)
    if (!view.liked) continue
    for (let n = graph.start[view.person]; n < graph.start[view.person + 1]; n++) {
      const friend = graph.neighbours[n]
      if (seen.has(friend)) continue
      const pair = Math.min(view.person, friend) * 1e6 + Math.max(view.person, friend)
      if (uniformAt(chance, seed, merchantId, pair, video, slot.show) >= common.showFriend) continue
      if (uniformAt(chance, seed, merchantId, friend, video, slot.view, 1) >= common.viewShown) continue
      seen.add(friend)
      const delay = Math.exp(Math.log(5.3) + 2.4 * normalAt(uniformAt(chance, seed, merchantId, friend, video, slot.view, 2)))
      views.push({ person: friend, by: view.person, depth: view.depth + 1, delayHours: view.delayHours + Math.min(delay, 24 * 30), liked: false })
    }
  }
  return views
}
