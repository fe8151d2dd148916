import { describe, expect, it } from 'vitest'
import { createDays } from '../../emulator/population/days.ts'
import { defaultParameters, merchantOf, type RegimeName } from '../../emulator/population/parameters.ts'
import { flag, makePeople } from '../../emulator/population/people.ts'
import { makeSeason } from '../../emulator/population/season.ts'
import { randomStream } from '../../math/random/index.ts'
import { defaultDosageSettings, judgeDosage, outcomeOf, segments, type PersonOutcome } from '../../restrain/experiment/index.ts'
import { estimateWhatIf, type Estimates } from './what-if-estimates.ts'
import { whatIfNote, whatIfSentence } from './what-if-words.ts'
import { startThreads } from '../../kernel/threads.ts'
import { systemTimers } from '../../kernel/clock.ts'
import { playWhatIfTask, whatIfTask } from './what-if-task.ts'
import { playWhatIf, type Snapshot, type WhatIf, type WhatIfPolicy } from './what-if.ts'

const day = 20_520
function snapshotOf(regime: RegimeName, size = 200): Snapshot {
  const people = makePeople({ merchant: merchantOf(defaultParameters(), 'tea', regime), seed: 5, size })
  people.state.flags.fill(flag.alive | flag.ghost | flag.bought | flag.contact | flag.everContact)
  const past = createDays(people, makeSeason(day - 100, 100, 0.4), { origin: day })
  for (let d = day - 60; d < day; d++) past.live(d, () => {})
  const contacts = Int32Array.from({ length: size }, (_, i) => i).filter((i) => (people.state.flags[i] & flag.contact) !== 0)
  return {
    people, origin: day, day, contacts, segment: Uint8Array.from(contacts, (i) => i % 4), member: Int32Array.from(contacts, (i) => i % 2), dose: Int16Array.from(contacts, (i) => (i % 3 === 0 ? 0 : 4)), pressure: new Float64Array(contacts.length),
    epochFrom: day - 10, epochTo: day + 18, epochDays: 28, doses: [0, 2, 4], share: Float64Array.from({ length: 12 }, (_, c) => [0.1, 0.3, 0.6][c % 3]), habit: 4, margin: 0.5, touchCostFen: 1, halfLifeDays: 14,
  }
}
function run(snapshot: Snapshot, policy: WhatIfPolicy, days = 56, futures = 16): WhatIf {
  const steps = playWhatIf(snapshot, policy, days, 1, futures)
  let step = steps.next()
  let progress = 0
  while (!step.done) {
    expect(step.value).toBeGreaterThan(progress)
    progress = step.value
    step = steps.next()
  }
  expect(progress).toBeCloseTo(1, 9)
  return step.value
}

describe('what if, with the people of a sea', () => {
  it('blasts more, loses more and presses harder than now, and says what it comes to; the sea is not touched', () => {
    const snapshot = snapshotOf('fragile')
    const before = Buffer.from(snapshot.people.state.annoyance.buffer).toString('base64') + Buffer.from(snapshot.people.state.flags.buffer).toString('base64')
    const result = run(snapshot, 'blast')
    expect(Buffer.from(snapshot.people.state.annoyance.buffer).toString('base64') + Buffer.from(snapshot.people.state.flags.buffer).toString('base64')).toBe(before)
    expect(result.days).toHaveLength(56)
    expect(result.summary.losses.low).toBeGreaterThan(0)
    expect(result.summary.lostValueFen.low).toBeGreaterThan(0)
    expect(result.other.pressure![55]).toBeGreaterThan(3 * result.present.pressure![55])
    expect(result.summary.verdict).toBe('worse')
    expect(result.difference.losses.high[55]).toBeGreaterThanOrEqual(result.difference.losses.mean[55])
    for (const key of ['netFen', 'losses', 'messages'] as const) for (let n = 1; n < 56; n++) expect(result.other[key][n]).toBeGreaterThanOrEqual(result.other[key][n - 1])
    expect(whatIfSentence(result, 'zh')).toMatch(/^56 天里每天给每个人发一条：净收入.*，多走 \d+ 人；算上走的人往后一年，比现在少赚 ¥[\d,]+（.*）。$/)
    expect(whatIfSentence(result, 'en')).not.toMatch(/undefined|NaN/)
    expect(whatIfNote(result, 'en')).toMatch(/16 other futures/)
  })

  it('says that silence forgoes what is loved, and is the same for a seed', () => {
    const result = run(snapshotOf('loves-news'), 'silence')
    expect(result.summary.other.messages).toBe(0)
    expect(result.summary.orders!.value).toBeLessThan(0)
    expect(result.summary.losses.value).toBeLessThanOrEqual(0)
    expect(run(snapshotOf('loves-news'), 'silence')).toEqual(result)
  })

  it('control: where messages do nothing, silence loses no order that messages had made', () => {
    const result = run(snapshotOf('messages-do-nothing'), 'silence')
    expect(Math.abs(result.summary.netFen.value)).toBeLessThan(0.02 * result.summary.present.netFen)
    expect(result.summary.losses.value).toBeLessThan(0)
  })
})

