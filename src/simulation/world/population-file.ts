import { readParameters } from '../../emulator/population/parameters.ts'

/** A part of the population's parameter file, as it came from outside. @throws RangeError that names what is wrong in it */
export function checkPopulation(overrides: unknown): Record<string, unknown> {
  readParameters(overrides as Record<string, unknown>)
  return overrides as Record<string, unknown>
}
