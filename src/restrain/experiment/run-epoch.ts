import { createHmac } from 'node:crypto'
import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { readSetting, writeSetting } from '../../kernel/tenancy/index.ts'
import { mergedPersons } from '../../book/person/index.ts'
import { makeEvent } from '../../events.ts'
import { moneyCap, type Digest, type DoseCells, type DosePrior } from '../../math/evidence/index.ts'
import { optOutsBetween, waitingPersons } from '../pressure/index.ts'
import { armWeights, assignRoster, epochEnd, rosterMin, segmentOf, segments, type RosterPerson } from './design.ts'
import { judgeDosage, type Judgement } from './judge.ts'
import { outcomeOf, type Cells, type EpochOutcome, type PersonOutcome } from './outcome.ts'
import { armsFor, defaultDosageSettings, expectedOrders, fitPurchases, orderWorth, steerCells, type DosageSettings, type OrderPast, type Steered } from '../steering/index.ts'
import { valuePersons, type OrderHistory, type PersonValues } from './person-value.ts'
import {
  assignmentsOf, closeEpochRow, insertAssignments, lastEpochDays, insertEpoch, insertOutcomes, listEpochs, lostBetween, netBetween, orderHistories, outcomesOf, reachable, touchesInEpoch, type Epoch,
} from './store.ts'

/** What other merchants taught, if this merchant may use it. Small merchants cannot learn alone; the default knows nothing. */
export type PriorSource = (tx: Tx, tenantId: number, doses: readonly number[]) => Promise<DosePrior | undefined>
export const noPrior: PriorSource = async () => undefined

export const settingsKey = 'restrain.dosage'
const secretKey = 'restrain.experiment.key'

/** Who chose no length keeps the one that the own epochs have: epochs of another length could not be judged together with them. */
export async function readDosageSettings(tx: Tx, tenantId: number): Promise<DosageSettings> {
  const chosen = await readSetting<Partial<DosageSettings>>(tx, tenantId, settingsKey)
  const lasting = chosen?.epochDays === undefined ? await lastEpochDays(tx, tenantId) : undefined
  return { ...defaultDosageSettings, ...(lasting === undefined ? {} : { epochDays: lasting }), ...chosen }
}

const hmac: Digest = (key, message) => createHmac('sha256', key).update(message).digest()

/** Money of as many days before the start as a person's habit needs to show. */
const preDays = 84

export type People = {
  contacts: Array<{ personId: string; corpId: string; staff: string; followedAt: Instant; segment: number }>
  histories: Map<string, OrderHistory>
  values: PersonValues
  merged: Map<string, string>
}

/** Paid orders of each person before an instant, those who turned out to be one person together. */
async function historiesAt(tx: Tx, tenantId: number, merged: ReadonlyMap<string, string>, now: Instant): Promise<Map<string, OrderHistory>> {
  const histories = new Map<string, OrderHistory>()
  for (const row of await orderHistories(tx, tenantId, now)) {
    const personId = merged.get(row.personId) ?? row.personId
    const known = histories.get(personId)
    if (!known) histories.set(personId, { ...row, personId })
    else {
      const first = known.firstPaidAt <= row.firstPaidAt ? known : row
      histories.set(personId, {
        personId, orders: known.orders + row.orders, firstPaidAt: first.firstPaidAt, firstFen: first.firstFen, lastPaidAt: Math.max(known.lastPaidAt, row.lastPaidAt), totalFen: known.totalFen + row.totalFen,
      })
    }
  }
  return histories
}

/** The merchant's contacts as they stand: segment, history and expected value of each. */
export async function readPeople(tx: Tx, tenantId: number, settings: DosageSettings, now: Instant): Promise<People> {
  const merged = await mergedPersons(tx, tenantId)
  const histories = await historiesAt(tx, tenantId, merged, now)
  const contacts = (await reachable(tx, tenantId)).map((contact) => {
    const history = histories.get(contact.personId)
    return { ...contact, segment: segmentOf(history?.orders ?? 0, history?.lastPaidAt ?? null, now) }
  })
  return { contacts, histories, merged, values: valuePersons([...histories.values()], settings.margin, now) }
}

