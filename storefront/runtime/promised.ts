/** The manners of every asynchronous `wx.*`: success, fail and complete when given, a promise when neither success nor fail is. */
export type Callbacks<T> = { success?(result: T): void; fail?(error: { errMsg: string }): void; complete?(result: unknown): void }

export function promised<A extends object, T extends object>(name: string, work: (options: A) => Promise<T> | T): (options?: A & Callbacks<T & { errMsg: string }>) => Promise<T & { errMsg: string }> | undefined {
  return (options = {} as A & Callbacks<T & { errMsg: string }>) => {
    const run = (async () => ({ ...(await work(options)), errMsg: `${name}:ok` }))()
    const failure = (error: unknown): { errMsg: string } => ({ ...(error as object), errMsg: `${name}:fail ${error instanceof Error ? error.message : String((error as { errMsg?: string })?.errMsg ?? error)}` })
    if (!options.success && !options.fail && !options.complete) {
      return run.catch((error: unknown) => {
        throw failure(error)
      })
    }
    run.then(
      (result) => {
        options.success?.(result)
        options.complete?.(result)
      },
      (error: unknown) => {
        const told = failure(error)
        options.fail?.(told)
        options.complete?.(told)
      },
    )
    return undefined
  }
}
