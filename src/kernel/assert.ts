/** A bug in our own code: kept on in production; the job dies, the process and the data stay sane. */
export class Bug extends Error {
  override name = 'Bug'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message)
}

export function unreachable(value: never): never {
  throw new Bug(`this case was thought impossible: ${JSON.stringify(value)}`)
}
