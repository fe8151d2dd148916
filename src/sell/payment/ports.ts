import type { Instant } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db/index.ts'
import type { PlatformAnswer } from '../../kernel/engine/index.ts'

/** What payments need of the house. */
export type PaymentPlatform = {
  db: Db
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  /** Merchant number or appid of a connection. */
  accountOf(tenantId: number, connectionId: string): string
  /** PEM of the merchant's API key. */
  merchantKey(tenantId: number, connectionId: string): string
  /** Where WeChat Pay tells the merchant of this connection: `<address>/notify/<routeKey>`. */
  notifyUrl(tenantId: number, connectionId: string): string
  nonce(): string
}

/** `2026-06-25T10:00:00+08:00` as an instant; `fallback` when it is missing or no time. */
export function timeOf(text: unknown, fallback: Instant): Instant {
  const at = typeof text === 'string' ? Date.parse(text) : NaN
  return Number.isNaN(at) ? fallback : at
}
