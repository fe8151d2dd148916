import { beforeAll, describe, expect, it } from 'vitest'
import {
  createPlanner, createStreamPlanner, dualBound, makePlan, PlanInputError, runPlanTask, runStreamTask, useFromColumns,
  type Plan, type PlanBlock, type PlanParallel, type PlanProblem, type PlanStream, type StreamPlan,
} from './index.ts'

function draws(seed: number): () => number {
  let state = seed
  return () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648
}

/** Persons who choose one of a few rows each; candidates in no order of persons. */
function matching(persons: number, rows: number, each: number, seed = 7): PlanProblem {
  const u = draws(seed)
  const n = persons * each
  const person = Int32Array.from({ length: n }, (_, j) => (j * 7919) % persons)
  const row = Int32Array.from({ length: n }, () => Math.floor(u() * u() * rows))
  const amount = Float64Array.from({ length: n }, () => 0.5 + u())
  return {
    persons, person, value: Float64Array.from({ length: n }, (_, j) => amount[j] * (0.2 + u())), use: { first: Int32Array.from({ length: n + 1 }, (_, j) => j), row, amount },
    rows: Array.from({ length: rows }, (_, r) => ({ name: `row ${r}`, capacity: (persons / rows) * (0.3 + u()) })), caps: [{ name: 'one each', limit: 1 }],
  }
}

/** The plan keeps every row and gives nobody more than one, recounted from the caller's own columns; its value and bound are what it says. */
function expectSound(problem: PlanProblem, plan: Plan, most = 1): void {
  const used = new Float64Array(problem.rows.length)
  const count = new Int32Array(problem.persons)
  let value = 0
  for (const j of plan.chosen) {
    value += problem.value[j]
    count[problem.person[j]]++
    for (let e = problem.use.first[j]; e < problem.use.first[j + 1]; e++) used[problem.use.row[e]] += problem.use.amount[e]
  }
  problem.rows.forEach((row, r) => expect(used[r]).toBeLessThanOrEqual(row.capacity * (1 + 1e-9)))
  expect(count.reduce((a, b) => Math.max(a, b), 0)).toBeLessThanOrEqual(most)
  expect(Math.abs(plan.value - value)).toBeLessThan(1e-9 * value)
  expect(plan.value).toBeLessThanOrEqual(plan.bound)
  expect(dualBound(problem, plan.prices)).toBeGreaterThanOrEqual(plan.value)
  expect(Math.abs(dualBound(problem, plan.prices) / plan.dualBound - 1)).toBeLessThan(1e-9)
}

const same = (a: Plan, b: Plan): void => {
  expect(b.value).toBe(a.value)
  expect(b.bound).toBe(a.bound)
  expect(Buffer.compare(Buffer.from(a.chosen.buffer), Buffer.from(b.chosen.buffer))).toBe(0)
  expect([...b.prices.capacity]).toEqual([...a.prices.capacity])
}

