import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { defineErrors } from '../../kernel/errors.ts'

/**
 * ContentGate (文字的门): what may be said in a message to many. Declared here by the one who sends, answered by the stage that restrains, wired in the
 * composition root. `stop`: it may not leave like this; `look`: worth a second thought.
 */
export type ContentFinding = { from: number; to: number; found: string; rule: string; level: 'stop' | 'look'; zh: string; en: string }
export type ContentVerdict = { ok: boolean; findings: ContentFinding[]; /** The text without what was found; null when nothing was. */ suggestion: string | null }
export type ContentGate = { check(tx: Tx, tenantId: number, texts: readonly string[], now: Instant): Promise<ContentVerdict[]> }

/** Lets every text pass: for tests. */
export const allowAllContentGate: ContentGate = { check: async (_tx, _tenantId, texts) => texts.map(() => ({ ok: true, findings: [], suggestion: null })) }

export const outboundFault = defineErrors({
  'outbound/text-stopped': { status: 422, zh: '这段话还不能发：{why}改成「{suggestion}」就可以。', en: 'this text cannot be sent yet: {why}; it could read "{suggestion}"' },
})

/** Throws when a text may not leave; for the routes that take marketing text. */
export type TextCheck = (tx: Tx, tenantId: number, texts: readonly string[], now: Instant) => Promise<void>
export function textCheck(gate: ContentGate): TextCheck {
  return async (tx, tenantId, texts, now) => {
    for (const verdict of await gate.check(tx, tenantId, texts, now)) {
      if (verdict.ok) continue
      const stops = verdict.findings.filter((one) => one.level === 'stop').slice(0, 3)
      throw outboundFault('outbound/text-stopped', { why: stops.map((one) => one.zh).join(''), suggestion: verdict.suggestion ?? '' })
    }
  }
}

/** What a message says in words and links, attachments included. */
export function wordsOf(content: { text: string; attachments?: ReadonlyArray<Record<string, unknown>> }): string[] {
  const inside = (value: unknown): string[] => (typeof value === 'string' ? [value] : [])
  return [content.text, ...(content.attachments ?? []).flatMap((one) => {
    const link = (one.link ?? one.miniprogram ?? {}) as Record<string, unknown>
    return [...inside(link.title), ...inside(link.desc), ...inside(link.url)]
  })]
}
