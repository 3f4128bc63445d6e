import type { FileResult } from './run-file.ts'

/** More failed files than this are no matter of a busy machine. */
const MOST = 5

/** A file's result, with how its suite runs it. */
export interface Tried<Pass> {
  readonly pass: Pass
  /** As results name it. */
  readonly label: string
  readonly result: FileResult
}

/**
 * The failed files that are run once more, alone, when all else has ended: those whose programs keep deadlines that a busy
 * machine misses. The run names each one that passes then, and keeps its log.
 */
export function chooseSecondTries<Pass extends { readonly suite: { readonly secondTry?: true } }>(
  tried: readonly Tried<Pass>[],
): readonly Tried<Pass>[] {
  const failed = tried.filter(({ result }) => result.counts.failed > 0)
  if (failed.length > MOST) return []
  return failed.filter(({ pass }) => pass.suite.secondTry)
}
