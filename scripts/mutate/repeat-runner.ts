// A test runner for Stryker. It imports the test files once and repeats their tests for each
// mutant, because a process for each mutant and file costs a hundred times as much as the tests of
// a pure function.
import { globSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { INSTRUMENTER_CONSTANTS, type InstrumenterContext, type StrykerOptions } from '@stryker-mutator/api/core'
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin'
import {
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
} from '@stryker-mutator/api/test-runner'
import { type CollectedTest, collectTests } from './collected-tests.ts'

const STAND_IN = new URL('collected-tests.ts', import.meta.url).href
// The wait is long, because work of zlib does not appear among the active resources.
const IDLE_CHECK_MS = 100
const IDLE_CHECKS = 20

export class RepeatRunner implements TestRunner {
  static inject = tokens(commonTokens.options)
  readonly #files: readonly string[]
  readonly #mutation: { [Key in keyof InstrumenterContext]: InstrumenterContext[Key] | undefined } = {}
  /**
   * Milliseconds of each test's last run. The fastest test runs first, because one failure is
   * enough.
   */
  readonly #took = new Map<string, number>()
  /** True until a mutant has run in this process. */
  #isFresh = true
  readonly #loaded = new Map<string, ReturnType<typeof collectTests>>()

  constructor(options: StrykerOptions) {
    // Until the times of the tests are known, the order of the area's globs counts.
    this.#files = [...new Set((options.repeat as readonly string[]).flatMap((glob) => globSync(glob).sort()))]
    Object.assign(globalThis, { [INSTRUMENTER_CONSTANTS.NAMESPACE]: this.#mutation })
    // An error that an earlier mutant left behind must not count for a later mutant.
    process.on('unhandledRejection', () => undefined)
    process.on('uncaughtException', () => undefined)
  }

  // Modules are imported once. For a mutant that takes effect during import, Stryker therefore
  // starts a new process.
  capabilities() {
    return { reloadEnvironment: false }
  }

  async dryRun(): Promise<DryRunResult> {
    const results: TestResult[] = []
    const tests: CollectedTest[] = []
    for (const file of this.#files) tests.push(...(await this.#load(file)).tests)
    for (const test of tests) {
      this.#mutation.currentTestId = test.id
      const failure = await this.#run(test)
      const result = { id: test.id, name: test.id, fileName: test.file, timeSpentMs: this.#took.get(test.id) ?? 0 }
      results.push(
        failure === undefined
          ? { ...result, status: TestStatus.Success }
          : { ...result, status: TestStatus.Failed, failureMessage: failure },
      )
    }
    this.#mutation.currentTestId = undefined
    const { mutantCoverage } = this.#mutation
    return { status: DryRunStatus.Complete, tests: results, ...(mutantCoverage && { mutantCoverage }) }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, mutantActivation, hitLimit } = options
    const isStatic = mutantActivation === 'static'
    const isFirst = this.#isFresh
    this.#isFresh = false
    this.#mutation.activeMutant = isStatic ? activeMutant.id : undefined
    this.#mutation.hitCount = 0
    this.#mutation.hitLimit = hitLimit
    let nrOfTests = 0
    const kill = (failureMessage: string, ...killedBy: string[]): MutantRunResult => {
      return { status: MutantRunStatus.Killed, killedBy, failureMessage, nrOfTests }
    }
    try {
      for await (const test of this.#choose(options)) {
        this.#mutation.activeMutant = activeMutant.id
        const failure = await this.#run(test)
        nrOfTests += 1
        if (failure === undefined) continue
        if (!isStatic && !isFirst) await this.#requireSuccess(test)
        return kill(failure, test.id)
      }
    } catch (error) {
      // Without the mutant all files could be imported: the dry run has shown it.
      if (isStatic) return kill(textOf(error))
      throw error
    }
    return { status: MutantRunStatus.Survived, nrOfTests }
  }

  /**
   * A mutant that takes effect during import needs a new process for itself. Its files are imported
   * one by one, beginning with those of its name, because the first failure is enough.
   */
  async *#choose({ activeMutant, mutantActivation, testFilter }: MutantRunOptions): AsyncGenerator<CollectedTest> {
    if (mutantActivation === 'static') {
      const name = basename(activeMutant.fileName, '.ts')
      const isNamed = (file: string): number => Number(basename(file).startsWith(name))
      for (const file of this.#files.toSorted((a, b) => isNamed(b) - isNamed(a))) yield* (await this.#load(file)).tests
      return
    }
    const tests: CollectedTest[] = []
    for (const file of this.#files)
      if (testFilter?.some((id) => id.startsWith(`${file} #`)) !== false) tests.push(...(await this.#load(file)).tests)
    const took = ({ id }: CollectedTest): number => this.#took.get(id) ?? 0
    yield* tests.filter(({ id }) => testFilter?.includes(id) !== false).toSorted((a, b) => took(a) - took(b))
  }

  async dispose(): Promise<void> {
    for (const loading of this.#loaded.values()) await (await loading.catch(() => undefined))?.cleanUp()
  }

  /**
   * Checks that the test passes without the mutant, because an earlier mutant may have left
   * something behind. Only then does a failure count.
   */
  async #requireSuccess(test: CollectedTest): Promise<void> {
    this.#mutation.activeMutant = undefined
    // Stryker starts another process and repeats the mutant there, before any other mutant.
    if ((await this.#run(test)) !== undefined) process.exit(1)
  }

  /** Returns the failure of a test. Undefined if the test passes. */
  async #run(test: CollectedTest): Promise<string | undefined> {
    const startedAt = performance.now()
    const failure = await failureOf(test)
    this.#took.set(test.id, performance.now() - startedAt)
    return failure
  }

  #load(file: string) {
    const loading = this.#loaded.get(file) ?? loadTests(file)
    this.#loaded.set(file, loading)
    return loading
  }
}

function loadTests(file: string) {
  const hooks = registerHooks({
    resolve: (name, context, next) =>
      name === 'node:test' && context.parentURL !== STAND_IN
        ? { url: STAND_IN, shortCircuit: true }
        : next(name, context),
  })
  return collectTests([file], () => import(pathToFileURL(resolve(file)).href)).finally(() => hooks.deregister())
}

async function failureOf(test: CollectedTest): Promise<string | undefined> {
  const idle = watchIdle()
  try {
    await Promise.race([test.run(), idle.stuck])
    return undefined
  } catch (error) {
    return textOf(error)
  } finally {
    idle.stop()
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Resources that are always open: the channel to Stryker, and the output. */
const ALWAYS_OPEN = ['PipeWrap', 'TTYWrap']

/**
 * Returns a promise that rejects when nothing is left that could continue the test. node:test does
 * the same at the end of its process.
 */
function watchIdle() {
  const { promise: stuck, reject } = Promise.withResolvers<never>()
  stuck.catch(() => undefined)
  let checks = 0
  const timer = setInterval(() => {
    const isIdle = process.getActiveResourcesInfo().every((resource) => ALWAYS_OPEN.includes(resource))
    checks = isIdle ? checks + 1 : 0
    if (checks === IDLE_CHECKS) reject(new Error('the test never ends'))
  }, IDLE_CHECK_MS).unref()
  return { stuck, stop: () => clearInterval(timer) }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'repeat', RepeatRunner)]