async function netOf(tx: Tx, tenantId: number, merged: ReadonlyMap<string, string>, from: Instant, to: Instant): Promise<Map<string, number>> {
  const net = new Map<string, number>()
  for (const row of await netBetween(tx, tenantId, from, to)) {
    const id = merged.get(row.personId) ?? row.personId
    net.set(id, (net.get(id) ?? 0) + row.netFen)
  }
  return net
}

/** Who deleted a member or opted out between two instants. */
async function lostPersons(tx: Tx, tenantId: number, merged: ReadonlyMap<string, string>, from: Instant, to: Instant): Promise<Set<string>> {
  return new Set([...(await lostBetween(tx, tenantId, from, to)), ...(await optOutsBetween(tx, tenantId, from, to))].map((row) => merged.get(row.personId) ?? row.personId))
}

/** Outcome of an epoch up to `until`, by intention to treat. A person merged since counts for each place they were given. */
export async function measure(tx: Tx, tenantId: number, epoch: Epoch, until: Instant): Promise<EpochOutcome> {
  const merged = await mergedPersons(tx, tenantId)
  const now = (id: string): string => merged.get(id) ?? id
  const to = Math.min(until, epoch.endsAt)
  const net = await netOf(tx, tenantId, merged, epoch.startsAt, to)
  const lost = await lostPersons(tx, tenantId, merged, epoch.startsAt, to)
  const touches = new Map<string, number>()
  for (const row of await touchesInEpoch(tx, tenantId, epoch.startsAt, to)) touches.set(now(row.personId), (touches.get(now(row.personId)) ?? 0) + row.touches)
  const rows = (await assignmentsOf(tx, tenantId, epoch.epochId)).map((row): PersonOutcome => ({
    segment: row.segment, arm: row.arm, preFen: row.preFen, netFen: net.get(now(row.personId)) ?? 0, lost: lost.has(now(row.personId)), touches: touches.get(now(row.personId)) ?? 0,
  }))
  return outcomeOf(rows, epoch.design.weights, epoch.doses.length, epoch.capFen)
}

/**
 * What an epoch brought in the unit that decisions are made in: orders × each person's shrunken order value against what was expected of the person when the
 * epoch began. Made once, when it closes.
 */
async function steeredOf(tx: Tx, tenantId: number, epoch: Epoch): Promise<NonNullable<NonNullable<Epoch['result']>['steered']>> {
  const merged = await mergedPersons(tx, tenantId)
  const now = (id: string): string => merged.get(id) ?? id
  const histories = await historiesAt(tx, tenantId, merged, epoch.startsAt)
  const orders = new Map<string, number>()
  for (const row of await netBetween(tx, tenantId, epoch.startsAt, epoch.endsAt)) orders.set(now(row.personId), (orders.get(now(row.personId)) ?? 0) + row.orders)
  const gone = await lostPersons(tx, tenantId, merged, epoch.startsAt, epoch.endsAt)
  const rows = await assignmentsOf(tx, tenantId, epoch.epochId)
  const pasts = rows.map((row) => histories.get(now(row.personId)))
  const day = epoch.startsAt / dayMs
  const past: OrderPast = {
    first: pasts.map((one) => (one === undefined ? -1 : one.firstPaidAt / dayMs)), last: pasts.map((one) => (one === undefined ? -1 : one.lastPaidAt / dayMs)), repeats: pasts.map((one) => (one === undefined ? 0 : one.orders - 1)),
    spend: pasts.map((one) => (one === undefined ? 0 : Math.max(0, one.totalFen - one.firstFen))),
  }
  const buyers = pasts.filter((one) => one !== undefined)
  const worth = orderWorth(past, buyers.reduce((sum, one) => sum + one.totalFen, 0) / Math.max(1, buyers.reduce((sum, one) => sum + one.orders, 0)) || 1)
  const expected = new Float64Array(rows.length)
  expectedOrders(fitPurchases(past, day), past, day, (epoch.endsAt - epoch.startsAt) / dayMs, expected)
  const { cells, leavers } = steerCells({
    segment: rows.map((row) => row.segment), arm: rows.map((row) => row.arm), on: new Uint8Array(rows.length).fill(1), lost: rows.map((row) => (gone.has(now(row.personId)) ? 1 : 0)),
    expected: expected.map((count, i) => count * worth[i]), brought: rows.map((row, i) => (orders.get(now(row.personId)) ?? 0) * worth[i]),
  }, segments.length, epoch.doses.length)
  return { sum: [...cells.sum], sumSquares: [...cells.sumSquares], leavers }
}