describe('what if, in a thread', () => {
  const module = new URL('./what-if-task.ts', import.meta.url)

  it('comes to the same figures as here, and tells how far it is', async () => {
    const threads = startThreads(module, 'playWhatIfTask', 1)
    const task = whatIfTask(snapshotOf('fragile', 80), 'blast', 28, 1, 16)
    const [result] = await threads.run<typeof task, WhatIf>([task])
    await threads.close()
    expect(result).toEqual(run(snapshotOf('fragile', 80), 'blast', 28))
    expect(task.progress[0]).toBeCloseTo(1, 9)
    expect(playWhatIfTask(whatIfTask(snapshotOf('fragile', 80), 'blast', 28, 1, 16))).toEqual(result)
  })

  it('stops when its thread is ended: nothing is computed any more', async () => {
    const threads = startThreads(module, 'playWhatIfTask', 1)
    const task = whatIfTask(snapshotOf('fragile', 2000), 'blast', 180, 1, 400)
    const running = threads.run([task]).then(() => 'done', () => 'ended')
    while (task.progress[0] === 0) await systemTimers.sleep(5)
    const early = task.progress[0]
    while (task.progress[0] === early) await systemTimers.sleep(5) // control: while the thread lives it goes on
    await threads.close()
    expect(await running).toBe('ended')
    const then = task.progress[0]
    await systemTimers.sleep(60)
    expect([task.progress[0], then < 1]).toEqual([then, true])
  })
})

describe('what if, from estimates', () => {
  const doses = [0, 2, 4]
  const weights = segments.map(() => [200, 400, 400])
  const draw = randomStream(3)
  const lift = [0, 800, 1200]
  const loss = [0.01, 0.015, 0.04]
  const rows = Array.from({ length: 12_000 }, (_, i): PersonOutcome => {
    const arm = [0, 1, 1, 2, 2][i % 5]
    return { segment: i % 4, arm, preFen: 0, netFen: Math.max(0, 4000 + lift[arm] + 3000 * draw.normal()), lost: draw.uniform() < loss[arm], touches: doses[arm] }
  })
  const { cells, largest } = outcomeOf(rows, weights, 3, 0)
  const roster = [3000, 3000, 3000, 3000]
  const judgement = judgeDosage({
    settings: defaultDosageSettings, doses, habitArm: 2, closed: [{ cells, largest }], roster, usualFen: [4000, 4000, 4000, 4000], spreadFen: [3000, 3000, 3000, 3000], valueFen: [20_000, 20_000, 20_000, 20_000], valueLogSd: 0.2, seed: 1,
  })
  const estimates: Estimates = { judgement, roster, doses, epochDays: 28, margin: 0.4, touchCostFen: 1, day }

  it('stays inside the doses that were tried, with an interval that holds the truth', () => {
    const silence = estimateWhatIf(estimates, 'silence', 28, 1)
    const shares = (s: number, a: number): number => judgement.decision.share[s * 3 + a]
    const gained = roster.reduce((sum, n, s) => sum + n * (800 * shares(s, 1) + 1200 * shares(s, 2)), 0)
    expect(silence.summary.netFen.low).toBeLessThan(-gained)
    expect(silence.summary.netFen.high).toBeGreaterThan(-gained)
    expect(silence.summary.losses.value).toBeLessThan(0)
    const blast = estimateWhatIf(estimates, 'blast', 28, 1)
    expect(blast.blastDose).toBe(4)
    expect(blast.summary.losses.value).toBeGreaterThan(0)
    expect(blast.summary.orders).toBeNull()
    expect(whatIfNote(blast, 'zh')).toContain('只用实验估出来的曲线')
  })
})
