import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MutantStatus } from '@stryker-mutator/api/core'
import { Stryker } from '@stryker-mutator/core'
import type { Area } from './areas.ts'

export interface Sample {
  /** The part of the mutants that is tried, from 0 to 1. */
  readonly share: number
  readonly seed: number
  /** Only files whose path contains this text are changed. */
  readonly only: string
}

/** One change of the code that was tried. */
export interface Mutant {
  readonly file: string
  readonly line: number
  /** Stryker's name of the kind of change. */
  readonly kind: string
  readonly replacement: string
  readonly noticed: boolean
  /** Noticed only because the tests took too long, so that a busy machine may be the cause. */
  readonly timedOut: boolean
  /** Why no test could notice it. */
  readonly untried?: 'no test runs it' | 'its run broke' | undefined
}

const UNTRIED: { readonly [Status in MutantStatus]?: Mutant['untried'] } = {
  NoCoverage: 'no test runs it',
  RuntimeError: 'its run broke',
}

/** Runs Stryker on the files of an area. `rate` is the part of the mutants that a test noticed. */
export async function mutateArea(area: Area, { share, seed, only }: Sample) {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  // Each mutant is a run of the same files, and most of a run is spent on removing their types.
  process.env.NODE_COMPILE_CACHE ??= join(root, '.cache/mutate-compiled')
  const files = globSync([...area.mutate], { cwd: root }).filter((file) => file.includes(only))
  const stryker = new Stryker({
    mutate: files,
    testRunner: 'repeat',
    repeat: area.tests,
    plugins: ['sample-checker.ts', 'repeat-runner.ts'].map((file) => fileURLToPath(new URL(file, import.meta.url))),
    checkers: share < 1 ? ['sample'] : [],
    coverageAnalysis: 'perTest',
    concurrency: availableParallelism(),
    reporters: ['progress'],
    // An endless loop fails long before, by its number of hits. A busy machine may take long to
    // import all files.
    timeoutMS: 30_000,
    dryRunTimeoutMinutes: 30,
    // Stryker would rewrite a tsconfig with TypeScript's JavaScript API, which TypeScript 7 lacks.
    // The name of a missing file prevents that.
    tsconfigFile: 'none',
    ignorePatterns: ['.cache', 'docs/img', 'action/dist', 'test/bench', 'test/cluster'],
    tempDirName: '.cache/stryker',
    cleanTempDir: 'always',
    sample: { share, seed },
    warnings: false,
  } as ConstructorParameters<typeof Stryker>[0])
  const tried = (await stryker.runMutationTest()).filter(({ status }) => status !== 'CompileError')
  const mutants = tried.map(
    ({ fileName, location, mutatorName, replacement, status }): Mutant => ({
      file: fileName.replace(/^.*?(?=src\/)/, ''),
      line: location.start.line,
      kind: mutatorName,
      replacement: replacement ?? '',
      timedOut: status === 'Timeout',
      noticed: status === 'Killed' || status === 'Timeout',
      untried: UNTRIED[status],
    }),
  )
  return { mutants, rate: mutants.filter(({ noticed }) => noticed).length / Math.max(1, mutants.length) }
}
