import { realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { NopassError } from '../../errors.ts'
import type { ObjectChange } from '../../helm/release/manifest-diff.ts'
import { isWithin, readRegular, realPath, writePrivateFile } from '../../lib/files.ts'
import type { ClusterResult } from '../cluster-result.ts'

interface PlanFile {
  readonly version: 2
  readonly clusters: readonly {
    readonly name: string
    /** The hash of the desired state. */
    readonly digest: string
    /** Hashes of the changes. */
    readonly steps: readonly string[]
    readonly changes: readonly ObjectChange[]
  }[]
}

/**
 * The maximum size of a plan, in bytes. The manifests of a thousand clusters stay far below this.
 */
const LIMIT = 256 * 1024 * 1024

/**
 * Writes a plan for its approval: the changes, and a digest of everything that would be done.
 * @param workspace symbolic links in the workspace must not lead the file out of it, because a pull
 *   request may have added them
 * @throws INPUT_INVALID
 */
export function writePlanFile(file: string, results: readonly ClusterResult[], workspace = ''): void {
  if (workspace !== '' && isWithin(resolve(file), [resolve(workspace)])) {
    const real = realPath(dirname(resolve(file)))
    if (!isWithin(real, [realPath(workspace)])) {
      throw new NopassError('INPUT_INVALID', `plan-file: a link leads ${file} out of the workspace`)
    }
  }
  const clusters = results.flatMap(({ name, digest, steps = [], plan }) =>
    digest && plan ? [{ name, digest, steps, changes: plan }] : [],
  )
  const plan: PlanFile = { version: 2, clusters }
  writePrivateFile(file, `${JSON.stringify(plan, null, 2)}\n`)
}

/**
 * Returns what an approved plan allows, by cluster.
 * @throws INPUT_INVALID
 */
export function readPlanFile(
  file: string,
): ReadonlyMap<string, Pick<PlanFile['clusters'][number], 'digest' | 'steps'>> {
  try {
    const plan: PlanFile = JSON.parse(readRegular(realpathSync(file), LIMIT)?.toString('utf8') ?? '')
    if (plan.version === 2) {
      return new Map(plan.clusters.map(({ name, digest, steps }) => [name, { digest, steps: [...steps] }]))
    }
  } catch {
    throw new NopassError('INPUT_INVALID', `plan-file: ${file} cannot be read as a plan`)
  }
  throw new NopassError('INPUT_INVALID', `plan-file: ${file} was written by another version`)
}
