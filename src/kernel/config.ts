import { z } from 'zod'

/**
 * Configuration (配置): every value with its schema, default and one line of help. Nothing else reads the environment.
 * All defaults work together with nothing set; what follows from a choice is derived, not settable.
 */
type Item = { env: string; help: string; secret?: boolean; schema: z.ZodType; default: unknown }

const items = {
  dataDir: { env: 'QZ_DATA_DIR', help: 'folder for everything that must survive: database, keys, logs', schema: z.string().min(1), default: './data' },
  host: { env: 'QZ_HOST', help: 'address that the web server listens on', schema: z.string(), default: '127.0.0.1' },
  port: { env: 'QZ_PORT', help: 'port of the console and the API; taken: the next free one up to +20', schema: z.coerce.number().int().min(0).max(65535), default: 8180 },
  emulatorPort: { env: 'QZ_EMULATOR_PORT', help: 'port of the emulator', schema: z.coerce.number().int().min(0).max(65535), default: 8190 },
  publicUrl: { env: 'QZ_PUBLIC_URL', help: 'address under which WeChat reaches this server (https://shop.example.com); empty: not reachable', schema: z.string(), default: '' },
  databaseUrl: { env: 'QZ_DATABASE_URL', help: 'PostgreSQL 15 or later of your own; empty: the embedded one in the data folder', secret: true, schema: z.string(), default: '' },
  backend: { env: 'QZ_BACKEND', help: 'embedded, postgres, or citus (distributed PostgreSQL)', schema: z.enum(['embedded', 'postgres', 'citus']), default: 'embedded' },
  logLevel: { env: 'QZ_LOG_LEVEL', help: 'trace, debug, info, warn or error', schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']), default: 'info' },
  sea: { env: 'QZ_SEA', help: 'on: run the emulator and the demo merchant in this process; off: real accounts only', schema: z.enum(['on', 'off']), default: 'on' },
  people: { env: 'QZ_PEOPLE', help: 'people around the demo merchant when its world is made', schema: z.coerce.number().int().min(1).max(1_000_000), default: 400 },
  masterKey: { env: 'QZ_MASTER_KEY', help: '64 hex digits that seal secrets at rest; empty: made once and kept in the data folder', secret: true, schema: z.string().regex(/^([0-9a-fA-F]{64})?$/), default: '' },
} as const satisfies Record<string, Item>

export type ConfigKey = keyof typeof items
export type Config = {
  dataDir: string
  host: string
  port: number
  emulatorPort: number
  publicUrl: string
  databaseUrl: string
  backend: 'embedded' | 'postgres' | 'citus'
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  sea: 'on' | 'off'
  people: number
  masterKey: string
}

export type ConfigProblem = { env: string; found: string; expected: string }

/** Reads the environment once. Problems are listed all together, not one per start. */
export function readConfig(environment: Record<string, string | undefined> = process.env): { config: Config; problems: ConfigProblem[] } {
  const config: Record<string, unknown> = {}
  const problems: ConfigProblem[] = []
  for (const [key, item] of Object.entries(items) as Array<[ConfigKey, Item]>) {
    const found = environment[item.env]
    if (found === undefined || found === '') {
      config[key] = item.default
      continue
    }
    const parsed = item.schema.safeParse(found)
    if (parsed.success) config[key] = parsed.data
    else {
      config[key] = item.default
      problems.push({ env: item.env, found: item.secret ? '(hidden)' : found, expected: item.help })
    }
  }
  if (config.databaseUrl !== '' && config.backend === 'embedded') config.backend = 'postgres'
  if (config.databaseUrl === '' && config.backend !== 'embedded') problems.push({ env: 'QZ_DATABASE_URL', found: '', expected: `an address, because QZ_BACKEND is ${String(config.backend)}` })
  return { config: config as Config, problems }
}

/** What `qz config` prints: effective values, where they came from, secrets masked. */
export function describeConfig(config: Config, environment: Record<string, string | undefined> = process.env): Array<{ env: string; value: string; from: 'default' | 'environment'; help: string }> {
  return (Object.entries(items) as Array<[ConfigKey, Item]>).map(([key, item]) => {
    const value = String(config[key])
    return { env: item.env, value: item.secret && value !== '' ? '••••••' : value, from: environment[item.env] ? 'environment' : 'default', help: item.help }
  })
}

/** Flags that only tests and CI set. */
export function testFlags(environment: Record<string, string | undefined> = process.env): { require: Set<string>; ci: boolean } {
  return { require: new Set((environment.QZ_REQUIRE ?? '').split(',').filter(Boolean)), ci: environment.CI === 'true' }
}

/** The environment for a child process of ours. */
export function childEnvironment(extra: Record<string, string> = {}): Record<string, string | undefined> {
  return { ...process.env, ...extra }
}
