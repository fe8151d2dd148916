import { defineConfig } from 'vitest/config'

// One process-wide module graph per worker (isolation off): modules hold no mutable state, see docs/decisions/0003.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    isolate: false,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    globalSetup: ['tests/setup/global.ts'],
    setupFiles: ['tests/setup/each.ts'],
    reporters: ['default'],
  },
})