describe('planner by pacing', () => {
  let problem: PlanProblem
  let plan: Plan
  beforeAll(() => {
    problem = matching(110_000, 60, 3)
    plan = makePlan(problem, { gap: 0.002, explain: false })
  })

  it('certifies a large plan within the gap asked for, sound when recounted', () => {
    expect(plan.gap).toBeLessThanOrEqual(0.002)
    expectSound(problem, plan)
  })

  it('gives the same plan bit for bit in small steps and with one, two or three parallel tasks, in any order of work', async () => {
    const stepped = createPlanner(problem, { gap: 0.002, explain: false })
    while (!stepped.step(30_000));
    same(plan, stepped.plan())
    for (const count of [1, 2, 3]) {
      const planner = createPlanner(problem, { gap: 0.002, explain: false, shared: true })
      let most = 0
      const backwards: PlanParallel = (tasks) => {
        most = Math.max(most, tasks.length)
        return [...tasks].reverse().map(runPlanTask).reverse()
      }
      while (!(await planner.stepParallel(200_000, backwards, count)));
      expect(most).toBe(Math.min(count, 2)) // two slices of persons
      same(plan, planner.plan())
    }
  })

  it('control: a port that loses an answer is refused', async () => {
    const planner = createPlanner(problem, { gap: 0.002, explain: false })
    await expect((async () => { while (!(await planner.stepParallel(1e6, (tasks) => tasks.slice(1).map(runPlanTask), 2))); })()).rejects.toThrow(/port returned 1 answers/)
  })

  it('reads sorted columns in place and plans the same from them', () => {
    const order = Int32Array.from({ length: problem.person.length }, (_, j) => j).sort((a, b) => problem.person[a] - problem.person[b] || a - b)
    const sorted: PlanProblem = {
      ...problem, person: Int32Array.from(order, (j) => problem.person[j]), value: Float64Array.from(order, (j) => problem.value[j]),
      use: { first: problem.use.first, row: Int32Array.from(order, (j) => problem.use.row[j]), amount: Float64Array.from(order, (j) => problem.use.amount[j]) },
    }
    const again = makePlan(sorted, { gap: 0.002, explain: false })
    expect(again.value).toBe(plan.value)
    expect(again.bound).toBe(plan.bound)
  })

  it('plans again after values and a capacity changed: as good as a new plan, for a fraction of the work', () => {
    const planner = createPlanner(problem, { gap: 0.002, explain: false })
    while (!planner.step(1e9));
    const candidate = Int32Array.from({ length: problem.person.length }, (_, j) => j).filter((j) => problem.person[j] % 100 === 0)
    const changed = { ...problem, value: problem.value.slice(), rows: problem.rows.map((row, r) => (r === 3 ? { ...row, capacity: row.capacity * 0.9 } : row)) }
    for (const j of candidate) changed.value[j] *= 1.2
    const before = planner.plan().work
    planner.change({ values: { candidate, value: Float64Array.from(candidate, (j) => changed.value[j]) }, capacities: [{ row: 3, capacity: changed.rows[3].capacity }] })
    while (!planner.step(1e9));
    const again = planner.plan()
    expectSound(changed, again)
    expect(again.gap).toBeLessThanOrEqual(0.002)
    const cold = makePlan(changed, { gap: 0.002, explain: false })
    expect(again.value).toBeGreaterThan(cold.bound * (1 - 0.004))
    expect(again.bound).toBeGreaterThanOrEqual(cold.value)
    expect(again.work - before).toBeLessThan(cold.work / 2)
    expect(problem.value[candidate[0]]).not.toBe(changed.value[candidate[0]])
  })

  it('keeps nested caps, several rows and minimums by the same way', () => {
    const u = draws(3)
    const persons = 7_000
    const n = persons * 3
    const person = Int32Array.from({ length: n }, (_, j) => Math.floor(j / 3))
    const columns = [Float64Array.from({ length: n }, () => Math.floor(1 + 4 * u())), Float64Array.from({ length: n }, (_, j) => (j % 3 === 0 ? 1 : 0))]
    const nested: PlanProblem = {
      persons, person, value: Float64Array.from({ length: n }, (_, j) => (j % 3 === 0 ? 0.5 : 1) * (1 + 9 * u())), use: useFromColumns(columns, n),
      rows: [{ name: 'budget', capacity: persons * 2 }, { name: 'quota', capacity: Infinity, minimum: persons / 4 }],
      caps: [{ name: 'pair', key: Int32Array.from({ length: n }, (_, j) => (j % 3 === 2 ? -1 : 0)), limit: 1 }, { name: 'week', limit: 2 }],
    }
    const sound = makePlan(nested, { gap: 0.001, explain: false })
    expect(sound.gap).toBeLessThanOrEqual(0.001)
    expectSound(nested, sound, 2)
    expect(sound.rows[1].aboveMinimum).toBeGreaterThanOrEqual(-1e-9)
    const again = createPlanner(nested, { gap: 0.001, explain: false })
    while (!again.step(1e9));
    again.change({ capacities: [{ row: 0, capacity: persons * 1.5 }] })
    while (!again.step(1e9));
    const tighter = again.plan()
    expect(tighter.rows[0].used).toBeLessThanOrEqual(persons * 1.5)
    expect(tighter.gap).toBeLessThanOrEqual(0.001)
  })

  it('small plans take changes too, and stay exact', () => {
    const small = matching(12, 2, 3)
    const planner = createPlanner(small)
    while (!planner.step(1e6));
    const changed = { ...small, value: small.value.slice() }
    changed.value[5] += 2
    planner.change({ values: { candidate: Int32Array.of(5), value: Float64Array.of(changed.value[5]) } })
    while (!planner.step(1e6));
    expect(planner.plan().value).toBeCloseTo(makePlan(changed).value, 9)
    expectSound(changed, planner.plan())
  })

  it('comes back from a plan for relaxed rows when the capacity does', () => {
    const small = { ...matching(12, 2, 3), rows: [{ name: 'quota', capacity: 1, minimum: 1 }, { name: 'rest', capacity: 3 }] }
    const forced = Int32Array.of(small.use.row.indexOf(0))
    const tight = { ...small, forced, rows: [{ name: 'quota', capacity: 0.1 }, small.rows[1]] }
    const planner = createPlanner(tight)
    while (!planner.step(1e6));
    expect(planner.plan().status).toBe('infeasible')
    planner.change({ capacities: [{ row: 0, capacity: 4 }] })
    while (!planner.step(1e6));
    const again = planner.plan()
    const cold = makePlan({ ...tight, rows: [{ name: 'quota', capacity: 4 }, small.rows[1]] })
    expect(again.status).toBe(cold.status)
    expect(again.relaxations).toEqual([])
    expect(again.value).toBeCloseTo(cold.value, 9)
    expect(again.bound).toBeGreaterThanOrEqual(cold.value - 1e-9)
  })

  it('refuses changes it cannot take, and a change before it has finished', () => {
    const small = matching(40, 4, 3)
    const planner = createPlanner(small)
    expect(() => planner.change({})).toThrow(/has not finished/)
    while (!planner.step(1e6));
    expect(() => planner.change({ values: { candidate: Int32Array.of(999), value: Float64Array.of(1) } })).toThrow(/change 0 names candidate 999/)
    expect(() => planner.change({ values: { candidate: Int32Array.of(1), value: Float64Array.of(NaN) } })).toThrow(/candidate 1 has value NaN/)
    expect(() => planner.change({ capacities: [{ row: 9, capacity: 1 }] })).toThrow(PlanInputError)
  })

  it('names a wrong element in the step that meets it, and has the empty plan before it has read anything', () => {
    const wrong = { ...problem, value: problem.value.slice() }
    wrong.value[300_000] = NaN
    const planner = createPlanner(wrong)
    expect(planner.plan()).toMatchObject({ status: 'searching', value: 0 })
    planner.step(1)
    expect(() => { while (!planner.step(1e6)); }).toThrow(/candidate 300000 has value NaN/)
  })
})

