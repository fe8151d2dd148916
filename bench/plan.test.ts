import { afterAll, describe, expect, it } from 'vitest'
import { startThreads, type Threads } from '../src/kernel/threads.ts'
import { createPlanner, createStreamPlanner, makePlan, runPlanTask, type PlanPart, type PlanProblem, type PlanTask, type StreamPart, type StreamTask } from '../src/math/planner/index.ts'
import { randomStream } from '../src/math/random/index.ts'
import { numpyRandom42 } from './instances/numpy-random.ts'
import { matchingStream } from './instances/stream.ts'

const started: Threads[] = []
const threadsFor = (module: string, name: string, count: number): Threads => {
  const threads = startThreads(new URL(module, import.meta.url), name, count)
  started.push(threads)
  return threads
}
afterAll(async () => { await Promise.all(started.map((threads) => threads.close())) })

describe('planner in worker threads', () => {
  it('a plan of 100,000 persons is the same bit for bit from this thread and a worker as from one thread', async () => {
    const random = randomStream(3)
    const persons = 100_000
    const n = persons * 2
    const amount = Float64Array.from({ length: n }, () => 0.5 + random.uniform())
    const problem: PlanProblem = {
      persons, person: Int32Array.from({ length: n }, (_, j) => (j * 7919) % persons), value: Float64Array.from(amount, (a) => a * (0.2 + random.uniform())),
      use: { first: Int32Array.from({ length: n + 1 }, (_, j) => j), row: Int32Array.from({ length: n }, () => random.below(40)), amount },
      rows: Array.from({ length: 40 }, (_, r) => ({ name: `row ${r}`, capacity: 1_000 + random.below(1_500) })), caps: [{ name: 'one each', limit: 1 }],
    }
    const alone = makePlan(problem, { gap: 0.002, explain: false })
    const threads = threadsFor('../src/math/planner/sweep.ts', 'runPlanTask', 1)
    const planner = createPlanner(problem, { gap: 0.002, explain: false, shared: true })
    let posted = 0
    const parallel = async (tasks: readonly PlanTask[]): Promise<PlanPart[][]> => {
      posted += tasks.length - 1
      const rest = threads.run<PlanTask, PlanPart[]>(tasks.slice(1))
      const first = runPlanTask(tasks[0])
      return [first, ...(await rest)]
    }
    while (!(await planner.stepParallel(1e9, parallel, 2)));
    const both = planner.plan()
    expect(posted).toBeGreaterThan(2)
    expect(both.gap).toBeLessThanOrEqual(0.002)
    expect(both.value).toBe(alone.value)
    expect(both.bound).toBe(alone.bound)
    expect(Buffer.compare(Buffer.from(both.chosen.buffer), Buffer.from(alone.chosen.buffer))).toBe(0)
  })

  it('a streamed plan is the same from two workers that make their own blocks', async () => {
    const options = { gap: 0.01, sample: 500_000 }
    const alone = createStreamPlanner(matchingStream(4), options)
    while (!alone.step(1e9));
    const threads = threadsFor('./instances/stream-task.ts', 'runStreamBlock', 2)
    const planner = createStreamPlanner(matchingStream(4), options)
    while (!(await planner.stepParallel(1e9, (tasks) => threads.run<StreamTask, StreamPart>(tasks))));
    expect(planner.plan().gap).toBeLessThanOrEqual(0.01)
    expect(planner.plan()).toEqual(alone.plan())
  })
})

describe('numpy’s generator from seed 42', () => {
  it('draws numpy’s first doubles', () => {
    const random = numpyRandom42()
    expect([random.double(), random.double(), random.double()]).toEqual([0.7739560485559633, 0.4388784397520523, 0.8585979199113825])
  })
})
