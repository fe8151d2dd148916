/** Input checks of the instruments: a RangeError that names the argument, the element and what was expected. */
type Numbers = ArrayLike<number>

function refuse(name: string, index: number, value: number, expected: string): never {
  throw new RangeError(`cannot compute: ${name}[${index}] is ${value}, expected ${expected}`)
}

export function requireFinite(name: string, values: Numbers): void {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) refuse(name, i, values[i], 'a finite number')
}

/** Finite and at least `least`. */
export function requireFrom(name: string, values: Numbers, least: number): void {
  for (let i = 0; i < values.length; i++) if (!(values[i] >= least && values[i] < Infinity)) refuse(name, i, values[i], `a finite number of at least ${least}`)
}

/** Finite and above 0. */
export function requirePositive(name: string, values: Numbers): void {
  for (let i = 0; i < values.length; i++) if (!(values[i] > 0 && values[i] < Infinity)) refuse(name, i, values[i], 'a finite number above 0')
}

/** Whole numbers from 0. */
export function requireWhole(name: string, values: Numbers): void {
  for (let i = 0; i < values.length; i++) if (!(Number.isSafeInteger(values[i]) && values[i] >= 0)) refuse(name, i, values[i], 'a whole number from 0')
}

export function requireEqualLength(name: string, values: Numbers, expected: number, as: string): void {
  if (values.length !== expected) throw new RangeError(`cannot compute: ${name} has ${values.length} elements, expected ${expected} as ${as}`)
}
