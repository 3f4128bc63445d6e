import type { FileResult } from './run-file.ts'

/** If more files fail, a busy machine is not the cause. */
const MOST = 5

/** A file's result, with the pass in which the file ran. */
export interface Tried<Pass> {
  readonly pass: Pass
  /** The name in the results. */
  readonly label: string
  readonly result: FileResult
}

/**
 * Chooses the failed files that run again, one at a time, after everything else: those whose
 * programs have deadlines that a busy machine misses. The run names each file that then passes, and
 * keeps its log.
 */
export function chooseSecondTries<Pass extends { readonly suite: { readonly secondTry?: true } }>(
  tried: readonly Tried<Pass>[],
): readonly Tried<Pass>[] {
  const failed = tried.filter(({ result }) => result.counts.failed > 0)
  if (failed.length > MOST) return []
  return failed.filter(({ pass }) => pass.suite.secondTry)
}