/** The steered cells of an epoch laid out by today's arms; persons and losses as they were counted. */
function steeredCells(epoch: Epoch, cells: Cells, doses: readonly number[]): Steered | undefined {
  const steered = epoch.result?.steered
  if (steered === undefined) return undefined
  const sum = new Float64Array(cells.persons.length)
  const sumSquares = new Float64Array(cells.persons.length)
  steered.sum.forEach((value, c) => {
    const to = Math.floor(c / epoch.doses.length) * doses.length + doses.indexOf(epoch.doses[c % epoch.doses.length])
    sum[to] = value
    sumSquares[to] = steered.sumSquares[c]
  })
  return { cells: { persons: cells.persons, losses: cells.losses, sum, sumSquares }, leavers: steered.leavers }
}

/** What this merchant's sound closed epochs could teach others: one lesson per set of arms and length of epoch, the steered cells only. */
export async function readLessons(tx: Tx, tenantId: number): Promise<Array<{ epochDays: number; doses: number[]; epochs: DoseCells[] }>> {
  const sound = (await listEpochs(tx, tenantId)).filter((epoch) => epoch.status === 'closed' && epoch.result?.ratio.alarm === false && epoch.result.steered !== undefined).reverse()
  const lessons = new Map<string, { epochDays: number; doses: number[]; epochs: DoseCells[] }>()
  for (const epoch of sound) {
    const key = `${epoch.design.epochDays} ${epoch.doses.join()}`
    if (!lessons.has(key)) lessons.set(key, { epochDays: epoch.design.epochDays, doses: epoch.doses, epochs: [] })
    const cells = (await outcomesOf(tx, tenantId, [epoch], segments.length, epoch.doses)).get(epoch.epochId)
    const steered = cells && steeredCells(epoch, cells, epoch.doses)
    if (steered) lessons.get(key)!.epochs.push(steered.cells)
  }
  return [...lessons.values()]
}

export type DosageState = {
  settings: DosageSettings
  /** Newest first. */
  epochs: Epoch[]
  /** Closed epochs with a sound sample ratio and today's arms, oldest first. */
  closed: Array<{ epoch: Epoch; cells: Cells; largest: readonly number[]; steered?: Steered }>
   running: Epoch | undefined
  outcome: EpochOutcome | undefined
  judgement: Judgement
  doses: number[]
  habitArm: number
  people: People
  alarm: boolean
  /** Other merchants whose experience is in the prior; 0: none, the built-in cautious default. */
  taughtBy: number
}

