import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { FOUND } from '../../test/simulation/found.ts'
import { REVERTS, type Revert, type Theme } from '../../test/simulation/reverts.ts'

const WORKER = fileURLToPath(new URL('revert-worker.ts', import.meta.url))

/** A recorded run that breaks a rule. */
export interface Broken {
  readonly finding: string
  readonly rule: string
}

export interface RevertResult {
  readonly revert: Revert
  /** The recorded runs of its theme that break. */
  readonly broken: readonly Broken[]
}

export interface RevertResults {
  readonly results: readonly RevertResult[]
  /** The recorded runs that break on the sources as they are. */
  readonly already: readonly Broken[]
  /**
   * The recorded runs that no revert of their theme breaks. Empty if only some reverts were tried.
   */
  readonly unbroken: readonly string[]
}

/**
 * Tries each revert on the recorded runs of its theme. `only`: only reverts whose theme or file
 * contains this text.
 */
export async function tryReverts(only: string, onResult: (result: RevertResult) => void): Promise<RevertResults> {
  const chosen = REVERTS.filter(({ theme, file }) => `${theme} ${file}`.includes(only))
  const already = await findBroken(undefined, new Set(chosen.map(({ theme }) => theme)))
  const waiting = chosen.values()
  const results = new Map<Revert, RevertResult>()
  const work = async (): Promise<void> => {
    for (const revert of waiting) {
      const result = { revert, broken: await findBroken(revert, new Set([revert.theme])) }
      results.set(revert, result)
      onResult(result)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  const shown = new Set([...results.values()].flatMap(({ broken }) => broken.map(({ finding }) => finding)))
  const isWhole = chosen.length === REVERTS.length
  const unbroken = FOUND.map(({ finding }) => finding).filter((finding) => isWhole && !shown.has(finding))
  return { results: chosen.flatMap((revert) => results.get(revert) ?? []), already, unbroken }
}

/** Runs the recorded runs of these themes; without a revert, on the sources as they are. */
async function findBroken(revert: Revert | undefined, themes: ReadonlySet<Theme>): Promise<readonly Broken[]> {
  const worker = new Worker(WORKER, { workerData: revert })
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => undefined)
  worker.once('error', failure.reject)
  const broken: Broken[] = []
  try {
    for (const [index, { theme, finding }] of FOUND.entries()) {
      if (!themes.has(theme)) continue
      const response = new Promise<string>((resolve) => worker.once('message', resolve))
      worker.postMessage(index)
      const rule = await Promise.race([response, failure.promise])
      if (rule !== '') broken.push({ finding, rule })
    }
  } finally {
    await worker.terminate()
  }
  return broken
}
