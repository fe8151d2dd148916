/**
 * Combining (合批): while one batch is under way, arrivals gather and travel together in the next, so the size of a batch is 1 when it is quiet and grows by
 * itself under load; no timer is needed and no lock is held while anybody waits.
 */
export type Combiner<In, Out> = {
  submit(item: In): Promise<Out>
  /** Nothing waiting and nothing under way. */
  idle(): boolean
}

type Waiting<In, Out> = { item: In; done: (out: Out) => void; fail: (error: unknown) => void }

/** @param run answers every item, in order. A batch that fails is tried again one by one, so that one bad item does not take its neighbours with it. */
export function createCombiner<In, Out>(run: (items: readonly In[]) => Promise<readonly Out[]>, maxBatch: number): Combiner<In, Out> {
  let waiting: Array<Waiting<In, Out>> = []
  let running = false
  async function flush(): Promise<void> {
    running = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch)
      try {
        const outs = await run(batch.map((one) => one.item))
        batch.forEach((one, index) => one.done(outs[index]))
      } catch (error) {
        if (batch.length === 1) batch[0].fail(error)
        else {
          for (const one of batch) {
            try {
              one.done((await run([one.item]))[0])
            } catch (alone) {
              one.fail(alone)
            }
          }
        }
      }
    }
    running = false
  }
  return {
    submit: (item) =>
      new Promise((done, fail) => {
        waiting.push({ item, done, fail })
        if (!running) void flush()
      }),
    idle: () => !running && waiting.length === 0,
  }
}
