/** Thrown by every port of an incarnation of the house that has ended: what is still running of it can do nothing more. */
export class Fenced extends Error {
  override name = 'Fenced'
}

/** One life of the composition root. When it falls, its ports throw from then on, whoever still holds them. */
export type Fence = {
  readonly fallen: boolean
  check(): void
  /** The process ends here. Throws, so that the caller ends with it. */
  fall(): never
  drop(): void
}

export function createFence(): Fence {
  let fallen = false
  const check = (): void => {
    if (fallen) throw new Fenced('this process has ended')
  }
  return {
    get fallen() {
      return fallen
    },
    check,
    drop() {
      fallen = true
    },
    fall(): never {
      fallen = true
      throw new Fenced('injected: the process ended')
    },
  }
}