/** Everything known about dosage now: closed epochs with today's arms, the running one so far, people, judgement. */
export async function readDosage(tx: Tx, tenantId: number, now: Instant, prior: PriorSource = noPrior): Promise<DosageState> {
  const settings = await readDosageSettings(tx, tenantId)
  const people = await readPeople(tx, tenantId, settings, now)
  const epochs = await listEpochs(tx, tenantId)
  const running = epochs.find((epoch) => epoch.status === 'running')
  const outcome = running === undefined ? undefined : await measure(tx, tenantId, running, now)
  const taught = running === undefined ? await prior(tx, tenantId, armsFor(people.contacts.length, settings, true).doses) : await prior(tx, tenantId, running.doses)
  const planned = armsFor(people.contacts.length, settings, taught !== undefined)
  const doses = running?.doses ?? planned.doses
  const habitArm = running?.design.habitArm ?? planned.habitArm
  const days = running?.design.epochDays ?? settings.epochDays
  const same = epochs.filter((epoch) => epoch.status === 'closed' && epoch.design.epochDays === days && epoch.doses.every((dose) => doses.includes(dose))).reverse()
  const cells = await outcomesOf(tx, tenantId, same, segments.length, doses)
  // An epoch whose arms lost people in ways the draw cannot explain teaches nothing.
  const sound = same.filter((epoch) => epoch.result?.ratio.alarm === false && cells.has(epoch.epochId))
  const closed = sound.map((epoch) => ({ epoch, cells: cells.get(epoch.epochId)!, largest: epoch.result!.largest, steered: steeredCells(epoch, cells.get(epoch.epochId)!, doses) }))
  const usual = running?.design ?? (await usualMoney(tx, tenantId, people, days, now))
  const judgement = judgeDosage({
    settings: { ...settings, epochDays: days as 14 | 28 }, doses, habitArm, closed,
    running: running === undefined ? undefined : { cells: outcome!.cells, largest: outcome!.largest, elapsed: Math.min(1, Math.max(0, (now - running.startsAt) / (running.endsAt - running.startsAt))) },
    roster: segments.map((_, s) => people.contacts.filter((c) => c.segment === s).length), usualFen: usual.usualFen, spreadFen: usual.spreadFen,
    valueFen: segments.map((_, s) => meanValue(people, s)), valueLogSd: people.values.logSd, prior: taught, seed: 20_260_301 + epochs.length,
  })
  return { settings, epochs, closed, running, outcome, judgement, doses, habitArm, people, alarm: outcome?.ratio.alarm === true, taughtBy: taught?.merchants ?? 0 }
}

/** Part of the contacts without an order who will buy one day, before anything is known of it. */
const firstOrderShare = 0.2

/** Mean expected value of a segment's contacts; who never bought is worth a fifth of a mean contact. */
function meanValue(people: People, segment: number): number {
  let sum = 0
  let count = 0
  for (const contact of people.contacts) {
    if (segment !== 2 && contact.segment !== segment) continue
    count++
    sum += people.values.valueFen.get(contact.personId) ?? 0
  }
  return count === 0 ? 0 : (segment === 2 ? firstOrderShare : 1) * (sum / count)
}

async function usualMoney(tx: Tx, tenantId: number, people: People, epochDays: number, now: Instant): Promise<{ usualFen: number[]; spreadFen: number[]; pre: Map<string, number>; capFen: number }> {
  const pre = await netOf(tx, tenantId, people.merged, now - preDays * dayMs, now)
  const capFen = moneyCap(people.contacts.map((c) => pre.get(c.personId) ?? 0).filter((fen) => fen > 0))
  const share = epochDays / preDays
  const usualFen: number[] = []
  const spreadFen: number[] = []
  for (let s = 0; s < segments.length; s++) {
    const values = people.contacts.filter((c) => c.segment === s).map((c) => Math.min(capFen, pre.get(c.personId) ?? 0))
    const mean = values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length
    const variance = values.length < 2 ? 0 : values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)
    usualFen.push(mean * share)
    // Sums over independent stretches: variance grows with their length.
    spreadFen.push(Math.sqrt(variance * share))
  }
  return { usualFen, spreadFen, pre, capFen }
}

export type EpochStart = { started: true; epoch: Epoch } | { started: false; reason: 'running' | 'roster-too-small'; roster: number; needed: number }

