import { createChance } from '../../emulator/population/chance.ts'
import { makeTables, type People } from '../../emulator/population/people.ts'
import { playWhatIf, type Snapshot, type WhatIf, type WhatIfPolicy } from './what-if.ts'

/** A what-if as plain values and typed arrays: what a thread can be given. `progress[0]` is shared memory and holds the share that is done. */
export type WhatIfTask = { snapshot: Omit<Snapshot, 'people'> & { people: Omit<People, 'tables' | 'chance'> }; policy: WhatIfPolicy; days: number; seed: number; futures?: number; progress: Float64Array }

export function whatIfTask(snapshot: Snapshot, policy: WhatIfPolicy, days: number, seed: number, futures?: number): WhatIfTask {
  const { tables: _tables, chance: _chance, ...people } = snapshot.people
  return { snapshot: { ...snapshot, people }, policy, days, seed, futures, progress: new Float64Array(new SharedArrayBuffer(8)) }
}

/** Plays it to the end. In a thread of its own: whoever ends the thread ends the computation. */
export function playWhatIfTask({ snapshot, policy, days, seed, futures, progress }: WhatIfTask): WhatIf {
  const { people } = snapshot
  const steps = playWhatIf({ ...snapshot, people: { ...people, tables: makeTables(people.merchant), chance: createChance() } }, policy, days, seed, futures)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    progress[0] = step.value
  }
}
