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

/**
 * @param run answers every item, in order. A batch that fails is halved until the bad item is alone, so that it does not take its neighbours with it.
 * @param ahead a second batch starts beside the one under way when so many wait: it is made ready while the first is being written. Absent: never.
 */
export function createCombiner<In, Out>(run: (items: readonly In[]) => Promise<readonly Out[]>, maxBatch: number, ahead = Infinity): Combiner<In, Out> {
  let waiting: Array<Waiting<In, Out>> = []
  let running = 0
  async function settle(batch: ReadonlyArray<Waiting<In, Out>>): Promise<void> {
    try {
      const outs = await run(batch.map((one) => one.item))
      batch.forEach((one, index) => one.done(outs[index]))
    } catch (error) {
      if (batch.length === 1) batch[0].fail(error)
      else {
        await settle(batch.slice(0, batch.length >> 1))
        await settle(batch.slice(batch.length >> 1))
      }
    }
  }
  async function flush(): Promise<void> {
    running++
    while (waiting.length > 0) {
      const batch = waiting.length <= maxBatch ? waiting : waiting.slice(0, maxBatch)
      waiting = waiting.length <= maxBatch ? [] : waiting.slice(maxBatch)
      await settle(batch)
    }
    running--
  }
  return {
    submit: (item) =>
      new Promise((done, fail) => {
        waiting.push({ item, done, fail })
        if (running === 0 || (running === 1 && waiting.length >= ahead)) void flush()
      }),
    idle: () => running === 0 && waiting.length === 0,
  }
}
