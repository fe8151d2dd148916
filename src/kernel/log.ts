import { pino, type Logger } from 'pino'

/**
 * Structured logs, one JSON line each, in English. Secrets and personal data never enter: log ids of ours, codes and counts,
 * and keep platform bodies out. The redaction list is the second net, not the first.
 */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>

const hidden = [
  'secret', 'token', 'access_token', 'aesKey', 'password', 'openid', 'unionid', 'external_userid', 'phone', 'mobile', 'tel_number', 'user_name', 'privateKey', 'apiV3Key',
  'authorization', 'cookie',
]

export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const paths = hidden.flatMap((key) => [key, `*.${key}`, `*.*.${key}`])
  return pino({ level, redact: { paths, censor: '[hidden]' }, base: null }, (destination ?? process.stderr) as never) as unknown as Log
}

export const silentLog: Log = pino({ level: 'silent' }) as unknown as Log
