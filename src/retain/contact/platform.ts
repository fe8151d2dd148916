import type { PlatformAnswer } from '../../kernel/engine/index.ts'
import type { Random } from '../../kernel/random.ts'
import type { Seal } from '../../kernel/seal.ts'

/** How this stage reaches the platform and what it may use of the house; wired in the composition root. */
export type ContactPlatform = {
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  /** corpid behind a connection. */
  accountOf(tenantId: number, connectionId: string): string
  blockOn(tenantId: number, block: 'contacts'): boolean
  seal: Seal
  random: Random
}
