import { describeConfig, readConfig } from '../kernel/config.ts'
import { report } from './output.ts'

export async function config(options: { json?: boolean }): Promise<void> {
  const { config: effective, problems } = readConfig()
  const rows = describeConfig(effective)
  report(options.json, { values: rows, problems }, [
    ...rows.map((row) => `${row.env.padEnd(20)} ${row.value.padEnd(24)} ${row.from === 'environment' ? '(set)' : '     '} ${row.help}`),
    ...problems.map((p) => `! ${p.env}: found ${JSON.stringify(p.found)}, expected ${p.expected}`),
  ])
  if (problems.length > 0) process.exitCode = 1
}
