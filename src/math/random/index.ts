/**
 * Keyed randomness for the instruments: a draw has an address, so the order of evaluation, the number of threads and
 * the loss of one row change no other draw.
 *
 * Not for secrets: SplitMix64 is a mixing function, not a cipher. Assignment of persons to arms uses a keyed digest instead.
 */
export { keyedUniform, randomStream, type KeyedUniform, type RandomStream } from './keyed-uniform.ts'
