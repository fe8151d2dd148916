/**
 * Pooling of cases (案例合并): what many shops' measured effects say together, how different the shops are, and what the next shop may expect.
 *
 * Random-effects meta-analysis: Paule–Mandel between-shop variance, Hartung–Knapp interval, and the τ-mixture prediction interval.
 * Refuses aloud: fewer than 3 cases are only listed, fewer than 5 give no prediction, and the number of all consented cases must be stated.
 */
export { poolCases, PoolingInputError } from './pool-cases.ts'
export type { CasePool, Cases, PoolCasesOptions } from './pool-cases.ts'
