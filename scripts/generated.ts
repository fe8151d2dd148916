import { benchDocument } from './gen-bench-readme.ts'
import { coverageDocument } from './gen-coverage.ts'
import { errorDocument } from './gen-errors.ts'
import { moduleDocument } from './gen-modules.ts'

/** Files made from code: `npm run gen` writes them, tests/tidy.test.ts says which are stale. */
export const generated: ReadonlyArray<{ path: string; make: () => Promise<string> }> = [
  { path: 'docs/wechat-coverage.md', make: coverageDocument },
  { path: 'docs/errors.md', make: errorDocument },
  { path: 'docs/modules.md', make: moduleDocument },
  { path: 'bench/README.md', make: benchDocument },
]
