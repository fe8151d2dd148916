/**
 * Makes a failing run smaller while it still fails: halves people, days and the storm, one after the other, until nothing gives any more. Draws have
 * addresses, so what is left out does not change the rest.
 */
export type Size = { days: number; people: number; faults: number }
export type Shrunk = { size: Size; runs: number }

export async function shrink(from: Size, fails: (size: Size) => Promise<boolean>, maxRuns = 40): Promise<Shrunk> {
  let size = from
  let runs = 0
  const smaller = (one: Size): Size[] => {
    const tries: Size[] = []
    for (const share of [0, 0.25, 0.5, 0.75]) {
      const days = Math.max(1, Math.floor(one.days * share))
      const people = Math.max(1, Math.floor(one.people * share))
      if (days < one.days) tries.push({ ...one, days })
      if (people < one.people) tries.push({ ...one, people })
    }
    if (one.faults > 0) tries.unshift({ ...one, faults: 0 })
    if (one.faults > 0.05) tries.push({ ...one, faults: one.faults / 2 })
    return tries
  }
  for (let found = true; found && runs < maxRuns; ) {
    found = false
    for (const candidate of smaller(size)) {
      if (runs++ >= maxRuns) break
      if (await fails(candidate)) {
        size = candidate
        found = true
        break
      }
    }
  }
  return { size, runs }
}
