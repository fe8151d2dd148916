import type { Instant } from '../../kernel/clock.ts'
import type { Line } from '../../wechat/spec/endpoint.ts'
import { freshId, nextNumber, slice, type Namespace, type Slice } from './namespace.ts'

/**
 * Tokens (令牌) of all lines, with their owners. They live by the world's clock: advancing it expires them, as a real day would.
 */
export type TokenRecord = {
  line: Line
  /** appid, corp id, suite id or component appid. */
  accountId: string
  /** WeCom: the app whose secret it came from. */
  agentId?: string
  /** `classic`, `stable`, `corp`, `component`, `suite`, `provider`, `authorizer`, `jsapi-ticket` …: the line's own word. */
  kind: string
  issuedAt: Instant
  expiresAt: Instant
  /** Whatever else the line must know (permission sets of an authoriser, the third party acting). */
  extra?: Record<string, string>
}

const tokenSlice: Slice<Record<string, TokenRecord>> = { name: 'core.tokens', init: () => ({}) }

const keepExpiredMs = 24 * 3_600_000

export function issueToken(
  ns: Namespace,
  request: { line: Line; accountId: string; agentId?: string; kind: string; ttlMs: number; extra?: Record<string, string>; length?: number },
): { token: string; expiresAt: Instant } {
  const tokens = slice(ns, tokenSlice)
  if (nextNumber(ns, 'tokens') % 64 === 0) for (const text in tokens) if (tokens[text].expiresAt + keepExpiredMs < ns.now) delete tokens[text]
  const token = freshId(ns, '9', request.length ?? 135)
  const { line, accountId, agentId, kind, ttlMs, extra } = request
  tokens[token] = { line, accountId, agentId, kind, issuedAt: ns.now, expiresAt: ns.now + ttlMs, extra }
  return { token, expiresAt: ns.now + ttlMs }
}

export function lookupToken(ns: Namespace, token: string): { state: 'valid' | 'expired'; record: TokenRecord } | undefined {
  const record = slice(ns, tokenSlice)[token]
  if (!record) return undefined
  return { state: record.expiresAt > ns.now ? 'valid' : 'expired', record }
}

export type TokenFilter = { token?: string; line?: Line; accountId?: string; agentId?: string; kind?: string }

/** Ends the tokens that match, at once or `leaveMs` from now (never later than they would have ended). Returns how many. */
export function expireTokens(ns: Namespace, filter: TokenFilter, leaveMs = 0): number {
  let count = 0
  const tokens = slice(ns, tokenSlice)
  for (const text in tokens) {
    const record = tokens[text]
    if (filter.token !== undefined && filter.token !== text) continue
    if (filter.line !== undefined && filter.line !== record.line) continue
    if (filter.accountId !== undefined && filter.accountId !== record.accountId) continue
    if (filter.agentId !== undefined && filter.agentId !== record.agentId) continue
    if (filter.kind !== undefined && filter.kind !== record.kind) continue
    if (record.expiresAt <= ns.now + leaveMs) continue
    record.expiresAt = ns.now + leaveMs
    count++
  }
  return count
}

/** The newest valid token of that kind, if any. */
export function currentToken(ns: Namespace, filter: TokenFilter): { token: string; record: TokenRecord } | undefined {
  let best: { token: string; record: TokenRecord } | undefined
  for (const [token, record] of Object.entries(slice(ns, tokenSlice))) {
    if (record.expiresAt <= ns.now || (filter.kind !== undefined && filter.kind !== record.kind)) continue
    if (filter.line !== undefined && filter.line !== record.line) continue
    if (filter.accountId !== undefined && filter.accountId !== record.accountId) continue
    if (filter.agentId !== undefined && filter.agentId !== record.agentId) continue
    if (!best || record.expiresAt >= best.record.expiresAt) best = { token, record }
  }
  return best
}
