import { parseArgs } from 'node:util'
import type { Pass } from './passes.ts'
import { chooseSuites, type Suite } from './suites.ts'
import { versionPasses } from './version-runs.ts'

/** What a run of `npm test` is asked for. */
export interface TestOptions {
  readonly suites: readonly Suite[]
  /** Parts of file paths. */
  readonly words: readonly string[]
  /** The commit of `--since`, or HEAD for `--changed`. */
  readonly since: string | undefined
  /** `--seed N` and `--only 1,4`, as the variables that test/simulation and test/zoo read. */
  readonly seedEnv: Readonly<Record<string, string>>
  /** Runs on older versions. With them, no suite runs. */
  readonly older: readonly Pass[]
}

/**
 * Reads the words of `npm test`.
 * @throws TypeError for an unknown option, UsageError for a version without a run
 */
export function readOptions(args: readonly string[]): TestOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      changed: { type: 'boolean' },
      since: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      kubernetes: { type: 'string', multiple: true },
      helm: { type: 'string', multiple: true },
      node: { type: 'string', multiple: true },
    },
  })
  const { changed, since, seed, only, kubernetes, helm, node } = values
  return {
    ...chooseSuites(positionals),
    since: since ?? (changed ? 'HEAD' : undefined),
    seedEnv: {
      ...(seed !== undefined && { ACR_NOPASS_SEED: seed }),
      ...(only !== undefined && { ACR_NOPASS_ONLY: only }),
    },
    older: versionPasses({ kubernetes, helm, node }),
  }
}
