import type { Tx } from '../../kernel/db/index.ts'
import type { HttpAnswer, HttpRequest } from '../../wechat/client/index.ts'
import type { StageContext } from '../../house.ts'
import type { StageParts } from '../../stages.ts'

/** A deliberate bug, put into a port or a handler, that one checker must find. For tests of the checkers. */
export type Canary = {
  /** The name of the checker that must fail. */
  checker: string
  /** Which of its conditions, where it has several canaries. */
  what?: string
  /** What the platform said, changed on its way in. */
  http?: (request: HttpRequest, answer: HttpAnswer) => HttpAnswer
  /** How often a call is made instead of once; `made`: calls so far. */
  repeat?: (request: HttpRequest, made: number) => number
  /** What is written, changed on its way to the database. */
  tx?: (tx: Tx) => Tx
  /** Handlers added or changed. */
  stages?: (parts: StageParts, context: StageContext) => StageParts
  /** The n-th callback is answered with success and dropped. */
  drop?: (n: number) => boolean
}
