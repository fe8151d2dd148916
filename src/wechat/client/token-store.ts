import type { Instant } from '../../kernel/clock.ts'

/** A token as kept: refresh tokens of authorisers must survive, or the account has to authorise again. */
export type StoredToken = { token: string; expiresAt: Instant; refreshToken?: string }

/**
 * Where tokens are kept. Several processes may share one store; `lock` makes sure that only one of them refreshes a key at a time,
 * because on some lines a new token ends the old one.
 */
export type TokenStore = {
  get(key: string): Promise<StoredToken | undefined>
  put(key: string, token: StoredToken): Promise<void>
  lock<T>(key: string, work: () => Promise<T>): Promise<T>
}

/** Tokens of one process, lost with it. */
export function memoryTokenStore(): TokenStore {
  const tokens = new Map<string, StoredToken>()
  const tails = new Map<string, Promise<unknown>>()
  return {
    get: async (key) => tokens.get(key),
    async put(key, token) {
      tokens.set(key, token)
    },
    lock(key, work) {
      const turn = (tails.get(key) ?? Promise.resolve()).then(work, work)
      const tail = turn.then(
        () => undefined,
        () => undefined,
      )
      tails.set(key, tail)
      return turn
    },
  }
}