/** Ten blocks made from a seed, never kept. */
function blocks(count: number): PlanStream {
  const persons = 4_000
  const rows = 20
  const read = (block: number): PlanBlock => {
    const u = draws(1000 + block)
    const n = persons * 4
    const amount = Float32Array.from({ length: n }, () => 0.5 + u())
    return {
      first: Int32Array.from({ length: persons + 1 }, (_, p) => 4 * p), row: Uint16Array.from({ length: n }, () => Math.floor(rows * u() * u())),
      amount, value: Float32Array.from({ length: n }, (_, j) => amount[j] * (0.2 + u())),
    }
  }
  return { rows: Array.from({ length: rows }, (_, r) => ({ name: `row ${r}`, capacity: r === 5 ? Infinity : (count * persons) / rows / 2 })), blockPersons: new Int32Array(count).fill(persons), read }
}

describe('planner by streaming', () => {
  it('plans block by block within the gap, and hands over choices that keep every row and add up to the plan', () => {
    const stream = blocks(10)
    const planner = createStreamPlanner(stream, { gap: 0.01, sample: 40_000 })
    while (!planner.step(50_000));
    const plan = planner.plan()
    expect(plan.gap).toBeLessThanOrEqual(0.01)
    const used = new Float64Array(stream.rows.length)
    let value = 0
    let seen = 0
    planner.choices((block, pick) => {
      const { row, amount, value: worth, first } = stream.read(block)
      seen++
      pick.forEach((j, p) => {
        if (j < 0) return
        expect(j >= first[p] && j < first[p + 1]).toBe(true)
        used[row[j]] += amount[j]
        value += worth[j]
      })
    })
    expect(seen).toBe(10)
    stream.rows.forEach((row, r) => expect(used[r]).toBeLessThanOrEqual(row.capacity * (1 + 1e-9)))
    expect(value / plan.value).toBeCloseTo(1, 9)
  })

  it('holds against the planner that has everything in memory', () => {
    const stream = blocks(4)
    const planner = createStreamPlanner(stream, { gap: 0, sample: 20_000, passes: 3 })
    while (!planner.step(1e9));
    const list = [0, 1, 2, 3].map((b) => stream.read(b)).map((b) => ({ value: b.value.slice(), row: b.row.slice(), amount: b.amount.slice() }))
    const n = 64_000
    const whole = makePlan({
      persons: 16_000, person: Int32Array.from({ length: n }, (_, j) => j >> 2), value: Float64Array.from(list.flatMap((b) => [...b.value])), rows: stream.rows,
      use: { first: Int32Array.from({ length: n + 1 }, (_, j) => j), row: Int32Array.from(list.flatMap((b) => [...b.row])), amount: Float64Array.from(list.flatMap((b) => [...b.amount])) },
      caps: [{ name: 'one', limit: 1 }],
    }, { gap: 0.001, explain: false })
    expect(planner.plan().value).toBeLessThanOrEqual(whole.bound)
    expect(planner.plan().bound).toBeGreaterThanOrEqual(whole.value)
    expect(planner.plan().value).toBeGreaterThan(0.98 * whole.value)
  })

  it('is the same with a parallel port, and refuses minimums', async () => {
    const run = async (parallel: boolean): Promise<StreamPlan> => {
      const stream = blocks(6)
      const planner = createStreamPlanner(stream, { gap: 0, sample: 20_000, passes: 2 })
      if (parallel) while (!(await planner.stepParallel(1e5, (tasks) => [...tasks].reverse().map((task) => runStreamTask(task, stream.read)).reverse())));
      else while (!planner.step(10_000));
      return planner.plan()
    }
    expect(await run(true)).toEqual(await run(false))
    const stream = blocks(2)
    expect(() => createStreamPlanner({ ...stream, rows: [{ name: 'quota', capacity: 5, minimum: 1 }] })).toThrow(/row 0 \(quota\) has a minimum/)
  })
})
