import { run } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Percent, one decimal. */
export interface Coverage {
  readonly lines: number
  readonly branches: number
}

/**
 * Measures the coverage of src/ over all suites, from the files that V8 wrote into `folder`
 * (NODE_V8_COVERAGE of the test processes and their children). Node's own runner merges the files:
 * it runs once more, with a single "test" that passes on the collected files.
 */
export async function measureCoverage(root: string, folder: string): Promise<Coverage> {
  const collector = fileURLToPath(new URL('collect-coverage.ts', import.meta.url))
  const stream = run({
    files: [collector],
    cwd: root,
    coverage: true,
    coverageIncludeGlobs: ['src/**/*.ts'],
    // The runner creates its own folder. Our folder must not also receive its output.
    env: { PATH: process.env.PATH, ACR_NOPASS_COVERAGE: folder },
  })
  let coverage: Coverage = { lines: 0, branches: 0 }
  stream.on('test:coverage', ({ summary: { totals } }) => {
    coverage = {
      lines: percent(totals.coveredLineCount, totals.totalLineCount),
      branches: percent(totals.coveredBranchCount, totals.totalBranchCount),
    }
  })
  for await (const _ of stream);
  return coverage
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((part / whole) * 1000) / 10
}