/** Freezes the roster and writes every assignment; nothing of the epoch has been sent yet. */
export async function startEpoch(tx: Tx, work: Work, prior: PriorSource = noPrior): Promise<EpochStart> {
  const { tenantId, now, ids } = work
  // Most nights: there is nothing to judge for.
  const running = (await listEpochs(tx, tenantId)).find((epoch) => epoch.status === 'running')
  if (running !== undefined) return { started: false, reason: 'running', roster: running.roster, needed: rosterMin }
  const state = await readDosage(tx, tenantId, now, prior)
  const { people, settings } = state
  // A message that a colleague may still send belongs to the time before: whoever waits for one joins the next epoch, so that no holdout is touched by it.
  const waiting = new Set((await waitingPersons(tx, tenantId, now)).map((id) => people.merged.get(id) ?? id))
  const eligible = people.contacts.filter((contact) => !waiting.has(contact.personId))
  if (eligible.length < rosterMin) return { started: false, reason: 'roster-too-small', roster: eligible.length, needed: rosterMin }
  const { doses, habitArm } = state
  const { usualFen, spreadFen, pre, capFen } = await usualMoney(tx, tenantId, people, settings.epochDays, now)
  const arms = doses.length
  const weights = segments.map((_, s) => armWeights(state.judgement.decision.share.subarray(s * arms, (s + 1) * arms)))
  const last = state.epochs[0]
  const before = new Map(last === undefined ? [] : (await assignmentsOf(tx, tenantId, last.epochId)).map((row) => [row.personId, row.arm]))
  const n = (last?.n ?? 0) + 1
  let key = await readSetting<string>(tx, tenantId, secretKey)
  if (key === undefined) {
    key = work.random.bytes(32, 'experiment key', tenantId).toString('hex')
    await writeSetting(tx, tenantId, secretKey, key, now)
  }
  const roster = eligible.map((c): RosterPerson => ({ personId: c.personId, segment: c.segment, previousArm: before.get(c.personId) ?? -1, preFen: pre.get(c.personId) ?? 0 }))
  const assigned = assignRoster({ digest: hmac, key, epoch: `epoch ${n}`, persons: roster, weights })
  const epoch: Epoch = {
    epochId: ids.next(), n, startsAt: now, endsAt: epochEnd(now, settings.epochDays), doses, habitDose: doses[habitArm], design: { habitArm, epochDays: settings.epochDays, weights, usualFen, spreadFen },
    capFen, roster: assigned.length, status: 'running', closedAt: null, result: null,
  }
  await insertEpoch(tx, tenantId, epoch)
  await insertAssignments(tx, tenantId, epoch.epochId, assigned, now)
  await work.emit(tx, [makeEvent(ids, now, 'epoch.started', `epoch/${epoch.epochId}`, now, { epochId: epoch.epochId, n, startsAt: epoch.startsAt, endsAt: epoch.endsAt, doses, roster: epoch.roster })])
  return { started: true, epoch }
}

/** Closes the running epoch when it is over. Refunds later than this no longer change its figures. */
export async function closeDueEpoch(tx: Tx, work: Work): Promise<Epoch | undefined> {
  const { tenantId, now } = work
  const running = (await listEpochs(tx, tenantId)).find((epoch) => epoch.status === 'running')
  if (running === undefined || running.endsAt > now) return undefined
  const outcome = await measure(tx, tenantId, running, running.endsAt)
  await insertOutcomes(tx, tenantId, running.epochId, outcome.cells, running.doses.length)
  await closeEpochRow(tx, tenantId, running.epochId, now, { largest: outcome.largest, ratio: outcome.ratio, steered: await steeredOf(tx, tenantId, running) })
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)
  await work.emit(tx, [makeEvent(work.ids, now, 'epoch.closed', `epoch/${running.epochId}`, running.endsAt, {
    epochId: running.epochId, n: running.n, persons: sum(outcome.cells.persons), losses: sum(outcome.cells.losses), sound: !outcome.ratio.alarm,
  })])
  return running
}
